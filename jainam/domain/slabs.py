"""How far from the market a protected order may go, as data: by class of instrument and by price (X7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, NamedTuple

from attrs import Attribute, field, frozen

from jainam.domain.instruments import Contract
from jainam.domain.vocabulary import Exchange, Kind

__all__ = ["HOST_SLABS", "INDEX_AND_STOCK_SLABS", "Margin", "Slab"]

TRADABLE = frozenset(exchange for exchange in Exchange if not exchange.is_index)


class Margin(NamedTuple):
    """The *percent* that protect prices *below* this one; ``None`` for all that are left."""

    below: Decimal | None
    percent: Decimal


def _ladder(_: Slab, __: Attribute[Any], margins: tuple[Margin, ...]) -> None:
    bounds = [margin.below for margin in margins]
    known = [bound for bound in bounds if bound is not None]
    if bounds[-1:] != [None] or len(known) != len(bounds) - 1 or known != sorted(set(known)):
        raise ValueError("the margins of a slab rise in price, and the last one has no bound")
    if not all(0 < margin.percent < 100 for margin in margins):
        raise ValueError("the per cent of a margin lie between 0 and 100")


@frozen(kw_only=True)
class Slab:
    """How far from its reference the price of a protected order lies, by the reference.

    It holds for these *exchanges*, *kinds* and, where any are named, *series* (the master's words, such as ``OPTIDX``).
    *source* names who publishes it and *dated* its day, or the day on which we read it.
    """

    name: str
    margins: tuple[Margin, ...] = field(validator=_ladder)
    source: str
    dated: dt.date
    exchanges: AbstractSet[Exchange] = TRADABLE
    kinds: AbstractSet[Kind]
    series: AbstractSet[str] = frozenset()

    def holds_for(self, contract: Contract) -> bool:
        """True when orders for *contract* are protected by this slab."""
        return (
            contract.exchange in self.exchanges
            and contract.kind in self.kinds
            and (not self.series or contract.series in self.series)
        )

    def percent(self, price: Decimal) -> Decimal:
        """The per cent for a reference of *price*."""
        return next(percent for below, percent in self.margins if below is None or price < below)


READ = dt.date(2026, 11, 24)
OPTIONS = frozenset({Kind.CALL, Kind.PUT})
INDEX_SERIES = frozenset({"OPTIDX", "FUTIDX", "IO", "IF"})
STOCK_AND_INDEX = frozenset({Exchange.NFO, Exchange.BFO})

HOST_SLABS = (
    Slab(
        name="shares and futures",
        kinds=frozenset({Kind.EQUITY, Kind.FUTURE}),
        margins=(Margin(Decimal(100), Decimal(2)), Margin(Decimal(500), Decimal(1)), Margin(None, Decimal("0.5"))),
        source="OpenAlgo utils/mpp_slab.py, after Zerodha support, Market price protection on the order window",
        dated=READ,
    ),
    Slab(
        name="options",
        kinds=OPTIONS,
        margins=(
            Margin(Decimal(10), Decimal(5)),
            Margin(Decimal(100), Decimal(3)),
            Margin(Decimal(500), Decimal(2)),
            Margin(None, Decimal(1)),
        ),
        source="OpenAlgo utils/mpp_slab.py, after Zerodha support, Market price protection on the order window",
        dated=READ,
    ),
)
"""The figures of the host itself: by price alone, narrow for cheap options."""

ANGEL_ONE = "Angel One, Market Price Protection (MPP): buffers after the circulars of NSE and BSE"

INDEX_AND_STOCK_SLABS = (
    Slab(
        name="shares",
        kinds=frozenset({Kind.EQUITY}),
        margins=(Margin(None, Decimal("0.5")),),
        source=ANGEL_ONE,
        dated=READ,
    ),
    Slab(
        name="index futures",
        kinds=frozenset({Kind.FUTURE}),
        exchanges=STOCK_AND_INDEX,
        series=INDEX_SERIES,
        margins=(Margin(None, Decimal("0.5")),),
        source=ANGEL_ONE,
        dated=READ,
    ),
    Slab(
        name="index options",
        kinds=OPTIONS,
        exchanges=STOCK_AND_INDEX,
        series=INDEX_SERIES,
        margins=(
            Margin(Decimal(10), Decimal(20)),
            Margin(Decimal(20), Decimal(10)),
            Margin(Decimal(50), Decimal(5)),
            Margin(None, Decimal("2.5")),
        ),
        source=ANGEL_ONE,
        dated=READ,
    ),
    Slab(
        name="stock futures",
        kinds=frozenset({Kind.FUTURE}),
        exchanges=STOCK_AND_INDEX,
        margins=(Margin(None, Decimal(1)),),
        source=ANGEL_ONE,
        dated=READ,
    ),
    Slab(
        name="stock options",
        kinds=OPTIONS,
        exchanges=STOCK_AND_INDEX,
        margins=(
            Margin(Decimal(10), Decimal(40)),
            Margin(Decimal(20), Decimal(20)),
            Margin(Decimal(50), Decimal(10)),
            Margin(None, Decimal(5)),
        ),
        source=ANGEL_ONE,
        dated=READ,
    ),
    Slab(
        name="futures on goods",
        kinds=frozenset({Kind.FUTURE}),
        exchanges=frozenset({Exchange.MCX, Exchange.NCDEX}),
        margins=(Margin(None, Decimal(1)),),
        source=ANGEL_ONE,
        dated=READ,
    ),
    Slab(
        name="options on goods",
        kinds=OPTIONS,
        exchanges=frozenset({Exchange.MCX, Exchange.NCDEX}),
        margins=(
            Margin(Decimal(10), Decimal(20)),
            Margin(Decimal(20), Decimal(10)),
            Margin(Decimal(50), Decimal(5)),
            Margin(None, Decimal("2.5")),
        ),
        source=ANGEL_ONE,
        dated=READ,
    ),
)
"""By instrument class: wider for stock options, whose books are thin, and for cheap ones."""
