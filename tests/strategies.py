"""Hypothesis strategies, one for each kind of value."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from attrs import evolve
from hypothesis import strategies as st

from fakes.samples import FUTURE
from jainam.domain.instruments import Contract
from jainam.domain.symbols import SymbolParts
from jainam.domain.vocabulary import Kind

__all__ = ["contracts", "symbol_parts", "ticks"]

NAMES = st.one_of(
    st.sampled_from(["NIFTY", "BANKNIFTY", "SENSEX50", "M&M", "BAJAJ-AUTO", "J&KBANK", "NIFTYNXT50", "360ONE", "28NOV24"]),
    st.from_regex(r"[A-Z0-9][A-Z0-9&-]{0,11}", fullmatch=True),
)


def ticks() -> st.SearchStrategy[Decimal]:
    """The price steps that the exchanges use (protocol 5.3)."""
    return st.sampled_from([Decimal(text) for text in ("0.0025", "0.01", "0.05", "0.1", "0.2", "0.5", "1", "5")])


@st.composite
def symbol_parts(draw: st.DrawFn) -> SymbolParts:
    """Futures and options of any name, day of this century and strike."""
    kind = draw(st.sampled_from([Kind.FUTURE, Kind.CALL, Kind.PUT]))
    strikes = st.decimals(0, 999_999, places=draw(st.integers(0, 4)))
    return SymbolParts(
        kind=kind,
        name=draw(NAMES),
        expiry=draw(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))),
        strike=draw(strikes) if kind.is_option else None,
    )


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """A future with any lot, tick, freeze quantity of at least a lot, and price band that holds at least one price."""
    lot, tick = draw(st.integers(1, 500)), draw(ticks())
    low = draw(st.none() | st.decimals("0.0025", 5000, places=4))
    width = draw(st.decimals(10, 5000, places=3))
    return evolve(
        FUTURE,
        lot_size=lot,
        tick_size=tick,
        freeze_quantity=draw(st.none() | st.integers(lot, 5000)),
        price_low=low,
        price_high=draw(st.sampled_from([None, (low or Decimal(0)) + width])),
    )
