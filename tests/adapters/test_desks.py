"""Both desks, over each of the three transports, do the same with the same exchange."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from attrs import define, evolve

import jainam
from fakes.exchange import counted_tags, settings_for
from jainam import AsyncDesk, Changes, Desk, Exchange, OrderState, Product, SmartOrder, SymbolKey
from jainam.adapters.aiohttp_transport import AiohttpTransport
from jainam.adapters.environment import Settings
from jainam.adapters.httpx_transport import HttpxAsyncTransport
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.loading import SegmentRead
from jainam.domain.vocabulary import Interval
from jainam.simulator import SimulatorSettings, running
from jainam.simulator.server import ExchangeServer

DAY = dt.date(2026, 1, 12)


@pytest.fixture
def exchange() -> Iterator[ExchangeServer]:
    with running(SimulatorSettings(trading_date=DAY)) as server:
        yield server


@define(eq=False)
class Awaited:
    """An asyncio desk whose methods are waited for, so that one test can drive both kinds."""

    desk: AsyncDesk
    loop: asyncio.Runner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.desk, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            return self.loop.run(answer) if inspect.iscoroutine(answer) else answer

        return call


class AsIn2026:
    """The trading date of the sample rows, with the seconds of the real clock."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.monotonic = inner.monotonic
        self.sleep = inner.sleep

    def now(self) -> dt.datetime:
        return self.inner.now().replace(year=2026, month=1, day=12)  # type: ignore[no-any-return]


@pytest.fixture(params=["httpx", "httpx asyncio", "aiohttp"])
def desk(request: pytest.FixtureRequest, exchange: ExchangeServer, tmp_path: Any) -> Iterator[Any]:
    from jainam.adapters.clocks import AsyncioClock, SystemClock

    heard: list[object] = []
    settings = settings_for(exchange.rest.settings, exchange.url, database=str(tmp_path / "contracts.sqlite"))
    if request.param == "httpx":
        with Desk.open(settings, tags=counted_tags(), clock=AsIn2026(SystemClock()), listen=heard.append) as blocking:
            yield blocking
        return
    with asyncio.Runner() as loop:
        transport = (HttpxAsyncTransport if request.param == "httpx asyncio" else AiohttpTransport)(timeout=5)
        opened = AsyncDesk.open(
            settings, transport=transport, tags=counted_tags(), clock=AsIn2026(AsyncioClock()), listen=heard.append
        )
        yield Awaited(opened, loop)
        loop.run(opened.close())


def test_a_trading_day(desk: Any, exchange: ExchangeServer) -> None:
    """Log in, load contracts, trade, read every book, close and log out: the same over every transport (X13)."""
    interactive, market = desk.login()
    report = desk.load_contracts()
    order = desk.draft(symbol="RELIANCE", exchange="NSE", action="buy", quantity="10", product="CNC",
                       pricetype="LIMIT", price="1200")  # fmt: skip
    resting = desk.place_order(order)
    desk.modify_order(resting.order_id, Changes(price=Decimal(1210)))
    assert desk.order(resting.order_id).price == Decimal(1210)
    desk.cancel_order(resting.order_id)
    filled = desk.place_order(desk.draft(symbol="INFY", exchange="NSE", action="BUY", quantity=5))
    assert desk.follow(filled).state is OrderState.FILLED
    smart = desk.place_smart_order(desk.draft_smart(symbol="INFY", exchange="NSE", action="BUY", position_size=8))
    again = desk.place_smart_order(
        SmartOrder(instrument=SymbolKey("INFY", Exchange.NSE), product=Product.MIS, target=8)
    )

    assert (interactive.user_id, interactive.client_id, market.root) == ("DEALER01", "*****", "/apibinarymarketdata")
    assert report.total > 50
    assert smart.quantity == 3
    assert again.placed is None
    assert [row.symbol for row in desk.order_book()] == ["RELIANCE", "INFY", "INFY"]
    assert [(trade.symbol, trade.quantity) for trade in desk.trade_book()] == [("INFY", 5), ("INFY", 3)]
    assert [(row.symbol, row.quantity) for row in desk.positions()] == [("INFY", 8)]
    assert desk.open_position("INFY", Exchange.NSE, Product.MIS) == 8
    shares = desk.holdings()
    assert {row.symbol: row.quantity for row in shares} == {"RELIANCE": 25, "INFY": 10}
    assert all(row.last_price is not None for row in shares)
    assert desk.funds().available is not None
    assert desk.profile().client_id
    assert desk.contract("INFY", Exchange.NSE).token == 1594
    assert [found.symbol for found in desk.find_contracts("BAJAJ-AUTO", Exchange.NSE)] == ["BAJAJ-AUTO"]
    quote = desk.quotes(desk.contract("INFY", Exchange.NSE))
    assert [row.last_price is not None for row in quote.values()] == [True]
    assert len(desk.depth(desk.contract("INFY", Exchange.NSE)).bids) == 5
    today = DAY
    assert desk.candles(desk.contract("INFY", Exchange.NSE), Interval.DAY, today, today)
    assert desk.cancel_all_orders().is_complete
    assert desk.close_all_positions().is_complete
    assert desk.close_all_positions().legs == ()
    desk.logout()
    assert exchange.rest.count("POST", "/interactive/user/session") == 1


def test_progress_is_told(exchange: ExchangeServer, tmp_path: Any) -> None:
    """Whoever listens hears of every segment that a load reads."""
    from jainam.adapters.clocks import SystemClock

    heard: list[object] = []
    settings = settings_for(exchange.rest.settings, exchange.url, database=str(tmp_path / "contracts.sqlite"))
    with Desk.open(settings, clock=AsIn2026(SystemClock()), listen=heard.append) as desk:
        desk.load_contracts()

    assert "NSECM" in {event.segment for event in heard if isinstance(event, SegmentRead)}


def test_the_desks_have_the_same_methods() -> None:
    """What one desk can do the other can, with the same arguments and documentation (X13)."""

    def face(desk: type) -> dict[str, tuple[list[str], str | None]]:
        methods = inspect.getmembers(desk, inspect.isroutine)
        return {
            name: (list(inspect.signature(method).parameters), inspect.getdoc(method))
            for name, method in methods
            if not name.startswith("_")
        }

    assert face(Desk) == face(AsyncDesk)


@pytest.mark.parametrize(("absent", "kind"), [("nothing", AiohttpTransport), ("aiohttp", HttpxAsyncTransport)])
def test_asyncio_goes_over_what_is_installed(absent: str, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk in a loop takes aiohttp, and httpx where there is none."""
    monkeypatch.delitem(sys.modules, "jainam.adapters.aiohttp_transport")
    monkeypatch.setitem(sys.modules, absent, None)

    async def opened() -> str:
        async with AsyncDesk.open(settings_for(SimulatorSettings()), contracts=MemoryContracts(())) as desk:
            return type(desk.runner.transport).__name__

    assert asyncio.run(opened()) == kind.__name__


@pytest.mark.parametrize("open_desk", [Desk.from_environment, AsyncDesk.from_environment])
def test_a_desk_opens_from_the_environment(
    open_desk: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, exchange: ExchangeServer
) -> None:
    """The variables alone make a desk, and its session is there for the next one (FR9, D14)."""
    simulator = exchange.rest.settings
    for name, value in {
        "JAINAM_INTERACTIVE_API_KEY": simulator.interactive_key,
        "JAINAM_INTERACTIVE_API_SECRET": simulator.interactive_secret,
        "JAINAM_MARKET_API_KEY": simulator.market_key,
        "JAINAM_MARKET_API_SECRET": simulator.market_secret,
        "JAINAM_BASE_URL": exchange.url,
        "JAINAM_ALLOW_HTTP": "1",
        "JAINAM_CLIENT_ID": "pro",
    }.items():
        monkeypatch.setenv(name, value)

    for _ in range(2):
        opened = open_desk()
        if isinstance(opened, Desk):
            with opened as desk:
                desk.positions()
        else:

            async def use(desk: AsyncDesk) -> None:
                async with desk:
                    await desk.positions()

            asyncio.run(use(opened))

    assert exchange.rest.count("POST", "/interactive/user/session") == 1


def test_a_rehearsing_desk_sends_no_order(exchange: ExchangeServer, tmp_path: Any) -> None:
    """In test mode reads are real and orders stay here (NFR6)."""
    from jainam.adapters.clocks import SystemClock

    settings: Settings = evolve(
        settings_for(exchange.rest.settings, exchange.url, database=str(tmp_path / "contracts.sqlite")), rehearse=True
    )
    with Desk.open(settings, clock=AsIn2026(SystemClock())) as desk:
        desk.load_contracts()
        with pytest.raises(jainam.Rehearsed, match='"orderQuantity": 1'):
            desk.place_order(desk.draft(symbol="INFY", exchange="NSE", action="BUY", quantity=1))

    assert exchange.rest.count("POST", "/interactive/orders") == 0


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    """The late imports of the package do not hide typing errors."""
    with pytest.raises(AttributeError, match="Dsek"):
        getattr(jainam, "Dsek")  # noqa: B009 - as text, for the type checker knows better than to accept it
