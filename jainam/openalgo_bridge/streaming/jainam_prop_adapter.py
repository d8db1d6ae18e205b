"""The live feed, as OpenAlgo's WebSocket proxy looks for it (host contract 1.13): it registers, and says what it lacks.

The proxy is another process than the one that trades, and this module is loaded there; without the proxy it can be
imported all the same, and then its class has no base.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Jainam_propWebSocketAdapter"]

NO_FEED = "jainam does not stream live prices yet; quotes, depth and charts work by request"


def _proxys_base() -> Any:
    try:
        return import_module("websocket_proxy.base_adapter").BaseBrokerWebSocketAdapter
    except ImportError:
        return object


def _error(code: str) -> dict[str, Any]:
    """An error in the keys of both releases (host contract 1.13)."""
    return {"status": "error", "success": False, "code": code, "message": NO_FEED, "error": NO_FEED}


class Jainam_propWebSocketAdapter(_proxys_base()):  # type: ignore[misc]
    """Answers every call of the proxy at once, and connects to nothing."""

    def initialize(self, broker_name: str, user_id: str, auth_data: dict[str, Any] | None = None) -> None:
        """Nothing to prepare; who connects is told."""
        self.broker_name, self.user_id = broker_name, user_id

    def connect(self) -> dict[str, Any]:
        """An error that says what works instead, in words that no release takes for an expired login."""
        return _error("NOT_SUPPORTED")

    def disconnect(self) -> None:
        """Let go of what the proxy's base class opened; any number of times."""
        self.connected = False
        cleanup = getattr(self, "cleanup_zmq", None)
        if cleanup is not None:
            cleanup()

    def subscribe(self, symbol: str, exchange: str, mode: int = 2, depth_level: int = 5) -> dict[str, Any]:
        """An error: a success without ticks would be taken for a quiet market (B-77)."""
        return _error("NOT_SUPPORTED")

    def unsubscribe(self, symbol: str, exchange: str, mode: int = 2) -> dict[str, Any]:
        """Nothing was subscribed, so nothing is left to end."""
        return {"status": "success", "success": True, "message": f"{exchange}:{symbol} is not subscribed"}
