"""What holds for the journal on SQLite alone: trouble with the file, questions that stay quick, and connections."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import peewee
import pytest

from contracts.journal_suite import DAYBREAK, NRML, ended, meant, written
from fakes.clock import MORNING
from fakes.samples import FUTURE
from jainam.adapters import databases, one_connection
from jainam.adapters.databases import Place
from jainam.adapters.one_connection import OneConnection
from jainam.adapters.peewee_journal import PeeweeJournal
from jainam.domain.errors import Halted, JainamError, NotConfigured
from jainam.domain.journal import Ending, Intent, Verdict

CANARY = "canary-4f2a-password"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "jainam.db"


@pytest.fixture
def store(file: Path) -> Iterator[PeeweeJournal]:
    with closing(PeeweeJournal(file, "jainam_prop", "")) as store:
        yield store


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr(databases, "BUSY_SECONDS", 0.02)
    monkeypatch.setattr(one_connection, "BUSY_SECONDS", 0.02)


def check_refusals(store: PeeweeJournal, reason: str) -> None:
    """Both say *reason*; the one that nothing was sent, the other nothing of that kind."""
    caught = []
    for what in (meant("T1"), ended("T1", Verdict.DONE)):
        with pytest.raises(JainamError) as refused:
            written(store, what)
        caught.append(refused.value)
    intent, ending = caught
    assert type(intent) is Halted
    assert str(intent) == f"nothing was sent: the journal cannot be written: {reason}"
    assert type(ending) is JainamError  # not one that says what became of the order
    assert str(ending) == (f"T1 ended as done, which the journal does not know since it cannot be written: {reason}")
    for error in (intent, ending):
        assert error.__suppress_context__


def test_full_disk(store: PeeweeJournal) -> None:
    """When the disk is full nothing is sent, the words say what to do, and with room again it goes on."""
    written(store, meant("T0"))
    setting_up = store._connection.set_up

    def crowded(database: Any) -> None:
        setting_up(database)
        database.execute_sql("PRAGMA max_page_count = 1")  # which SQLite takes as: no more pages than there are

    store.close()
    store._connection = OneConnection(store._place, crowded)
    for number in range(100):  # until those have no room
        try:
            store.meant(meant(f"F{number}"))
        except Halted:
            break
    check_refusals(store, "the disk is full; free some space")

    store._connection = OneConnection(store._place, setting_up)
    number = store.latest()
    assert store.meant(meant("T1")) == number + 1
    assert store.verify().is_whole


@pytest.mark.usefixtures("hasty")
def test_locked_by_another_program(file: Path) -> None:
    """Waiting for the lock has an end, and then nothing is sent; later it goes on."""
    with closing(PeeweeJournal(file, "jainam_prop", "")) as store, closing(sqlite3.connect(file)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        check_refusals(store, "another program keeps the database locked")
        assert store.latest() == 0  # who only reads waits for nobody
        holder.rollback()
        assert store.meant(meant("T1")) == 1


@pytest.mark.usefixtures("hasty")
def test_busy_with_others_of_this_process(store: PeeweeJournal) -> None:
    """A thread that cannot get its turn does not wait for ever."""
    begun, over = threading.Event(), threading.Event()

    def slow(database: Any) -> None:
        begun.set()
        over.wait(10)

    thread = threading.Thread(target=store._connection.do, args=(slow,))
    thread.start()
    begun.wait(10)
    try:
        check_refusals(store, "others in this process take too long")
        assert not store._connection.pause()  # and a fork does not wait for ever either
    finally:
        over.set()
        thread.join()
    assert store.meant(meant("T1")) == 1


def test_opening_waits_for_the_lock_that_wal_needs(file: Path) -> None:
    """A new file that another connection holds for a moment is waited for."""
    with closing(sqlite3.connect(file, check_same_thread=False)) as holder:
        holder.execute("CREATE TABLE anything (n)")
        holder.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.05, holder.rollback)
        release.start()
        with closing(PeeweeJournal(file, "jainam_prop", "")) as store:
            assert store.meant(meant("T1")) == 1
        release.join()


@pytest.mark.usefixtures("hasty")
def test_file_that_stays_locked(file: Path) -> None:
    """A new file that somebody keeps is named by its setting."""
    with closing(sqlite3.connect(file)) as holder:
        holder.execute("CREATE TABLE anything (n)")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(NotConfigured, match="JAINAM_DATABASE cannot be used: another program keeps"):
            PeeweeJournal(file, "jainam_prop", "")


def test_no_database(file: Path) -> None:
    """A file that is no database is named by its setting, with the reason and without its path."""
    file.write_bytes(b"this is a letter to my aunt " * 100)

    with pytest.raises(NotConfigured, match="JAINAM_DATABASE cannot be used: file is not a database") as caught:
        PeeweeJournal(file, "jainam_prop", "")
    assert str(file) not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "reason"),
    [("a folder", "its file cannot be opened"), ("file/journal.db", "File exists|Not a directory")],
)
def test_place_for_no_file(tmp_path: Path, place: str, reason: str) -> None:
    """A place where no file can be is named by its setting, without the path."""
    (tmp_path / "a folder").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(NotConfigured, match=f"JAINAM_DATABASE cannot be used: ({reason})") as caught:
        PeeweeJournal(tmp_path / place, "jainam_prop", "")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("location", ["", ":memory:", "sqlite://", "sqlite:///:memory:", f"mysql://me:{CANARY}@db/x"])
def test_no_such_kind_of_database(location: str) -> None:
    """What would be forgotten at once, or is of a kind unknown here, is refused without being quoted."""
    with pytest.raises(NotConfigured, match="JAINAM_DATABASE must name a file or a postgresql:// URL") as caught:
        PeeweeJournal(location, "jainam_prop", "")
    assert CANARY not in str(caught.value)


def test_place_hides_the_password() -> None:
    """A place can be shown."""
    assert CANARY not in repr(Place.named(f"postgresql://me:{CANARY}@db/x"))


def test_driver_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a driver the error says which extra brings it."""

    def without_driver(place: Place) -> Any:
        raise peewee.ImproperlyConfigured("PostgreSQL driver not installed!")

    monkeypatch.setattr(Place, "database", without_driver)
    with pytest.raises(NotConfigured, match=re.escape("needs a PostgreSQL driver: pip install 'jainam[postgres]'")):
        PeeweeJournal(f"postgresql://me:{CANARY}@127.0.0.1/x", "jainam_prop", "")


@pytest.mark.parametrize("named", [lambda file: str(file), lambda file: f"sqlite:///{file}", lambda file: file])
def test_ways_to_name_a_file(file: Path, named: Callable[[Path], str | Path]) -> None:
    """A database is named by a path or a ``sqlite:///`` URL, and its folder is made."""
    file = file.parent / "new folder" / "journal.db"
    with closing(PeeweeJournal(named(file), "jainam_prop", "")) as store:
        store.meant(meant("T1"))
    assert file.exists()


def test_only_looking_makes_no_file(file: Path) -> None:
    """Where no file is, looking for a journal says so and makes none."""
    with pytest.raises(NotConfigured, match="there is no journal of the database named by JAINAM_DATABASE"):
        PeeweeJournal(file, "jainam_prop", "", create=False)
    assert not file.exists()


def test_beside_the_contracts(file: Path) -> None:
    """The journal lives in the file of other tables, and leaves them alone."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE symbol_token (token INTEGER)")
        connection.execute("INSERT INTO symbol_token VALUES (2885)")
    with closing(PeeweeJournal(file, "jainam_prop", "")) as store:
        store.meant(meant("T1"))
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT token FROM symbol_token").fetchall() == [(2885,)]


def test_replacing_is_refused(store: PeeweeJournal, file: Path) -> None:
    """INSERT OR REPLACE, which removes without a word, is refused too."""
    written(store, meant("T1"))
    with closing(sqlite3.connect(file)) as connection, pytest.raises(sqlite3.DatabaseError, match="never rewritten"):
        connection.execute("INSERT OR REPLACE INTO order_journal SELECT * FROM order_journal")
    assert store.verify().is_whole


def test_strange_bytes_are_found(store: PeeweeJournal, file: Path) -> None:
    """A column that holds what no column holds is a flaw like another."""
    written(store, meant("T1"))
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TRIGGER order_journal_update")
        connection.execute("UPDATE order_journal SET words = x'00ff'")
    flaw = store.verify().flaw
    assert flaw is not None
    assert flaw.number == 1


def test_page_that_broke(store: PeeweeJournal, file: Path) -> None:
    """A file that is damaged in the middle is reported in words, not as the driver's error."""
    for number in range(40):
        store.meant(meant(f"T{number}"))
    store.close()
    with file.open("r+b") as damaged:
        damaged.seek(8192)
        damaged.write(b"\xff" * (file.stat().st_size - 8192))

    with pytest.raises(NotConfigured, match="JAINAM_DATABASE cannot be used: ") as caught:
        store.verify()
    assert str(file) not in str(caught.value)


def test_stopped_between_two_rows(store: PeeweeJournal) -> None:
    """Trouble that comes while rows are read is reported in the same words, and the next question is answered."""
    for number in range(60):
        store.meant(meant(f"T{number}"))
    patience = iter([0] * 500)
    store._reader.do(lambda database: database.connection().set_progress_handler(lambda: next(patience, 1), 1))

    with pytest.raises(NotConfigured, match="JAINAM_DATABASE cannot be used: interrupted"):
        store.verify()
    assert store.verify().entries == 60


def test_reading_does_not_wait_for_the_disk(store: PeeweeJournal) -> None:
    """Who asks while somebody else's entry is on its way to the disk is answered from what is there already."""
    store.meant(meant("T1"))
    found: list[int] = []
    asking = threading.Thread(target=lambda: found.append(store.latest()), daemon=True)

    def written_meanwhile(database: Any) -> None:
        database.execute_sql("BEGIN IMMEDIATE")
        asking.start()
        asking.join(5)
        database.execute_sql("ROLLBACK")

    store._connection.do(written_meanwhile)
    assert found == [1]


def test_one_connection_and_none_when_closed(file: Path) -> None:
    """Threads share their connections, and once closed the journal leaves the database file alone in its folder."""
    with ExitStack() as stack:
        store = stack.enter_context(closing(PeeweeJournal(file, "jainam_prop", "")))
        threads = [threading.Thread(target=store.meant, args=(meant(f"T{number}"),)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.latest() == 8
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("durable", [True, False])
def test_durable_waits_for_the_disk(file: Path, durable: bool) -> None:
    """A durable journal has SQLite wait for the disk with each entry."""
    with closing(PeeweeJournal(file, "jainam_prop", "", durable=durable)) as store:
        asked = store._connection.do(lambda database: database.execute_sql("PRAGMA synchronous").fetchone())
    assert asked == (2 if durable else 1,)


def test_interrupted_write_is_undone(store: PeeweeJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of an entry leaves no half of it, and no lock."""

    def stopped(database: Any) -> None:
        database.execute_sql("BEGIN IMMEDIATE")
        database.execute_sql("UPDATE order_journal_head SET number = 7")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store._connection.do(stopped)
    assert store.meant(meant("T1")) == 1


QUESTIONS: list[Callable[[PeeweeJournal], object]] = [
    lambda store: store.latest(),
    lambda store: store.placed_on(FUTURE.key, NRML, DAYBREAK),
    lambda store: store.unsettled(DAYBREAK),
    lambda store: store.meant_between(DAYBREAK, MORNING),
    lambda store: list(store.entries_since(DAYBREAK)),
    lambda store: list(store.entries_since(DAYBREAK, after=store.latest() - 3)),
]


@pytest.mark.parametrize("question", range(len(QUESTIONS)))
def test_no_question_reads_years(tmp_path: Path, question: int) -> None:
    """However many years a journal holds, a question about a day costs what the day costs."""

    def steps(old: int) -> int:
        """How many steps SQLite takes to answer in a journal with that many entries of long ago."""
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        with closing(PeeweeJournal(tmp_path / f"{old}.db", "jainam_prop", "", durable=False)) as store:
            for number in range(old):
                store.meant(meant(f"old{number}", at=MORNING - dt.timedelta(days=300 - number)))
            for number in range(8):
                store.meant(meant(f"T{number}"))
            store._reader.do(lambda database: database.connection().set_progress_handler(count, 1))
            QUESTIONS[question](store)
            store._reader.do(lambda database: database.connection().set_progress_handler(None, 1))
        return steps

    assert 0 < steps(2) == steps(150)


def test_values_too_large_for_a_column_are_kept(store: PeeweeJournal, file: Path) -> None:
    """A number that no column has room for, and text no database takes, are in the value still."""
    odd = meant("T1", quantity=2**70)
    ending = Ending(key="T1", at=MORNING, verdict=Verdict.UNKNOWN, words="\0\udcff ₹")
    written(store, odd, ending)

    whats: list[Intent | Ending] = [entry.what for entry in store.entries_since(DAYBREAK)]
    assert whats == [odd, ending]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT quantity, words FROM order_journal").fetchall() == [
            (None, None),
            (None, "\N{REPLACEMENT CHARACTER}? ₹"),
        ]
