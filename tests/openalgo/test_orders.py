"""Placing orders through the host's functions: what its user is told is what happened at the exchange (CR1, X1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.bridge import ORDERS, TOKEN, Bridge
from fakes.bridge_calls import INFY, LIMIT, held, orders_at, place
from jainam.domain.drafts import read_draft
from jainam.openalgo_bridge import replies
from jainam.openalgo_bridge.api import order_api


@pytest.mark.parametrize("quantity", [10, "10", 10.0, "10.0", Decimal(10)])
def test_numbers_of_any_kind_are_the_same_order(bridge: Bridge, quantity: object) -> None:
    """The two releases hand quantities over as text, floats or numbers; each buys ten, and the id is text."""
    status, told = place(quantity=quantity)

    assert (status, told["status"], type(told["orderid"])) == (200, "success", str)
    assert held() == "10"


@pytest.mark.parametrize("quantity", [True, "ten", 10.5, float("nan"), float("inf"), None, "", 0, -5])
def test_what_is_no_quantity_is_refused(bridge: Bridge, quantity: object) -> None:
    """A quantity that is no whole number above zero is a 400, and nothing leaves."""
    status, told = place(quantity=quantity)

    assert status == 400
    assert "quantity" in told["message"]
    assert bridge.host.sent("POST", ORDERS) == 0


def test_every_problem_is_named_at_once(bridge: Bridge) -> None:
    """One message holds all that is wrong, the unknown symbol included (FR10)."""
    status, told = place(symbol="NOSUCH", action="HOLD", quantity="x", pricetype="MARKTE", product="MISS", price="y")

    assert status == 400
    for word in ("HOLD", "quantity", "MARKTE", "MISS", "price"):
        assert word in told["message"]
    assert bridge.host.requests == []


def test_the_hosts_dict_stays_as_it_is(bridge: Bridge) -> None:
    """The host reads its dict afterwards for its own events, so nothing is ever written into it."""
    data = LIMIT | {"quantity": "10"}
    before = dict(data)
    _, _, order_id = order_api.place_order_api(data, TOKEN)
    change = data | {"orderid": order_id, "price": "1799"}
    order_api.modify_order(change, TOKEN)

    assert data == before
    assert change == before | {"orderid": order_id, "price": "1799"}


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ({"kind": "refuse", "description": "RMS says no"}, 400, "RMS says no"),
        ({"kind": "error_200", "description": "RMS says no"}, 400, "RMS says no"),
        ({"kind": "rate_limit", "applied": False}, 429, "tag"),
        ({"kind": "gateway", "applied": False}, 504, "check the order book before sending again"),
        ({"kind": "lose_request"}, 504, "check the order book before sending again"),
        ({"kind": "malformed", "applied": False}, 504, "check the order book before sending again"),
    ],
)
def test_failures_are_told_as_they_are(bridge: Bridge, fault: dict[str, Any], status: int, words: str) -> None:
    """Each way to fail has its status and the broker's or our words, and leaves no order behind (B-06 to B-08)."""
    bridge.fault(path=ORDERS, method="POST", **fault)

    told_status, told = place()

    assert told_status == status
    assert words in told["message"]
    assert orders_at(bridge) == []


@pytest.mark.parametrize("kind", ["lose_answer", "malformed", "delay"])
def test_an_order_whose_answer_is_lost_is_found(bridge: Bridge, kind: str) -> None:
    """The order is looked up by its tag and told with its id; it was sent once (X1, D4)."""
    bridge.fault(kind, ORDERS, method="POST", seconds=20)

    status, told = place()

    assert (status, told["status"]) == (200, "success")
    assert [str(order.app_order_id) for order in orders_at(bridge)] == [told["orderid"]]
    assert bridge.host.sent("POST", ORDERS) == 1


def test_without_a_connection_nothing_is_sent(bridge: Bridge) -> None:
    """A request that never left is tried again, and in the end told as 503."""
    bridge.host.refusals = 4

    assert place()[0] == 503
    assert orders_at(bridge) == []


def test_an_expired_token_is_renewed_once(bridge: Bridge) -> None:
    """The order goes out after one login, although the host goes on handing the old token over (D13)."""
    bridge.clock.advance(3600)
    bridge.fault("expired_token", ORDERS, method="POST")

    assert place()[0] == 200
    assert bridge.host.sent("POST", "/interactive/user/session") == 1
    assert place()[0] == 200
    assert bridge.host.sent("POST", "/interactive/user/session") == 1


def test_a_caller_without_a_token_is_not_logged_in(bridge: Bridge) -> None:
    """Without the host's token there is no login, whatever sessions the library holds."""
    for auth in (None, ""):
        reply, data, order_id = order_api.place_order_api(INFY, auth)  # type: ignore[arg-type]
        assert (reply and reply.status, order_id) == (401, None)
        assert "log in" in data["message"]
    assert bridge.host.requests == []


def test_what_is_no_error_of_ours_stays_inside(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect is a 500 whose message says nothing of the program, while the log has it (NFR2)."""
    monkeypatch.setattr("jainam.openalgo_bridge.requests.place_drafted_order", lambda fields: 1 / 0)

    status, told = place()

    assert (status, told["message"]) == (500, replies.DEFECT)


def test_replies_are_true_whatever_they_say() -> None:
    """A reply with an error status is still a reply: the host tests it for truth before it reads the status."""
    assert replies.Reply(400)
    assert replies.Reply(400).status_code == 400


def test_a_rehearsal_is_no_success(bridge: Bridge) -> None:
    """In test mode the order is checked and not sent, and the host is told so (NFR6)."""
    bridge.attach(rehearse=True)

    assert place() == (403, {"status": "error", "message": replies.REHEARSED})
    assert orders_at(bridge) == []


def test_twenty_threads_place_twenty_orders(bridge: Bridge) -> None:
    """The host places baskets from threads: each gets an id of its own, and the exchange has as many orders."""
    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(lambda _: place(quantity=1), range(20)))

    ids = {answer["orderid"] for _, answer in told}
    assert [status for status, _ in told] == [200] * 20
    assert ids == {str(order.app_order_id) for order in orders_at(bridge)}
    assert len(ids) == 20


@given(quantity=st.integers(1, 500), ticks=st.integers(1, 100_000))
@settings(max_examples=40)
def test_numbers_in_all_dresses_give_one_order(quantity: int, ticks: int) -> None:
    """Text, float and number of the same quantity and price come to the same order."""
    price = ticks * Decimal("0.05")
    kinds = [(quantity, price), (str(quantity), str(price)), (float(quantity), float(price)), (f"{quantity}.0", price)]

    drafts = {read_draft(LIMIT | {"quantity": number, "price": amount}) for number, amount in kinds}

    assert [(draft.quantity, draft.price, draft.problems) for draft in drafts] == [(quantity, price, ())]
