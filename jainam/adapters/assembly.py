"""Putting a desk's machinery together from its settings, the same for both desks."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from jainam.adapters.calls import Calls
from jainam.adapters.environment import Settings, journal_of
from jainam.adapters.guard import Guard, guard_for
from jainam.adapters.local import LocalAnswers, log
from jainam.adapters.memory_journal import MemoryJournal
from jainam.adapters.pacer import Pacer
from jainam.adapters.record import Record
from jainam.adapters.scoped_locks import ScopedLocks
from jainam.adapters.session_files import FileSessions, MemorySessions
from jainam.adapters.xts.codec import XtsCodec
from jainam.domain.orders import OrderTag
from jainam.ports.clock import AsyncClock, Clock
from jainam.ports.contracts import Contracts
from jainam.ports.journal import Journal
from jainam.ports.locks import Locks
from jainam.ports.pacing import Pacing
from jainam.ports.sessions import Sessions

__all__ = ["Machinery", "beside", "machinery"]


@frozen
class Machinery:
    """What performs steps for one account, whichever runner drives it."""

    calls: Calls
    local: LocalAnswers
    pacer: Pacing
    locks: Locks | None


def machinery(
    settings: Settings,
    contracts: Contracts | None,
    clock: Clock | AsyncClock,
    tags: Callable[[], OrderTag],
    listen: Callable[[object], None] | None,
    journal: Journal | None = None,
) -> Machinery:
    """What performs broker calls and local steps for one login.

    *contracts* and *journal* default to the settings' database.
    """
    if contracts is None:
        from jainam.adapters.peewee_contracts import PeeweeContracts

        contracts = PeeweeContracts(settings.database, settings.profile.name)
    sessions: Sessions = (
        MemorySessions()
        if settings.session_file is None
        else FileSessions(settings.session_file, lambda: clock.now().date())
    )
    guard = guard_for(settings.limits, settings.halt_file, settings.client_id, clock.now)
    calls, local = _for_client(settings, clock, guard, journal or _journal(settings), contracts, sessions, tags, listen)
    return Machinery(calls, local, _pacer(settings, local.tell), _locks(settings))


def beside(settings: Settings, first: Machinery, clock: Clock | AsyncClock, guards: dict[str, Guard]) -> Machinery:
    """What performs steps for another client of the login of *first*, with books, counts and a switch of its own.

    Everything that the login has one of is shared, the switch that stops all its clients included. *guards* are those
    of the login's clients so far: what one of them remembers of a client, all desks for him go by.
    """
    client, local, its_guard = settings.client_id or "", first.local, first.calls.guard
    assert its_guard is not None, "every desk has one"
    guards.setdefault(its_guard.client_id or "", its_guard)
    guard = guards.setdefault(client, guard_for(settings.limits, settings.halt_file, settings.client_id, clock.now))
    guard.login = its_guard.login
    calls, answers = _for_client(
        settings, clock, guard, _journal(settings), local.contracts, local.sessions, local.tags, local.listen
    )
    locks = first.locks.of_client(client) if isinstance(first.locks, ScopedLocks) else first.locks
    return Machinery(calls, answers, first.pacer, locks)


def _for_client(
    settings: Settings,
    clock: Clock | AsyncClock,
    guard: Guard,
    journal: Journal,
    contracts: Contracts,
    sessions: Sessions,
    tags: Callable[[], OrderTag],
    listen: Callable[[object], None] | None,
) -> tuple[Calls, LocalAnswers]:
    codec = XtsCodec(
        profile=settings.profile,
        base_url=settings.base_url,
        credentials=settings.credentials,
        client_id=settings.client_id,
        call_gap=settings.call_gap,
        market_data_root=settings.market_data_root,
        source=settings.source,
    )
    record = Record(journal, settings.caller, clock.now)
    local = LocalAnswers(
        contracts=contracts,
        sessions=sessions,
        tags=tags,
        waits=settings.waits,
        looks=settings.looks,
        record=record,
        learn_pnl=guard.learn,
        listen=listen,
        house=settings.house,
        monotonic=clock.monotonic,
    )
    return Calls(codec, sessions, settings.rehearse, record, guard, local.tell), local


def _journal(settings: Settings) -> Journal:
    if settings.database == ":memory:":
        return MemoryJournal()
    from jainam.adapters.peewee_journal import PeeweeJournal

    place, account = journal_of(settings.database), settings.client_id or ""
    return PeeweeJournal(place, settings.profile.name, account, durable=settings.durable)


def _pacer(settings: Settings, tell: Callable[[object], None]) -> Pacing:
    """One queue for all processes of a login where they have a folder in common, which its clients share (X6)."""
    if settings.state_folder is None:
        return Pacer()
    from jainam.adapters.shared_pacer import SharedPacer

    return SharedPacer(settings.state_folder / f"pace-{settings.login_mark}", on_excess=tell)


def _locks(settings: Settings) -> Locks | None:
    """Turns that are taken by all processes, and with PostgreSQL by all machines, each client his own (X2)."""
    if settings.database.startswith(("postgres://", "postgresql://")):
        from jainam.adapters.postgres_locks import PostgresLocks

        inner: Locks = PostgresLocks(settings.database, on_lost=_lost)
    elif settings.state_folder is None:
        return None
    else:
        from jainam.adapters.file_locks import FileLocks

        inner = FileLocks(settings.state_folder / "locks")
    return ScopedLocks(inner, settings.login_mark, settings.client_id or "")


def _lost(keys: tuple[tuple[str, ...], ...]) -> None:
    log.warning("the connection that held these turns was lost, and others may take them: %s", keys)
