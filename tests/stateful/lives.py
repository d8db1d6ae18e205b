"""The life of a process that trades: it may end at any moment, and then nothing more is sent or written."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator

from attrs import define

from jainam.domain.errors import NotSent
from jainam.domain.instruments import SymbolKey
from jainam.domain.journal import Ending, Entry, Intent, Meant
from jainam.domain.vocabulary import Product
from jainam.ports.journal import Journal
from jainam.ports.transport import AsyncTransport, HttpRequest, HttpResponse, Transport

__all__ = ["AsyncLine", "Killed", "KilledJournal", "Life", "Line"]


class Killed(BaseException):
    """The process is no more; no code of ours may catch this."""


@define(eq=False, repr=False)
class Life:
    """A process that is killed after *left* more moments, ``None`` for one that lives on."""

    left: int | None = None
    is_over: bool = False

    def moment(self) -> None:
        """Live on, or die here: before or after something is sent, or written down."""
        if self.left is not None:
            self.left -= 1
            self.is_over = self.is_over or self.left < 0
        if self.is_over:
            raise Killed


@define(eq=False, repr=False)
class Line:
    """A connection of *life* to the exchange; the next *refusals* requests find none."""

    life: Life
    inner: Transport
    refusals: int = 0

    def send(self, request: HttpRequest) -> HttpResponse:
        self.life.moment()
        if self.refusals:
            self.refusals -= 1
            raise NotSent("no connection")
        try:
            return self.inner.send(request)
        finally:
            self.life.moment()

    def close(self) -> None:
        self.inner.close()


@define(eq=False, repr=False)
class AsyncLine:
    """The same for asyncio."""

    life: Life
    inner: AsyncTransport
    refusals: int = 0

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.life.moment()
        if self.refusals:
            self.refusals -= 1
            raise NotSent("no connection")
        await asyncio.sleep(0)
        try:
            return await self.inner.send(request)
        finally:
            self.life.moment()

    async def close(self) -> None:
        await self.inner.close()


@define(eq=False, repr=False)
class KilledJournal:
    """The journal as *life* writes it; it outlives its writer."""

    life: Life
    inner: Journal

    @property
    def is_slow(self) -> bool:
        return self.inner.is_slow

    def meant(self, intent: Intent) -> int:
        self.life.moment()
        number = self.inner.meant(intent)
        self.life.moment()
        return number

    def ended(self, ending: Ending) -> int:
        self.life.moment()
        number = self.inner.ended(ending)
        self.life.moment()
        return number

    def latest(self) -> int:
        return self.inner.latest()

    def placed_on(self, instrument: SymbolKey, product: Product, since: dt.datetime) -> tuple[Meant, ...]:
        return self.inner.placed_on(instrument, product, since)

    def unsettled(self, since: dt.datetime) -> tuple[Meant, ...]:
        return self.inner.unsettled(since)

    def entries_since(self, since: dt.datetime, *, after: int = 0) -> Iterator[Entry]:
        return self.inner.entries_since(since, after=after)

    def close(self) -> None:
        """The journal itself stays open for the next life."""
