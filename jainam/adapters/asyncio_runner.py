"""The asyncio runner: the text of `runner.py` with `await`; edit both in one commit.

What it adds: a task that is cancelled while an order is in flight first learns what became of that order.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from attrs import define, field

from jainam.adapters.calls import Calls, in_flight
from jainam.adapters.local import LocalAnswers, log
from jainam.adapters.pacer import Pacer
from jainam.domain.errors import Halted, JainamError, OutcomeUnknown
from jainam.domain.login import after_login, needs_login
from jainam.domain.pacing import Ticket
from jainam.domain.steps import Alone, BrokerStep, Flow, Outcome, Pause, Step, Together, Traffic
from jainam.ports.clock import AsyncClock
from jainam.ports.transport import AsyncTransport

__all__ = ["AsyncRunner"]

T = TypeVar("T")


class _Flight:
    """The orders that one `run` has sent, those whose fate is open, and whether the caller has been told to stop."""

    __slots__ = ("doubts", "ended", "sent", "stopping")

    ended: asyncio.Future[None]

    def __init__(self) -> None:
        self.doubts: dict[int, BrokerStep[Any]] = {}
        self.sent: list[BrokerStep[Any]] = []
        self.stopping = False


def _started(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task that has done what it can do at once, where Python knows how (3.12), and will do the rest."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)


@define(eq=False)
class AsyncRunner:
    """Performs flows for one login inside one event loop."""

    transport: AsyncTransport
    calls: Calls
    local: LocalAnswers
    clock: AsyncClock
    pacer: Pacer = field(factory=Pacer)
    workers: int = 8
    _locks: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = field(
        factory=WeakValueDictionary, init=False, repr=False
    )

    async def run(self, flow: Flow[T]) -> T:
        """Perform every step of *flow* and return what it returns, or raise what it raises.

        When the awaiting task is cancelled while an order is in flight, nothing new is sent, the order's fate is
        looked up, and only then the cancellation goes on, with a note that names the order.
        """
        flight = _Flight()
        loop = asyncio.get_running_loop()
        ended = flight.ended = loop.create_future()
        task = _started(loop, self._drive(flow, flight, is_first=True))
        try:
            if not task.done():
                await ended  # as `asyncio.shield` does it, in fewer turns of the loop: a cancellation stops here
        except asyncio.CancelledError as stop:
            if not flight.doubts:
                task.cancel()
            flight.stopping = True
            for step in flight.sent:  # answered ones too: the caller will not see what they were answered
                in_flight(step, stop)
            await asyncio.wait({task})  # unlike gather, it leaves the task alone when cancelled a second time
            if flight.sent and not task.cancelled():
                outcome = task.exception() or task.result()
                stop.add_note(f"it ended as: {outcome}")
                log.warning("a cancelled task's order ended as: %s", outcome)
            raise
        return task.result()

    async def _drive(self, flow: Flow[T], flight: _Flight, *, is_first: bool = False, once_more: bool = False) -> T:
        """Perform *flow*: the first of its `run`, one inside another, or one that repeats a call after a login."""
        answers = self.local.answers
        reply: Any = None
        error: JainamError | None = None
        lost: BrokerStep[Any] | None = None
        try:
            while True:
                try:
                    step = flow.send(reply) if error is None else flow.throw(error)
                except StopIteration as done:  # around that line alone: one leaking from an adapter stays a loud bug
                    value: T = done.value
                    return value
                error = None
                try:
                    if answer := answers.get(type(step)):
                        reply = answer(step)
                    elif isinstance(step, BrokerStep):
                        reply = await self._call(step, flight)
                    else:
                        reply = await self._perform(step, flight)
                except JainamError as trouble:
                    error = trouble
                    if not once_more and needs_login(step, trouble):
                        reply, error = await self._after_login(step, trouble, flight)
                    if isinstance(error, OutcomeUnknown) and isinstance(step, BrokerStep) and step.moves_an_order:
                        # The flow looks it up; until it has, the order stays in doubt.
                        flight.doubts.pop(id(lost), None)
                        lost = step
        except asyncio.CancelledError as stop:  # by somebody who ends all tasks, as `asyncio.run` does
            if lost is not None:
                in_flight(lost, stop)
            raise
        finally:
            flow.close()
            if lost is not None and not once_more:
                flight.doubts.pop(id(lost), None)
            if is_first and not flight.ended.done():
                flight.ended.set_result(None)

    async def _after_login(self, step: Any, expired: Any, flight: _Flight) -> tuple[Any, JainamError | None]:
        try:
            flow = after_login(step, self.calls.codec.access, expired.used)
            return await self._drive(flow, flight, once_more=True), None
        except JainamError as trouble:
            return None, trouble

    async def _perform(self, step: Step[Any], flight: _Flight) -> Any:
        """The answer to a step about time or about other flows."""
        match step:
            case Pause(seconds):
                return await self.clock.sleep(seconds) if seconds else None
            case Alone(key, flow):
                held = self._lock(key)
                async with held:
                    return await self._drive(flow, flight)
            case Together(flows):
                return await self._together(flows, flight)
            case _:
                raise TypeError(f"no runner knows how to perform {type(step).__name__}")

    async def _call(self, step: BrokerStep[T], flight: _Flight) -> T:
        request, session = self.calls.prepare(step)
        windows = self.calls.codec.windows(step)
        if not self.pacer.admits(windows, self.clock.monotonic()):
            await self._wait_for_turn(Ticket(windows, urgent=step.traffic is Traffic.EXIT))
        if not step.moves_an_order:
            return self.calls.read(step, await self.transport.send(request), session)
        if flight.stopping:
            raise Halted("not sent: the task was cancelled before this order's turn came")
        flight.doubts[id(step)] = step
        flight.sent.append(step)
        try:
            answer = self.calls.read(step, await self.transport.send(request), session)
        except OutcomeUnknown:
            raise
        except BaseException as stop:
            if not isinstance(stop, Exception):
                in_flight(step, stop)
            del flight.doubts[id(step)]
            raise
        del flight.doubts[id(step)]
        return answer

    async def _wait_for_turn(self, ticket: Ticket) -> None:
        try:
            while wait := self.pacer.ask(ticket, self.clock.monotonic()):
                await self.clock.sleep(wait)
        except BaseException:
            self.pacer.leave(ticket)
            raise

    def _lock(self, key: tuple[str, ...]) -> asyncio.Lock:
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock

    async def _together(self, flows: tuple[Flow[Any], ...], flight: _Flight) -> tuple[Outcome[Any], ...]:
        turns = asyncio.Semaphore(self.workers)

        async def attempt(flow: Flow[Any]) -> Outcome[Any]:
            async with turns:
                try:
                    return await self._drive(flow, flight)
                except JainamError as error:
                    return error

        # All of them end before anything is raised: one left behind would go on sending, outside of its lock.
        outcomes = await asyncio.gather(*(attempt(flow) for flow in flows), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, JainamError):
                raise outcome
        return tuple(outcomes)
