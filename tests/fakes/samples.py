"""A few invented instruments, and orders, rows and positions on them; every number here is made up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey, Token
from jainam.domain.journal import Deed, Ending, Intent, Meant, Verdict
from jainam.domain.orders import Order, OrderId, OrderRow, OrderTag, SmartOrder
from jainam.domain.portfolio import Holding, Position, Trade
from jainam.domain.vocabulary import Exchange, Kind, OrderState, PriceType, Product, Side

__all__ = [
    "CONTRACTS",
    "FUTURE",
    "INDEX",
    "NOW",
    "OPTION",
    "SHARE",
    "TWIN",
    "holding",
    "meant",
    "order",
    "position",
    "row",
    "smart",
    "trade",
]

NOW = dt.datetime(2026, 6, 15, 11, 0, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))
"""What the clock says in scenes."""

FUTURE = Contract(
    key=SymbolKey("NIFTY30JUN26FUT", Exchange.NFO),
    token=Token(62329),
    kind=Kind.FUTURE,
    name="NIFTY",
    broker_symbol="NIFTY26JUNFUT",
    broker_exchange="NSEFO",
    lot_size=75,
    tick_size=Decimal("0.1"),
    expiry=dt.date(2026, 6, 30),
    freeze_quantity=1800,
    price_low=Decimal("22000.0"),
    price_high=Decimal("27000.0"),
)
OPTION = Contract(
    key=SymbolKey("NIFTY17FEB2625700PE", Exchange.NFO),
    token=Token(41234),
    kind=Kind.PUT,
    name="NIFTY",
    broker_symbol="NIFTY2621725700PE",
    broker_exchange="NSEFO",
    lot_size=75,
    tick_size=Decimal("0.05"),
    expiry=dt.date(2026, 2, 17),
    strike=Decimal(25700),
    freeze_quantity=1800,
)
SHARE = Contract(
    key=SymbolKey("RELIANCE", Exchange.NSE),
    token=Token(2885),
    kind=Kind.EQUITY,
    name="RELIANCE",
    broker_symbol="RELIANCE-EQ",
    broker_exchange="NSECM",
    lot_size=1,
    tick_size=Decimal("0.1"),
)
TWIN = Contract(
    key=SymbolKey("RELIANCE", Exchange.BSE),
    token=Token(500325),
    kind=Kind.EQUITY,
    name="RELIANCE",
    broker_symbol="RELIANCE",
    broker_exchange="BSECM",
    lot_size=1,
    tick_size=Decimal("0.05"),
)
INDEX = Contract(
    key=SymbolKey("NIFTY", Exchange.NSE_INDEX),
    token=Token(26000),
    kind=Kind.INDEX,
    name="NIFTY 50",
    broker_symbol="NIFTY 50",
    broker_exchange="NSECM",
    lot_size=1,
    tick_size=Decimal(0),
)
CONTRACTS = (FUTURE, OPTION, SHARE, TWIN, INDEX)


def order(contract: Contract = FUTURE, **terms: Any) -> Order:
    """A market purchase of one lot, or what *terms* make of it."""
    usual: dict[str, Any] = {"side": Side.BUY, "product": Product.NRML, "quantity": contract.lot_size}
    return Order(instrument=contract.key, **(usual | terms))


def smart(target: int, contract: Contract = FUTURE, **terms: Any) -> SmartOrder:
    """The wish for *target* units of *contract*."""
    usual: dict[str, Any] = {"product": Product.NRML}
    return SmartOrder(instrument=contract.key, target=target, **(usual | terms))


def row(order_id: str = "9001", contract: Contract = FUTURE, **terms: Any) -> OrderRow:
    """A resting limit purchase of one lot in the order book, or what *terms* make of it."""
    quantity = terms.get("quantity", contract.lot_size)
    usual: dict[str, Any] = {
        "tag": OrderTag("t1"),
        "side": Side.BUY,
        "product": Product.NRML,
        "price_type": PriceType.LIMIT,
        "quantity": quantity,
        "filled": 0,
        "pending": quantity,
        "price": Decimal("25000.0"),
        "trigger_price": Decimal(0),
        "state": OrderState.OPEN,
        "status": "New",
    }
    return OrderRow(order_id=OrderId(order_id), instrument=contract.ref, **(usual | terms))


def meant(
    tag: str = "t0",
    ago: float = 5,
    verdict: Verdict | None = Verdict.DONE,
    number: int = 7,
    **terms: Any,
) -> Meant:
    """An order for one lot of the future that we meant *ago* seconds before."""
    at = NOW - dt.timedelta(seconds=ago)
    intent = Intent(deed=Deed.PLACE, at=at, tag=OrderTag(tag), order=order(), ref=FUTURE.ref, **terms)
    ending = None if verdict is None else Ending(key=tag, at=at, verdict=verdict, order_id=OrderId("9000"))
    return Meant(number, intent, ending)


def position(quantity: int, contract: Contract = FUTURE, **terms: Any) -> Position:
    """A net position of *quantity* signed units."""
    usual: dict[str, Any] = {
        "product": Product.NRML,
        "buy_quantity": max(quantity, 0),
        "sell_quantity": max(-quantity, 0),
        "buy_average": Decimal("100.50"),
        "sell_average": Decimal("101.25"),
        "realized": None,
        "unrealized": None,
        "mtm": None,
        "broker_symbol": contract.broker_symbol,
    }
    return Position(instrument=contract.ref, quantity=quantity, **(usual | terms))


def trade(contract: Contract = FUTURE, **terms: Any) -> Trade:
    """One fill of one lot."""
    usual: dict[str, Any] = {
        "trade_id": "T1",
        "order_id": OrderId("9001"),
        "tag": OrderTag("t1"),
        "side": Side.BUY,
        "product": Product.NRML,
        "quantity": contract.lot_size,
        "price": Decimal("25000.5"),
        "traded_at": dt.datetime(2026, 1, 12, 9, 30),
    }
    return Trade(instrument=contract.ref, **(usual | terms))


def holding(*listings: InstrumentRef, **terms: Any) -> Holding:
    """Ten shares that trade as *listings*."""
    usual: dict[str, Any] = {
        "isin": "INE000A01000",
        "quantity": 10,
        "used_quantity": 0,
        "average_price": Decimal("1400.00"),
    }
    return Holding(listings=listings, **(usual | terms))
