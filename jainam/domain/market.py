"""What the market says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from jainam.domain.instruments import InstrumentRef
from jainam.domain.vocabulary import Word

__all__ = ["Candle", "Depth", "Interval", "Level", "Quote"]


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


class Interval(Word):
    """How long a candle burns, as OpenAlgo names it."""

    ONE_MINUTE = "1m"
    TWO_MINUTES = "2m"
    THREE_MINUTES = "3m"
    FIVE_MINUTES = "5m"
    TEN_MINUTES = "10m"
    FIFTEEN_MINUTES = "15m"
    HALF_HOUR = "30m"
    HOUR = "1h"
    DAY = "D"
    WEEK = "W"
    MONTH = "M"

    seconds: int | None
    """Its length within a day, ``None`` for a day and more."""

    def __init__(self, word: str) -> None:
        self.seconds = {"m": 60, "h": 3600}[word[-1]] * int(word[:-1]) if word[:-1] else None


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
