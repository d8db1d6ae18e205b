"""The asyncio runner: the text of `runner.py` with `await`; edit both in one commit.

What it adds: a task that is cancelled while an order is in flight first learns what became of that order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from attrs import define, field

from jainam.adapters.calls import Calls, in_flight, leaves_in_doubt
from jainam.adapters.local import LocalAnswers, log
from jainam.adapters.pacer import Pacer
from jainam.adapters.scoped_locks import whose
from jainam.adapters.shared_reads import Reading, SharedReads, broken_off
from jainam.adapters.turns import NO_LOCK, PATIENCE, POLL, PROMPT, not_our_turn
from jainam.domain.errors import Halted, JainamError, OutcomeUnknown
from jainam.domain.login import after_login, needs_login
from jainam.domain.pacing import Ticket, Window
from jainam.domain.steps import (
    Alone,
    BrokerStep,
    Flow,
    Outcome,
    Pause,
    PlaceOrder,
    ReplaceContracts,
    Step,
    Together,
    Traffic,
)
from jainam.ports.clock import AsyncClock
from jainam.ports.locks import Hold, Locks
from jainam.ports.pacing import Pacing
from jainam.ports.transport import AsyncTransport

__all__ = ["AsyncRunner"]

S = TypeVar("S")
T = TypeVar("T")


class _Flight:
    """The orders that one `run` has sent, and the cancellation that waits until their fate is known."""

    __slots__ = ("_told", "sent", "stop")

    def __init__(self) -> None:
        self.sent: list[BrokerStep[Any]] = []
        self.stop: asyncio.CancelledError | None = None
        self._told: set[asyncio.Task[Any] | None] = set()

    def waits_for(self, stop: asyncio.CancelledError) -> bool:
        """True when *stop* is the first that reached this task: it is kept for later, and the orders come first."""
        task = asyncio.current_task()
        if task in self._told:
            return False
        self._told.add(task)
        self.stop = self.stop or stop
        return True


@define(eq=False)
class AsyncRunner:
    """Performs flows for one *client* of a login inside one event loop."""

    transport: AsyncTransport
    calls: Calls
    local: LocalAnswers
    clock: AsyncClock
    pacer: Pacing = field(factory=Pacer)
    locks: Locks | None = None
    reads: SharedReads = field(factory=SharedReads)
    workers: int = 8
    client: str = ""
    is_slow: bool = field(init=False)
    """Whether something is written to a disk before an order leaves."""
    _locks: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = field(
        factory=WeakValueDictionary, init=False, repr=False
    )

    @is_slow.default
    def _writes_to_disk(self) -> bool:
        return self.calls.record.is_slow

    async def run(self, flow: Flow[T]) -> T:
        """Perform every step of *flow* and return what it returns, or raise what it raises.

        When the awaiting task is cancelled while an order is in flight, nothing new is sent, the order's fate is
        looked up, and only then the cancellation goes on, with notes that name the order and its fate. A task that
        is cancelled again meanwhile ends at once, and the notes say that the order is in doubt.
        """
        flight = _Flight()
        outcome: T | JainamError
        try:
            outcome = await self._drive(flow, flight)
            if flight.stop is None:
                return outcome
        except JainamError as error:
            if flight.stop is None:
                raise
            outcome = error
        except BaseException as stop:
            if not isinstance(stop, Exception):
                for step in flight.sent:  # answered ones too: the caller will not see what they were answered
                    in_flight(step, stop)
            raise
        for step in flight.sent:
            in_flight(step, flight.stop)
        flight.stop.add_note(f"it ended as: {outcome}")
        log.warning("a cancelled task's order ended as: %s", outcome)
        raise flight.stop

    async def _drive(self, flow: Flow[T], flight: _Flight, *, may_log_in: bool = True, turn: Hold | None = None) -> T:
        """Perform *flow*: the first of its `run`, one inside another, or one that repeats a call after a login."""
        answer_of, send = self.local.answers.get, flow.send  # looked up once: every order asks several times
        reply: Any = None
        error: JainamError | None = None
        lost = False
        try:
            while True:
                try:
                    step = send(reply) if error is None else flow.throw(error)
                except StopIteration as done:  # around that line alone: one leaking from an adapter stays a loud bug
                    value: T = done.value
                    return value
                error = None
                try:
                    if answer := answer_of(type(step)):
                        reply = answer(step)
                    elif isinstance(step, BrokerStep):
                        reply = await self._call(step, flight, turn)
                    else:
                        reply = await self._perform(step, flight, turn)
                except JainamError as trouble:
                    error = trouble
                    if may_log_in and needs_login(step, trouble):
                        reply, error = await self._after_login(step, trouble, flight, turn)
                    if leaves_in_doubt(step, error):
                        lost = True
                except asyncio.CancelledError as stop:
                    if not lost or not flight.waits_for(stop):
                        raise
                    reply, error = await self._again(step, flight, turn)  # the flow is looking its order up
        finally:
            flow.close()

    async def _after_login(
        self, step: Any, expired: Any, flight: _Flight, turn: Hold | None
    ) -> tuple[Any, JainamError | None]:
        try:
            flow = after_login(step, self.calls.codec.access, expired.used)
            return await self._drive(flow, flight, may_log_in=False, turn=turn), None
        except JainamError as trouble:
            return None, trouble

    async def _again(self, step: Any, flight: _Flight, turn: Hold | None) -> tuple[Any, JainamError | None]:
        """The answer to a step that a cancellation broke off."""
        try:
            return await (self._call if isinstance(step, BrokerStep) else self._perform)(step, flight, turn), None
        except JainamError as trouble:
            return None, trouble

    async def _perform(self, step: Step[Any], flight: _Flight, turn: Hold | None) -> Any:
        """The answer to a step that takes time, or is about other flows."""
        match step:
            case Pause(seconds):
                return await self.clock.sleep(seconds) if seconds else None
            case Alone(key, flow):
                held = self._lock(key)
                async with held:
                    hold = await self._hold(key, flow)
                    try:
                        return await self._drive(flow, flight, turn=hold)
                    finally:
                        hold()
            case Together(flows):
                return await self._together(flows, flight, turn)
            case ReplaceContracts():
                return await _in_a_thread(self.local.store, step)
            case _:
                raise TypeError(f"no runner knows how to perform {type(step).__name__}")

    async def _call(self, step: BrokerStep[T], flight: _Flight, turn: Hold | None) -> T:
        if not step.moves_an_order:
            return await self._read(step)
        request, session = self.calls.prepare(step)
        windows = self.calls.codec.windows(step)
        began = self.clock.monotonic()
        if not self.pacer.admits(windows, began):
            began = await self._wait_for_turn(Ticket(windows, urgent=step.traffic is Traffic.EXIT))
        if flight.stop is not None:
            raise Halted("not sent: the task was cancelled before this order's turn came")
        if self.is_slow:
            await self._leaving(step, turn)
            self._left_late(windows, began)
        else:
            self.calls.leaving(step, turn)
        flight.sent.append(step)
        try:
            answer = self.calls.read(step, await self.transport.send(request), session)
        except asyncio.CancelledError as stop:
            if not flight.waits_for(stop):
                raise
            raise OutcomeUnknown("the task was cancelled while the answer was awaited") from None
        except JainamError as error:
            await self._ended(step, error)
            raise
        finally:
            if not isinstance(step, PlaceOrder):  # what the journal says of those, `ListOrders.since` compares with
                self.reads.outdate()
        await self._ended(step, answer)
        return answer

    async def _leaving(self, step: BrokerStep[Any], turn: Hold | None) -> None:
        """Write down what is meant, in a thread, since the disk would hold up everything else in the loop."""
        writing = asyncio.get_running_loop().run_in_executor(None, self.calls.leaving, step, turn)
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait({writing})
            if not writing.exception():
                self.calls.record.ended(step, Halted("not sent: the task was cancelled before it left"))
            raise

    async def _ended(self, step: BrokerStep[Any], outcome: object) -> None:
        if self.is_slow:
            loop = asyncio.get_running_loop()
            await asyncio.shield(loop.run_in_executor(None, self.calls.record.ended, step, outcome))
        else:
            self.calls.record.ended(step, outcome)

    async def _read(self, step: BrokerStep[T]) -> T:
        """The answer to a call that changes nothing, be it one that somebody else is making (D16)."""
        reading, is_ours = self.reads.join(step)
        if reading is not None and not is_ours:
            shared: T = await asyncio.shield(asyncio.wrap_future(reading.answer))
            return shared
        try:
            answer = await self._asked(step, reading)
        except BaseException as error:
            if reading is not None:
                self.reads.leave(step, reading)
                reading.answer.set_exception(error if isinstance(error, Exception) else broken_off())
            raise
        if reading is not None:
            self.reads.leave(step, reading)
            reading.answer.set_result(answer)
        return answer

    async def _asked(self, step: BrokerStep[T], reading: Reading | None) -> T:
        request, session = self.calls.prepare(step)
        windows = self.calls.codec.windows(step)
        if not self.pacer.admits(windows, self.clock.monotonic()):
            await self._wait_for_turn(Ticket(windows))
        if reading is not None:
            reading.began = self.calls.record.latest()
        return self.calls.read(step, await self.transport.send(request), session)

    def _left_late(self, windows: tuple[Window, ...], began: float) -> None:
        """Let a call that waited for the disk count from now on: what comes a window later might wait for nothing."""
        now = self.clock.monotonic()
        if now - began > PROMPT:
            self.pacer.postpone(windows, began, now)

    async def _wait_for_turn(self, ticket: Ticket) -> float:
        """When *ticket* was let through."""
        try:
            while wait := self.pacer.ask(ticket, now := self.clock.monotonic()):
                await self.clock.sleep(wait)
            return now
        except BaseException:
            self.pacer.leave(ticket)
            raise

    async def _hold(self, key: tuple[str, ...], flow: Flow[Any]) -> Hold:
        """Take the turn among processes as well, or close *flow* and say who is in the way."""
        if self.locks is None:
            return NO_LOCK
        began = self.clock.monotonic()
        while (hold := self.locks.try_hold(key)) is None:
            if self.clock.monotonic() - began > PATIENCE:
                flow.close()
                raise not_our_turn(key)
            await self.clock.sleep(POLL)
        return hold

    def beside(self, calls: Calls, local: LocalAnswers, locks: Locks | None, client: str) -> AsyncRunner:
        """A runner for another *client* of the same login: one transport, one pace and one turn to log in for both."""
        other = AsyncRunner(
            self.transport, calls, local, self.clock, self.pacer, locks, workers=self.workers, client=client
        )
        other._locks = self._locks
        return other

    def leave(self) -> None:
        """Let go of what is this client's alone."""
        if self.calls.record.journal is not None:
            self.calls.record.journal.close()

    def close(self) -> None:
        """Let go of what is shared with other processes too."""
        self.leave()
        for shared in (self.locks, self.pacer):
            if shared is not None:
                shared.close()

    def _lock(self, key: tuple[str, ...]) -> asyncio.Lock:
        key = whose(key, self.client)
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock

    async def _together(
        self, flows: tuple[Flow[Any], ...], flight: _Flight, turn: Hold | None
    ) -> tuple[Outcome[Any], ...]:
        turns = asyncio.Semaphore(self.workers)

        async def attempt(flow: Flow[Any]) -> Outcome[Any]:
            async with turns:
                try:
                    return await self._drive(flow, flight, turn=turn)
                except JainamError as error:
                    return error

        # All of them end before anything is raised: one left behind would go on sending, outside of its lock.
        tasks = [asyncio.ensure_future(attempt(flow)) for flow in flows]
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        except asyncio.CancelledError as stop:
            if not flight.sent or not flight.waits_for(stop):
                raise
        return tuple(_outcome(task) for task in tasks)


async def _in_a_thread(work: Callable[[S], T], subject: S) -> T:
    """What *work* makes of *subject* while the loop goes on; a task that is cancelled meanwhile ends after it has."""
    working = asyncio.get_running_loop().run_in_executor(None, work, subject)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        raise


def _outcome(task: asyncio.Task[Outcome[T]]) -> Outcome[T]:
    if task.cancelled():
        return Halted("not sent: the task was cancelled before this order's turn came")
    return task.result()
