"""Values as JSON: names that stay, money and prices as text, quantities as whole numbers, times in ISO 8601.

Text keeps every digit: a JSON number becomes a binary fraction in most programs that read it. A broker's own row is in
it only when it was asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from jainam.domain.errors import JainamError, OutcomeUnknown
from jainam.domain.instruments import Contract
from jainam.domain.money import ZERO
from jainam.domain.orders import OrderRow, OrderTag, Placed
from jainam.domain.portfolio import Funds, Holding, Position, Profile, Trade
from jainam.domain.reports import (
    BasketReport,
    CancelReport,
    CloseReport,
    ContractsReport,
    Leg,
    Part,
    SlicedOrder,
    SmartOutcome,
)
from jainam.domain.vocabulary import OrderState

__all__ = [
    "basket",
    "cancel_report",
    "close_report",
    "contract",
    "contracts_report",
    "funds",
    "holding",
    "order_row",
    "outcome_of",
    "placed",
    "position",
    "profile",
    "rejected_units",
    "sliced",
    "smart_outcome",
    "trade",
]

Shape = dict[str, Any]


def _money(value: Decimal | None) -> str | None:
    return None if value is None else f"{value or ZERO:f}"  # some brokers send a minus before zero


def _time(value: dt.date | None) -> str | None:
    return None if value is None else value.isoformat()


def _with_raw(shape: Shape, row: Mapping[str, Any], raw: bool) -> Shape:
    return shape | {"raw": dict(row)} if raw else shape


def order_row(row: OrderRow, raw: bool = False) -> Shape:
    """A line of the order book."""
    shape = {
        "order_id": row.order_id,
        "tag": row.tag,
        "symbol": row.symbol,
        "exchange": row.instrument.exchange.value,
        "token": row.instrument.token,
        "side": row.side.value,
        "product": row.product.value,
        "price_type": row.price_type.value,
        "quantity": row.quantity,
        "filled": row.filled,
        "pending": row.pending,
        "price": _money(row.price),
        "trigger_price": _money(row.trigger_price),
        "average_price": _money(row.average_price),
        "disclosed_quantity": row.disclosed_quantity,
        "time_in_force": row.time_in_force.value,
        "state": row.state.value,
        "status": row.status,
        "reason": row.reason,
        "exchange_order_id": row.exchange_order_id,
        "placed_at": _time(row.placed_at),
        "updated_at": _time(row.updated_at),
    }
    return _with_raw(shape, row.raw, raw)


def trade(row: Trade, raw: bool = False) -> Shape:
    """A line of the trade book."""
    shape = {
        "trade_id": row.trade_id,
        "order_id": row.order_id,
        "tag": row.tag,
        "symbol": row.symbol,
        "exchange": row.instrument.exchange.value,
        "token": row.instrument.token,
        "side": row.side.value,
        "product": row.product.value,
        "quantity": row.quantity,
        "price": _money(row.price),
        "value": _money(row.value),
        "traded_at": _time(row.traded_at),
    }
    return _with_raw(shape, row.raw, raw)


def position(row: Position, raw: bool = False) -> Shape:
    """A net position."""
    shape = {
        "symbol": row.symbol,
        "broker_symbol": row.broker_symbol,
        "exchange": row.instrument.exchange.value,
        "token": row.instrument.token,
        "product": row.product.value,
        "quantity": row.quantity,
        "average_price": _money(row.average_price),
        "buy_quantity": row.buy_quantity,
        "buy_average": _money(row.buy_average),
        "sell_quantity": row.sell_quantity,
        "sell_average": _money(row.sell_average),
        "realized": _money(row.realized),
        "unrealized": _money(row.unrealized),
        "pnl": _money(row.pnl),
    }
    return _with_raw(shape, row.raw, raw)


def holding(row: Holding, raw: bool = False) -> Shape:
    """Shares in the demat account."""
    shape = {
        "symbol": row.symbol,
        "isin": row.isin,
        "exchanges": [ref.exchange.value for ref in row.listings],
        "quantity": row.quantity,
        "used_quantity": row.used_quantity,
        "saleable": row.saleable,
        "average_price": _money(row.average_price),
        "last_price": _money(row.last_price),
        "pnl": _money(row.pnl),
    }
    return _with_raw(shape, row.raw, raw)


def funds(row: Funds, raw: bool = False) -> Shape:
    """Money of the account."""
    shape = {
        "available": _money(row.available),
        "cash": _money(row.cash),
        "collateral": _money(row.collateral),
        "utilized": _money(row.utilized),
        "realized": _money(row.realized),
        "unrealized": _money(row.unrealized),
    }
    return _with_raw(shape, row.raw, raw)


def profile(row: Profile, raw: bool = False) -> Shape:
    """Who the account belongs to."""
    shape = {
        "client_id": row.client_id,
        "name": row.name,
        "is_investor": row.is_investor,
        "exchanges": list(row.exchanges),
    }
    return _with_raw(shape, row.raw, raw)


def contract(row: Contract) -> Shape:
    """An instrument."""
    return {
        "symbol": row.symbol,
        "exchange": row.exchange.value,
        "token": row.token,
        "kind": row.kind.value,
        "name": row.name,
        "description": row.description,
        "broker_symbol": row.broker_symbol,
        "expiry": _time(row.expiry),
        "strike": _money(row.strike),
        "lot_size": row.lot_size,
        "tick_size": _money(row.tick_size),
        "freeze_quantity": row.freeze_quantity,
        "price_low": _money(row.price_low),
        "price_high": _money(row.price_high),
    }


def placed(result: Placed, row: OrderRow | None, raw: bool = False) -> Shape:
    """An order that was taken; *row* is what the book says of it, when it was asked."""
    return {
        "order_id": result.order_id,
        "tag": result.tag,
        "found": result.found,
        "order": None if row is None else order_row(row, raw),
    }


def smart_outcome(outcome: SmartOutcome, row: OrderRow | None) -> Shape:
    """What a smart order found and did."""
    return {
        "symbol": outcome.instrument.symbol,
        "exchange": outcome.instrument.exchange.value,
        "held": outcome.held,
        "target": outcome.target,
        "side": outcome.side.value if outcome.side else None,
        "quantity": outcome.quantity,
        "working": list(outcome.working),
        "reason": outcome.reason,
        "placed": placed(outcome.placed, row) if outcome.placed else None,
    }


def outcome_of(part: Part, row: OrderRow | None) -> str:
    """What became of one order of several, in one word or two.

    `placed`, `rejected` (by the exchange, as its *row* says), `unknown` (it may have arrived), or `not placed`.
    """
    if part.placed is not None:
        return "rejected" if row is not None and row.state is OrderState.REJECTED else "placed"
    return "unknown" if isinstance(part.outcome, OutcomeUnknown) else "not placed"


def rejected_units(parts: Sequence[Part], rows: Mapping[OrderTag, OrderRow]) -> int:
    """Units in orders of *parts* that the exchange has rejected, as *rows* say."""
    found = ((part, rows.get(part.placed.tag)) for part in parts if part.placed is not None)
    return sum(part.order.quantity for part, row in found if outcome_of(part, row) == "rejected")


def _part(part: Part, rows: Mapping[OrderTag, OrderRow], raw: bool) -> Shape:
    order, result = part.order, part.placed
    row = None if result is None else rows.get(result.tag)
    error = part.outcome if isinstance(part.outcome, JainamError) else None
    in_doubt = error.tag if isinstance(error, OutcomeUnknown) else None
    return {
        "symbol": order.instrument.symbol,
        "exchange": order.instrument.exchange.value,
        "side": order.side.value,
        "quantity": order.quantity,
        "product": order.product.value,
        "price_type": order.price_type.value,
        "price": _money(order.price),
        "trigger_price": _money(order.trigger_price),
        "disclosed_quantity": order.disclosed_quantity,
        "outcome": outcome_of(part, row),
        "order_id": None if result is None else result.order_id,
        "tag": in_doubt if result is None else result.tag,
        "found": result is not None and result.found,
        "error": None if error is None else type(error).__name__,
        "message": "" if error is None else str(error),
        "order": None if row is None else order_row(row, raw),
    }


def sliced(report: SlicedOrder, rows: Mapping[OrderTag, OrderRow], raw: bool = False) -> Shape:
    """An order in slices, with what is placed, rejected by the exchange, in doubt and in no order at all, in units."""
    order, no = report.order, rejected_units(report.parts, rows)
    return {
        "tag": report.tag,
        "symbol": order.instrument.symbol,
        "exchange": order.instrument.exchange.value,
        "side": order.side.value,
        "quantity": order.quantity,
        "placed": report.placed - no,
        "rejected": no,
        "in_doubt": report.in_doubt,
        "left": report.left,
        "slices": [_part(part, rows, raw) for part in report.parts],
    }


def basket(report: BasketReport, rows: Mapping[OrderTag, OrderRow], raw: bool = False) -> Shape:
    """Several orders, in the order they were given; the counts are of orders."""
    orders = [_part(part, rows, raw) for part in report.parts]
    counts = {
        name: sum(each["outcome"] == outcome for each in orders)
        for name, outcome in (
            ("placed", "placed"),
            ("rejected", "rejected"),
            ("unknown", "unknown"),
            ("not_placed", "not placed"),
        )
    }
    return {**counts, "orders": orders}


def _leg(leg: Leg) -> Shape:
    return {
        "symbol": leg.symbol,
        "exchange": leg.exchange.value,
        "product": leg.product.value,
        "held": leg.held,
        "filled": leg.filled,
        "remaining": leg.remaining,
        "closed": leg.is_closed,
        "order_ids": list(leg.order_ids),
        "reason": leg.reason,
        "uncancelled": list(leg.uncancelled),
    }


def close_report(report: CloseReport) -> Shape:
    """What became of a close-all."""
    return {"outcome": report.status, "positions": [_leg(leg) for leg in report.legs]}


def cancel_report(report: CancelReport) -> Shape:
    """What became of a cancel-all."""
    return {
        "cancelled": list(report.cancelled),
        "failed": [
            {"order_id": failure.order_id, "error": type(failure.error).__name__, "message": str(failure.error)}
            for failure in report.failed
        ],
    }


def contracts_report(report: ContractsReport) -> Shape:
    """What a load of the master contract brought."""
    return {"segments": dict(report.segments), "total": report.total}
