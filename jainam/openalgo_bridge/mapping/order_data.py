"""The broker's rows into OpenAlgo's rows, and what they come to (host contract 1.6, 2.1 to 2.4).

The host calls map, then statistics, then transform. Here a map makes the whole row at once, and the statistics count
those; a transform passes them on, and makes them of the broker's own rows when it is given those (D17).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jainam.openalgo_bridge import replies, requests, rows
from jainam.openalgo_bridge.wiring import broker_of

__all__ = [
    "calculate_order_statistics",
    "calculate_portfolio_statistics",
    "map_order_data",
    "map_portfolio_data",
    "map_position_data",
    "map_trade_data",
    "transform_holdings_data",
    "transform_order_data",
    "transform_positions_data",
    "transform_trade_book",
    "transform_tradebook_data",
    "validate_order_data",
]

here = broker_of(__name__)


def map_order_data(order_data: Any) -> list[dict[str, Any]]:
    """OpenAlgo's rows of what `get_order_book` returned; an empty list for an empty book."""
    found, contracts = rows.orders_in(order_data, here)
    return [rows.order(row, contracts) for row in found]


def calculate_order_statistics(order_data: list[dict[str, Any]]) -> dict[str, int]:
    """How many orders buy, sell, are complete, open and rejected; partly filled and sleeping ones are open (B-34)."""
    orders = _rows(order_data, "orderid", map_order_data)
    states, sides = [order["order_status"] for order in orders], [order["action"] for order in orders]
    return {
        "total_buy_orders": sides.count("BUY"),
        "total_sell_orders": sides.count("SELL"),
        "total_completed_orders": states.count("complete"),
        "total_open_orders": states.count("open"),
        "total_rejected_orders": states.count("rejected"),
    }


def transform_order_data(orders: Any) -> list[dict[str, Any]]:
    """OpenAlgo's order rows: symbol, exchange, action, quantity, price, trigger_price, pricetype, product, orderid,
    order_status, timestamp, and filled_quantity, pending_quantity, average_price, rejection_reason.
    """
    return _rows(orders, "orderid", map_order_data)


def map_trade_data(trade_data: Any) -> list[dict[str, Any]]:
    """OpenAlgo's rows of what `get_trade_book` returned, one for each fill."""
    return [rows.trade(row) for row in rows.trades_in(trade_data, here)]


def transform_tradebook_data(tradebook_data: Any) -> list[dict[str, Any]]:
    """OpenAlgo's trade rows: quantity, average_price and trade_value of each fill, not of its order (B-36)."""
    return _rows(tradebook_data, "orderid", map_trade_data)


def transform_trade_book(trade_book: Any) -> list[dict[str, Any]]:
    """The same by the name that the requirements use (FR1, D17)."""
    return transform_tradebook_data(trade_book)


def map_position_data(position_data: Any) -> list[dict[str, Any]]:
    """OpenAlgo's rows of what `get_positions` returned; closed positions stay, with what they made (B-39)."""
    return [rows.position(row) for row in rows.positions_in(position_data, here)]


def transform_positions_data(positions_data: Any) -> list[dict[str, Any]]:
    """OpenAlgo's position rows: symbol, exchange, product, quantity, average_price; ltp, pnl, pnlpercent if known."""
    return _rows(positions_data, "average_price", map_position_data)


def map_portfolio_data(portfolio_data: Any) -> list[dict[str, Any]]:
    """OpenAlgo's rows of what `get_holdings` returned; a share that only BSE lists stays there (B-40)."""
    return [rows.holding(row) for row in rows.holdings_in(portfolio_data, here)]


def calculate_portfolio_statistics(holdings_data: Any) -> dict[str, float]:
    """What all holdings are worth, what they cost, and what lies between; shares without a price count in neither."""
    return rows.totals(_rows(holdings_data, "pnl", map_portfolio_data))


def transform_holdings_data(holdings_data: Any) -> list[dict[str, Any]]:
    """OpenAlgo's holding rows: symbol, exchange, quantity, product, average_price, ltp, pnl, pnlpercent."""
    return _rows(holdings_data, "pnl", map_portfolio_data)


def validate_order_data(order_data: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether the order of *order_data* could be sent as it stands, and every problem if not (FR10).

    Looked at are the fields, and what the instrument asks for: tick, lot, freeze quantity, price band. Nothing is sent.
    `place_order_api` and `place_smartorder_api` look at the same by themselves.
    """
    return replies.verdict(lambda: here.opened().runner.run(requests.checked(order_data)))


def _rows(given: Any, key: str, mapped: Any) -> list[dict[str, Any]]:
    """*given* when its rows are OpenAlgo's already, which have *key*; else what *mapped* makes of it."""
    if isinstance(given, list) and given and isinstance(given[0], dict) and key in given[0]:
        return given
    done: list[dict[str, Any]] = mapped(given)
    return done
