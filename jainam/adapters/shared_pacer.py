"""The one queue of a login, shared by all its processes on this machine through a small file (X6, D16).

The file holds a whole `Pace`: the recent starts of every window, and the calls that wait. Each operation locks it,
reads it, lets `Pace` decide and writes it back, which takes microseconds; nobody sleeps while it is locked.

Times are those of `time.monotonic`, which all processes of a machine share (Python's documentation says so for every
system). They mean nothing after a restart of the machine, so the file names the one it was written in.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from attrs import define, field

from jainam.adapters.os_locks import leave_to_parent
from jainam.adapters.whole_record import Vanished, WholeRecord, body_of, whole
from jainam.domain.errors import NotConfigured
from jainam.domain.pacing import LimitExceeded, Pace, Ticket, Window

__all__ = ["SharedPacer"]

T = TypeVar("T")

GRACE = 0.5
"""Seconds by which a waiting call may ask too late before the others take it for dead and go on without it."""

BUSY = 0.0005
"""Seconds to wait for whoever has the file locked; it takes a tenth of that, unless that process was stopped."""

_TRIES = 20  # each takes as long as somebody else has the file locked

_AHEAD = 60.0  # seconds; nobody looked at the clock so long ago, so times beyond that are of another clock
_BOUNDLESS = 10_000  # calls; a window of so many is never filled up by way of caution


def this_boot() -> str:
    """A word that another start of the machine does not share; empty where the system offers none."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return ""


def _ignore(event: LimitExceeded) -> None:
    """Nobody wants to know."""


@define
class _Place:
    """How a waiting call is called in the file, and until when it counts if it does not ask again."""

    name: str
    until: float


@define(eq=False, weakref_slot=True)
class SharedPacer:
    """A `Pacer` for all processes that name the same *path*, one for each login; *on_excess* hears of broken limits.

    Whoever dies leaves its starts behind, and its place in the queue for `GRACE` seconds longer than it meant to wait.
    A file that was not written whole, or not by us, counts as if all windows had been filled at that moment. While the
    file cannot be used (its disk is full, say), *is_shared* is false and this process goes on by what it knows.
    Raises `NotConfigured` when it is made and there can be no such file; nothing is raised later.

    >>> pacer = SharedPacer(Path("/run/user/1000/jainam/pace-3f2a"))
    >>> pacer.admits((Window("positions", 1, 1.0),), time.monotonic())
    True
    """

    path: Path
    on_excess: Callable[[LimitExceeded], None] = field(default=_ignore, repr=False)
    boot: str = field(factory=this_boot, repr=False)
    is_shared: bool = field(default=True, init=False)
    _pace: Pace = field(factory=Pace, init=False, repr=False)
    _spans: dict[str, float] = field(factory=dict, init=False, repr=False)
    _places: dict[Ticket, _Place] = field(factory=dict, init=False, repr=False)
    _newest: float = field(default=0.0, init=False, repr=False)
    _filled_at: float | None = field(default=None, init=False, repr=False)
    _seen: bytes = field(default=b"", init=False, repr=False)
    _is_behind: bool = field(default=False, init=False, repr=False)
    _told: dict[str, float] = field(factory=dict, init=False, repr=False)
    _record: WholeRecord = field(init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._record = WholeRecord(self.path, whole(self._state(0.0)))
        try:
            self._record.open()
        except OSError as error:
            raise NotConfigured(
                f"the limits cannot be shared through {self.path}: {error.strerror}; make its folder writable for this"
                " user, or remove what stands in its place"
            ) from None
        leave_to_parent(self)

    def admits(self, windows: tuple[Window, ...], now: float) -> bool:
        """True when a call may start at *now* without standing in the queue; its start is recorded then."""

        def start(now: float) -> bool:
            admitted = self._pace.admits(windows, now)
            if admitted:
                self._write(now)
            return admitted

        return self._alone(start, windows, now, None, busy=False)

    def ask(self, ticket: Ticket, now: float) -> float:
        """Zero when *ticket* may start at *now*, which is then recorded; else the seconds after which to ask again."""

        def start_or_stand(now: float) -> float:
            place = self._places.pop(ticket, None)
            if place is None:  # it has none, or asks so late that it was taken for dead
                ticket.waited = False
            wait = self._pace.ask(ticket, now)
            if wait:
                self._places[ticket] = _Place(place.name if place else secrets.token_hex(8), now + wait + GRACE)
            self._write(now)
            return wait

        return self._alone(start_or_stand, ticket.windows, now, ticket, busy=BUSY)

    def postpone(self, windows: tuple[Window, ...], began: float, now: float) -> None:
        """Count a call that was let through at *began* from *now* on; if the file stays busy, `MARGIN` has to do."""

        def move(now: float) -> bool:
            self._pace.postpone(windows, began, now)
            self._write(now)
            return True

        for _ in range(_TRIES):
            if self._alone(move, windows, now, None, busy=False):
                return

    def leave(self, ticket: Ticket) -> None:
        """Give up the place of *ticket* in the queue; if the file is busy just now, the place ends by itself."""

        def go(now: float) -> None:
            if self._places.pop(ticket, None):
                self._pace.leave(ticket)
                if self._seen:
                    self._write(now)

        if ticket in self._places:
            self._alone(go, (), None, ticket, busy=None)

    def close(self) -> None:
        """Close the file; it stays, for what it says of the last seconds holds for the next process too."""
        with self._lock:
            self._record.close()

    def forget(self) -> None:
        """Share nothing with the parent but the path: what a forked child does first."""
        self._lock = threading.Lock()  # another thread of the parent may have held it
        self._record.close()
        self._begin_anew()

    def _alone(
        self,
        act: Callable[[float], T],
        windows: tuple[Window, ...],
        now: float | None,
        ticket: Ticket | None,
        *,
        busy: T,
    ) -> T:
        """What *act* answers while no other process and no other thread acts; *busy* when one of them does.

        It is told the time on which all of them agree: nobody's start lies before one that is recorded already.
        Without *now* that is the time of the last start or question.
        """
        with self._lock:
            is_locked = self._locked()
            if is_locked is None:
                return busy
            try:
                excess = self._read(windows, now) if is_locked else []
                now = self._newest if now is None else max(now, self._newest)
                self._fill(windows, now)
                self._bury(now, ticket)
                answer = act(now)
            finally:
                if is_locked:
                    self._unlock()
        for event in excess:
            self.on_excess(event)
        return answer

    def _locked(self) -> bool | None:
        """Whether the file is there and locked for us; ``None`` when somebody else has it.

        A file that cannot be had now may have been written without us when we have it again, and one that was taken
        away knows nothing: either counts as if all windows had just been filled.
        """
        for _ in range(2):
            try:
                return self._record.try_lock() or None
            except Vanished:
                self._is_behind = True
            except OSError:
                break
        self._give_up()
        return False

    def _unlock(self) -> None:
        try:
            self._record.unlock()
        except OSError:
            self._give_up()

    def _read(self, windows: tuple[Window, ...], now: float | None) -> list[LimitExceeded]:
        """Know what the file says; the windows of *windows* that others have overfilled are returned.

        Without *now*, a file that says nothing is left to whoever knows from when on to be cautious.
        """
        try:
            content = self._record.read()
        except OSError:
            self._give_up()
            return []
        if self._seen and content.startswith(self._seen) and not self._is_behind:
            return []
        self._seen = b""
        state = None if self._is_behind else body_of(content)
        if state is not None and state["boot"] == self.boot and now is not None and state["newest"] > now + _AHEAD:
            state = None
        if state is None:
            if now is not None and self._put(whole(self._state(now, filled=now))):
                self._begin_anew()
                self._is_behind, self.is_shared, self._filled_at = False, True, now
            return []
        known = {place.name: ticket for ticket, place in self._places.items()}
        self._begin_anew()
        if state["boot"] == self.boot:
            self._take(state, known)
            self._seen = content
        return [] if now is None else self._news(windows, max(now, self._newest))

    def _take(self, state: dict[str, Any], known: dict[str, Ticket]) -> None:
        """Make *state*, read from the file, ours; *known* are the tickets we have met, by their names there."""
        self._newest, self._filled_at = state["newest"], state["filled"]
        for name, (span, *times) in state["starts"].items():
            self._spans[name] = span
            self._pace.starts[name] = deque(times)
        for name, is_urgent, until, windows in state["queue"]:
            ticket = known.get(name) or Ticket(tuple(Window(*window) for window in windows), is_urgent)
            ticket.waited = True
            self._places[ticket] = _Place(name, until)
            self._pace.queue.append(ticket)

    def _begin_anew(self) -> None:
        self._pace, self._places, self._spans = Pace(), {}, {}
        self._newest, self._filled_at, self._seen = 0.0, None, b""

    def _news(self, windows: tuple[Window, ...], now: float) -> list[LimitExceeded]:
        """What is overfull of *windows*, each told once for the time that its starts count."""
        found = [event for event in self._pace.overfull(windows, now) if self._told.get(event.window.name, now) <= now]
        for event in found:
            self._told[event.window.name] = now + event.window.seconds
        return found

    def _fill(self, windows: tuple[Window, ...], now: float) -> None:
        """Count *windows* as full from the moment on of which nothing is known, and know how long starts count."""
        for window in windows:
            name, span = window.name, window.span
            self._spans[name] = max(span, self._spans.get(name, 0.0))
            if self._filled_at is not None and now < self._filled_at + span and not self._pace.starts.get(name):
                self._pace.starts[name] = deque([self._filled_at] * min(window.calls, _BOUNDLESS))

    def _bury(self, now: float, asking: Ticket | None) -> None:
        """Take the places of those who did not ask again in time, but for the one who is *asking* now.

        A ticket without a place is what an interrupted call has left in our queue.
        """
        for ticket in tuple(self._pace.queue):
            place = self._places.get(ticket)
            if place is None or (place.until < now and ticket is not asking):
                self._pace.leave(ticket)
                self._places.pop(ticket, None)

    def _write(self, now: float) -> None:
        """Let the others know what we know; without a file, only we do."""
        self._newest, self._seen = now, b""
        if self.is_shared:
            content = whole(self._state(now, self._filled_at, self._recent_starts(now), self._waiting()))
            if self._put(content):
                self._seen = content

    def _put(self, content: bytes) -> bool:
        """Whether *content* is in the file now; if not, it cannot be used."""
        try:
            self._record.write(content)
        except OSError:
            self._give_up()
            return False
        return True

    def _state(
        self, newest: float, filled: float | None = None, starts: object = (), queue: object = ()
    ) -> dict[str, object]:
        return {"boot": self.boot, "newest": newest, "filled": filled, "starts": starts or {}, "queue": queue}

    def _recent_starts(self, now: float) -> dict[str, list[float]]:
        """By window, how long a start counts and the starts; those that count no longer are forgotten."""
        starts = {}
        for name, times in self._pace.starts.items():
            while times and times[0] <= now - self._spans[name]:
                times.popleft()
            if times:
                starts[name] = [self._spans[name], *times]
        return starts

    def _waiting(self) -> list[object]:
        """Who waits, until when that counts, and for what."""
        return [
            (
                self._places[ticket].name,
                ticket.urgent,
                self._places[ticket].until,
                [(window.name, window.calls, window.seconds) for window in ticket.windows],
            )
            for ticket in self._pace.queue
        ]

    def _give_up(self) -> None:
        """Go on without the others until the file can be had again."""
        self.is_shared, self._is_behind = False, True
        self._record.close()
