"""The arithmetic of positions: which order brings a position to where it is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve, frozen

from jainam.domain.instruments import Contract, InstrumentRef
from jainam.domain.orders import Order, OrderRow, SmartOrder
from jainam.domain.portfolio import Position
from jainam.domain.rulebook import RuleBook
from jainam.domain.rules import DEFAULT_RULES
from jainam.domain.vocabulary import PriceType, Product, Side

__all__ = ["Working", "closing_order", "held_in", "order_towards", "slices", "working_in"]


@frozen
class Working:
    """What our live orders on one instrument may still buy and sell, in units, and the numbers of those orders.

    Stop orders that sleep are left out: a protective stop is no way of reaching a target, and counting it would keep
    a position open that was asked to be closed.
    """

    buys: int = 0
    sells: int = 0
    order_ids: tuple[str, ...] = ()

    def towards(self, delta: int) -> int:
        """Units still working in the direction of *delta*."""
        return self.buys if delta > 0 else self.sells


def held_in(positions: Iterable[Position], ref: InstrumentRef, product: Product) -> int:
    """The signed quantity held of *ref* in *product*; zero when the book, having been read, does not list it."""
    return sum(row.quantity for row in positions if row.instrument == ref and row.product is product)


def working_in(rows: Iterable[OrderRow], ref: InstrumentRef, product: Product, *, stops_count: bool = False) -> Working:
    """What is still working on *ref* in *product*.

    With *stops_count* sleeping stops count too: whoever is about to place a stop must not place it twice.
    """
    live = [
        row
        for row in rows
        if row.is_live
        and (stops_count or not row.is_sleeping_stop)
        and row.instrument == ref
        and row.product is product
    ]
    return Working(
        sum(row.pending for row in live if row.side is Side.BUY),
        sum(row.pending for row in live if row.side is Side.SELL),
        tuple(row.order_id for row in live),
    )


def order_towards(smart: SmartOrder, held: int, working: Working) -> Order | None:
    """The order that brings *held* to the target, or ``None`` when there is nothing to do (OpenAlgo's truth table).

    Orders that already work in the same direction are subtracted, so that the position never passes the target; ones
    against it are not added, since they may never trade.

    Without a target, without a position and with a quantity, it is a plain order of that side and quantity (D5).
    """
    if smart.target == 0 and held == 0:
        return _order(smart, smart.side, smart.quantity) if smart.quantity else None
    delta = smart.target - held
    missing = abs(delta) - working.towards(delta)
    if delta == 0 or missing <= 0:
        return None
    return _order(smart, Side.BUY if delta > 0 else Side.SELL, missing)


def _order(smart: SmartOrder, side: Side, quantity: int) -> Order:
    return Order(
        instrument=smart.instrument,
        side=side,
        product=smart.product,
        quantity=quantity,
        price_type=smart.price_type,
        price=smart.price,
        trigger_price=smart.trigger_price,
        disclosed_quantity=min(smart.disclosed_quantity, quantity),
    )


def closing_order(position: Position, contract: Contract, working: Working) -> Order | None:
    """The market order that flattens *position*, less what already works towards flat; ``None`` when that is enough."""
    missing = abs(position.quantity) - working.towards(-position.quantity)
    if missing <= 0:
        return None
    return Order(
        instrument=contract.key,
        side=Side.SELL if position.quantity > 0 else Side.BUY,
        product=position.product,
        quantity=missing,
        price_type=PriceType.MARKET,
    )


def slices(order: Order, contract: Contract, rules: RuleBook = DEFAULT_RULES) -> Iterator[Order]:
    """Yield *order* in pieces the exchange takes: whole lots, none above the freeze quantity, together the same.

    Lots and limit are those of *rules*, in whose counting the quantity is.
    """
    asks = rules.demands(contract)
    limit = asks.limit
    largest = order.quantity if limit is None else max(limit - limit % asks.lot, asks.lot)
    left = order.quantity
    while left > largest:
        yield evolve(order, quantity=largest)
        left -= largest
    yield order if left == order.quantity else evolve(order, quantity=left)
