"""What a crash left open is resolved from the books, and asks no more of them than it must (X1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fakes.samples import meant, order, row, trade
from fakes.script import NOW, Scene
from jainam.domain.flows import resolve_intents
from jainam.domain.journal import Deed, Intent, Meant, Verdict
from jainam.domain.orders import OrderId, OrderRow, OrderTag
from jainam.domain.reports import Resolution
from jainam.domain.steps import (
    CancelOrder,
    ListOrders,
    ListTrades,
    ModifyOrder,
    PlaceExit,
    PlaceOrder,
    Unsettled,
)
from jainam.domain.vocabulary import OrderState, PriceType


def changed(deed: Deed, order_id: str = "9001", **terms: Any) -> Meant:
    """A modification or cancellation whose ending is not known."""
    wanted = order(price_type=PriceType.LIMIT, **terms) if deed is Deed.MODIFY else None
    return Meant(3, Intent(deed=deed, at=NOW, order_id=OrderId(order_id), order=wanted))


def test_nothing_open_asks_nobody() -> None:
    """A desk that left nothing open reads no book."""
    scene = Scene({Unsettled: ()})

    assert scene.run(resolve_intents()) == ()
    assert len(scene.steps) == 1


@pytest.mark.parametrize(
    ("open_one", "rows", "trades", "verdict"),
    [
        (meant(verdict=None), (row("9001", tag=OrderTag("t0")),), (), Verdict.DONE),
        (meant(verdict=None), (row("9001", tag=OrderTag("t0"), state=OrderState.REJECTED),), (), Verdict.REFUSED),
        (meant(verdict=None), (), (trade(tag=OrderTag("t0")),), Verdict.DONE),
        (meant(verdict=None), (row("9001", tag=None),), (trade(tag=None),), Verdict.UNKNOWN),
        (changed(Deed.CANCEL), (row("9001", state=OrderState.CANCELLED),), (), Verdict.DONE),
        (changed(Deed.CANCEL), (row("9001", state=OrderState.FILLED),), (), Verdict.REFUSED),
        (changed(Deed.CANCEL), (row("9001"),), (), Verdict.UNKNOWN),
        (changed(Deed.CANCEL), (), (), Verdict.UNKNOWN),
        (changed(Deed.MODIFY, price=Decimal("25000.0")), (row("9001"),), (), Verdict.DONE),
        (changed(Deed.MODIFY, price=Decimal("25001.0")), (row("9001"),), (), Verdict.UNKNOWN),
        (
            changed(Deed.MODIFY, price=Decimal("25001.0")),
            (row("9001", state=OrderState.FILLED),),
            (),
            Verdict.REFUSED,
        ),
    ],
)
def test_what_a_crash_left_open_is_resolved_from_the_books(
    open_one: Meant, rows: tuple[OrderRow, ...], trades: Any, verdict: Verdict
) -> None:
    """What is open when a desk is opened ends as the books say, in the journal too, and nothing is sent (X1)."""
    scene = Scene({Unsettled: (open_one,), ListOrders: rows, ListTrades: trades})
    (found,) = scene.run(resolve_intents())

    assert found.verdict is verdict
    assert scene.concluded() == [(open_one.intent.key, verdict)]
    assert scene.told() == [Resolution((found,))]
    assert f"{open_one.intent.key}: {verdict.value}" in str(scene.told()[0])
    assert not scene.asked(PlaceOrder, PlaceExit, ModifyOrder, CancelOrder)


def test_what_stays_unknown_is_not_written_again() -> None:
    """An unknown outcome that is unknown still adds no line to the journal."""
    scene = Scene({Unsettled: (meant(verdict=Verdict.UNKNOWN),), ListOrders: (), ListTrades: ()})
    (found,) = scene.run(resolve_intents())

    assert found.verdict is Verdict.UNKNOWN
    assert not scene.concluded()


def test_what_an_earlier_day_left_open_ends_as_unknown() -> None:
    """The books begin anew each morning, so yesterday ends as unknown, and no book is read (X1)."""
    scene = Scene({Unsettled: (meant(ago=86_400, verdict=None),)})
    (found,) = scene.run(resolve_intents())

    assert scene.concluded() == [("t0", Verdict.UNKNOWN)]
    assert "an earlier day" in found.words
    assert scene.told() == [Resolution((found,))]
    assert not scene.asked(ListOrders, ListTrades)


def test_what_its_own_process_has_settled_meanwhile_is_left_as_it_is() -> None:
    """An order that was on its way while the books were read keeps the ending that its sender writes (X1)."""
    scene = Scene({Unsettled: [(meant(verdict=None),), ()], ListOrders: (), ListTrades: ()})

    assert scene.run(resolve_intents()) == ()
    assert scene.concluded() == []
    assert not scene.told()


def test_the_trade_book_is_read_for_missing_orders_only() -> None:
    """An order that the order book shows needs no second book."""
    scene = Scene({Unsettled: (meant(verdict=None),), ListOrders: (row("9001", tag=OrderTag("t0")),)})
    scene.run(resolve_intents())

    assert not scene.asked(ListTrades)
