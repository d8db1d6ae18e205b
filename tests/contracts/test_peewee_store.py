"""What holds for the store on SQLite alone: its tables, several brokers in one, and what it remembers of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import define, evolve

from contracts.contracts_suite import OPTION, SHARE, SOME
from contracts.store_file import many, sql
from jainam.adapters import peewee_contracts
from jainam.adapters.peewee_contracts import PeeweeContracts
from jainam.domain.errors import SymbolNotFound
from jainam.domain.instruments import Contract, Token
from jainam.domain.loads import Load

NOON = dt.datetime(2026, 1, 12, 12, 0, tzinfo=dt.UTC)


@define
class Seconds:
    """A clock that stands still until it is moved."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "contracts.db"


def test_table_of_the_document(file: Path) -> None:
    """The table *symbol_token* has the document's columns, an integer token and the index look-ups need (CR2, D2)."""
    PeeweeContracts(file).replace_all([OPTION])

    columns = {name: kind for _, name, kind, *_ in sql(file, "PRAGMA table_info(symbol_token)")}
    assert {
        "id", "broker", "symbol", "brsymbol", "name", "exchange", "brexchange", "token", "expiry", "strike", "lotsize",
        "instrumenttype", "tick_size",
    } == set(columns)  # fmt: skip
    assert "INTEGER" == columns["token"]
    assert [
        ("jainam_prop", "VEDL24APR2652.5CE", "VEDL26APR52.5CE", "VEDL", "NFO", "NSEFO", 2885, "24-APR-26", 52.5, 1150,
         "CE", 0.05)
    ] == sql(
        file,
        "SELECT broker, symbol, brsymbol, name, exchange, brexchange, token, expiry, strike, lotsize, instrumenttype,"
        " tick_size FROM symbol_token",
    )  # fmt: skip
    indexed = [
        [column for _, _, column in sql(file, f"PRAGMA index_info({name})")]
        for _, name, *_ in sql(file, "PRAGMA index_list(symbol_token)")
    ]
    assert ["broker", "symbol", "exchange"] in indexed
    assert ["broker", "token", "exchange"] in indexed


def test_tables_of_an_earlier_layout_make_way(file: Path) -> None:
    """What an earlier version stored is taken for nothing, since one load brings all of it again."""
    sql(file, "CREATE TABLE symbol_token (id INTEGER PRIMARY KEY, broker TEXT, symbol TEXT, exchange TEXT)")
    sql(file, "INSERT INTO symbol_token (broker, symbol, exchange) VALUES ('jainam_prop', 'RELIANCE', 'NSE')")
    for table in ("contract_rule", "contract_load"):
        sql(file, f"CREATE TABLE {table} (broker TEXT)")
    store = PeeweeContracts(file)

    with pytest.raises(SymbolNotFound, match="the contract store is empty"):
        store.find(SHARE.key)
    store.replace_all(SOME)
    assert SHARE == store.find(SHARE.key)
    assert [] == sql(file, "SELECT name FROM sqlite_master WHERE name IN ('contract_rule', 'contract_load')")


def test_decimals_are_text(file: Path) -> None:
    """Prices are kept as they are written, for a float would change them."""
    PeeweeContracts(file).replace_all([SHARE])

    assert [("0.10", "1178.60", None)] == sql(file, "SELECT tick_size, price_low, strike FROM contract_detail")


def test_two_brokers_in_one_file(file: Path) -> None:
    """Each broker sees and replaces its own contracts and no other's."""
    ours, theirs = PeeweeContracts(file), PeeweeContracts(file, "compositedge")
    changed = evolve(SHARE, token=Token(1), lot_size=7)
    theirs.replace_all([changed])
    ours.replace_all(SOME)
    ours.replace_all([OPTION])

    assert changed == theirs.find(SHARE.key)
    assert (changed,) == theirs.search("")
    assert (OPTION,) == ours.search("")
    assert {} == theirs.named([OPTION.ref])
    with pytest.raises(SymbolNotFound):
        ours.find(SHARE.key)


def test_empty_beside_another_broker(file: Path) -> None:
    """A broker without contracts is told that its store is empty, whatever others have in the file."""
    PeeweeContracts(file, "compositedge").replace_all(SOME)

    with pytest.raises(SymbolNotFound, match="the contract store is empty"):
        PeeweeContracts(file).find(SHARE.key)


def test_outlives_the_process(file: Path) -> None:
    """What one store kept, another opened later finds, and the time it was kept."""
    assert PeeweeContracts(file).last_load() is None
    PeeweeContracts(file, now=lambda: NOON).replace_all(SOME)

    later = PeeweeContracts(file)
    assert SHARE == later.find(SHARE.key)
    counts = {"NSE": 3, "NFO": 1, "BSE": 1}
    assert Load(loaded_at=NOON, rows=len(SOME), counts=counts) == later.last_load()


def test_replacement_elsewhere_is_seen_within_a_second(file: Path) -> None:
    """A set that another process stored is noticed when what is remembered is a second old."""
    clock = Seconds()
    ours, theirs = PeeweeContracts(file, monotonic=clock), PeeweeContracts(file)
    ours.replace_all(SOME)
    assert SHARE == ours.find(SHARE.key) == ours.named([SHARE.ref])[SHARE.ref]
    changed = evolve(SHARE, lot_size=3)
    theirs.replace_all([changed])

    clock.now += 1

    assert {SHARE.ref: changed} == ours.named([SHARE.ref])
    assert changed == ours.find(SHARE.key)


def test_memory_is_trusted_anew(file: Path) -> None:
    """A memory that is still right is used for another second without reading the contracts again."""
    clock = Seconds()
    store = PeeweeContracts(file, monotonic=clock)
    store.replace_all(SOME)
    store.find(SHARE.key)
    clock.now += 1

    assert store.find(SHARE.key) is store.find(SHARE.key)
    clock.now += 1
    assert store.named([SHARE.ref])[SHARE.ref] is store.find(SHARE.key)


def test_replacement_elsewhere_is_seen_on_a_miss(file: Path) -> None:
    """What is not remembered is always looked for in the database, and brings its whole set to light."""
    ours, theirs = PeeweeContracts(file, monotonic=Seconds()), PeeweeContracts(file)
    ours.replace_all(SOME)
    ours.find(SHARE.key)
    changed = evolve(SHARE, lot_size=3)
    theirs.replace_all([changed, OPTION])

    assert OPTION == ours.find(OPTION.key)
    assert changed == ours.find(SHARE.key)


def test_named_mixes_no_sets(file: Path) -> None:
    """Contracts asked for together are of one set, though some were remembered from the one before."""
    ours, theirs = PeeweeContracts(file, monotonic=Seconds()), PeeweeContracts(file)
    ours.replace_all(SOME)
    ours.find(SHARE.key)
    changed = [evolve(one, lot_size=3) for one in SOME]
    theirs.replace_all(changed)

    assert {one.ref: one for one in changed} == ours.named([one.ref for one in SOME])


def test_late_reader_brings_nothing_back(file: Path) -> None:
    """A thread that read the old set while another replaced it does not make the store remember the old one."""
    changed = evolve(SHARE, lot_size=3)

    class Overtaken(PeeweeContracts):
        def _remember(self, generation: int, contracts: Iterable[Contract]) -> None:
            self._memory = peewee_contracts._Memory(generation + 1)  # as another thread leaves it that has replaced all
            super()._remember(generation, contracts)

    store = Overtaken(file, monotonic=Seconds())
    store.replace_all([SHARE])

    assert SHARE == store.find(SHARE.key)
    assert not store._memory.by_key
    PeeweeContracts(file).replace_all([changed])
    assert changed == store.find(SHARE.key)


def test_memory_is_bounded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many contracts are looked up, only so many are remembered, and all are found."""
    monkeypatch.setattr(peewee_contracts, "_REMEMBERED", 10)
    store = PeeweeContracts(file)
    some = many(25)
    store.replace_all(some)

    assert some == [store.find(one.key) for one in some]
    assert {one.ref: one for one in some} == store.named([one.ref for one in some])
    assert len(store._memory.by_key) <= 10
    assert len(store._memory.by_ref) <= 10


def test_text_is_text(file: Path) -> None:
    """What looks like SQL in a master row is text."""
    hostile = evolve(SHARE, description="x'); DROP TABLE symbol_token; --", strike=Decimal("1E+3"))
    store = PeeweeContracts(file, "me' OR '1'='1")
    store.replace_all([hostile])

    assert hostile == PeeweeContracts(file, "me' OR '1'='1").find(SHARE.key)
    assert () == PeeweeContracts(file).search("")
