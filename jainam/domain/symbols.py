"""OpenAlgo's symbol grammar, in both directions (host contract 3.5).

A share is its name, a future `NAME` + `DDMMMYY` + `FUT`, an option `NAME` + `DDMMMYY` + strike + `CE` or `PE`; an
index has a name of its own on `NSE_INDEX` or `BSE_INDEX`.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from attrs import frozen

from jainam.domain.vocabulary import Exchange, Kind

__all__ = ["SymbolParts", "format_symbol", "index_symbol", "parse_symbol", "table_date"]

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

# The name is greedy, so the *last* date-like part counts: names may end in digits (SENSEX50) or look like dates.
_DERIVATIVE = re.compile(
    rf"(?P<name>.+)(?P<day>\d\d)(?P<month>{'|'.join(MONTHS)})(?P<year>\d\d)"
    r"(?:(?P<future>FUT)|(?P<strike>\d+(?:\.\d+)?)(?P<right>CE|PE))"
)

INDEX_NAMES = {
    "NIFTY 50": "NIFTY",
    "NIFTY BANK": "BANKNIFTY",
    "NIFTY FIN SERVICE": "FINNIFTY",
    "NIFTY MID SELECT": "MIDCPNIFTY",
    "NIFTY NEXT 50": "NIFTYNXT50",
    "INDIA VIX": "INDIAVIX",
    "SNSX50": "SENSEX50",
}
"""Indices that OpenAlgo calls otherwise than the exchanges do (protocol 5.4); the rest lose their blanks."""

_DERIVATIVE_EXCHANGES = frozenset(
    {Exchange.NFO, Exchange.BFO, Exchange.CDS, Exchange.BCD, Exchange.MCX, Exchange.NCDEX}
)


@frozen(kw_only=True)
class SymbolParts:
    """What an OpenAlgo symbol says: the kind of instrument, the underlying *name*, and when and where it is struck."""

    kind: Kind
    name: str
    expiry: dt.date | None = None
    strike: Decimal | None = None


def format_symbol(parts: SymbolParts) -> str:
    """Write the OpenAlgo symbol of *parts*.

    >>> format_symbol(
    ...     SymbolParts(kind=Kind.CALL, name="NIFTY", expiry=dt.date(2024, 11, 28), strike=Decimal("24000.0"))
    ... )
    'NIFTY28NOV2424000CE'
    """
    if not parts.kind.is_derivative:
        return parts.name
    if parts.expiry is None:
        raise ValueError(f"a {parts.kind} on {parts.name} needs an expiry date")
    head = f"{parts.name}{_date(parts.expiry)}"
    if parts.kind is Kind.FUTURE:
        return f"{head}FUT"
    if parts.strike is None:
        raise ValueError(f"an option on {parts.name} needs a strike price")
    return f"{head}{strike_text(parts.strike)}{parts.kind.value}"


def parse_symbol(symbol: str, exchange: Exchange) -> SymbolParts:
    """Read an OpenAlgo symbol; raises `ValueError` for one that a derivatives exchange cannot list.

    >>> parse_symbol("VEDL25APR24292.5CE", Exchange.NFO).strike
    Decimal('292.5')
    """
    if exchange not in _DERIVATIVE_EXCHANGES:
        if not symbol:
            raise ValueError("an empty text is no symbol")
        return SymbolParts(kind=Kind.INDEX if exchange.is_index else Kind.EQUITY, name=symbol)
    match = _DERIVATIVE.fullmatch(symbol)
    if match is None:
        raise ValueError(
            f"{symbol} is no future or option of {exchange}: expected NAME, DDMMMYY, then FUT or strike CE/PE"
        )
    expiry = _expiry(match, symbol)
    if match["future"]:
        return SymbolParts(kind=Kind.FUTURE, name=match["name"], expiry=expiry)
    return SymbolParts(kind=Kind(match["right"]), name=match["name"], expiry=expiry, strike=Decimal(match["strike"]))


def index_symbol(name: str) -> str:
    """The OpenAlgo symbol of an index that the exchange calls *name*.

    >>> index_symbol("NIFTY BANK"), index_symbol("BSE IT")
    ('BANKNIFTY', 'BSEIT')
    """
    known = " ".join(name.upper().split())
    return INDEX_NAMES.get(known, known.replace(" ", ""))


def strike_text(strike: Decimal) -> str:
    """A strike price without zeros behind the point and without an exponent: 24000, 372.5."""
    text = f"{strike:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _date(day: dt.date) -> str:
    return f"{day.day:02d}{MONTHS[day.month - 1]}{day.year % 100:02d}"


def _expiry(match: re.Match[str], symbol: str) -> dt.date:
    try:
        return dt.date(2000 + int(match["year"]), MONTHS.index(match["month"]) + 1, int(match["day"]))
    except ValueError:
        raise ValueError(f"{symbol} names a day that does not exist") from None


def table_date(iso: str) -> str:
    """A day as OpenAlgo's tables have it, in English whatever the locale.

    >>> table_date("2024-11-28")
    '28-NOV-24'
    """
    day = dt.date.fromisoformat(iso)
    return f"{day.day:02}-{MONTHS[day.month - 1]}-{day.year % 100:02}"
