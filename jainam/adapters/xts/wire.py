"""The rows of the books as XTS sends them, one class per payload, and which key each field comes from.

They live from one line of a reader to the next, ten thousand at a time, so they are not frozen: that costs a tenth of
what a row of the order book takes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from attrs import define

from jainam.domain.instruments import Token
from jainam.domain.orders import OrderId
from jainam.domain.vocabulary import Exchange, PriceType, Product, Side, TimeInForce

__all__ = ["NAMES", "HoldingRow", "OrderBookRow", "PositionRow", "TradeRow"]


@define(kw_only=True)
class OrderBookRow:
    """A row of the order book (protocol 3.6)."""

    order_id: OrderId
    segment: Exchange
    token: Token
    side: Side
    order_type: PriceType
    product: Product
    quantity: int
    cumulative: int
    leaves: int | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    average: Decimal | None = None
    disclosed: int | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    status: str = ""
    reason: str = ""
    tag: str = ""
    exchange_order_id: str = ""
    generated: dt.datetime | None = None
    updated: dt.datetime | None = None


@define(kw_only=True)
class TradeRow:
    """A row of the trade book: one fill (protocol 3.8)."""

    order_id: OrderId
    segment: Exchange
    token: Token
    side: Side
    product: Product
    quantity: int
    price: Decimal
    execution_id: str = ""
    tag: str = ""
    executed: dt.datetime | None = None


@define(kw_only=True)
class PositionRow:
    """A row of the positions (protocol 3.10); the net quantity is never assumed."""

    segment: Exchange
    token: Token
    product: Product
    quantity: int
    trading_symbol: str = ""
    bought: int | None = None
    sold: int | None = None
    buy_average: Decimal | None = None
    sell_average: Decimal | None = None
    realized: Decimal | None = None
    unrealized: Decimal | None = None
    mtm: Decimal | None = None
    multiplier: Decimal | None = None


@define(kw_only=True)
class HoldingRow:
    """A row of the holdings (protocol 3.11)."""

    quantity: int
    isin: str = ""
    nse: int | None = None
    bse: int | None = None
    used: int | None = None
    average: Decimal | None = None
    average_given: bool = True


_ORDER = {
    "order_id": "AppOrderID",
    "segment": "ExchangeSegment",
    "token": "ExchangeInstrumentID",
    "side": "OrderSide",
    "product": "ProductType",
    "tag": "OrderUniqueIdentifier",
}

NAMES: Mapping[type, Mapping[str, str]] = {
    OrderBookRow: {
        **_ORDER,
        "order_type": "OrderType",
        "quantity": "OrderQuantity",
        "cumulative": "CumulativeQuantity",
        "leaves": "LeavesQuantity",
        "price": "OrderPrice",
        "stop_price": "OrderStopPrice",
        "average": "OrderAverageTradedPrice",
        "disclosed": "OrderDisclosedQuantity",
        "time_in_force": "TimeInForce",
        "status": "OrderStatus",
        "reason": "CancelRejectReason",
        "exchange_order_id": "ExchangeOrderID",
        "generated": "OrderGeneratedDateTime",
        "updated": "LastUpdateDateTime",
    },
    TradeRow: {
        **_ORDER,
        "quantity": "LastTradedQuantity",
        "price": "LastTradedPrice",
        "execution_id": "ExecutionID",
        "executed": "LastExecutionTransactTime",
    },
    PositionRow: {
        "segment": "ExchangeSegment",
        "token": "ExchangeInstrumentID",
        "product": "ProductType",
        "quantity": "Quantity",
        "trading_symbol": "TradingSymbol",
        "bought": "OpenBuyQuantity",
        "sold": "OpenSellQuantity",
        "buy_average": "BuyAveragePrice",
        "sell_average": "SellAveragePrice",
        "realized": "RealizedMTM",
        "unrealized": "UnrealizedMTM",
        "mtm": "MTM",
        "multiplier": "Multiplier",
    },
    HoldingRow: {
        "quantity": "HoldingQuantity",
        "isin": "ISIN",
        "nse": "ExchangeNSEInstrumentId",
        "bse": "ExchangeBSEInstrumentId",
        "used": "UsedQuantity",
        "average": "BuyAvgPrice",
        "average_given": "IsBuyAvgPriceProvided",
    },
}
"""For each class, the key of the broker's row that each field is read from."""
