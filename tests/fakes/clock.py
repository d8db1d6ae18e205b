"""Clocks that pass time only when somebody sleeps."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading

from attrs import define, field

IST = dt.timezone(dt.timedelta(hours=5, minutes=30), "IST")
MORNING = dt.datetime(2026, 1, 12, 10, 15, tzinfo=IST)


@define(eq=False)
class FakeClock:
    """A trading morning that moves on by what is slept; *slept* keeps every pause in order."""

    start: dt.datetime = MORNING
    elapsed: float = 0.0
    slept: list[float] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def now(self) -> dt.datetime:
        return self.start + dt.timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def advance(self, seconds: float) -> None:
        with self._lock:
            self.elapsed += seconds
            self.slept.append(seconds)

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


@define(eq=False)
class FakeAsyncClock:
    """The same time for asyncio; a sleep lets the other tasks run first, as a real one would."""

    time: FakeClock = field(factory=FakeClock)

    def now(self) -> dt.datetime:
        return self.time.now()

    def monotonic(self) -> float:
        return self.time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.time.advance(seconds)
