"""Calls of the bridge as OpenAlgo makes them, for a share, and what its user is told (host contract 1.2 to 1.7)."""

from __future__ import annotations

from typing import Any

from fakes import openalgo as reading
from fakes.bridge import TOKEN, Bridge
from jainam.openalgo_bridge.api import order_api

__all__ = ["INFY", "LIMIT", "held", "infy", "modify", "orders_at", "place", "resting", "smart"]

INFY = {"apikey": "k", "strategy": "s", "symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": 10}
LIMIT = INFY | {"pricetype": "LIMIT", "price": 1800}


def place(**changed: Any) -> reading.Told:
    """A market order for ten."""
    return reading.order(order_api.place_order_api(INFY | changed, TOKEN))


def resting(**changed: Any) -> str:
    """The number of a limit order that waits below the market."""
    order_id: str = reading.order(order_api.place_order_api(LIMIT | changed, TOKEN))[1]["orderid"]
    return order_id


def modify(order_id: str, **changed: Any) -> reading.Told:
    """New terms for an order."""
    return reading.changed(order_api.modify_order({"orderid": order_id} | changed, TOKEN))


def smart(size: Any, **changed: Any) -> reading.Told:
    """A smart order towards *size*."""
    data = INFY | {"quantity": 0, "position_size": size} | changed
    return reading.smart(order_api.place_smartorder_api(data, TOKEN))


def held(symbol: str = "INFY") -> str:
    """What the host's page is told of the position."""
    return order_api.get_open_position(symbol, "NSE", "MIS", TOKEN)


def infy(bridge: Bridge) -> Any:
    """The share as the exchange lists it."""
    return bridge.rest.world.market.find("NSECM", 1594)


def orders_at(bridge: Bridge) -> list[Any]:
    """Every order that the exchange has."""
    return [order for account in bridge.rest.world.exchange.accounts.values() for order in account.orders()]
