"""The kill switch, and what guard rails remember between orders and between processes (X10)."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from jainam.domain.guards import DayPnl, Halt

__all__ = ["Switch", "Tally"]


class Switch(Protocol):
    """Stops entries in every process that looks at it; what cannot be looked at counts as tripped."""

    def tripped(self) -> Halt | None:
        """Why entries are stopped; ``None`` while they are not, as fast as a look at one file."""
        ...

    def trip(self, reason: str, by: str) -> None:
        """Stop entries from now on; raises `NotConfigured` when that cannot be made known to the other processes."""
        ...

    def release(self, by: str) -> Halt | None:
        """Let entries through again, and return what had stopped them; ``None`` when nothing had."""
        ...


class Tally(Protocol):
    """How many entries were sent in the last minute, and the day's profit and loss, for all processes of a client."""

    def count(self, now: dt.datetime, limit: int) -> float:
        """Count one more entry at *now* and return zero, or the seconds until one may be when *limit* are counted.

        Raises `Halted` when the others' entries cannot be known.
        """
        ...

    def counted(self, now: dt.datetime) -> int:
        """How many entries count at *now*."""
        ...

    def keep(self, pnl: DayPnl) -> None:
        """Let every process know *pnl*."""
        ...

    def latest(self) -> DayPnl | None:
        """The newest profit and loss that any process has kept; ``None`` when there is none that can be read."""
        ...
