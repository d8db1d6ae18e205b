"""A load of the master contract: when it may take the place of the one before, and what it changed (X9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from jainam.domain.instruments import SymbolKey
from jainam.domain.listings import Listing, Row

__all__ = ["Care", "Change", "ChangeRow", "Load", "What", "concerns", "differences"]


class What(StrEnum):
    """What can be said of a contract that is not what it was."""

    NEW = "new"
    GONE = "gone"
    LOT_SIZE = "lot size"
    TICK_SIZE = "tick size"
    FREEZE_QUANTITY = "freeze quantity"


@frozen
class Change:
    """A contract that came, went, or trades by another lot, tick or freeze quantity; ``None`` is what it has not."""

    what: What
    key: SymbolKey
    was: str | None = None
    now: str | None = None


ChangeRow = tuple[str, str, str, str | None, str | None]
"""The same as plain values: what, exchange, symbol, was, now. A day can change a hundred thousand contracts."""


@frozen(kw_only=True)
class Load:
    """The set of contracts in force: when it was stored, and how many it holds, by exchange.

    *changes* says how many contracts differ from the set before, by `What`; it is empty for a broker's first set.
    """

    loaded_at: dt.datetime
    rows: int
    counts: Mapping[str, int] = field(factory=dict)
    changes: Mapping[str, int] = field(factory=dict)


@frozen(kw_only=True)
class Care:
    """How good a master must be to replace the one before.

    *unreadable* is the share of a segment's rows that may be unreadable; *shrunken* that of an exchange's contracts
    that may be gone since the last load, 1 for all of them; *needed* the exchanges that must list something.

    >>> Care(needed=("NSE", "NFO")).unreadable
    Decimal('0.01')
    """

    unreadable: Decimal = Decimal("0.01")
    shrunken: Decimal = Decimal("0.5")
    needed: tuple[str, ...] = ()


def concerns(
    listings: Mapping[str, Listing], counts: Mapping[str, int], before: Load | None, care: Care
) -> Iterator[str]:
    """Each reason why *listings*, which come to *counts* by exchange, must not replace the set *before*."""
    for name, listing in listings.items():
        if listing.unreadable > listing.lines * care.unreadable:
            first = f" (first {listing.troubles[0]})" if listing.troubles else ""
            yield f"{listing.unreadable} of {listing.lines} rows of the {name} master cannot be read{first}"
    for exchange in care.needed:
        if not counts.get(exchange):
            yield f"{exchange} lists nothing, and it is needed"
    for exchange, had in (before.counts if before else {}).items():
        has = counts.get(exchange, 0)
        if has < had * (1 - care.shrunken):
            yield f"{exchange} had {had} contracts and has {has}"


def differences(before: dict[tuple[str, str], tuple[int, str, int | None]], rows: Iterable[Row]) -> Iterator[ChangeRow]:
    """What *rows* change of *before*: lot size, tick and freeze quantity by exchange and symbol.

    *before* is used up: what the rows keep is taken out of it.
    """
    for row in rows:
        exchange, symbol = row[0], row[1]
        was = before.pop((exchange, symbol), None)
        if was is None:
            yield What.NEW.value, exchange, symbol, None, None
            continue
        lot, tick, freeze = was
        if lot != row[7]:
            yield What.LOT_SIZE.value, exchange, symbol, str(lot), str(row[7])
        if tick != row[8] and Decimal(tick) != Decimal(row[8]):
            yield What.TICK_SIZE.value, exchange, symbol, tick, row[8]
        if freeze != row[11]:
            yield What.FREEZE_QUANTITY.value, exchange, symbol, _text(freeze), _text(row[11])
    for exchange, symbol in before:
        yield What.GONE.value, exchange, symbol, None, None


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
