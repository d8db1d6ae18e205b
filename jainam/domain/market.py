"""What the market says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from jainam.domain.instruments import InstrumentRef

__all__ = ["Candle", "Depth", "Level", "Quote"]


@frozen(kw_only=True)
class Quote:
    """The last trade of one instrument and the day around it; ``None`` where the broker sent no number.

    *at* is the moment the broker gives for it, with its zone.
    """

    instrument: InstrumentRef
    last_price: Decimal | None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    previous_close: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_quantity: int | None = None
    ask_quantity: int | None = None
    volume: int | None = None
    at: dt.datetime | None = None
    raw: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)


@frozen
class Level:
    """What is wanted or offered at one price, by how many orders (``None`` where the broker does not say)."""

    price: Decimal
    quantity: int
    orders: int | None = None


@frozen(kw_only=True)
class Depth:
    """The best prices on both sides, the best first, and the quote around them; an index has no levels."""

    quote: Quote
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    last_quantity: int | None = None
    total_buy: int | None = None
    total_sell: int | None = None


@frozen(kw_only=True)
class Candle:
    """The trades of one interval that began at *at*: the bar's first moment in India, midnight for a day or more.

    *interest* is the open interest at its end, zero for what has none.
    """

    at: dt.datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    interest: int = 0
