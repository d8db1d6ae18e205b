"""Changing and cancelling orders through the host's functions (D19, B-01 to B-04)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fakes import openalgo as reading
from fakes.bridge import ORDER_BOOK, ORDERS, TOKEN, Bridge
from fakes.bridge_calls import orders_at, place, resting
from jainam.openalgo_bridge import replies
from jainam.openalgo_bridge.api import order_api


@pytest.mark.parametrize("price", [1799, "1799.00", 1799.0])
def test_a_modification_is_taken(bridge: Bridge, price: object) -> None:
    """The order has its new terms, and what was left out stays (D19)."""
    order_id = resting()

    told = reading.changed(order_api.modify_order({"orderid": order_id, "price": price}, TOKEN))

    assert told == (200, {"status": "success"})
    (order,) = orders_at(bridge)
    assert (order.terms.limit_price, order.terms.quantity) == (Decimal(1799), 10)


@pytest.mark.parametrize("wrong", [{}, {"orderid": None}, {"orderid": ""}, {"orderid": True}, {"orderid": 1.0}])
def test_a_modification_needs_a_number(bridge: Bridge, wrong: dict[str, Any]) -> None:
    """Without an order number nothing is read; it never passes through a float (B-35)."""
    status, told = reading.changed(order_api.modify_order({"quantity": 5} | wrong, TOKEN))

    assert status == 400
    assert "orderid" in told["message"]
    assert bridge.host.requests == []


def test_a_modification_names_every_problem(bridge: Bridge) -> None:
    """New terms that cannot be read are all named, and the order stays (FR10)."""
    order_id = resting()
    wrong = {"orderid": order_id, "quantity": "x", "pricetype": "MARKTE", "price": "-1", "disclosed_quantity": -1}

    status, told = reading.changed(order_api.modify_order(wrong, TOKEN))

    assert status == 400
    for word in ("quantity", "MARKTE", "price", "disclosed_quantity"):
        assert word in told["message"]


@pytest.mark.parametrize("kind", ["refuse", "error_200"])
def test_refused_changes_are_no_successes(bridge: Bridge, kind: str) -> None:
    """A refusal that comes with HTTP 200 is told with the broker's words and another status (B-01, B-04)."""
    order_id = resting()
    bridge.fault(kind, ORDERS, method="PUT", description="RMS says no")
    bridge.fault(kind, ORDERS, method="DELETE", description="RMS says no")

    modified = reading.changed(order_api.modify_order({"orderid": order_id, "price": 1799}, TOKEN))
    cancelled = reading.changed(order_api.cancel_order(order_id, TOKEN))

    assert (modified[0], cancelled[0]) == (400, 400)
    assert "RMS says no" in modified[1]["message"]
    assert "RMS says no" in cancelled[1]["message"]


@pytest.mark.parametrize("kind", [str, int])
def test_an_order_is_cancelled(bridge: Bridge, kind: Any) -> None:
    """The order is taken back; the host's page may hand its number over as a number."""
    assert reading.changed(order_api.cancel_order(kind(resting()), TOKEN)) == (200, {"status": "success"})


def test_a_cancellation_of_what_is_over_is_refused(bridge: Bridge) -> None:
    """A filled order is not told as cancelled."""
    _, told = place()

    assert reading.changed(order_api.cancel_order(told["orderid"], TOKEN))[0] == 400


def test_all_orders_are_cancelled(bridge: Bridge) -> None:
    """Every live order goes, partly filled ones too, and the ids are text (B-18, B-20)."""
    ids = [resting(), resting()]

    assert reading.cancel_all(order_api.cancel_all_orders_api({}, TOKEN)) == (
        200,
        {"canceled_orders": ids, "failed_cancellations": []},
    )


def test_a_failed_cancellation_is_listed(bridge: Bridge) -> None:
    """An order that would not go is among the failed ones, and the others are gone."""
    ids = [resting(), resting()]
    bridge.fault("refuse", ORDERS, method="DELETE")

    cancelled, failed = order_api.cancel_all_orders_api({}, TOKEN)

    assert (len(cancelled), len(failed)) == (1, 1)
    assert {*cancelled, *failed} == set(ids)


@pytest.mark.parametrize("kind", ["gateway", "error_200", "malformed"])
def test_an_unknown_order_book_is_raised(bridge: Bridge, kind: str) -> None:
    """Two empty lists would say that there was nothing to cancel, so it raises, in words (B-19)."""
    resting()
    bridge.fault(kind, ORDER_BOOK, times=9)

    with pytest.raises(replies.BridgeError):
        order_api.cancel_all_orders_api({"apikey": "k"}, TOKEN)
