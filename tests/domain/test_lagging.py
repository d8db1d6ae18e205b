"""A position book that does not show what has traded is not believed, by smart orders and by close-all (D16, X3)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from fakes.samples import FUTURE, OPTION, SHARE, order, position, row, smart
from fakes.script import NOW, Scene
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import BrokerUnavailable, Halted, OrderRejected
from jainam.domain.flows import modify_order, place_order, place_smart_order
from jainam.domain.journal import Deed, Ending, Intent, Meant, Verdict
from jainam.domain.lagging import RECENT, lagging, traded_since
from jainam.domain.orders import Changes, OrderId, OrderRow, OrderTag
from jainam.domain.reports import CloseReport, Leg
from jainam.domain.steps import (
    Flow,
    ListOrders,
    ListPositions,
    ModifyExit,
    ModifyOrder,
    OwnOrders,
    PlaceExit,
    PlaceOrder,
)
from jainam.domain.vocabulary import OrderState, Product, Side

KEY = (FUTURE.ref, Product.NRML)


def traded(quantity: int = 75, side: Side = Side.BUY, **terms: Any) -> OrderRow:
    """An order that filled a moment ago."""
    usual: dict[str, Any] = {"state": OrderState.FILLED, "updated_at": NOW - dt.timedelta(seconds=1), "tag": None}
    return row("9001", side=side, quantity=quantity, filled=quantity, pending=0, **(usual | terms))


# --- the rule ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("updated", "tells"),
    [
        (NOW, True),
        (NOW.replace(tzinfo=None), True),
        (NOW - RECENT, False),
        ((NOW - RECENT).replace(tzinfo=None), False),
        (None, False),
    ],
)
def test_what_traded_lately_is_told_by_the_last_touch(updated: dt.datetime | None, tells: bool) -> None:
    """An order that traded counts as recent by the time of its row, which is India's where it names no zone."""
    assert traded_since(traded(updated_at=updated), NOW - RECENT) is tells


def test_an_order_that_never_traded_is_no_trade() -> None:
    """What was touched lately without trading says nothing about positions."""
    assert not traded_since(row(updated_at=NOW), NOW - RECENT)


@pytest.mark.parametrize(
    ("held", "lags"),
    [
        ((), True),
        ((position(75),), False),
        ((position(150),), False),
        ((position(0),), True),
        ((position(-75),), True),
        ((position(0, buy_quantity=75, sell_quantity=75),), False),
        ((position(75, product=Product.MIS),), True),
        ((position(75, OPTION),), True),
        ((position(0, buy_quantity=9, sell_quantity=0),), False),
    ],
    ids=["absent", "shown", "and more", "not yet", "short", "closed", "other product", "other one", "no sums"],
)
def test_a_position_has_bought_what_its_orders_bought(held: tuple[Any, ...], lags: bool) -> None:
    """A book lags when a position has bought less than its orders did, and its numbers add up (D16)."""
    assert lagging([traded()], held, NOW) == ({KEY: traded()} if lags else {})


def test_a_position_has_sold_what_its_orders_sold() -> None:
    """The same for sales."""
    sold = traded(side=Side.SELL)

    assert lagging([sold], [position(75)], NOW) == {KEY: sold}
    assert lagging([sold], [position(-75)], NOW) == {}


@pytest.mark.parametrize("held", [(), (position(0),)], ids=["unlisted", "without sums"])
def test_a_position_that_was_opened_and_closed_may_show_nothing(held: Any) -> None:
    """What was bought and sold in equal parts leaves nothing that every broker's book would show."""
    assert lagging([traded(), traded(side=Side.SELL)], held, NOW) == {}


def test_old_trades_count_once_there_is_a_new_one() -> None:
    """Nothing is said while the last trade is long ago; then all trades of the day must be in the book."""
    old = traded(updated_at=NOW - RECENT)

    assert lagging([old], [], NOW) == {}
    elsewhere = traded(contract=OPTION, updated_at=NOW - RECENT)
    assert lagging([old, elsewhere, traded()], [position(75)], NOW) == {KEY: traded()}


# --- smart orders ------------------------------------------------------------------------------------------------


def test_a_smart_order_waits_for_trades_that_nobody_wrote_down() -> None:
    """An order that filled a moment ago, whoever sent it, is waited for in the position book (X2, D16)."""
    scene = Scene({ListOrders: (traded(),), ListPositions: [(), (position(75),)]})

    assert scene.run(place_smart_order(smart(75))).placed is None
    assert not scene.asked(PlaceOrder)


def test_a_smart_order_aborts_when_the_trades_never_show() -> None:
    """When the position book does not catch up nothing is sent, and the order is named."""
    scene = Scene({ListOrders: (traded(),), ListPositions: ()})
    with pytest.raises(BrokerUnavailable, match="does not show order 9001 yet; nothing was sent"):
        scene.run(place_smart_order(smart(75)))


# --- close-all ---------------------------------------------------------------------------------------------------


def closing(*books: Any, orders: tuple[OrderRow, ...] = (traded(),)) -> tuple[CloseReport, Scene]:
    """What close-all tells when the position book shows *books*, one after the other, the last for good."""
    scene = Scene({ListOrders: orders, ListPositions: list(books), PlaceExit: OrderId("9002")})
    return scene.run(close_all_positions()), scene


@pytest.mark.parametrize("before", [(), (position(0),)], ids=["unlisted", "flat"])
def test_a_position_that_does_not_show_yet_is_closed(before: Any) -> None:
    """What was bought a moment ago is closed although the position book shows it late (X3)."""
    report, scene = closing(before, before, before, (position(75),), (position(0),))

    assert [(leg.symbol, leg.held, leg.remaining) for leg in report.legs] == [("NIFTY30JUN26FUT", 75, 0)]
    assert len(scene.asked(PlaceExit)) == 1


def test_a_position_that_never_shows_is_no_closed_one() -> None:
    """When the book does not catch up nothing is sent, and nothing is called closed (D9)."""
    report, scene = closing(())

    assert report.status == "failed"
    assert [(leg.remaining, leg.reason) for leg in report.legs] == [
        (None, "the position book of NFO:NIFTY30JUN26FUT does not show order 9001 yet; nothing was sent")
    ]
    assert not scene.asked(PlaceExit)


def test_an_exit_that_does_not_show_yet_is_not_sent_again() -> None:
    """A position that was sold a moment ago is no leg once the book has caught up (X3)."""
    long, flat = position(75), position(0, buy_quantity=75, sell_quantity=75)
    report, scene = closing((long,), (long,), (long,), (flat,), orders=(traded(), traded(side=Side.SELL)))

    assert report == CloseReport(())
    assert not scene.asked(PlaceExit)


def test_an_exit_that_is_refused_leaves_what_the_book_says() -> None:
    """Once the book has caught up, what is left of a position is known, whatever became of its exit."""
    books = [(), (), (), (position(75),)]
    scene = Scene({ListOrders: (traded(),), ListPositions: books, PlaceExit: OrderRejected("no")})
    (leg,) = scene.run(close_all_positions()).legs

    assert (leg.held, leg.remaining) == (75, 75)


def test_a_choice_holds_for_positions_that_do_not_show_yet() -> None:
    """What was not asked to be closed is left alone, shown or not."""
    scene = Scene({ListOrders: (traded(), traded(contract=SHARE, symbol="RELIANCE")), ListPositions: ()})
    report = scene.run(close_all_positions(lambda row: row.instrument == SHARE.ref))

    assert [leg.symbol for leg in report.legs] == ["RELIANCE"]
    assert isinstance(report.legs[0], Leg)


# --- while entries are stopped -----------------------------------------------------------------------------------

HALT = Halted("the kill switch is on")


def our_exit() -> Meant:
    """An exit of ours that the gateway took a moment ago."""
    sale = order(side=Side.SELL)
    intent = Intent(deed=Deed.PLACE, at=NOW, tag=OrderTag("t0"), order=sale, ref=FUTURE.ref, is_exit=True)
    return Meant(1, intent, Ending(key="t0", at=NOW, verdict=Verdict.DONE, order_id=OrderId("9000")))


@pytest.mark.parametrize(
    ("own", "orders"),
    [((our_exit(),), ()), ((), (traded(), traded(side=Side.SELL)))],
    ids=["the order book lags", "the position book lags"],
)
@pytest.mark.parametrize("is_change", [False, True], ids=["order", "modification"])
def test_a_halted_order_is_no_exit_by_a_book_that_lags(own: Any, orders: Any, is_change: bool) -> None:
    """While entries are stopped nothing passes as an exit of a position that may be closed already (X10, D16)."""
    live = row("9002", side=Side.SELL, tag=None)
    scene = Scene(
        {
            PlaceOrder: HALT,
            ModifyOrder: HALT,
            OwnOrders: own,
            ListOrders: (*orders, live) if is_change else orders,
            ListPositions: (position(75),),
        }
    )
    asked: Flow[Any] = place_order(order(side=Side.SELL))
    if is_change:
        asked = modify_order(OrderId("9002"), Changes(price=Decimal("25001.0")))
    with pytest.raises(Halted, match=r"whether the order closes something is not known: the .* book"):
        scene.run(asked)

    assert not scene.asked(PlaceExit, ModifyExit)
