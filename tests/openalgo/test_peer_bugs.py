"""What is wrong with the plugin that OpenAlgo has for this family of brokers, and must not be wrong with this one.

Each test is named after one of the 94 defects of the host contract's section 9; those that cannot occur here are in
docs/peer-bugs.md, each with the reason. Together they are all of them.
"""

from __future__ import annotations

import importlib
import json
import re
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve

from fakes import openalgo as reading
from fakes.bridge import ORDER_BOOK, ORDERS, POSITIONS, TOKEN, Bridge
from fakes.exchange import settings_for
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.errors import NotConfigured
from jainam.openalgo_bridge import replies, wiring
from jainam.openalgo_bridge.api import auth_api, baseurl, funds, order_api
from jainam.openalgo_bridge.api.data import BrokerData
from jainam.openalgo_bridge.mapping import order_data
from jainam.openalgo_bridge.streaming import jainam_prop_adapter

INFY = {"symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": 10}
LIMIT = INFY | {"pricetype": "LIMIT", "price": 1800}
FEED, LOGIN = "/apibinarymarketdata/auth/login", "/interactive/user/session"
MARKET_DATA = "/apibinarymarketdata/*"


@pytest.fixture
def bodies(bridge: Bridge) -> list[dict[str, Any]]:
    """The bodies of all orders that were sent."""
    sent: list[dict[str, Any]] = []

    def note(request: httpx.Request) -> None:
        if (request.method, request.url.path) == ("POST", ORDERS):
            sent.append(json.loads(request.content))

    bridge.host.before = note
    return sent


def place(**changed: Any) -> reading.Told:
    return reading.order(order_api.place_order_api(INFY | changed, TOKEN))


def resting(**changed: Any) -> str:
    order_id: str = reading.order(order_api.place_order_api(LIMIT | changed, TOKEN))[1]["orderid"]
    return order_id


def modify(order_id: str, **changed: Any) -> reading.Told:
    return reading.changed(order_api.modify_order({"orderid": order_id} | changed, TOKEN))


def smart(size: Any, **changed: Any) -> reading.Told:
    data = INFY | {"quantity": 0, "position_size": size} | changed
    return reading.smart(order_api.place_smartorder_api(data, TOKEN))


def held(symbol: str = "INFY") -> str:
    return order_api.get_open_position(symbol, "NSE", "MIS", TOKEN)


def infy(bridge: Bridge) -> Any:
    return bridge.rest.world.market.find("NSECM", 1594)


# --- 9.1 orders -----------------------------------------------------------------------------------------------------


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


# --- 9.2 books and funds --------------------------------------------------------------------------------------------


def test_b_31_no_display_is_needed() -> None:
    """No module of the bridge mentions a toolkit; test_signatures.py imports each without a display."""
    folder = Path(str(importlib.import_module("jainam.openalgo_bridge").__file__)).parent

    texts = [file.read_text(encoding="utf-8") for file in folder.rglob("*.py")]
    assert not [text for text in texts if re.search(r"(?m)^(from|import) (turtle|tkinter|tokenize)", text)]


def test_b_32_all_rows_are_named_at_once(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A book is one look-up in the contract store, by number."""
    for _ in range(5):
        resting()
    calls: list[Any] = []
    named = MemoryContracts.named

    def counted(store: MemoryContracts, refs: Any) -> Any:
        calls.append(refs)
        return named(store, refs)

    monkeypatch.setattr(MemoryContracts, "named", counted)
    rows = order_data.map_order_data(order_api.get_order_book(TOKEN))

    assert {row["symbol"] for row in rows} == {"INFY"}
    assert len(calls) == 1


def test_b_33_every_status_has_the_hosts_word(bridge: Bridge) -> None:
    """What is not over is open, or sleeps."""
    native = dict(self_made(bridge)[0])
    words = {
        status: order_data.map_order_data([native | {"OrderStatus": status}])[0]["order_status"]
        for status in ("PartiallyFilled", "Replaced", "PendingNew", "PendingReplace", "PendingCancel", "New", "Odd")
    }

    assert set(words.values()) == {"open"}
    over = {status: order_data.map_order_data([native | {"OrderStatus": status}])[0]["order_status"] for status in
            ("Filled", "Cancelled", "Rejected", "Expired")}  # fmt: skip
    assert over == {"Filled": "complete", "Cancelled": "cancelled", "Rejected": "rejected", "Expired": "cancelled"}


def self_made(bridge: Bridge) -> list[dict[str, Any]]:
    """One native row of the order book."""
    resting()
    return list(order_api.get_order_book(TOKEN))


def test_b_34_open_orders_are_counted(bridge: Bridge) -> None:
    """Partly filled and sleeping ones among them."""
    bridge.rest.world.market.limit_liquidity(infy(bridge), 4)
    resting(price=1863.35)
    resting(pricetype="SL", price=1900, trigger_price=1890)
    mapped = order_data.map_order_data(order_api.get_order_book(TOKEN))

    assert order_data.calculate_order_statistics(mapped)["total_open_orders"] == 2


def test_b_35_long_numbers_keep_their_digits(bridge: Bridge) -> None:
    """A number above 2^53 is the same in the host's row."""
    native = self_made(bridge)[0] | {"AppOrderID": 9007199254740993}

    assert order_data.map_order_data([native])[0]["orderid"] == "9007199254740993"


def test_b_36_trades_are_fills(bridge: Bridge) -> None:
    """An order that filled in two parts is two rows that add up to it."""
    bridge.rest.world.market.limit_liquidity(infy(bridge), 4)
    resting(price=1863.35)
    bridge.rest.world.market.limit_liquidity(infy(bridge), None)
    bridge.rest.world.exchange.set_price(infy(bridge), Decimal("1863.30"))
    trades = order_data.map_trade_data(trade_data=order_api.get_trade_book(TOKEN))

    assert sum(row["quantity"] for row in trades) == 10


def test_b_37_no_positions_are_no_error(bridge: Bridge) -> None:
    """An empty book passes through map and transform."""
    assert order_data.transform_positions_data(order_data.map_position_data(order_api.get_positions(TOKEN))) == []


def test_b_38_prices_and_profits_are_real(bridge: Bridge) -> None:
    """The last price is the market's, and numbers are numbers."""
    smart(10)
    bridge.rest.world.market.set_price(infy(bridge), Decimal("1873.35"))
    (row,) = order_data.map_position_data(order_api.get_positions(TOKEN))

    assert (row["ltp"], row["pnl"], type(row["average_price"])) == (1873.35, 100.0, float)


def test_b_39_closed_rows_keep_their_profit(bridge: Bridge) -> None:
    """Realised profit is in the row, with the price that was paid."""
    smart(10)
    bridge.rest.world.market.set_price(infy(bridge), Decimal("1873.35"))
    smart(0)
    (row,) = order_data.map_position_data(order_api.get_positions(TOKEN))

    assert (row["quantity"], row["average_price"], row["pnl"]) == (0, 1863.35, 100.0)


def test_b_40_a_share_of_bse_stays_there(bridge: Bridge) -> None:
    """A holding that only BSE lists is listed there, and one that nobody knows is not called by its ISIN."""
    native = order_api.get_holdings(TOKEN)[0]
    only_bse = native | {"ExchangeNSEInstrumentId": 0}
    (row,) = order_data.map_portfolio_data({"holdingsList": [only_bse]})
    (unknown,) = order_data.map_portfolio_data({"holdingsList": [only_bse | {"ExchangeBSEInstrumentId": 999999}]})

    assert row["exchange"] == "BSE"
    assert unknown["symbol"] == "BSE#999999"


def test_b_41_nobodys_shares_are_in_the_log(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    """At INFO and above neither holdings nor money are told."""
    caplog.set_level("INFO")
    order_data.map_portfolio_data(order_api.get_holdings(TOKEN))
    funds.get_margin_data(TOKEN)

    assert "RELIANCE" not in caplog.text
    assert "10000000" not in caplog.text


def test_b_42_unknown_money_is_an_error(bridge: Bridge) -> None:
    """An error in the place of the balance is raised in words, and never an empty dict."""
    bridge.fault("error_200", "/interactive/user/balance", times=9, description="Try later")

    with pytest.raises(replies.BridgeError, match="Try later"):
        funds.get_margin_data(TOKEN)


# --- 9.3 login, 9.4 market data -------------------------------------------------------------------------------------


@pytest.fixture
def logged_out(bridge: Bridge) -> Any:
    def with_keys(**changed: str) -> None:
        settings = settings_for(bridge.simulator)
        keys = evolve(settings.credentials, **changed)
        wiring.attach(
            bridge.host, settings=evolve(settings, credentials=keys), clock=bridge.clock, contracts=MemoryContracts()
        )

    return with_keys


def test_b_43_a_login_without_market_data_says_so(bridge: Bridge, logged_out: Any) -> None:
    """The host ignores an error beside a token, so its pages are told by an event."""
    logged_out(market_secret="WRONG")
    auth_api.authenticate_broker("jainam_prop")

    assert "without market data" in bridge.host.events[-1][1]["message"]


def test_b_44_a_refused_login_has_the_brokers_words(bridge: Bridge, logged_out: Any) -> None:
    """XTS says `description`."""
    logged_out(interactive_secret="WRONG")

    assert "Invalid appKey" in str(auth_api.authenticate_broker(None))


def test_b_45_depth_needs_no_request_context(bridge: Bridge) -> None:
    """A background thread gets it, without a feed token and without a user."""
    found: list[float] = []
    thread = threading.Thread(target=lambda: found.append(BrokerData(TOKEN).get_depth("INFY", "NSE")["ltp"]))
    thread.start()
    thread.join()

    assert found == [1863.35]


def test_b_46_a_depth_of_zeros_is_no_answer(bridge: Bridge) -> None:
    """What could not be read is raised."""
    bridge.fault("error_200", MARKET_DATA, times=9)

    with pytest.raises(replies.BridgeError):
        BrokerData(TOKEN).get_depth("INFY", "NSE")


def test_b_47_indices_have_depth_and_a_history_of_today(bridge: Bridge) -> None:
    """Without levels, and with the value."""
    data = BrokerData(TOKEN)

    assert data.get_depth("NIFTY", "NSE_INDEX")["ltp"] > 0
    pytest.importorskip("pandas")
    assert len(data.get_history("NIFTY", "NSE_INDEX", "5m", "2026-01-12", "2026-01-12"))


def test_b_48_a_renewed_session_is_kept(bridge: Bridge) -> None:
    """Each request of the host is another object; the login is made once."""
    bridge.clock.advance(3600)
    bridge.fault("expired_token", MARKET_DATA)
    for _ in range(5):
        BrokerData(TOKEN, "an old feed token").get_quotes("INFY", "NSE")

    assert bridge.host.sent("POST", FEED) == 1


def test_b_49_many_quotes_renew_the_session_too(bridge: Bridge) -> None:
    """An expired session is no reason to fail."""
    bridge.clock.advance(3600)
    bridge.fault("expired_token", MARKET_DATA)

    assert "data" in BrokerData(TOKEN).get_multiquotes([{"symbol": "INFY", "exchange": "NSE"}])[0]


def test_b_50_every_question_has_its_answer(bridge: Bridge) -> None:
    """In its place, with `data` or `error` and never both."""
    asked = [{"symbol": name, "exchange": "NSE"} for name in ("RELIANCE", "NOSUCH", "INFY")]
    answers = BrokerData(TOKEN).get_multiquotes(asked)

    assert [answer["symbol"] for answer in answers] == ["RELIANCE", "NOSUCH", "INFY"]
    assert [("data" in answer, "error" in answer) for answer in answers] == [
        (True, False),
        (False, True),
        (True, False),
    ]


def test_b_51_instruments_are_numbers(bridge: Bridge) -> None:
    """In quotes and in depth."""
    sent: list[Any] = []
    bridge.host.before = lambda request: sent.append(json.loads(request.content or b"{}"))
    data = BrokerData(TOKEN)
    data.get_depth("INFY", "NSE")
    data.get_multiquotes([{"symbol": "INFY", "exchange": "NSE"}])

    assert [body["instruments"][0]["exchangeInstrumentID"] for body in sent] == [1594, 1594]


def test_b_52_no_header_is_logged(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG a call is told without its token."""
    caplog.set_level("DEBUG")
    BrokerData(TOKEN).get_quotes("INFY", "NSE")

    assert "authorization" not in caplog.text.lower()
    assert "eyJ" not in caplog.text


def test_b_53_the_hour_has_the_hosts_name() -> None:
    """And weeks and months are there."""
    assert BrokerData(TOKEN).timeframe_map.keys() >= {"1h", "W", "M"}
    assert "60m" not in BrokerData(TOKEN).timeframe_map


def test_b_54_every_day_of_a_month_is_there(bridge: Bridge) -> None:
    """The last day of each part is asked for as well."""
    pytest.importorskip("pandas")
    frame = BrokerData(TOKEN).get_history("INFY", "NSE", "1m", "2025-12-01", "2025-12-31")

    assert len(frame) == 23 * 375


def test_b_55_an_empty_history_is_a_frame_and_a_failed_one_an_error(bridge: Bridge) -> None:
    """Nothing in between."""
    pytest.importorskip("pandas")
    data = BrokerData(TOKEN)
    assert len(data.get_history("INFY", "NSE", "1m", "2026-01-10", "2026-01-11")) == 0
    bridge.fault("error_200", MARKET_DATA, skip=1, times=9)
    with pytest.raises(replies.BridgeError):
        data.get_history("INFY", "NSE", "1m", "2025-12-01", "2025-12-31")


@pytest.mark.parametrize(("interval", "minutes"), [("1h", {15}), ("30m", {15, 45})])
def test_b_56_long_bars_begin_with_the_session(bridge: Bridge, interval: str, minutes: set[int]) -> None:
    """Those of an hour at a quarter past, in India."""
    pytest.importorskip("pandas")
    frame = BrokerData(TOKEN).get_history("INFY", "NSE", interval, "2026-01-09", "2026-01-09")

    assert {int(stamp) // 60 % 60 for stamp in frame["timestamp"] + 19800} == minutes


def test_b_57_today_is_there_beside_other_days(bridge: Bridge) -> None:
    """With all its prices, by the day of India."""
    pytest.importorskip("pandas")
    frame = BrokerData(TOKEN).get_history("INFY", "NSE", "D", "2026-01-09", "2026-01-12")

    assert len(frame) == 2
    assert not frame.isna().any().any()


def test_b_58_open_interest_is_in_the_history(bridge: Bridge) -> None:
    """Derivatives have some."""
    pytest.importorskip("pandas")
    name = next(found.symbol for found in bridge.desk.find_contracts("NIFTY FUT") if found.exchange.value == "NFO")
    frame = BrokerData(TOKEN).get_history(name, "NFO", "5m", "2026-01-12", "2026-01-12")

    assert (frame["oi"] > 0).all()


def test_b_59_messages_have_no_braces(bridge: Bridge) -> None:
    """What is named is named."""
    with pytest.raises(replies.BridgeError, match="SOMEWHERE") as caught:
        BrokerData(TOKEN).get_quotes("INFY", "SOMEWHERE")
    assert "{" not in str(caught.value)


# --- 9.6 streaming, as far as it goes, 9.7 packaging ----------------------------------------------------------------


def test_b_77_a_subscription_that_brings_nothing_is_no_success() -> None:
    """While there is no stream, subscribing is an error in the keys of both releases."""
    answer = jainam_prop_adapter.Jainam_propWebSocketAdapter().subscribe("INFY", "NSE", 1)

    assert (answer["status"], answer["success"]) == ("error", False)


def test_b_89_connecting_reports_its_failure() -> None:
    """In words that no release takes for an expired login, so that it does not try again."""
    adapter = jainam_prop_adapter.Jainam_propWebSocketAdapter()
    adapter.initialize("jainam_prop", "user")
    answer = adapter.connect()
    adapter.disconnect()
    adapter.disconnect()

    assert answer["status"] == "error"
    for word in ("401", "403", "unauthorized", "forbidden", "invalid token", "expired", "failed to connect"):
        assert word not in answer["message"].lower()
    assert adapter.unsubscribe("INFY", "NSE")["status"] == "success"


def test_b_92_the_address_is_where_the_host_looks() -> None:
    """In `api/baseurl`, so that the connection is kept warm."""
    assert baseurl.__name__.endswith("api.baseurl")
    assert baseurl.BASE_URL.startswith("https://")


def test_b_93_the_address_can_be_set(monkeypatch: pytest.MonkeyPatch, bridge: Bridge) -> None:
    """Another server, or another address, is a variable away."""
    for name in ("BROKER_API_KEY", "BROKER_API_SECRET", "BROKER_API_KEY_MARKET", "BROKER_API_SECRET_MARKET"):
        monkeypatch.setenv(name, "x" * 8)
    monkeypatch.setenv("JAINAM_DATABASE", ":memory:")
    monkeypatch.setenv("JAINAM_SERVER", "C")
    wiring.attach(bridge.host)

    assert wiring.register("of_tests", "jainam_prop").address() == "https://smpc.jainam.in:14543"
    with pytest.raises(NotConfigured):
        wiring.register("of_tests", "nobody").settings()


def test_b_94_every_call_has_a_time_limit_of_its_own(bridge: Bridge) -> None:
    """The host's client waits two minutes; our requests do not."""
    limits: set[float] = set()
    bridge.host.before = lambda request: limits.add(request.extensions["timeout"]["read"])
    place()
    funds.get_margin_data(TOKEN)
    BrokerData(TOKEN).get_quotes("INFY", "NSE")

    assert limits == {10.0}


# --- all of them ----------------------------------------------------------------------------------------------------


def test_all_94_are_accounted_for() -> None:
    """Each has a test here or in a folder beside, or a line with the reason why it cannot occur, and none has both."""
    folder = Path(__file__).parent
    tested = {
        int(number)
        for file in folder.rglob("test_*.py")
        for number in re.findall(r"(?m)^def test_b_(\d\d)_", file.read_text(encoding="utf-8"))
    }
    page = folder.parents[1] / "docs" / "peer-bugs.md"
    explained = {int(number) for number in re.findall(r"(?m)^\| B-(\d\d) \|", page.read_text(encoding="utf-8"))}

    assert tested | explained == set(range(1, 95))
    assert tested & explained == set()


def test_the_page_names_tests_that_are_there() -> None:
    """Every test that the page points to is in the file that it names."""
    root = Path(__file__).parents[2]
    page = (root / "docs" / "peer-bugs.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)` in `(tests/[\w/.]+)`", page)

    assert len(named) > 5
    assert not [test for test, file in named if f"def {test}(" not in (root / file).read_text(encoding="utf-8")]
