"""Locks shared by machines: advisory locks of a PostgreSQL database, which it takes back when a connection ends.

They live in one session of their own, so a connection pooler that shares sessions between clients (pgbouncer's
transaction mode) must not stand in between.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any

import peewee
from attrs import define, field

from jainam.adapters.lock_names import number
from jainam.adapters.os_locks import leave_to_parent
from jainam.domain.errors import NotConfigured

__all__ = ["PostgresLocks"]

_CONNECT_SECONDS = 10
# A machine that loses its power says no good-bye: without these the server would hold its locks for two hours. And a
# session that holds locks is idle by nature. (Both as far as this server knows them.)
_SETTINGS = {
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
    "idle_session_timeout": "0",
    "statement_timeout": "10s",
    "application_name": "jainam locks",
}
_SET_UP = "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = %s"


def _ignore(keys: tuple[tuple[str, ...], ...]) -> None:
    """Nobody wants to know."""


@define(eq=False)
class PostgresHold:
    """The lock *key* in use here; *is_on_server* while the server knows of it as well, *was_lost* once it did not."""

    locks: PostgresLocks = field(repr=False)
    key: tuple[str, ...]
    is_on_server: bool = True
    was_lost: bool = False

    def __call__(self) -> None:
        """Give the lock back."""
        self.locks._release(self)

    def is_kept(self) -> bool:
        """Whether the connection that holds it is still the same one, and alive."""
        return self.locks._keeps(self)


@define(eq=False, weakref_slot=True)
class PostgresLocks:
    """`Locks` in the database at *url* (``postgresql://…``), over one connection that is made when first needed.

    When that connection is lost, the server has given all its locks back. *on_lost* is called with their keys as soon
    as it is noticed, by the next `try_hold`, `is_kept` or release: others may have held them in between. Here they stay
    held until they are released, and the next `try_hold` connects anew and takes back from the server those that are
    still free; they count as lost all the same.
    """

    url: str = field(repr=False)
    on_lost: Callable[[tuple[tuple[str, ...], ...]], None] = field(default=_ignore, repr=False)
    # To the server, all threads of this process are one holder, so we count for ourselves.
    _held: dict[tuple[str, ...], PostgresHold] = field(factory=dict, init=False, repr=False)
    _database: Any = field(default=None, init=False, repr=False)
    _left_behind: list[Any] = field(factory=list, init=False, repr=False)
    _lock: threading.RLock = field(factory=threading.RLock, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        leave_to_parent(self)

    def try_hold(self, key: tuple[str, ...]) -> PostgresHold | None:
        """Hold the lock *key* from now on; ``None`` when somebody else holds it.

        Raises `NotConfigured`, without the password, when the database cannot be reached.
        """
        with self._lock:
            if self._database is not None:
                with contextlib.suppress(peewee.PeeweeException):
                    return self._hold(key)
                self._lose()
            try:
                self._connect()
                return self._hold(key)
            except peewee.ImproperlyConfigured:
                raise NotConfigured("locks in PostgreSQL need its driver: pip install 'jainam[postgres]'") from None
            except peewee.PeeweeException as error:
                self._lose()
                # A driver's message may hold the whole URL, password and all.
                raise NotConfigured(
                    f"locks cannot be kept in the PostgreSQL database ({type(error).__name__}):"
                    " check that it runs and that its URL is right"
                ) from None

    def close(self) -> None:
        """Give back what is still held, and close the connection."""
        with self._lock:
            if self._held and self._database is not None:
                with contextlib.suppress(peewee.PeeweeException):  # the server sees an ended connection only later
                    self._run("SELECT pg_advisory_unlock_all()")
            self._held.clear()
            self._disconnect()

    def forget(self) -> None:
        """Hold nothing, and leave the connection to those who hold locks by it: what a forked child does first.

        Only our copy of its socket is closed. To close the connection itself would end it for the parent as well.
        """
        self._lock = threading.RLock()  # another thread of the parent may have held it
        self._held = {}
        database, self._database = self._database, None
        if database is not None and not database.is_closed():
            self._left_behind.append(database)
            with contextlib.suppress(Exception):
                os.close(database.connection().fileno())

    def _hold(self, key: tuple[str, ...]) -> PostgresHold | None:
        if key in self._held or not self._locks_on_server(key):
            return None
        self._held[key] = hold = PostgresHold(self, key)
        return hold

    def _keeps(self, hold: PostgresHold) -> bool:
        with self._lock:
            if self._held.get(hold.key) is not hold:
                return False
            if self._database is not None:
                try:
                    self._run("SELECT 1")
                except peewee.PeeweeException:
                    self._lose()
            return not hold.was_lost

    def _release(self, hold: PostgresHold) -> None:
        with self._lock:
            if self._held.get(hold.key) is not hold:
                return
            try:
                if hold.is_on_server:
                    self._run("SELECT pg_advisory_unlock(%s)", number(hold.key))
            except peewee.PeeweeException:
                self._lose()
            del self._held[hold.key]

    def _locks_on_server(self, key: tuple[str, ...]) -> bool:
        [(is_ours,)] = self._run("SELECT pg_try_advisory_lock(%s)", number(key))
        return bool(is_ours)

    def _run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._database.execute_sql(statement, parameters).fetchall()
        return rows

    def _connect(self) -> None:
        from playhouse.db_url import connect

        # One connection for all threads, which `_lock` lets in one at a time.
        self._database = connect(  # type: ignore[no-untyped-call,unused-ignore]
            self.url, unquote_password=True, thread_safe=False, autoconnect=False, connect_timeout=_CONNECT_SECONDS
        )
        self._database.connect()
        for name, value in _SETTINGS.items():
            self._run(_SET_UP, value, name)
        for key, hold in self._held.items():
            hold.is_on_server = self._locks_on_server(key)

    def _lose(self) -> None:
        """Take note that the connection is gone, and with it every lock."""
        self._disconnect()
        lost = tuple(key for key, hold in self._held.items() if hold.is_on_server)
        for key in lost:
            self._held[key].is_on_server, self._held[key].was_lost = False, True
        if lost:
            self.on_lost(lost)

    def _disconnect(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with contextlib.suppress(peewee.PeeweeException):
                database.close()
