"""What the guard stops does not leave, unless it closes something (X10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fakes.samples import order, position, row, smart
from fakes.script import Scene
from jainam.domain.errors import (
    BrokerUnavailable,
    Halted,
    JainamError,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
)
from jainam.domain.flows import modify_order, place_order, place_smart_order
from jainam.domain.orders import Changes, OrderId, OrderRow, OrderTag, Placed
from jainam.domain.steps import (
    FindOrder,
    KnowPnl,
    ListOrders,
    ListPositions,
    ModifyExit,
    ModifyOrder,
    PlaceExit,
    PlaceOrder,
)
from jainam.domain.vocabulary import Side

LOST = OutcomeUnknown("timed out")
DOWN = BrokerUnavailable("bad gateway", status=502)
HALT = Halted("the kill switch is on")


def test_a_halted_entry_does_not_leave() -> None:
    """While entries are stopped, an order that opens or increases is refused with the guard's words (X10)."""
    for held in (0, 75):
        scene = Scene({PlaceOrder: HALT, ListPositions: (position(held),), ListOrders: ()})
        with pytest.raises(Halted, match="the kill switch is on"):
            scene.run(place_order(order()))
        assert not scene.asked(PlaceExit)


def test_a_halted_order_that_closes_something_passes() -> None:
    """While entries are stopped, an order that only reduces a position goes out as an exit, under its tag (X10)."""
    scene = Scene({PlaceOrder: HALT, PlaceExit: OrderId("9001"), ListPositions: (position(75),), ListOrders: ()})

    assert scene.run(place_order(order(side=Side.SELL))) == Placed(OrderId("9001"), OrderTag("t1"))
    (leaving,) = scene.asked(PlaceExit)
    assert isinstance(leaving, PlaceExit)
    assert (leaving.tag, leaving.held) == ("t1", 75)


def test_a_halted_exit_that_is_lost_is_looked_up() -> None:
    """An order that passed the guard as an exit is settled like any other."""
    scene = Scene(
        {
            PlaceOrder: HALT,
            PlaceExit: LOST,
            FindOrder: row("9001"),
            ListPositions: (position(75),),
            ListOrders: (),
        }
    )

    assert scene.run(place_order(order(side=Side.SELL))).found


@pytest.mark.parametrize("unread", [ListOrders, ListPositions])
def test_a_halted_order_stays_halted_when_the_books_are_silent(unread: type[Any]) -> None:
    """What cannot be shown to close something is an entry: unknown is not an exit (X10)."""
    scene = Scene({PlaceOrder: HALT, ListPositions: (position(75),), ListOrders: (), unread: DOWN})
    with pytest.raises(Halted, match="the kill switch is on; whether the order closes something is not known"):
        scene.run(place_order(order(side=Side.SELL)))

    assert not scene.asked(PlaceExit)


def test_an_exit_that_was_held_back_stays_here() -> None:
    """An exit that did not leave, because its task was cancelled in the queue, is reported as it is."""
    scene = Scene({PlaceExit: HALT})
    with pytest.raises(Halted) as caught:
        scene.run(place_order(order(), is_exit=True))

    assert caught.value is HALT
    assert not scene.asked(ListPositions)


def test_a_smart_order_does_not_ask_the_guard_twice() -> None:
    """A smart order that opens something is halted as it is; its turn is not asked for from inside itself."""
    scene = Scene({PlaceOrder: HALT, ListPositions: (), ListOrders: ()})
    with pytest.raises(Halted):
        scene.run(place_smart_order(smart(75)))

    assert not scene.asked(PlaceExit)


def test_the_guard_learns_the_loss_of_the_day_and_lets_pass() -> None:
    """When the guard has to know the day's profit and loss, the positions tell it, and the order goes on (X10)."""
    book = (position(75, mtm=Decimal(-500)),)
    scene = Scene(
        {PlaceOrder: [Halted("how much?", wants_pnl=True), OrderId("9001")], ListPositions: book, KnowPnl: None}
    )

    assert scene.run(place_order(order())).order_id == "9001"
    assert scene.asked(KnowPnl) == [KnowPnl(Decimal(-500))]


@pytest.mark.parametrize(
    ("answers", "ends"),
    [
        ([HALT], Halted),
        ([OrderRejected("no funds")], OrderRejected),
        ([NotSent("no route")], NotSent),
    ],
    ids=["halted", "rejected", "not sent"],
)
def test_the_guard_knows_and_the_order_still_fails(answers: list[JainamError], ends: type[JainamError]) -> None:
    """After the guard has learned the loss, the order ends as orders end."""
    asked: list[object] = [Halted("how much?", wants_pnl=True), *answers]
    scene = Scene({PlaceOrder: asked, ListPositions: (), ListOrders: (), KnowPnl: None})
    with pytest.raises(ends):
        scene.run(place_order(order()))


def test_an_unknown_loss_halts() -> None:
    """When the positions cannot be read, the guard's no stands."""
    scene = Scene({PlaceOrder: Halted("how much?", wants_pnl=True), ListPositions: DOWN})
    with pytest.raises(Halted, match=r"how much\?; whether the order closes something is not known"):
        scene.run(place_order(order()))


def live_sale(**terms: Any) -> OrderRow:
    """A live sale of one lot."""
    return row("9001", side=Side.SELL, **terms)


def test_a_halted_modification_of_an_exit_passes() -> None:
    """While entries are stopped, the terms of an order that only reduces a position can still be changed (X10)."""
    scene = Scene(
        {
            ModifyOrder: HALT,
            ModifyExit: None,
            ListOrders: (live_sale(),),
            ListPositions: (position(75),),
        }
    )
    scene.run(modify_order(OrderId("9001"), Changes(price=Decimal("25001.0"))))

    assert len(scene.asked(ModifyExit)) == 1


@pytest.mark.parametrize(
    ("held", "filled", "quantity"),
    [(0, 0, 75), (75, 0, 150), (75, 75, 75)],
    ids=["nothing held", "more than held", "nothing left of it"],
)
def test_a_halted_modification_of_an_entry_does_not_leave(held: int, filled: int, quantity: int) -> None:
    """A modification that could increase a position is stopped with the entries."""
    scene = Scene(
        {
            ModifyOrder: HALT,
            ListOrders: (live_sale(quantity=150, filled=filled, pending=150 - filled),),
            ListPositions: (position(held),),
        }
    )
    with pytest.raises(Halted):
        scene.run(modify_order(OrderId("9001"), Changes(quantity=quantity)))

    assert not scene.asked(ModifyExit)


def test_a_modification_tells_the_guard_of_the_loss() -> None:
    """A modification waits for the day's loss like an order, and is judged by what the guard says then."""
    asks = Halted("how much?", wants_pnl=True)
    scene = Scene(
        {ModifyOrder: [asks, None], ListOrders: (live_sale(),), ListPositions: (position(75),), KnowPnl: None}
    )
    scene.run(modify_order(OrderId("9001"), Changes(price=Decimal("25001.0"))))
    assert len(scene.asked(ModifyOrder)) == 2

    scene = Scene({ModifyOrder: [asks, HALT], ListOrders: (live_sale(),), ListPositions: (), KnowPnl: None})
    with pytest.raises(Halted, match="kill switch"):
        scene.run(modify_order(OrderId("9001"), Changes(price=Decimal("25001.0"))))
