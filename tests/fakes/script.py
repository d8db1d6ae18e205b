"""Flows driven without a runner: by a script that names every step, or by a scene that answers by kind of step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any, TypeVar

from fakes.samples import CONTRACTS, NOW
from jainam.domain.errors import JainamError, LoginExpired, SymbolNotFound
from jainam.domain.house import House
from jainam.domain.journal import Verdict
from jainam.domain.login import Access, after_login, needs_login
from jainam.domain.steps import (
    Alone,
    BrokerStep,
    Conclude,
    FindContract,
    Flow,
    HouseRules,
    ListTrades,
    Looks,
    NameContracts,
    NewTag,
    Now,
    Outcome,
    OwnOrders,
    Pause,
    Step,
    Tell,
    Together,
    Waits,
)

__all__ = ["NOW", "WAITS", "Scene", "outcome_of", "play", "signed_in"]

T = TypeVar("T")

WAITS = (0.0, 1.0, 2.0, 4.0)
"""The patience that scenes and most scripts have."""


def play(flow: Flow[T], *script: tuple[Step[Any], object]) -> T:
    """Drive *flow* by hand: each step it yields must be the next of *script*, whose answer or error it is given.

    `Alone` is entered and `Together` performed one flow after the other, from the same script. Returns what the flow
    returns and lets its error out, when nothing of the script is left over.
    """
    left = list(script)

    def perform(step: Step[Any]) -> object:
        assert left, f"the script is over, but the flow asks for {step}"
        expected, answer = left.pop(0)
        assert expected == step
        return answer

    outcome = outcome_of(_run(flow, perform))
    assert not left, f"never asked for: {[step for step, _ in left]}"
    if isinstance(outcome, JainamError):
        raise outcome
    return outcome


def outcome_of(call: Callable[[], T]) -> Outcome[T]:
    """What *call* returns, or the error of ours that it raises."""
    try:
        return call()
    except JainamError as error:
        return error


Entered = Callable[[Alone[Any]], object]


def _run(
    flow: Flow[T], perform: Callable[[Step[Any]], object], entered: Entered = lambda turn: None
) -> Callable[[], T]:
    return lambda: _drive(flow, perform, entered)


def _drive(flow: Flow[T], perform: Callable[[Step[Any]], object], entered: Entered = lambda turn: None) -> T:
    reply: object = None
    with closing(flow):
        while True:
            try:
                step = flow.throw(reply) if isinstance(reply, JainamError) else flow.send(reply)
            except StopIteration as done:
                value: T = done.value
                return value
            if isinstance(step, Alone):
                entered(step)
                reply = outcome_of(_run(step.flow, perform, entered))
            elif isinstance(step, Together):
                reply = tuple(outcome_of(_run(each, perform, entered)) for each in step.flows)
            else:
                reply = outcome_of(lambda step=step: perform(step))  # type: ignore[misc]


def signed_in(flow: Flow[T], access: Access) -> Flow[T]:
    """*flow* with its calls repeated after a login as the runners do it; the runner suite holds them to the same."""
    reply: object = None
    while True:
        try:
            step = flow.throw(reply) if isinstance(reply, JainamError) else flow.send(reply)
        except StopIteration as done:
            value: T = done.value
            return value
        try:
            try:
                reply = yield step
            except LoginExpired as expired:
                if not needs_login(step, expired):
                    raise
                assert isinstance(step, BrokerStep)
                reply = yield from after_login(step, access, expired.used)
        except JainamError as error:
            reply = error


class Scene:
    """Answers steps by their kind, from `answers`, and remembers them all in `steps`.

    An answer is a value, an error, a function of the step, or a list of those: one after the other, the last for good.
    Contracts are those of `fakes.samples`, tags are t1, t2 and so on.
    """

    def __init__(self, answers: dict[type[Step[Any]], object] | None = None, waits: tuple[float, ...] = WAITS) -> None:
        self.steps: list[Step[Any]] = []
        self.entered: Callable[[Alone[Any]], object] = lambda turn: None
        self._tags = 0
        self.answers: dict[type[Step[Any]], object] = {
            Waits: waits,
            Looks: waits,
            Now: NOW,
            OwnOrders: (),
            HouseRules: House(),
            Conclude: None,
            ListTrades: (),
            Pause: None,
            Tell: None,
            NewTag: self._tag,
            FindContract: self._find,
            NameContracts: lambda step: {ref: found for ref, found in _by_ref().items() if ref in step.refs},
            **(answers or {}),
        }

    def run(self, flow: Flow[T]) -> T:
        """What *flow* returns or raises in this scene."""
        return _drive(flow, self._perform, lambda turn: self.entered(turn))

    def asked(self, *kinds: type[Step[Any]]) -> list[Step[Any]]:
        """The steps of those *kinds*, in order."""
        return [step for step in self.steps if type(step) in kinds]

    def told(self) -> list[object]:
        """The events the flows told of."""
        return [step.event for step in self.steps if isinstance(step, Tell)]

    def concluded(self) -> list[tuple[str, Verdict]]:
        """What the journal was told of outcomes."""
        return [(step.key, step.verdict) for step in self.steps if isinstance(step, Conclude)]

    def _perform(self, step: Step[Any]) -> object:
        self.steps.append(step)
        answer = self.answers[type(step)]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer(step) if callable(answer) else answer

    def _tag(self, _: Step[Any]) -> str:
        self._tags += 1
        return f"t{self._tags}"

    def _find(self, step: FindContract) -> object:
        known: Iterable[Any] = (contract for contract in CONTRACTS if contract.key == step.key)
        return next(iter(known), None) or SymbolNotFound(step.key.symbol, step.key.exchange.value)


def _by_ref() -> dict[Any, Any]:
    return {contract.ref: contract for contract in CONTRACTS}
