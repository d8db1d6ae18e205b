"""The blocking runner: performs steps, one after the other, until the flow returns."""

from __future__ import annotations

import threading
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from attrs import define, field

from jainam.adapters.calls import Calls, in_flight, leaves_in_doubt
from jainam.adapters.crew import all_of
from jainam.adapters.local import LocalAnswers
from jainam.adapters.pacer import Pacer
from jainam.adapters.scoped_locks import whose
from jainam.adapters.shared_reads import Reading, SharedReads, broken_off
from jainam.adapters.turns import NO_LOCK, PATIENCE, POLL, PROMPT, not_our_turn
from jainam.domain.errors import JainamError
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
from jainam.ports.clock import Clock
from jainam.ports.locks import Hold, Locks
from jainam.ports.pacing import Pacing
from jainam.ports.transport import Transport

__all__ = ["Runner"]

T = TypeVar("T")


class _Lock:
    """A lock that a weak dictionary can hold: it is gone when nobody waits for it any more (B-26)."""

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()


@define(eq=False)
class Runner:
    """Performs flows for one *client* of a login; safe to use from several threads, greenlets included."""

    transport: Transport
    calls: Calls
    local: LocalAnswers
    clock: Clock
    pacer: Pacing = field(factory=Pacer)
    locks: Locks | None = None
    reads: SharedReads = field(factory=SharedReads)
    workers: int = 8
    client: str = ""
    _locks: WeakValueDictionary[tuple[str, ...], _Lock] = field(factory=WeakValueDictionary, init=False, repr=False)
    _locks_lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def run(self, flow: Flow[T], *, may_log_in: bool = True, turn: Hold | None = None) -> T:
        """Perform every step of *flow* and return what it returns, or raise what it raises.

        A broker call that finds its session gone, or none yet, is made again after one login. In a *turn*, orders
        leave only while it is kept.
        """
        answer_of, send = self.local.answers.get, flow.send  # looked up once: every order asks several times
        reply: Any = None
        error: JainamError | None = None
        lost: BrokerStep[Any] | None = None
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
                        reply = self._call(step, turn)
                    else:
                        reply = self._perform(step, turn)
                except JainamError as trouble:
                    error = trouble
                    if may_log_in and needs_login(step, trouble):
                        reply, error = self._after_login(step, trouble, turn)
                    if leaves_in_doubt(step, error):
                        lost = step
        except BaseException as stop:
            if lost is not None and not isinstance(stop, Exception):  # Ctrl-C while the order was being looked up
                in_flight(lost, stop)
            raise
        finally:
            flow.close()

    def _after_login(self, step: Any, expired: Any, turn: Hold | None) -> tuple[Any, JainamError | None]:
        try:
            flow = after_login(step, self.calls.codec.access, expired.used)
            return self.run(flow, may_log_in=False, turn=turn), None
        except JainamError as trouble:
            return None, trouble

    def _perform(self, step: Step[Any], turn: Hold | None) -> Any:
        """The answer to a step that takes time, or is about other flows."""
        match step:
            case Pause(seconds):
                return self.clock.sleep(seconds) if seconds else None
            case Alone(key, flow):
                held = self._lock(key)  # named, since a lock that nobody refers to is gone from the dictionary
                with held.lock:
                    hold = self._hold(key, flow)
                    try:
                        return self.run(flow, turn=hold)
                    finally:
                        hold()
            case Together(flows):
                return self._together(flows, turn)
            case ReplaceContracts():
                return self.local.store(step)
            case _:
                raise TypeError(f"no runner knows how to perform {type(step).__name__}")

    def _call(self, step: BrokerStep[T], turn: Hold | None) -> T:
        if not step.moves_an_order:
            return self._read(step)
        request, session = self.calls.prepare(step)
        windows = self.calls.codec.windows(step)
        began = self.clock.monotonic()
        if not self.pacer.admits(windows, began):
            began = self._wait_for_turn(Ticket(windows, urgent=step.traffic is Traffic.EXIT))
        if self.calls.leaving(step, turn):
            self._left_late(windows, began)
        try:
            answer = self.calls.read(step, self.transport.send(request), session)
            self.calls.record.ended(step, answer)
        except JainamError as error:
            self.calls.record.ended(step, error)
            raise
        except BaseException as stop:
            if not isinstance(stop, Exception):  # Ctrl-C, or a greenlet that was told to end
                in_flight(step, stop)
            raise
        finally:
            if not isinstance(step, PlaceOrder):  # what the journal says of those, `ListOrders.since` compares with
                self.reads.outdate()
        return answer

    def _read(self, step: BrokerStep[T]) -> T:
        """The answer to a call that changes nothing, be it one that somebody else is making (D16)."""
        reading, is_ours = self.reads.join(step)
        if reading is not None and not is_ours:
            shared: T = reading.answer.result()
            return shared
        try:
            answer = self._asked(step, reading)
        except BaseException as error:
            if reading is not None:
                self.reads.leave(step, reading)
                reading.answer.set_exception(error if isinstance(error, Exception) else broken_off())
            raise
        if reading is not None:
            self.reads.leave(step, reading)
            reading.answer.set_result(answer)
        return answer

    def _asked(self, step: BrokerStep[T], reading: Reading | None) -> T:
        request, session = self.calls.prepare(step)
        windows = self.calls.codec.windows(step)
        if not self.pacer.admits(windows, self.clock.monotonic()):
            self._wait_for_turn(Ticket(windows))
        if reading is not None:
            reading.began = self.calls.record.latest()
        return self.calls.read(step, self.transport.send(request), session)

    def _left_late(self, windows: tuple[Window, ...], began: float) -> None:
        """Let a call that waited for the disk count from now on: what comes a window later might wait for nothing."""
        now = self.clock.monotonic()
        if now - began > PROMPT:
            self.pacer.postpone(windows, began, now)

    def _wait_for_turn(self, ticket: Ticket) -> float:
        """When *ticket* was let through."""
        try:
            while wait := self.pacer.ask(ticket, now := self.clock.monotonic()):
                self.clock.sleep(wait)
            return now
        except BaseException:
            self.pacer.leave(ticket)
            raise

    def _hold(self, key: tuple[str, ...], flow: Flow[Any]) -> Hold:
        """Take the turn among processes as well, or close *flow* and say who is in the way."""
        if self.locks is None:
            return NO_LOCK
        began = self.clock.monotonic()
        while (hold := self.locks.try_hold(key)) is None:
            if self.clock.monotonic() - began > PATIENCE:
                flow.close()
                raise not_our_turn(key)
            self.clock.sleep(POLL)
        return hold

    def beside(self, calls: Calls, local: LocalAnswers, locks: Locks | None, client: str) -> Runner:
        """A runner for another *client* of the same login: one transport, one pace and one turn to log in for both."""
        other = Runner(self.transport, calls, local, self.clock, self.pacer, locks, workers=self.workers, client=client)
        other._locks, other._locks_lock = self._locks, self._locks_lock
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

    def _lock(self, key: tuple[str, ...]) -> _Lock:
        key = whose(key, self.client)
        with self._locks_lock:
            lock = self._locks.get(key)
            if lock is None:
                lock = self._locks[key] = _Lock()
            return lock

    def _together(self, flows: tuple[Flow[Any], ...], turn: Hold | None) -> tuple[Outcome[Any], ...]:
        def attempt(flow: Flow[Any]) -> Outcome[Any]:
            try:
                return self.run(flow, turn=turn)
            except JainamError as error:
                return error

        if len(flows) < 2:
            return tuple(attempt(flow) for flow in flows)
        return all_of(attempt, flows, self.workers)
