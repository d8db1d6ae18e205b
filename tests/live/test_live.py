"""The opt-in suite against a real desk, in market hours, or against `jainam sim` (AC 1.8.6): ``make live``.

It wants the JAINAM_* credentials in the environment, trades one lot of JAINAM_LIVE_SYMBOL (SBIN) on
JAINAM_LIVE_EXCHANGE (NSE) as JAINAM_LIVE_PRODUCT (MIS), and asks on the terminal before its first order;
JAINAM_LIVE_YES=1 is the answer where there is no terminal. It touches nothing but what it has opened itself, keeps
contracts and sessions of its own, and leaves nothing behind, whatever fails.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from attrs import define, evolve, field

from jainam import (
    Changes,
    Contract,
    Desk,
    Exchange,
    InvalidOrder,
    Order,
    OrderRejected,
    OrderState,
    OrderTag,
    Position,
    PriceType,
    Product,
    Side,
    SmartOrder,
    SymbolNotFound,
    read_settings,
)
from jainam.adapters.tags import new_tag
from jainam.domain.reports import ContractsReport

pytestmark = pytest.mark.live

NEEDED = (
    "JAINAM_INTERACTIVE_API_KEY",
    "JAINAM_INTERACTIVE_API_SECRET",
    "JAINAM_MARKET_API_KEY",
    "JAINAM_MARKET_API_SECRET",
)
LOOKS = 10
"""How often a book is read before something counts as not having happened; the desk lets a second pass in between."""


@define
class Trading:
    """One instrument that may be traded, and the desk to do it at; *tags* are those of all orders sent so far."""

    desk: Desk
    contract: Contract
    product: Product
    tags: list[OrderTag] = field(factory=list)

    @property
    def unit(self) -> int:
        """The smallest quantity there is."""
        return self.contract.lot_size

    @property
    def held(self) -> int:
        """What is held of it now."""
        return self.desk.open_position(self.contract.symbol, self.contract.exchange, self.product)

    def is_ours(self, position: Position) -> bool:
        """True for the one position that this suite opens."""
        return position.instrument == self.contract.ref and position.product is self.product

    def comes_to(self, quantity: int) -> bool:
        """True as soon as *quantity* is held, false when it does not come to that."""
        return any(self.held == quantity for _ in range(LOOKS))

    def smart(self, target: int) -> SmartOrder:
        """The wish to hold *target*."""
        return SmartOrder(instrument=self.contract.key, product=self.product, target=target)

    def purchase(self, price: Decimal | None = None) -> Order:
        """One unit, at *price* or at the market's."""
        return Order(
            instrument=self.contract.key,
            side=Side.BUY,
            product=self.product,
            quantity=self.unit,
            price_type=PriceType.MARKET if price is None else PriceType.LIMIT,
            price=price or Decimal(0),
        )

    def far_price(self) -> Decimal:
        """A price on a tick, inside the band, at which nobody will sell today."""
        (quote,) = self.desk.quotes(self.contract).values()
        assert quote.last_price is not None, "nobody can say what it costs: is the market open?"
        tick = self.contract.tick_size
        wanted = max(quote.last_price * Decimal("0.95"), (self.contract.price_low or tick) + 2 * tick)
        return wanted // tick * tick

    def tidy(self) -> None:
        """Take back every order of ours that still works, and sell what we still hold."""
        for row in self.desk.order_book():
            if row.tag in self.tags and row.is_live:
                self.desk.cancel_order(row.order_id)
        if self.tags and self.held:
            self.desk.place_smart_order(self.smart(0))
            assert self.comes_to(0), f"{self.held} {self.contract.symbol} are left open: close them by hand"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when the block takes longer (IV 1.8.3)."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@pytest.fixture(scope="module")
def tags() -> list[OrderTag]:
    return []


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, tags: list[OrderTag]) -> Iterator[Desk]:
    """A desk with the credentials of the environment, and a database and sessions that end with the suite."""
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        pytest.skip(f"needs {', '.join(missing)}: see .env.example, or start `jainam sim` and export what it prints")
    database = tmp_path_factory.mktemp("live") / "contracts.sqlite"

    def noted() -> OrderTag:
        tags.append(new_tag())
        return tags[-1]

    settings = evolve(read_settings(), database=str(database), session_file=None)
    with Desk.open(settings, tags=noted) as desk:
        yield desk


@pytest.fixture(scope="module")
def report(desk: Desk) -> ContractsReport:
    """What today's master holds; it is loaded once."""
    with within(60):
        return desk.load_contracts()


@pytest.fixture(scope="module")
def contract(desk: Desk, report: ContractsReport) -> Contract:
    """What is traded."""
    symbol, exchange = os.environ.get("JAINAM_LIVE_SYMBOL", "SBIN"), os.environ.get("JAINAM_LIVE_EXCHANGE", "NSE")
    return desk.contract(symbol, Exchange(exchange))


@pytest.fixture(scope="module")
def consent(desk: Desk) -> None:
    """Somebody has said that orders may be sent."""
    if os.environ.get("JAINAM_LIVE_YES") == "1":
        return
    symbol = os.environ.get("JAINAM_LIVE_SYMBOL", "SBIN")
    question = f"\nThis buys and sells one lot of {symbol} for real at {desk.settings.base_url}. Go on? [y/N] "
    try:
        with open("/dev/tty", "r+b", buffering=0) as terminal:  # pytest keeps stdin and stdout to itself
            terminal.write(question.encode())
            answer = terminal.readline().decode().strip().lower()
    except OSError:
        pytest.skip("sends orders, and there is no terminal to ask on: JAINAM_LIVE_YES=1 says yes")
    if answer not in ("y", "yes"):
        pytest.skip("sends orders, and was told not to")


@pytest.fixture(scope="module")
def trading(consent: None, desk: Desk, contract: Contract, tags: list[OrderTag]) -> Iterator[Trading]:
    """The instrument with nothing held or working in it, and again so when the suite is done."""
    trading = Trading(desk, contract, Product(os.environ.get("JAINAM_LIVE_PRODUCT", "MIS")), tags)
    if trading.held or any(row.instrument == contract.ref and row.is_live for row in desk.order_book()):
        pytest.skip(f"{contract.symbol} is held or has an order working: choose another with JAINAM_LIVE_SYMBOL")
    try:
        yield trading
    finally:
        trading.tidy()


def test_login(desk: Desk) -> None:
    """Both interfaces take the keys, and a dealer knows for whom it trades."""
    with within(10):
        interactive, market_data = desk.login()

    assert interactive.token
    assert market_data.token
    assert interactive.is_investor or interactive.client_id


def test_master_contract(desk: Desk, report: ContractsReport) -> None:
    """Today's master is there, cash and derivatives."""
    assert report.total > 100
    assert report.segments["NSECM"] > 0
    assert report.segments["NSEFO"] > 0


def test_look_up(desk: Desk, contract: Contract) -> None:
    """A symbol has its token at once, and an unknown one none (FR7)."""
    with within(0.1):
        found = desk.contract(contract.symbol, contract.exchange)

    assert isinstance(found.token, int)
    with pytest.raises(SymbolNotFound, match="NOSUCHSHARE"):
        desk.contract("NOSUCHSHARE", Exchange.NSE)


def test_positions(desk: Desk) -> None:
    """The positions can be read in time."""
    with within(5):
        book = desk.positions()

    assert all(isinstance(row.quantity, int) for row in book)


def test_holdings(desk: Desk, report: ContractsReport) -> None:
    """The holdings can be read, valued where a quote is to be had."""
    assert all(row.quantity >= 0 for row in desk.holdings())


def test_trades(desk: Desk) -> None:
    """The trade book can be read."""
    with within(5):
        assert all(row.quantity > 0 and row.price > 0 for row in desk.trade_book())


def test_funds(desk: Desk) -> None:
    """The money can be read."""
    assert desk.funds().available is not None


def test_an_order_that_cannot_be_never_leaves(desk: Desk, contract: Contract) -> None:
    """A price off the tick is refused here, and the book knows nothing of it (FR10)."""
    price = contract.tick_size / 2
    before = desk.order_book()
    with pytest.raises(InvalidOrder):
        desk.draft(
            symbol=contract.symbol,
            exchange=contract.exchange.value,
            action="BUY",
            quantity=contract.lot_size,
            pricetype="LIMIT",
            price=price,
        )

    assert len(desk.order_book()) == len(before)


def test_resting_order_is_modified_and_cancelled(trading: Trading) -> None:
    """An order far from the market rests, takes a new price, and is taken back before anybody sells."""
    desk, price = trading.desk, trading.far_price()
    with within(3):
        placed = desk.place_order(trading.purchase(price))
    row = desk.follow(placed)
    assert row.is_live, row.reason
    assert (row.tag, row.price) == (placed.tag, price)

    lower = price - trading.contract.tick_size
    desk.modify_order(placed.order_id, Changes(price=lower))
    assert any(desk.order(placed.order_id).price == lower for _ in range(LOOKS))

    desk.cancel_order(placed.order_id)
    assert any(desk.order(placed.order_id).state is OrderState.CANCELLED for _ in range(LOOKS))
    with pytest.raises(OrderRejected):
        desk.cancel_order(placed.order_id)
    assert desk.order(placed.order_id).filled == 0


def test_smart_order_to_one_unit_and_back(trading: Trading) -> None:
    """The wish for one unit buys one, the same wish again nothing, and the wish for none sells it (FR5)."""
    with within(10):
        bought = trading.desk.place_smart_order(trading.smart(trading.unit))
    assert (bought.side, bought.quantity) == (Side.BUY, trading.unit)
    assert trading.comes_to(trading.unit)

    again = trading.desk.place_smart_order(trading.smart(trading.unit))
    assert again.placed is None
    assert "No action needed" in again.reason

    sold = trading.desk.place_smart_order(trading.smart(0))
    assert (sold.side, sold.quantity) == (Side.SELL, trading.unit)
    assert trading.comes_to(0)


def test_close_all_of_what_was_opened(trading: Trading) -> None:
    """Close-all, told to keep to our one position, closes it; called again it sends nothing (FR6, X3)."""
    placed = trading.desk.place_order(trading.purchase())
    assert trading.comes_to(trading.unit)
    assert any(trade.order_id == placed.order_id for trade in trading.desk.trade_book())

    report = trading.desk.close_all_positions(trading.is_ours)
    assert [(leg.symbol, leg.held, leg.remaining) for leg in report.legs] == [
        (trading.contract.symbol, trading.unit, 0)
    ], report
    assert trading.desk.close_all_positions(trading.is_ours).legs == ()
