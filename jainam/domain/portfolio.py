"""What is owned, what was traded for it, and what is left to trade with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from jainam.domain.instruments import InstrumentRef
from jainam.domain.money import ZERO
from jainam.domain.orders import OrderId, OrderTag
from jainam.domain.vocabulary import Product, Side

__all__ = ["Funds", "Holding", "Position", "Profile", "Trade"]


@frozen(kw_only=True)
class Position:
    """One net position: *quantity* is signed units, so -65 is short; closed positions stay with 0.

    *realized*, *unrealized* and *mtm* are the broker's last valuation in rupees, ``None`` where it gave none; they
    may lag the market.
    """

    instrument: InstrumentRef
    product: Product
    quantity: int
    buy_quantity: int
    sell_quantity: int
    buy_average: Decimal
    sell_average: Decimal
    realized: Decimal | None
    unrealized: Decimal | None
    mtm: Decimal | None
    broker_symbol: str
    multiplier: Decimal = Decimal(1)
    symbol: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)

    @property
    def is_open(self) -> bool:
        """True when something is held, long or short."""
        return self.quantity != 0

    @property
    def average_price(self) -> Decimal:
        """The price the open quantity stands at; zero when nothing is open."""
        if self.quantity > 0:
            return self.buy_average
        return self.sell_average if self.quantity < 0 else ZERO

    @property
    def pnl(self) -> Decimal | None:
        """Profit and loss in rupees by the broker's valuation, ``None`` when it gave none."""
        if self.mtm is not None:
            return self.mtm
        if self.realized is None and self.unrealized is None:
            return None
        return (self.realized or ZERO) + (self.unrealized or ZERO)


@frozen(kw_only=True)
class Trade:
    """One execution: *quantity* and *price* are of this fill, not of the whole order (FR1)."""

    trade_id: str
    order_id: OrderId
    tag: OrderTag | None
    instrument: InstrumentRef
    side: Side
    product: Product
    quantity: int
    price: Decimal
    traded_at: dt.datetime | None
    symbol: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)

    @property
    def value(self) -> Decimal:
        """Quantity times price."""
        return self.price * self.quantity


@frozen(kw_only=True)
class Holding:
    """Shares kept in the demat account; *last_price* is ``None`` when no quote could be had (FR3).

    *listings* names the same share on each exchange it trades on, NSE first; *symbol* and *last_price* are those of
    *listed_as*, the first of them that the contract store knows.
    """

    isin: str
    listings: tuple[InstrumentRef, ...]
    quantity: int
    used_quantity: int
    average_price: Decimal | None
    symbol: str | None = None
    listed_as: InstrumentRef | None = None
    last_price: Decimal | None = None
    raw: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)

    @property
    def saleable(self) -> int:
        """Units not yet used for sales or pledges today."""
        return self.quantity - self.used_quantity

    @property
    def pnl(self) -> Decimal | None:
        """What selling at the last price would gain; ``None`` when a price is missing."""
        if self.last_price is None or self.average_price is None:
            return None
        return (self.last_price - self.average_price) * self.quantity


@frozen(kw_only=True)
class Funds:
    """Money of the account in rupees; ``None`` where the broker did not say, which is not zero."""

    available: Decimal | None
    cash: Decimal | None
    collateral: Decimal | None
    utilized: Decimal | None
    realized: Decimal | None
    unrealized: Decimal | None
    raw: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)


@frozen(kw_only=True)
class Profile:
    """Who the account belongs to; personal data stays in *raw*, out of every log line."""

    client_id: str
    is_investor: bool | None
    exchanges: tuple[str, ...]
    name: str = field(default="", repr=False)
    raw: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)
