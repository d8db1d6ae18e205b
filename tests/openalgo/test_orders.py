"""Orders through the host's functions: what the host tells its user is what happened at the exchange (CR1, X1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import openalgo as reading
from fakes.bridge import ORDER_BOOK, ORDERS, POSITIONS, TOKEN, Bridge
from jainam.domain.drafts import read_draft
from jainam.domain.orders import OrderId
from jainam.domain.reports import CloseReport, Leg
from jainam.domain.vocabulary import Exchange, Product
from jainam.openalgo_bridge import replies
from jainam.openalgo_bridge.api import order_api

INFY = {"apikey": "k", "strategy": "s", "symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": 10}
LIMIT = INFY | {"pricetype": "LIMIT", "price": 1800.0, "product": "MIS"}


def place(**changed: Any) -> reading.Told:
    return reading.order(order_api.place_order_api(INFY | changed, TOKEN))


def smart(size: Any, **changed: Any) -> reading.Told:
    data = INFY | {"quantity": 0, "position_size": size} | changed
    return reading.smart(order_api.place_smartorder_api(data, TOKEN))


def held(symbol: str = "INFY") -> str:
    return order_api.get_open_position(symbol, "NSE", "MIS", TOKEN)


def orders_at(bridge: Bridge) -> list[Any]:
    return [order for account in bridge.rest.world.exchange.accounts.values() for order in account.orders()]


# --- placing --------------------------------------------------------------------------------------------------------


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


# --- smart orders ---------------------------------------------------------------------------------------------------


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


# --- changing and cancelling ----------------------------------------------------------------------------------------


def resting() -> str:
    _, _, order_id = order_api.place_order_api(LIMIT, TOKEN)
    assert order_id is not None
    return order_id


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


# --- close-all ------------------------------------------------------------------------------------------------------


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
