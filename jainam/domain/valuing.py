"""What positions are worth now: the broker's own valuation may lag the market, so the last price decides (FR2)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

from jainam.domain.books import positions
from jainam.domain.errors import JainamError
from jainam.domain.instruments import InstrumentRef
from jainam.domain.quoting import quotes
from jainam.domain.steps import Flow, Tell

if TYPE_CHECKING:
    from jainam.domain.market import Quote
    from jainam.domain.portfolio import Position

__all__ = ["Valued", "valued_positions"]


@frozen
class Valued:
    """A position and the last price of its instrument, ``None`` when no quote could be had."""

    position: Position
    quoted: Decimal | None = None

    @property
    def last_price(self) -> Decimal | None:
        """The last price, or the one that the broker's valuation of an open position comes from."""
        row = self.position
        if self.quoted is not None or row.unrealized is None or not row.is_open or not row.multiplier:
            return self.quoted
        return row.average_price + row.unrealized / (row.quantity * row.multiplier)

    @property
    def pnl(self) -> Decimal | None:
        """Realised and open profit in rupees at the last price, else as the broker says; ``None`` when nobody does."""
        row = self.position
        adds_up = row.buy_quantity - row.sell_quantity == row.quantity
        if not adds_up or (row.is_open and self.quoted is None):
            return row.pnl
        traded = row.sell_quantity * row.sell_average - row.buy_quantity * row.buy_average
        return (traded + row.quantity * (self.quoted or Decimal(0))) * row.multiplier

    @property
    def average_price(self) -> Decimal:
        """What the open quantity stands at; of a closed position, what was paid."""
        row = self.position
        return row.average_price if row.is_open else row.buy_average

    @property
    def pnl_percent(self) -> Decimal | None:
        """The profit as percent of what the open quantity stands at; ``None`` without either."""
        row = self.position
        stake = abs(row.average_price * row.quantity * row.multiplier)
        return self.pnl * 100 / stake if self.pnl is not None and stake else None


def valued_positions() -> Flow[tuple[Valued, ...]]:
    """The net positions, closed ones included, each with the last price where a quote could be had."""
    rows = yield from positions()
    prices: Mapping[InstrumentRef, Quote] = {}
    try:
        prices = yield from quotes(row.instrument for row in sorted(rows, key=lambda row: not row.is_open))
    except JainamError as error:  # the position is still there when nobody can say what it is worth
        yield from Tell(error)
    return tuple(
        Valued(row, quote.last_price if (quote := prices.get(row.instrument)) is not None else None) for row in rows
    )
