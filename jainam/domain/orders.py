"""Orders as they are meant, and as the broker's book shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NewType

from attrs import asdict, evolve, field, frozen
from attrs.converters import optional

from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import InstrumentRef, SymbolKey
from jainam.domain.money import MOST, ZERO, money
from jainam.domain.vocabulary import OrderState, PriceType, Product, Side, TimeInForce

__all__ = ["Cancelled", "Changes", "Modified", "Order", "OrderId", "OrderRow", "OrderTag", "Placed", "SmartOrder"]

OrderId = NewType("OrderId", str)
"""The broker's number for an order; always text, since it may exceed what a float can hold."""

OrderTag = NewType("OrderTag", str)
"""Our own identifier of an order, 1 to 20 letters and digits, made before it leaves and echoed by the broker (X1)."""


@frozen(kw_only=True)
class Order:
    """An instruction that could be sent as it stands.

    *quantity* and *disclosed_quantity* are in units, not lots; *price* and *trigger_price* in rupees, zero where the
    price type has none. Values that no order can have raise `InvalidOrder` here; what the instrument demands (tick,
    lot, freeze quantity) is checked against its contract by `jainam.domain.validation.check`.

    >>> Order(
    ...     instrument=SymbolKey("RELIANCE", Exchange.NSE), side=Side.BUY, product=Product.MIS, quantity=10,
    ...     price_type=PriceType.LIMIT, price=Decimal("1400.50"),
    ... ).quantity
    10
    """

    instrument: SymbolKey
    side: Side
    product: Product
    quantity: int
    price_type: PriceType = PriceType.MARKET
    price: Decimal = field(default=ZERO, converter=money)
    trigger_price: Decimal = field(default=ZERO, converter=money)
    disclosed_quantity: int = 0
    time_in_force: TimeInForce = TimeInForce.DAY

    def __attrs_post_init__(self) -> None:
        # One comparison chain, since every order pays for it; only a bad one pays for the sentences. NaN has to be
        # asked for first: comparing it raises InvalidOperation, which is no ValueError.
        good = (
            type(self.quantity) is int
            and self.quantity > 0
            and type(self.disclosed_quantity) is int
            and self.disclosed_quantity >= 0
            and (self.price is ZERO or (self.price.is_finite() and ZERO <= self.price < MOST))
            and (self.trigger_price is ZERO or (self.trigger_price.is_finite() and ZERO <= self.trigger_price < MOST))
        )
        if not good:
            raise InvalidOrder(_impossible(self))


def _impossible(order: Order) -> list[str]:
    problems = []
    if type(order.quantity) is not int or order.quantity <= 0:
        problems.append(f"quantity must be a whole number above zero, not {order.quantity}")
    if type(order.disclosed_quantity) is not int or order.disclosed_quantity < 0:
        problems.append(f"disclosed quantity must be a whole number, zero or more, not {order.disclosed_quantity}")
    for name, value in (("price", order.price), ("trigger price", order.trigger_price)):
        if not value.is_finite() or value < 0:
            problems.append(f"{name} must be a number, zero or more, not {value}")
        elif value >= MOST:
            problems.append(f"{name} {value} is too large to be meant")
    return problems


@frozen(kw_only=True)
class Changes:
    """New terms for a live order; ``None`` leaves a term as it stands. *quantity* is the total, not the rest."""

    quantity: int | None = None
    price_type: PriceType | None = None
    price: Decimal | None = field(default=None, converter=optional(money))
    trigger_price: Decimal | None = field(default=None, converter=optional(money))
    product: Product | None = None
    disclosed_quantity: int | None = None
    time_in_force: TimeInForce | None = None

    def applied_to(self, order: Order) -> Order:
        """*order* with these terms; raises `InvalidOrder` for values no order can have, or when nothing is changed."""
        given = {name: value for name, value in asdict(self, recurse=False).items() if value is not None}
        if not given:
            raise InvalidOrder(["nothing to modify: give a quantity, a price, a trigger price or another term"])
        return evolve(order, **given)


@frozen(kw_only=True)
class SmartOrder:
    """A wish for a net position: bring *instrument* in *product* to *target* units (FR5).

    With *target* zero, no position and a *quantity*, it means a plain order of *side* × *quantity* instead (D5).
    """

    instrument: SymbolKey
    product: Product
    target: int
    side: Side = Side.BUY
    quantity: int = 0
    price_type: PriceType = PriceType.MARKET
    price: Decimal = field(default=ZERO, converter=money)
    trigger_price: Decimal = field(default=ZERO, converter=money)
    disclosed_quantity: int = 0

    def __attrs_post_init__(self) -> None:
        problems = [
            f"{name} must be a whole number, not {value}"
            for name, value in (("target position", self.target), ("quantity", self.quantity))
            if type(value) is not int
        ]
        if type(self.quantity) is int and self.quantity < 0:
            problems.append(f"quantity must be zero or more, not {self.quantity}")
        if problems:
            raise InvalidOrder(problems)


@frozen
class Placed:
    """The broker's gateway took the order; what the exchange makes of it is told by the order book.

    *found* is true when the answer was lost and the order was found in the book by its tag.
    """

    order_id: OrderId
    tag: OrderTag
    found: bool = False


@frozen
class Modified:
    """The broker took the modification of this order, or the book already shows it."""

    order_id: OrderId


@frozen
class Cancelled:
    """The broker took the cancellation of this order, or the book already shows it."""

    order_id: OrderId


@frozen(weakref_slot=False)  # so that it can have a twin
class OrderRow:
    """One line of the order book.

    *filled* and *pending* are units; *average_price* is ``None`` until something traded. *status* is the broker's own
    word, *state* ours. *symbol* is ``None`` when the contract store does not know the instrument. *raw* is the
    broker's row as it came.
    """

    order_id: OrderId
    tag: OrderTag | None
    instrument: InstrumentRef
    side: Side
    product: Product
    price_type: PriceType
    quantity: int
    filled: int
    pending: int
    price: Decimal
    trigger_price: Decimal
    state: OrderState
    status: str
    average_price: Decimal | None = None
    disclosed_quantity: int = 0
    time_in_force: TimeInForce = TimeInForce.DAY
    reason: str = ""
    exchange_order_id: str = ""
    placed_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    symbol: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)

    @property
    def is_live(self) -> bool:
        """True while the order can still trade."""
        return self.state.is_live

    @property
    def is_sleeping_stop(self) -> bool:
        """True for a stop order whose trigger has not traded, as far as the book can tell (protocol 3.2)."""
        return self.is_live and self.price_type.is_stop and self.filled == 0
