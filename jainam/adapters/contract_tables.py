"""The tables of the contract store, for SQLite and for PostgreSQL, and how a plain row of ours is spread over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import peewee

from jainam.adapters.databases import write_ahead
from jainam.domain.listings import Row
from jainam.domain.symbols import table_date

__all__ = [
    "COLUMNS_OF_ROW",
    "STATEMENTS",
    "ChangedContract",
    "ContractCount",
    "ContractDetail",
    "ContractSet",
    "SymbolToken",
    "insert",
    "keep_apart",
    "prepare",
    "spread",
]

_ROWS_AT_ONCE = 500
_CACHE = -65_536
"""Kilobytes, below zero as SQLite wants them: indexes of a hundred thousand rows that do not fit are written twice."""


class SymbolToken(peewee.Model):
    """How an instrument is called: the document's table, numbers as OpenAlgo keeps them (D2)."""

    id = peewee.AutoField()
    broker = peewee.TextField()
    symbol = peewee.TextField()
    brsymbol = peewee.TextField()
    name = peewee.TextField()
    exchange = peewee.TextField()
    brexchange = peewee.TextField()
    token = peewee.BigIntegerField()
    expiry = peewee.TextField()
    strike = peewee.DoubleField(null=True)
    lotsize = peewee.BigIntegerField()
    instrumenttype = peewee.TextField()
    tick_size = peewee.DoubleField(null=True)

    class Meta:
        table_name = "symbol_token"
        indexes = ((("broker", "symbol", "exchange"), True), (("broker", "token", "exchange"), True))


class ContractDetail(peewee.Model):
    """What an order on it is checked against, under the same number; decimals are text, for a price is exact."""

    id = peewee.IntegerField(primary_key=True)
    tick_size = peewee.TextField()
    expiry = peewee.TextField(null=True)
    strike = peewee.TextField(null=True)
    freeze_quantity = peewee.BigIntegerField(null=True)
    price_low = peewee.TextField(null=True)
    price_high = peewee.TextField(null=True)
    multiplier = peewee.TextField()
    series = peewee.TextField()
    isin = peewee.TextField()
    description = peewee.TextField()

    class Meta:
        table_name = "contract_detail"


class ContractSet(peewee.Model):
    """Which set of a broker's contracts is in force; *generation* grows with each."""

    broker = peewee.TextField(primary_key=True)
    generation = peewee.BigIntegerField()
    loaded_at = peewee.TextField()
    rows = peewee.BigIntegerField()

    class Meta:
        table_name = "contract_set"


class ContractCount(peewee.Model):
    """How many contracts of the set in force an exchange has."""

    broker = peewee.TextField()
    exchange = peewee.TextField()
    rows = peewee.BigIntegerField()

    class Meta:
        table_name = "contract_count"
        primary_key = peewee.CompositeKey("broker", "exchange")


class ChangedContract(peewee.Model):
    """What the set in force changed of the one before it."""

    id = peewee.AutoField()
    broker = peewee.TextField(index=True)
    what = peewee.TextField()
    exchange = peewee.TextField()
    symbol = peewee.TextField()
    was = peewee.TextField(null=True)
    now = peewee.TextField(null=True)

    class Meta:
        table_name = "contract_change"


COLUMNS_OF_ROW = (
    SymbolToken.exchange,
    SymbolToken.symbol,
    SymbolToken.token,
    SymbolToken.instrumenttype,
    SymbolToken.name,
    SymbolToken.brsymbol,
    SymbolToken.brexchange,
    SymbolToken.lotsize,
    ContractDetail.tick_size,
    ContractDetail.expiry,
    ContractDetail.strike,
    ContractDetail.freeze_quantity,
    ContractDetail.price_low,
    ContractDetail.price_high,
    ContractDetail.multiplier,
    ContractDetail.series,
    ContractDetail.isin,
    ContractDetail.description,
)
"""What makes a plain row, in its order."""

_TABLES = (SymbolToken, ContractDetail, ContractSet, ContractCount, ChangedContract)
_LOCK = 7_413_905_624_119  # any number that nothing else locks
_IN_FILE = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?"
_ON_SERVER = "SELECT relname FROM pg_class WHERE relname = %s AND pg_table_is_visible(oid)"


def prepare(database: Any, is_file: bool) -> None:
    """Leave the tables in *database*, made now if need be; whoever else makes them is waited for."""
    if is_file:
        write_ahead(database)
        database.execute_sql(f"PRAGMA cache_size = {_CACHE}")
    if _has(database, is_file, "contract_set"):
        return
    with keep_apart(database, is_file):
        if _has(database, is_file, "contract_set"):
            return
        for name in ("contract_rule", "contract_load"):  # an earlier layout, all of which a load brings again
            if _has(database, is_file, name):
                database.execute_sql(f"DROP TABLE {name}")
                database.execute_sql("DROP TABLE IF EXISTS symbol_token")
        for table in _TABLES:
            peewee.SchemaManager(table, database).create_all(safe=True)


def _has(database: Any, is_file: bool, table: str) -> bool:
    return database.execute_sql(_IN_FILE if is_file else _ON_SERVER, (table,)).fetchone() is not None


def keep_apart(database: Any, is_file: bool) -> Any:
    """A transaction that no other loader's overlaps; SQLite refuses who reads first and would write while others do."""
    if is_file:
        return database.atomic("IMMEDIATE")
    transaction = database.atomic()

    class Locked:
        def __enter__(self) -> None:
            transaction.__enter__()
            database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))

        def __exit__(self, *trouble: Any) -> Any:
            return transaction.__exit__(*trouble)

    return Locked()


def spread(broker: str, rows: Sequence[Row], first: int) -> Iterator[tuple[str, Iterator[tuple[object, ...]]]]:
    """For each of the two tables its statement and its tuples, with numbers from *first* on."""
    symbols, details = STATEMENTS
    yield symbols, _symbols(broker, rows, first)
    yield details, ((number, *row[8:]) for number, row in enumerate(rows, first))


def insert(database: Any, is_file: bool, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Store *rows* with the driver's own bulk call, several times as fast as a query for each.

    PostgreSQL's drivers make a round trip for each row of that call, so there many rows share a statement.
    """
    connection = database.connection()
    cursor = connection.cursor()
    try:
        if is_file:
            cursor.executemany(statement, rows)
            return
        head, _, marks = statement.replace("?", "%s").partition("VALUES ")
        left = iter(rows)
        while some := list(islice(left, _ROWS_AT_ONCE)):
            cursor.execute(
                f"{head}VALUES {', '.join([marks] * len(some))}",
                [value for row in some for value in row],
            )
    except connection.Error as error:
        raise peewee.DatabaseError(*error.args) from error
    finally:
        cursor.close()


_INSERT_SYMBOL = """
    INSERT INTO symbol_token (id, broker, symbol, brsymbol, name, exchange, brexchange, token, expiry, strike, lotsize,
    instrumenttype, tick_size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_DETAIL = """
    INSERT INTO contract_detail (id, tick_size, expiry, strike, freeze_quantity, price_low, price_high, multiplier,
    series, isin, description) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

STATEMENTS = (_INSERT_SYMBOL, _INSERT_DETAIL)
"""How the tuples of `spread` are stored."""


def _symbols(broker: str, rows: Iterable[Row], first: int) -> Iterator[tuple[object, ...]]:
    days: dict[str | None, str] = {None: ""}
    for number, row in enumerate(rows, first):
        exchange, symbol, token, kind, name, broker_symbol, broker_exchange, lot, tick, expiry, strike = row[:11]
        day = days.get(expiry)
        if day is None:
            day = days[expiry] = table_date(str(expiry))
        yield (
            number,
            broker,
            symbol,
            broker_symbol,
            name,
            exchange,
            broker_exchange,
            token,
            day,
            None if strike is None else float(strike),
            lot,
            kind,
            float(tick),
        )
