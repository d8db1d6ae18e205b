"""The index list: names and numbers in one text each (protocol 5.4)."""

from __future__ import annotations

from typing import Any

from jainam.adapters.xts.books import rows_of
from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.index_names import index_name
from jainam.adapters.xts.master_rows import LARGEST
from jainam.adapters.xts.segments import INDEX_EXCHANGES
from jainam.domain.errors import UnexpectedReply
from jainam.domain.listings import Listing, Row, Tally
from jainam.domain.steps import ReadIndexes
from jainam.domain.vocabulary import Kind

__all__ = ["read_indexes"]


def read_indexes(step: ReadIndexes, result: Any, _: Caller) -> Listing:
    """The indices of a segment; their tokens differ from server to server and are read, never known (5.4, trap 13)."""
    exchange = INDEX_EXCHANGES.get(step.segment)
    if exchange is None:
        return Listing(())
    rows: dict[str, Row] = {}
    troubles: list[str] = []
    entries = rows_of(result, "index list", "indexList")
    for number, entry in enumerate(entries, 1):
        name, _bar, token = str(entry).rpartition("_")
        if not name or not (token.isascii() and token.isdecimal() and 0 < int(token) <= LARGEST):
            troubles.append(f"entry {number} is no NAME_TOKEN")
            continue
        symbol = index_name(name, exchange)
        lot, tick, more = 1, "0.05", ("1", "", "", name)
        listed = (exchange.value, symbol, int(token), Kind.INDEX.value, name, name, step.segment, lot, tick)
        rows.setdefault(symbol, (*listed, None, None, None, None, None, *more))
    if entries and not rows:
        raise UnexpectedReply("the index list holds no NAME_TOKEN", ["result.indexList"])
    tally = Tally(lines=len(entries), contracts=len(rows), unreadable=len(troubles), troubles=troubles[:5])
    return Listing(tuple(rows.values()), len(entries), tally)
