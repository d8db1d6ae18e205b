"""Hypothesis strategies, one for each kind of value."""

from __future__ import annotations

import datetime as dt
import string
from decimal import Decimal

from attrs import evolve
from hypothesis import strategies as st

from fakes.samples import FUTURE
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey, Token
from jainam.domain.journal import Deed, Ending, Intent, Verdict
from jainam.domain.orders import Order, OrderId, OrderTag
from jainam.domain.symbols import SymbolParts
from jainam.domain.vocabulary import Exchange, Kind, PriceType, Product, Side, TimeInForce

__all__ = [
    "contract_sets",
    "contracts",
    "endings",
    "intents",
    "listed_contracts",
    "orders",
    "symbol_keys",
    "symbol_parts",
    "ticks",
    "tradable_contracts",
]

NAMES = st.one_of(
    st.sampled_from(
        ["NIFTY", "BANKNIFTY", "SENSEX50", "M&M", "BAJAJ-AUTO", "J&KBANK", "NIFTYNXT50", "360ONE", "28NOV24"]
    ),
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


@st.composite
def tradable_contracts(draw: st.DrawFn) -> Contract:
    """Like `contracts`, of any kind on any exchange where orders are taken, a test scrip never."""
    exchange = draw(st.sampled_from([exchange for exchange in Exchange if not exchange.is_index]))
    kinds = [Kind.EQUITY] if exchange.is_cash else [Kind.FUTURE, Kind.CALL, Kind.PUT]
    return evolve(draw(contracts()), key=SymbolKey("SYMBOL", exchange), kind=draw(st.sampled_from(kinds)))


@st.composite
def orders(draw: st.DrawFn, contract: Contract) -> Order:
    """Orders for *contract* of any terms, most of them bad ones; those that need a price have one."""
    prices = st.decimals("0.0001", 12_000, places=4) | st.integers(1, 2_000).map(lambda n: n * contract.tick_size)
    quantities = st.integers(1, 10_000) | st.integers(1, 20).map(lambda n: n * contract.lot_size)
    return Order(
        instrument=contract.key,
        side=draw(st.sampled_from(Side)),
        product=draw(st.sampled_from(Product)),
        quantity=draw(quantities),
        price_type=draw(st.sampled_from(PriceType)),
        price=draw(prices),
        trigger_price=draw(prices),
        disclosed_quantity=draw(st.just(0) | quantities),
        time_in_force=draw(st.sampled_from(TimeInForce)),
    )


def symbol_keys() -> st.SearchStrategy[SymbolKey]:
    """Symbols as OpenAlgo has them, with ``&`` and ``-`` and fractional strikes, on any exchange."""
    known = ["RELIANCE", "NIFTY27JAN26FUT", "NIFTY27JAN2625000CE", "VEDL24APR2652.5CE"]
    return st.builds(SymbolKey, NAMES | st.sampled_from(known), st.sampled_from(Exchange))


@st.composite
def listed_contracts(draw: st.DrawFn) -> Contract:
    """Contracts of every kind, as a store must keep them: tokens repeat, any optional field may be absent."""
    kind = draw(st.sampled_from(Kind))
    amounts = st.decimals(0, 10_000_000, places=draw(st.integers(0, 4)))
    texts = st.text(string.ascii_letters + string.digits + " &-%_'\"\\", max_size=15)
    return Contract(
        key=draw(symbol_keys()),
        token=Token(draw(st.integers(1, 30) | st.integers(1, 2**40))),
        kind=kind,
        name=draw(texts),
        broker_symbol=draw(texts),
        broker_exchange=draw(st.sampled_from(["NSECM", "NSEFO", "BSECM", "BSEFO", "MCXFO"])),
        lot_size=draw(st.integers(1, 100_000)),
        tick_size=draw(ticks() | st.just(Decimal("0.10"))),
        expiry=draw(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))) if kind.is_derivative else None,
        strike=draw(amounts) if kind.is_option else None,
        freeze_quantity=draw(st.none() | st.integers(1, 10_000_000)),
        price_low=draw(st.none() | amounts),
        price_high=draw(st.none() | amounts),
        multiplier=draw(st.sampled_from([Decimal(1), Decimal(1000), Decimal("0.5")])),
        series=draw(st.sampled_from(["", "EQ", "BE", "OPTIDX"])),
        isin=draw(st.sampled_from(["", "INE002A01018"])),
        description=draw(texts),
    )


def contract_sets(max_size: int = 8) -> st.SearchStrategy[list[Contract]]:
    """Contracts that can stand in one master: no name and no number twice on one exchange."""
    return st.lists(
        listed_contracts(), min_size=1, max_size=max_size, unique_by=(lambda one: one.key, lambda one: one.ref)
    )


# Few, so that endings meet intents, and things are meant again.
TAGS = ["T1", "T2", "J7Zq0b3KxYw2LmN5pRst"]
NUMBERS = ["9001", "1110000030"]
ANY_TEXT = st.text(max_size=20) | st.sampled_from(
    ["", "\0", "\udcff", "RMS: 'blocked' \"\\ ₹", "; DROP TABLE order_journal"]
)


def moments() -> st.SearchStrategy[dt.datetime]:
    """Times to the microsecond, as clocks in any zone would show them."""
    zones = st.sampled_from(
        [dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=30)), dt.timezone(-dt.timedelta(hours=9))]
    )
    return st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2099, 12, 31), timezones=zones)


@st.composite
def any_orders(draw: st.DrawFn) -> Order:
    """Orders that can be written down at all, whether or not an exchange would take them."""
    amounts = st.decimals(0, 999_999, places=draw(st.integers(0, 4)))
    return Order(
        instrument=draw(st.sampled_from([SymbolKey("NIFTY30JUN26FUT", Exchange.NFO)]) | symbol_keys()),
        side=draw(st.sampled_from(Side)),
        product=draw(st.sampled_from(Product)),
        quantity=draw(st.integers(1, 10**6) | st.integers(1, 2**70)),
        price_type=draw(st.sampled_from(PriceType)),
        price=draw(amounts),
        trigger_price=draw(amounts),
        disclosed_quantity=draw(st.integers(0, 10**6)),
        time_in_force=draw(st.sampled_from(TimeInForce)),
    )


@st.composite
def intents(draw: st.DrawFn) -> Intent:
    """Anything that may be about to leave, with every text that a caller can think of."""
    deed = draw(st.sampled_from(Deed))
    order = None if deed is Deed.CANCEL else draw(any_orders())
    known = draw(st.booleans()) and order is not None
    return Intent(
        deed=deed,
        at=draw(moments()),
        tag=OrderTag(draw(st.sampled_from(TAGS))) if deed is Deed.PLACE or draw(st.booleans()) else None,
        order_id=OrderId(draw(st.sampled_from(NUMBERS))) if deed is not Deed.PLACE else None,
        order=order,
        ref=InstrumentRef(order.instrument.exchange, Token(draw(st.integers(1, 2**40)))) if order and known else None,
        is_exit=draw(st.booleans()),
        held=draw(st.none() | st.integers(-(10**6), 10**6)),
        caller=draw(ANY_TEXT),
    )


def endings() -> st.SearchStrategy[Ending]:
    """Any end of anything that `intents` mean."""
    keys = [*TAGS, *(f"{deed.value} {number}" for deed in (Deed.MODIFY, Deed.CANCEL) for number in NUMBERS)]
    return st.builds(
        Ending,
        key=st.sampled_from(keys),
        at=moments(),
        verdict=st.sampled_from(Verdict),
        order_id=st.none() | st.sampled_from(NUMBERS).map(OrderId),
        words=ANY_TEXT,
    )
