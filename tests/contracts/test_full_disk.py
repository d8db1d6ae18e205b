"""A disk that is really full, whenever it gets so: what was stored is whole, and room lets the work go on (X1, X9).

The disk is one of memory, mounted where nobody else sees it; that takes Linux and leave to make such a place.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from contracts.journal_suite import meant
from contracts.store_file import many
from fakes.engine import FakeEngine, make_symtoken
from jainam.adapters.peewee_contracts import PeeweeContracts
from jainam.adapters.peewee_journal import PeeweeJournal
from jainam.domain.errors import Halted, NotConfigured
from jainam.domain.listings import row_of
from jainam.openalgo_bridge.database.symtoken import replace_symtoken

SIZE = 8
"""Megabytes; both files and what is logged beside them take less than half of it."""
OLD, NEW = 1000, 4000
ALONE = ("unshare", "--user", "--map-root-user", "--mount")


def has_a_place_of_its_own() -> bool:
    """Whether a process may mount something that no other process sees."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not has_a_place_of_its_own(), reason="a disk to fill takes Linux and leave to mount one"
)


def on_a_disk_of_its_own(folder: Path, call: str) -> int:
    """What *call*, of a function of this module with its disk for `disk`, prints: how often the disk was full."""
    paths = os.pathsep.join(path for path in (str(Path(__file__).parents[1]), *sys.path) if path)
    script = f"import sys, pathlib; from contracts.test_full_disk import *; disk = pathlib.Path(sys.argv[1]); {call}"
    mounted = f'mount -t tmpfs -o size={SIZE}m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        [*ALONE, "sh", "-c", mounted, "sh", str(folder), sys.executable, script],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("whose", ["the_store", "the_host"])
def test_a_full_disk_keeps_the_old_set(tmp_path: Path, whose: str) -> None:
    """A load fails however little room it lacks, the set before is whole, and with room again it succeeds (X9)."""
    assert on_a_disk_of_its_own(tmp_path, f"fill_up(disk, load_into_{whose}, held_by_{whose})") > 10


def test_a_full_disk_lets_no_order_leave(tmp_path: Path) -> None:
    """What was meant before is there, what finds no room is not meant, and with room again orders leave (X1)."""
    assert on_a_disk_of_its_own(tmp_path, "fill_the_journal(disk)") > 5


# --- in a process whose disk it is -----------------------------------------------------------------------------------


def fill_up(disk: Path, load: Callable[[Path, int], int], held: Callable[[Path], int]) -> None:
    """Try to load with ever more room, until there is enough of it; print how often it failed."""
    file, ballast = disk / "contracts.db", disk / "ballast"
    assert load(file, OLD) == OLD
    failed = 0
    for room in range(0, SIZE * 1024, 64):
        free = shutil.disk_usage(disk).free
        ballast.write_bytes(b"\0" * max(free - room * 1024, 0))
        try:
            assert load(file, NEW) == NEW
            break
        except (NotConfigured, sqlite3.OperationalError) as error:
            if not any(words in str(error) for words in ("is full", "may be full", "disk I/O error")):
                raise
            failed += 1
        finally:
            ballast.unlink()
        assert held(file) == OLD
    assert held(file) == NEW
    assert load(file, OLD) == OLD == held(file)
    print(failed)


def load_into_the_store(file: Path, size: int) -> int:
    """Put a set of that size into the library's own tables."""
    with closing(PeeweeContracts(file)) as store:
        return store.replace_all(many(size, lot_size=size))


def held_by_the_store(file: Path) -> int:
    """How many contracts a look-up has to do with, all of them of one set."""
    with closing(PeeweeContracts(file)) as store:
        found, load = store.search("", limit=None), store.last_load()
        assert load is not None
        assert {len(found)} == {load.rows} == {one.lot_size for one in found}
        return load.rows


def load_into_the_host(file: Path, size: int) -> int:
    """Put a set of that size into the host's own table."""
    engine = FakeEngine(file)
    if not file.exists():
        make_symtoken(engine)
        engine.execute("PRAGMA journal_mode = wal")
    return replace_symtoken(engine, [row_of(one) for one in many(size, lot_size=size)])


def held_by_the_host(file: Path) -> int:
    """The same of the host's table."""
    [(rows, least, most)] = FakeEngine(file).execute("SELECT count(*), min(lotsize), max(lotsize) FROM symtoken")
    assert rows == least == most
    return int(rows)


def fill_the_journal(disk: Path) -> None:
    """Mean orders until the disk is full, and go on when there is room; print how often one was refused."""
    ballast = disk / "ballast"
    with closing(PeeweeJournal(disk / "journal.db", "jainam_prop", "")) as journal:
        noted = refused = 0
        for room in range(0, 400, 16):
            ballast.write_bytes(b"\0" * max(shutil.disk_usage(disk).free - room * 1024, 0))
            for number in range(3):
                try:
                    journal.meant(meant(f"T{room}-{number}"))
                    noted += 1
                except Halted as error:
                    if not any(words in str(error) for words in ("is full", "may be full")):
                        raise
                    refused += 1
            ballast.unlink()
            assert journal.latest() == noted
        assert journal.meant(meant("TX")) == noted + 1
        assert journal.verify().is_whole
    print(refused)
