"""Where the store may be: names of databases, files that are locked or none, and connections that are let go of."""

from __future__ import annotations

import importlib.util
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from contracts.contracts_suite import SHARE, SOME
from contracts.store_file import many, sql
from jainam.adapters import databases
from jainam.adapters.peewee_contracts import PeeweeContracts
from jainam.domain.errors import NotConfigured

CANARY = "canary-9c1e-password"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "contracts.db"


@pytest.mark.parametrize("named", [lambda file: str(file), lambda file: f"sqlite:///{file}", lambda file: file])
def test_ways_to_name_a_file(file: Path, named: Callable[[Path], str | Path]) -> None:
    """A database is named by a path or a ``sqlite:///`` URL, and its folder is made."""
    file = file.parent / "new folder" / "contracts.db"

    PeeweeContracts(named(file)).replace_all(SOME)

    assert file.exists()


def test_opening_waits_for_the_lock_that_wal_needs(file: Path) -> None:
    """A new file that another connection holds is waited for, since SQLite itself does not wait for this one lock."""
    holder = sqlite3.connect(file, check_same_thread=False)
    holder.execute("CREATE TABLE anything (n)")
    holder.execute("BEGIN EXCLUSIVE")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(PeeweeContracts, file)
        time.sleep(0.1)
        assert not opening.done()
        holder.rollback()
        assert opening.result().replace_all(many(3)) == 3
    holder.close()


def test_a_file_that_stays_locked_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting has an end, and then the setting to look at is named."""
    monkeypatch.setattr(databases, "BUSY_SECONDS", 0.02)
    holder = sqlite3.connect(file)
    holder.execute("CREATE TABLE anything (n)")
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(NotConfigured, match="JAINAM_DATABASE"):
        PeeweeContracts(file)
    holder.close()


def test_no_connection_is_left_open(file: Path) -> None:
    """Threads take turns with one connection, and none is open after the store was closed."""
    store = PeeweeContracts(file)
    store.replace_all(SOME)

    with ThreadPoolExecutor(8) as pool:
        assert [SHARE] * 40 == list(pool.map(lambda _: store.find(SHARE.key), range(40)))
    store.close()

    assert ["contracts.db"] == sorted(path.name for path in file.parent.iterdir())


def test_no_database(file: Path) -> None:
    """A file that is no database is named by its setting, with the reason and without its path."""
    file.write_bytes(b"this is a letter to my aunt " * 100)

    with pytest.raises(NotConfigured, match="JAINAM_DATABASE cannot be used: file is not a database") as caught:
        PeeweeContracts(file)

    assert str(file) not in str(caught.value)


def test_database_that_broke(file: Path) -> None:
    """A database that breaks while it is in use is reported in the same words."""
    store = PeeweeContracts(file)
    sql(file, "DROP TABLE contract_set")

    with pytest.raises(NotConfigured, match="JAINAM_DATABASE cannot be used: no such table"):
        store.find(SHARE.key)


@pytest.mark.parametrize("place", ["a folder", "below a file"])
def test_place_for_no_file(tmp_path: Path, place: str) -> None:
    """A place where no file can be is named by its setting."""
    (tmp_path / "a folder").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(NotConfigured, match="JAINAM_DATABASE cannot be used: "):
        PeeweeContracts(tmp_path / {"a folder": "a folder", "below a file": "file/contracts.db"}[place])


@pytest.mark.parametrize("location", ["", ":memory:", "sqlite://", "sqlite:///:memory:", f"mysql://me:{CANARY}@db/x"])
def test_no_such_kind_of_database(location: str) -> None:
    """A database that would be forgotten at once, or is of a kind unknown here, is refused without being quoted."""
    with pytest.raises(NotConfigured, match="JAINAM_DATABASE must name a file or a postgresql:// URL") as caught:
        PeeweeContracts(location)

    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_without_driver(scheme: str) -> None:
    """PostgreSQL is spoken where a driver is installed; otherwise the message says which one to install."""
    if importlib.util.find_spec("psycopg2") or importlib.util.find_spec("psycopg"):
        pytest.skip("a driver is installed")

    with pytest.raises(NotConfigured, match=r"needs a PostgreSQL driver: pip install 'jainam\[postgres\]'"):
        PeeweeContracts(f"{scheme}://me:{CANARY}@127.0.0.1:9/contracts")
