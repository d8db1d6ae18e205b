"""Putting a desk's machinery together from its settings, the same for both desks."""

from __future__ import annotations

from collections.abc import Callable

from jainam.adapters.calls import Calls
from jainam.adapters.environment import Settings
from jainam.adapters.local import LocalAnswers
from jainam.adapters.session_files import FileSessions, MemorySessions
from jainam.adapters.xts.codec import XtsCodec
from jainam.domain.orders import OrderTag
from jainam.ports.clock import AsyncClock, Clock
from jainam.ports.contracts import Contracts
from jainam.ports.sessions import Sessions

__all__ = ["machinery"]


def machinery(
    settings: Settings,
    contracts: Contracts | None,
    clock: Clock | AsyncClock,
    tags: Callable[[], OrderTag],
    listen: Callable[[object], None] | None,
) -> tuple[Calls, LocalAnswers]:
    """What performs broker calls and local steps for one login; *contracts* defaults to the settings' database."""
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
    return Calls(codec, sessions, settings.rehearse), LocalAnswers(contracts, sessions, tags, settings.waits, listen)
