"""Sessions in memory, and in a file that only its owner can read, for the processes that come after (D14)."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from attrs import asdict, define, field

from jainam.domain.errors import NotConfigured
from jainam.domain.sessions import Api, Session

__all__ = ["FileSessions", "MemorySessions"]


@define(eq=False)
class MemorySessions:
    """Sessions that end with this process."""

    _held: dict[Api, Session] = field(factory=dict, init=False, repr=False)

    def current(self, api: Api) -> Session | None:
        """The session in hand."""
        return self._held.get(api)

    def latest(self, api: Api) -> Session | None:
        """The same: nobody else makes sessions here."""
        return self._held.get(api)

    def keep(self, session: Session) -> None:
        """Use *session* from now on."""
        self._held[session.api] = session

    def forget(self, api: Api) -> None:
        """Hold no session for *api* any more."""
        self._held.pop(api, None)


@define(eq=False)
class FileSessions(MemorySessions):
    """Sessions shared by all processes of one user through *path*, written whole or not at all, mode 0600.

    A session is used on the day it was made only, since brokers end them in the early morning (protocol 2.4). A file
    that cannot be read counts as absent: the worst that follows is one more login.
    """

    path: Path
    today: Callable[[], dt.date]
    # What the file does not have, because writing it failed: there the session in hand is the newest.
    _unwritten: set[Api] = field(factory=set, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def current(self, api: Api) -> Session | None:
        """The session in hand, or the one on file when there is none in hand yet."""
        held = self._held.get(api)
        return held if held is not None else self.latest(api)

    def latest(self, api: Api) -> Session | None:
        """The session on file, which another process may have renewed, else the one in hand."""
        stored = None if api in self._unwritten else self._read().get(api)
        if stored is not None:
            self._held[api] = stored
        return self._held.get(api)

    def keep(self, session: Session) -> None:
        """Use *session* from now on, and let other processes find it."""
        with self._lock:
            stored = self._read()
            stored[session.api] = session
            self._held[session.api] = session
            self._unwritten.add(session.api)
            with contextlib.suppress(OSError):  # no room on disk: this process goes on, the next one logs in itself
                self._write(stored)
                self._unwritten.discard(session.api)

    def forget(self, api: Api) -> None:
        """Hold no session for *api*, here or on file; the file goes with its last session.

        Raises `NotConfigured` when it stays: whoever logged out has to know.
        """
        self._held.pop(api, None)
        with self._lock:
            self._unwritten.discard(api)
            stored = self._read()
            if stored.pop(api, None) is not None:
                try:
                    self._write(stored)
                except OSError as error:
                    raise NotConfigured(
                        f"the session has ended, but its file cannot be changed ({error.strerror}):"
                        f" remove {self.path.name} from jainam's cache folder by hand"
                    ) from None

    def _read(self) -> dict[Api, Session]:
        try:
            content = json.loads(self.path.read_bytes())
            if content["day"] != self.today().isoformat():
                return {}
            return {Api(row["api"]): _session(row) for row in content["sessions"]}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _write(self, sessions: dict[Api, Session]) -> None:
        if not sessions:
            with contextlib.suppress(FileNotFoundError):
                self.path.unlink()
            return
        rows = [asdict(session) | {"api": session.api.value} for session in sessions.values()]
        text = json.dumps({"day": self.today().isoformat(), "sessions": rows})
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes files of mode 0600, and a rename is whole or not at all, so no reader ever sees half a token.
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".session-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, self.path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise


def _session(row: dict[str, object]) -> Session:
    codes = row["client_codes"]
    if not isinstance(codes, list):
        raise TypeError("client codes are a list")
    return Session(
        api=Api(row["api"]),
        token=str(row["token"]),
        user_id=str(row["user_id"]),
        root=str(row["root"]),
        is_investor=bool(row["is_investor"]),
        client_id=str(row["client_id"]),
        client_codes=tuple(str(code) for code in codes),
    )
