"""The journal as a desk keeps it: what leaves and what became of it, in the words of steps and errors (X1)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from attrs import define, evolve

from jainam.adapters.clocks import SystemClock
from jainam.domain.errors import Halted, InvalidOrder, JainamError, LoginExpired, NotSent, OrderRejected
from jainam.domain.instruments import SymbolKey
from jainam.domain.journal import Deed, Ending, Intent, Meant, Verdict
from jainam.domain.orders import OrderId
from jainam.domain.steps import BrokerStep, CancelOrder, ModifyOrder, PlaceOrder, Traffic
from jainam.domain.vocabulary import Product
from jainam.ports.journal import Journal

__all__ = ["Record"]

log = logging.getLogger("jainam")

WEEK = dt.timedelta(days=7)


@define(eq=False)
class Record:
    """What this account means and what becomes of it; without a *journal*, nobody keeps count.

    *caller* is who trades here: a program or a strategy.
    """

    journal: Journal | None = None
    caller: str = ""
    now: Callable[[], dt.datetime] = SystemClock().now

    @property
    def is_slow(self) -> bool:
        """Whether writing waits for a disk or a network."""
        return self.journal is not None and self.journal.is_slow

    def meant(self, step: BrokerStep[Any]) -> bool:
        """Write down what is about to leave, and say whether that had to wait for a disk or a network.

        Raises `Halted` when it cannot be written, and then nothing may leave.

        Exits and cancellations leave even then, with a warning: a full disk must not keep anybody in a position.
        """
        if self.journal is None:
            return False
        try:
            self.journal.meant(self._intent(step))
        except JainamError as error:
            if step.traffic is not Traffic.EXIT:
                raise
            log.warning("%s leaves without an entry in the journal: %s", step, error)
        return self.journal.is_slow

    def ended(self, step: Any, outcome: object) -> None:
        """Write down what became of *step*; when only the order book can tell, nothing yet."""
        if self.journal is None:
            return
        if not isinstance(outcome, JainamError):
            self.conclude(step.key, Verdict.DONE, OrderId(outcome) if isinstance(outcome, str) else None)
        elif isinstance(outcome, NotSent | Halted):
            self.conclude(step.key, Verdict.NOT_SENT, words=str(outcome))
        elif isinstance(outcome, OrderRejected | LoginExpired | InvalidOrder):
            self.conclude(step.key, Verdict.REFUSED, words=str(outcome))

    def conclude(self, key: str, verdict: Verdict, order_id: OrderId | None = None, words: str = "") -> None:
        """Write down what became of the newest intent with this *key*.

        An outcome that cannot be written harms nobody: the intent stays open, and is looked up the next time.
        """
        if self.journal is None:
            return
        try:
            self.journal.ended(Ending(key=key, at=self.now(), verdict=verdict, order_id=order_id, words=words))
        except JainamError as error:
            log.warning("what became of %s is not in the journal: %s", key, error)

    def own_orders(self, instrument: SymbolKey, product: Product) -> tuple[Meant, ...] | None:
        """The orders meant for *instrument* in *product* today, oldest first; ``None`` when nobody keeps count."""
        return None if self.journal is None else self.journal.placed_on(instrument, product, self._morning())

    def unsettled(self) -> tuple[Meant, ...]:
        """What was meant today, by any process of this account, and has no known outcome.

        And what an earlier day of this week left without any: no book tells of it any more, but somebody has to say so.
        """
        if self.journal is None:
            return ()
        morning = self._morning()
        found = self.journal.unsettled(morning - WEEK)
        return tuple(meant for meant in found if meant.ending is None or meant.intent.at >= morning)

    def latest(self) -> int:
        """The number of the newest entry; 0 when there is none, or when the journal cannot be read."""
        if self.journal is None:
            return 0
        try:
            return self.journal.latest()
        except JainamError as error:  # books can be read all the same, and orders taken back
            log.warning("a read is shared with nobody who has sent orders: %s", error)
            return 0

    def _morning(self) -> dt.datetime:
        """When this trading day began, which is what the broker's books reach back to."""
        return self.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def _intent(self, step: BrokerStep[Any]) -> Intent:
        is_exit = step.traffic is Traffic.EXIT
        match step:
            case PlaceOrder(order=order, contract=contract, tag=tag, held=held, meant=meant):
                return Intent(
                    deed=Deed.PLACE,
                    at=self.now(),
                    tag=tag,
                    # What was meant, with the price that it left with.
                    order=order if meant is None else evolve(order, price_type=meant),
                    ref=contract.ref,
                    is_exit=is_exit,
                    held=held,
                    caller=self.caller,
                )
            case ModifyOrder(order_id=order_id, order=order, contract=contract, tag=tag):
                return Intent(
                    deed=Deed.MODIFY,
                    at=self.now(),
                    tag=tag,
                    order_id=order_id,
                    order=order,
                    ref=contract.ref,
                    is_exit=is_exit,
                    caller=self.caller,
                )
            case CancelOrder(order_id=order_id):
                return Intent(deed=Deed.CANCEL, at=self.now(), order_id=order_id, is_exit=is_exit, caller=self.caller)
            case _:
                raise TypeError(f"{type(step).__name__} moves no order")
