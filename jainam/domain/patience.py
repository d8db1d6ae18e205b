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
    UnexpectedReply,
)
from jainam.domain.steps import BrokerStep, Flow, Pause, Waits

__all__ = ["looks_within", "patiently", "sent_once", "spaced"]

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
        return (yield from _tried(step, (NotSent, OutcomeUnknown, BrokerUnavailable, RateLimited)))
    except OutcomeUnknown as error:  # nothing is in doubt after a read: it merely got no answer
        raise BrokerUnavailable(f"no answer: {error.reason}") from error


def sent_once(step: BrokerStep[T]) -> Flow[T]:
    """Send a step that moves an order, again only while it provably never left this machine (D4).

    A broken gateway and an answer nobody can read say nothing about the order either: both leave it unknown.
    """
    try:
        return (yield from _tried(step, (NotSent,)))
    except NotSent as error:
        raise NotSent(f"{error}; it never left this machine and may be tried again") from error
    except (BrokerUnavailable, UnexpectedReply) as error:
        raise OutcomeUnknown(str(error)) from error


def _tried(step: BrokerStep[T], again_after: tuple[type[JainamError], ...]) -> Flow[T]:
    """Answer *step*, repeating it after each pause while it fails with one of *again_after*; the last is raised.

    How long to wait is asked for only once there is something to wait for: most steps are answered at once.
    """
    waits: Iterator[float] | None = None
    while True:
        try:
            answer: T = yield step
            return answer
        except again_after:
            if waits is None:
                waits = iter((yield from Waits())[1:])
            wait = next(waits, None)
            if wait is None:
                raise
        yield from Pause(wait)
