"""What time it is, and letting it pass."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable
from typing import Protocol

__all__ = ["AsyncClock", "Clock"]


class Clock(Protocol):
    """Wall time in India, a second hand that never goes back, and sleep."""

    def now(self) -> dt.datetime:
        """The time in Asia/Kolkata, with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after *seconds*."""
        ...


class AsyncClock(Protocol):
    """The same for asyncio."""

    def now(self) -> dt.datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> Awaitable[None]: ...
