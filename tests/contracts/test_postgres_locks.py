"""Locks in PostgreSQL keep what locks promise, and say so when a lost connection broke the promise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from contracts.locks_suite import KEY, LocksSuite, Opener
from fakes.postgres import execute
from jainam.adapters.postgres_locks import PostgresLocks
from jainam.domain.errors import NotConfigured

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jainam locks'"
OTHER = (*KEY, "NRML")


class TestPostgresLocks(LocksSuite):
    @pytest.fixture
    def opened(self, postgres_url: str) -> Iterator[Opener]:
        with ExitStack() as stack:
            yield lambda: stack.enter_context(closing(PostgresLocks(postgres_url)))

    @pytest.fixture
    def opening(self, postgres_url: str) -> str:
        return f"""
from jainam.adapters.postgres_locks import PostgresLocks
locks = PostgresLocks({postgres_url!r})
"""


@pytest.fixture
def lost() -> list[tuple[tuple[str, ...], ...]]:
    """The keys that were reported lost, one entry for each lost connection."""
    return []


@pytest.fixture
def locks(postgres_url: str, lost: list[tuple[tuple[str, ...], ...]]) -> Iterator[PostgresLocks]:
    with closing(PostgresLocks(postgres_url, lost.append)) as locks:
        yield locks


def test_lost_connection_is_noticed_by_a_release(
    locks: PostgresLocks, lost: list[tuple[tuple[str, ...], ...]], postgres_url: str
) -> None:
    """A release over a dead connection raises nothing, reports what was lost, and the lock can be held again."""
    release = locks.try_hold(KEY)
    assert release is not None
    execute(postgres_url, CUT)
    release()
    release()

    assert lost == [(KEY,)]
    assert locks.try_hold(KEY) is not None


def test_lost_connection_is_noticed_by_the_next_hold(
    locks: PostgresLocks, lost: list[tuple[tuple[str, ...], ...]], postgres_url: str
) -> None:
    """Whoever finds the connection dead gets the lock over a new one, which takes back what was lost and is free."""
    release = locks.try_hold(KEY)
    assert release is not None
    execute(postgres_url, CUT)
    assert locks.try_hold(OTHER) is not None
    assert lost == [(KEY,)]

    with closing(PostgresLocks(postgres_url)) as others:
        assert others.try_hold(KEY) is None
        release()
        assert others.try_hold(KEY) is not None


def test_lock_on_a_lost_connection_is_kept_no_more(
    locks: PostgresLocks, lost: list[tuple[tuple[str, ...], ...]], postgres_url: str
) -> None:
    """Asked whether it is kept, a lock whose connection is gone says no, for good: others may have had it (X2)."""
    hold, other = locks.try_hold(KEY), locks.try_hold(OTHER)
    assert hold is not None
    assert other is not None
    assert hold.is_kept()
    execute(postgres_url, CUT)
    assert not hold.is_kept()
    assert sorted(lost[0]) == sorted((KEY, OTHER))
    hold()
    again = locks.try_hold(KEY)  # over a new connection, which takes back the other one as well
    assert again is not None
    assert again.is_kept()
    assert not other.is_kept()
    assert not hold.is_kept()


def test_lock_that_others_took_meanwhile_stays_theirs(
    locks: PostgresLocks, lost: list[tuple[tuple[str, ...], ...]], postgres_url: str
) -> None:
    """A lock that somebody else got while the connection was away is theirs; here it is free after its release."""
    release = locks.try_hold(KEY)
    assert release is not None
    execute(postgres_url, CUT)
    with closing(PostgresLocks(postgres_url)) as others:
        assert others.try_hold(KEY) is not None
        assert locks.try_hold(OTHER) is not None
        assert locks.try_hold(KEY) is None
        execute(postgres_url, CUT)  # both; the lost one is not lost a second time
        assert others.try_hold(OTHER) is not None
        assert locks.try_hold(("third",)) is not None
        assert lost == [(KEY,), (OTHER,)]
        release()
        assert locks.try_hold(KEY) is None
    assert locks.try_hold(KEY) is not None


def test_losses_go_unreported_when_nobody_asks(postgres_url: str) -> None:
    """Without anybody to report to, a lost connection is replaced all the same."""
    with closing(PostgresLocks(postgres_url)) as locks:
        release = locks.try_hold(KEY)
        assert release is not None
        execute(postgres_url, CUT)
        release()
        assert locks.try_hold(KEY) is not None


def test_lost_without_a_lock_is_no_loss(
    locks: PostgresLocks, lost: list[tuple[tuple[str, ...], ...]], postgres_url: str
) -> None:
    """A connection that ends while it holds nothing is made anew without a word."""
    release = locks.try_hold(KEY)
    assert release is not None
    release()
    execute(postgres_url, CUT)

    assert locks.try_hold(KEY) is not None
    assert lost == []


def test_server_that_is_not_there(postgres_url: str) -> None:
    """A database that cannot be reached is an error that says so without the password."""
    password = postgres_url.partition("@")[0].rpartition(":")[2]
    locks = PostgresLocks(postgres_url + "x")
    with pytest.raises(NotConfigured, match="cannot be kept in the PostgreSQL database") as caught:
        locks.try_hold(KEY)
    assert password not in str(caught.value)
    assert password not in repr(locks)
    assert caught.value.__suppress_context__


def test_driver_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a driver the error says which extra brings it."""
    for module in [name for name in sys.modules if name.partition(".")[0] in ("peewee", "playhouse")]:
        monkeypatch.delitem(sys.modules, module)
    for driver in ("psycopg2", "psycopg2cffi", "psycopg"):
        monkeypatch.setitem(sys.modules, driver, None)
    import peewee

    from jainam.adapters import postgres_locks

    monkeypatch.setattr(postgres_locks, "peewee", peewee)
    with pytest.raises(NotConfigured, match=r"jainam\[postgres\]"):
        PostgresLocks("postgresql://127.0.0.1/nothing").try_hold(KEY)
