"""The feed, as far as it goes, and packaging: B-77 to B-94 of the plugin that OpenAlgo has (docs/peer-bugs.md)."""

from __future__ import annotations

import pytest

from fakes.bridge import TOKEN, Bridge
from fakes.bridge_calls import place
from jainam.domain.errors import NotConfigured
from jainam.openalgo_bridge import wiring
from jainam.openalgo_bridge.api import baseurl, funds
from jainam.openalgo_bridge.api.data import BrokerData
from jainam.openalgo_bridge.streaming import jainam_prop_adapter


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
