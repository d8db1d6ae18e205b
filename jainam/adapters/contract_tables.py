"""The tables of the contract store, for SQLite and for PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee

from jainam.adapters.databases import transaction, write_ahead

__all__ = [
    "COLUMNS_OF_ROW",
    "ChangedContract",
    "ContractCount",
    "ContractDetail",
    "ContractSet",
    "SymbolToken",
    "keep_apart",
    "prepare",
]

_CACHE = -8_192
"""Kilobytes, below zero as SQLite wants them: what is looked up in a day lies close together."""


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


@contextmanager
def keep_apart(database: Any, is_file: bool) -> Iterator[None]:
    """A transaction that no other loader's overlaps."""
    with transaction(database, is_file):
        if not is_file:
            database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        yield
