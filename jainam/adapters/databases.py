"""Databases by the name that JAINAM_DATABASE gives them: a file of SQLite's, or a server of PostgreSQL's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
from attrs import field, frozen

from jainam.domain.errors import NotConfigured

__all__ = ["BUSY_SECONDS", "Place", "reason_of", "settings_named", "transaction", "write_ahead"]

BUSY_SECONDS = 10.0
"""How long anything waits for others to be done with the database."""

# Said by SQLite, and what to do about it.
_HINTS = {
    "database is locked": "another program keeps the database locked",
    "database or disk is full": "the disk is full; free some space",
    "disk I/O error": "the disk refuses to be written or read; it may be full or failing",
    "attempt to write a readonly database": "its file may not be written; look at the rights of it and of its folder",
    "unable to open database file": "its file cannot be opened; look at the rights of it and of its folder",
}


@frozen
class Place:
    """Where a database is: the *path* of a file, or the *url* of a server, not shown since it may hold a password."""

    path: str | None = None
    url: str | None = field(default=None, repr=False)

    @classmethod
    def named(cls, location: str) -> Place:
        """The place that *location* names: a path, or a ``sqlite:///`` or ``postgresql://`` URL.

        Raises `NotConfigured` for what would be forgotten at once, or is of a kind unknown here.
        """
        scheme, separator, rest = location.partition("://")
        if separator and scheme in ("postgres", "postgresql"):
            return cls(url=location)
        path = rest.removeprefix("/") if separator and scheme == "sqlite" else location
        if path in ("", ":memory:") or (separator and scheme != "sqlite"):
            raise NotConfigured("JAINAM_DATABASE must name a file or a postgresql:// URL")
        return cls(path=path)

    @property
    def is_file(self) -> bool:
        """True for SQLite."""
        return self.path is not None

    @property
    def is_there(self) -> bool:
        """False for a file that nobody has made yet; what a server has is only known by asking it."""
        return self.path is None or Path(self.path).exists()

    def database(self) -> Any:
        """A database there, not connected yet, for one thread at a time and any of them in turn.

        The folder of a file is made. Half of peewee's methods are untyped, hence `Any`.
        """
        if self.path is not None:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            return peewee.SqliteDatabase(
                self.path, timeout=BUSY_SECONDS, thread_safe=False, autoconnect=False, check_same_thread=False
            )
        from playhouse.db_url import connect

        return connect(  # type: ignore[no-untyped-call,unused-ignore]
            self.url, unquote_password=True, thread_safe=False, autoconnect=False, connect_timeout=int(BUSY_SECONDS)
        )


def write_ahead(database: Any) -> None:
    """Put the file of *database* into WAL mode, which stays with it: nobody who reads waits for whoever writes.

    SQLite does not wait for the lock that this one change needs, as it does for every other; so we do.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            if database.execute_sql("PRAGMA journal_mode").fetchone() != ("wal",):
                database.execute_sql("PRAGMA journal_mode = wal")
            return
        except peewee.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= until:
                raise
            time.sleep(0.01)


@contextmanager
def transaction(database: Any, is_file: bool) -> Iterator[None]:
    """All of it or nothing; in a file it is a writer's from its start, for whoever reads first may be refused later.

    When the disk is full, SQLite has undone it before peewee tries to, whose complaint about that is not the reason.
    """
    try:
        with database.atomic("IMMEDIATE") if is_file else database.atomic():
            yield
    except peewee.OperationalError as error:
        reason: BaseException | None = error
        while reason is not None and "no transaction is active" in str(reason):
            reason = reason.__context__
        raise (reason or error) from None


def reason_of(error: Exception, is_file: bool) -> str:
    """Why the database refused, without a path, a URL or a statement."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if not is_file:  # a driver's message may hold the whole URL, password and all
        kind = type(error).__name__
        return f"PostgreSQL refused or did not answer ({kind}); docs/journal.md tells what works meanwhile"
    words = str(error.args[0]) if error.args else type(error).__name__
    return _HINTS.get(words, words)


@contextmanager
def settings_named(is_file: bool) -> Iterator[None]:
    """Turn what databases complain about into words that name the setting to look at."""
    try:
        yield
    except peewee.ImproperlyConfigured:
        raise NotConfigured(
            "the database named by JAINAM_DATABASE needs a PostgreSQL driver: pip install 'jainam[postgres]'"
        ) from None
    except (peewee.PeeweeException, OSError) as error:
        raise NotConfigured(
            f"the database named by JAINAM_DATABASE cannot be used: {reason_of(error, is_file)}"
        ) from None
