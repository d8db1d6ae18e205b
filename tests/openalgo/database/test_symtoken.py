"""OpenAlgo's own contract table is brought up to date in one transaction, and nothing else of it changes (D2)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from contracts.contracts_suite import OPTION, SHARE, SOME
from fakes.engine import INDEXES, FakeEngine, make_symtoken
from fakes.samples import INDEX
from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.listings import Row, row_of
from jainam.domain.vocabulary import Exchange
from jainam.openalgo_bridge.database.symtoken import replace_symtoken

ALL = "SELECT symbol, brsymbol, name, exchange, brexchange, token, expiry, strike, lotsize, instrumenttype, tick_size"


def rows_of(*contracts: Contract) -> list[Row]:
    return [row_of(contract) for contract in contracts]


def many(count: int, lot_size: int = 1) -> list[Row]:
    """So many shares, all of them with one lot."""
    return rows_of(
        *(evolve(SHARE, key=SymbolKey(f"S{n}", Exchange.NSE), token=Token(n), lot_size=lot_size) for n in range(count))
    )


class SymtokenSuite:
    """Asks for `engine`."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        raise NotImplementedError

    def test_rows_are_the_hosts(self, engine: FakeEngine) -> None:
        """Tokens are text, dates English, an index has its symbol for a name, and what has no strike has one of 1."""
        assert replace_symtoken(engine, rows_of(SHARE, OPTION, INDEX)) == 3

        assert engine.execute(f"{ALL} FROM symtoken ORDER BY id") == [
            ("RELIANCE", "RELIANCE-EQ", "RELIANCE", "NSE", "NSECM", "2885", "", 1.0, 1, "EQ", 0.1),
            ("VEDL24APR2652.5CE", "VEDL26APR52.5CE", "VEDL", "NFO", "NSEFO", "2885", "24-APR-26", 52.5, 1150, "CE",
             0.05),
            ("NIFTY", "NIFTY 50", "NIFTY", "NSE_INDEX", "NSECM", "26000", "", 1.0, 1, "INDEX", 0.0),
        ]  # fmt: skip
        assert engine.execute("SELECT count(*) FROM symtoken WHERE contract_value IS NULL") == [(3,)]

    @pytest.mark.parametrize("changed", [2, 60], ids=["a few", "most"])
    def test_what_differs_is_written(self, engine: FakeEngine, changed: int) -> None:
        """Rows that are as they were keep their numbers, others come and go, and every index is there as before."""
        replace_symtoken(engine, many(100))
        before = dict(engine.execute("SELECT symbol, id FROM symtoken"))

        fresh = many(changed, lot_size=7) + many(101)[changed:]
        assert replace_symtoken(engine, fresh) == 101

        after = dict(engine.execute("SELECT symbol, id FROM symtoken"))
        assert set(after) == {f"S{n}" for n in range(101)}
        assert {after[f"S{n}"] for n in range(changed, 100)} == {before[f"S{n}"] for n in range(changed, 100)}
        assert engine.execute("SELECT count(*) FROM symtoken WHERE lotsize = 7") == [(changed,)]
        assert index_names(engine) == {index.split()[2] for index in INDEXES}

    def test_another_brokers_rows_are_gone(self, engine: FakeEngine) -> None:
        """The table has no broker: all of it is replaced, rows that are there twice included."""
        insert = "INSERT INTO symtoken (id, symbol, brsymbol, token, lotsize) VALUES ({}, 'OLD', 'OLD', '1', 1)"
        engine.execute(insert.format(901))
        engine.execute(insert.format(902))
        replace_symtoken(engine, many(3))

        assert engine.execute("SELECT count(*) FROM symtoken") == [(3,)]

    def test_nothing_is_no_set(self, engine: FakeEngine) -> None:
        """The table is never emptied by accident."""
        replace_symtoken(engine, many(3))
        with pytest.raises(ValueError, match="no contracts to store"):
            replace_symtoken(engine, [])

        assert engine.execute("SELECT count(*) FROM symtoken") == [(3,)]

    @pytest.mark.parametrize("changed", [1, 80], ids=["a few", "most"])
    def test_a_load_that_breaks_off_changes_nothing(self, engine: FakeEngine, changed: int) -> None:
        """What the database refuses half-way leaves rows and indexes as they were."""
        replace_symtoken(engine, many(100))
        broken: list[Row] = [*many(changed, lot_size=7), *many(100)[changed:]]
        broken.append((*broken[0][:1], None, *broken[0][2:]))  # type: ignore[arg-type]

        with pytest.raises(Exception, match=r"(?i)null"):
            replace_symtoken(engine, broken)

        assert engine.execute("SELECT count(*), max(lotsize) FROM symtoken") == [(100, 1)]
        assert index_names(engine) == {index.split()[2] for index in INDEXES}

    def test_readers_see_one_whole_table(self, engine: FakeEngine) -> None:
        """While the table is replaced over and over, a reader sees one set of rows, never a part of two."""
        replace_symtoken(engine, many(400))
        over = threading.Event()

        def load() -> None:
            for lot in range(2, 12):
                replace_symtoken(engine, many(400, lot_size=lot))
            over.set()

        loader = threading.Thread(target=load)
        loader.start()
        seen = []
        while not over.is_set() and loader.is_alive():
            seen += engine.execute("SELECT count(*), count(DISTINCT lotsize) FROM symtoken")
        loader.join()

        assert over.is_set()
        assert set(seen) == {(400, 1)}


class TestFile(SymtokenSuite):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> FakeEngine:
        engine = FakeEngine(tmp_path / "openalgo.db")
        make_symtoken(engine)
        engine.execute("PRAGMA journal_mode = wal")
        return engine

    def test_indexes_are_made_by_the_same_words(self, engine: FakeEngine) -> None:
        """Nothing of the file's schema is another afterwards."""
        schema = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
        engine.execute("CREATE TABLE auth (id INTEGER)")
        engine.execute("INSERT INTO auth VALUES (7)")
        before = engine.execute(schema)

        replace_symtoken(engine, rows_of(*SOME))
        assert engine.execute(schema) == before
        assert engine.execute("SELECT id FROM auth") == [(7,)]


class TestServer(SymtokenSuite):
    @pytest.fixture
    def engine(self, postgres_url: str) -> FakeEngine:
        engine = FakeEngine(postgres_url)
        make_symtoken(engine)
        return engine

    def test_numbers_from_a_sequence_beside_the_column(self, postgres_url: str) -> None:
        """A table whose numbers have no default, as SQLAlchemy makes it, gets them from its sequence."""
        engine = FakeEngine(postgres_url)
        make_symtoken(engine, numbered=False)
        replace_symtoken(engine, many(3))

        assert [number for (number,) in engine.execute("SELECT id FROM symtoken ORDER BY id")] == [1, 2, 3]


def test_with_sqlalchemy_itself(tmp_path: Path) -> None:
    """SQLAlchemy's own engine is what the stand-in claims to be."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    place = tmp_path / "openalgo.db"
    make_symtoken(FakeEngine(place))
    engine = sqlalchemy.create_engine(f"sqlite:///{place}", poolclass=sqlalchemy.pool.NullPool)

    replace_symtoken(engine, many(5))
    with pytest.raises(ValueError, match="no contracts"):
        replace_symtoken(engine, [])
    assert FakeEngine(place).execute("SELECT count(*) FROM symtoken") == [(5,)]


def index_names(engine: FakeEngine) -> set[str]:
    """The indexes that the table has, beside the one of its key."""
    asked: Callable[[str], list[tuple[str]]] = engine.execute
    if engine.dialect.name == "sqlite":
        found = asked("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    else:
        found = asked("SELECT indexname FROM pg_indexes WHERE tablename = 'symtoken' AND indexname <> 'symtoken_pkey'")
    return {name for (name,) in found}
