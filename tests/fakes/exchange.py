"""The embedded exchange without sockets: transports that call it in place, and a desk's settings for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import define, evolve

from jainam.adapters.environment import Settings
from jainam.adapters.xts.credentials import Credentials
from jainam.adapters.xts.profiles import JAINAM_PROP
from jainam.domain.errors import NotSent, OutcomeUnknown
from jainam.domain.orders import OrderTag
from jainam.domain.pacing import Window
from jainam.ports.transport import HttpRequest, HttpResponse
from jainam.simulator import Dropped, Request, Rest, SimulatorSettings

URL = "http://127.0.0.1:1"

QUICK = evolve(
    JAINAM_PROP,
    limits={
        name: (Window(name, 100, 1),) if name in ("master", "index list", "quotes", "candles") else windows
        for name, windows in JAINAM_PROP.limits.items()
    },
)
"""The prop desk, with the market-data calls that no chart limits let through at once, for tests on real time."""


@define(eq=False)
class RestTransport:
    """Sends each request straight into *rest*; the next *refusals* find no connection, slow answers never arrive."""

    rest: Rest
    timeout: float = 10.0
    refusals: int = 0
    before: Callable[[HttpRequest], None] | None = None
    closed: bool = False

    def send(self, request: HttpRequest) -> HttpResponse:
        if self.before is not None:
            self.before(request)
        if self.refusals:
            self.refusals -= 1
            raise NotSent("no connection to 127.0.0.1:1")
        parts = urlsplit(request.url)
        outcome = self.rest.handle(
            Request(
                method=request.method,
                path=unquote(parts.path),
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers={name.casefold(): value for name, value in request.headers.items()},
                body=request.body or b"",
            )
        )
        if isinstance(outcome, Dropped):
            raise OutcomeUnknown("the connection closed without an answer")
        if outcome.delay > self.timeout:
            raise OutcomeUnknown(f"no answer within {self.timeout:g} s")
        labels = {name.casefold(): value for name, value in dict(outcome.headers).items()}
        return HttpResponse(outcome.status, outcome.body, labels.get("content-type", ""))

    def close(self) -> None:
        self.closed = True


@define(eq=False)
class AsyncRestTransport:
    """The same for asyncio; every request lets the other tasks run once on its way."""

    inner: RestTransport

    async def send(self, request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        return self.inner.send(request)

    async def close(self) -> None:
        self.inner.close()


def counted_tags(prefix: str = "T") -> Callable[[], OrderTag]:
    """Tags that a cassette can be matched by: T0001, T0002 …"""
    numbers: Iterator[int] = count(1)
    return lambda: OrderTag(f"{prefix}{next(numbers):04d}")


def settings_for(
    simulator: SimulatorSettings, url: str = URL, *, database: str = ":memory:", client_id: str | None = "*****",
    rehearse: bool = False, call_gap: float = 0.0, retries: int = 3, timeout: float = 10.0,
) -> Settings:  # fmt: skip
    """Settings of a desk at the exchange that *simulator* describes, with sessions that end with the test."""
    return Settings(
        profile=QUICK,
        base_url=url,
        credentials=Credentials(
            interactive_key=simulator.interactive_key,
            interactive_secret=simulator.interactive_secret,
            market_key=simulator.market_key,
            market_secret=simulator.market_secret,
        ),
        database=database,
        client_id=client_id,
        rehearse=rehearse,
        call_gap=call_gap,
        retries=retries,
        timeout=timeout,
    )


__all__ = ["URL", "AsyncRestTransport", "RestTransport", "counted_tags", "settings_for"]
