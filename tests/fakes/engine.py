"""As much of SQLAlchemy's engine as the bridge asks for, over sqlite3 or psycopg2; and the host's table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from attrs import frozen

__all__ = ["INDEXES", "FakeEngine", "make_symtoken"]

INDEXES = (
    "CREATE INDEX ix_symtoken_symbol ON symtoken (symbol)",
    "CREATE INDEX ix_symtoken_brsymbol ON symtoken (brsymbol)",
    "CREATE INDEX ix_symtoken_exchange ON symtoken (exchange)",
    "CREATE INDEX ix_symtoken_brexchange ON symtoken (brexchange)",
    "CREATE INDEX ix_symtoken_token ON symtoken (token)",
    "CREATE INDEX idx_symbol_exchange ON symtoken (symbol, exchange)",
    "CREATE INDEX idx_symbol_name ON symtoken (symbol, name)",
    "CREATE INDEX idx_brsymbol_exchange ON symtoken (brsymbol, exchange)",
)
TABLE = """
    CREATE TABLE symtoken (
        id INTEGER NOT NULL, symbol VARCHAR NOT NULL, brsymbol VARCHAR NOT NULL, name VARCHAR, exchange VARCHAR,
        brexchange VARCHAR, token VARCHAR, expiry VARCHAR, strike FLOAT, lotsize INTEGER, instrumenttype VARCHAR,
        tick_size FLOAT, contract_value FLOAT, PRIMARY KEY (id)
    )
"""


@frozen
class FakeEngine:
    """An engine for the database at *place*: a file, or a ``postgresql://`` URL."""

    place: str | Path

    @property
    def dialect(self) -> Any:
        """Which kind of database it is."""
        return SimpleNamespace(name="postgresql" if str(self.place).startswith("postgresql") else "sqlite")

    @contextmanager
    def begin(self) -> Iterator[Any]:
        """A transaction that is kept when nothing is raised in it."""
        with closing(self.connect()) as connection, connection:
            yield SimpleNamespace(connection=connection)

    def connect(self) -> Any:
        """A connection of the driver's."""
        if self.dialect.name == "sqlite":
            return sqlite3.connect(self.place)
        import psycopg2

        return psycopg2.connect(self.place)

    def execute(self, statement: str) -> list[Any]:
        """What the database answers to *statement*, which is kept."""
        with closing(self.connect()) as connection, connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


def make_symtoken(engine: FakeEngine, *, numbered: bool = True) -> None:
    """Make the host's table with its eight indexes; on PostgreSQL, *numbered* gives its numbers a default."""
    if engine.dialect.name == "postgresql":
        engine.execute("CREATE SEQUENCE symtoken_id_seq")
    engine.execute(TABLE)
    if engine.dialect.name == "postgresql" and numbered:
        engine.execute("ALTER TABLE symtoken ALTER COLUMN id SET DEFAULT nextval('symtoken_id_seq')")
    for index in INDEXES:
        engine.execute(index)
