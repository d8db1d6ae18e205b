"""The trading day on everything that it can run on: both runners, three transports, and a journal in a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import ClassVar

from stateful.machine import AsyncTradingDay, Tally, TradingDay

from jainam.adapters.aiohttp_transport import AiohttpTransport
from jainam.adapters.httpx_transport import HttpxAsyncTransport, HttpxTransport
from jainam.adapters.peewee_journal import PeeweeJournal
from jainam.ports.journal import Journal
from jainam.ports.transport import AsyncTransport, Transport
from jainam.simulator import ExchangeServer, Rest, SimulatorSettings, running

__all__ = ["DAYS", "AiohttpDay", "AsyncFileDay", "FileDay", "HttpxAsyncDay", "HttpxDay", "prepared"]

_accounts = (f"account {number}" for number in count(1))


class FileDay(TradingDay):
    """The journal is in SQLite; each day is another account in the same file."""

    tally = Tally()
    folder: ClassVar[Path]

    def new_journal(self) -> Journal:
        return PeeweeJournal(self.folder / "days.sqlite", "jainam_prop", next(_accounts), durable=False)

    def spend_the_evening(self) -> None:
        super().spend_the_evening()
        self.journal.close()


class AsyncFileDay(FileDay):
    """The same for asyncio, where a thread writes to the file."""

    tally = Tally()
    blocking = False


class HttpxDay(TradingDay):
    """Over HTTP, with httpx; the exchange lives in a thread of this process and is begun anew each day."""

    tally = Tally()
    server: ClassVar[ExchangeServer]
    timeout, late = 0.4, 0.6

    def new_exchange(self, simulator: SimulatorSettings) -> Rest:
        rest = self.server.rest
        rest.settings, rest.clock = simulator, self.clock
        rest.reset(keep_sessions=False)
        self.url = self.server.url
        return rest

    def new_transport(self) -> Transport:
        return HttpxTransport(timeout=self.timeout)


class HttpxAsyncDay(HttpxDay):
    """Over HTTP, with httpx and asyncio."""

    tally = Tally()
    blocking = False

    def new_async_transport(self) -> AsyncTransport:
        return HttpxAsyncTransport(timeout=self.timeout)


class AiohttpDay(HttpxAsyncDay):
    """Over HTTP, with aiohttp."""

    tally = Tally()

    def new_async_transport(self) -> AsyncTransport:
        return AiohttpTransport(timeout=self.timeout)


class InPlaceDay(TradingDay):
    """The exchange is called in place."""

    tally = Tally()


class AsyncInPlaceDay(AsyncTradingDay):
    """The exchange is called in place, with asyncio."""

    tally = Tally()


DAYS: dict[type[TradingDay], int] = {
    InPlaceDay: 30,
    AsyncInPlaceDay: 30,
    FileDay: 8,
    AsyncFileDay: 8,
    HttpxDay: 8,
    HttpxAsyncDay: 8,
    AiohttpDay: 8,
}
"""Every kind of day, and how many of a hundred are of that kind: those over HTTP take ten times as long."""


@contextmanager
def prepared(kind: type[TradingDay]) -> Iterator[None]:
    """What days of that *kind* need: a folder for the journal, or a running exchange."""
    with ExitStack() as stack:
        if issubclass(kind, FileDay):
            kind.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            yield
            journal = PeeweeJournal(kind.folder / "days.sqlite", "jainam_prop", "")
            stack.callback(journal.close)
            audit = journal.verify()
            assert audit.is_whole, audit.flaw
        elif issubclass(kind, HttpxDay):
            kind.server = stack.enter_context(running())
            yield
        else:
            yield
