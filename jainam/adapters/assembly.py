"""Putting a desk's machinery together from its settings, the same for both desks."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from jainam.adapters.calls import Calls
from jainam.adapters.environment import Settings
from jainam.adapters.guard import guard_for
from jainam.adapters.local import LocalAnswers, log
from jainam.adapters.memory_journal import MemoryJournal
from jainam.adapters.pacer import Pacer
from jainam.adapters.record import Record
from jainam.adapters.session_files import FileSessions, MemorySessions
from jainam.adapters.xts.codec import XtsCodec
from jainam.domain.orders import OrderTag
from jainam.ports.clock import AsyncClock, Clock
from jainam.ports.contracts import Contracts
from jainam.ports.journal import Journal
from jainam.ports.locks import Locks
from jainam.ports.pacing import Pacing
from jainam.ports.sessions import Sessions

__all__ = ["Machinery", "machinery"]


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
    codec = XtsCodec(
        profile=settings.profile,
        base_url=settings.base_url,
        credentials=settings.credentials,
        client_id=settings.client_id,
        call_gap=settings.call_gap,
        market_data_root=settings.market_data_root,
        source=settings.source,
    )
    record = Record(journal or _journal(settings), settings.caller, clock.now)
    guard = guard_for(settings.limits, settings.halt_file, settings.client_id, clock.now)
    local = LocalAnswers(
        contracts,
        sessions,
        tags,
        settings.waits,
        settings.looks,
        record,
        guard.learn,
        listen,
        settings.house,
        clock.monotonic,
    )
    calls = Calls(codec, sessions, settings.rehearse, record, guard, local.tell)
    return Machinery(calls, local, _pacer(settings, local.tell), _locks(settings))


def _journal(settings: Settings) -> Journal:
    if settings.database == ":memory:":
        return MemoryJournal()
    from jainam.adapters.peewee_journal import PeeweeJournal

    return PeeweeJournal(settings.database, settings.profile.name, settings.client_id or "", durable=settings.durable)


def _pacer(settings: Settings, tell: Callable[[object], None]) -> Pacing:
    """One queue for all processes of a login where they have a folder in common, which its clients share (X6)."""
    if settings.state_folder is None:
        return Pacer()
    from jainam.adapters.shared_pacer import SharedPacer

    return SharedPacer(settings.state_folder / f"pace-{settings.login_mark}", on_excess=tell)


def _locks(settings: Settings) -> Locks | None:
    """Turns that are taken by all processes, and with PostgreSQL by all machines (X2)."""
    if settings.database.startswith(("postgres://", "postgresql://")):
        from jainam.adapters.postgres_locks import PostgresLocks

        return PostgresLocks(settings.database, on_lost=_lost)
    if settings.state_folder is None:
        return None
    from jainam.adapters.file_locks import FileLocks

    return FileLocks(settings.state_folder / "locks")


def _lost(keys: tuple[tuple[str, ...], ...]) -> None:
    log.warning("the connection that held these turns was lost, and others may take them: %s", keys)
