"""Concurrent reads of one book share one call, unless a reader needs a younger answer than the call can give (D16)."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from attrs import define, evolve, field

from jainam.domain.errors import BrokerUnavailable
from jainam.domain.steps import BrokerStep, ListOrders, ListPositions

__all__ = ["Reading", "SharedReads", "broken_off"]


@define(eq=False)
class Reading:
    """A read that somebody makes and others wait for; *began* is the journal's newest entry when it left."""

    began: int | None = None
    answer: Future[Any] = field(factory=Future, init=False)

    def serves(self, since: int) -> bool:
        """Whether its answer will be younger than the entry *since*: so it is when the call has not left yet."""
        return self.began is None or self.began >= since


@define(eq=False)
class SharedReads:
    """The reads of one account that are under way; whoever finds none makes one."""

    _under_way: dict[BrokerStep[Any], Reading] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def join(self, step: BrokerStep[Any]) -> tuple[Reading | None, bool]:
        """The reading that answers *step*, and whether the caller has to make it; ``None`` for what is never shared."""
        if not isinstance(step, ListOrders | ListPositions) or step.since is None:
            return None, True
        book = evolve(step, since=0)
        with self._lock:
            reading = self._under_way.get(book)
            if reading is not None and reading.serves(step.since):
                return reading, False
            reading = self._under_way[book] = Reading()
            return reading, True

    def leave(self, step: BrokerStep[Any], reading: Reading) -> None:
        """Nobody joins *reading* any more."""
        with self._lock:
            self._under_way = {book: other for book, other in self._under_way.items() if other is not reading}

    def outdate(self) -> None:
        """Nobody joins what is under way: an order was changed meanwhile, which its answer may not show."""
        with self._lock:
            self._under_way = {}


def broken_off() -> BrokerUnavailable:
    """What those are told who waited for a read that its maker did not finish."""
    return BrokerUnavailable("the call that was to answer was broken off")
