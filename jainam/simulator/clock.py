"""The two times an exchange needs: the trader's wall clock, and one that never goes back."""

from datetime import date, datetime, time, timedelta, timezone
from typing import Protocol

from attrs import define, field

IST = timezone(timedelta(hours=5, minutes=30), "IST")
MORNING = time(10, 15)


class Clock(Protocol):
    """Says what time it is in India, and how many seconds have gone by."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


def opening(day: date) -> datetime:
    """Return the moment of *day* at which a clock made for it starts."""
    return datetime.combine(day, MORNING, IST)


@define
class ManualClock:
    """A clock that stands still until it is told to move."""

    start: datetime = field(factory=lambda: opening(date(2026, 1, 12)))
    elapsed: float = 0.0

    def now(self) -> datetime:
        """Return the start and what has been added to it."""
        return self.start + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        """Return the seconds added so far."""
        return self.elapsed

    def advance(self, seconds: float) -> None:
        """Let *seconds* go by."""
        self.elapsed += seconds
