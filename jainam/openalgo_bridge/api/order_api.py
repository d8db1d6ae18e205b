"""Orders and books, as OpenAlgo's services call them (host contract 1.2 to 1.7).

Every function runs one flow on this process's desk and hands its outcome back in the host's words. None is ever sent
twice: an order whose answer was lost is looked up by its own tag, and told as 504 when nobody could find it (X1, D4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jainam.domain.changing import cancel_all_orders
from jainam.openalgo_bridge import books, replies, requests
from jainam.openalgo_bridge.wiring import broker_of

__all__ = [
    "cancel_all_orders_api",
    "cancel_order",
    "close_all_positions",
    "get_holdings",
    "get_open_position",
    "get_order_book",
    "get_positions",
    "get_trade_book",
    "modify_order",
    "place_order_api",
    "place_smartorder_api",
]

here = broker_of(__name__)

HOLDINGS_AGE = 10.0
"""Seconds for which holdings are shown as they were; the broker takes one question in as many (protocol 4.3)."""


def place_order_api(data: Mapping[str, Any], auth: str) -> replies.Order:
    """Check one order and send it at most once; `(reply, dict, order id)`.

    *data* holds symbol, exchange, action and quantity, and may hold product (MIS), pricetype (MARKET), price,
    trigger_price and disclosed_quantity, each as text or number; quantities are units. `reply.status` is 200 with an
    order id; else `dict["message"]` says every problem: 400 nothing was sent, 504 look before sending again (protocol
    3.3). Never raises.

    >>> place_order_api({"symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": "1"}, "")[1]["message"]
    "not logged in to the broker: log in from OpenAlgo's broker page"
    """
    return replies.placed(lambda: here.run(auth, requests.order(data)))


def place_smartorder_api(data: Mapping[str, Any], auth: str) -> replies.Order:
    """Bring one net position to `position_size`, one such order at a time per instrument (FR5, X2).

    *data* is an order's fields and `position_size` in signed units. When nothing has to be sent the reply is ``None``
    and the message begins with "No action needed". A position book that cannot be read places nothing (D3).
    """
    return replies.smart(lambda: here.run(auth, requests.smart_order(data)))


def modify_order(data: Mapping[str, Any], auth: str) -> tuple[dict[str, Any], int]:
    """Give the live order `orderid` new terms: quantity (the total), pricetype, price, trigger_price, product,
    disclosed_quantity; what *data* leaves out stays. `(dict, status)`, 200 when the broker took it (D19, protocol 3.4).
    """
    return replies.modified(lambda: here.run(auth, requests.modification(data)))


def cancel_order(orderid: str, auth: str) -> tuple[dict[str, Any], int]:
    """Take one order back; `(dict, status)`, 200 when the broker took it or the book shows it (protocol 3.5)."""
    return replies.cancelled(lambda: here.run(auth, requests.cancellation(orderid)))


def cancel_all_orders_api(data: Mapping[str, Any], auth: str) -> tuple[list[str], list[str]]:
    """Take every live order back; the ids that were, and those that were not, as text.

    *data* says nothing that matters here. Raises `BridgeError` when the order book is not known, for which the host
    answers 500: two empty lists would say that there was nothing to cancel (B-19).
    """
    return replies.cancelled_all(lambda: here.run(auth, cancel_all_orders()))


def close_all_positions(current_api_key: str, auth: str) -> tuple[dict[str, Any], int]:
    """Flatten every open position; `(dict, status)`, 200 only when all were seen closed (FR6, D9, X3).

    *current_api_key* is the host's and says nothing here. Otherwise 502 with how many are left, which, and why; the
    dict's `positions` has each of them. Calling it twice sends nothing extra.
    """
    from jainam.domain.closing import close_all_positions as every_position_closed  # here: not every day ends with it

    return replies.closed(lambda: here.run(auth, every_position_closed()))


def get_order_book(auth: str) -> Any:
    """Today's orders as the broker writes them, or `{"status": "error", "message": …}` (protocol 3.6)."""
    return books.native("order book", lambda: here.run(auth, books.orders()))


def get_trade_book(auth: str) -> Any:
    """Today's fills as the broker writes them, one row each; an empty list when nothing traded (FR1, protocol 3.8)."""
    return books.native("trade book", lambda: here.run(auth, books.trades()))


def get_positions(auth: str) -> Any:
    """The net positions as the broker writes them, closed ones included (FR2, protocol 3.10)."""
    return books.native("positions", lambda: here.run(auth, books.positions()))


def get_holdings(auth: str) -> Any:
    """The shares in the demat account as the broker writes them, ten seconds old at most (FR3, protocol 3.11).

    The broker may be asked for them once in ten seconds, and the host's pages are not to wait for that.
    """
    return books.native("holdings", lambda: here.shown("holdings", auth, books.holdings, HOLDINGS_AGE))


def get_open_position(tradingsymbol: str, exchange: str, producttype: str, auth: str) -> str:
    """The signed net quantity of one instrument in one product as text: "100", "-50", "0" (FR4).

    "0" stands for a book that cannot be read as well, with an ERROR in the log, since the host's pages want a number
    (D3). Nothing that trades asks this function: `place_smartorder_api` and `close_all_positions` read for themselves.
    """
    return books.open_position(lambda: here.run(auth, books.held(tradingsymbol, exchange, producttype)))
