"""What a desk asks of orders, as it reaches the exchange and the journal (X5, X7)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from attrs import define, evolve

from fakes.exchange import RestTransport, counted_tags, settings_for
from jainam import Desk, InvalidOrder, OrderState, PriceType
from jainam.adapters.clocks import IST, SystemClock
from jainam.adapters.local import DAY_KNOWN, LocalAnswers
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.adapters.record import Record
from jainam.adapters.session_files import MemorySessions
from jainam.domain.house import House
from jainam.domain.protection import MarketMode, MarketPolicy
from jainam.domain.steps import HouseRules
from jainam.simulator import Modes, Rest, SimulatorSettings

DAY = dt.date(2026, 1, 12)


@define
class Standing(SystemClock):
    """It is *at*, whatever is waited for."""

    at: dt.datetime
    seconds: float = 100.0

    def now(self) -> dt.datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def desks() -> Any:
    """Opens desks at one exchange, each with a market-order policy."""
    simulator = SimulatorSettings(trading_date=DAY, modes=Modes(rate_limits=False))
    rest = Rest(simulator)
    contracts = MemoryContracts()

    def opened(mode: MarketMode, behind: dt.timedelta = dt.timedelta(0)) -> Desk:
        house = House(market=MarketPolicy(mode=mode))
        settings = evolve(settings_for(simulator), house=house)
        desk = Desk.open(
            settings,
            transport=RestTransport(rest),
            contracts=contracts,
            clock=Standing(rest.clock.now() + behind),
            tags=counted_tags(mode.value),
        )
        if not contracts.search("INFY"):
            desk.load_contracts()
        return desk

    return opened


def test_a_protected_order_reaches_the_exchange_as_a_limit(desks: Any) -> None:
    """The exchange sees a limit beyond the market, which trades at once; the journal, the market order it was to be."""
    desk = desks(MarketMode.PROTECT)
    order = desk.draft(symbol="INFY", exchange="NSE", action="BUY", quantity=5)
    found = desk.follow(desk.place_order(order))

    [meant] = desk.runner.local.record.own_orders(order.instrument, order.product)
    [quote] = desk.quotes(desk.contract("INFY", order.instrument.exchange)).values()
    assert (found.state, found.price_type) == (OrderState.FILLED, PriceType.LIMIT)
    assert found.price > quote.last_price
    assert meant.intent.order == evolve(order, price=found.price)
    assert desk.close_all_positions().is_complete


def test_where_market_orders_are_refused_exits_pass(desks: Any) -> None:
    """An entry without a price is refused before anything is sent; closing everything still closes it."""
    order = desks(MarketMode.SEND).draft(symbol="INFY", exchange="NSE", action="BUY", quantity=5)
    desks(MarketMode.SEND).place_order(order)
    desk = desks(MarketMode.REFUSE)

    with pytest.raises(InvalidOrder, match="MARKET orders are refused"):
        desk.place_order(order)
    assert desk.close_all_positions().is_complete
    assert [row.price_type for row in desk.order_book()] == [PriceType.MARKET, PriceType.LIMIT]


def test_a_quote_of_another_time_protects_nothing(desks: Any) -> None:
    """The broker's own time of a quote is held against the clock."""
    desk = desks(MarketMode.PROTECT, dt.timedelta(minutes=1))
    with pytest.raises(InvalidOrder, match=r"the quote of INFY is of .*, too far apart to protect a MARKET order"):
        desk.place_order(desk.draft(symbol="INFY", exchange="NSE", action="BUY", quantity=5))


def test_the_house_knows_the_day() -> None:
    """The day turns at midnight at once, and after a minute at the latest where the clock jumped meanwhile."""
    evening = dt.datetime(2026, 1, 12, 23, 59, 50, tzinfo=IST)
    clock = Standing(evening)
    contracts, sessions = MemoryContracts(), MemorySessions()
    local = LocalAnswers(
        contracts, sessions, counted_tags(), (), record=Record(now=clock.now), monotonic=clock.monotonic
    )

    def today(now: dt.datetime, seconds: float) -> dt.date | None:
        clock.at, clock.seconds = now, seconds
        house: House = local.answers[HouseRules](HouseRules())
        return house.today

    assert today(evening, 100.0) == DAY
    assert today(evening + dt.timedelta(seconds=10), 110.0) == dt.date(2026, 1, 13)
    assert today(evening + dt.timedelta(days=3), 110.0 + DAY_KNOWN - 1) == dt.date(2026, 1, 13)
    assert today(evening + dt.timedelta(days=3), 110.0 + DAY_KNOWN) == dt.date(2026, 1, 15)
