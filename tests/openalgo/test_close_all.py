"""Close-all and the open position, as the host is told of them (FR4, FR6, D3, D9)."""

from __future__ import annotations

import pytest

from fakes import openalgo as reading
from fakes.bridge import ORDERS, POSITIONS, TOKEN, Bridge
from fakes.bridge_calls import held, smart
from jainam.domain.orders import OrderId
from jainam.domain.reports import CloseReport, Leg
from jainam.domain.vocabulary import Exchange, Product
from jainam.openalgo_bridge import replies
from jainam.openalgo_bridge.api import order_api


def test_all_positions_are_closed(bridge: Bridge) -> None:
    """Long and short ones are flat afterwards, and only then is the status 200 (D9)."""
    smart(10)
    smart(-5, symbol="RELIANCE")

    assert reading.closed(order_api.close_all_positions("", TOKEN))[0] == 200
    assert (held(), held("RELIANCE")) == ("0", "0")


def test_a_leg_that_stays_open_is_told(bridge: Bridge) -> None:
    """One leg that fails is no 200: which one, how much and why are in the message (B-27, B-29)."""
    smart(10)
    smart(5, symbol="RELIANCE")
    bridge.fault("refuse", ORDERS, method="POST", times=9, contains='"exchangeInstrumentID":1594', description="no!")

    status, told = reading.closed(order_api.close_all_positions("key", TOKEN))

    assert status == 502
    assert "1 of 2" in told["message"]
    assert "INFY" in told["message"]
    assert "no!" in told["message"]
    assert held("RELIANCE") == "0"


def test_nothing_to_close_is_done(bridge: Bridge) -> None:
    """An empty position book that was read is a success."""
    assert order_api.close_all_positions("", TOKEN) == (
        {"status": "success", "message": "No open positions", "positions": []},
        200,
    )


def test_a_rehearsed_close_all_says_so(bridge: Bridge) -> None:
    """In test mode the positions stay as they are, which is no failure, and no request is shown (NFR6)."""
    smart(10)
    bridge.attach(rehearse=True)

    answer, status = order_api.close_all_positions("", TOKEN)

    assert (status, answer["message"]) == (403, replies.REHEARSED)
    assert [leg["message"] for leg in answer["positions"]] == [replies.REHEARSED]
    assert held() == "10"


def test_orders_that_are_left_are_told_although_all_is_closed() -> None:
    """What may still trade may open a position again, so that it is not "all squared off" (D9)."""
    leg = Leg(
        symbol="INFY",
        exchange=Exchange.NSE,
        product=Product.MIS,
        held=10,
        order_ids=(OrderId("1"),),
        remaining=0,
        uncancelled=(OrderId("2"),),
    )

    told, status = replies.closed(lambda: CloseReport((leg,)))

    assert status == 502
    assert "2 on NSE:INFY" in told["message"]


@pytest.mark.parametrize("kind", ["error_200", "gateway"])
def test_an_unread_book_is_not_closed(bridge: Bridge, kind: str) -> None:
    """A book that could not be read is no empty book (B-28)."""
    smart(10)
    bridge.fault(kind, POSITIONS, times=9)

    assert reading.closed(order_api.close_all_positions("", TOKEN))[0] != 200


def test_an_unread_position_is_told_as_zero_and_logged(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    """The host's pages want a number, so a failure is "0" there, with an ERROR in the log (FR4, D3)."""
    smart(10)
    bridge.fault("gateway", POSITIONS, times=9)

    assert held() == "0"
    assert any(record.levelname == "ERROR" and "not known" in record.message for record in caplog.records)


@pytest.mark.parametrize(
    ("symbol", "exchange", "product"), [("NOSUCH", "NSE", "MIS"), ("INFY", "X", "MIS"), ("INFY", "NSE", "Y")]
)
def test_an_unknown_position_is_zero(bridge: Bridge, symbol: str, exchange: str, product: str) -> None:
    """Words that name nothing are told as "0" too, and nothing is asked of the broker."""
    assert order_api.get_open_position(symbol, exchange, product, TOKEN) == "0"
    assert bridge.host.requests == []
