"""Quotes, depth and history as the host's services read them (host contract 2.6 to 2.8)."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from fakes.bridge import TOKEN, Bridge
from fakes.clock import IST
from jainam.openalgo_bridge.api.data import BrokerData
from jainam.openalgo_bridge.replies import BridgeError

QUOTES = "/apibinarymarketdata/instruments/quotes"
CANDLES = "/apibinarymarketdata/instruments/ohlc"
INFY = ("INFY", "NSE")
KEYS = {"ask", "bid", "high", "low", "ltp", "open", "prev_close", "volume", "oi", "bid_qty", "ask_qty"}


@pytest.fixture
def data(bridge: Bridge) -> BrokerData:
    return BrokerData(TOKEN, None, "a user of the host")


def future(bridge: Bridge) -> str:
    return next(found.symbol for found in bridge.desk.find_contracts("NIFTY FUT") if found.exchange.value == "NFO")


def test_quotes_are_plain_numbers(bridge: Bridge, data: BrokerData) -> None:
    """Shares, indices and derivatives have the host's keys; what expires has its open interest."""
    share, index, derivative = data.get_quotes(*INFY), data.get_quotes("NIFTY", "NSE_INDEX"), None
    derivative = data.get_quotes(future(bridge), "NFO")

    assert share.keys() == index.keys() == derivative.keys() == KEYS
    assert (share["ltp"], share["prev_close"], share["oi"]) == (1863.35, 1855.9, 0)
    assert (index["bid"], index["bid_qty"]) == (0, 0)
    assert derivative["oi"] > 0
    assert all(type(value) in (int, float) for quote in (share, index, derivative) for value in quote.values())


@pytest.mark.parametrize(("symbol", "exchange"), [("NOSUCH", "NSE"), ("INFY", "CRYPTO"), ("", "NSE"), (None, None)])
def test_unknown_instruments_are_named(data: BrokerData, symbol: Any, exchange: Any) -> None:
    """The older host asks without looking first, so the words are for its user (B-59)."""
    for ask in (data.get_quotes, data.get_depth):
        with pytest.raises(BridgeError, match="is not known on") as caught:
            ask(symbol, exchange)
        assert "{" not in str(caught.value)


def test_many_quotes_keep_their_order(bridge: Bridge, data: BrokerData) -> None:
    """One answer for each question, in the order asked for, with what is wrong where something is (B-50)."""
    asked: list[Any] = [{"symbol": "INFY", "exchange": "NSE"}, {"symbol": "NOSUCH", "exchange": "NSE"}, "strange", {}]
    asked += [{"symbol": future(bridge), "exchange": "NFO"}, {"symbol": "INFY", "exchange": "NSE"}]

    answers = data.get_multiquotes(asked)

    assert [answer["symbol"] for answer in answers] == ["INFY", "NOSUCH", None, None, asked[4]["symbol"], "INFY"]
    assert ["data" in answer for answer in answers] == [True, False, False, False, True, True]
    assert ["error" in answer for answer in answers] == [False, True, True, True, False, False]
    assert answers[4]["data"]["oi"] > 0
    assert data.get_multiquotes([]) == []


def test_fifty_are_asked_for_at_once(bridge: Bridge, data: BrokerData) -> None:
    """Sixty instruments are two calls."""
    names = [found.symbol for found in bridge.desk.find_contracts("", limit=500) if found.exchange.value == "NSE"][:60]
    bridge.host.requests.clear()

    data.get_multiquotes([{"symbol": name, "exchange": "NSE"} for name in names])

    assert bridge.host.sent("POST", QUOTES) == -(-len(names) // 50)


def test_depth_has_five_levels(bridge: Bridge, data: BrokerData) -> None:
    """Five on each side, padded with zeros where nobody stands; an index has none (B-47)."""
    share, index, derivative = (
        data.get_depth(*INFY),
        data.get_depth("NIFTY", "NSE_INDEX"),
        data.get_depth(future(bridge), "NFO"),
    )

    for book in (share, index, derivative):
        assert [len(book["bids"]), len(book["asks"])] == [5, 5]
        assert book.keys() >= {"high", "low", "ltp", "ltq", "open", "prev_close", "volume", "oi", "totalbuyqty"}
    assert share["bids"][0]["price"] < share["asks"][0]["price"]
    assert index["bids"] == [{"price": 0, "quantity": 0, "orders": 0}] * 5
    assert derivative["oi"] > 0


@pytest.mark.parametrize("kind", ["error_200", "gateway", "malformed"])
def test_what_cannot_be_had_is_raised(bridge: Bridge, data: BrokerData, kind: str) -> None:
    """An all-zero depth or an empty list of quotes would be served as an answer (B-46, B-49)."""
    bridge.fault(kind, "/apibinarymarketdata/*", times=90)
    asks = (
        lambda: data.get_quotes(*INFY),
        lambda: data.get_depth(*INFY),
        lambda: data.get_multiquotes([{"symbol": "INFY", "exchange": "NSE"}]),
        lambda: data.get_history(*INFY, "1m", "2026-01-12", "2026-01-12"),
    )
    for ask in asks:
        with pytest.raises(BridgeError):
            ask()


def test_threads_without_a_request_can_ask(bridge: Bridge, data: BrokerData) -> None:
    """The host's schedulers ask from threads of their own, where nothing of Flask is there (B-45)."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(data.get_depth(*INFY)["ltp"]))
    thread.start()
    thread.join()

    assert answers == [1863.35]


# --- history --------------------------------------------------------------------------------------------------------


def history(data: BrokerData, interval: str, first: Any, last: Any) -> Any:
    pytest.importorskip("pandas")
    return data.get_history(*INFY, interval, first, last)


def test_the_frame_is_the_hosts(bridge: Bridge, data: BrokerData) -> None:
    """Seconds of the bar's start, floats, whole volumes; oldest first, each once (2.8)."""
    frame = history(data, "1m", "2026-01-12", "2026-01-12")

    assert list(frame.columns) == ["timestamp", "open", "high", "low", "close", "volume", "oi"]
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == dict.fromkeys(
        ("timestamp", "volume", "oi"), "int64"
    ) | dict.fromkeys(("open", "high", "low", "close"), "float64")
    opening = dt.datetime(2026, 1, 12, 9, 15, tzinfo=IST)
    assert frame["timestamp"].iloc[0] == opening.timestamp()
    assert frame["timestamp"].is_monotonic_increasing
    assert frame["timestamp"].is_unique


@pytest.mark.parametrize("kind", [str, dt.date.fromisoformat, dt.datetime.fromisoformat])
def test_days_come_in_three_dresses(bridge: Bridge, data: BrokerData, kind: Any) -> None:
    """Text, dates and moments name the same days."""
    assert len(history(data, "D", kind("2026-01-05"), kind("2026-01-09"))) == 5


def test_days_are_stamped_with_the_midnight_of_utc(bridge: Bridge, data: BrokerData) -> None:
    """A trading day is the midnight of UTC that bears its date, today's forming one included (B-57)."""
    stamps = [
        dt.datetime.fromtimestamp(stamp, dt.UTC)
        for stamp in history(data, "D", "2026-01-08", "2026-01-12")["timestamp"]
    ]

    assert [stamp.isoformat() for stamp in stamps] == [f"2026-01-{day:02}T00:00:00+00:00" for day in (8, 9, 12)]


def test_no_day_is_left_out_between_calls(bridge: Bridge, data: BrokerData) -> None:
    """A month of minutes takes several calls, and has every trading day whole (B-54)."""
    frame = history(data, "1m", "2025-12-01", "2025-12-31")
    days = [dt.datetime.fromtimestamp(stamp, IST).date() for stamp in frame["timestamp"]]

    assert bridge.host.sent("GET", CANDLES) > 1
    assert len(set(days)) == 23
    assert {days.count(day) for day in set(days)} == {375}


def test_a_call_that_fails_fails_the_whole(bridge: Bridge, data: BrokerData) -> None:
    """A part that cannot be read is an error, and no frame with a gap (B-55)."""
    bridge.fault("error_200", CANDLES, skip=2, times=9)

    with pytest.raises(BridgeError):
        history(data, "1m", "2025-12-01", "2025-12-31")


def test_nothing_traded_is_an_empty_frame(bridge: Bridge, data: BrokerData) -> None:
    """A weekend has the seven columns and no row (B-55)."""
    frame = history(data, "5m", "2026-01-10", "2026-01-11")

    assert (len(frame), len(frame.columns)) == (0, 7)


def test_hours_begin_at_a_quarter_past(bridge: Bridge, data: BrokerData) -> None:
    """Bars of an hour are counted from the opening, by the host's name for them (B-53, B-56)."""
    frame = history(data, "1h", "2026-01-09", "2026-01-09")

    assert [dt.datetime.fromtimestamp(stamp, IST).minute for stamp in frame["timestamp"]] == [15] * 7


@pytest.mark.parametrize("interval", ["60m", "1s", "Q", "", None])
def test_other_intervals_are_refused(bridge: Bridge, data: BrokerData, interval: Any) -> None:
    """What the broker does not have is refused with the choices (B-53)."""
    with pytest.raises(BridgeError, match="1h"):
        history(data, interval, "2026-01-09", "2026-01-09")


@pytest.mark.parametrize("day", ["09-01-2026", "", None, 9.1])
def test_what_is_no_day_is_refused(bridge: Bridge, data: BrokerData, day: Any) -> None:
    """The day is named, and nothing is asked of the broker."""
    with pytest.raises(BridgeError, match="end_date"):
        history(data, "D", "2026-01-09", day)


@pytest.mark.parametrize("interval", ["W", "M"])
def test_weeks_and_months_are_made_of_days(bridge: Bridge, data: BrokerData, interval: str) -> None:
    """The broker has neither, so they are joined of days, the forming one included."""
    frame = history(data, interval, "2025-12-01", "2026-01-12")

    assert len(frame) == {"W": 7, "M": 2}[interval]
