"""What is recorded and replayed: each scenario a short piece of work at a desk, with what has to come of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from attrs import frozen
from replay.desks import DAY, MASTER

from jainam import (
    BrokerUnavailable,
    Changes,
    Desk,
    Exchange,
    Order,
    OrderRejected,
    OrderState,
    PriceType,
    Product,
    Side,
    SmartOrder,
    SymbolKey,
    SymbolNotFound,
)
from jainam.simulator import FaultRule, Modes, Rest, SimulatorSettings

__all__ = ["SCENARIOS", "Scenario"]

ORDERS = "/interactive/orders"
DEALER_ORDERS = "/interactive/orders/dealerorderbook"
RELIANCE = SymbolKey("RELIANCE", Exchange.NSE)
INFY = SymbolKey("INFY", Exchange.NSE)
MAHINDRA = SymbolKey("M&M", Exchange.NSE)
NIFTY = SymbolKey("NIFTY27JAN26FUT", Exchange.NFO)


@frozen(kw_only=True)
class Scenario:
    """Work at a desk, and the exchange it was first done at; *faults* go wrong there in their order."""

    name: str
    play: Callable[[Desk], None]
    exchange: SimulatorSettings
    faults: tuple[FaultRule, ...] = ()

    def prepare(self, rest: Rest) -> None:
        """Put the exchange into the state in which the scenario begins."""
        rest.faults.add(self.faults)


SCENARIOS: list[Scenario] = []


def scenario(*faults: FaultRule, **settings: Any) -> Callable[[Callable[[Desk], None]], Callable[[Desk], None]]:
    """Make a scenario of a function, at an exchange with *settings* at which *faults* happen."""
    exchange = SimulatorSettings(trading_date=DAY, master_file=MASTER, **settings)

    def make(play: Callable[[Desk], None]) -> Callable[[Desk], None]:
        SCENARIOS.append(Scenario(name=play.__name__, play=play, exchange=exchange, faults=faults))
        return play

    return make


def bought(quantity: int, key: SymbolKey = RELIANCE, product: Product = Product.MIS) -> Order:
    """A market purchase."""
    return Order(instrument=key, side=Side.BUY, product=product, quantity=quantity)


def resting(price: str, quantity: int = 10) -> Order:
    """A purchase of RELIANCE at less than it costs."""
    return Order(
        instrument=RELIANCE,
        side=Side.BUY,
        product=Product.CNC,
        quantity=quantity,
        price_type=PriceType.LIMIT,
        price=Decimal(price),
    )


@scenario()
def login_and_empty_books(desk: Desk) -> None:
    """A dealer's two sessions, and books with nothing in them."""
    interactive, market = desk.login()

    assert (interactive.user_id, interactive.is_investor, interactive.client_id) == ("DEALER01", False, "*****")
    assert interactive.client_codes == ("CLIENT01", "CLIENT02", "*****")
    assert market.root == "/apibinarymarketdata"
    assert desk.order_book() == ()
    assert desk.trade_book() == ()
    assert desk.positions() == ()
    assert desk.open_position("RELIANCE", Exchange.NSE, Product.MIS) == 0
    assert desk.close_all_positions().legs == ()
    assert desk.cancel_all_orders().cancelled == ()
    assert desk.funds().available == Decimal(10000000)
    desk.logout()


@scenario()
def place_modify_cancel(desk: Desk) -> None:
    """A limit order rests, gets a new price and quantity, and is taken back."""
    placed = desk.place_order(resting("1200"))
    before = desk.order(placed.order_id)
    desk.modify_order(placed.order_id, Changes(price=Decimal("1210.5"), quantity=12))
    after = desk.order(placed.order_id)
    desk.cancel_order(placed.order_id)
    last = desk.order(placed.order_id)

    assert (placed.order_id, placed.tag, placed.found) == ("1110000030", "T0001", False)
    assert (before.state, before.price, before.pending) == (OrderState.OPEN, Decimal(1200), 10)
    assert (after.state, after.price, after.quantity, after.tag) == (
        OrderState.MODIFIED,
        Decimal("1210.5"),
        12,
        "T0001",
    )
    assert (last.state, last.filled) == (OrderState.CANCELLED, 0)


@scenario()
def market_fill_and_trade_book(desk: Desk) -> None:
    """A market order fills at the last price and shows in every book."""
    placed = desk.place_order(bought(10))
    row = desk.follow(placed)
    (trade,) = desk.trade_book()
    (position,) = desk.positions()

    assert (row.state, row.filled, row.average_price) == (OrderState.FILLED, 10, Decimal("1309.5"))
    assert (trade.order_id, trade.tag, trade.symbol) == (placed.order_id, "T0001", "RELIANCE")
    assert (trade.side, trade.quantity, trade.price) == (Side.BUY, 10, Decimal("1309.5"))
    assert (position.symbol, position.product, position.quantity) == ("RELIANCE", Product.MIS, 10)
    assert position.average_price == Decimal("1309.5")


@scenario()
def smart_order(desk: Desk) -> None:
    """A position is opened, increased, left alone, reduced, turned round and closed by its target alone (FR5)."""
    steps = [(65, Side.BUY, 65), (130, Side.BUY, 65), (130, None, 0), (65, Side.SELL, 65), (-65, Side.SELL, 130)]
    held = 0
    for target, side, quantity in [*steps, (0, Side.BUY, 65)]:
        outcome = desk.place_smart_order(SmartOrder(instrument=NIFTY, product=Product.NRML, target=target))
        assert (outcome.held, outcome.side, outcome.quantity) == (held, side, quantity)
        assert ("No action needed" in outcome.reason) is (side is None)
        held = target

    assert desk.open_position("NIFTY27JAN26FUT", Exchange.NFO, Product.NRML) == 0
    assert [row.tag for row in desk.order_book()] == ["T0001", "T0002", "T0003", "T0004", "T0005"]


@scenario(
    FaultRule(kind="refuse", method="POST", path=ORDERS, status=400, description="Order price is out of range"),
    FaultRule(kind="error_200", method="POST", path=ORDERS, code="e-orders-0051", description="Segment is closed"),
)
def refused_orders(desk: Desk) -> None:
    """A refusal is one by its envelope, be it sent with HTTP 400 or with HTTP 200; nothing is sent twice."""
    with pytest.raises(OrderRejected, match=r"^Order price is out of range \[e-orders-0007\]$") as first:
        desk.place_order(resting("1200"))
    with pytest.raises(OrderRejected, match="Segment is closed") as second:
        desk.place_order(resting("1200"))

    assert (first.value.status, second.value.status) == (400, 200)
    assert desk.order_book() == ()


@scenario()
def rejected_by_risk(desk: Desk) -> None:
    """The gateway takes an order that the risk check then rejects; the book says so and why."""
    placed = desk.place_order(bought(60000, product=Product.CNC))
    row = desk.follow(placed)

    assert (row.state, row.filled, row.pending) == (OrderState.REJECTED, 0, 0)
    assert "margin" in row.reason.lower()
    assert desk.positions() == ()


@scenario(
    FaultRule(kind="expired_token", method="POST", path=ORDERS),
    FaultRule(kind="expired_token", method="GET", path=DEALER_ORDERS, status=401),
)
def expired_token_renewed(desk: Desk) -> None:
    """An order that meets an expired session goes out once more under a new one, and keeps its tag; so do reads."""
    first, _ = desk.login()
    placed = desk.place_order(resting("1200"))
    (row,) = desk.order_book()
    last, _ = desk.login()

    assert (placed.tag, placed.found) == ("T0001", False)
    assert (row.order_id, row.tag) == (placed.order_id, "T0001")
    assert first.token != last.token


@scenario(
    FaultRule(kind="rate_limit", method="GET", path=DEALER_ORDERS, status=429),
    FaultRule(kind="rate_limit", method="GET", path=DEALER_ORDERS, status=400),
)
def rate_limited_read(desk: Desk) -> None:
    """A read that came too soon is repeated, whether the limit speaks with HTTP 429 or 400."""
    placed = desk.place_order(resting("1200"))

    assert [row.order_id for row in desk.order_book()] == [placed.order_id]


@scenario(
    FaultRule(kind="gateway", method="GET", path=DEALER_ORDERS, status=502),
    FaultRule(kind="gateway", method="POST", path=ORDERS, status=504, applied=True),
    FaultRule(kind="malformed", method="POST", path=ORDERS),
    FaultRule(kind="gateway", method="GET", path="/interactive/orders/dealertradebook", status=503, times=4),
)
def gateway_pages(desk: Desk) -> None:
    """Reads try again behind a broken gateway; orders are looked up by their tags and never sent twice (D4)."""
    assert desk.order_book() == ()
    behind_a_page = desk.place_order(resting("1200"))
    half_an_answer = desk.place_order(resting("1190"))
    with pytest.raises(BrokerUnavailable, match="503 Service Unavailable"):
        desk.trade_book()

    assert (behind_a_page.tag, behind_a_page.found) == ("T0001", True)
    assert (half_an_answer.tag, half_an_answer.found) == ("T0002", True)
    assert [row.tag for row in desk.order_book()] == ["T0001", "T0002"]


def _positions(desk: Desk) -> None:
    desk.place_order(bought(30))
    desk.place_order(bought(65, NIFTY, Product.NRML))
    desk.place_order(
        Order(instrument=INFY, side=Side.SELL, product=Product.MIS, quantity=4, price_type=PriceType.MARKET)
    )
    book = {row.symbol: row for row in desk.positions()}

    assert {symbol: row.quantity for symbol, row in book.items()} == {"RELIANCE": 30, "NIFTY27JAN26FUT": 65, "INFY": -4}
    assert book["NIFTY27JAN26FUT"].average_price == Decimal("25790.8")
    assert book["INFY"].average_price == Decimal("1863.35")
    assert [row.product for row in book.values()] == [Product.MIS, Product.NRML, Product.MIS]


@scenario(modes=Modes(positions_container="list", thousands_commas=True))
def positions_in_a_list(desk: Desk) -> None:
    """Positions in `positionList`, amounts with thousands commas."""
    _positions(desk)


@scenario(modes=Modes(positions_container="flat"))
def positions_bare(desk: Desk) -> None:
    """Positions as a bare list."""
    _positions(desk)


@scenario(modes=Modes(row_shape="older", app_order_id="float"))
def older_rows(desk: Desk) -> None:
    """Rows of the older generation, with order numbers as floats, say the same."""
    desk.place_order(bought(10))
    placed = desk.place_order(resting("1200"))
    desk.modify_order(placed.order_id, Changes(price=Decimal("1201.1")))
    filled, waiting = desk.order_book()

    assert (filled.symbol, filled.state, filled.filled) == ("RELIANCE", OrderState.FILLED, 10)
    assert (waiting.order_id, waiting.price, waiting.tag) == (placed.order_id, Decimal("1201.1"), "T0002")
    assert [trade.quantity for trade in desk.trade_book()] == [10]


@scenario(modes=Modes(app_order_id="string", wrapped_errors=True, empty_books="error"))
def wrapped_errors(desk: Desk) -> None:
    """Errors inside `{err, data}`, empty books among them, and order numbers as text."""
    assert desk.order_book() == ()
    placed = desk.place_order(resting("1200"))
    desk.cancel_order(placed.order_id)
    with pytest.raises(OrderRejected, match="already Cancelled"):
        desk.cancel_order(placed.order_id)

    assert desk.order(placed.order_id).state is OrderState.CANCELLED


@scenario()
def holdings_with_quotes(desk: Desk) -> None:
    """Shares under their names, with the last price of each (FR3)."""
    reliance, infy = desk.holdings()
    quotes = desk.quotes(desk.contract("M&M", Exchange.NSE), desk.contract("NIFTY27JAN26FUT", Exchange.NFO))

    assert (reliance.symbol, reliance.quantity, reliance.last_price) == ("RELIANCE", 25, Decimal("1309.5"))
    assert (infy.symbol, infy.quantity, infy.saleable, infy.average_price) == ("INFY", 10, 6, Decimal("1502.15"))
    assert reliance.pnl == Decimal("527.5")
    assert [quote.last_price for quote in quotes.values()] == [Decimal("3674.4"), Decimal("25790.8")]


@scenario()
def master_and_indices(desk: Desk) -> None:
    """The day's master and the index lists take the place of all contracts; what has expired is left out."""
    report = desk.load_contracts()

    assert report.segments == {
        "NSECM": 3,
        "NSEFO": 2,
        "NSECD": 0,
        "BSECM": 2,
        "BSEFO": 0,
        "MCXFO": 0,
        "NSECM indices": 5,
        "BSECM indices": 3,
    }
    assert report.total == 14
    assert desk.contract("NIFTY17FEB2625700PE", Exchange.NFO).strike == Decimal(25700)
    assert desk.contract("NIFTY", Exchange.NSE_INDEX).token == 26000
    assert [found.symbol for found in desk.find_contracts("mahindra", Exchange.NSE)] == ["M&M"]
    with pytest.raises(SymbolNotFound):
        desk.contract("BANKEX24DEC2572000CE", Exchange.BFO)


@scenario(market_data_roots=("/apimarketdata",))
def market_data_elsewhere(desk: Desk) -> None:
    """A gateway that knows no `/apibinarymarketdata` is asked below `/apimarketdata`, and again only there (D13)."""
    _, market = desk.login()
    contract = desk.contract("RELIANCE", Exchange.NSE)
    first, again = desk.quotes(contract), desk.quotes(contract)

    assert market.root == "/apimarketdata"
    assert first[contract.ref].last_price == again[contract.ref].last_price == Decimal("1309.5")


@scenario(FaultRule(kind="refuse", method="POST", path=ORDERS, contains='"orderSide":"SELL"', skip=1))
def close_all(desk: Desk) -> None:
    """A leg that fails is reported and stops no other; the next call finishes the job and a third sends nothing."""
    for order in (bought(10), bought(65, NIFTY, Product.NRML), bought(3, INFY)):
        desk.place_order(order)
    first = desk.close_all_positions()
    second = desk.close_all_positions()
    third = desk.close_all_positions()

    assert [(leg.symbol, leg.remaining) for leg in first.legs] == [
        ("RELIANCE", 0),
        ("NIFTY27JAN26FUT", 65),
        ("INFY", 0),
    ]
    assert (first.status, [leg.reason for leg in first.failed]) == (
        "partial",
        ["Refused by the exchange [e-orders-0007]"],
    )
    assert [(leg.symbol, leg.held, leg.remaining) for leg in second.legs] == [("NIFTY27JAN26FUT", 65, 0)]
    assert (second.is_complete, third.legs) == (True, ())
    assert [row.tag for row in desk.order_book()] == ["T0001", "T0002", "T0003", "T0004", "T0006", "T0007"]


@scenario(FaultRule(kind="refuse", method="DELETE", path=ORDERS, description="Order is with the exchange"))
def cancel_all(desk: Desk) -> None:
    """Every live order is taken back but the one that the exchange keeps, which is named with its reason."""
    first, second = desk.place_order(resting("1200")), desk.place_order(resting("1190"))
    desk.place_order(bought(1))
    report = desk.cancel_all_orders()

    assert report.cancelled == (second.order_id,)
    assert [(each.order_id, str(each.error)) for each in report.failed] == [
        (first.order_id, "Order is with the exchange [e-orders-0007]")
    ]


@scenario(account="investor")
def investor_account(desk: Desk) -> None:
    """An investor's calls go to the ordinary routes and never name a client (protocol 2.5)."""
    interactive, _ = desk.login()
    placed = desk.place_order(resting("1200"))
    desk.place_order(bought(5, MAHINDRA, Product.CNC))

    assert (interactive.user_id, interactive.is_investor) == ("CLIENT01", True)
    assert [row.order_id for row in desk.order_book()] == [placed.order_id, "1110000031"]
    assert [(row.symbol, row.quantity) for row in desk.positions()] == [("M&M", 5)]
    assert [trade.price for trade in desk.trade_book()] == [Decimal("3674.4")]
    assert desk.profile().client_id == "CLIENT01"
    assert desk.funds().available is not None
    desk.cancel_order(placed.order_id)
