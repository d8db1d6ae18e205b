"""What a master lists, as plain rows: a whole exchange is read, compared and stored without a `Contract` for each.

A row is a tuple in the order of `COLUMNS`, its numbers as exact text; `contract_of` and `row_of` lead to contracts and
back, to the last digit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from attrs import field, frozen

from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.vocabulary import Exchange, Kind

__all__ = ["COLUMNS", "Listing", "Row", "contract_of", "merged", "row_of"]

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


@frozen(kw_only=True)
class Listing:
    """What one part of a master lists: its *rows*, and what else there was in it.

    *lines* is how many were looked at, *left_out* how many were understood and not wanted, by reason, *unreadable* how
    many could not be read; *troubles* says of the first of these which they are and what is wrong.
    """

    rows: Sequence[Row] = field(repr=lambda many: f"<{len(many)}>")
    lines: int
    left_out: Mapping[str, int] = field(factory=dict)
    unreadable: int = 0
    troubles: tuple[str, ...] = ()


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
    return Contract(
        key=SymbolKey(symbol, EXCHANGES[exchange]),
        token=Token(token),
        kind=KINDS[kind],
        name=name,
        broker_symbol=broker_symbol,
        broker_exchange=broker_exchange,
        lot_size=lot_size,
        tick_size=Decimal(tick_size),
        expiry=None if expiry is None else dt.date.fromisoformat(expiry),
        strike=None if strike is None else Decimal(strike),
        freeze_quantity=freeze_quantity,
        price_low=None if price_low is None else Decimal(price_low),
        price_high=None if price_high is None else Decimal(price_high),
        multiplier=Decimal(multiplier),
        series=series,
        isin=isin,
        description=description,
    )


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
