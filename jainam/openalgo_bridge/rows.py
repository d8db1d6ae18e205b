"""One row of a book into one of OpenAlgo's: plain numbers and words that go into JSON as they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from jainam.adapters.xts import books as xts
from jainam.adapters.xts.credentials import Caller, Credentials
from jainam.adapters.xts.values import INDIA
from jainam.domain import books
from jainam.domain.instruments import Contract, InstrumentRef
from jainam.domain.orders import OrderRow
from jainam.domain.portfolio import Holding, Position, Trade
from jainam.domain.steps import Flow, ListHoldings, ListOrders, ListPositions, ListTrades
from jainam.domain.valuing import Valued
from jainam.domain.vocabulary import OrderState
from jainam.openalgo_bridge.books import Book
from jainam.openalgo_bridge.wiring import Broker

__all__ = [
    "holding", "holdings_in", "order", "orders_in", "position", "positions_in", "totals", "trade", "trades_in",
]  # fmt: skip

R = TypeVar("R")
T = TypeVar("T")

NOBODY = Caller(
    credentials=Credentials(interactive_key="", interactive_secret="", market_key="", market_secret=""),
    client_id="",
    source="",
    positions_mode="",
)
"""Who reads rows that were handed to us: all of them are ours."""

STATUSES: Mapping[OrderState, str] = {
    OrderState.FILLED: "complete",
    OrderState.REJECTED: "rejected",
    OrderState.CANCELLED: "cancelled",
    OrderState.EXPIRED: "cancelled",
}
"""What is over; everything else can still trade, and is open (B-33).

So is a stop that waits for its trigger: the host has a word for that, but its page offers to cancel what is open and
nothing else, one order or all of them.
"""


def order(row: OrderRow, contracts: Mapping[InstrumentRef, Contract]) -> dict[str, Any]:
    """A row of OpenAlgo's order book (host contract 2.1), under the name that *contracts* has for it."""
    contract = contracts.get(row.instrument)
    return {
        "symbol": str(row.instrument) if contract is None else contract.symbol,
        "exchange": row.instrument.exchange._value_,  # as a plain attribute: `value` calls a function
        "action": row.side._value_,
        "quantity": row.quantity,
        "price": float(row.price),
        "trigger_price": float(row.trigger_price),
        "pricetype": row.price_type._value_,
        "product": row.product._value_,
        "orderid": row.order_id,
        "order_status": STATUSES.get(row.state, "open"),
        "timestamp": _stamp(row.placed_at or row.updated_at),
        "filled_quantity": row.filled,
        "pending_quantity": row.pending,
        "average_price": float(row.average_price or 0),
        "rejection_reason": row.reason,
    }


def trade(row: Trade) -> dict[str, Any]:
    """A row of OpenAlgo's trade book: one fill (host contract 2.2)."""
    return {
        "symbol": _symbol(row.symbol, row.instrument),
        "exchange": row.instrument.exchange.value,
        "product": row.product.value,
        "action": row.side.value,
        "quantity": row.quantity,
        "average_price": float(row.price),
        "trade_value": float(row.value),
        "orderid": str(row.order_id),
        "tradeid": row.trade_id,
        "timestamp": _stamp(row.traded_at),
    }


def position(row: Valued) -> dict[str, Any]:
    """A row of OpenAlgo's position book (host contract 2.3).

    What nobody knows is left out, a price or a profit: the host's pages have a dash for that, and zero would be one.
    """
    held = row.position
    known = {"ltp": row.last_price, "pnl": row.pnl, "pnlpercent": row.pnl_percent}
    return {
        "symbol": held.symbol or held.broker_symbol or _symbol(None, held.instrument),
        "exchange": held.instrument.exchange.value,
        "product": held.product.value,
        "quantity": held.quantity,
        "average_price": _rupees(row.average_price),
        **{name: _rupees(amount) for name, amount in known.items() if amount is not None},
    }


def holding(row: Holding) -> dict[str, Any]:
    """A row of OpenAlgo's holdings (host contract 2.4); the share under the name of the exchange that it was priced on.

    A share that the contract store does not know goes by its number there: its ISIN is no symbol (B-40).
    """
    listing = row.listed_as or next(iter(row.listings), None)
    cost = row.average_price * row.quantity if row.average_price is not None else None
    return {
        "symbol": row.symbol or (row.isin if listing is None else _symbol(None, listing)),
        "exchange": "NSE" if listing is None else listing.exchange.value,
        "quantity": row.quantity,
        "product": "CNC",
        "average_price": _rupees(row.average_price),
        "ltp": _rupees(row.last_price),
        "pnl": _rupees(row.pnl),
        "pnlpercent": _rupees(row.pnl * 100 / cost if row.pnl is not None and cost else None),
    }


def totals(holdings: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """What mapped *holdings* come to; a share without a price has no profit, and adds neither worth nor cost."""
    priced = [row for row in holdings if row["ltp"] and row["average_price"]]
    worth = sum(row["ltp"] * row["quantity"] for row in priced)
    cost = sum(row["average_price"] * row["quantity"] for row in priced)
    return {
        "totalholdingvalue": round(worth, 2),
        "totalinvvalue": round(cost, 2),
        "totalprofitandloss": round(worth - cost, 2),
        "totalpnlpercentage": round((worth - cost) * 100 / cost, 2) if cost else 0.0,
    }


def orders_in(given: Any, broker: Broker) -> tuple[tuple[OrderRow, ...], Mapping[InstrumentRef, Contract]]:
    """The orders that *given* holds, our own book or the broker's rows from anywhere, and what they are about."""
    if isinstance(given, Book):
        return given.rows, given.contracts
    rows = xts.list_orders(ListOrders(), _result(given), NOBODY)
    return rows, broker.opened().runner.run(books.contracts_of(rows)) if rows else {}


def trades_in(given: Any, broker: Broker) -> tuple[Trade, ...]:
    """The fills that *given* holds."""
    return _read(given, broker, lambda raw: xts.list_trades(ListTrades(), raw, NOBODY), books.named)


def positions_in(given: Any, broker: Broker) -> tuple[Valued, ...]:
    """The positions that *given* holds; rows from anywhere are worth what the broker says."""
    return _read(given, broker, lambda raw: xts.list_positions(ListPositions(), raw, NOBODY), _unquoted)


def holdings_in(given: Any, broker: Broker) -> tuple[Holding, ...]:
    """The shares that *given* holds."""
    return _read(given, broker, lambda raw: xts.list_holdings(ListHoldings(), raw, NOBODY), books.shares)


def _unquoted(rows: tuple[Position, ...]) -> Flow[tuple[Valued, ...]]:
    return tuple(Valued(row) for row in (yield from books.named(rows)))


def _read(given: Any, broker: Broker, read: Callable[[Any], R], named: Callable[[R], Flow[T]]) -> T | tuple[()]:
    """What was read in *given* already, or what can be read now, under the names of the contract store."""
    if isinstance(given, Book):
        known: T = given.rows  # type: ignore[assignment]  # a book holds what this one was read into
        return known
    rows = read(_result(given))
    return broker.opened().runner.run(named(rows)) if rows else ()


def _result(given: Any) -> Any:
    """The rows of a whole answer, or *given* itself; raises `ValueError` for an answer that has none."""
    if not isinstance(given, Mapping):
        return given
    if given.get("status") == "error" or given.get("type") == "error":
        raise ValueError("this is no book but the reason why there is none")
    return given.get("result", given)


def _symbol(symbol: str | None, instrument: InstrumentRef) -> str:
    return symbol or str(instrument)


def _rupees(amount: Decimal | None) -> float:
    """A number for JSON; nothing known becomes 0.0, which is the one thing that the host's pages can show."""
    return 0.0 if amount is None else round(float(amount), 2)


@lru_cache(maxsize=1 << 14)
def _stamp(at: dt.datetime | None) -> str:
    """A moment in the broker's own spelling, which the host reads: DD-MM-YYYY HH:MM:SS in India."""
    return "" if at is None else f"{at.astimezone(INDIA):%d-%m-%Y %H:%M:%S}"
