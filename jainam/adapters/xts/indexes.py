"""The index list: names and numbers in one text each (protocol 5.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from jainam.adapters.xts.books import rows_of
from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.segments import INDEX_EXCHANGES
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.steps import ReadIndexes
from jainam.domain.symbols import index_symbol
from jainam.domain.vocabulary import Kind

__all__ = ["read_indexes"]


def read_indexes(step: ReadIndexes, result: Any, _: Caller) -> tuple[Contract, ...]:
    """The indices of a segment; their tokens differ from server to server and are read, never known (5.4, trap 13)."""
    exchange = INDEX_EXCHANGES.get(step.segment)
    if exchange is None:
        return ()
    contracts: dict[SymbolKey, Contract] = {}
    entries = rows_of(result, "index list", "indexList")
    for entry in entries:
        name, _bar, token = str(entry).rpartition("_")
        if not name or not token.isdecimal():
            continue
        key = SymbolKey(index_symbol(name), exchange)
        contracts.setdefault(
            key,
            Contract(
                key=key,
                token=Token(int(token)),
                kind=Kind.INDEX,
                name=name,
                broker_symbol=name,
                broker_exchange=step.segment,
                lot_size=1,
                tick_size=Decimal("0.05"),
                description=name,
            ),
        )
    if entries and not contracts:
        raise UnexpectedReply("the index list holds no NAME_TOKEN", ["result.indexList"])
    return tuple(contracts.values())
