"""OpenAlgo's dicts and words into flows of this library; no dict is ever written into (B-03).

Numbers arrive as text, whole floats or numbers, and fields are left out, by release and caller (host contract 1.2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from jainam.domain.changing import cancel_order, modify_order
from jainam.domain.drafts import read_changes
from jainam.domain.errors import InvalidOrder, SymbolNotFound
from jainam.domain.flows import drafted_order, drafted_smart_order, place_drafted_order
from jainam.domain.instruments import SymbolKey
from jainam.domain.orders import Cancelled, Modified, OrderId, Placed
from jainam.domain.reports import SmartOutcome
from jainam.domain.smart_orders import place_smart_order
from jainam.domain.steps import Flow
from jainam.domain.vocabulary import Exchange, Interval, Product

__all__ = [
    "cancellation",
    "checked",
    "day",
    "instrument",
    "interval",
    "key_or_error",
    "modification",
    "order",
    "product",
    "smart_order",
]


def order(data: Mapping[str, Any]) -> Flow[Placed]:
    """Place the order that *data* means; raises `InvalidOrder` with every problem before anything leaves (FR10)."""
    return place_drafted_order(_fields(data))


def checked(data: Mapping[str, Any]) -> Flow[tuple[str, ...]]:
    """Everything that is wrong with the order of *data*, which is not sent (FR10)."""
    try:
        yield from drafted_order(_fields(data))
    except InvalidOrder as error:
        return error.problems
    except SymbolNotFound as error:
        return (str(error),)
    return ()


def smart_order(data: Mapping[str, Any]) -> Flow[SmartOutcome]:
    """Bring the position to the `position_size` of *data* (FR5)."""
    return (yield from place_smart_order((yield from drafted_smart_order(_fields(data)))))


def modification(data: Mapping[str, Any]) -> Flow[Modified]:
    """Give the order `orderid` of *data* the terms that it names (D19)."""
    fields = _fields(data)
    return (yield from modify_order(_order_id(fields.get("orderid")), read_changes(fields)))


def cancellation(orderid: Any) -> Flow[Cancelled]:
    """Take one order back; the user interface may hand its number over as a number."""
    return (yield from cancel_order(_order_id(orderid)))


def instrument(symbol: Any, exchange: Any) -> SymbolKey:
    """The instrument of that name; raises `SymbolNotFound` for an exchange that no XTS broker lists."""
    try:
        where = Exchange(str(exchange).strip().upper())
    except ValueError:
        raise SymbolNotFound(str(symbol), str(exchange), f"the exchange is none of {', '.join(Exchange)}") from None
    return SymbolKey(str(symbol).strip(), where)


def key_or_error(item: Any) -> SymbolKey | SymbolNotFound:
    """The instrument of `{"symbol": …, "exchange": …}`, or why there is none."""
    fields = item if isinstance(item, Mapping) else {}
    try:
        return instrument(fields.get("symbol") or "", fields.get("exchange") or "")
    except SymbolNotFound as error:
        return error


def interval(word: Any) -> Interval:
    """The interval of that name; raises `InvalidOrder` with the choices for another (B-53)."""
    try:
        return Interval(str(word).strip())
    except ValueError:
        raise InvalidOrder([f"interval {word!r} is none of {', '.join(Interval)}"]) from None


def day(name: str, given: Any) -> dt.date:
    """A day, which comes as a date or as text; raises `InvalidOrder` for anything else."""
    if isinstance(given, dt.date):
        return given.date() if isinstance(given, dt.datetime) else given
    try:
        return dt.date.fromisoformat(str(given).strip())
    except ValueError:
        raise InvalidOrder([f"{name} {given!r} is no day like 2026-01-12"]) from None


def product(word: Any) -> Product:
    """The product of that name; raises `InvalidOrder` for another."""
    try:
        return Product(str(word).strip().upper())
    except ValueError:
        raise InvalidOrder([f"product {word!r} is none of {', '.join(Product)}"]) from None


def _fields(data: Mapping[str, Any]) -> Mapping[str, Any]:
    if type(data) is not dict and not isinstance(data, Mapping):  # a dict is seen sooner
        raise InvalidOrder([f"an order is a set of fields, not {type(data).__name__}"])
    return data


def _order_id(given: Any) -> OrderId:
    """An order number as text, digit by digit: it never passes through a float (B-35)."""
    if isinstance(given, bool) or not isinstance(given, int | str) or not str(given).strip():
        raise InvalidOrder(["orderid is required: the number that the order was placed under, as text"])
    return OrderId(str(given).strip())
