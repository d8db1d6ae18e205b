"""Reads are tried again, orders only while they provably never left (NFR3, D4)."""

from itertools import islice

import pytest

from fakes.script import WAITS, Scene, play
from jainam.domain.errors import (
    BrokerError,
    BrokerUnavailable,
    JainamError,
    LoginExpired,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    UnexpectedReply,
    WrongCredentials,
)
from jainam.domain.orders import OrderId
from jainam.domain.patience import patiently, sent_once, spaced
from jainam.domain.steps import CancelOrder, ListOrders, Pause, Waits

PASSING = [NotSent("no route"), OutcomeUnknown("timed out"), BrokerUnavailable("bad gateway"), RateLimited("slow down")]
FINAL = [
    LoginExpired("Invalid Token"),
    WrongCredentials("Invalid appKey"),
    BrokerError("Bad Request", status=400),
    UnexpectedReply("order book"),
]


def kind(error: JainamError) -> str:
    """The name of an error's type."""
    return type(error).__name__


@pytest.mark.parametrize(
    ("retries", "waits"), [(0, (0,)), (-1, (0,)), (1, (0, 1)), (3, (0, 1, 2, 4)), (6, (0, 1, 2, 4, 4, 4, 4))]
)
def test_pauses_grow_to_four_seconds(retries: int, waits: tuple[int, ...]) -> None:
    """The first try is at once, the next after 1, 2 and 4 seconds, and none of the later ones waits longer (NFR3)."""
    assert tuple(islice(spaced(retries), 20)) == waits


def test_three_retries_are_usual() -> None:
    """Unless told otherwise there are three retries (NFR3)."""
    assert tuple(spaced()) == WAITS


@pytest.mark.parametrize("error", PASSING, ids=kind)
def test_read_is_tried_again_while_the_way_is_blocked(error: JainamError) -> None:
    """A read that the network or the gateway failed is repeated after a pause; it changes nothing."""
    outcome = play(
        patiently(ListOrders()),
        (ListOrders(), error),
        (Waits(), WAITS),
        (Pause(1), None),
        (ListOrders(), error),
        (Pause(2), None),
        (ListOrders(), ()),
    )

    assert outcome == ()


@pytest.mark.parametrize("error", FINAL, ids=kind)
def test_refused_read_is_final(error: JainamError) -> None:
    """A refusal is not asked for again: 400, 401 and 403 do not get better (NFR3)."""
    scene = Scene({ListOrders: error})
    with pytest.raises(type(error)) as caught:
        scene.run(patiently(ListOrders()))

    assert caught.value is error
    assert len(scene.asked(ListOrders)) == 1


@pytest.mark.parametrize("error", [error for error in PASSING if not isinstance(error, OutcomeUnknown)], ids=kind)
def test_patience_ends_with_the_last_trouble(error: JainamError) -> None:
    """After the last try the read fails with what stopped it."""
    scene = Scene({ListOrders: error})
    with pytest.raises(type(error)) as caught:
        scene.run(patiently(ListOrders()))

    assert caught.value is error
    assert len(scene.asked(ListOrders)) == 4


def test_unanswered_read_leaves_nothing_in_doubt() -> None:
    """A read without an answer is an unavailable broker; only orders can be unknown."""
    with pytest.raises(BrokerUnavailable, match="no answer: timed out"):
        Scene({ListOrders: OutcomeUnknown("timed out")}).run(patiently(ListOrders()))


def test_patience_can_be_switched_off() -> None:
    """With no retries there is one try."""
    scene = Scene({ListOrders: NotSent("no route")}, waits=(0.0,))
    with pytest.raises(NotSent):
        scene.run(patiently(ListOrders()))

    assert len(scene.asked(ListOrders)) == 1


CANCEL = CancelOrder(OrderId("9001"))


def test_order_step_is_repeated_only_when_it_never_left() -> None:
    """`NotSent` alone allows another sending (D4)."""
    scene = Scene({CancelOrder: [NotSent("no route"), NotSent("no route"), None]})
    scene.run(sent_once(CANCEL))

    assert len(scene.asked(CancelOrder)) == 3


@pytest.mark.parametrize("error", [*PASSING[1:], *FINAL], ids=kind)
def test_order_step_that_may_have_arrived_is_not_repeated(error: JainamError) -> None:
    """After any other failure nothing is sent again, and one that tells nothing about the order is an unknown (D4)."""
    scene = Scene({CancelOrder: error})
    with pytest.raises(JainamError) as caught:
        scene.run(sent_once(CANCEL))

    assert len(scene.asked(CancelOrder)) == 1
    silent = isinstance(error, (OutcomeUnknown, BrokerUnavailable, UnexpectedReply))
    assert isinstance(caught.value, OutcomeUnknown if silent else type(error))


def test_order_step_that_never_leaves() -> None:
    """What never left in any try is not sent, for certain."""
    scene = Scene({CancelOrder: NotSent("no route")})
    with pytest.raises(NotSent, match="no route; it never left this machine and may be tried again"):
        scene.run(sent_once(CANCEL))

    assert len(scene.asked(CancelOrder)) == 4
