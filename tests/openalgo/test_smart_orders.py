"""Smart orders through the host's functions: the position is what was asked for, or nothing was sent (FR5, D3, D5)."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.bridge import ORDERS, POSITIONS, TOKEN, Bridge
from fakes.bridge_calls import held, smart
from jainam.openalgo_bridge.api import order_api


@pytest.mark.parametrize(
    ("first", "size", "change", "then"),
    [
        (0, 10, {}, "10"),  # open
        (10, 25, {}, "25"),  # increase
        (25, 10, {}, "10"),  # reduce
        (10, 0, {}, "0"),  # close
        (-10, 0, {}, "0"),  # close a short one
        (10, -10, {}, "-10"),  # reverse
        (0, -15, {}, "-15"),
        (0, 0, {"quantity": 7, "action": "SELL"}, "-7"),  # a plain order (D5)
    ],
)
def test_smart_orders_reach_their_target(bridge: Bridge, first: int, size: int, change: Any, then: str) -> None:
    """The truth table of the host: open, increase, reduce, close, reverse, and a plain order without a target."""
    if first:
        smart(first)

    status, told = smart(size, **change)

    assert (status, bool(told.get("orderid"))) == (200, True)
    assert held() == then


@pytest.mark.parametrize("size", [0, "0", 0.0, 10, "10.0"])
def test_nothing_to_do_is_a_success(bridge: Bridge, size: object) -> None:
    """A position that stands where it is wanted is told as matched, and nothing is sent (B-24)."""
    if size not in (0, "0"):
        smart(10)
    before = bridge.host.sent("POST", ORDERS)

    status, told = smart(held())

    assert (status, told["message"]) == (200, "Positions Already Matched. No Action needed.")
    assert bridge.host.sent("POST", ORDERS) == before


def test_the_close_button_closes(bridge: Bridge) -> None:
    """The host's page sends texts only, no key, and always BUY; the long position is sold all the same."""
    smart(10)
    page = {
        "strategy": "UI Exit Position", "exchange": "NSE", "symbol": "INFY", "action": "BUY", "product": "MIS",
        "pricetype": "MARKET", "price": "0", "quantity": "0", "position_size": "0", "trigger_price": "0",
        "disclosed_quantity": "0",
    }  # fmt: skip

    _, _, order_id = order_api.place_smartorder_api(page, TOKEN)

    assert order_id
    assert held() == "0"


@pytest.mark.parametrize("size", [None, "", "many", "10.5", True])
def test_a_smart_order_needs_its_target(bridge: Bridge, size: object) -> None:
    """Without a whole `position_size` nothing is read and nothing is sent (B-23, B-25)."""
    status, told = smart(size)

    assert status == 400
    assert "position_size" in told["message"]
    assert bridge.host.requests == []


@pytest.mark.parametrize("kind", ["gateway", "malformed", "error_200", "lose_answer"])
def test_an_unread_book_places_nothing(bridge: Bridge, kind: str) -> None:
    """A position book that cannot be read is never flat: nothing is sent, and the host is told (D3, B-21).

    It is a 502 also where the broker refuses it: what was asked for was right, so that 400 would send the user looking.
    """
    smart(10)
    before = bridge.host.sent("POST", ORDERS)
    bridge.fault(kind, POSITIONS, times=9)

    status, _ = smart(20)

    assert status == 502
    assert bridge.host.sent("POST", ORDERS) == before
