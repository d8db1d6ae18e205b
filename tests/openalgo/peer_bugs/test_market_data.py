"""Login and market data: B-43 to B-59 of the plugin that OpenAlgo has (docs/peer-bugs.md)."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from attrs import evolve

from fakes.bridge import TOKEN, Bridge
from fakes.exchange import settings_for
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.openalgo_bridge import replies, wiring
from jainam.openalgo_bridge.api import auth_api
from jainam.openalgo_bridge.api.data import BrokerData

FEED = "/apibinarymarketdata/auth/login"
MARKET_DATA = "/apibinarymarketdata/*"


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
