"""Which things may be tried again, how often, and after how long (NFR3, D4)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

from jainam.domain.errors import (
    BrokerUnavailable,
    JainamError,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    TurnLost,
    UnexpectedReply,
)
from jainam.domain.steps import BrokerStep, Flow, Pause, Waits

__all__ = ["after_sending", "looks_within", "patiently", "sent_once", "spaced"]

T = TypeVar("T")


def spaced(retries: int = 3) -> Iterator[float]:
    """Yield 0 for the first try, then the pause in seconds before each retry: 1, 2, 4, 4 … (D12).

    >>> tuple(spaced(3))
    (0, 1, 2, 4)
    """
    yield 0
    if retries < 1:
        return
    from backoff import expo  # here, since it pulls in asyncio and logging, which `import jainam` must not pay for

    numbers = expo(factor=1, max_value=4)
    next(numbers)  # it wants one priming call, as backoff's own decorators give it
    yield from islice(numbers, retries)


def looks_within(seconds: float) -> tuple[float, ...]:
    """The pauses before each look for something, of which the last begins *seconds* after the first at the latest.

    >>> looks_within(7)
    (0, 1, 2, 4)
    """
    waits: list[float] = []
    for wait in spaced(max(int(seconds), 0)):
        if sum(waits) + wait > seconds:
            break
        waits.append(wait)
    return tuple(waits)


def patiently(step: BrokerStep[T]) -> Flow[T]:
    """Answer a read, trying again while the network or the gateway fails; a refusal is final at once (NFR3)."""
    try:
        try:
            answer: T = yield step
        except _PASSING as error:
            answer = yield from _tried_again(step, _PASSING, error)
    except OutcomeUnknown as error:  # nothing is in doubt after a read: it merely got no answer
        raise BrokerUnavailable(f"no answer: {error.reason}") from error
    return answer


_PASSING = (NotSent, OutcomeUnknown, BrokerUnavailable, RateLimited)
"""What a read is made again after."""


def sent_once(step: BrokerStep[T]) -> Flow[T]:
    """Send a step that moves an order, again only while it provably never left this machine (D4).

    A broken gateway and an answer nobody can read say nothing about the order either: both leave it unknown.
    """
    try:
        answer: T = yield step
    except JainamError as error:
        answer = yield from after_sending(step, error)
    return answer


def after_sending(step: BrokerStep[T], failure: JainamError) -> Flow[T]:
    """Answer a step that moves an order, whose first try ended in *failure*, as `sent_once` does."""
    try:
        if not isinstance(failure, NotSent) or isinstance(failure, TurnLost):
            raise failure
        answer = yield from _tried_again(step, NotSent, failure)
    except TurnLost:
        raise
    except NotSent as error:
        raise NotSent(f"{error}; it never left this machine and may be tried again") from error
    except (BrokerUnavailable, UnexpectedReply) as error:
        raise OutcomeUnknown(str(error)) from error
    return answer


def _tried_again(
    step: BrokerStep[T], again_after: type[JainamError] | tuple[type[JainamError], ...], failure: JainamError
) -> Flow[T]:
    """Answer *step*, which ended in *failure*, after one of the pauses; the last of *again_after* is raised.

    How long to wait is asked for only now that there is something to wait for: most steps are answered at once.
    """
    waits: tuple[float, ...] = yield from Waits()
    for wait in waits[1:]:
        yield from Pause(wait)
        try:
            answer: T = yield step
            return answer
        except again_after as again:
            failure = again
    raise failure
