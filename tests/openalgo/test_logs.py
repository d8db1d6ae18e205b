"""Nothing secret stands in the host's log, at any level (NFR4, NFR9)."""

from __future__ import annotations

import logging

import pytest

from fakes.bridge import ORDERS, TOKEN, Bridge
from jainam.domain.sessions import Api
from jainam.openalgo_bridge.api import auth_api, funds, order_api
from jainam.openalgo_bridge.api.data import BrokerData
from jainam.openalgo_bridge.logs import Discreet, keep_quiet
from jainam.openalgo_bridge.mapping import order_data


def test_a_day_at_debug_tells_no_secret(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    """Orders, books, money, quotes, failures and logins leave no key, token or client in any record."""
    bridge.attach(client_id="CLIENT01")
    for name in ("", "hpack", "httpcore", "utils.httpx_client"):
        caplog.set_level(logging.DEBUG, logger=name)
    keep_quiet(bridge.desk.settings.credentials.secrets)
    order = {"symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": 1}
    order_api.place_order_api(order, TOKEN)
    bridge.clock.advance(3600)
    bridge.fault("expired_token", ORDERS, method="POST")
    order_api.place_order_api(order, TOKEN)
    bridge.fault("lose_answer", ORDERS, method="POST")
    order_api.place_order_api(order, TOKEN)
    order_data.map_portfolio_data(order_api.get_holdings(TOKEN))
    funds.get_margin_data(TOKEN)
    BrokerData(TOKEN).get_quotes("INFY", "NSE")
    auth_api.authenticate_broker("jainam_prop")
    order_api.close_all_positions("", TOKEN)
    logging.getLogger("utils.httpx_client").debug(
        "Starting request to %s", "https://x/y?dayOrNet=Net&clientID=CLIENT01"
    )

    text = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    sessions = bridge.desk.runner.local.sessions
    tokens = [session.token for api in Api if (session := sessions.current(api))]
    assert len(caplog.records) > 20
    for secret in (*bridge.desk.settings.credentials.secrets, *tokens, "CLIENT01", "DEALER01", "527.5", "INE002A01018"):
        assert secret not in text
    assert "clientID=***" in text


def test_libraries_that_write_headers_down_are_silenced(bridge: Bridge) -> None:
    """The host's client speaks HTTP/2, whose header library writes the token down at DEBUG (B-52)."""
    assert not logging.getLogger("hpack.hpack").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("httpcore.http2").isEnabledFor(logging.DEBUG)


def test_secrets_are_exchanged_and_not_gathered() -> None:
    """A desk that is opened anew takes the place of the one before in what is looked for."""
    keep_quiet(("first-secret",))
    keep_quiet(("second-secret",))
    (found,) = [each for each in logging.getLogger("jainam").filters if isinstance(each, Discreet)]

    assert found.secrets == ("second-secret",)


def test_a_record_is_a_text_afterwards() -> None:
    """The host makes texts of all arguments, which numbers in a format would not survive."""
    record = logging.LogRecord("jainam", logging.DEBUG, "", 1, "HTTP %d, client_id='%s'", (200, "CLIENT01"), None)

    assert Discreet().filter(record)
    assert record.getMessage() == "HTTP 200, client_id='***'"


def test_a_defects_traceback_is_cleaned(
    bridge: Bridge, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has what the caller is not told, without what nobody may know."""
    token = "eyJhbGciOiJub25lIn0.eyJ1c2VySUQiOiJERUFMRVIwMSJ9.signature"

    def broken(order: object) -> None:
        raise RuntimeError(f"authorization {token}")

    monkeypatch.setattr("jainam.openalgo_bridge.requests.place_drafted_order", broken)
    order_api.place_order_api({"symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": 1}, TOKEN)

    assert "RuntimeError" in caplog.text
    assert token not in caplog.text
