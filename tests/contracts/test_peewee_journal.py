"""The journal in SQLite and in PostgreSQL keeps what journals promise, and what a database adds to that."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from contracts.journal_suite import DAYBREAK, NRML, JournalSuite, Opener, cancelled, ended, meant, written
from fakes.clock import MORNING
from fakes.postgres import execute
from fakes.samples import FUTURE
from jainam.adapters import peewee_journal
from jainam.adapters.peewee_journal import Audit, Flaw, PeeweeJournal
from jainam.domain.errors import Halted, JainamError, NotConfigured
from jainam.domain.journal import Entry, Verdict

_accounts = count()

# A process of its own, so that what forks has no threads; it forks, for a child of that is there at once.
ALONE = """
import os, random, signal, sys, time, traceback
from contracts.journal_suite import ended, meant
from contracts.test_peewee_journal import Verdict
from jainam.adapters.peewee_journal import PeeweeJournal

def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    return pid

location, durable = sys.argv[1], sys.argv[2] == "True"
"""
KILLED = """
down, up = os.pipe()

def endless():
    journal = PeeweeJournal(location, "jainam_prop", "", durable=durable)
    while True:
        number = journal.meant(meant(f"T{os.getpid()}"))
        os.write(up, b"%d\\n" % number)
        number = journal.ended(ended(f"T{os.getpid()}", Verdict.DONE))
        os.write(up, b"%d\\n" % number)

moments = random.Random(11)
for _ in range(20):
    pid = child(endless)
    told = os.read(down, 1)  # it is at work
    time.sleep(moments.uniform(0, 0.01))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.write(1, told + os.read(down, 65536))
"""
TOGETHER = """
def some():
    while time.time() < start:
        pass
    journal = PeeweeJournal(location, "jainam_prop", "", durable=durable)
    for number in range(20):
        journal.meant(meant(f"T{os.getpid()}x{number}"))

start = time.time() + 0.05
children = [child(some) for _ in range(8)]
print([os.waitpid(pid, 0)[1] for pid in children])
"""
FORKED = """
journal = PeeweeJournal(location, "jainam_prop", "", durable=durable)
journal.meant(meant("before"))
down, up = os.pipe()

def late():
    journal.meant(meant("child1"))
    os.read(down, 1)
    journal.meant(meant("child2"))

pid = child(late)
journal.meant(meant("parent"))
journal.close()
os.write(up, b"!")
print(os.waitpid(pid, 0)[1])
"""
PUT_IN = """
INSERT INTO order_journal (number, broker, account, at, what, key, value, chain)
VALUES ({}, '', '', '', '', '', '', '')
"""


def alone(code: str, location: str, durable: bool = True) -> str:
    """What a process of its own prints that runs *code* on the journal there."""
    folder = str(Path(__file__).parents[1])
    paths = os.pathsep.join(path for path in (folder, *sys.path) if path)
    ran = subprocess.run(
        [sys.executable, "-c", ALONE + code, location, str(durable)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == ""
    return ran.stdout


class PeeweeSuite(JournalSuite):
    """Asks for `location` and `sql`."""

    untie: tuple[str, ...] = ()
    """The statements that take the triggers away."""

    @pytest.fixture
    def location(self) -> str:
        """An empty database."""
        raise NotImplementedError

    @pytest.fixture
    def sql(self) -> Callable[[str], list[Any]]:
        """What the database itself answers."""
        raise NotImplementedError

    @pytest.fixture
    def named(self, location: str) -> Iterator[Callable[[str, str], PeeweeJournal]]:
        """Opens the journal of a broker and an account."""
        with ExitStack() as stack:
            yield lambda broker, account: stack.enter_context(closing(PeeweeJournal(location, broker, account)))

    @pytest.fixture
    def opened(self, named: Callable[[str, str], PeeweeJournal]) -> Opener:
        return lambda: named("jainam_prop", f"CLIENT{next(_accounts)}")

    @pytest.fixture
    def store(self, named: Callable[[str, str], PeeweeJournal]) -> PeeweeJournal:
        return named("jainam_prop", "")

    def test_waits(self, store: PeeweeJournal) -> None:
        """An event loop must not call it."""
        assert store.is_slow

    def test_accounts_are_apart(self, named: Callable[[str, str], PeeweeJournal]) -> None:
        """Two accounts and two brokers in one database never see each other, under one tag even."""
        ours, theirs, others = (
            named("jainam_prop", "CLIENT01"),
            named("jainam_prop", "CLIENT02"),
            named("compositedge", "CLIENT01"),
        )
        empty = named("compositedge", "")
        numbers = written(ours, first := meant("T1"))
        numbers += written(theirs, second := meant("T1"), ended("T1", Verdict.DONE))
        numbers += written(others, third := meant("T1"))

        assert numbers == [1, 2, 3, 4]
        assert [journal.latest() for journal in (ours, theirs, others, empty)] == [1, 3, 4, 0]
        assert [found.intent for found in ours.unsettled(DAYBREAK)] == [first]
        assert [found.intent for found in ours.placed_on(FUTURE.key, NRML, DAYBREAK)] == [first]
        assert theirs.unsettled(DAYBREAK) == ()
        assert [found.intent for found in theirs.placed_on(FUTURE.key, NRML, DAYBREAK)] == [second]
        assert list(others.entries_since(DAYBREAK)) == [Entry(4, third)]
        assert list(empty.entries_since(DAYBREAK)) == []
        assert empty.accounts() == (
            ("compositedge", "CLIENT01"),
            ("jainam_prop", "CLIENT01"),
            ("jainam_prop", "CLIENT02"),
        )

    def test_outlives_the_process(self, named: Callable[[str, str], PeeweeJournal]) -> None:
        """What one journal wrote, another opened later reads, and goes on numbering where it ended."""
        named("jainam_prop", "").meant(meant("T1"))
        later = named("jainam_prop", "")

        assert [found.intent.tag for found in later.unsettled(DAYBREAK)] == ["T1"]
        assert later.ended(ended("T1", Verdict.DONE)) == 2

    def test_many_pages(self, store: PeeweeJournal, monkeypatch: pytest.MonkeyPatch) -> None:
        """More entries than are read at a time come all the same, each once."""
        monkeypatch.setattr(peewee_journal, "PAGE", 10)
        for number in range(21):
            store.meant(meant(f"T{number}"))

        assert [entry.number for entry in store.entries_since(DAYBREAK)] == list(range(1, 22))
        assert [entry.number for entry in store.entries_since(DAYBREAK, after=19)] == [20, 21]
        assert store.verify().entries == 21

    def test_all_that_was_meant(self, store: PeeweeJournal) -> None:
        """Between two moments everything meant is there as often as it was meant, with the ending it had then."""
        later = MORNING + (MORNING - DAYBREAK)
        written(
            store,
            first := cancelled("9001"),
            lost := ended("cancel 9001", Verdict.UNKNOWN),
            again := cancelled("9001"),
            early := ended("cancel 9001", Verdict.UNKNOWN),
            done := ended("cancel 9001", Verdict.DONE),
            meant("T1", at=later),
        )
        assert early != done

        found = store.meant_between(DAYBREAK, later)
        assert [(one.number, one.intent, one.ending) for one in found] == [(1, first, lost), (3, again, done)]
        assert [one.intent.tag for one in store.meant_between(later, later + (later - DAYBREAK))] == ["T1"]

    def test_columns_say_what_the_value_says(self, store: PeeweeJournal, sql: Callable[[str], list[Any]]) -> None:
        """Whoever looks at the table finds every part of an entry in a column, prices digit for digit, times in UTC."""
        terms: dict[str, Any] = {"price": "25000.10", "quantity": 150}
        written(store, meant("T1", **terms), ended("T1", Verdict.REFUSED, words="RMS: ₹ 5 short"), cancelled("9001"))

        rows = sql(
            "SELECT number, broker, account, at, what, deed, key, tag, order_id, symbol, exchange, token, product,"
            " side, quantity, price, is_exit, held, caller, verdict, words FROM order_journal ORDER BY number"
        )
        head = ("jainam_prop", "", "2026-01-12T04:45:00.000000Z")
        order_, nothing = ("NIFTY30JUN26FUT", "NFO", 62329, "NRML", "BUY", 150, "25000.10"), (None,) * 7
        assert rows == [
            (1, *head, "meant", "place", "T1", "T1", None, *order_, 0, None, "a test", None, None),
            (2, *head, "ended", None, "T1", None, None, *nothing, None, None, None, "refused", "RMS: ₹ 5 short"),
            (3, *head, "meant", "cancel", "cancel 9001", None, "9001", *nothing, 0, None, "", None, None),
        ]

    # --- nothing is rewritten ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize("statement", ["UPDATE order_journal SET words = ''", "DELETE FROM order_journal"])
    def test_rewriting_is_refused(self, store: PeeweeJournal, sql: Callable[[str], list[Any]], statement: str) -> None:
        """The database itself refuses to change or remove an entry."""
        written(store, meant("T1"))

        with pytest.raises(Exception, match="the journal is never rewritten"):
            sql(statement)
        assert store.verify().entries == 1

    def test_whole(self, store: PeeweeJournal, sql: Callable[[str], list[Any]]) -> None:
        """A journal as it was written is whole, an empty one as well, and its newest digest changes with each entry."""
        assert store.verify() == Audit(0, "0" * 64)
        audits = []
        for what in (meant("T1"), ended("T1", Verdict.DONE)):
            written(store, what)
            audits.append(store.verify())

        assert [audit.is_whole for audit in audits] == [True, True]
        assert [audit.entries for audit in audits] == [1, 2]
        assert [(audits[1].newest,)] == sql("SELECT chain FROM order_journal_head")
        assert audits[0].newest != audits[1].newest

    @pytest.mark.parametrize(
        ("statement", "number", "words"),
        [
            ("UPDATE order_journal SET words = 'filled' WHERE number = 2", 2, "is not what was written after"),
            ("UPDATE order_journal SET quantity = 76 WHERE number = 1", 1, "is not what was written after"),
            ("UPDATE order_journal SET at = '2026-01-12T04:45:00.000001Z' WHERE number = 3", 3, "is not what was"),
            ("UPDATE order_journal SET account = 'CLIENT02' WHERE number = 3", 3, "is not what was written after"),
            ("UPDATE order_journal SET value = replace(value, '75', '76') WHERE number = 1", 1, "is not what was"),
            ("UPDATE order_journal SET chain = '0' WHERE number = 2", 2, "is not what was written after"),
            ("DELETE FROM order_journal WHERE number = 1", 1, "is missing"),
            ("DELETE FROM order_journal WHERE number = 2", 2, "is missing"),
            ("DELETE FROM order_journal WHERE number = 4", 4, "is missing, like all after it up to 4"),
            ("DELETE FROM order_journal", 1, "is missing, like all after it up to 4"),
            ("UPDATE order_journal SET number = 9 WHERE number = 3", 3, "is missing"),
            ("UPDATE order_journal_head SET chain = '0'", 4, "is not what was written last"),
            ("UPDATE order_journal_head SET number = 3", 3, "is not what was written last"),
            (PUT_IN.format(5), 5, "was put there by something else"),
        ],
    )  # fmt: skip
    def test_rewriting_is_found(
        self, store: PeeweeJournal, sql: Callable[[str], list[Any]], statement: str, number: int, words: str
    ) -> None:
        """Whatever is rewritten, removed or put in past the triggers, the first entry concerned is named."""
        written(store, meant("T1"), ended("T1", Verdict.DONE), meant("T2"), ended("T2", Verdict.DONE))
        for one in (*self.untie, statement):
            sql(one)

        audit = store.verify()

        assert not audit.is_whole
        assert audit.flaw is not None
        assert audit.flaw.number == number
        assert audit.flaw.words.startswith(words)

    def test_hidden_entry_stops_the_orders(self, store: PeeweeJournal, sql: Callable[[str], list[Any]]) -> None:
        """Where something else has put an entry, nothing is sent until somebody has looked."""
        sql(PUT_IN.format(1))

        with pytest.raises(Halted, match="nothing was sent: the journal cannot be written"):
            store.meant(meant("T1"))
        assert store.verify() == Audit(0, "0" * 64, Flaw(1, "was put there by something else"))

    # --- other forms of it -------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            (
                "UPDATE order_journal_head SET format = 2",
                r"a newer jainam; update this one \(its format is 2, and this",
            ),
            ("UPDATE order_journal_head SET format = 0", r"something else \(its format is 0, and this one knows 1\)"),
            ("DELETE FROM order_journal_head", r"something else \(its format is 0, and this one knows 1\)"),
        ],
    )
    def test_other_forms_are_left_alone(
        self, store: PeeweeJournal, location: str, sql: Callable[[str], list[Any]], statement: str, words: str
    ) -> None:
        """A journal of a form unknown here is neither opened nor written, even when it was opened before."""
        sql(statement)

        with pytest.raises(NotConfigured, match=f"JAINAM_DATABASE was written by {words}"):
            PeeweeJournal(location, "jainam_prop", "")
        with pytest.raises(Halted, match=f"nothing was sent: the journal cannot be written: .*{words}"):
            store.meant(meant("T1"))
        with pytest.raises(NotConfigured, match=words):
            store.verify()
        assert sql("SELECT * FROM order_journal") == []

    def test_only_looking_makes_nothing(self, location: str, sql: Callable[[str], list[Any]]) -> None:
        """Where no journal is, looking for one says so and leaves the database as it is."""
        sql("CREATE TABLE anything (n INTEGER)")
        with pytest.raises(NotConfigured, match="there is no journal in the database named by JAINAM_DATABASE"):
            PeeweeJournal(location, "jainam_prop", "", create=False)

        with pytest.raises(Exception, match="order_journal"):
            sql("SELECT * FROM order_journal_head")
        with closing(PeeweeJournal(location, "jainam_prop", "")) as journal:
            journal.meant(meant("T1"))
        with closing(PeeweeJournal(location, "jainam_prop", "", create=False)) as journal:
            assert journal.latest() == 1

    # --- processes ---------------------------------------------------------------------------------------------------

    def test_survives_being_killed(self, store: PeeweeJournal, location: str) -> None:
        """Of a writer killed at any moment, whole entries are left, and all of those it had been told of (X1)."""
        told = [int(line) for line in alone(KILLED, location).split()]

        assert len(told) >= 20
        assert told == sorted(set(told))
        assert {entry.number for entry in store.entries_since(DAYBREAK)} >= set(told)
        audit = store.verify()
        assert audit.is_whole
        assert audit.entries >= max(told)

    def test_many_processes(self, location: str) -> None:
        """Processes that make the tables and write all at once leave one chain with every entry in it."""
        assert alone(TOGETHER, location).strip() == str([0] * 8)

        with closing(PeeweeJournal(location, "jainam_prop", "")) as store:
            tags = [found.intent.tag for found in store.unsettled(DAYBREAK)]
            assert len(tags) == len(set(tags)) == 160
            audit = store.verify()
            assert (audit.is_whole, audit.entries) == (True, 160)

    def test_forks(self, store: PeeweeJournal, location: str) -> None:
        """Parent and child of a fork both go on with the journal, and nothing is lost when either closes it."""
        assert alone(FORKED, location).strip() == "0"

        tags = [found.intent.tag for found in store.unsettled(DAYBREAK)]
        assert sorted(filter(None, tags)) == ["before", "child1", "child2", "parent"]
        assert store.verify().is_whole

    def test_use_after_closing(self, store: PeeweeJournal) -> None:
        """A closed journal still answers late writers, and has nothing open afterwards."""
        store.close()
        assert store.meant(meant("T1")) == 1
        assert store.latest() == 1
        assert store._connection._database is None


class TestDurableFile(PeeweeSuite):
    untie = tuple(f"DROP TRIGGER order_journal_{name}" for name in ("update", "delete", "replace"))

    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        return str(tmp_path / "journal.db")

    @pytest.fixture
    def sql(self, location: str) -> Callable[[str], list[Any]]:
        def answered(statement: str) -> list[Any]:
            with closing(sqlite3.connect(location)) as connection, connection:
                return connection.execute(statement).fetchall()

        return answered


class TestFile(JournalSuite):
    """Without waiting for the disk: the same promises, but for a power cut."""

    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Opener]:
        with ExitStack() as stack:
            yield lambda: stack.enter_context(
                closing(PeeweeJournal(tmp_path / "a.db", "jainam_prop", f"C{next(_accounts)}", durable=False))
            )

    def test_survives_being_killed(self, tmp_path: Path) -> None:
        """A process that is killed loses nothing of what it had written."""
        location = str(tmp_path / "a.db")
        told = [int(line) for line in alone(KILLED, location, durable=False).split()]

        assert len(told) >= 20
        with closing(PeeweeJournal(location, "jainam_prop", "")) as store:
            assert {entry.number for entry in store.entries_since(DAYBREAK)} >= set(told)
            assert store.verify().is_whole


@pytest.fixture(scope="module")
def database(postgres_server: str) -> str:
    """A database for all: an account or a schema is made much faster than a database for each test."""
    execute(postgres_server, "CREATE DATABASE journals")
    return f"{postgres_server.rpartition('/')[0]}/journals"


class TestServer(PeeweeSuite):
    untie = ("DROP TRIGGER order_journal_rewrite ON order_journal",)

    @pytest.fixture
    def opened(self, database: str) -> Iterator[Opener]:
        with ExitStack() as stack:
            yield lambda: stack.enter_context(
                closing(PeeweeJournal(database, "jainam_prop", f"CLIENT{next(_accounts)}"))
            )

    @pytest.fixture
    def location(self, database: str) -> str:
        schema = f"journal{next(_accounts)}"
        execute(database, f"CREATE SCHEMA {schema}")
        return f"{database}?options=-csearch_path%3D{schema}"

    @pytest.fixture
    def sql(self, location: str) -> Callable[[str], list[Any]]:
        return lambda statement: execute(location, statement)

    def test_emptying_is_refused(self, store: PeeweeJournal, location: str) -> None:
        """TRUNCATE is refused like the rest."""
        written(store, meant("T1"))
        with pytest.raises(Exception, match="the journal is never rewritten"):
            execute(location, "TRUNCATE order_journal")

    def test_lost_connection(self, store: PeeweeJournal, location: str) -> None:
        """A server that hung up is called again, for an entry as for a question."""
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jainam journal'"
        written(store, meant("T1"))
        execute(location, cut)
        written(store, meant("T2"))
        execute(location, cut)

        assert [found.intent.tag for found in store.unsettled(DAYBREAK)] == ["T1", "T2"]
        assert store.verify().is_whole

    def test_trouble_names_no_password(self, location: str) -> None:
        """A head that somebody keeps locked is an error without statement, URL or password."""
        import psycopg2

        password = location.partition("@")[0].rpartition(":")[2]
        location += "%20-clock_timeout%3D50"
        with (
            closing(PeeweeJournal(location, "jainam_prop", "")) as store,
            closing(psycopg2.connect(location)) as holder,
        ):
            holder.cursor().execute("SELECT * FROM order_journal_head FOR UPDATE")
            for what in (meant("T1"), ended("T1", Verdict.DONE)):
                with pytest.raises(JainamError, match="PostgreSQL refused or did not answer") as caught:
                    written(store, what)
                assert password not in f"{caught.value!r} {store!r}"
                assert "order_journal" not in str(caught.value)
                assert caught.value.__suppress_context__

    def test_server_that_is_not_there(self, location: str) -> None:
        """A database that cannot be reached is named by its setting, without the password."""
        password = location.partition("@")[0].rpartition(":")[2]
        with pytest.raises(NotConfigured, match="JAINAM_DATABASE cannot be used: PostgreSQL refused") as caught:
            PeeweeJournal(location.replace("journals", "nothing"), "jainam_prop", "")
        assert password not in str(caught.value)
