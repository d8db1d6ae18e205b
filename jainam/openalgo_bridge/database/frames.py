"""A table of contracts as OpenAlgo's brokers make it, a pandas DataFrame, read into plain rows of ours (FR8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from jainam.adapters.xts.segments import segment_of
from jainam.domain.listings import Row
from jainam.domain.symbols import MONTHS
from jainam.domain.vocabulary import Exchange, Kind

__all__ = ["rows_of_frame"]

NEEDED = ("symbol", "exchange", "token", "lotsize")
FINEST_TICK = "0.0025"
"""For frames that do not say: the exchange has the last word on a price, and this lets every possible one reach it."""

_EXCHANGES = {exchange.value: exchange for exchange in Exchange}
_KINDS = {kind.value: kind.value for kind in Kind}
_NAMED = 5


def rows_of_frame(df: Any, broker: str) -> list[Row]:
    """The rows of *df*: symbol, exchange, token and lotsize, and as far as they are there brsymbol, name, brexchange,
    expiry (`28-NOV-24`, ISO or a date), strike, instrumenttype, tick_size, freeze_quantity, series, isin, description.

    Raises `ValueError` naming every column that is missing, or the first bad rows and what is wrong with them; rows of
    another *broker*, where a column says whose they are, are bad ones.
    """
    columns = {str(name): df[name].tolist() for name in df.columns}
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise ValueError(f"the contracts have no column {', '.join(missing)}")
    names = list(columns)
    rows: list[Row] = []
    problems: list[str] = []
    for number, values in enumerate(zip(*columns.values(), strict=True), 1):
        given = {name: value for name, value in zip(names, values, strict=True) if not _is_absent(value)}
        try:
            rows.append(_row(given, broker))
        except (ValueError, ArithmeticError) as error:
            problems.append(f"row {number} ({given.get('symbol', 'without a symbol')}): {error}")
    if problems:
        more = f", and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        raise ValueError(f"these contracts cannot be stored: {'; '.join(problems[:_NAMED])}{more}")
    return rows


def _row(given: dict[str, Any], broker: str) -> Row:
    if str(given.get("broker", broker)) != broker:
        raise ValueError(f"it belongs to {given['broker']}, not to {broker}")
    symbol = str(given.get("symbol", "")).strip()
    exchange = _EXCHANGES.get(str(given.get("exchange", "")).strip())
    if not symbol or exchange is None:
        raise ValueError(f"it needs a symbol and one of {', '.join(_EXCHANGES)}")
    word = str(given.get("instrumenttype", "")).strip().upper()
    kind = _kind(word, symbol, exchange)
    expiry = _expiry(given["expiry"]) if given.get("expiry") not in (None, "") else None
    if Kind(kind).is_derivative and expiry is None:
        raise ValueError("it needs an expiry")
    strike = _decimal(given, "strike") if Kind(kind).is_option else None
    if Kind(kind).is_option and strike is None:
        raise ValueError("it needs a strike")
    tick = _decimal(given, "tick_size")
    freeze = given.get("freeze_quantity")
    return (
        exchange.value,
        symbol,
        _whole(given, "token"),
        kind,
        str(given.get("name", symbol)),
        str(given.get("brsymbol", symbol)),
        str(given.get("brexchange", segment_of(exchange))),
        _whole(given, "lotsize"),
        str(tick) if tick else FINEST_TICK,
        expiry,
        None if strike is None else str(strike),
        None if freeze is None else _whole(given, "freeze_quantity"),
        _text(given, "price_low"),
        _text(given, "price_high"),
        _text(given, "multiplier") or "1",
        str(given.get("series", "" if word in _KINDS else word)),
        str(given.get("isin", "")),
        str(given.get("description", given.get("brsymbol", ""))),
    )


def _kind(word: str, symbol: str, exchange: Exchange) -> str:
    """What an instrument is; brokers write a share's series where OpenAlgo writes EQ."""
    if exchange.is_index:
        return Kind.INDEX.value
    if exchange.is_cash:
        return Kind.EQUITY.value
    if word in (Kind.FUTURE, Kind.CALL, Kind.PUT):
        return _KINDS[word]
    for kind in (Kind.FUTURE, Kind.CALL, Kind.PUT):
        if not word and symbol.endswith(kind.value):
            return kind.value
    raise ValueError("its instrumenttype is none of FUT, CE and PE")


def _whole(given: dict[str, Any], name: str) -> int:
    found = _decimal(given, name)
    if found is None or found != found.to_integral_value() or not 0 < found < 2**63:
        raise ValueError(f"its {name} must be a whole number above zero")
    return int(found)


def _decimal(given: dict[str, Any], name: str) -> Decimal | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0:
        raise ValueError(f"its {name} is no number")
    # A float says 24000.0 where the exchange says 24000.
    return found.quantize(Decimal(1)) if found == found.to_integral_value() and abs(found) < 10**15 else found


def _text(given: dict[str, Any], name: str) -> str | None:
    found = _decimal(given, name)
    return str(found) if found else None


def _expiry(value: Any) -> str:
    """A day as ISO text."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    words = str(value).strip().upper()
    for read in _WAYS_TO_WRITE_A_DAY:
        day = read(words)
        if day is not None:
            return day.isoformat()
    raise ValueError("its expiry is no date such as 28-NOV-24")


def _iso(words: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(words[:10])
    except ValueError:
        return None


def _by_month(words: str) -> dt.date | None:
    """``28-NOV-24`` or ``28-NOV-2024``, in English whatever the locale."""
    day, _, rest = words.partition("-")
    month, _, year = rest.partition("-")
    try:
        return dt.date(int(year) + (2000 if len(year) == 2 else 0), MONTHS.index(month) + 1, int(day))
    except ValueError:
        return None


_WAYS_TO_WRITE_A_DAY: tuple[Callable[[str], dt.date | None], ...] = (_by_month, _iso)


def _is_absent(value: Any) -> bool:
    """True for what pandas puts where nothing is, of which some must not even be compared."""
    return value is None or (not isinstance(value, str) and str(value) in _NOTHING)


_NOTHING = frozenset({"nan", "NaN", "NaT", "<NA>"})
