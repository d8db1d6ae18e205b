"""The asyncio runner: the text of `runner.py` with `await`; edit both in one commit.

What it adds: a task that is cancelled while an order is in flight first learns what became of that order.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
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


@define(eq=False)
class _Flight:
    """The orders of one `run` whose fate is open, and whether the caller has been told to stop."""

    doubts: list[BrokerStep[Any]] = field(factory=list)
    stopping: bool = False


_flight: ContextVar[_Flight] = ContextVar("jainam_flight")


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
        _flight.set(flight)
        task = asyncio.ensure_future(self._drive(flow))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError as stop:
            in_doubt = tuple(flight.doubts)
            if not in_doubt:
                task.cancel()
            flight.stopping = True
            for step in in_doubt:
                in_flight(step, stop)
            await asyncio.wait({task})  # unlike gather, it leaves the task alone when cancelled a second time
            if in_doubt:
                outcome = task.exception() or task.result()
                stop.add_note(f"it ended as: {outcome}")
                log.warning("a cancelled task's order ended as: %s", outcome)
            raise

    async def _drive(self, flow: Flow[T], repeated_for: list[BrokerStep[Any]] | None = None) -> T:
        """Perform *flow*; one that repeats a call after a login leaves its doubts to the flow *repeated_for*."""
        answers = self.local.answers
        reply: Any = None
        error: JainamError | None = None
        doubts: list[BrokerStep[Any]] = [] if repeated_for is None else repeated_for
        try:
            while True:
                try:
                    step = flow.send(reply) if error is None else flow.throw(error)
                except StopIteration as done:  # around that line alone: one leaking from an adapter stays a loud bug
                    value: T = done.value
                    return value
                error = None
                try:
                    answer = answers.get(type(step))
                    reply = answer(step) if answer is not None else await self.perform(step, doubts)
                except JainamError as trouble:
                    error = trouble
                    if repeated_for is None and needs_login(step, trouble):
                        reply, error = await self._after_login(step, trouble, doubts)
        finally:
            flow.close()
            if doubts and repeated_for is None:
                flight = _flight.get()
                for step in doubts:
                    flight.doubts.remove(step)

    async def _after_login(
        self, step: Any, expired: Any, doubts: list[BrokerStep[Any]]
    ) -> tuple[Any, JainamError | None]:
        try:
            flow = after_login(step, self.calls.codec.access, expired.used)
            return await self._drive(flow, doubts), None
        except JainamError as trouble:
            return None, trouble

    async def perform(self, step: Step[Any], doubts: list[BrokerStep[Any]]) -> Any:
        """The answer to a step that takes time; an order that leaves is kept among *doubts* until its fate is known."""
        match step:
            case BrokerStep():
                return await self._call(step, doubts)
            case Pause(seconds):
                return await self.clock.sleep(seconds) if seconds else None
            case Alone(key, flow):
                async with self._lock(key):
                    return await self._drive(flow)
            case Together(flows):
                return await self._together(flows)
            case _:
                raise TypeError(f"no runner knows how to perform {type(step).__name__}")

    async def _call(self, step: BrokerStep[T], doubts: list[BrokerStep[Any]]) -> T:
        request, session = self.calls.prepare(step)
        await self._wait_for_turn(step)
        if not step.moves_an_order:
            return self.calls.read(step, await self.transport.send(request), session)
        flight = _flight.get()
        if flight.stopping:
            raise Halted("not sent: the task was cancelled before this order's turn came")
        doubts.append(step)
        flight.doubts.append(step)
        try:
            answer = self.calls.read(step, await self.transport.send(request), session)
        except OutcomeUnknown:  # the flow looks it up; until it has, the order stays in doubt
            raise
        except BaseException:
            self._settled(step, doubts)
            raise
        self._settled(step, doubts)
        return answer

    def _settled(self, step: BrokerStep[Any], doubts: list[BrokerStep[Any]]) -> None:
        doubts.remove(step)
        _flight.get().doubts.remove(step)

    async def _wait_for_turn(self, step: BrokerStep[Any]) -> None:
        windows = self.calls.codec.windows(step)
        if self.pacer.admits(windows, self.clock.monotonic()):
            return
        ticket = Ticket(windows, urgent=step.traffic is Traffic.EXIT)
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

    async def _together(self, flows: tuple[Flow[Any], ...]) -> tuple[Outcome[Any], ...]:
        turns = asyncio.Semaphore(self.workers)

        async def attempt(flow: Flow[Any]) -> Outcome[Any]:
            async with turns:
                try:
                    return await self._drive(flow)
                except JainamError as error:
                    return error

        return tuple(await asyncio.gather(*(attempt(flow) for flow in flows)))
