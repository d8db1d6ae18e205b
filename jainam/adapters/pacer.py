"""The one queue that all calls of a login stand in, shared by threads and tasks (NFR7, D16)."""

from __future__ import annotations

import threading

from attrs import define, field

from jainam.domain.pacing import Pace, Ticket, Window

__all__ = ["Pacer"]


@define(eq=False)
class Pacer:
    """`Pace` behind a lock; whoever has to wait sleeps outside it."""

    _pace: Pace = field(factory=Pace, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def admits(self, windows: tuple[Window, ...], now: float) -> bool:
        """True when a call may start at *now* without standing in the queue; its start is recorded then."""
        with self._lock:
            return self._pace.admits(windows, now)

    def ask(self, ticket: Ticket, now: float) -> float:
        """Zero when *ticket* may start at *now*, which is then recorded; else the seconds after which to ask again."""
        with self._lock:
            return self._pace.ask(ticket, now)

    def postpone(self, windows: tuple[Window, ...], began: float, now: float) -> None:
        """Count a call that was let through at *began* from *now* on."""
        with self._lock:
            self._pace.postpone(windows, began, now)

    def leave(self, ticket: Ticket) -> None:
        """Give up the place of *ticket* in the queue."""
        with self._lock:
            self._pace.leave(ticket)

    def close(self) -> None:
        """Nothing is open."""
