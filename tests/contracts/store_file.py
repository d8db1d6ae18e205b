"""Sets of contracts of any size, and what SQLite itself says of the file that holds them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import evolve

from contracts.contracts_suite import SHARE
from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.vocabulary import Exchange

__all__ = ["many", "sql"]


def many(size: int, lot_size: int = 1) -> list[Contract]:
    """A set of that size, all of it with one lot size."""
    return [
        evolve(SHARE, key=SymbolKey(f"S{number}", Exchange.NSE), token=Token(number), lot_size=lot_size)
        for number in range(size)
    ]


def sql(file: Path, statement: str) -> list[Any]:
    """What SQLite itself says of the file."""
    with closing(sqlite3.connect(file)) as connection, connection:
        return connection.execute(statement).fetchall()
