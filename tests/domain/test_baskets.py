"""Large orders leave in slices, and baskets exits first; every part has its own outcome (X3)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.samples import FUTURE, INDEX, OPTION, SHARE, meant, order, position, row
from fakes.script import Scene
from jainam.domain.baskets import place_basket, place_sliced
from jainam.domain.errors import (
    BrokerUnavailable,
    Halted,
    InvalidOrder,
    JainamError,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    Rehearsed,
    SymbolNotFound,
)
from jainam.domain.instruments import SymbolKey
from jainam.domain.orders import Order, OrderId, OrderTag
from jainam.domain.steps import (
    FindOrder,
    ListOrders,
    ListPositions,
    ListTrades,
    NewTag,
    OwnOrders,
    PlaceExit,
    PlaceOrder,
)
from jainam.domain.vocabulary import Exchange, OrderState, PriceType, Product, Side

PARENT = OrderTag("J0123456789abcdef012")


def slicing(*answers: object) -> Scene:
    """A desk whose tags are as long as real ones."""
    return Scene({NewTag: PARENT, PlaceOrder: [*answers, OrderId("9001")], FindOrder: None})


def test_a_large_order_leaves_in_slices_under_one_tag() -> None:
    """Each slice is the largest that the exchange takes, and its tag begins with that of the whole (X3)."""
    scene = slicing()
    whole = scene.run(place_sliced(order(quantity=4500)))

    sent = [step for step in scene.steps if isinstance(step, PlaceOrder)]
    assert [step.order.quantity for step in sent] == [1800, 1800, 900]
    assert [step.tag for step in sent] == [f"{whole.tag}000", f"{whole.tag}001", f"{whole.tag}002"]
    assert PARENT.startswith(whole.tag)
    assert all(len(step.tag) <= 20 for step in sent)
    assert whole.is_complete
    assert (whole.placed, whole.in_doubt, whole.left) == (4500, 0, 0)


@given(lots=st.integers(1, 2000))
def test_slices_add_up(lots: int) -> None:
    """Whatever the size, the slices together are the order, each passes the exchange's checks, and tags differ."""
    scene = slicing()
    whole = scene.run(place_sliced(order(quantity=lots * 75)))

    assert whole.placed == lots * 75
    tags = [step.tag for step in scene.steps if isinstance(step, PlaceOrder)]
    assert len(set(tags)) == len(tags) == len(whole.parts)


@pytest.mark.parametrize(
    ("trouble", "left", "doubt"),
    [(OrderRejected("no funds"), 2700, 0), (OutcomeUnknown("timed out"), 900, 1800)],
    ids=["refused", "in doubt"],
)
def test_after_a_slice_that_was_not_taken_none_is_sent(trouble: JainamError, left: int, doubt: int) -> None:
    """A slice that is refused or in doubt ends it, and the report says how much is in no order (X3)."""
    scene = slicing(OrderId("9000"), trouble)
    whole = scene.run(place_sliced(order(quantity=4500)))

    assert len(scene.asked(PlaceOrder)) == 2
    assert not whole.is_complete
    assert (whole.placed, whole.in_doubt, whole.left) == (1800, doubt, left)
    assert isinstance(whole.parts[1].outcome, type(trouble))


def test_a_slice_that_is_tried_once_more_keeps_the_tag_of_the_whole() -> None:
    """While entries are stopped a slice that closes something passes, and when its rate is refused it is tried again
    under a tag that begins as all of them do (X3, X10)."""
    scene = Scene(
        {
            NewTag: PARENT,
            PlaceOrder: Halted("halted: the feed is down"),
            PlaceExit: [RateLimited("too many"), OrderId("9001")],
            ListOrders: (),
            ListTrades: (),
            FindOrder: None,
            ListPositions: (position(1875),),
        }
    )
    whole = scene.run(place_sliced(order(side=Side.SELL, quantity=1875)))

    tried = [step.tag for step in scene.steps if isinstance(step, PlaceExit)]
    assert tried == [f"{whole.tag}000", f"{whole.tag}100", f"{whole.tag}001"]
    assert [part.placed.tag for part in whole.parts if part.placed] == tried[1:]
    assert whole.is_complete


def test_a_rehearsal_shows_all_slices() -> None:
    """In test mode every slice is shown."""
    scene = Scene({NewTag: PARENT, PlaceOrder: Rehearsed("POST /orders")})

    assert len(scene.run(place_sliced(order(quantity=4500))).parts) == 3


def test_a_bad_order_sends_no_slice() -> None:
    """When some slice breaks a rule, nothing leaves."""
    scene = slicing()
    with pytest.raises(InvalidOrder, match="not a multiple of the lot size"):
        scene.run(place_sliced(order(quantity=1850)))
    with pytest.raises(InvalidOrder, match="would take 101 orders; use at most 180000"):
        scene.run(place_sliced(order(quantity=1800 * 101)))

    assert not scene.asked(PlaceOrder, NewTag)


def basket_scene() -> Scene:
    """A desk that is long two lots of the future."""
    return Scene(
        {
            ListOrders: (),
            ListPositions: (position(100), position(50)),
            PlaceOrder: OrderId("9001"),
            PlaceExit: OrderId("9002"),
        }
    )


def test_exits_of_a_basket_leave_first() -> None:
    """What only reduces a position goes before what opens one, and outcomes come in the order that was given (X3)."""
    scene = basket_scene()
    orders = (order(SHARE, quantity=5), order(side=Side.SELL, quantity=75), order(OPTION))
    report = scene.run(place_basket(orders))

    sent = [(type(step), step.order.instrument.symbol) for step in scene.steps if isinstance(step, PlaceOrder)]
    assert sent == [(PlaceExit, FUTURE.symbol), (PlaceOrder, SHARE.symbol), (PlaceOrder, OPTION.symbol)]
    assert [part.order for part in report.parts] == list(orders)
    assert [part.placed.order_id for part in report.parts if part.placed] == ["9001", "9002", "9001"]
    assert report.is_complete


def test_exits_are_counted_one_after_the_other() -> None:
    """Two exits for the same position are both exits only while there is something left to close."""
    scene = basket_scene()
    sale = order(side=Side.SELL, quantity=75)
    scene.run(place_basket((sale, sale, sale)))

    assert [step.held for step in scene.steps if isinstance(step, PlaceExit)] == [150, 75]
    assert len(scene.asked(PlaceOrder)) == 1


@pytest.mark.parametrize(
    "entry",
    [
        order(side=Side.BUY),
        order(side=Side.SELL, quantity=225),
        order(side=Side.SELL, product=Product.MIS),
        order(OPTION, side=Side.SELL),
    ],
    ids=["adds", "passes zero", "another product", "another instrument"],
)
def test_what_does_more_than_reduce_is_an_entry(entry: Order) -> None:
    """An order that adds, reverses or is about something else is no exit."""
    scene = basket_scene()
    scene.run(place_basket((entry,)))

    assert len(scene.asked(PlaceOrder)) == 1
    assert not scene.asked(PlaceExit)


@pytest.mark.parametrize(
    "changes",
    [
        {ListOrders: (row(side=Side.SELL, pending=150),)},
        {OwnOrders: (meant(),)},
        {ListOrders: (row(tag="t0", filled=75, pending=0, state=OrderState.FILLED),), OwnOrders: (meant(held=150),)},
    ],
    ids=["a target works", "an order of ours is in no book", "an order of ours has traded and is not in the positions"],
)
def test_what_only_seems_to_reduce_goes_first_and_passes_no_halt(changes: dict[type, object]) -> None:
    """By books that lag, or beside an order that works, nothing is an exit for certain (X10, D16)."""
    scene = basket_scene()
    scene.answers.update(changes)
    scene.run(place_basket((order(SHARE, quantity=5), order(side=Side.SELL, quantity=150))))

    sent = [step for step in scene.steps if isinstance(step, PlaceOrder)]
    assert [step.order.instrument for step in sent] == [FUTURE.key, SHARE.key]
    assert not scene.asked(PlaceExit)
    assert [step.held for step in sent] == [None, None]


def test_each_leg_of_a_basket_has_its_own_outcome() -> None:
    """An unknown symbol, a bad order and a refusal stop no other leg."""
    scene = basket_scene()
    scene.answers[PlaceExit] = OrderRejected("no funds")
    unknown = Order(instrument=SymbolKey("NOBODY", Exchange.NSE), side=Side.BUY, product=Product.MIS, quantity=1)
    bad = order(INDEX, price_type=PriceType.LIMIT, price=Decimal(25000))
    report = scene.run(place_basket((unknown, bad, order(side=Side.SELL), order(SHARE, quantity=1))))

    kinds = [type(part.outcome).__name__ for part in report.parts]
    assert kinds == ["SymbolNotFound", "InvalidOrder", "OrderRejected", "Placed"]
    assert len(report.failed) == 3
    assert not report.is_complete
    assert isinstance(report.failed[0].outcome, SymbolNotFound)


@pytest.mark.parametrize("book", [ListOrders, ListPositions])
def test_a_basket_without_books_to_read_sends_nothing(book: type) -> None:
    """When nobody knows what is held or works, nobody knows what reduces, and nothing leaves."""
    scene = basket_scene()
    scene.answers[book] = BrokerUnavailable("bad gateway")
    with pytest.raises(BrokerUnavailable):
        scene.run(place_basket((order(),)))

    assert not scene.asked(PlaceOrder)


def test_an_empty_basket_is_complete() -> None:
    """Nothing to send is nothing to fail."""
    assert basket_scene().run(place_basket(())).is_complete
