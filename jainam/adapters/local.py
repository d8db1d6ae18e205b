"""The steps this machine answers by itself, the same for both runners."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from attrs import define, evolve, field

from jainam.adapters.record import Record
from jainam.domain.house import House
from jainam.domain.loads import Load
from jainam.domain.orders import OrderTag
from jainam.domain.pacing import LimitExceeded, LimitRefused
from jainam.domain.steps import (
    Conclude,
    FindContract,
    ForgetSession,
    HouseRules,
    KeepSession,
    KnownSession,
    KnowPnl,
    LastLoad,
    Looks,
    NameContracts,
    NewTag,
    Now,
    OwnOrders,
    ReplaceContracts,
    Step,
    Tell,
    Unsettled,
    Waits,
)
from jainam.ports.contracts import Contracts
from jainam.ports.sessions import Sessions

__all__ = ["LocalAnswers", "log"]

log = logging.getLogger("jainam")

DAY_KNOWN = 60.0
"""Seconds for which the date is not asked for again: every order is told it, and a clock costs as much as its checks.
A machine that was asleep meanwhile knows the new day as late as that."""


@define(eq=False)
class LocalAnswers:
    """What can be said without asking the broker: contracts, sessions, tags, the journal, and how patient to be.

    *house* is what the desk asks of every order; its date comes from *record* and *monotonic*. *answers* has a function
    for each kind of step; *listen* is called with every event that a flow tells of, beside the log line it becomes.
    """

    contracts: Contracts
    sessions: Sessions
    tags: Callable[[], OrderTag]
    waits: tuple[float, ...]
    looks: tuple[float, ...] = (0,)
    record: Record = field(factory=Record)
    learn_pnl: Callable[[Decimal | None, dt.datetime], None] | None = None
    listen: Callable[[object], None] | None = None
    house: House = field(factory=House)
    monotonic: Callable[[], float] = time.monotonic
    answers: dict[type[Step[Any]], Callable[[Any], Any]] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.answers = {
            FindContract: lambda step: self.contracts.find(step.key),
            HouseRules: self._house_rules(self.monotonic),
            NewTag: lambda step: self.tags(),
            Waits: lambda step: self.waits,
            NameContracts: lambda step: self.contracts.named(step.refs),
            LastLoad: lambda step: self.contracts.last_load(),
            KnownSession: lambda step: self.sessions.latest(step.api),
            KeepSession: lambda step: self.sessions.keep(step.session),
            ForgetSession: lambda step: self.sessions.forget(step.api),
            Tell: lambda step: self.tell(step.event),
            Looks: lambda step: self.looks,
            Now: lambda step: self.record.now(),
            Conclude: lambda step: self.record.conclude(step.key, step.verdict, step.order_id, step.words),
            OwnOrders: lambda step: self.record.own_orders(step.instrument, step.product),
            Unsettled: lambda step: self.record.unsettled(),
            KnowPnl: self._know_pnl,
        }

    def _house_rules(self, monotonic: Callable[[], float]) -> Callable[[HouseRules], House]:
        """A function that answers with the house as it is today, in local names for speed."""
        house, day_ends = self.house, float("-inf")

        def answer(_: HouseRules) -> House:
            nonlocal house, day_ends
            if monotonic() >= day_ends:
                now = self.record.now()
                midnight = (now + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
                day_ends = monotonic() + min(DAY_KNOWN, (midnight - now).total_seconds())
                if house.today != now.date():
                    house = evolve(house, today=now.date())
            return house

        return answer

    def _know_pnl(self, step: KnowPnl) -> None:
        if self.learn_pnl is not None:
            self.learn_pnl(step.pnl, self.record.now())

    def store(self, step: ReplaceContracts) -> Load:
        """Put a set of contracts in the place of the one before, which takes a second and more: no answer at once."""
        return self.contracts.replace_rows(step.rows, step.approve)

    def tell(self, event: object) -> None:
        """Let the log, and whoever listens, know of *event*."""
        level = logging.WARNING if isinstance(event, Exception | LimitExceeded | LimitRefused) else logging.INFO
        log.log(level, "%s", event)
        if self.listen is not None:
            self.listen(event)
