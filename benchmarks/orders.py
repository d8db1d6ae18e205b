"""What an order costs, beside what it has to cost.

Run it with `make bench`, or by hand as `python benchmarks/orders.py`. Two peers are measured as well where they are
given: `XTS_SDK`, a folder with the official Python SDK, and `OPENALGO`, an OpenAlgo checkout.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import count, repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import orjson
from attrs import evolve
from support.answering import REPLY, answering
from support.figures import Figure, on_top, report, side_by_side
from support.peers import openalgo_figures, sdk_figures

from jainam import (
    AsyncDesk,
    Contract,
    Desk,
    Exchange,
    Kind,
    Order,
    PriceType,
    Product,
    Settings,
    Side,
    SymbolKey,
    Token,
)
from jainam.adapters.clocks import SystemClock
from jainam.adapters.httpx_transport import HttpxAsyncTransport
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.adapters.peewee_journal import PeeweeJournal
from jainam.adapters.xts.credentials import Credentials
from jainam.adapters.xts.profiles import JAINAM_PROP
from jainam.domain.pacing import Window
from jainam.domain.sessions import Api, Session
from jainam.domain.steps import PlaceOrder
from jainam.ports.journal import Journal
from jainam.ports.transport import HttpRequest, HttpResponse

NIFTY = Contract(
    key=SymbolKey("NIFTY27JAN26FUT", Exchange.NFO),
    token=Token(49229),
    kind=Kind.FUTURE,
    name="NIFTY",
    broker_symbol="NIFTY 27JAN2026",
    broker_exchange="NSEFO",
    lot_size=65,
    tick_size=Decimal("0.1"),
    freeze_quantity=1800,
    price_low=Decimal("23211.8"),
    price_high=Decimal("28369.8"),
)
ORDERS = 400
ROUNDS = 15
WRITTEN = 100
"""Orders that are placed to see what a journal costs: fewer, since each waits for the disk twice."""


BUY, NRML, LIMIT, PRICE = Side.BUY, Product.NRML, PriceType.LIMIT, Decimal("25790.4")


def order() -> Order:
    """A limit order made of values the caller has, with the checks that making it brings."""
    return Order(instrument=NIFTY.key, side=BUY, product=NRML, quantity=65, price_type=LIMIT, price=PRICE)


def settings(url: str) -> Settings:
    """A desk whose limits are kept count of like any other's and never reached, so that nothing sleeps."""
    boundless = {name: Window(name, 10**9, window.seconds) for name, (window,) in JAINAM_PROP.limits.items()}
    return Settings(
        profile=evolve(JAINAM_PROP, limits=boundless, orders_per_second=10**9),
        base_url=url,
        credentials=Credentials(interactive_key="K", interactive_secret="S", market_key="MK", market_secret="MS"),
        database=":memory:",
        client_id="*****",
        call_gap=0,
    )


def opened(desk: Any) -> Any:
    """*desk* with a session in hand, as it is after its first call, and without a journal."""
    desk.runner.calls.record.journal = None  # its cost depends on the disk, and is measured by itself
    desk.runner.calls.sessions.keep(
        Session(
            api=Api.INTERACTIVE, token="T" * 180, user_id="D", root="/interactive", is_investor=False, client_id="*****"
        )
    )
    return desk


class Ticking(SystemClock):
    """A clock on which every call comes 0.2 s after the last, so that the limits are those of a real desk."""

    def __init__(self) -> None:
        self.monotonic = count(0, 0.2).__next__  # type: ignore[method-assign,assignment]


class Echo:
    """A transport that answers at once, with an answer that was made before."""

    answer = HttpResponse(200, REPLY, "application/json")

    def send(self, request: HttpRequest) -> HttpResponse:
        return self.answer

    def close(self) -> None:
        """Nothing is open."""


def bare_order(
    segment: str, token: int, product: str, kind: str, side: str, quantity: int, price: float, number: int
) -> str:
    """The least a client can do: one dict, one dump, one load, and nothing checked or counted."""
    orjson.dumps(
        {
            "exchangeSegment": segment,
            "exchangeInstrumentID": token,
            "productType": product,
            "orderType": kind,
            "orderSide": side,
            "timeInForce": "DAY",
            "disclosedQuantity": 0,
            "orderQuantity": quantity,
            "limitPrice": price,
            "stopPrice": 0,
            "orderUniqueIdentifier": f"J{number:019d}",
            "apiOrderSource": "WEBAPI",
            "clientID": "*****",
        }
    )
    return str(orjson.loads(REPLY)["result"]["AppOrderID"])


def work_beyond_http() -> list[Figure]:
    """Checks, symbol, steps, codec and pace, against building one dict and passing it through orjson."""
    desk = opened(
        Desk.open(settings("http://127.0.0.1"), transport=Echo(), contracts=MemoryContracts((NIFTY,)), clock=Ticking())
    )

    def ours() -> None:
        for _ in repeat(None, ORDERS):
            desk.place_order(order())

    def floor() -> None:
        for number in range(ORDERS):
            bare_order("NSEFO", 49229, "NRML", "LIMIT", "BUY", 65, 25790.4, number)

    mine, least, ratio = side_by_side(ours, floor, ROUNDS * 5)
    print(f"beyond HTTP: {mine / ORDERS * 1e6:.1f} us an order; dict + orjson: {least / ORDERS * 1e6:.2f} us")
    return [Figure("order work beyond HTTP / dict + orjson", ratio, 8)]


def journals() -> list[Figure]:
    """What it costs to write each order down, and what became of it: beside the same desk without a journal."""
    figures = []
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        places = {
            "SQLite": (f"{folder}/synced.sqlite", True),
            "SQLite without fsync": (f"{folder}/unsynced.sqlite", False),
        }
        if url := stack.enter_context(postgres()):
            places |= {"PostgreSQL": (url, True), "PostgreSQL without waiting for its disk": (url, False)}
        for name, (place, durable) in places.items():
            journal = PeeweeJournal(place, "jainam_prop", "*****", durable=durable)
            stack.callback(journal.close)
            kept, bare = writing(journal), writing(None)
            cpu, wall = on_top(lambda kept=kept: placing(kept), lambda bare=bare: placing(bare), 5)  # type: ignore[misc]
            print(f"journal in {name}: {cpu / WRITTEN * 1e6:.0f} us CPU, {wall / WRITTEN * 1e6:.0f} us an order")
            figures += [
                Figure(f"journal in {name}: CPU an order", cpu / WRITTEN * 1e6, unit="us"),
                Figure(f"journal in {name}: time an order", wall / WRITTEN * 1e6, unit="us"),
            ]
    return figures


@contextmanager
def postgres() -> Iterator[str | None]:
    """The URL of a private server that waits for its disk, as one does in earnest; ``None`` where there is none."""
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    try:
        import psycopg2  # noqa: F401

        from fakes.postgres import binaries_folder, serving
    except ModuleNotFoundError as error:
        print(f"journal in PostgreSQL: skipped, {error.name} is not installed")
        yield None
        return
    binaries = binaries_folder()
    if binaries is None:
        print("journal in PostgreSQL: skipped, it is not installed (apt-get install postgresql)")
        yield None
        return
    with serving(binaries, fsync=True) as url:
        yield url


def writing(journal: Journal | None) -> Desk:
    """A desk with *journal*, whose broker answers at once."""
    chosen = settings("http://127.0.0.1")
    desk = Desk.open(chosen, transport=Echo(), contracts=MemoryContracts((NIFTY,)), clock=Ticking())
    opened(desk).runner.calls.record.journal = journal
    return desk


def placing(desk: Desk) -> None:
    """Some orders, one after the other."""
    for _ in repeat(None, WRITTEN):
        desk.place_order(order())


def same_bytes(url: str) -> HttpRequest:
    """The request that an order becomes."""
    desk = opened(Desk.open(settings(url), transport=Echo(), contracts=MemoryContracts((NIFTY,))))
    step = PlaceOrder(order(), NIFTY, desk.runner.local.tags())
    return desk.runner.calls.prepare(step)[0]


def blocking(url: str) -> list[Figure]:
    """One order over httpx, against a post of the same bytes."""
    request = same_bytes(url)
    with Desk.open(settings(url), contracts=MemoryContracts((NIFTY,))) as desk, httpx.Client(timeout=10) as client:
        opened(desk)

        def ours() -> None:
            for _ in repeat(None, ORDERS):
                desk.place_order(order())

        def raw() -> None:
            for _ in repeat(None, ORDERS):
                client.post(request.url, content=request.body, headers=request.headers).read()

        return [_compared("httpx", *side_by_side(ours, raw, ROUNDS))]


def in_one_loop(url: str) -> list[Figure]:
    """One order over httpx asyncio and over aiohttp, each against a post of the same bytes."""
    import aiohttp  # here, since it looks for trusted certificates when it is imported

    from jainam.adapters.aiohttp_transport import AiohttpTransport

    request = same_bytes(url)
    figures = []
    with asyncio.Runner() as loop:

        async def raw_httpx(client: httpx.AsyncClient) -> None:
            for _ in repeat(None, ORDERS):
                await client.post(request.url, content=request.body, headers=request.headers)

        async def raw_aiohttp(session: aiohttp.ClientSession) -> None:
            for _ in repeat(None, ORDERS):
                async with session.post(request.url, data=request.body, headers=request.headers) as answer:
                    await answer.read()

        async def ours(desk: AsyncDesk) -> None:
            for _ in repeat(None, ORDERS):
                await desk.place_order(order())

        async def session_in_loop() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))

        client = httpx.AsyncClient(timeout=10)
        session = loop.run(session_in_loop())
        for name, transport, raw in (
            ("httpx asyncio", HttpxAsyncTransport(timeout=10), lambda: raw_httpx(client)),
            ("aiohttp", AiohttpTransport(timeout=10), lambda: raw_aiohttp(session)),
        ):
            desk = opened(AsyncDesk.open(settings(url), transport=transport, contracts=MemoryContracts((NIFTY,))))
            measured = side_by_side(
                lambda desk=desk: loop.run(ours(desk)),
                lambda raw=raw: loop.run(raw()),
                ROUNDS,  # type: ignore[misc]
            )
            figures.append(_compared(name, *measured))
            loop.run(desk.close())
        loop.run(client.aclose())
        loop.run(session.close())
    return figures


def _compared(name: str, mine: float, raw: float, ratio: float) -> Figure:
    print(f"{name}: {mine / ORDERS * 1e6:.0f} us CPU an order; raw post: {raw / ORDERS * 1e6:.0f} us")
    return Figure(f"order over {name} / raw post of the same bytes", ratio, 1.25)


def importing() -> list[Figure]:
    """`import jainam` against the import of what it cannot do without."""

    def seconds(modules: str) -> float:
        code = f"import time; t = time.perf_counter(); import {modules}; print(time.perf_counter() - t)"
        return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)

    pairs = [(seconds("jainam"), seconds("attrs, cattrs")) for _ in range(15)]
    mine, least = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    print(f"import jainam: {mine * 1e3:.0f} ms; import attrs, cattrs: {least * 1e3:.0f} ms")
    return [Figure("import jainam / import attrs, cattrs", statistics.median(a / b for a, b in pairs), 1.3)]


def main() -> int:
    """Measure everything and print it."""
    figures = work_beyond_http()
    figures += journals()
    with answering() as url:
        figures += blocking(url)
        figures += in_one_loop(url)
        if folder := os.environ.get("XTS_SDK"):
            figures += sdk_figures(Path(folder), url, ORDERS)
        if folder := os.environ.get("OPENALGO"):
            figures += openalgo_figures(Path(folder), url, ORDERS)
    figures += importing()
    return report(figures)


if __name__ == "__main__":
    sys.exit(main())
