"""What all processes of a client remember together keeps the promises, whatever becomes of the files."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import jainam
from contracts.tally_suite import TallySuite, after
from fakes.clock import MORNING
from jainam.adapters import tally_files
from jainam.adapters.tally_files import FileTally
from jainam.domain.errors import Halted
from jainam.domain.guards import DayPnl

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(jainam.__file__).parents[1])}


def tally_in(folder: Path) -> FileTally:
    return FileTally(folder / "data" / "halt.orders", folder / "data" / "halt.pnl")


def failing(number: int) -> Any:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


class TestFileTally(TallySuite):
    @pytest.fixture
    def tally(self, tmp_path: Path) -> FileTally:
        return tally_in(tmp_path)


def test_processes_count_together(tmp_path: Path) -> None:
    """What one process sent, the next one finds."""
    assert tally_in(tmp_path).count(after(0), 2) == 0
    assert tally_in(tmp_path).count(after(1), 2) == 0

    assert tally_in(tmp_path).count(after(2), 2) == 58
    assert tally_in(tmp_path).counted(after(2)) == 2


def test_racing_processes_cannot_pass_the_limit_by_one(tmp_path: Path) -> None:
    """Six processes that ask as fast as they can are let through exactly as often as one of them would be."""
    code = (
        "import sys, datetime, pathlib; from jainam.adapters.tally_files import FileTally\n"
        f"tally = FileTally(pathlib.Path({str(tmp_path / 'orders')!r}), pathlib.Path('unused'))\n"
        "now = datetime.datetime(2026, 1, 12, 10, tzinfo=datetime.UTC)\n"
        "sys.stdin.readline()\n"
        "print(sum(not tally.count(now, 50) for _ in range(40)))"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
        )
        for _ in range(6)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    passed = [int(child.communicate()[0]) for child in children]

    assert sum(passed) == 50


def test_a_process_that_is_killed_while_it_counts_lets_go(tmp_path: Path) -> None:
    """The others go on at once, and no order it counted is forgotten."""
    tally = tally_in(tmp_path)
    tally.count(after(0), 9)
    code = (
        "import sys, pathlib; from jainam.adapters.tally_files import _alone\n"
        f"with _alone(pathlib.Path({str(tally.orders)!r})): print('held', flush=True); sys.stdin.readline()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT
    )
    assert child.stdout is not None
    assert child.stdin is not None
    child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    child.stdin.close()

    assert tally.count(after(1), 9) == 0
    assert tally.counted(after(1)) == 2


def test_a_process_that_hangs_while_it_counts_keeps_entries_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it for long, and what cannot be counted is not sent."""
    monkeypatch.setattr(tally_files, "PATIENCE", 0.02)
    tally = tally_in(tmp_path)
    tally.count(after(0), 9)

    with tally_files._alone(tally.orders), pytest.raises(Halted, match="another process is counting"):
        tally.count(after(1), 9)

    assert tally.counted(after(1)) == 1


@pytest.mark.parametrize("content", [b"x", b"ten orders, I believe", b"\0" * 15])
def test_a_garbled_count_is_a_full_minute(tmp_path: Path, content: bytes) -> None:
    """What was sent cannot be known, so nothing is sent for a minute; then the count is whole again."""
    tally = tally_in(tmp_path)
    tally.orders.parent.mkdir()
    tally.orders.write_bytes(content)
    with pytest.raises(Halted, match="cannot be read"):
        tally.counted(after(0))

    assert tally.count(after(0), 3) == 60
    assert tally.counted(after(0)) == 3
    assert tally.count(after(59), 3) == 1
    assert tally.count(after(60), 3) == 0
    assert tally.counted(after(60)) == 1


def test_numbers_that_are_no_times_count_for_nothing(tmp_path: Path) -> None:
    """A file of the right length that holds NaN and other centuries keeps nobody out."""
    tally = tally_in(tmp_path)
    tally.orders.parent.mkdir()
    tally.orders.write_bytes(b"\xff" * 16 + b"\0" * 8)

    assert tally.counted(MORNING) == 0
    assert tally.count(MORNING, 1) == 0


def test_old_orders_are_forgotten(tmp_path: Path) -> None:
    """The file does not grow with the day."""
    tally = tally_in(tmp_path)
    for minute in range(30):
        tally.count(after(60 * minute), 5)

    assert tally.orders.stat().st_size <= 3 * 8
    for _ in range(4):
        tally.count(after(7000), 5)
    tally.count(after(8000), 5)
    assert tally.orders.stat().st_size == 8
    assert (tally.orders.stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize(("name", "number"), [("open", errno.EACCES), ("write", errno.ENOSPC), ("read", errno.EIO)])
def test_an_order_that_cannot_be_counted_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    """A folder that cannot be written, a full disk and a broken one are told by their kind and without a path."""
    tally = tally_in(tmp_path)
    tally.count(after(0), 3)
    monkeypatch.setattr(os, name, failing(number))

    with pytest.raises(Halted, match=r"cannot be counted \(\w+\), so JAINAM_MAX_ORDERS_PER_MINUTE") as caught:
        tally.count(after(1), 3)
    assert str(tmp_path) not in str(caught.value)


def test_a_count_that_is_written_by_half_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes less than it was given has not kept the count."""
    monkeypatch.setattr(os, "write", lambda *_: 3)

    with pytest.raises(Halted, match="cannot be counted"):
        tally_in(tmp_path).count(after(0), 3)


def test_a_count_that_may_not_be_read_is_not_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who only looks is told that nobody can look."""
    monkeypatch.setattr(Path, "read_bytes", failing(errno.EACCES))

    with pytest.raises(Halted, match="cannot be read"):
        tally_in(tmp_path).counted(after(0))


def test_every_process_learns_of_the_profit_and_loss(tmp_path: Path) -> None:
    """What one process read, the others need not read again; the newest counts, wherever it was learned."""
    ours, theirs = tally_in(tmp_path), tally_in(tmp_path)
    ours.keep(DayPnl(Decimal("-10.50"), after(0)))
    assert theirs.latest() == DayPnl(Decimal("-10.50"), after(0))

    theirs.keep(DayPnl(Decimal(-11), after(2)))
    assert ours.latest() == DayPnl(Decimal(-11), after(2))
    assert (ours.pnl.stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        '{"amount": "1"}',
        '{"amount": "many", "at": "2026-01-12T10:00:00+05:30"}',
        '{"amount": "NaN", "at": "2026-01-12T10:00:00+05:30"}',
        '{"amount": "5", "at": "2026-01-12T10:00:00"}',
        '{"amount": "5", "at": "today"}',
        '{"amount": [1], "at": "2026-01-12T10:00:00+05:30"}',
    ],
)
def test_a_garbled_profit_and_loss_is_none(tmp_path: Path, content: str) -> None:
    """What cannot be understood is not known; a process that knows better goes on knowing."""
    tally = tally_in(tmp_path)
    tally.keep(DayPnl(Decimal(3), MORNING))
    tally.pnl.write_text(content)

    assert tally_in(tmp_path).latest() is None
    assert tally.latest() == DayPnl(Decimal(3), MORNING)


def test_where_it_cannot_be_written_this_process_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the others a read of their own, and nobody an order."""
    tally = tally_in(tmp_path)
    monkeypatch.setattr(os, "replace", failing(errno.ENOSPC))
    tally.keep(DayPnl(None, MORNING))

    assert tally.latest() == DayPnl(None, MORNING)
    assert tally_in(tmp_path).latest() is None
    assert os.listdir(tally.pnl.parent) == []
