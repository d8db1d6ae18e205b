"""The instrument master: rows parted by line breaks, columns by bars, no header (protocol 5.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from attrs import evolve, field, frozen

from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.segments import INDEX_EXCHANGES, NUMBERS, exchange_of
from jainam.adapters.xts.values import integer, number
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.steps import DownloadMaster
from jainam.domain.symbols import SymbolParts, format_symbol, index_symbol
from jainam.domain.vocabulary import Exchange, Kind

__all__ = ["MasterRead", "parse_master", "read_master", "survey_master"]

FUTURE, OPTION, SPREAD, SPOT = "1", "2", "4", "16"
CASH = frozenset({"8", "32", "64", "128", "256", "512"})

CASH_COLUMNS, FUTURE_COLUMNS, OPTION_COLUMNS = 22, 21, 23

TOLERATED = Decimal("0.01")
"""The share of unreadable rows beyond which the file, not a row, is wrong."""

RIGHTS: Mapping[str, Kind] = {"3": Kind.CALL, "4": Kind.PUT}

PLAIN_SERIES: Mapping[Exchange, tuple[str, ...]] = {
    Exchange.NSE: ("EQ", "BE", "BZ", "SM", "ST"),
    Exchange.BSE: ("A", "B", "E", "T", "X", "XT", "Z", "ZP", "P", "M", "MT", "MS", "TS", "NS", "NT"),
}
"""The series that carry shares, in the order in which they may claim the plain name.

On NSE every other series is always called NAME-SERIES (`M&MFIN-N3`), for those names repeat. On BSE a row of any group
keeps its plain name unless a group further to the left claims it.
"""


@frozen(kw_only=True)
class MasterRead:
    """What a segment's master held: *contracts*, and how many rows were left out and why.

    *trouble* says what is wrong with the first unreadable row.
    """

    contracts: tuple[Contract, ...] = field(repr=lambda many: f"<{len(many)}>")
    rows: int
    left_out: Mapping[str, int]
    unreadable: int
    trouble: str


class _LeftOut(Exception):
    """A row that is understood and not wanted; the message says what it is."""


def read_master(step: DownloadMaster, result: Any, _: Caller) -> tuple[Contract, ...]:
    """The contracts in the answer; a segment the account may not trade comes as an empty text."""
    if result is None or result == [] or result == {}:
        return ()
    if not isinstance(result, str):
        raise UnexpectedReply("the instrument master is no text", ["result"])
    return parse_master(result, step.segment, step.today)


def parse_master(text: str, segment: str, today: dt.date) -> tuple[Contract, ...]:
    """The contracts of *segment* that can be traded or watched on *today*.

    Of two that would bear the same symbol, the one that owns the name comes first. Raises `UnexpectedReply` when more
    than one row in a hundred cannot be read.
    """
    found = survey_master(text, segment, today)
    if found.unreadable > found.rows * TOLERATED:
        raise UnexpectedReply(
            f"{found.unreadable} of {found.rows} rows of the {segment} master cannot be read", [found.trouble]
        )
    return found.contracts


def survey_master(text: str, segment: str, today: dt.date) -> MasterRead:
    """Every row of *text*: read, left out (spreads, test scrips, expired ones, spot prices of goods) or unreadable."""
    exchange = exchange_of(segment)
    derivatives: list[Contract] = []
    cash: list[Contract] = []
    left_out: dict[str, int] = {}
    unreadable, rows, trouble = 0, 0, ""
    for line_number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        rows += 1
        columns = line.rstrip("\r").split("|")
        try:
            contract = _contract(columns, segment, exchange, today)
        except _LeftOut as reason:
            left_out[str(reason)] = left_out.get(str(reason), 0) + 1
        except ValueError as error:
            unreadable += 1
            trouble = trouble or f"line {line_number}: {error}"
        else:
            (derivatives if contract.kind.is_derivative else cash).append(contract)
    return MasterRead(
        contracts=(*_named(cash, exchange), *derivatives),
        rows=rows,
        left_out=left_out,
        unreadable=unreadable,
        trouble=trouble,
    )


def _contract(columns: list[str], segment: str, exchange: Exchange, today: dt.date) -> Contract:
    # Column 3 says which of the three layouts a row has; its length alone does not (trap 11).
    if len(columns) < 4:
        raise ValueError(f"{len(columns)} columns are no instrument")
    if columns[0] != segment:
        if columns[0] in NUMBERS:
            raise _LeftOut("other segment")
        raise ValueError("column 1 is no segment; files of 2019 wrote a number there")
    kind = columns[2]
    if kind == SPREAD:
        raise _LeftOut("spread")
    if "NSETEST" in columns[3]:
        raise _LeftOut("test scrip")
    if kind == SPOT and segment not in INDEX_EXCHANGES:
        raise _LeftOut("spot price")
    layout = _LAYOUTS.get(kind)
    if layout is None:
        raise ValueError("column 3 is no type of instrument")
    count, read = layout
    if len(columns) != count:
        raise ValueError(f"{len(columns)} columns where this type of instrument has {count}")
    return read(columns, segment, exchange, today)


def _cash(columns: list[str], segment: str, exchange: Exchange, _: dt.date) -> Contract:
    return _common(
        columns,
        segment,
        SymbolKey(columns[3], exchange),
        Kind.EQUITY,
        display=columns[14],
        description=columns[18],
        series=columns[5],
        isin=columns[15],
    )


def _index(columns: list[str], segment: str, _: Exchange, __: dt.date) -> Contract:
    """An index that BSE lists among its shares, as series SPOT (protocol 5.3); it can be watched and not traded."""
    key = SymbolKey(index_symbol(columns[3]), INDEX_EXCHANGES[segment])
    return _common(columns, segment, key, Kind.INDEX, display=columns[14], description=columns[18], series=columns[5])


def _future(columns: list[str], segment: str, exchange: Exchange, today: dt.date) -> Contract:
    expiry = _running(columns[16], today)
    parts = SymbolParts(kind=Kind.FUTURE, name=columns[3], expiry=expiry)
    return _common(
        columns,
        segment,
        SymbolKey(format_symbol(parts), exchange),
        Kind.FUTURE,
        display=columns[17],
        description=columns[20],
        series=columns[5],
        expiry=expiry,
    )


def _option(columns: list[str], segment: str, exchange: Exchange, today: dt.date) -> Contract:
    expiry = _running(columns[16], today)
    kind = RIGHTS.get(columns[18])
    if kind is None:
        raise ValueError("column 19 is neither call nor put")
    parts = SymbolParts(kind=kind, name=columns[3], expiry=expiry, strike=_number(columns, 18))
    return _common(
        columns,
        segment,
        SymbolKey(format_symbol(parts), exchange),
        kind,
        display=columns[19],
        description=columns[22],
        series=columns[5],
        expiry=expiry,
        strike=parts.strike,
    )


_Read = Callable[[list[str], str, Exchange, dt.date], Contract]
_LAYOUTS: Mapping[str, tuple[int, _Read]] = {
    **dict.fromkeys(CASH, (CASH_COLUMNS, _cash)),
    SPOT: (CASH_COLUMNS, _index),
    FUTURE: (FUTURE_COLUMNS, _future),
    OPTION: (OPTION_COLUMNS, _option),
}


def _common(
    columns: list[str], segment: str, key: SymbolKey, kind: Kind, *, display: str, description: str, **more: Any
) -> Contract:
    """The columns that every layout has in the same place."""
    token, lot = integer(columns[1]), integer(columns[12])
    tick = _number(columns, 12)
    if token is None or lot is None or token <= 0 or lot <= 0 or tick <= 0 or not columns[3]:
        raise ValueError("an instrument needs a name, a token, a tick and a lot")
    return Contract(
        key=key,
        token=Token(token),
        kind=kind,
        name=columns[3],
        broker_symbol=display,
        broker_exchange=segment,
        lot_size=lot,
        tick_size=tick,
        freeze_quantity=_largest_order(columns[10], segment),
        price_low=_band(columns[9]),
        price_high=_band(columns[8]),
        multiplier=_number(columns, 14),
        description=description,
        **more,
    )


@lru_cache(maxsize=1 << 14)
def _decimal(words: str) -> Decimal | None:
    return number(words)


def _number(columns: list[str], position: int) -> Decimal:
    """The number in the column that the protocol counts as *position*."""
    found = _decimal(columns[position - 1])
    if found is None:
        raise ValueError(f"column {position} holds no number")
    return found


def _band(words: str) -> Decimal | None:
    """An end of the day's price band; zero means that the master does not know it."""
    return _decimal(words) or None


def _largest_order(words: str, segment: str) -> int | None:
    """The freeze limit: NSE writes the first quantity it refuses, BSE the last it takes, and 0 for none (trap 12)."""
    freeze = integer(words) or 0
    limit = freeze - 1 if segment.startswith("NSE") else freeze
    return limit if limit > 0 else None


@lru_cache(maxsize=1 << 10)
def _day(words: str) -> dt.date:
    """The date of an expiry; its clock is a constant of the exchange and says nothing."""
    try:
        return dt.date.fromisoformat(words[:10])
    except ValueError:
        raise ValueError("column 17 is no date") from None


def _running(words: str, today: dt.date) -> dt.date:
    expiry = _day(words)
    if expiry < today:
        raise _LeftOut("expired")
    return expiry


def _named(cash: Iterable[Contract], exchange: Exchange) -> tuple[Contract, ...]:
    """*cash* with the owner of each plain name first, and the others of that name called NAME-SERIES."""
    ranks = {series: rank for rank, series in enumerate(PLAIN_SERIES.get(exchange, ()))}
    in_order = sorted(cash, key=lambda contract: ranks.get(contract.series, len(ranks)))
    owners: list[Contract] = []
    others: list[Contract] = []
    taken: set[SymbolKey] = set()
    for contract in in_order:
        may_own = contract.series in ranks or exchange is not Exchange.NSE or contract.kind is Kind.INDEX
        if may_own and contract.key not in taken:
            taken.add(contract.key)
            owners.append(contract)
        else:
            others.append(_with_series(contract))
    return (*owners, *others)


def _with_series(contract: Contract) -> Contract:
    return evolve(contract, key=SymbolKey(f"{contract.key.symbol}-{contract.series}", contract.key.exchange))
