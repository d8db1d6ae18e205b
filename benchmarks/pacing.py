"""What it costs to share limits and locks: with other threads, with other processes, and with other machines.

Run it with `make bench`, or by hand as `python benchmarks/pacing.py`. PostgreSQL is measured as well where
`POSTGRES_URL` names a database.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from itertools import count, repeat
from pathlib import Path

from support.figures import Figure, report, side_by_side

from jainam.adapters.file_locks import FileLocks
from jainam.adapters.pacer import Pacer
from jainam.adapters.shared_pacer import SharedPacer
from jainam.domain.pacing import Window
from jainam.ports.locks import Locks
from jainam.ports.pacing import Pacing

CALLS = 2000
ROUNDS = 9
KEY = ("smart", "jainam_prop", "NFO", "NIFTY27JAN26FUT", "MIS")
ORDER = (Window("place order", 25, 1), Window("orders NSEFO", 10, 1), Window("order calls", 1, 0.1))


def admitting(pacer: Pacing) -> Callable[[], None]:
    """Orders that come 0.2 s apart, so that each one may start at once."""
    times = count(1000, 0.2)

    def calls() -> None:
        for now in (next(times) for _ in repeat(None, CALLS)):
            assert pacer.admits(ORDER, now)

    return calls


def holding(locks: Locks) -> Callable[[], None]:
    """A lock that nobody else wants, held and given back."""

    def calls() -> None:
        for _ in repeat(None, CALLS):
            release = locks.try_hold(KEY)
            assert release is not None
            release()

    return calls


def least(path: Path) -> Callable[[], None]:
    """The system calls that sharing through a file takes: lock, look, read, write, unlock."""
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    content = b"x" * 400

    def calls() -> None:
        for _ in repeat(None, CALLS):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fstat(handle)
            os.pread(handle, 16384, 0)
            os.pwrite(handle, content, 0)
            fcntl.flock(handle, fcntl.LOCK_UN)

    return calls


def main() -> int:
    """Measure everything and print it."""
    figures = []
    with tempfile.TemporaryDirectory() as name, closing(SharedPacer(Path(name) / "pace")) as shared:
        alone, _, _ = side_by_side(admitting(Pacer()), admitting(Pacer()), ROUNDS)
        mine, floor, ratio = side_by_side(admitting(shared), least(Path(name) / "least"), ROUNDS)
        print(
            f"a call that may start at once: {alone / CALLS * 1e6:.1f} us within a process,"
            f" {mine / CALLS * 1e6:.1f} us shared by processes ({floor / CALLS * 1e6:.1f} us of it system calls)"
        )
        figures.append(Figure("start shared by processes / its system calls", ratio, 6))
        with closing(FileLocks(Path(name) / "locks")) as files:
            mine, floor, ratio = side_by_side(holding(files), least(Path(name) / "least"), ROUNDS)
            print(f"a lock shared by processes: {mine / CALLS * 1e6:.1f} us")
            figures.append(Figure("lock shared by processes / those system calls", ratio, 2.5))
    if url := os.environ.get("POSTGRES_URL"):
        from jainam.adapters.postgres_locks import PostgresLocks

        with closing(PostgresLocks(url)) as rows:
            mine, _, _ = side_by_side(holding(rows), admitting(Pacer()), 3)
            print(f"a lock shared by machines: {mine / CALLS * 1e6:.0f} us CPU, two questions to the database")
    return report(figures)


if __name__ == "__main__":
    sys.exit(main())
