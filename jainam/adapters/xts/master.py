"""The instrument master: rows parted by line breaks, columns by bars, no header (protocol 5.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.master_rows import LAYOUTS, LeftOut, RowReader
from jainam.adapters.xts.segments import INDEX_EXCHANGES, NUMBERS
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import Contract
from jainam.domain.listings import Listing, Row, Tally, contract_of
from jainam.domain.loads import Care, concerns
from jainam.domain.steps import DownloadMaster
from jainam.domain.vocabulary import Exchange, Kind

__all__ = ["parse_master", "read_master", "survey_master"]

SPREAD, SPOT = "4", "16"
NAMED_TROUBLES = 5
"""How many unreadable rows are named; the rest are counted."""
CHARACTERS_AT_ONCE = 65_536

PLAIN_SERIES: Mapping[Exchange, tuple[str, ...]] = {
    Exchange.NSE: ("EQ", "BE", "BZ", "SM", "ST"),
    Exchange.BSE: ("A", "B", "E", "T", "X", "XT", "Z", "ZP", "P", "M", "MT", "MS", "TS", "NS", "NT"),
}
"""The series that carry shares, in the order in which they may claim the plain name.

On NSE every other series is always called NAME-SERIES (`M&MFIN-N3`), for those names repeat. On BSE a row of any group
keeps its plain name unless a group further to the left claims it.
"""


def read_master(step: DownloadMaster, result: Any, _: Caller) -> Listing:
    """The contracts in the answer; a segment the account may not trade comes as an empty text."""
    if result is None or result == [] or result == {}:
        return Listing(())
    if not isinstance(result, str):
        raise UnexpectedReply("the instrument master is no text", ["result"])
    return survey_master(result, step.segment, step.today)


def parse_master(text: str, segment: str, today: dt.date) -> tuple[Contract, ...]:
    """The contracts of *segment* that can be traded or watched on *today*.

    Of two that would bear the same symbol, the one that owns the name comes first. Raises `UnexpectedReply` when more
    than one row in a hundred cannot be read.
    """
    found = survey_master(text, segment, today)
    contracts = tuple(map(contract_of, found.rows))
    if reasons := tuple(concerns({segment: found.tally}, {}, None, Care())):
        raise UnexpectedReply(*reasons)
    return contracts


def survey_master(text: str, segment: str, today: dt.date) -> Listing:
    """Every row of *text*: read, left out (spreads, test scrips, expired ones, spot prices of goods) or unreadable.

    It is looked at while its rows are asked for, line by line, so that no second picture of it is ever in memory.
    """
    tally = Tally()
    lines = text.count("\n") + (text[-1:] not in ("", "\n"))
    return Listing(_rows(text, segment, today, tally), lines, tally)


def _rows(text: str, segment: str, today: dt.date, tally: Tally) -> Iterator[Row]:
    """The contracts of *text*, those that may own a plain name last, since each must know the others of that name."""
    reader = RowReader(segment, today)
    cash: list[Row] = []
    is_clean = _is_text(text)
    contracts = 0
    for number, line in enumerate(chain.from_iterable(_lines(text)), 1):
        columns = line.split("|")
        try:
            # Column 3 says which of the three layouts a row has; its length alone does not (trap 11).
            count, read, is_cash = LAYOUTS[columns[2]]
            if len(columns) != count or columns[0] != segment or "NSETEST" in columns[3]:
                _complain(columns, segment)
            if not is_clean and not _is_text(line):
                raise ValueError("it holds what is no text")
            row = read(reader, columns)
        except (LeftOut, LookupError, ValueError) as reason:
            if line and not line.isspace():
                _set_aside(number, columns, reason, segment, tally)
            continue
        if is_cash:
            cash.append(row)
        else:
            contracts += 1
            yield row
    tally.contracts = contracts + len(cash)
    tally.lines = tally.contracts + sum(tally.left_out.values()) + tally.unreadable
    yield from _named(cash, reader.exchange)


def _set_aside(number: int, columns: list[str], reason: Exception, segment: str, tally: Tally) -> None:
    """Count a row that became no contract, and name it when it is one of the first bad ones."""
    why = reason.why if isinstance(reason, LeftOut) else _left_out(columns, segment)
    if why is not None:
        tally.left_out[why] = tally.left_out.get(why, 0) + 1
        return
    tally.unreadable += 1
    if tally.unreadable <= NAMED_TROUBLES:
        tally.troubles.append(f"line {number}{_called(columns)}: {_trouble(columns, reason)}")


def _lines(text: str) -> Iterator[list[str]]:
    """The lines of *text*, a few hundred at a time: all of them at once would be another copy of the file."""
    start = 0
    has_returns = "\r" in text
    while start < len(text):
        end = text.find("\n", start + CHARACTERS_AT_ONCE)
        lines = text[start : end if end >= 0 else len(text)].split("\n")
        yield [line.rstrip("\r") for line in lines] if has_returns else lines
        start = end + 1 if end >= 0 else len(text)


def _is_text(words: str) -> bool:
    """Half a character and the character zero, both of which JSON can spell, are none that databases keep."""
    return "\0" not in words and (words.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in words))


def _left_out(columns: list[str], segment: str) -> str | None:
    """Why a row that none of the layouts took is left out; ``None`` when it is bad."""
    if len(columns) < 4:
        return None
    if columns[0] != segment:
        return "other segment" if columns[0] in NUMBERS else None
    if columns[2] == SPREAD:
        return "spread"
    if "NSETEST" in columns[3]:
        return "test scrip"
    if columns[2] == SPOT and segment not in INDEX_EXCHANGES:
        return "spot price"
    return None


def _complain(columns: list[str], segment: str) -> None:
    """Raise what is wrong with, or left out of, a row of a known type."""
    why = _left_out(columns, segment)
    if why is not None:
        raise LeftOut(why)
    if columns[0] != segment:
        raise ValueError("column 1 is no segment; files of 2019 wrote a number there")
    count = LAYOUTS[columns[2]][0]
    raise ValueError(f"{len(columns)} columns where this type of instrument has {count}")


def _called(columns: list[str]) -> str:
    """What a bad row says it is, as far as it can be printed."""
    words = " ".join(word for word in (*columns[1:2], *columns[3:4]) if word.isprintable() and word)
    return f" ({words[:40]})" if words else ""


def _trouble(columns: list[str], error: Exception) -> str:
    if len(columns) < 4:
        return f"{len(columns)} columns are no instrument"
    return str(error) if isinstance(error, ValueError) else "column 3 is no type of instrument"


def _named(cash: list[Row], exchange: Exchange) -> Iterator[Row]:
    """*cash* with the owner of each plain name first, and the others of that name called NAME-SERIES."""
    ranks = {series: rank for rank, series in enumerate(PLAIN_SERIES.get(exchange, ()))}
    cash.sort(key=lambda row: ranks.get(row[15], len(ranks)))
    others: list[Row] = []
    taken: set[tuple[str, str]] = set()
    is_open = exchange is not Exchange.NSE
    for row in cash:
        name = row[0], row[1]
        if (is_open or row[15] in ranks or row[3] == Kind.INDEX) and name not in taken:
            taken.add(name)
            yield row
        else:
            others.append(row)
    for row in others:
        yield (row[0], f"{row[1]}-{row[15]}", *row[2:])
