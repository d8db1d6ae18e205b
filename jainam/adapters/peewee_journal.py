"""The journal in SQLite or PostgreSQL, beside the contracts, in a table that is only ever added to (X1).

Any number of processes and threads may write at once: a row gets its number and its digest under the lock that its
commit releases, so numbers, digests and commits have one order. What threads write while one of them waits for the disk
goes there together, so that a burst of orders waits for it twice and not for each of them.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import peewee
from attrs import define, field, frozen

from jainam.adapters.databases import Place, reason_of, settings_named, write_ahead
from jainam.adapters.journal_rows import COLUMNS, NO_DIGEST, content, digest, ending_in, entry_in, intent_in, row, stamp
from jainam.adapters.journal_tables import FORMAT, HEAD, prepare, strange_form
from jainam.adapters.one_connection import OneConnection
from jainam.domain.errors import Halted, JainamError, NotConfigured
from jainam.domain.instruments import SymbolKey
from jainam.domain.journal import Ending, Entry, Intent, Meant
from jainam.domain.vocabulary import Product

__all__ = ["Audit", "Flaw", "PeeweeJournal"]

PAGE = 500
"""How many entries are read at a time."""

_NAMES = ", ".join(("number", *COLUMNS, "chain"))
_INSERT = f"INSERT INTO order_journal ({_NAMES}) VALUES (?{', ?' * (len(COLUMNS) + 1)})"  # noqa: S608 (our own names)
_MOVE_HEAD = "UPDATE order_journal_head SET number = ?, chain = ?"
# All of it in one statement: its update waits for whoever holds the head, and then sees what he left there.
_APPEND_ON_SERVER = f"""
    WITH head AS (
        UPDATE order_journal_head
        SET number = number + 1, chain = encode(sha256(convert_to(chain || (number + 1) || ?, 'UTF8')), 'hex')
        WHERE format = ?
        RETURNING number, chain
    )
    INSERT INTO order_journal ({_NAMES}) SELECT head.number{", ?" * len(COLUMNS)}, head.chain FROM head
    RETURNING number
""".replace("?", "%s")  # noqa: S608
# What that relies on, whatever the server's owner has set otherwise; and how long anything may take.
_SERVER_SETTINGS = """
    SET default_transaction_isolation = 'read committed'; SET statement_timeout = '10s';
    SET application_name = 'jainam journal'; SET synchronous_commit =
"""

_LATEST = "SELECT max(number) FROM order_journal WHERE broker = ? AND account = ?"
_OURS_SINCE = "m.broker = ? AND m.account = ? AND m.at >= ?"
_SAME_LATER = "x.broker = m.broker AND x.account = m.account AND x.key = m.key AND x.number > m.number"
_NEWEST_ENDING = f"""
    FROM order_journal x WHERE {_SAME_LATER} AND x.what = 'ended' AND NOT EXISTS (
        SELECT 1 FROM order_journal y WHERE y.broker = m.broker AND y.account = m.account AND y.key = m.key
        AND y.what = 'meant' AND y.number > m.number AND y.number < x.number
    ) ORDER BY x.number DESC LIMIT 1
"""  # noqa: S608
_MEANT = f"""
    SELECT m.number, m.value, (SELECT x.value {_NEWEST_ENDING}) FROM order_journal m
    WHERE {_OURS_SINCE} AND m.what = 'meant'
"""  # noqa: S608
_NOT_AGAIN = f"AND NOT EXISTS (SELECT 1 FROM order_journal x WHERE {_SAME_LATER} AND x.what = 'meant')"  # noqa: S608
_IN_ORDER = "ORDER BY m.number"
_PLACED_ON = (
    f"{_MEANT} AND m.deed = 'place' AND m.symbol = ? AND m.exchange = ? AND m.product = ? {_NOT_AGAIN} {_IN_ORDER}"
)
_UNSETTLED = f"""
    {_MEANT} {_NOT_AGAIN} AND coalesce((SELECT x.verdict {_NEWEST_ENDING}), 'unknown') = 'unknown' {_IN_ORDER}
"""
_MEANT_BETWEEN = f"{_MEANT} AND m.at < ? {_IN_ORDER}"
# The sums keep a planner from walking along the numbers, through all the years before that day.
_FIRST = f"SELECT min(m.number + 0) FROM order_journal m WHERE {_OURS_SINCE} AND m.number + 0 > ?"  # noqa: S608
_PAGE_OF_OURS = f"""
    SELECT m.number, m.what, m.value FROM order_journal m WHERE {_OURS_SINCE} AND m.number >= ?
    {_IN_ORDER} LIMIT ?
"""  # noqa: S608
_PAGE_OF_ALL = f"""
    SELECT {_NAMES} FROM order_journal WHERE number > ? AND number <= ? ORDER BY number LIMIT ?
"""  # noqa: S608
# In one statement, so of one moment.
_ENDS = "SELECT number, chain, (SELECT max(number) FROM order_journal) FROM order_journal_head WHERE format = ?"
_ACCOUNTS = "SELECT DISTINCT broker, account FROM order_journal ORDER BY broker, account"


@frozen
class Flaw:
    """The first entry that is not as it was written; *words* say what is wrong: that it "is missing"."""

    number: int
    words: str


@frozen
class Audit:
    """What a look at every entry of a database found: how many are whole, and the first *flaw* behind them, if any.

    *newest* is the digest of the last whole one. Whoever keeps it elsewhere can tell later that nobody has written all
    of them anew.
    """

    entries: int
    newest: str
    flaw: Flaw | None = None

    @property
    def is_whole(self) -> bool:
        """True when every entry is as it was written, and none is missing."""
        return self.flaw is None


@define(eq=False)
class _Unwritten:
    """An entry that some thread of process *pid* waits for; in the end it has its *number*, or the *error* it met."""

    columns: tuple[object, ...]
    number: int = 0
    error: Exception | None = None
    pid: int = field(factory=os.getpid)


class PeeweeJournal:
    """The `Journal` of *account* at *broker* in *database*: a file, or a ``sqlite:///`` or ``postgresql://`` URL.

    *broker* is the profile's name; *account* the client a dealer acts for, ``""`` for an investor's own. With *durable*
    an entry survives a power cut once `meant` or `ended` has returned, otherwise only the end of the process. Without
    *create* the journal has to be there already.

    Raises `NotConfigured` when the database cannot be used, holds no journal and must not be given one, or holds one
    of a form unknown here.

    >>> journal = PeeweeJournal("/var/lib/jainam/jainam.sqlite", "jainam_prop", "")     # doctest: +SKIP
    >>> journal.meant(intent)                                                           # doctest: +SKIP
    1
    """

    is_slow = True

    def __init__(
        self,
        database: str | os.PathLike[str],
        broker: str,
        account: str,
        *,
        durable: bool = True,
        create: bool = True,
    ) -> None:
        self._place = Place.named(os.fspath(database))
        self.broker, self.account = broker, account
        if not (create or self._place.is_there):
            raise NotConfigured("there is no journal of the database named by JAINAM_DATABASE; nothing was written yet")
        self._durable = durable
        self._unwritten: deque[_Unwritten] = deque()
        self._connection = OneConnection(self._place, self._set_up)
        # Whoever reads a file need not wait until what others write has reached the disk.
        self._reader = OneConnection(self._place, self._set_up) if self._place.is_file else self._connection
        with settings_named(self._place.is_file):
            self._connection.do(lambda database: prepare(database, self._place.is_file, create))
            self._reader.do(lambda _: None)  # opened now, so that no order waits for it

    def meant(self, intent: Intent) -> int:
        """Write *intent*, which survives anything once this returns; return the number of its entry.

        Raises `Halted` when it cannot be written, whatever the reason.
        """
        try:
            return self._append(intent)
        except (peewee.PeeweeException, OSError, NotConfigured) as error:
            raise Halted(f"nothing was sent: the journal cannot be written: {self._reason(error)}") from None

    def ended(self, ending: Ending) -> int:
        """Write what became of the newest intent with the key of *ending*; return the number of the entry.

        Raises `JainamError`, and no kind of it that says what happened to the order, when it cannot be written. The
        caller goes on with what he knows and logs this: the intent stays open here until somebody looks it up.
        """
        try:
            return self._append(ending)
        except (peewee.PeeweeException, OSError, NotConfigured) as error:
            raise JainamError(
                f"{ending.key} ended as {ending.verdict.value}, which the journal does not know since it cannot be"
                f" written: {self._reason(error)}"
            ) from None

    def latest(self) -> int:
        """The number of the newest entry; 0 when there is none."""
        [(number,)] = self._read(_LATEST, self.broker, self.account)
        return number or 0

    def placed_on(self, instrument: SymbolKey, product: Product, since: dt.datetime) -> tuple[Meant, ...]:
        """The orders meant for *instrument* in *product* at or after *since*, oldest first, each tag once."""
        return self._meant(_PLACED_ON, since, instrument.symbol, instrument.exchange.value, product.value)

    def unsettled(self, since: dt.datetime) -> tuple[Meant, ...]:
        """What was meant at or after *since* and has no ending, or an unknown one; oldest first, each key once."""
        return self._meant(_UNSETTLED, since)

    def meant_between(self, since: dt.datetime, until: dt.datetime) -> tuple[Meant, ...]:
        """All that was meant from *since* to before *until*, each with the newest ending it had; oldest first.

        What was meant again under the same key is here as often as it was meant.
        """
        return self._meant(_MEANT_BETWEEN, since, stamp(until))

    def entries_since(self, since: dt.datetime, *, after: int = 0) -> Iterator[Entry]:
        """The entries of *since* and later whose number is above *after*, in the order they were written.

        They are read as they are asked for, some hundred at a time; what is written meanwhile comes last.
        """
        ours = (self.broker, self.account, stamp(since))
        [(start,)] = self._read(_FIRST, *ours, after)
        while start is not None:
            page = self._read(_PAGE_OF_OURS, *ours, start, PAGE)
            for number, what, value in page:
                yield Entry(number, entry_in(what, value))
            start = page[-1][0] + 1 if len(page) == PAGE else None

    def accounts(self) -> tuple[tuple[str, str], ...]:
        """The broker and the account of every journal in this database that anything was written in."""
        return tuple(self._read(_ACCOUNTS))

    def verify(self) -> Audit:
        """Look at every entry of the database, of all its accounts, and at the chain that ties them together.

        What is written after the look began is not part of it. Raises `NotConfigured` when entries cannot be read.
        """
        ends = self._read(_ENDS, FORMAT)
        if not ends:
            raise self._connection.do(strange_form)
        [(last, newest, greatest)] = ends
        number, chain = 0, NO_DIGEST
        while rows := self._read(_PAGE_OF_ALL, number, last, PAGE):
            for found, *columns, tied in rows:
                if found != number + 1:
                    return Audit(number, chain, Flaw(number + 1, "is missing"))
                if tied != digest(chain, found, content(tuple(columns))):
                    return Audit(number, chain, Flaw(found, "is not what was written after the entry before it"))
                number, chain = found, tied
        if number < last:
            return Audit(number, chain, Flaw(number + 1, f"is missing, like all after it up to {last}"))
        if chain != newest:
            return Audit(number, chain, Flaw(number, "is not what was written last"))
        if (greatest or 0) > last:
            return Audit(number, chain, Flaw(number + 1, "was put there by something else"))
        return Audit(number, chain)

    def close(self) -> None:
        """Close the connections; whatever is asked later opens one for itself and closes it again."""
        self._reader.close()
        self._connection.close()

    def _append(self, what: Intent | Ending) -> int:
        columns = row(self.broker, self.account, what)
        if not self._place.is_file:
            return self._connection.do(lambda database: self._append_to_server(database, columns, content(columns)))
        entry = _Unwritten(columns)
        self._unwritten.append(entry)
        try:
            self._connection.do(lambda database: self._write_out(database, entry))
        except BaseException:
            with suppress(ValueError):  # nobody shall write it any more
                self._unwritten.remove(entry)
            raise
        if entry.error is not None:
            raise entry.error
        return entry.number

    def _write_out(self, database: Any, entry: _Unwritten) -> None:
        """Leave *entry* written, with all that other threads have brought meanwhile; what troubles one troubles all."""
        if entry.number or entry.error is not None:
            return  # written, or not, together with that of another thread
        batch = [each for each in self._brought() if each.pid == entry.pid]  # a fork copies those of its parent
        try:
            numbers = self._append_to_file(database, [each.columns for each in batch])
        except BaseException as error:
            for each in batch:
                each.error = _of_another(error)
            raise
        for each, number in zip(batch, numbers, strict=True):
            each.number = number

    def _brought(self) -> Iterator[_Unwritten]:
        while self._unwritten:
            yield self._unwritten.popleft()

    def _append_to_file(self, database: Any, entries: Sequence[tuple[object, ...]]) -> Sequence[int]:
        run = database.execute_sql
        run("BEGIN IMMEDIATE")
        head = run(HEAD, (FORMAT,)).fetchone()
        if head is None:
            raise strange_form(database)
        last, chain = int(head[0]), head[1]
        numbers = range(last + 1, last + 1 + len(entries))
        for number, columns in zip(numbers, entries, strict=True):
            chain = digest(chain, number, content(columns))
            run(_INSERT, (number, *columns, chain))
        run(_MOVE_HEAD, (numbers[-1], chain))
        run("COMMIT")
        return numbers

    def _append_to_server(self, database: Any, columns: tuple[object, ...], says: str) -> int:
        found = database.execute_sql(_APPEND_ON_SERVER, (says, FORMAT, *columns)).fetchone()
        if found is None:
            raise strange_form(database)
        return int(found[0])

    def _meant(self, statement: str, since: dt.datetime, *more: object) -> tuple[Meant, ...]:
        found = self._read(statement, self.broker, self.account, stamp(since), *more)
        return tuple(
            Meant(number, intent_in(intent), None if ending is None else ending_in(ending))
            for number, intent, ending in found
        )

    def _read(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        marked = statement if self._place.is_file else statement.replace("?", "%s")

        def rows(database: Any) -> list[tuple[Any, ...]]:
            return list(database.execute_sql(marked, parameters).fetchall())

        with settings_named(self._place.is_file):
            return self._reader.do(rows)

    def _set_up(self, database: Any) -> None:
        if not self._place.is_file:
            database.execute_sql(_SERVER_SETTINGS + ("on" if self._durable else "off"))
            return
        write_ahead(database)
        if self._durable:
            database.execute_sql("PRAGMA synchronous = FULL")
            database.execute_sql("PRAGMA fullfsync = 1")  # on a Mac, only this one reaches the disk
        else:
            database.execute_sql("PRAGMA synchronous = NORMAL")

    def _reason(self, error: Exception) -> str:
        return str(error) if isinstance(error, NotConfigured) else reason_of(error, self._place.is_file)


def _of_another(error: BaseException) -> Exception:
    """What *error*, met by one thread, is to another whose entry was written with it."""
    match error:
        case sqlite3.Error():
            return peewee.DatabaseError(*error.args)
        case Exception():
            return error
        case _:  # Ctrl-C
            return InterruptedError(errno.EINTR, "writing was broken off")
