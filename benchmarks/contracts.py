"""What contracts cost: a whole master from text to a store that answers, and looking one of them up.

Run it with `make bench`, or by hand as `python benchmarks/contracts.py`. OpenAlgo's existing plugin is measured as well
where `OPENALGO` names a checkout; see support/contract_peers.py.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support.contract_peers import theirs
from support.figures import Figure, cpu_seconds, report
from support.masters import DAY, masters, yesterdays

from jainam import Exchange, SymbolKey
from jainam.adapters import contract_tables
from jainam.adapters.databases import Place
from jainam.adapters.peewee_contracts import PeeweeContracts
from jainam.adapters.token_lookup import TokenLookup
from jainam.adapters.xts.master import survey_master
from jainam.domain.listings import Row

SMALL, LARGE = 120_000, 400_000
ROUNDS = 5
SOME = 2000
"""How many contracts are looked up in a row."""


def rows_of(texts: dict[str, str]) -> Iterator[Row]:
    """What a load stores of these masters, line by line."""
    return chain.from_iterable(survey_master(text, segment, DAY).rows for segment, text in texts.items())


def stored(texts: dict[str, str]) -> float:
    """The processor time from text in memory to a store that answers."""
    with TemporaryDirectory() as folder, closing(PeeweeContracts(Path(folder) / "contracts.db")) as store:
        return cpu_seconds(lambda: store.replace_rows(rows_of(texts)))


def floor(texts: dict[str, str]) -> float:
    """The same for what cannot be done without: split, and insert into the same tables and indexes."""
    with TemporaryDirectory() as folder:
        database = Place.named(str(Path(folder) / "floor.db")).database()
        database.connect()
        contract_tables.prepare(database, True)
        database.execute_sql("PRAGMA cache_size = -65536")  # so that indexes filled row by row are written once
        try:
            return cpu_seconds(lambda: _split_and_insert(database.connection(), texts))
        finally:
            database.close()


def _split_and_insert(connection: sqlite3.Connection, texts: dict[str, str]) -> None:
    rows = [line.split("|") for text in texts.values() for line in text.split("\n")]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        f"INSERT INTO symbol_token VALUES ({', '.join('?' * 13)})",  # noqa: S608 (our own numbers)
        (
            (number, "b", row[4], row[17], row[3], row[0], row[0], row[1], row[16], None, row[12], row[2], row[11])
            for number, row in enumerate(rows)
        ),
    )
    connection.executemany(
        f"INSERT INTO contract_detail VALUES ({', '.join('?' * 11)})",  # noqa: S608 (our own numbers)
        (
            (number, row[11], row[16], row[17], row[10], row[9], row[8], row[13], row[5], row[15], row[18])
            for number, row in enumerate(rows)
        ),
    )
    connection.execute("COMMIT")


def loads() -> list[Figure]:
    """Loads of two sizes against their floors, and against each other."""
    figures, per_row = [], []
    for size in (SMALL, LARGE):
        texts = masters(size)
        pairs = [(stored(texts), floor(texts)) for _ in range(ROUNDS if size == SMALL else 3)]
        seconds = statistics.median(mine for mine, _ in pairs)
        per_row.append(min(mine for mine, _ in pairs) / size)
        figures += [
            Figure(f"text to store, {size} rows, against split and insert", _ratio(pairs), 1.6),
            Figure(f"text to store, {size} rows", seconds, unit="s"),
        ]
    return [*figures, Figure("time per row, 400,000 against 120,000", per_row[1] / per_row[0], 1.1)]


def look_ups() -> list[Figure]:
    """Warm look-ups against a dict, cold ones against a query on a connection that is kept."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "contracts.db"
        with closing(PeeweeContracts(file)) as store, closing(sqlite3.connect(file)) as connection:
            store.replace_rows(rows_of(masters(SMALL)))
            numbers = list(store.numbers())
            random.Random(3).shuffle(numbers)
            some = numbers[:SOME]
            lookup = TokenLookup(store)
            tokens = {(symbol, exchange): token for symbol, exchange, token in numbers}
            by_text = {(str(token), exchange): symbol for symbol, exchange, token in numbers}
            contracts = {key: store.find(key) for key in _keys(some)}

            def bare(symbol: str, exchange: str) -> int:
                return tokens[symbol, exchange]

            def bare_back(token: str, exchange: str) -> str:
                return by_text[token, exchange]

            pairs = [(symbol, exchange) for symbol, exchange, _ in some]
            whole = [(token, exchange) for _, exchange, token in some]
            texts = [(str(token), exchange) for token, exchange in whole]
            keys = _keys(some)
            return [
                _against(
                    "token of a symbol, warm, against a dict", _each(lookup.token_of, pairs), _each(bare, pairs), 2
                ),
                _against(
                    "symbol of a token as text, against a dict",
                    _each(lookup.symbol_of, texts),
                    _each(bare_back, texts),
                    2,
                ),
                _against(
                    "symbol of a token as number, against one as text",
                    _each(lookup.symbol_of, whole),
                    _each(lookup.symbol_of, texts),
                    1.1,
                ),
                _against(
                    "contract of a key, warm, against a dict",
                    lambda: [store.find(key) for key in keys],
                    lambda: [contracts[key] for key in keys],
                    2,
                ),
                _cold(file, connection, numbers),
            ]


def _keys(numbers: list[tuple[str, str, int]]) -> list[SymbolKey]:
    return [SymbolKey(symbol, Exchange(exchange)) for symbol, exchange, _ in numbers]


def _each(function: Callable[..., object], arguments: list[Any]) -> Callable[[], object]:
    def run() -> None:
        for one, other in arguments:
            function(one, other)

    return run


def _against(name: str, ours: Callable[[], object], other: Callable[[], object], limit: float) -> Figure:
    ours(), other()
    pairs = [(_seconds(ours), _seconds(other)) for _ in range(31)]
    return Figure(name, min(pair[0] for pair in pairs) / min(pair[1] for pair in pairs), limit)


def _cold(file: Path, connection: sqlite3.Connection, numbers: list[tuple[str, str, int]]) -> Figure:
    """Contracts that nobody has asked for yet, against the same statement put to SQLite itself."""
    statement, rounds = None, []
    for start in range(0, 10 * SOME, SOME):
        some = numbers[start : start + SOME]
        keys = _keys(some)
        with closing(PeeweeContracts(file)) as store:
            statement = store._one_by_key
            asked = [(store.broker, symbol, exchange) for symbol, exchange, _ in some]
            rounds.append(
                (
                    _seconds(lambda: [store.find(key) for key in keys]),  # noqa: B023 (used at once)
                    _seconds(lambda: [connection.execute(statement, one).fetchone() for one in asked]),  # noqa: B023
                )
            )
    return Figure("contract of a key, cold, against a query", _ratio(rounds), 1.5)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _ratio(pairs: list[tuple[float, float]]) -> float:
    return statistics.median(mine / least for mine, least in pairs)


def beside_openalgo() -> list[Figure]:
    """Processing, table and cache of OpenAlgo and its plugin against ours, each in a process of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        today = masters(SMALL)
        (folder / "today.json").write_text(json.dumps(today))
        (folder / "yesterday.json").write_text(json.dumps(yesterdays(today)))
        reload = _middle("plugin", "openalgo", folder, "again", "")
        table = _middle("table", "openalgo", folder, "", f"{DAY}")
        ours = _middle("ours", "ours", folder, "", f"{DAY}")
        plugin = _middle("plugin", "openalgo", folder, "fresh", "")
        cache, index = theirs("cache", folder), theirs("index", folder)
    return [
        Figure("the plugin's processing", plugin["seconds"], unit="s"),
        Figure("text to store against the plugin's processing", ours["seconds"] / plugin["seconds"], 0.15),
        Figure("its peak memory", plugin["megabytes"], unit="MB"),
        Figure("peak memory against the plugin's", ours["megabytes"] / plugin["megabytes"], 0.2),
        Figure("the plugin's reload of symtoken", reload["seconds"], unit="s"),
        Figure("symtoken after a day, against its reload", table["seconds"] / reload["seconds"], 0.2),
        Figure("symtoken after another broker, against its reload", table["strangers"] / reload["seconds"]),
        Figure("partial tables that a reader saw meanwhile", table["partial"], 0, unit=""),
        Figure("token look-up against OpenAlgo's get_token", index["look_up"] / cache["look_up"], 0.35),
        Figure("filling the index against OpenAlgo's cache, CPU", index["seconds"] / cache["seconds"], 0.2),
        Figure("filling the index against OpenAlgo's cache, memory", index["megabytes"] / cache["megabytes"], 0.5),
    ]


def _middle(script: str, database: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """What three processes measured, the one in the middle; each makes *database* anew."""
    found = []
    for _ in range(3):
        for file in [*folder.glob(f"{database}.db*"), *folder.glob("over")]:
            file.unlink()
        found.append(theirs(script, folder, *arguments))
    return sorted(found, key=lambda figures: float(figures["seconds"]))[1]


if __name__ == "__main__":
    results = [*loads(), *look_ups()]
    if "OPENALGO" in os.environ:
        results += beside_openalgo()
    sys.exit(report(results))
