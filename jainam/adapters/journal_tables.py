"""The tables of the journal, for SQLite and for PostgreSQL, with triggers that refuse to rewrite what is in them."""

from __future__ import annotations

from typing import Any

from jainam.adapters.databases import transaction
from jainam.adapters.journal_rows import NO_DIGEST
from jainam.domain.errors import NotConfigured

__all__ = ["FORMAT", "HEAD", "prepare", "strange_form"]

FORMAT = 1
"""The number of this form of the tables; a program that knows another one must leave them alone."""

HEAD = "SELECT number, chain FROM order_journal_head WHERE format = ?"
"""The number and the digest of the newest row, when the tables have the form asked for."""

_LOCK = 7_413_905_624_118  # any number that nothing else locks
_TABLES = (
    """
    CREATE TABLE order_journal (
        number {number} PRIMARY KEY,
        broker {text} NOT NULL,
        account {text} NOT NULL,
        at {text} NOT NULL,
        what {text} NOT NULL,
        deed {text},
        key {text} NOT NULL,
        tag {text},
        order_id {text},
        symbol {text},
        exchange {text},
        token BIGINT,
        product {text},
        side {text},
        quantity BIGINT,
        price_type {text},
        price {text},
        trigger_price {text},
        disclosed_quantity BIGINT,
        time_in_force {text},
        is_exit SMALLINT,
        held BIGINT,
        caller {text},
        verdict {text},
        words {text},
        value {text} NOT NULL,
        chain {text} NOT NULL
    )
    """,
    "CREATE INDEX order_journal_of ON order_journal (broker, account, number)",
    "CREATE INDEX order_journal_at ON order_journal (broker, account, at, number)",
    "CREATE INDEX order_journal_key ON order_journal (broker, account, key, number)",
    """
    CREATE INDEX order_journal_placed ON order_journal (broker, account, symbol, exchange, product, at)
    WHERE deed = 'place'
    """,
    """
    CREATE TABLE order_journal_head (
        id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, number BIGINT NOT NULL, chain {text} NOT NULL
    )
    """,
)
_TRIGGERS_OF_SQLITE = (
    """
    CREATE TRIGGER order_journal_update BEFORE UPDATE ON order_journal
    BEGIN SELECT RAISE(ABORT, 'the journal is never rewritten'); END
    """,
    """
    CREATE TRIGGER order_journal_delete BEFORE DELETE ON order_journal
    BEGIN SELECT RAISE(ABORT, 'the journal is never rewritten'); END
    """,
    # INSERT OR REPLACE deletes without a word to the trigger above.
    """
    CREATE TRIGGER order_journal_replace BEFORE INSERT ON order_journal
    WHEN EXISTS (SELECT 1 FROM order_journal WHERE number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the journal is never rewritten'); END
    """,
)
_TRIGGERS_OF_POSTGRESQL = (
    """
    CREATE FUNCTION order_journal_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the journal is never rewritten'; END $$
    """,
    """
    CREATE TRIGGER order_journal_rewrite BEFORE UPDATE OR DELETE OR TRUNCATE ON order_journal
    FOR EACH STATEMENT EXECUTE FUNCTION order_journal_refuse()
    """,
)


def prepare(database: Any, is_file: bool, create: bool) -> None:
    """Leave the tables in *database*, made now if need be and if *create*; whoever else makes them is waited for.

    Raises `NotConfigured` when there are none, or when they are of another form than `FORMAT`.
    """
    if not _has_tables(database, is_file):
        if not create:
            raise NotConfigured(
                "there is no journal in the database named by JAINAM_DATABASE: nothing was sent from it"
            )
        with transaction(database, is_file):
            if not is_file:
                database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            if not _has_tables(database, is_file):
                _make_tables(database, is_file)
    if database.execute_sql("SELECT format FROM order_journal_head").fetchall() != [(FORMAT,)]:
        raise strange_form(database)


def strange_form(database: Any) -> NotConfigured:
    """The error for tables that have not the form known here."""
    [(form,)] = database.execute_sql("SELECT format FROM order_journal_head").fetchall() or [(0,)]
    whose = "a newer jainam; update this one" if form > FORMAT else "something else"
    return NotConfigured(
        f"the journal in the database named by JAINAM_DATABASE was written by {whose}"
        f" (its format is {form}, and this one knows {FORMAT})"
    )


def _has_tables(database: Any, is_file: bool) -> bool:
    if is_file:
        statement = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'order_journal_head'"
    else:
        # Not by to_regclass, which remembers that there was none when somebody else has made it meanwhile.
        statement = "SELECT relname FROM pg_class WHERE relname = 'order_journal_head' AND pg_table_is_visible(oid)"
    return database.execute_sql(statement).fetchone() is not None


def _make_tables(database: Any, is_file: bool) -> None:
    # SQLite numbers its rows by this word alone; and a sorted text must not be sorted as in a dictionary.
    words = ("INTEGER", "TEXT") if is_file else ("BIGINT", 'TEXT COLLATE "C"')
    for statement in (*_TABLES, *(_TRIGGERS_OF_SQLITE if is_file else _TRIGGERS_OF_POSTGRESQL)):
        database.execute_sql(statement.replace("{number}", words[0]).replace("{text}", words[1]))
    statement = "INSERT INTO order_journal_head (id, format, number, chain) VALUES (1, ?, 0, ?)"
    database.execute_sql(statement.replace("?", database.param), (FORMAT, NO_DIGEST))
