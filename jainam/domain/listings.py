"""What a master lists, as plain rows: a whole exchange is read, compared and stored without a `Contract` for each.

A row is a tuple in the order of `COLUMNS`, its numbers as exact text; `contract_of` and `row_of` lead to contracts and
back, to the last digit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from attrs import define, field, frozen

from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.twins import twin_of
from jainam.domain.vocabulary import Exchange, Kind

__all__ = ["COLUMNS", "Listing", "Row", "Tally", "contract_of", "merged", "row_of"]

# Plain types alone: enums and decimals are made when a contract is asked for, which few of a hundred thousand ever are.
Row: TypeAlias = tuple[
    str,
    str,
    int,
    str,
    str,
    str,
    str,
    int,
    str,
    str | None,
    str | None,
    int | None,
    str | None,
    str | None,
    str,
    str,
    str,
    str,
]

COLUMNS = (
    "exchange",
    "symbol",
    "token",
    "kind",
    "name",
    "broker_symbol",
    "broker_exchange",
    "lot_size",
    "tick_size",
    "expiry",
    "strike",
    "freeze_quantity",
    "price_low",
    "price_high",
    "multiplier",
    "series",
    "isin",
    "description",
)
"""What the places of a row hold; dates are ISO text, ``None`` is what the master does not say."""

EXCHANGES = {exchange.value: exchange for exchange in Exchange}
KINDS = {kind.value: kind for kind in Kind}

# A day has few ticks, multipliers and expiries, and every contract has one of each.
_decimal = lru_cache(maxsize=256)(Decimal)
_day = lru_cache(maxsize=256)(dt.date.fromisoformat)
_Contract = twin_of(Contract)


@define(kw_only=True)
class Tally:
    """What there was in one part of a master, known once its rows were read to the end.

    *lines* is how many were looked at, *contracts* how many of them are one, *left_out* how many were understood and
    not wanted, by reason, *unreadable* how many could not be read; *troubles* says of the first of these which they
    are and what is wrong.
    """

    lines: int = 0
    contracts: int = 0
    left_out: dict[str, int] = field(factory=dict)
    unreadable: int = 0
    troubles: list[str] = field(factory=list)


@frozen
class Listing:
    """One part of a master: its *rows*, which may be had only once, about how many there are, and what else there was.

    >>> found = Listing(read_line_by_line, lines=82_000)        # doctest: +SKIP
    >>> sum(1 for _ in found.rows), found.tally.left_out        # doctest: +SKIP
    (81999, {'spread': 1})
    """

    rows: Iterable[Row] = field(repr=False)
    lines: int = 0
    tally: Tally = field(factory=Tally)


def contract_of(row: Row) -> Contract:
    """The contract that a row means."""
    (
        exchange,
        symbol,
        token,
        kind,
        name,
        broker_symbol,
        broker_exchange,
        lot_size,
        tick_size,
        expiry,
        strike,
        freeze_quantity,
        price_low,
        price_high,
        multiplier,
        series,
        isin,
        description,
    ) = row
    # By place, in the order of `Contract`: eighteen names cost as much again as the contract itself.
    made = _Contract(
        SymbolKey(symbol, EXCHANGES[exchange]),
        Token(token),
        KINDS[kind],
        name,
        broker_symbol,
        broker_exchange,
        lot_size,
        _decimal(tick_size),
        None if expiry is None else _day(expiry),
        None if strike is None else Decimal(strike),
        freeze_quantity,
        None if price_low is None else Decimal(price_low),
        None if price_high is None else Decimal(price_high),
        _decimal(multiplier),
        series,
        isin,
        description,
    )
    made.__class__ = Contract
    return made


def row_of(contract: Contract) -> Row:
    """The row that means *contract*."""
    return (
        contract.key.exchange._value_,  # the plain text, not an enum that is one
        contract.key.symbol,
        contract.token,
        contract.kind._value_,
        contract.name,
        contract.broker_symbol,
        contract.broker_exchange,
        contract.lot_size,
        str(contract.tick_size),
        None if contract.expiry is None else contract.expiry.isoformat(),
        _text(contract.strike),
        contract.freeze_quantity,
        _text(contract.price_low),
        _text(contract.price_high),
        str(contract.multiplier),
        contract.series,
        contract.isin,
        contract.description,
    )


def merged(listings: Iterable[Iterable[Row]]) -> tuple[list[Row], int]:
    """The rows of all *listings*, and how many were left out for a name or a number that an earlier one has.

    Both are told apart by exchange. The earlier one is kept because a listing has the owner of a plain name first.
    """
    names: dict[str, set[str]] = {}
    numbers: dict[str, set[int]] = {}
    kept: list[Row] = []
    rows = 0
    for listing in listings:
        exchange, known_names, known_numbers = "", set[str](), set[int]()
        for row in listing:
            rows += 1
            if row[0] != exchange:
                exchange = row[0]
                known_names = names.setdefault(exchange, set())
                known_numbers = numbers.setdefault(exchange, set())
            name, number = row[1], row[2]
            if name not in known_names and number not in known_numbers:
                known_names.add(name)
                known_numbers.add(number)
                kept.append(row)
    return kept, rows - len(kept)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)
