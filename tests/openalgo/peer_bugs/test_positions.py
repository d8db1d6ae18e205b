"""Cancel-all, smart orders and close-all: B-18 to B-30 of the plugin that OpenAlgo has (docs/peer-bugs.md)."""

from __future__ import annotations

from typing import Any

import pytest

from fakes import openalgo as reading
from fakes.bridge import ORDER_BOOK, ORDERS, POSITIONS, TOKEN, Bridge
from fakes.bridge_calls import INFY, held, infy, modify, resting, smart
from jainam.openalgo_bridge import replies
from jainam.openalgo_bridge.api import order_api


def test_b_18_whatever_can_still_trade_is_cancelled(bridge: Bridge) -> None:
    """Partly filled, modified and sleeping orders go with the others."""
    bridge.rest.world.market.limit_liquidity(infy(bridge), 4)
    partly = resting(price=1863.35)
    changed = resting()
    modify(changed, price=1799)
    sleeping = resting(pricetype="SL", price=1900, trigger_price=1890)

    assert order_api.cancel_all_orders_api({}, TOKEN) == ([partly, changed, sleeping], [])


def test_b_19_an_unread_order_book_is_no_empty_one(bridge: Bridge) -> None:
    """Cancel-all raises, for which the host answers 500."""
    bridge.fault("error_200", ORDER_BOOK, times=9)

    with pytest.raises(replies.BridgeError):
        order_api.cancel_all_orders_api({}, TOKEN)


def test_b_20_cancelled_ids_are_text(bridge: Bridge) -> None:
    """Those that failed as well."""
    kept, gone = resting(), resting()
    bridge.fault("refuse", ORDERS, method="DELETE", contains=kept)

    assert order_api.cancel_all_orders_api({}, TOKEN) == ([gone], [kept])


def test_b_21_an_unread_position_is_not_zero(bridge: Bridge) -> None:
    """The smart order that would double a position is not sent."""
    smart(10)
    bridge.fault("gateway", POSITIONS, times=9)

    assert smart(10)[0] == 502
    bridge.rest.faults.clear()
    assert held() == "10"


def test_b_22_positions_are_matched_by_number(bridge: Bridge) -> None:
    """A position whose display name is another is found all the same."""
    name = next(found.symbol for found in bridge.desk.find_contracts("NIFTY FUT") if found.exchange.value == "NFO")
    lot = bridge.desk.find_contracts(name)[0].lot_size
    data = {"symbol": name, "exchange": "NFO", "action": "BUY", "quantity": 0, "product": "NRML", "position_size": lot}

    assert reading.smart(order_api.place_smartorder_api(data, TOKEN))[0] == 200
    assert order_api.get_positions(TOKEN)[0]["TradingSymbol"] != name
    assert order_api.get_open_position(name, "NFO", "NRML", TOKEN) == str(lot)


@pytest.mark.parametrize("size", ["10.0", 10.0, "10"])
def test_b_23_whole_numbers_come_in_any_dress(bridge: Bridge, size: Any) -> None:
    """Text with a point is a number too."""
    assert smart(size)[0] == 200
    assert held() == "10"


def test_b_24_nothing_to_close_is_no_error(bridge: Bridge) -> None:
    """The words are those that the host knows."""
    assert smart(0)[0] == 200


def test_b_25_a_missing_target_is_asked_for(bridge: Bridge) -> None:
    """A key with nothing in it is told by name."""
    for data in (INFY, INFY | {"position_size": None}):
        status, told = reading.smart(order_api.place_smartorder_api(data, TOKEN))
        assert status == 400
        assert "position_size" in told["message"]


def test_b_26_nothing_grows_with_the_day(bridge: Bridge) -> None:
    """Turns are gone when nobody waits for them any more, and no token is a key of anything."""
    for size in (1, 2, 3):
        smart(size)
        smart(size, symbol="RELIANCE")

    assert len(bridge.desk.runner._locks) == 0


def test_b_27_a_leg_that_fails_is_told(bridge: Bridge) -> None:
    """Close-all is 200 only when all is closed."""
    smart(10)
    bridge.fault("refuse", ORDERS, method="POST", times=9)

    assert reading.closed(order_api.close_all_positions("", TOKEN))[0] == 502


def test_b_28_an_error_is_not_flat(bridge: Bridge) -> None:
    """An error in the place of the position book is not "no open positions"."""
    bridge.fault("error_200", POSITIONS, times=9)

    assert reading.closed(order_api.close_all_positions("", TOKEN))[0] == 502


def test_b_29_one_leg_stops_no_other(bridge: Bridge) -> None:
    """The others are closed, whatever becomes of the first."""
    for symbol in ("INFY", "RELIANCE", "TCS"):
        smart(5, symbol=symbol)
    bridge.fault("gateway", ORDERS, method="POST", applied=False, times=9, contains='"exchangeInstrumentID":1594')
    order_api.close_all_positions("", TOKEN)

    assert [held(symbol) for symbol in ("INFY", "RELIANCE", "TCS")] == ["5", "0", "0"]


def test_b_30_errors_are_no_books(bridge: Bridge) -> None:
    """The host reads `status`, which an XTS error does not have."""
    bridge.fault("refuse", ORDER_BOOK, times=9, description="RMS is down")

    assert order_api.get_order_book(TOKEN)["status"] == "error"
    assert "RMS is down" in order_api.get_order_book(TOKEN)["message"]
