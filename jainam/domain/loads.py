"""A load of the master contract: when it may take the place of the one before, and what it changed (X9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from jainam.domain.instruments import SymbolKey
from jainam.domain.listings import Row, Tally

__all__ = ["Care", "Change", "ChangeRow", "Load", "What", "changed", "concerns", "differences", "in_order"]


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


def concerns(tallies: Mapping[str, Tally], counts: Mapping[str, int], before: Load | None, care: Care) -> Iterator[str]:
    """Each reason why what *tallies* tell of, *counts* by exchange in all, must not replace the set *before*."""
    for name, tally in tallies.items():
        if tally.unreadable > tally.lines * care.unreadable:
            first = f" (first {tally.troubles[0]})" if tally.troubles else ""
            yield f"{tally.unreadable} of {tally.lines} rows of the {name} master cannot be read{first}"
    for exchange in care.needed:
        if not counts.get(exchange):
            yield f"{exchange} lists nothing, and it is needed"
    for exchange, had in (before.counts if before else {}).items():
        has = counts.get(exchange, 0)
        if has < had * (1 - care.shrunken):
            yield f"{exchange} had {had} contracts and has {has}"


Traded = tuple[int, str, "int | None"]
"""How a contract trades: lot size, tick as text, and freeze quantity."""


def differences(before: dict[tuple[str, str], Traded], rows: Iterable[Row]) -> Iterator[ChangeRow]:
    """What *rows* change of *before*, by exchange and symbol.

    *before* is used up: what the rows keep is taken out of it.
    """
    for row in rows:
        exchange, symbol = row[0], row[1]
        yield from changed(exchange, symbol, before.pop((exchange, symbol), None), (row[7], row[8], row[11]))
    for (exchange, symbol), terms in before.items():
        yield from changed(exchange, symbol, terms, None)


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """*changes* as they are told: first what trades otherwise, then what is gone, then what is new, each by name."""
    places = {What.GONE: 1, What.NEW: 2}
    return tuple(sorted(changes, key=lambda one: (places.get(one.what, 0), one.key.exchange, one.key.symbol, one.what)))


def changed(exchange: str, symbol: str, was: Traded | None, now: Traded | None) -> Iterator[ChangeRow]:
    """What there is to say of one contract that traded as *was* says and does as *now* says; ``None`` is not there.

    >>> list(changed("NFO", "NIFTY27JAN26FUT", (75, "0.1", 1800), (65, "0.10", 1800)))
    [('lot size', 'NFO', 'NIFTY27JAN26FUT', '75', '65')]
    """
    if was is None or now is None:
        yield (What.NEW if was is None else What.GONE).value, exchange, symbol, None, None
        return
    lot, tick, freeze = was
    if lot != now[0]:
        yield What.LOT_SIZE.value, exchange, symbol, str(lot), str(now[0])
    if tick != now[1] and Decimal(tick) != Decimal(now[1]):
        yield What.TICK_SIZE.value, exchange, symbol, tick, now[1]
    if freeze != now[2]:
        yield What.FREEZE_QUANTITY.value, exchange, symbol, _text(freeze), _text(now[2])


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
