"""Rows of a master into the tables of the contract store, as they are read: none of them is kept in memory for long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, TypeVar

import peewee
from attrs import field, frozen

from jainam.domain.listings import Row
from jainam.domain.symbols import table_date

__all__ = ["Inserts", "fill"]

T = TypeVar("T")

_VALUES_AT_ONCE = 990
"""SQLite took 999 values in one statement until 2020; many more are no faster."""
_ROWS_AT_ONCE = 500
"""For a server, to which every statement is a journey."""


@frozen
class Inserts:
    """How rows go into *columns* of *table*: many with one statement, several times as fast as one for each."""

    table: str
    columns: tuple[str, ...]
    is_file: bool
    more: str = ""
    _made: dict[int, str] = field(factory=dict, init=False, repr=False)

    @property
    def at_once(self) -> int:
        """How many rows share a statement."""
        return _VALUES_AT_ONCE // len(self.columns) if self.is_file else _ROWS_AT_ONCE

    def statement(self, rows: int) -> str:
        """The statement for so many rows."""
        if rows not in self._made:
            mark = "?" if self.is_file else "%s"
            marks = f"({', '.join([mark] * len(self.columns))})"
            self._made[rows] = (
                f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES {', '.join([marks] * rows)}{self.more}"  # noqa: S608
            )
        return self._made[rows]

    def put(self, database: Any, rows: Iterable[tuple[object, ...]]) -> None:
        """Store *rows*."""
        with _cursor(database) as cursor:
            for some in _batches(rows, self.at_once):
                cursor.execute(self.statement(len(some)), list(chain.from_iterable(some)))


def fill(database: Any, is_file: bool, broker: str, rows: Iterable[Row], first: int) -> dict[str, int]:
    """Spread *rows* over both tables, numbered from *first* on as they come; returns how many each exchange had.

    Where an index stands guard already, a row whose name or number an earlier one has is left out of `symbol_token`.
    """
    symbols = Inserts("symbol_token", _SYMBOLS, is_file, "" if is_file else " ON CONFLICT DO NOTHING")
    details = Inserts("contract_detail", _DETAILS, is_file)
    days: dict[str | None, str] = {None: ""}
    ticks: dict[str, float] = {}
    strikes: dict[str | None, float] = {}
    counts: dict[str, int] = {}
    number = first
    with _cursor(database) as cursor:
        for some in _batches(rows, symbols.at_once):
            names: list[object] = []
            terms: list[object] = []
            for row in some:
                (
                    exchange, symbol, token, kind, name, shown, segment, lot, tick, expiry, strike,
                    freeze, low, high, multiplier, series, isin, description,
                ) = row  # fmt: skip
                day = days.get(expiry)
                if day is None:
                    day = days[expiry] = table_date(str(expiry))
                step = ticks.get(tick)
                if step is None:
                    step = ticks[tick] = float(tick)
                counts[exchange] = counts.get(exchange, 0) + 1
                struck = strikes.get(strike)
                if struck is None and strike is not None:
                    struck = strikes[strike] = float(strike)
                names += (
                    number, broker, symbol, shown, name, exchange, segment, token, day, struck, lot, kind, step
                )  # fmt: skip
                terms += (number, tick, expiry, strike, freeze, low, high, multiplier, series, isin, description)
                number += 1
            cursor.execute(symbols.statement(len(some)), names)
            cursor.execute(details.statement(len(some)), terms)
    return counts


_SYMBOLS = (
    "id",
    "broker",
    "symbol",
    "brsymbol",
    "name",
    "exchange",
    "brexchange",
    "token",
    "expiry",
    "strike",
    "lotsize",
    "instrumenttype",
    "tick_size",
)
_DETAILS = (
    "id",
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


def _batches(values: Iterable[T], most: int) -> Iterator[list[T]]:
    left = iter(values)
    while some := list(islice(left, most)):
        yield some


@contextmanager
def _cursor(database: Any) -> Iterator[Any]:
    """The driver's own cursor, whose complaints become peewee's."""
    connection = database.connection()
    cursor = connection.cursor()
    try:
        yield cursor
    except connection.Error as error:
        raise peewee.DatabaseError(*error.args) from error
    finally:
        cursor.close()
