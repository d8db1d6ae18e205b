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

__all__ = ["patiently", "sent_once", "spaced"]

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


def patiently(step: BrokerStep[T]) -> Flow[T]:
    """Answer a read, trying again while the network or the gateway fails; a refusal is final at once (NFR3)."""
    trouble: JainamError | None = None
    for wait in (yield from Waits()):
        yield from Pause(wait)
        try:
            return (yield from step)
        except (NotSent, OutcomeUnknown, BrokerUnavailable, RateLimited) as error:
            trouble = error
    if isinstance(trouble, OutcomeUnknown):  # nothing is in doubt after a read: it merely got no answer
        raise BrokerUnavailable(f"no answer: {trouble.reason}") from trouble
    assert trouble is not None, "Waits() always holds at least the first try"
    raise trouble


def sent_once(step: BrokerStep[T]) -> Flow[T]:
    """Send a step that moves an order, again only while it provably never left this machine (D4).

    A broken gateway and an answer nobody can read say nothing about the order either: both leave it unknown.
    """
    trouble: NotSent | None = None
    for wait in (yield from Waits()):
        yield from Pause(wait)
        try:
            return (yield from step)
        except NotSent as error:
            trouble = error
        except (BrokerUnavailable, UnexpectedReply) as error:
            raise OutcomeUnknown(str(error)) from error
    assert trouble is not None, "Waits() always holds at least the first try"
    raise NotSent(f"{trouble}; it never left this machine and may be tried again") from trouble
