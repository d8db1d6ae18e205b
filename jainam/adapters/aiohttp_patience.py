"""How long a request over aiohttp may stay without a sign of life, watched by one timer for all requests together.

aiohttp sets a timer of its own for every request, which costs a tenth of it. All requests of a transport have the same
patience, so the one that began, or was heard of, longest ago is always the next to run out: one timer is enough.
"""

from __future__ import annotations

import asyncio

from attrs import define, field

__all__ = ["Patience", "Wait"]

EXTRA = 0.05
"""Seconds on top, so that a connection that cannot be made is told by aiohttp, which knows that nothing was sent."""


@define(eq=False)
class Wait:
    """A request that is waited for: its task, and how long the loop's clock may run without a sign of life."""

    task: asyncio.Task[object]
    cancelling: int
    until: float
    is_over: bool = False

    def was_ours(self) -> bool:
        """True when the cancellation that reached the task was the timer's alone; it is taken back then."""
        return self.is_over and self.task.uncancel() <= self.cancelling


@define(eq=False)
class Patience:
    """The requests of one loop that are waited for, the most impatient first."""

    seconds: float
    _waits: dict[Wait, None] = field(factory=dict, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)

    def begin(self) -> Wait:
        """Wait for a request of the current task."""
        task = asyncio.current_task()
        assert task is not None, "requests are sent by tasks"
        loop = task.get_loop()
        wait = Wait(task, task.cancelling(), loop.time() + self.seconds + EXTRA)
        self._waits[wait] = None
        if self._timer is None:
            self._timer = loop.call_at(wait.until, self._look)
        return wait

    def again(self, wait: Wait) -> None:
        """Count from now: there was a sign of life."""
        self._waits.pop(wait, None)
        self._waits[wait] = None
        wait.until = wait.task.get_loop().time() + self.seconds + EXTRA

    def end(self, wait: Wait) -> None:
        """Wait no more."""
        self._waits.pop(wait, None)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """Cancel the tasks whose time is over, and come back for the next one."""
        loop = asyncio.get_running_loop()
        self._timer = None
        for wait in list(self._waits):
            if wait.until > loop.time():
                self._timer = loop.call_at(wait.until, self._look)
                return
            del self._waits[wait]
            wait.is_over = True
            wait.task.cancel()
