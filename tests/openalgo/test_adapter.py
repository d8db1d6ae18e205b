"""The adapter registers with the host's proxy, and says that it has no feed yet (host contract 1.13)."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from jainam.openalgo_bridge import shim


class Base:
    """What the proxy's base class offers, as far as an adapter uses it."""

    def __init__(self) -> None:
        self.connected = True
        self.cleaned = 0

    def cleanup_zmq(self) -> None:
        self.cleaned += 1


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Any:
    package, module = ModuleType("websocket_proxy"), ModuleType("websocket_proxy.base_adapter")
    vars(module)["BaseBrokerWebSocketAdapter"] = Base
    monkeypatch.setitem(sys.modules, package.__name__, package)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    namespace: dict[str, Any] = {"__name__": "broker.jainam_prop.streaming.jainam_prop_adapter"}
    shim.fill(namespace, profile="jainam_prop")
    return namespace["Jainam_propWebSocketAdapter"]()


def test_it_is_one_of_the_proxys_adapters(adapter: Any) -> None:
    """Inside the proxy it has the proxy's base class, and is made without arguments."""
    assert adapter.initialize("jainam_prop", "user") is None
    assert isinstance(adapter, Base)


def test_errors_have_the_keys_of_both_releases(adapter: Any) -> None:
    """One release looks for `status` and `message`, the other for `success` and `error`."""
    for answer in (adapter.connect(), adapter.subscribe("INFY", "NSE", 2, 5)):
        assert (answer["status"], answer["success"]) == ("error", False)
        assert answer["message"] == answer["error"]
        assert answer["code"] not in ("CONNECTION_FAILED", "CONNECTION_ERROR")


def test_it_can_be_disconnected_any_number_of_times(adapter: Any) -> None:
    """What the base class opened is let go, through the method that the pool may have put in its place."""
    adapter.disconnect()
    adapter.disconnect()

    assert (adapter.connected, adapter.cleaned) == (False, 2)
