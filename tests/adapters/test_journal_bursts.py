"""A burst of orders waits for the disk together: one transaction, one fate, and nothing written for nobody."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from contracts.journal_suite import ended, meant
from jainam.adapters import one_connection
from jainam.adapters.peewee_journal import PeeweeJournal, _Unwritten
from jainam.domain.errors import Halted
from jainam.domain.journal import Verdict


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[PeeweeJournal]:
    with closing(PeeweeJournal(str(tmp_path / "jainam.sqlite"), "jainam_prop", "CLIENT01")) as opened:
        yield opened


@contextmanager
def the_disk_is_busy(journal: PeeweeJournal, writers: int) -> Iterator[None]:
    """So many threads queue up behind one that writes; all of them are let on together in the end."""
    with journal._connection._turn:
        yield
        until = time.monotonic() + 5
        while len(journal._unwritten) < writers and time.monotonic() < until:
            time.sleep(0.001)


def burst(journal: PeeweeJournal, count: int) -> list[object]:
    """What each of so many threads got that wrote an intent at once."""
    found: list[object] = []

    def write(tag: str) -> None:
        try:
            found.append(journal.meant(meant(tag)))
        except BaseException as error:  # noqa: BLE001 - it is what is looked at
            found.append(error)

    threads = [Thread(target=write, args=(f"T{number}",)) for number in range(count)]
    with the_disk_is_busy(journal, count):
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(10)
    return found


def test_a_burst_is_one_transaction(journal: PeeweeJournal) -> None:
    """Entries that wait at the same time get numbers of their own, and one commit."""
    said: list[str] = []
    journal._connection.do(lambda database: database.connection().set_trace_callback(said.append))

    numbers = burst(journal, 4)

    assert sorted(str(number) for number in numbers) == ["1", "2", "3", "4"]
    assert said.count("COMMIT") == 1
    audit = journal.verify()
    assert audit.is_whole
    assert audit.entries == 4


def _refuse(error: BaseException) -> Callable[..., Any]:
    def append(*_: object) -> Any:
        raise error

    return append


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), sqlite3.OperationalError("No space left on device")]
)
def test_one_trouble_is_the_trouble_of_all(
    journal: PeeweeJournal, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """When the transaction fails none of its orders leaves, nothing waits any more, and the next ones are written."""
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_append_to_file", _refuse(error))
        found = burst(journal, 3)

    assert [type(each) for each in found] == [Halted] * 3
    assert all("No space left on device" in str(each) for each in found)
    assert not journal._unwritten
    assert journal.meant(meant("T9")) == 1


def test_ctrl_c_in_one_thread_halts_the_others(journal: PeeweeJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was interrupted says so, and whoever had an entry beside it does not send what may not be written."""
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_append_to_file", _refuse(KeyboardInterrupt()))
        found = burst(journal, 2)

    assert sorted(type(error).__name__ for error in found) == ["Halted", "KeyboardInterrupt"]
    assert journal.latest() == 0


def test_a_table_that_is_gone_is_told_to_all(journal: PeeweeJournal) -> None:
    """What SQLite says to one thread is told to the others in the same words."""
    journal._connection.do(lambda database: database.execute_sql("DROP TABLE order_journal"))

    found = burst(journal, 2)

    assert len({str(error) for error in found}) == 1
    assert "no such table" in str(found[0])


def test_an_entry_that_nobody_waits_for_is_not_written(journal: PeeweeJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order that was given up because the disk took too long does not turn up in the journal later."""
    monkeypatch.setattr(one_connection, "BUSY_SECONDS", 0.02)

    with journal._connection._turn, pytest.raises(Halted):
        journal.meant(meant("T1"))

    assert journal.meant(meant("T2")) == 1
    assert journal.ended(ended("T2", Verdict.REFUSED)) == 2


def test_a_forked_child_writes_nothing_of_its_parent(journal: PeeweeJournal) -> None:
    """Entries that threads of the parent were waiting for at the fork are the parent's to write."""
    journal._unwritten.append(_Unwritten(("of another",), pid=-1))

    assert journal.meant(meant("T1")) == 1
    assert journal.verify().is_whole
