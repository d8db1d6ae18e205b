"""The real clocks; India has one time zone and no summer time, so no zone database is needed."""

from __future__ import annotations

import datetime as dt
import time

__all__ = ["IST", "AsyncioClock", "SystemClock"]

IST = dt.timezone(dt.timedelta(hours=5, minutes=30), "IST")


class SystemClock:
    """The machine's clock, and a sleep that blocks the thread."""

    def now(self) -> dt.datetime:
        """The time in India."""
        return dt.datetime.now(IST)

    def monotonic(self) -> float:
        """Seconds since some moment, never going back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread for *seconds*."""
        time.sleep(seconds)


class AsyncioClock(SystemClock):
    """The machine's clock, and a sleep that lets other tasks run."""

    async def sleep(self, seconds: float) -> None:  # type: ignore[override]
        """Suspend this task for *seconds*."""
        import asyncio  # here, so that the blocking desk does not pay for it

        await asyncio.sleep(seconds)
