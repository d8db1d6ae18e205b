"""OpenAlgo's symbol grammar is written and read (host contract 3.5)."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jainam.domain.symbols import SymbolParts, format_symbol, index_symbol, parse_symbol, strike_text
from jainam.domain.vocabulary import Exchange, Kind


def future(name: str, expiry: dt.date) -> SymbolParts:
    """A future on *name*."""
    return SymbolParts(kind=Kind.FUTURE, name=name, expiry=expiry)


def call(name: str, expiry: dt.date, strike: str) -> SymbolParts:
    """A call on *name*."""
    return SymbolParts(kind=Kind.CALL, name=name, expiry=expiry, strike=Decimal(strike))


def put(name: str, expiry: dt.date, strike: str) -> SymbolParts:
    """A put on *name*."""
    return SymbolParts(kind=Kind.PUT, name=name, expiry=expiry, strike=Decimal(strike))


KNOWN = [
    ("NIFTY28NOV2424000CE", Exchange.NFO, call("NIFTY", dt.date(2024, 11, 28), "24000")),
    ("NIFTY17FEB2625700PE", Exchange.NFO, put("NIFTY", dt.date(2026, 2, 17), "25700")),
    ("VEDL25APR24292.5CE", Exchange.NFO, call("VEDL", dt.date(2024, 4, 25), "292.5")),
    ("USDINR19APR24FUT", Exchange.CDS, future("USDINR", dt.date(2024, 4, 19))),
    ("USDINR19APR2483.25CE", Exchange.BCD, call("USDINR", dt.date(2024, 4, 19), "83.25")),
    ("CRUDEOIL17APR246750CE", Exchange.MCX, call("CRUDEOIL", dt.date(2024, 4, 17), "6750")),
    ("JEERAUNJHA19APR24FUT", Exchange.NCDEX, future("JEERAUNJHA", dt.date(2024, 4, 19))),
    ("SENSEX5030JAN26FUT", Exchange.BFO, future("SENSEX50", dt.date(2026, 1, 30))),
    ("SENSEX5030JAN2625000PE", Exchange.BFO, put("SENSEX50", dt.date(2026, 1, 30), "25000")),
    ("M&M26FEB26FUT", Exchange.NFO, future("M&M", dt.date(2026, 2, 26))),
    ("BAJAJ-AUTO26FEB269500CE", Exchange.NFO, call("BAJAJ-AUTO", dt.date(2026, 2, 26), "9500")),
    ("NIFTYNXT5024FEB26FUT", Exchange.NFO, future("NIFTYNXT50", dt.date(2026, 2, 24))),
    ("360ONE24FEB261100CE", Exchange.NFO, call("360ONE", dt.date(2026, 2, 24), "1100")),
    ("X28NOV2428NOV24FUT", Exchange.NFO, future("X28NOV24", dt.date(2024, 11, 28))),
]


@pytest.mark.parametrize(("symbol", "exchange", "parts"), KNOWN, ids=[symbol for symbol, _, _ in KNOWN])
def test_derivatives_in_both_directions(symbol: str, exchange: Exchange, parts: SymbolParts) -> None:
    """Futures and weekly, monthly and fractional options, on names with digits, `&` and `-`."""
    assert parse_symbol(symbol, exchange) == parts
    assert format_symbol(parts) == symbol


@pytest.mark.parametrize(
    ("symbol", "exchange", "kind"),
    [
        ("RELIANCE", Exchange.NSE, Kind.EQUITY),
        ("M&M", Exchange.NSE, Kind.EQUITY),
        ("BAJAJ-AUTO", Exchange.BSE, Kind.EQUITY),
        ("NIFTY28NOV24FUT", Exchange.NSE, Kind.EQUITY),
        ("NIFTY", Exchange.NSE_INDEX, Kind.INDEX),
        ("SENSEX50", Exchange.BSE_INDEX, Kind.INDEX),
    ],
)
def test_shares_and_indices_are_their_names(symbol: str, exchange: Exchange, kind: Kind) -> None:
    """Where nothing expires the symbol is the name, whatever it looks like."""
    parts = parse_symbol(symbol, exchange)

    assert parts == SymbolParts(kind=kind, name=symbol)
    assert format_symbol(parts) == symbol


NAMES = st.one_of(
    st.sampled_from(["NIFTY", "SENSEX50", "M&M", "BAJAJ-AUTO", "J&KBANK", "NIFTYNXT50", "360ONE", "28NOV24"]),
    st.from_regex(r"[A-Z0-9][A-Z0-9&-]{0,11}", fullmatch=True),
)


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


@given(parts=symbol_parts())
def test_what_is_written_can_be_read(parts: SymbolParts) -> None:
    """Any future or option is read back from its symbol as it was."""
    assert parse_symbol(format_symbol(parts), Exchange.NFO) == parts


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "NIFTY",
        "NIFTY28NOV24",
        "NIFTY28NOV24CE",
        "28NOV24FUT",
        "NIFTY28NOX24FUT",
        "NIFTY8NOV24FUT",
        "NIFTY28NOV2424000XE",
        "NIFTY28NOV2424000.CE",
        "nifty28nov24fut",
        "NIFTY28NOV24FUT ",
    ],
)
def test_what_is_no_derivative_is_refused(symbol: str) -> None:
    """A text that a derivatives exchange cannot list is an error that says what one looks like."""
    with pytest.raises(ValueError, match="is no future or option of NFO: expected NAME, DDMMMYY"):
        parse_symbol(symbol, Exchange.NFO)


def test_day_that_does_not_exist_is_refused() -> None:
    """A date is a day of the calendar."""
    with pytest.raises(ValueError, match="NIFTY30FEB26FUT names a day that does not exist"):
        parse_symbol("NIFTY30FEB26FUT", Exchange.NFO)


@pytest.mark.parametrize("exchange", [Exchange.NSE, Exchange.BSE, Exchange.NSE_INDEX])
def test_empty_symbol_is_refused(exchange: Exchange) -> None:
    """No instrument is called nothing."""
    with pytest.raises(ValueError, match="an empty text is no symbol"):
        parse_symbol("", exchange)


def test_incomplete_parts_cannot_be_written() -> None:
    """A future needs its expiry and an option its strike too."""
    with pytest.raises(ValueError, match="a FUT on NIFTY needs an expiry date"):
        format_symbol(SymbolParts(kind=Kind.FUTURE, name="NIFTY"))
    with pytest.raises(ValueError, match="an option on NIFTY needs a strike price"):
        format_symbol(SymbolParts(kind=Kind.PUT, name="NIFTY", expiry=dt.date(2026, 2, 17)))


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("NIFTY 50", "NIFTY"),
        ("Nifty 50", "NIFTY"),
        ("NIFTY  BANK", "BANKNIFTY"),
        ("NIFTY FIN SERVICE", "FINNIFTY"),
        ("NIFTY MID SELECT", "MIDCPNIFTY"),
        ("NIFTY NEXT 50", "NIFTYNXT50"),
        ("INDIA VIX", "INDIAVIX"),
        ("SNSX50", "SENSEX50"),
        ("SENSEX", "SENSEX"),
        ("BANKEX", "BANKEX"),
        ("BSE IT", "BSEIT"),
    ],
)
def test_indices_have_names_of_their_own(name: str, symbol: str) -> None:
    """The exchanges' names become OpenAlgo's; the others lose their blanks (protocol 5.4)."""
    assert index_symbol(name) == symbol


@pytest.mark.parametrize(
    ("strike", "text"),
    [("24000", "24000"), ("24000.00", "24000"), ("372.50", "372.5"), ("1.085", "1.085"), ("1E+3", "1000"), ("0", "0")],
)
def test_strikes_are_written_plainly(strike: str, text: str) -> None:
    """No zeros behind the point, no exponent, and zeros before it are kept."""
    assert strike_text(Decimal(strike)) == text
