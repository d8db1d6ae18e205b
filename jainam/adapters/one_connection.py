"""One connection to a database that stays open, for threads to use in turn, that no forked child inherits.

What is done in an order's way does not pay for opening a file. Threads, greenlets and tasks come and go; what each of
them left open nobody would close. SQLite forbids a child to use, or even to close, what its parent had open, and would
throw away what the child writes later; so there is nothing open while a process forks.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import peewee
from attrs import define, field

from jainam.adapters.databases import BUSY_SECONDS, Place

__all__ = ["OneConnection"]

T = TypeVar("T")


@define(eq=False, weakref_slot=True)
class OneConnection:
    """The connection to *place*, made when it is first needed; *set_up* is done to each new one."""

    place: Place
    set_up: Callable[[Any], None] = field(repr=False)
    _database: Any = field(default=None, init=False, repr=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    _is_closed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        _connections.add(self)

    def do(self, work: Callable[[Any], T]) -> T:
        """What *work* makes of the database; after any trouble the connection is closed, so nothing is left half done.

        A server may have hung up since it was last needed, so with one that was connected before, *work* is done twice
        when it has to be: it must do no harm when its first try was kept after all. Raises what peewee raises, and
        `TimeoutError` when others of this process take too long.
        """
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise TimeoutError(errno.ETIMEDOUT, "others in this process take too long")
        try:
            if self._database is not None and not self.place.is_file:
                with contextlib.suppress(peewee.OperationalError, peewee.InterfaceError):
                    return self._done(work)
            return self._done(work)
        finally:
            if self._is_closed:
                self._disconnect()
            self._turn.release()

    def close(self) -> None:
        """Close it; whoever comes later opens one for himself and closes it again."""
        with self._turn:
            self._is_closed = True
            self._disconnect()

    def pause(self) -> bool:
        """Have nothing open, and let nobody open anything until `resume`; ``False`` when somebody never gets done."""
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            return False
        self._disconnect()
        return True

    def resume(self) -> None:
        """Go on."""
        self._turn.release()

    def _done(self, work: Callable[[Any], T]) -> T:
        try:
            if self._database is None:
                self._database = self.place.database()
                self._database.connect()
                self.set_up(self._database)
            return work(self._database)
        except sqlite3.Error as error:  # met while rows are fetched, which peewee leaves to us
            self._give_up()
            raise peewee.DatabaseError(*error.args) from error
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        """Undo what was begun and close the connection.

        Closing alone does not do it: SQLite waits for the cursors, which the error that we are about to raise keeps.
        """
        if self.place.is_file and self._database is not None and not self._database.is_closed():
            with contextlib.suppress(sqlite3.Error):
                self._database.connection().rollback()
        self._disconnect()

    def _disconnect(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with contextlib.suppress(peewee.PeeweeException):
                database.close()


_connections: weakref.WeakSet[OneConnection] = weakref.WeakSet()
_paused: list[OneConnection] = []


def _before_fork() -> None:
    _paused.extend(connection for connection in list(_connections) if connection.pause())


def _after_fork() -> None:
    while _paused:
        _paused.pop().resume()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
