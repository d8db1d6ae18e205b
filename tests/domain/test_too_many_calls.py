"""An order refused for its rate is looked up; an exit that is in no book gets one more try (X1, X6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakes.samples import order, row
from fakes.script import Scene
from jainam.domain.errors import (
    BrokerUnavailable,
    OutcomeUnknown,
    RateLimited,
)
from jainam.domain.flows import cancel_order, modify_order, place_order
from jainam.domain.journal import Verdict
from jainam.domain.orders import Changes, OrderId, OrderTag, Placed
from jainam.domain.steps import (
    CancelOrder,
    FindOrder,
    Flow,
    ListOrders,
    ModifyOrder,
    PlaceExit,
    PlaceOrder,
)

TOO_FAST = RateLimited("slow down", "e-apirl-0004", 429)
LOST = OutcomeUnknown("timed out")
DOWN = BrokerUnavailable("bad gateway", status=502)


def test_an_entry_refused_for_rate_is_looked_up_and_not_sent_again() -> None:
    """An entry that the broker refused for its rate is in no book: refused, with its tag, and never repeated (D16)."""
    scene = Scene({PlaceOrder: TOO_FAST, FindOrder: None})
    with pytest.raises(RateLimited, match="order with tag t1 was refused for rate and is in no book") as caught:
        scene.run(place_order(order()))

    assert (caught.value.code, caught.value.status) == ("e-apirl-0004", 429)
    assert len(scene.asked(PlaceOrder)) == 1
    assert scene.concluded() == [("t1", Verdict.REFUSED)]


def test_an_order_refused_for_rate_that_is_there_is_placed() -> None:
    """When the book shows the order after all, it is placed (D16)."""
    scene = Scene({PlaceOrder: TOO_FAST, FindOrder: row("9001")})

    assert scene.run(place_order(order())) == Placed(OrderId("9001"), OrderTag("t1"), found=True)


@pytest.mark.parametrize("kind", [PlaceOrder, PlaceExit])
def test_an_order_refused_for_rate_that_cannot_be_looked_up_is_unknown(kind: type[PlaceOrder]) -> None:
    """Without a look at both books nothing is sent again, an exit neither (X1)."""
    scene = Scene({kind: TOO_FAST, FindOrder: DOWN})
    with pytest.raises(OutcomeUnknown, match="order with tag t1: refused for rate"):
        scene.run(place_order(order(), is_exit=kind is PlaceExit))

    assert len(scene.asked(kind)) == 1
    assert scene.concluded() == [("t1", Verdict.UNKNOWN)]


def test_an_exit_refused_for_rate_is_tried_once_more_under_a_new_tag() -> None:
    """An exit that provably is in no book gets one more try, as another order (style 8)."""
    scene = Scene({PlaceExit: [TOO_FAST, OrderId("9002")], FindOrder: None})

    assert scene.run(place_order(order(), is_exit=True)) == Placed(OrderId("9002"), OrderTag("t2"))
    assert [step.tag for step in scene.steps if isinstance(step, PlaceExit)] == ["t1", "t2"]


def test_an_exit_is_tried_no_third_time() -> None:
    """A second refusal for rate is final."""
    scene = Scene({PlaceExit: TOO_FAST, FindOrder: None})
    with pytest.raises(RateLimited, match="tag t2"):
        scene.run(place_order(order(), is_exit=True))

    assert len(scene.asked(PlaceExit)) == 2
    assert scene.concluded() == [("t1", Verdict.REFUSED), ("t2", Verdict.REFUSED)]


def test_a_second_try_that_is_lost_is_looked_up() -> None:
    """The other order of an exit is an order like any: its lost answer is looked up under its own tag."""
    scene = Scene({PlaceExit: [TOO_FAST, LOST], FindOrder: [None, row("9002")]})

    assert scene.run(place_order(order(), is_exit=True)) == Placed(OrderId("9002"), OrderTag("t2"), found=True)


@pytest.mark.parametrize(
    "change", [lambda: cancel_order(OrderId("9001")), lambda: modify_order(OrderId("9001"), Changes(quantity=150))]
)
def test_a_change_that_is_refused_for_its_rate_is_left_open_by_nobody(change: Callable[[], Flow[Any]]) -> None:
    """The journal knows that nothing came of a cancellation or modification that was refused for its rate (X1)."""
    scene = Scene({CancelOrder: TOO_FAST, ModifyOrder: TOO_FAST, ListOrders: (row("9001"),)})
    with pytest.raises(RateLimited, match="slow down"):
        scene.run(change())

    assert [verdict for _, verdict in scene.concluded()] == [Verdict.REFUSED]


def test_a_change_whose_login_was_refused_for_its_rate_ends_nothing_in_the_journal() -> None:
    """A cancellation that could not leave, since the login was refused, was not written down and has no ending."""
    refused = RateLimited("slow down", "e-apirl-0004", 429)
    refused.of_login = True
    scene = Scene({CancelOrder: refused})
    with pytest.raises(RateLimited):
        scene.run(cancel_order(OrderId("9001")))

    assert scene.concluded() == []
