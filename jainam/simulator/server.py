"""The exchange on a loopback port: sockets and HTTP around the pure core."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Thread
from urllib.parse import unquote

from aiohttp import web
from attrs import define, field, frozen

from jainam.simulator.answers import Dropped, Request, Seen
from jainam.simulator.clock import IST, Clock, opening
from jainam.simulator.rest import Rest
from jainam.simulator.settings import SimulatorSettings

LOOPBACK = "127.0.0.1"
START_SECONDS = 30


@frozen
class RunningClock:
    """The machine's clock, moved to the morning of the trading date if there is one."""

    start: datetime | None = None
    _began: float = field(factory=time.monotonic, init=False)

    def now(self) -> datetime:
        """Return what time it is, in India."""
        if self.start is None:
            return datetime.now(IST)
        return self.start + timedelta(seconds=time.monotonic() - self._began)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


def clock_for(settings: SimulatorSettings) -> Clock:
    """Return a running clock for the trading date in *settings*."""
    return RunningClock(None if settings.trading_date is None else opening(settings.trading_date))


def application(rest: Rest) -> web.Application:
    """Return the web application that passes every request to *rest*."""

    async def handle(incoming: web.Request) -> web.StreamResponse:
        # The raw path: a doubled slash at the front would otherwise pass for a host.
        request = Request(
            method=incoming.method,
            path=unquote(incoming.raw_path.partition("?")[0]),
            query=dict(incoming.query),
            headers={name.casefold(): value for name, value in incoming.headers.items()},
            body=await incoming.read(),
        )
        outcome = rest.handle(request)
        if outcome.delay:
            await asyncio.sleep(outcome.delay)
        if isinstance(outcome, Dropped):
            if incoming.transport is not None:
                incoming.transport.abort()
            return web.Response()
        return web.Response(status=outcome.status, body=outcome.body, headers=dict(outcome.headers))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


async def _started(rest: Rest, port: int) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(application(rest), access_log=None, handler_cancellation=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, port)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, f"http://{LOOPBACK}:{runner.addresses[0][1]}"


async def serve(
    settings: SimulatorSettings | None = None,
    host: str = LOOPBACK,
    port: int = 0,
    *,
    clock: Clock | None = None,
    on_ready: Callable[[str, Rest], None] | None = None,
) -> None:
    """Serve until cancelled, telling *on_ready* the address once it is listening; loopback alone is served."""
    if host not in {LOOPBACK, "localhost"}:
        raise ValueError(f"the simulated exchange listens on {LOOPBACK} only, not on {host}")
    settings = settings or SimulatorSettings()
    rest = Rest(settings, clock or clock_for(settings))
    runner, url = await _started(rest, port)
    try:
        if on_ready is not None:
            on_ready(url, rest)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


@define
class ExchangeServer:
    """A running exchange, with its inside open to look at."""

    url: str
    rest: Rest

    @property
    def requests(self) -> list[Seen]:
        """Return every request that arrived, faults or not, oldest first."""
        return self.rest.requests


@contextmanager
def running(
    settings: SimulatorSettings | None = None, *, clock: Clock | None = None, port: int = 0
) -> Iterator[ExchangeServer]:
    """Serve from a thread of its own while the block runs."""
    settings = settings or SimulatorSettings()
    rest = Rest(settings, clock or clock_for(settings))
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="simulated exchange", daemon=True)
    thread.start()
    try:
        runner, url = asyncio.run_coroutine_threadsafe(_started(rest, port), loop).result(START_SECONDS)
        try:
            yield ExchangeServer(url, rest)
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(START_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_SECONDS)
        loop.close()
