"""Smart orders wait for what our own orders have become, and for books that show them (X2, D16)."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.samples import SHARE, meant, position, row, smart
from fakes.script import Scene
from jainam.domain.errors import (
    BrokerUnavailable,
    OutcomeUnknown,
)
from jainam.domain.flows import place_smart_order
from jainam.domain.journal import Meant, Verdict
from jainam.domain.orders import OrderId, OrderRow, OrderTag
from jainam.domain.steps import (
    ListOrders,
    ListPositions,
    OwnOrders,
    PlaceExit,
    PlaceOrder,
)
from jainam.domain.vocabulary import OrderState, Side


def smart_scene(own: tuple[Meant, ...], **books: Any) -> Scene:
    """A desk that meant *own* before, with those *books*."""
    return Scene(
        {
            OwnOrders: own,
            ListOrders: books.get("orders", ()),
            ListPositions: books.get("positions", ()),
            PlaceOrder: OrderId("9002"),
            PlaceExit: OrderId("9003"),
        }
    )


def test_an_order_in_doubt_stops_the_next_on_its_instrument() -> None:
    """While an order of ours may or may not have arrived, no smart order adds to it (X1, X2)."""
    for verdict in (None, Verdict.UNKNOWN):
        scene = smart_scene((meant(verdict=verdict),))
        with pytest.raises(OutcomeUnknown, match="order with tag t0: in doubt, so nothing else was sent for NFO:NIFTY"):
            scene.run(place_smart_order(smart(75)))
        assert not scene.asked(PlaceOrder, PlaceExit, ListPositions)


@pytest.mark.parametrize(
    ("state", "verdict"), [(OrderState.REJECTED, Verdict.REFUSED), (OrderState.OPEN, Verdict.DONE)]
)
def test_a_doubt_that_the_book_settles_is_one_no_more(state: OrderState, verdict: Verdict) -> None:
    """An order in doubt that the book shows is known from then on, and counted like any other."""
    seen = row("9000", tag=OrderTag("t0"), state=state, pending=75, reason="RMS" if state.is_final else "")
    scene = smart_scene((meant(verdict=None),), orders=(seen,))
    outcome = scene.run(place_smart_order(smart(150)))

    assert scene.concluded() == [("t0", verdict)]
    assert outcome.quantity == (150 if state is OrderState.REJECTED else 75)


def test_an_old_doubt_is_taken_for_never_arrived() -> None:
    """After a minute, books that do not show an order are believed, or its instrument could not be traded all day."""
    scene = smart_scene((meant(verdict=None, ago=60),))

    assert scene.run(place_smart_order(smart(75))).quantity == 75


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.NOT_SENT])
def test_what_came_to_nothing_is_in_nobodys_way(verdict: Verdict) -> None:
    """An order that was refused or never left is not waited for."""
    scene = smart_scene((meant(verdict=verdict),))

    assert scene.run(place_smart_order(smart(75))).quantity == 75


def test_an_order_book_that_lags_is_read_again() -> None:
    """A decision is never made on a book that does not show our own last order (D16)."""
    mine = row("9000", tag=OrderTag("t0"), pending=75)
    scene = smart_scene((meant(),), orders=[(), (mine,)])
    outcome = scene.run(place_smart_order(smart(75)))

    assert outcome.placed is None
    assert outcome.working == ("9000",)
    assert [step.since for step in scene.steps if isinstance(step, ListOrders)] == [7, 7]


def test_an_order_book_that_keeps_lagging_aborts() -> None:
    """When the book never shows it, nothing is sent, and the order is named (D16)."""
    scene = smart_scene((meant(),))
    with pytest.raises(BrokerUnavailable, match="does not show order 9000 on NFO:NIFTY30JUN26FUT yet; nothing was"):
        scene.run(place_smart_order(smart(75)))


def filled(side: Side = Side.BUY) -> OrderRow:
    """Our order of one lot, filled."""
    return row("9000", tag=OrderTag("t0"), side=side, state=OrderState.FILLED, filled=75, pending=0)


def test_a_position_book_that_lags_is_read_again() -> None:
    """A position that stands where it stood before our own order filled is not believed at once (D16)."""
    scene = smart_scene((meant(held=0),), orders=(filled(),), positions=[(), (position(75),)])
    outcome = scene.run(place_smart_order(smart(75)))

    assert outcome.placed is None
    assert len(scene.asked(ListPositions)) == 2


def test_a_position_book_that_keeps_lagging_aborts() -> None:
    """When the position book never shows our fill, nothing is sent (D16)."""
    scene = smart_scene((meant(held=0),), orders=(filled(),))
    with pytest.raises(BrokerUnavailable, match="position book of NFO:NIFTY30JUN26FUT does not show order 9000 yet"):
        scene.run(place_smart_order(smart(75)))


def test_a_position_that_stands_still_for_long_is_believed() -> None:
    """After ten seconds the position is what the book says: somebody else may have undone ours."""
    scene = smart_scene((meant(held=0, ago=10),), orders=(filled(),))

    assert scene.run(place_smart_order(smart(75))).quantity == 75


def test_without_a_journal_no_read_is_shared() -> None:
    """Where nobody keeps count of our orders, each smart order reads its own books."""
    scene = Scene({OwnOrders: None, ListOrders: (), ListPositions: (), PlaceOrder: OrderId("9001")})
    scene.run(place_smart_order(smart(75)))

    assert [step.since for step in scene.steps if isinstance(step, ListOrders | ListPositions)] == [None, None]


def test_a_smart_order_on_another_instrument_is_not_kept() -> None:
    """A doubt on one instrument is asked for by instrument, and keeps no other from trading."""
    scene = smart_scene(())
    scene.run(place_smart_order(smart(5, SHARE)))

    assert scene.asked(OwnOrders) == [OwnOrders(SHARE.key, smart(5, SHARE).product)]
