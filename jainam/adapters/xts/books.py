"""The books: what the order book, the trade book, the positions and the holdings say, in our words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jainam.adapters.xts.converter import read_rows
from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.values import text
from jainam.adapters.xts.vocabulary import state_of
from jainam.adapters.xts.wire import HoldingRow, OrderBookRow, PositionRow, TradeRow
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import InstrumentRef, Token
from jainam.domain.money import ZERO
from jainam.domain.orders import OrderRow, OrderTag
from jainam.domain.portfolio import Holding, Position, Trade
from jainam.domain.steps import FindOrder, ListHoldings, ListOrders, ListPositions, ListTrades
from jainam.domain.twins import twin_of
from jainam.domain.vocabulary import Exchange, OrderState

__all__ = ["find_order", "list_holdings", "list_orders", "list_positions", "list_trades"]

ONE = Decimal(1)

_ref = lru_cache(maxsize=4096)(InstrumentRef)
"""Most rows of a book are about an instrument that others are about as well."""
_Order = twin_of(OrderRow)


def list_orders(_: ListOrders, result: Any, caller: Caller) -> tuple[OrderRow, ...]:
    """The rows of the order book; `UnexpectedReply` holds the readable ones when some are not (protocol 3.6)."""
    return read_rows(_ours(rows_of(result, "order book"), "ClientID", caller), OrderBookRow, _order, "orders")


def _ours(rows: Sequence[Any], key: str, caller: Caller) -> Sequence[Any]:
    """*rows* without those that carry another client's code under *key*, should a dealer's book hold them (2.5).

    A row that names nobody, or somebody the login did not name, stays: what cannot be told apart must not be lost.
    """
    others = caller.others
    if not others:
        return rows
    return [row for row in rows if type(row) is not dict or text(row.get(key)) not in others]


def find_order(step: FindOrder, result: Any, _: Caller) -> OrderRow | None:
    """The row that carries the tag, whatever the others look like; ``None`` only when it is certainly not there.

    A tag is ours under whichever client's name it comes back.
    """
    rows = rows_of(result, "order book")
    ours = [row for row in rows if type(row) is dict and text(row.get("OrderUniqueIdentifier")) == step.tag]
    if not ours and any(type(row) is not dict or "OrderUniqueIdentifier" not in row for row in rows):
        raise UnexpectedReply("the order book holds rows without an identifier", ["OrderUniqueIdentifier"])
    found = read_rows(ours, OrderBookRow, _order, "orders")
    # A tag is given out once; should a broker list it twice, the order that got further is the one that counts.
    return next((row for row in found if row.state is not OrderState.REJECTED), found[0] if found else None)


def _order(row: OrderBookRow, raw: Mapping[str, Any]) -> OrderRow:
    state = state_of(row.status)
    pending = row.leaves
    if pending is None:
        pending = 0 if state.is_final else max(row.quantity - row.cumulative, 0)
    # By place, in the order of `OrderRow`: names cost a third as much again, for each of thousands of rows.
    made = _Order(
        row.order_id,
        OrderTag(row.tag) if row.tag else None,
        _ref(row.segment, row.token),
        row.side,
        row.product,
        row.order_type,
        row.quantity,
        row.cumulative,  # not the status: a cancelled order may have traded (trap 28)
        pending,
        row.price or ZERO,
        row.stop_price or ZERO,
        state,
        row.status,
        row.average if row.cumulative and row.average else None,
        row.disclosed or 0,
        row.time_in_force,
        row.reason.strip(),
        row.exchange_order_id,
        row.generated,
        row.updated,
        None,  # its symbol
        raw,
    )
    made.__class__ = OrderRow
    return made


def list_trades(_: ListTrades, result: Any, caller: Caller) -> tuple[Trade, ...]:
    """The fills of the day (protocol 3.8)."""
    return read_rows(_ours(rows_of(result, "trade book"), "ClientID", caller), TradeRow, _trade, "trades")


def _trade(row: TradeRow, raw: Mapping[str, Any]) -> Trade:
    return Trade(
        trade_id=row.execution_id,
        order_id=row.order_id,
        tag=OrderTag(row.tag) if row.tag else None,
        instrument=_ref(row.segment, row.token),
        side=row.side,
        product=row.product,
        quantity=row.quantity,
        price=row.price,
        traded_at=row.executed,
        raw=raw,
    )


def list_positions(_: ListPositions, result: Any, caller: Caller) -> tuple[Position, ...]:
    """The net positions; one row that cannot be read makes the whole book unread, never flat (protocol 3.10, D3)."""
    rows = _ours(rows_of(result, "positions", "positionList"), "AccountID", caller)
    return read_rows(rows, PositionRow, _position, "positions")


def _position(row: PositionRow, raw: Mapping[str, Any]) -> Position:
    return Position(
        instrument=_ref(row.segment, row.token),
        product=row.product,
        quantity=row.quantity,
        buy_quantity=row.bought or 0,
        sell_quantity=row.sold or 0,
        buy_average=row.buy_average or ZERO,
        sell_average=row.sell_average or ZERO,
        realized=row.realized,
        unrealized=row.unrealized,
        mtm=row.mtm,
        broker_symbol=row.trading_symbol,
        multiplier=ONE if row.multiplier is None else row.multiplier,
        raw=raw,
    )


def list_holdings(_: ListHoldings, result: Any, caller: Caller) -> tuple[Holding, ...]:
    """The shares, from whichever of the three containers they come in (protocol 3.11)."""
    if isinstance(result, dict) and "RMSHoldings" in result:
        rows = _by_isin(result["RMSHoldings"])
    elif isinstance(result, dict) and "RMSHoldingList" in result:
        parts = rows_of(result["RMSHoldingList"], "holdings")
        rows = [row for part in parts for row in _by_isin(part)]
    else:
        rows = rows_of(result, "holdings", "holdingsList")
    return read_rows(_ours(rows, "ClientId", caller), HoldingRow, _holding, "holdings")


def _by_isin(container: Any) -> Sequence[Any]:
    """The rows of ``{Holdings: {ISIN: row}}``."""
    if not container:
        return ()
    if isinstance(container, dict) and "Holdings" not in container:
        raise UnexpectedReply("the holdings came in a container we do not know", ["result.RMSHoldings"])
    holdings = container["Holdings"] if isinstance(container, dict) else container
    if isinstance(holdings, dict):
        return [{"ISIN": isin, **row} if isinstance(row, dict) else row for isin, row in holdings.items()]
    return rows_of(holdings, "holdings")


def _holding(row: HoldingRow, raw: Mapping[str, Any]) -> Holding:
    listings = ((Exchange.NSE, row.nse), (Exchange.BSE, row.bse))
    return Holding(
        isin=row.isin,
        listings=tuple(InstrumentRef(exchange, Token(token)) for exchange, token in listings if token),
        quantity=row.quantity,
        used_quantity=row.used or 0,
        average_price=row.average if row.average_given and row.average else None,
        raw=raw,
    )


def rows_of(result: Any, book: str, container: str = "") -> Sequence[Any]:
    """The rows of *book* out of a bare list, ``{container: list}`` or ``{…List: list}``; nothing at all is no rows.

    Anything else that holds something is refused: a book in an unknown shape is not an empty book.
    """
    if isinstance(result, list):
        return result
    if result is None or result in ("", {}):
        return ()
    if isinstance(result, dict):
        lists = [container, *(key for key in result if key.endswith("List"))]
        for key in lists:
            if key not in result or not (result[key] is None or isinstance(result[key], list)):
                continue
            # Under a name of its own a list may be empty; another one is, only when nothing else holds anything.
            if (
                key == container
                or result[key]
                or not any(isinstance(value, (list, dict)) and value for value in result.values())
            ):
                return result[key] or ()
    raise UnexpectedReply(f"the {book} came in a container we do not know", ["result"])
