"""The table of calls, to be compared with the XTS manual line by line; section numbers are those of the protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from attrs import field, frozen

from jainam.adapters.xts import account, books, candles, orders, quotes
from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.indexes import read_indexes
from jainam.adapters.xts.master import read_master
from jainam.adapters.xts.segments import NUMBERS
from jainam.domain.sessions import Api
from jainam.domain.steps import (
    BrokerStep,
    CancelOrder,
    DownloadMaster,
    FindOrder,
    ListHoldings,
    ListOrders,
    ListPositions,
    ListTrades,
    Login,
    Logout,
    ModifyExit,
    ModifyOrder,
    PlaceExit,
    PlaceOrder,
    ReadFunds,
    ReadIndexes,
    ReadProfile,
    ReadQuotes,
)
from jainam.domain.watching import ReadCandles, ReadDepth, ReadInterest

__all__ = ["ENDPOINTS", "Endpoint", "endpoint_of"]

Writer = Callable[[Any, Caller], str]
"""The fields of a body without its braces, or of a query without its question mark."""

Reader = Callable[[Any, Any, Caller], Any]
"""The answer to a step out of the envelope's `result`."""


def _nothing(_step: BrokerStep[Any], _caller: Caller) -> str:
    return ""


@frozen
class Endpoint:
    """One line of the manual.

    An investor's call goes to *path*; a dealer's goes to *dealer_path* and names the client (2.5). *empty* holds
    the codes that say "nothing there" when they come with `Data Not Available` (4.2); *window* is the limit that
    counts.
    """

    method: str
    path: str
    window: str
    reads: Reader
    writes: Writer = _nothing
    dealer: str | None = None
    names_client: bool = True
    empty: tuple[str, ...] = ()

    dealer_path: str = field(init=False)
    """Where a dealer's call goes."""
    has_body: bool = field(init=False)
    """True when the fields go in a JSON body; the others go in the query (2.3)."""

    @dealer_path.default
    def _dealer_path(self) -> str:
        return self.dealer or self.path

    @has_body.default
    def _has_body(self) -> bool:
        return self.method in ("POST", "PUT")


def _login_body(key: str, secret: str, source: str, access_token: str | None) -> str:
    # A third-party login's token stands in the place of the source (2.1, 2.2).
    last = f'"accessToken":{json.dumps(access_token)}' if access_token else f'"source":{json.dumps(source)}'
    return f'"appKey":{json.dumps(key)},"secretKey":{json.dumps(secret)},{last}'


def _interactive_login(_: Login, caller: Caller) -> str:
    keys = caller.credentials
    return _login_body(keys.interactive_key, keys.interactive_secret, caller.source, keys.access_token)


def _market_login(_: Login, caller: Caller) -> str:
    keys = caller.credentials
    return _login_body(keys.market_key, keys.market_secret, caller.source, None)


def _net_or_day(_: ListPositions, caller: Caller) -> str:
    return f"dayOrNet={quote(caller.positions_mode, safe='')}"


def _segments(step: DownloadMaster, _: Caller) -> str:
    return f'"exchangeSegmentList":[{json.dumps(step.segment)}]'


def _segment_number(step: ReadIndexes, _: Caller) -> str:
    return f"exchangeSegment={NUMBERS[step.segment]}"


_PLACE = Endpoint("POST", "/orders", "place order", orders.read_order_id, orders.order_body)  # 3.3
_MODIFY = Endpoint("PUT", "/orders", "modify order", orders.no_answer, orders.modify_body)  # 3.4
_BOOK = "/orders/dealerorderbook"

ENDPOINTS: Mapping[type[BrokerStep[Any]], Endpoint] = {
    # interactive API
    PlaceOrder: _PLACE,
    PlaceExit: _PLACE,
    ModifyOrder: _MODIFY,
    ModifyExit: _MODIFY,
    CancelOrder: Endpoint("DELETE", "/orders", "cancel order", orders.no_answer, orders.cancel_query),  # 3.5
    ListOrders: Endpoint(
        "GET", "/orders", "order book", books.list_orders, dealer=_BOOK, empty=("e-orders-0005",)
    ),  # 3.6
    FindOrder: Endpoint(
        "GET", "/orders", "order book", books.find_order, dealer=_BOOK, empty=("e-orders-0005",)
    ),  # 3.6
    ListTrades: Endpoint(  # 3.8
        "GET",
        "/orders/trades",
        "trade book",
        books.list_trades,
        dealer="/orders/dealertradebook",
        empty=("e-tradebook-0005",),
    ),
    ListPositions: Endpoint(  # 3.10
        "GET",
        "/portfolio/positions",
        "positions",
        books.list_positions,
        _net_or_day,
        dealer="/portfolio/dealerpositions",
        empty=("e-portfolio-0005",),
    ),
    ListHoldings: Endpoint(
        "GET", "/portfolio/holdings", "holdings", books.list_holdings, empty=("e-holdings-0005",)
    ),  # 3.11
    ReadFunds: Endpoint(
        "GET", "/user/balance", "balance", account.read_funds, empty=("e-funds-0005", "e-balance-0005")
    ),  # 3.12
    ReadProfile: Endpoint("GET", "/user/profile", "profile", account.read_profile),  # 3.13
    # market-data API: no client goes along
    DownloadMaster: Endpoint(
        "POST", "/instruments/master", "master", read_master, _segments, names_client=False
    ),  # 5.3
    ReadIndexes: Endpoint(  # 5.4
        "GET", "/instruments/indexlist", "index list", read_indexes, _segment_number, names_client=False
    ),
    ReadQuotes: Endpoint(  # 5.5
        "POST", "/instruments/quotes", "quotes", quotes.read_quotes, quotes.quotes_body, names_client=False
    ),
    ReadDepth: Endpoint(  # 5.5
        "POST", "/instruments/quotes", "quotes", quotes.read_depth, quotes.depth_body, names_client=False
    ),
    ReadInterest: Endpoint(  # 5.5
        "POST", "/instruments/quotes", "quotes", quotes.read_interest, quotes.interest_body, names_client=False
    ),
    ReadCandles: Endpoint(  # 5.7
        "GET", "/instruments/ohlc", "candles", candles.read_candles, candles.candles_query, names_client=False
    ),
}

SESSION_ENDPOINTS: Mapping[tuple[type[BrokerStep[Any]], Api], Endpoint] = {
    (Login, Api.INTERACTIVE): Endpoint(  # 2.1
        "POST", "/user/session", "login", account.read_interactive_login, _interactive_login, names_client=False
    ),
    (Login, Api.MARKET_DATA): Endpoint(  # 2.2
        "POST", "/auth/login", "market data login", account.read_market_login, _market_login, names_client=False
    ),
    (Logout, Api.INTERACTIVE): Endpoint("DELETE", "/user/session", "logout", orders.no_answer),  # 2.4
    (Logout, Api.MARKET_DATA): Endpoint(  # 2.4
        "DELETE", "/auth/logout", "market data logout", orders.no_answer, names_client=False
    ),
}


def endpoint_of(step: BrokerStep[Any]) -> Endpoint:
    """The line of the table that *step* is about."""
    endpoint = ENDPOINTS.get(type(step))
    return endpoint if endpoint is not None else SESSION_ENDPOINTS[type(step), step.session_api]
