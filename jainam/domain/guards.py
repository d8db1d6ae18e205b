"""Guard rails: what may still be sent when trading is halted, and which orders are too much (X10).

They stop entries and let exits pass. What cannot be judged is refused: an unknown loss is no small loss.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import field, frozen
from attrs.converters import optional

from jainam.domain.instruments import Contract
from jainam.domain.money import ZERO, money
from jainam.domain.orders import Order
from jainam.domain.planning import Working

if TYPE_CHECKING:
    from jainam.domain.portfolio import Position

__all__ = [
    "MINUTE",
    "DayPnl",
    "Halt",
    "Limits",
    "broken_limits",
    "day_pnl",
    "is_reducing",
    "is_too_much_lost",
    "order_value",
    "seconds_to_turn",
    "within_minute",
]

MINUTE = 60.0
"""The seconds in which orders are counted."""


@frozen(kw_only=True)
class Halt:
    """Entries are stopped: why, by whom and since when, as far as it is known.

    >>> str(Halt(reason="the feed is down", by="asha"))
    'halted by asha: the feed is down'
    """

    reason: str
    by: str = ""
    at: dt.datetime | None = None

    def __str__(self) -> str:
        since = f" since {self.at:%d %b %H:%M:%S}" if self.at else ""
        who = f" by {self.by}" if self.by else ""
        return f"halted{who}{since}: {self.reason}"


@frozen(kw_only=True)
class Limits:
    """How much is too much; ``None`` sets no limit.

    *order_value* and *daily_loss* are rupees, *order_quantity* units, *orders_per_minute* entries and modifications
    of entries in any 60 seconds. A profit and loss that is older than *pnl_seconds* is not relied upon.
    """

    order_value: Decimal | None = field(default=None, converter=optional(money))
    order_quantity: int | None = None
    orders_per_minute: int | None = None
    daily_loss: Decimal | None = field(default=None, converter=optional(money))
    pnl_seconds: float = 5.0

    @property
    def is_any(self) -> bool:
        """True when at least one limit is set."""
        return (self.order_value, self.order_quantity, self.orders_per_minute, self.daily_loss) != (None,) * 4


@frozen
class DayPnl:
    """The day's profit and loss in rupees as it was known at that time; ``None`` when the book did not tell."""

    amount: Decimal | None
    at: dt.datetime

    def is_fresh(self, now: dt.datetime, seconds: float) -> bool:
        """True when it is at most *seconds* old at *now*; another process may know it from a moment later."""
        return abs((now - self.at).total_seconds()) <= seconds


def is_reducing(order: Order, held: int, working: Working) -> bool:
    """True when *order* can only make the position smaller, whatever of *working* fills before it.

    *held* is the signed position and *working* what already works on the same instrument and product, as `held_in`
    and `working_in` tell. An order of the same side as the position, one that passes zero, and any order on a flat
    book are entries. Sleeping stops are best left out of *working*, as `working_in` does: a protective stop must not
    keep its owner from leaving.
    """
    return order.side.sign * held < 0 and order.quantity + working.towards(-held) <= abs(held)


def day_pnl(positions: Iterable[Position]) -> Decimal | None:
    """The sum of what every position made or lost today by the broker's valuation, in rupees.

    ``None`` when any row has no figure, or an open one only that of its closed part; zero when the book is empty.
    """
    total = ZERO
    for row in positions:
        figure = row.pnl
        if figure is None or not figure.is_finite():
            return None
        if row.mtm is None and (row.realized is None or (row.is_open and row.unrealized is None)):
            return None
        total += figure
    return total


def is_too_much_lost(pnl: Decimal, limits: Limits) -> bool:
    """True when the loss has reached the limit of the day."""
    return limits.daily_loss is not None and pnl <= -limits.daily_loss


def order_value(order: Order, contract: Contract) -> Decimal | None:
    """What *order* would move at most, in rupees: quantity times price times the contract's multiplier.

    An order without a price of its own counts with the top of the day's band; ``None`` when there is none. An option
    counts with its premium. A sale counts with its price, although it may trade higher.
    """
    price = order.price if order.price_type.has_limit else contract.price_high
    return None if price is None else order.quantity * price * contract.multiplier


def broken_limits(order: Order, contract: Contract, limits: Limits) -> list[str]:
    """A sentence for each limit on a single order that *order* goes beyond, with the limit and the order's figure."""
    broken = []
    most = limits.order_quantity
    if most is not None and order.quantity > most:
        broken.append(
            f"quantity {order.quantity} of {contract.symbol} is above the {most} units of JAINAM_MAX_ORDER_QUANTITY"
        )
    if limits.order_value is not None:
        value = order_value(order, contract)
        if value is None:
            broken.append(
                f"a {order.price_type} order in {contract.symbol} has no price and the contract no price band, so its"
                f" value cannot be held against JAINAM_MAX_ORDER_VALUE ({limits.order_value:f} rupees);"
                f" use a LIMIT order"
            )
        elif value > limits.order_value:
            top = "" if order.price_type.has_limit else f", at {contract.price_high:f}, the top of the day's band"
            broken.append(
                f"{order.quantity} {contract.symbol} are worth {value:.2f} rupees{top}: above the"
                f" {limits.order_value:f} of JAINAM_MAX_ORDER_VALUE"
            )
    return broken


def within_minute(stamps: Iterable[float], now: float) -> list[float]:
    """Those of *stamps*, in seconds, that count at *now*, oldest first.

    One from less than a minute later counts too: processes ask the time before they wait for one another. What is
    later than that was written by a clock that has been set back since.
    """
    return sorted(stamp for stamp in stamps if now - MINUTE < stamp < now + MINUTE)


def seconds_to_turn(stamps: Sequence[float], now: float, limit: int) -> float:
    """How long until one more order may be counted beside *stamps*, in seconds; zero when it may be now."""
    counting = within_minute(stamps, now)
    if len(counting) < limit:
        return 0.0
    # A limit of zero lets nothing through, ever; a minute is as good an answer as any.
    return MINUTE if limit < 1 else counting[-limit] + MINUTE - now
