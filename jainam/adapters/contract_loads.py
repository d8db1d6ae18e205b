"""A load in the database: one transaction, in which a broker's set is taken away, read, looked at, and in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import peewee

from jainam.adapters.contract_filling import Inserts, fill
from jainam.adapters.contract_sets import NO_ROWS
from jainam.adapters.contract_tables import (
    ChangedContract,
    ContractCount,
    ContractDetail,
    ContractSet,
    SymbolToken,
    keep_apart,
)
from jainam.domain.listings import Row
from jainam.domain.loads import ChangeRow, changed
from jainam.ports.contracts import Approve

__all__ = ["store_set"]

_CACHE = -16_384
"""Kilobytes, below zero as SQLite wants them: with half as many, indexes are sorted in a file; twice gain nothing."""


def store_set(
    database: Any, is_file: bool, broker: str, rows: Iterable[Row], approve: Approve | None, now: dt.datetime
) -> int:
    """Put *rows* in the place of all of *broker*'s contracts; returns the generation of the new set.

    Whatever *rows* or *approve* raise undoes all of it, as does `ValueError` when there are no rows.
    """
    if is_file:
        database.execute_sql(f"PRAGMA cache_size = {_CACHE}")
    with keep_apart(database, is_file):
        had_some = _remember(database, broker)
        indexes = _take_indexes_down(database) if is_file else []
        _clear(database, broker)
        first = _free_number(database)
        counts = fill(database, is_file, broker, rows, first)
        is_whole = is_file and _build_indexes(database, indexes)
        if not is_whole:
            _leave_repeats_out(database, is_file, indexes, first)
            counts = _counts(database, broker)
        if approve is not None:
            approve(counts)
        if not counts:
            raise ValueError(NO_ROWS)
        generation = _enter(database, broker, now, sum(counts.values()))
        _put(database, is_file, ContractCount, "broker exchange rows", ((broker, *count) for count in counts.items()))
        if had_some:
            changes = _changes(database, broker)
            columns = "broker what exchange symbol was now"
            _put(database, is_file, ChangedContract, columns, ((broker, *change) for change in changes))
        database.execute_sql("DROP TABLE contract_before")
    return generation


def _put(database: Any, is_file: bool, table: Any, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    Inserts(table._meta.table_name, tuple(columns.split()), is_file).put(database, rows)


# --- the set before ----------------------------------------------------------------------------------------------


def _remember(database: Any, broker: str) -> bool:
    """Keep how the set in force trades, to be compared with; the database does, for memory would hold all of it."""
    database.execute_sql(_BEFORE)
    database.execute_sql(_REMEMBER.replace("?", database.param), (broker,))
    database.execute_sql("CREATE INDEX contract_before_name ON contract_before (symbol, exchange)")
    return database.execute_sql("SELECT 1 FROM contract_before LIMIT 1").fetchone() is not None


def _clear(database: Any, broker: str) -> None:
    """Take the set away; a whole table is emptied much faster than the rows of one broker are found."""
    others = SymbolToken.select(SymbolToken.id).where(SymbolToken.broker != broker).limit(1)
    if not list(others.tuples().execute(database)):
        ContractDetail.delete().execute(database)
        SymbolToken.delete().execute(database)
    else:
        ours = SymbolToken.broker == broker
        numbers = SymbolToken.select(SymbolToken.id).where(ours)
        ContractDetail.delete().where(ContractDetail.id.in_(numbers)).execute(database)
        SymbolToken.delete().where(ours).execute(database)
    ContractCount.delete().where(ContractCount.broker == broker).execute(database)
    ChangedContract.delete().where(ChangedContract.broker == broker).execute(database)


def _free_number(database: Any) -> int:
    """A number beyond which no other broker's contracts have any."""
    [(highest,)] = SymbolToken.select(peewee.fn.MAX(SymbolToken.id)).tuples().execute(database)
    return int(highest or 0) + 1


# --- indexes and repeated rows -----------------------------------------------------------------------------------


def _take_indexes_down(database: Any) -> list[str]:
    """The statements that built them: filled first and sorted once, they cost a third of filling them row by row."""
    found = database.execute_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'symbol_token' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in found:
        database.execute_sql(f'DROP INDEX "{name}"')
    return [statement for _, statement in found]


def _build_indexes(database: Any, statements: list[str]) -> bool:
    """Build them again; ``False`` when they find a name or a number twice."""
    try:
        for statement in statements:
            database.execute_sql(statement)
    except peewee.IntegrityError:
        return False
    return True


def _leave_repeats_out(database: Any, is_file: bool, statements: list[str], first: int) -> None:
    """Of the rows from *first* on, keep none whose name or number an earlier one has."""
    if is_file:  # all built, the indexes look at one row after the other; a server's have done so already
        database.execute_sql("CREATE TEMP TABLE every_row AS SELECT * FROM symbol_token WHERE id >= ?", (first,))
        database.execute_sql("DELETE FROM symbol_token WHERE id >= ?", (first,))
        for statement in statements:
            database.execute_sql(statement.replace(" INDEX ", " INDEX IF NOT EXISTS ", 1))
        database.execute_sql("INSERT OR IGNORE INTO symbol_token SELECT * FROM every_row ORDER BY id")
        database.execute_sql("DROP TABLE every_row")
    database.execute_sql(_NAMELESS.replace("?", database.param), (first,))


# --- the new set -------------------------------------------------------------------------------------------------


def _counts(database: Any, broker: str) -> dict[str, int]:
    query = (
        SymbolToken.select(SymbolToken.exchange, peewee.fn.COUNT(SymbolToken.id))
        .where(SymbolToken.broker == broker)
        .group_by(SymbolToken.exchange)
    )
    return dict(query.tuples().execute(database))


def _enter(database: Any, broker: str, now: dt.datetime, rows: int) -> int:
    """The number of the set about to be in force, entered in the table of sets."""
    # It starts at the time, so that the counter of a file made anew does not meet what a process remembers.
    first = (broker, int(now.timestamp() * 1000), now.isoformat(), rows)
    database.execute_sql(_FIRST_SET.replace("?", database.param), first)
    ours = ContractSet.broker == broker
    stamp = {"loaded_at": now.isoformat(), "rows": rows}
    ContractSet.update(generation=ContractSet.generation + 1, **stamp).where(ours).execute(database)
    [(generation,)] = ContractSet.select(ContractSet.generation).where(ours).tuples().execute(database)
    return int(generation)


def _changes(database: Any, broker: str) -> Iterator[ChangeRow]:
    """What the new set changes of the one before."""
    for exchange, symbol, is_here, *terms in database.execute_sql(_OTHERWISE.replace("?", database.param), (broker,)):
        lot, tick, freeze, lot_now, tick_now, freeze_now = terms
        now = None if is_here is None else (lot_now, tick_now, freeze_now)
        yield from changed(exchange, symbol, (lot, tick, freeze), now)
    for exchange, symbol in database.execute_sql(_NEW.replace("?", database.param), (broker,)):
        yield from changed(exchange, symbol, None, (0, "", None))


_BEFORE = """
    CREATE TEMP TABLE contract_before (exchange TEXT, symbol TEXT, lotsize BIGINT, tick_size TEXT, freeze_quantity
    BIGINT)
"""
_REMEMBER = """
    INSERT INTO contract_before SELECT s.exchange, s.symbol, s.lotsize, d.tick_size, d.freeze_quantity
    FROM symbol_token s JOIN contract_detail d ON d.id = s.id WHERE s.broker = ?
"""
_OTHERWISE = """
    SELECT b.exchange, b.symbol, s.id, b.lotsize, b.tick_size, b.freeze_quantity, s.lotsize, d.tick_size,
    d.freeze_quantity FROM contract_before b
    LEFT JOIN symbol_token s ON s.broker = ? AND s.symbol = b.symbol AND s.exchange = b.exchange
    LEFT JOIN contract_detail d ON d.id = s.id
    WHERE s.id IS NULL OR s.lotsize <> b.lotsize OR d.tick_size <> b.tick_size
    OR coalesce(d.freeze_quantity, -1) <> coalesce(b.freeze_quantity, -1)
"""
_NEW = """
    SELECT s.exchange, s.symbol FROM symbol_token s
    LEFT JOIN contract_before b ON b.symbol = s.symbol AND b.exchange = s.exchange
    WHERE s.broker = ? AND b.symbol IS NULL
"""
_NAMELESS = "DELETE FROM contract_detail WHERE id >= ? AND id NOT IN (SELECT id FROM symbol_token)"
_FIRST_SET = """
    INSERT INTO contract_set (broker, generation, loaded_at, rows) VALUES (?, ?, ?, ?) ON CONFLICT (broker) DO NOTHING
"""
