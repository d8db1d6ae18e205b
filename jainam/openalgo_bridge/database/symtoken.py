"""OpenAlgo's own contract table `symtoken`: its rows are brought up to date in one transaction (D2, host contract 3.5).

Nothing but rows changes: the table, its indexes and its other columns stay as the host made them, and no other table is
touched. Who reads meanwhile sees the old rows or the new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from jainam.domain.listings import Row
from jainam.domain.symbols import table_date
from jainam.domain.vocabulary import Kind

__all__ = ["replace_symtoken"]

COLUMNS = (
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
_NAMES = ", ".join(COLUMNS)
_ROWS_AT_ONCE = 500
_MOST_CHANGED = 0.3
"""The share of rows beyond which it costs less to build the indexes anew than to look up each place in them."""

Number: TypeAlias = tuple[int]
"""A row's `id`, as a database hands it out and takes it back."""

# Its sequence stands beside the column and not behind it, where SQLAlchemy made the table.
_NUMBERED = """
    SELECT column_default IS NOT NULL OR is_identity = 'YES' FROM information_schema.columns
    WHERE table_name = 'symtoken' AND column_name = 'id' AND table_schema = current_schema()
"""


def replace_symtoken(engine: Any, rows: Sequence[Row]) -> int:
    """Make *rows* the content of `symtoken` in the database of *engine*, SQLAlchemy's; returns how many there are.

    Only what differs is written, since most contracts of a day are those of the day before. Raises `ValueError` when
    there are no rows, and what the host's driver raises, with the old rows in place.
    """
    if not rows:
        raise ValueError("no contracts to store; the ones stored before are kept")
    is_file = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        try:
            # Whoever else would write waits, and finds what we leave; readers do not.
            cursor.execute("BEGIN IMMEDIATE" if is_file else "LOCK TABLE symtoken IN SHARE ROW EXCLUSIVE MODE")
            _bring_up_to_date(cursor, is_file, rows)
        finally:
            cursor.close()
    return len(rows)


def _bring_up_to_date(cursor: Any, is_file: bool, rows: Sequence[Row]) -> None:
    cursor.execute("SELECT id FROM symtoken ORDER BY id")
    numbers: list[Number] = cursor.fetchall()
    cursor.execute(f"SELECT {_NAMES} FROM symtoken ORDER BY id")  # noqa: S608 (our own names)
    known: dict[tuple[object, ...], Number] = dict(zip(cursor, numbers, strict=True))
    total = len(known)
    gone: list[Number] = []
    if len(numbers) > total:  # rows that are there twice: one of them is known, the others go
        kept = set(known.values())
        gone = [number for number in numbers if number not in kept]
    fresh = [row for row in _host_rows(rows) if known.pop(row, None) is None]
    gone += known.values()
    if is_file and len(fresh) + len(gone) > total * _MOST_CHANGED:
        _write_without_indexes(cursor, fresh, gone, total)
    else:
        _delete(cursor, is_file, gone)
        _insert(cursor, is_file, fresh)


def _write_without_indexes(cursor: Any, fresh: list[tuple[object, ...]], gone: list[Number], total: int) -> None:
    """The same with SQLite's indexes taken down and built again, by the very statements that made them."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'symtoken'")
    indexes = [(name, sql) for name, sql in cursor.fetchall() if sql]
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    if len(gone) >= total:
        cursor.execute("DELETE FROM symtoken")
    else:
        _delete(cursor, True, gone)
    _insert(cursor, True, fresh)
    for _, sql in indexes:
        cursor.execute(sql)


def _delete(cursor: Any, is_file: bool, numbers: list[Number]) -> None:
    if is_file:
        cursor.executemany("DELETE FROM symtoken WHERE id = ?", numbers)
        return
    for some in _batches(numbers):
        marks = ", ".join(["%s"] * len(some))
        cursor.execute(f"DELETE FROM symtoken WHERE id IN ({marks})", [number for (number,) in some])  # noqa: S608


def _insert(cursor: Any, is_file: bool, rows: list[tuple[object, ...]]) -> None:
    marks = f"({', '.join(['?' if is_file else '%s'] * len(COLUMNS))})"
    if is_file:
        cursor.executemany(f"INSERT INTO symtoken ({_NAMES}) VALUES {marks}", rows)  # noqa: S608
        return
    cursor.execute(_NUMBERED)
    names = _NAMES
    if cursor.fetchone() != (True,):
        names, marks = f"id, {names}", f"(nextval('symtoken_id_seq'), {marks[1:]}"
    for some in _batches(rows):
        values = [value for row in some for value in row]
        cursor.execute(f"INSERT INTO symtoken ({names}) VALUES {', '.join([marks] * len(some))}", values)  # noqa: S608


def _batches(values: list[Any]) -> Iterator[list[Any]]:
    left = iter(values)
    while some := list(islice(left, _ROWS_AT_ONCE)):
        yield some


def _host_rows(rows: Iterable[Row]) -> Iterator[tuple[object, ...]]:
    """*rows* as the host keeps them: tokens are text, an index is named as it is called, a share's strike is 1."""
    index = Kind.INDEX.value
    days: dict[str | None, str] = {None: ""}
    ticks: dict[str, float] = {}
    for row in rows:
        (
            exchange, symbol, token, kind, name, broker_symbol, broker_exchange, lot, tick, expiry, strike,
            _, _, _, _, _, _, _,
        ) = row  # fmt: skip
        day = days.get(expiry)
        if day is None:
            day = days[expiry] = table_date(str(expiry))
        step = ticks.get(tick)
        if step is None:
            step = ticks[tick] = float(tick)
        yield (
            symbol,
            broker_symbol,
            symbol if kind == index else name,
            exchange,
            broker_exchange,
            str(token),
            day,
            1.0 if strike is None else float(strike),
            lot,
            kind,
            step,
        )
