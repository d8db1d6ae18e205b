"""The kill switch as a file: while it is there, entries are stopped in every process that looks for it (X10).

Anybody may put it there, with `touch` as well as with `jainam halt`. What it holds are words for people: a file that is
empty, garbled or unreadable stops entries like any other, and so does a folder that cannot be looked into.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from contextlib import suppress
from os import F_OK, access
from pathlib import Path
from time import monotonic

from attrs import define, field

from jainam.adapters.clocks import SystemClock
from jainam.adapters.local import log
from jainam.adapters.whole_files import write_whole
from jainam.domain.errors import NotConfigured
from jainam.domain.guards import Halt

__all__ = ["BY_HAND", "NOT_LOOKED", "UNREADABLE", "FileSwitch", "MemorySwitch"]

BY_HAND = "the halt file was put there by hand"
UNREADABLE = "the halt file cannot be read"
NOT_LOOKED = "the folder of the halt file cannot be looked into"

TRUSTED = 1.0
"""Seconds for which a folder that could be looked into is believed to be so still."""


@define(eq=False)
class FileSwitch:
    """The `Switch` of `jainam.ports.switch` in the file *path*; *now* tells the time that a halt is stamped with."""

    path: Path
    now: Callable[[], dt.datetime] = SystemClock().now
    monotonic: Callable[[], float] = monotonic
    # Asking whether it is there costs half of asking for its details, but cannot tell "absent" from "not to be seen":
    # the details are asked for once a second.
    _sure_until: float = field(default=0.0, init=False, repr=False)
    _name: str = field(init=False, repr=False)

    @_name.default
    def _as_text(self) -> str:
        return str(self.path)

    def tripped(self) -> Halt | None:
        """Why entries are stopped."""
        if not access(self._name, F_OK) and self.monotonic() < self._sure_until:
            return None
        try:
            changed = os.stat(self.path).st_mtime
        except FileNotFoundError:
            self._sure_until = self.monotonic() + TRUSTED
            return None
        except OSError:
            return Halt(reason=NOT_LOOKED)
        return self._read(changed)

    def _read(self, changed: float) -> Halt | None:
        at = dt.datetime.fromtimestamp(changed, self.now().tzinfo)
        try:
            content = self.path.read_bytes()
            if not content.strip():
                return Halt(reason=BY_HAND, at=at)
            words = json.loads(content)
            stamp = words["at"]
            return Halt(
                reason=_text(words["reason"]),
                by=_text(words["by"]),
                at=None if stamp is None else dt.datetime.fromisoformat(stamp),
            )
        except FileNotFoundError:  # released between the two looks
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return Halt(reason=UNREADABLE, at=at)

    def trip(self, reason: str, by: str) -> None:
        """Put the file there, on the disk before this returns; where its words find no room, without them."""
        words = {"reason": reason, "by": by, "at": self.now().isoformat()}
        try:
            write_whole(self.path, json.dumps(words, ensure_ascii=False), durable=True)
        except OSError as error:
            self._touch(_cause(error))
        log.warning("entries are stopped by %s: %s", by, reason)

    def _touch(self, cause: str) -> None:
        """An empty file needs no room and no second name: the last way to stop entries."""
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        except OSError:
            if os.path.lexists(self.path):  # there and not ours to write, which halts as well
                return
            raise NotConfigured(
                f"entries could NOT be stopped: the halt file cannot be written ({cause}); stop the programs"
                f" that trade, or let JAINAM_HALT_FILE name a file where they and you can write"
            ) from None

    def release(self, by: str) -> Halt | None:
        """Take the file away and return what it said."""
        halt = self.tripped()
        try:
            self.path.unlink()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotConfigured(
                f"entries are still stopped: the halt file cannot be removed ({_cause(error)}); remove it by hand,"
                f" `jainam guard` shows where it is"
            ) from None
        log.warning("entries are let through again by %s", by)
        return halt or Halt(reason=BY_HAND)


@define(eq=False)
class MemorySwitch:
    """A switch for this process alone."""

    now: Callable[[], dt.datetime] = SystemClock().now
    _halt: Halt | None = field(default=None, init=False)

    def tripped(self) -> Halt | None:
        """Why entries are stopped."""
        return self._halt

    def trip(self, reason: str, by: str) -> None:
        """Stop entries."""
        self._halt = Halt(reason=reason, by=by, at=self.now())

    def release(self, by: str) -> Halt | None:
        """Let entries through again."""
        halt, self._halt = self._halt, None
        if halt is not None:
            log.warning("entries are let through again by %s", by)
        return halt


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("words are text")
    return value


def _cause(error: OSError) -> str:
    """What the system says, without the path."""
    with suppress(TypeError, ValueError):
        return os.strerror(error.errno)  # type: ignore[arg-type]
    return type(error).__name__
