"""What can be traded, and how one names it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NewType

from attrs import frozen

from jainam.domain.vocabulary import Exchange, Kind

__all__ = ["Contract", "InstrumentRef", "SymbolKey", "Token"]

Token = NewType("Token", int)
"""A broker's number for an instrument; tokens repeat across exchanges."""


@frozen
class SymbolKey:
    """An instrument by the name a trader uses: an OpenAlgo symbol on an OpenAlgo exchange.

    >>> str(SymbolKey("RELIANCE", Exchange.NSE))
    'NSE:RELIANCE'
    """

    symbol: str
    exchange: Exchange

    def __str__(self) -> str:
        return f"{self.exchange.value}:{self.symbol}"


@frozen(cache_hash=True)  # the rows of a book are named by it
class InstrumentRef:
    """An instrument by the name a broker uses: its number on an exchange."""

    exchange: Exchange
    token: Token

    def __str__(self) -> str:
        return f"{self.exchange.value}#{self.token}"


@frozen(weakref_slot=False)  # so that it can have a twin
class Contract:
    """Everything an order check needs to know about one instrument.

    `freeze_quantity` is the largest single order the exchange takes, in units; ``None`` where it sets no limit.
    `price_low` and `price_high` are the day's band, ``None`` where the master does not say. Lots are in units too.
    """

    key: SymbolKey
    token: Token
    kind: Kind
    name: str
    broker_symbol: str
    broker_exchange: str
    lot_size: int
    tick_size: Decimal
    expiry: dt.date | None = None
    strike: Decimal | None = None
    freeze_quantity: int | None = None
    price_low: Decimal | None = None
    price_high: Decimal | None = None
    multiplier: Decimal = Decimal(1)
    series: str = ""
    isin: str = ""
    description: str = ""

    @property
    def symbol(self) -> str:
        """The OpenAlgo symbol."""
        return self.key.symbol

    @property
    def exchange(self) -> Exchange:
        """The OpenAlgo exchange."""
        return self.key.exchange

    @property
    def ref(self) -> InstrumentRef:
        """The same instrument by the broker's number."""
        return InstrumentRef(self.key.exchange, self.token)
