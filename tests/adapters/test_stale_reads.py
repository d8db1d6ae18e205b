"""No decision is made on a read of a book that somebody else began before what it has to show (D16, D19, X3)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from attrs import define, field

from contracts.runner_harness import RELIANCE, SHARES, buy, resting
from fakes.clock import FakeClock
from fakes.exchange import RestTransport, counted_tags, settings_for
from jainam.adapters.desk import Desk
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.orders import Changes, SmartOrder
from jainam.domain.vocabulary import PriceType, Product
from jainam.ports.transport import HttpRequest, HttpResponse
from jainam.simulator import FaultRule, Modes, Rest, SimulatorSettings

ORDERS = "/interactive/orders/dealerorderbook"
POSITIONS = "/interactive/portfolio/dealerpositions"


@define(eq=False)
class SlowReads(RestTransport):
    """A transport on which the next read of *slow* is answered at once, and the answer takes its time to come back."""

    slow: str = ""
    is_answered: threading.Event = field(factory=threading.Event)
    may_arrive: threading.Event = field(factory=threading.Event)

    def send(self, request: HttpRequest) -> HttpResponse:
        response = super().send(request)
        if self.slow and self.slow in request.url:
            self.slow = ""
            self.is_answered.set()
            assert self.may_arrive.wait(5)
        return response


@define(eq=False)
class Floor:
    """A desk, the exchange behind it, and somebody who looks at the books all the time."""

    desk: Desk
    rest: Rest
    transport: SlowReads
    others: ThreadPoolExecutor

    def look(self, path: str) -> None:
        """Let somebody read the book at *path*, who is answered now and hears of it in a moment."""
        self.transport.slow = path
        self.others.submit(self.desk.order_book if path == ORDERS else self.desk.positions)
        assert self.transport.is_answered.wait(5)
        timer = threading.Timer(0.1, self.transport.may_arrive.set)
        timer.daemon = True
        timer.start()

    def look_before(self, method: str, path: str) -> None:
        """Let that happen while the next request with *method* is on its way."""

        def before(request: HttpRequest) -> None:
            if request.method == method:
                self.transport.before = None
                self.look(path)

        self.transport.before = before


@pytest.fixture
def floor() -> Iterator[Floor]:
    clock = FakeClock()
    simulator = SimulatorSettings(trading_date=clock.now().date(), modes=Modes())
    rest = Rest(simulator, clock)
    transport = SlowReads(rest)
    with (
        ThreadPoolExecutor(1) as others,
        Desk.open(
            settings_for(simulator),
            transport=transport,
            contracts=MemoryContracts(SHARES),
            clock=clock,
            tags=counted_tags(),
        ) as desk,
    ):
        desk.positions()
        yield Floor(desk, rest, transport, others)
        transport.may_arrive.set()


def test_a_second_modification_keeps_the_first(floor: Floor) -> None:
    """The row that a modification starts from is read for it, so that it takes nothing back (D19)."""
    placed = floor.desk.place_order(resting("1200", 10))
    floor.look_before("PUT", ORDERS)
    floor.desk.modify_order(placed.order_id, Changes(price=Decimal(1201)))
    floor.desk.modify_order(placed.order_id, Changes(quantity=20))

    row = floor.desk.order(placed.order_id)
    assert (row.price, row.quantity) == (Decimal(1201), 20)


def test_cancel_all_takes_back_what_was_placed_a_moment_ago(floor: Floor) -> None:
    """An order that was taken before cancel-all was asked for is taken back by it."""
    floor.look(ORDERS)
    placed = floor.desk.place_order(resting())

    assert floor.desk.cancel_all_orders().cancelled == (placed.order_id,)
    assert not floor.desk.order(placed.order_id).is_live


def test_a_position_is_called_closed_by_a_book_read_after_its_exit(floor: Floor) -> None:
    """A book of before the position was opened shows it flat, and says nothing about its exit (X3, D9)."""
    floor.look(POSITIONS)
    floor.desk.place_order(buy(10))
    floor.rest.faults.add([FaultRule(kind="refuse", method="POST", path="/interactive/orders")])
    report = floor.desk.close_all_positions()

    assert not report.is_complete
    assert [leg.remaining for leg in report.legs] == [10]


def test_a_smart_order_counts_what_was_added_to_a_working_order(floor: Floor) -> None:
    """An order that was made larger is counted as it is now, so that the position never passes the target (D16)."""
    placed = floor.desk.place_order(resting("1200", 10))
    floor.look_before("PUT", ORDERS)
    floor.desk.modify_order(placed.order_id, Changes(quantity=20))
    wish = SmartOrder(
        instrument=RELIANCE, product=Product.MIS, target=20, price_type=PriceType.LIMIT, price=Decimal(1200)
    )

    assert floor.desk.place_smart_order(wish).placed is None
