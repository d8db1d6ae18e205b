"""Placing, changing and cancelling one order: B-01 to B-17 of the plugin that OpenAlgo has (docs/peer-bugs.md)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from fakes import openalgo as reading
from fakes.bridge import ORDERS, TOKEN, Bridge
from fakes.bridge_calls import modify, place, resting
from jainam.openalgo_bridge.api import order_api
from jainam.openalgo_bridge.mapping import order_data


@pytest.fixture
def bodies(bridge: Bridge) -> list[dict[str, Any]]:
    """The bodies of all orders that were sent."""
    sent: list[dict[str, Any]] = []

    def note(request: httpx.Request) -> None:
        if (request.method, request.url.path) == ("POST", ORDERS):
            sent.append(json.loads(request.content))

    bridge.host.before = note
    return sent


@pytest.mark.parametrize("kind", ["error_200", "refuse"])
def test_b_01_a_rejected_modification_is_no_success(bridge: Bridge, kind: str) -> None:
    """Success is what the broker's envelope says, whatever the HTTP status."""
    order_id = resting()
    bridge.fault(kind, ORDERS, method="PUT")

    assert modify(order_id, price=1799)[0] == 400
    assert modify(order_id, price=1799)[0] == 200


def test_b_02_a_modification_that_was_taken_raises_nothing(bridge: Bridge) -> None:
    """The broker's answer has no `data.orderid`; the id is the one that was asked for."""
    order_id = resting()

    assert order_api.modify_order({"orderid": order_id, "price": 1799}, TOKEN) == (
        {"status": "success", "orderid": order_id},
        200,
    )


def test_b_03_the_hosts_symbol_stays(bridge: Bridge) -> None:
    """The dict of a modification is as it was."""
    data = {"orderid": resting(), "symbol": "INFY", "price": 1799}
    order_api.modify_order(data, TOKEN)

    assert data["symbol"] == "INFY"
    assert data.keys() == {"orderid", "symbol", "price"}


def test_b_04_a_refused_cancellation_is_not_cancelled(bridge: Bridge) -> None:
    """Neither cancel nor cancel-all counts an order that the broker kept."""
    order_id = resting()
    bridge.fault("error_200", ORDERS, method="DELETE", times=2)

    assert reading.changed(order_api.cancel_order(order_id, TOKEN))[0] == 400
    assert order_api.cancel_all_orders_api({}, TOKEN) == ([], [order_id])


@pytest.mark.parametrize("order_id", ["1110000030&clientID=X", "../../user/session", "1110000030 "])
def test_b_05_an_order_number_is_a_number(bridge: Bridge, order_id: str) -> None:
    """What goes into the query is a number and nothing more."""
    resting()
    before = bridge.host.sent("DELETE", ORDERS)
    status, _ = reading.changed(order_api.cancel_order(order_id, TOKEN))

    assert status == (200 if order_id.strip().isdigit() else 400)
    assert bridge.host.sent("DELETE", ORDERS) - before == (1 if order_id.strip().isdigit() else 0)


def test_b_06_a_gateways_page_is_looked_behind(bridge: Bridge) -> None:
    """HTML in the place of an answer leaves the order in doubt, and the book tells what became of it."""
    order_id = resting()
    bridge.fault("gateway", ORDERS, method="PUT", applied=True)
    assert modify(order_id, price=1799)[0] == 200
    bridge.fault("gateway", ORDERS, method="DELETE", applied=False)
    status, told = reading.changed(order_api.cancel_order(order_id, TOKEN))
    assert status == 504
    assert order_id in told["message"]


def test_b_07_the_brokers_words_reach_the_user(bridge: Bridge) -> None:
    """The description is in the message of all three."""
    order_id = resting()
    for method in ("POST", "PUT", "DELETE"):
        bridge.fault("refuse", ORDERS, method=method, description="RMS: margin short by 10")
    answers = (place(), modify(order_id, price=1799), reading.changed(order_api.cancel_order(order_id, TOKEN)))

    assert all("margin short by 10" in told["message"] for _, told in answers)


def test_b_08_there_is_no_success_without_an_id(bridge: Bridge) -> None:
    """A refusal with HTTP 200, and a success without a number, are not told as placed."""
    bridge.fault("error_200", ORDERS, method="POST")

    status, told = place()

    assert status == 400
    assert "orderid" not in told


def test_b_09_an_unknown_symbol_sends_nothing(bridge: Bridge) -> None:
    """No order goes out for an instrument without a number."""
    assert place(symbol="NOSUCH")[0] == 400
    assert bridge.host.sent("POST", ORDERS) == 0


def test_b_10_numbers_are_numbers_on_the_wire(bridge: Bridge, bodies: list[dict[str, Any]]) -> None:
    """Whatever they came as, instrument, quantity and prices are JSON numbers."""
    place(quantity="10", pricetype="LIMIT", price="1800.05", disclosed_quantity="2")

    names = ("exchangeInstrumentID", "orderQuantity", "disclosedQuantity", "limitPrice", "stopPrice")
    assert all(type(bodies[0][name]) in (int, float) for name in names)


def test_b_11_order_ids_are_text(bridge: Bridge) -> None:
    """In answers, in books and in lists of cancelled orders."""
    order_id = resting()
    rows = order_data.map_order_data(order_data=order_api.get_order_book(TOKEN))

    assert {type(order_id), type(rows[0]["orderid"])} == {str}
    assert order_api.cancel_all_orders_api({}, TOKEN)[0] == [order_id]


@pytest.mark.parametrize("field", ["pricetype", "product", "exchange", "action"])
def test_b_12_a_typo_sends_nothing(bridge: Bridge, field: str) -> None:
    """An unknown word is refused with the choices; it never becomes MARKET or MIS."""
    status, told = place(**{field: "MRKT"})

    assert status == 400
    assert "MRKT" in told["message"]
    assert bridge.host.sent("POST", ORDERS) == 0


def test_b_13_fields_may_be_left_out(bridge: Bridge, bodies: list[dict[str, Any]]) -> None:
    """The older host hands over what its user sent: without a product it is MIS, without a price type MARKET."""
    assert place()[0] == 200
    assert (bodies[0]["productType"], bodies[0]["orderType"]) == ("MIS", "MARKET")


@pytest.mark.parametrize(
    "wrong",
    [{"quantity": 0}, {"pricetype": "LIMIT"}, {"pricetype": "SL", "price": 1900}, {"pricetype": "SL-M", "price": 0}],
)
def test_b_14_what_an_order_needs_is_asked_for(bridge: Bridge, wrong: dict[str, Any]) -> None:
    """A quantity above zero, a price for a limit, a trigger for a stop."""
    assert place(**wrong)[0] == 400
    assert bridge.host.sent("POST", ORDERS) == 0


def test_b_15_market_orders_name_no_price(bridge: Bridge, bodies: list[dict[str, Any]]) -> None:
    """The host hands prices over with market orders too; the broker gets none of them."""
    assert place(price=1800, trigger_price=1790)[0] == 200
    assert (bodies[0]["orderType"], bodies[0]["limitPrice"], bodies[0]["stopPrice"]) == ("MARKET", 0, 0)


def test_b_16_each_order_has_a_tag_of_its_own(bridge: Bridge, bodies: list[dict[str, Any]]) -> None:
    """By which it is found again when its answer is lost."""
    place()
    place()
    tags = {body["orderUniqueIdentifier"] for body in bodies}

    assert len(tags) == 2
    assert all(0 < len(tag) <= 20 for tag in tags)


def test_b_17_a_dealer_names_the_client(bridge: Bridge, bodies: list[dict[str, Any]]) -> None:
    """Orders and books say for whom; here it is the desk's own book."""
    place()

    assert bodies[0]["clientID"] == "*****"
