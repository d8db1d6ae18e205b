"""Whether the position book shows what the order book says has traded (D16)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from attrs import define

from jainam.domain.instruments import InstrumentRef
from jainam.domain.orders import OrderRow
from jainam.domain.portfolio import Position
from jainam.domain.vocabulary import Product, Side

__all__ = ["RECENT", "Key", "lagging", "traded_since"]

Key = tuple[InstrumentRef, Product]

RECENT = dt.timedelta(seconds=60)
"""How long after a trade the books may disagree; generous, since the broker's clock is not ours."""


def traded_since(row: OrderRow, since: dt.datetime) -> bool:
    """Whether *row* has traded, and was last touched after *since* as far as the book tells."""
    when = row.updated_at
    return row.filled > 0 and when is not None and (when if when.tzinfo else when.replace(tzinfo=since.tzinfo)) > since


def lagging(orders: Iterable[OrderRow], positions: Iterable[Position], now: dt.datetime) -> dict[Key, OrderRow]:
    """What traded a moment ago and is not in *positions* yet, each with an order that says so.

    *orders* must have been read before *positions*, or trades in between look like a lag. A position has to have bought
    and sold at least what its orders did today; one that was carried here from another day may hide a lag. Where the
    numbers do not add up to the position, they mean something else, and nothing is said.
    """
    rows = [row for row in orders if row.filled]
    late = {(row.instrument, row.product): row for row in rows if traded_since(row, now - RECENT)}
    if late:
        traded = {key: _Traded() for key in late}
        for row in rows:
            if ours := traded.get((row.instrument, row.product)):
                ours.count(row)
        for position in positions:
            if ours := traded.get((position.instrument, position.product)):
                ours.compare(position)
        late = {key: row for key, row in late.items() if traded[key].is_missing}
    return late


@define
class _Traded:
    """What the orders on one instrument traded, less what its positions show of it."""

    bought: int = 0
    sold: int = 0
    has_sums: bool = False
    adds_up: bool = True

    def count(self, row: OrderRow) -> None:
        if row.side is Side.BUY:
            self.bought += row.filled
        else:
            self.sold += row.filled

    def compare(self, position: Position) -> None:
        self.has_sums = self.has_sums or position.buy_quantity > 0 or position.sell_quantity > 0
        self.adds_up = self.adds_up and position.buy_quantity - position.sell_quantity == position.quantity
        self.bought -= position.buy_quantity
        self.sold -= position.sell_quantity

    @property
    def is_missing(self) -> bool:
        if not self.adds_up:
            return False
        if not self.has_sums:  # unlisted, or listed as flat: by some broker perhaps that gives no sums
            return self.bought != self.sold
        return self.bought > 0 or self.sold > 0
