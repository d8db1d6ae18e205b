"""What is in doubt is looked up, and ends in the journal (X1)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fakes.samples import order, row, trade
from fakes.script import Scene
from jainam.domain.errors import (
    BrokerUnavailable,
    OrderRejected,
    OutcomeUnknown,
)
from jainam.domain.flows import cancel_order, modify_order, place_order
from jainam.domain.journal import Verdict
from jainam.domain.orders import Changes, OrderId, OrderRow, OrderTag, Placed
from jainam.domain.steps import (
    CancelOrder,
    Conclude,
    FindOrder,
    ListOrders,
    ListTrades,
    ModifyOrder,
    PlaceOrder,
)
from jainam.domain.vocabulary import OrderState

LOST = OutcomeUnknown("timed out")
DOWN = BrokerUnavailable("bad gateway", status=502)


def test_an_order_that_filled_and_left_is_found_in_the_trade_book() -> None:
    """An order that the order book does not show is looked for among the trades before it is called unknown (X1)."""
    filled = trade(order_id=OrderId("9001"), tag=OrderTag("t1"))
    scene = Scene({PlaceOrder: LOST, FindOrder: None, ListTrades: (trade(tag=OrderTag("other")), filled)})

    assert scene.run(place_order(order())) == Placed(OrderId("9001"), OrderTag("t1"), found=True)
    assert scene.concluded() == [("t1", Verdict.DONE)]
    assert len(scene.asked(PlaceOrder)) == 1


def test_an_order_nobody_could_find_stays_in_the_journal_as_unknown() -> None:
    """What was looked for in vain is written down with the evidence, to be looked for again."""
    scene = Scene({PlaceOrder: LOST, FindOrder: [DOWN, None]})
    with pytest.raises(OutcomeUnknown):
        scene.run(place_order(order()))

    (told,) = [step for step in scene.steps if isinstance(step, Conclude)]
    assert (told.key, told.verdict) == ("t1", Verdict.UNKNOWN)
    assert told.words.startswith("timed out; books not read: bad gateway; in neither the order book")


@pytest.mark.parametrize(
    ("state", "verdict"),
    [(OrderState.CANCELLED, Verdict.DONE), (OrderState.FILLED, Verdict.REFUSED), (OrderState.OPEN, Verdict.UNKNOWN)],
)
def test_a_lost_cancellation_ends_in_the_journal(state: OrderState, verdict: Verdict) -> None:
    """The row of the order says what became of its cancellation."""
    scene = Scene({CancelOrder: LOST, ListOrders: (row("9001", state=state),)})
    try:
        scene.run(cancel_order(OrderId("9001")))
        assert verdict is Verdict.DONE
    except OrderRejected:
        assert verdict is Verdict.REFUSED
    except OutcomeUnknown:
        assert verdict is Verdict.UNKNOWN

    assert scene.concluded() == [("cancel 9001", verdict)]


@pytest.mark.parametrize(
    ("later", "verdict"),
    [
        (row("9001", price=Decimal("25001.0")), Verdict.DONE),
        (row("9001", state=OrderState.FILLED), Verdict.REFUSED),
        (row("9001"), Verdict.UNKNOWN),
    ],
)
def test_a_lost_modification_ends_in_the_journal(later: OrderRow, verdict: Verdict) -> None:
    """The row of the order says what became of its modification."""
    scene = Scene({ModifyOrder: LOST, ListOrders: [(row("9001"),), (later,)]})
    try:
        scene.run(modify_order(OrderId("9001"), Changes(price=Decimal("25001.0"))))
        assert verdict is Verdict.DONE
    except OrderRejected:
        assert verdict is Verdict.REFUSED
    except OutcomeUnknown:
        assert verdict is Verdict.UNKNOWN

    assert scene.concluded() == [("modify 9001", verdict)]
