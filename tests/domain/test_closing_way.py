"""A close-all sends what is still missing: what works already is counted, and what is in the way taken back (X3)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from fakes.closing import Desk
from fakes.samples import FUTURE, OPTION, order, position, row
from fakes.script import NOW
from jainam.domain.errors import (
    OrderRejected,
)
from jainam.domain.journal import Deed, Ending, Intent, Meant, Verdict
from jainam.domain.orders import OrderId, OrderTag
from jainam.domain.reports import CloseReport
from jainam.domain.steps import (
    CancelOrder,
    ListOrders,
    ListPositions,
    NameContracts,
    OwnOrders,
    PlaceExit,
)
from jainam.domain.vocabulary import OrderState, PriceType, Product, Side


def test_second_call_sends_nothing_while_exits_work() -> None:
    """What already works towards flat is not sent again, and the leg names the order that is awaited (X3)."""
    desk = Desk([position(75)], fates={FUTURE.ref: OrderState.OPEN})
    first = desk.close()
    second = desk.close()

    assert desk.sent == [("NIFTY30JUN26FUT", Side.SELL, 75)]
    assert first.legs == second.legs
    assert second.legs[0].order_ids == ("1",)
    assert second.legs[0].reason == "order 1 is open"
    assert second.status == "failed"


def test_call_after_all_is_closed_sends_nothing() -> None:
    """When everything is closed another call finds nothing to do."""
    desk = Desk([position(75)])
    desk.close()

    assert desk.close() == CloseReport(())
    assert len(desk.sent) == 1


def test_part_that_works_is_subtracted() -> None:
    """An exit that works on a part leaves the rest to be sent."""
    desk = Desk([position(150)], [row("1", side=Side.SELL, price_type=PriceType.MARKET, quantity=75)])
    desk.close()

    assert desk.sent == [("NIFTY30JUN26FUT", Side.SELL, 75)]


def test_sleeping_stop_does_not_keep_a_position_open() -> None:
    """A protective stop that cannot be taken back is no exit that works; the leg says that it is still there."""
    desk = Desk([position(75)], [row("1", side=Side.SELL, price_type=PriceType.SL_M, trigger_price=Decimal(24000))])
    desk.cancellations = OrderRejected("Order is not in open state")
    report = desk.close()

    assert desk.sent == [("NIFTY30JUN26FUT", Side.SELL, 75)]
    assert report.is_complete
    assert report.legs[0].uncancelled == ("1",)
    assert desk.cancellations in desk.scene.told()


@pytest.mark.parametrize(
    ("side", "terms"),
    [
        (Side.SELL, {"price_type": PriceType.SL_M, "trigger_price": Decimal(24000)}),
        (Side.SELL, {"price_type": PriceType.LIMIT}),
        (Side.BUY, {"price_type": PriceType.LIMIT}),
        (Side.BUY, {"price_type": PriceType.MARKET}),
    ],
    ids=["stop", "target", "entry", "market entry"],
)
def test_what_blocks_an_exit_is_taken_back_first(side: Side, terms: dict[str, Any]) -> None:
    """Stops, targets and entries on what is being closed are cancelled, and then the whole position leaves (X3)."""
    others = [row("2", OPTION), row("3", product=Product.MIS), row("4", state=OrderState.FILLED, pending=0)]
    desk = Desk([position(75)], [row("1", side=side, **terms), *others])
    report = desk.close()

    assert [step.order_id for step in desk.scene.steps if isinstance(step, CancelOrder)] == ["1"]
    assert desk.sent == [("NIFTY30JUN26FUT", Side.SELL, 75)]
    assert report.is_complete
    kinds = [type(step) for step in desk.scene.steps if isinstance(step, CancelOrder | PlaceExit)]
    assert kinds == [CancelOrder, PlaceExit]


def test_a_target_that_fills_while_it_is_taken_back_is_not_sold_twice() -> None:
    """After the way was cleared both books are read again, so what filled meanwhile is not sold a second time (X3)."""
    desk = Desk([position(75)], [row("1", side=Side.SELL)])

    def fill(_: object) -> object:
        desk.orders = [row("1", side=Side.SELL, state=OrderState.FILLED, filled=75, pending=0)]
        desk.positions = [position(0)]
        return OrderRejected("Order is already filled")

    desk.scene.answers[CancelOrder] = fill

    assert desk.close() == CloseReport(())
    assert desk.sent == []


def test_a_stop_that_stays_is_told_though_the_position_is_flat_meanwhile() -> None:
    """Somebody else closed the position while its stop could not be taken back: the stop may open another one."""
    stop = row("1", side=Side.SELL, price_type=PriceType.SL_M, trigger_price=Decimal(24000))
    desk = Desk([position(75)], [stop])

    def refuse(_: object) -> object:
        desk.positions = [position(0)]
        return OrderRejected("Order is not in open state")

    desk.scene.answers[CancelOrder] = refuse
    (leg,) = desk.close().legs

    assert desk.sent == []
    assert (leg.held, leg.remaining, leg.uncancelled) == (0, 0, ("1",))


def test_an_order_that_traded_needs_no_taking_back() -> None:
    """A target that was too late to take back and filled in part of the position is not called alive."""
    desk = Desk([position(150)], [row("1", side=Side.SELL, quantity=75)])

    def fill(_: object) -> object:
        desk.orders = [row("1", side=Side.SELL, state=OrderState.FILLED, quantity=75, filled=75, pending=0)]
        desk.positions = [position(75)]
        return OrderRejected("Order is already filled")

    desk.scene.answers[CancelOrder] = fill
    (leg,) = desk.close().legs

    assert desk.sent == [("NIFTY30JUN26FUT", Side.SELL, 75)]
    assert (leg.remaining, leg.uncancelled) == (0, ())


@pytest.mark.parametrize(
    ("updated", "reads"),
    [
        (NOW - dt.timedelta(seconds=59), 2),
        (NOW - dt.timedelta(seconds=60), 1),
        (NOW.replace(tzinfo=None), 2),
        (None, 2),
    ],
    ids=["a moment ago", "long ago", "without a zone", "nobody knows when"],
)
def test_books_read_at_once_are_believed_when_nothing_traded_lately(updated: dt.datetime | None, reads: int) -> None:
    """An order on the instrument that traded a moment ago makes the books be read again, the order book first (X3)."""
    filled = row("1", state=OrderState.FILLED, filled=75, pending=0, updated_at=updated)
    desk = Desk([position(75)], [filled])
    desk.close()

    before = desk.scene.steps.index(next(step for step in desk.scene.steps if isinstance(step, NameContracts)))
    assert sum(isinstance(step, ListPositions) for step in desk.scene.steps[:before]) == reads


def test_a_leg_with_an_order_of_ours_reads_its_books_again() -> None:
    """What we sent for the instrument in the last minute is seen before anything more is sent for it (D16)."""
    desk = Desk([position(75)])
    mine = Intent(deed=Deed.PLACE, at=NOW, tag=OrderTag("t0"), order=order(), ref=FUTURE.ref)
    desk.scene.answers[OwnOrders] = (
        Meant(1, mine, Ending(key="t0", at=NOW, verdict=Verdict.DONE, order_id=OrderId("9000"))),
    )
    seen = [row("9000", tag=OrderTag("t0"), side=Side.SELL, price_type=PriceType.MARKET)]
    desk.scene.answers[ListOrders] = [(), tuple(seen)]
    report = desk.close()

    assert desk.sent == []
    assert report.legs[0].order_ids == ("9000",)


@pytest.mark.parametrize("filled_at", range(1, 5))
def test_exit_that_fills_between_the_reads_is_not_sent_again(filled_at: int) -> None:
    """Whenever the first call's exit fills, a second call does not sell the position a second time (X3).

    An exit that filled after the position book was read and before the order book was would be in neither.
    """
    looks = 0

    def is_filled() -> bool:
        nonlocal looks
        looks += 1
        return looks >= filled_at

    exit_order = row("1", side=Side.SELL, price_type=PriceType.MARKET)
    desk = Desk([])
    desk.scene.answers[ListPositions] = lambda _: (position(0 if is_filled() else 75),)
    desk.scene.answers[ListOrders] = lambda _: (
        evolve(exit_order, state=OrderState.FILLED, pending=0, filled=75) if is_filled() else exit_order,
    )
    desk.close()

    assert desk.sent == []
