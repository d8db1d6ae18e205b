"""Where the broker is, for the host that keeps its connection warm (host contract 1.14)."""

from __future__ import annotations

from jainam.openalgo_bridge.wiring import broker_of

__all__ = ["BASE_URL"]

BASE_URL = broker_of(__name__).address()
"""The address as the environment had it when this was imported, else the profile's; no secret is part of it."""
