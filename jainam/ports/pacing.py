"""When a call may start, beside all others of its login (NFR7, X6, D16)."""

from __future__ import annotations

from typing import Protocol

from jainam.domain.pacing import Ticket, Window

__all__ = ["Pacing"]


class Pacing(Protocol):
    """The one queue that all calls of a login stand in; nothing in it blocks, and nothing raises.

    *now* is the clock's monotonic time in seconds, the same for everybody who shares the queue.
    """

    def admits(self, windows: tuple[Window, ...], now: float) -> bool:
        """True when a call may start at *now* without standing in the queue; its start is recorded then."""
        ...

    def ask(self, ticket: Ticket, now: float) -> float:
        """Zero when *ticket* may start at *now*, which is then recorded; else the seconds after which to ask again."""
        ...

    def postpone(self, windows: tuple[Window, ...], began: float, now: float) -> None:
        """Count a call that was let through at *began* from *now* on: something held it up, and it leaves only now."""
        ...

    def leave(self, ticket: Ticket) -> None:
        """Give up the place of *ticket* in the queue."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...
