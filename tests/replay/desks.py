"""Desks for recording and for replay, alike in all but their transport: counted tags, time that passes by itself."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from attrs import define

from fakes.clock import FakeAsyncClock, FakeClock
from fakes.exchange import counted_tags, settings_for
from jainam import AsyncDesk, Desk
from jainam.adapters.aiohttp_transport import AiohttpTransport
from jainam.adapters.httpx_transport import HttpxAsyncTransport
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.adapters.xts.master import parse_master
from jainam.simulator import SimulatorSettings

__all__ = ["DAY", "MASTER", "TRANSPORTS", "opened"]

DAY = dt.date(2026, 1, 12)
MASTER = Path(__file__).with_name("master_rows.txt")
TRANSPORTS = ("httpx", "httpx asyncio", "aiohttp")


@define(eq=False)
class Awaited:
    """An asyncio desk whose methods are waited for, so that one scenario drives both kinds."""

    desk: AsyncDesk
    loop: asyncio.Runner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.desk, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            return self.loop.run(answer) if inspect.iscoroutine(answer) else answer

        return call


@contextmanager
def opened(transport: str, simulator: SimulatorSettings, url: str, clock: FakeClock) -> Iterator[Desk]:
    """A desk over *transport* that knows the contracts of the small master."""
    settings = settings_for(simulator, url, client_id="*****" if simulator.is_dealer else None)
    contracts = MemoryContracts(known_contracts())
    # One worker: what a desk sends at the same time, a cassette holds in one order.
    if transport == "httpx":
        with Desk.open(settings, contracts=contracts, clock=clock, tags=counted_tags()) as desk:
            desk.runner.workers = 1
            yield desk
        return
    with asyncio.Runner() as loop:
        over = HttpxAsyncTransport() if transport == "httpx asyncio" else AiohttpTransport()
        opened = AsyncDesk.open(
            settings, transport=over, contracts=contracts, clock=FakeAsyncClock(clock), tags=counted_tags()
        )
        opened.runner.workers = 1
        try:
            yield cast(Desk, Awaited(opened, loop))
        finally:
            loop.run(opened.close())


def known_contracts() -> Iterator[Any]:
    """The contracts of the small master that trade on the day."""
    rows = [row for row in MASTER.read_text("utf-8").splitlines() if not row.startswith("#")]
    for segment in ("NSECM", "NSEFO", "BSECM", "BSEFO"):
        yield from parse_master("\n".join(row for row in rows if row.startswith(segment)), segment, DAY)
