"""The three calls that move an order: what is sent, and what the answer says (protocol 3.3 to 3.5).

This is the path whose speed is felt, so the bodies are written as text: everything in them is a number, one of our
own words, or text that was escaped. (`_value_` is an Enum member's word as a plain attribute; `value` calls a
function.)
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.segments import segment_of
from jainam.adapters.xts.values import amount_text, order_id
from jainam.adapters.xts.vocabulary import ORDER_TYPES
from jainam.domain.errors import InvalidOrder, UnexpectedReply
from jainam.domain.orders import OrderId
from jainam.domain.steps import CancelOrder, ModifyOrder, PlaceOrder

__all__ = ["cancel_query", "modify_body", "no_answer", "order_body", "quoted", "read_order_id"]


@lru_cache(maxsize=64)
def quoted(words: str) -> str:
    """*words* as JSON text; remembered, since the same few go into every order."""
    return json.dumps(words)


def order_body(step: PlaceOrder, caller: Caller) -> str:
    """The fields of a new order; a price type that has no price sends 0, never the price it was given (3.2)."""
    order, tag = step.order, step.tag
    order_type, has_limit, has_stop = ORDER_TYPES[order.price_type]
    return (
        f'"exchangeSegment":"{segment_of(order.instrument.exchange)}","exchangeInstrumentID":{step.contract.token}'
        f',"productType":"{order.product._value_}","orderType":"{order_type}","orderSide":"{order.side._value_}"'
        f',"timeInForce":"{order.time_in_force._value_}","disclosedQuantity":{order.disclosed_quantity}'
        f',"orderQuantity":{order.quantity},"limitPrice":{amount_text(order.price) if has_limit else 0}'
        f',"stopPrice":{amount_text(order.trigger_price) if has_stop else 0}'
        f',"orderUniqueIdentifier":"{tag if tag.isalnum() and tag.isascii() else json.dumps(tag)[1:-1]}"'
        f',"apiOrderSource":{quoted(caller.source)}'
    )


def modify_body(step: ModifyOrder, _: Caller) -> str:
    """The fields of a modification: the whole new state, the total quantity included (3.4)."""
    order = step.order
    order_type, has_limit, has_stop = ORDER_TYPES[order.price_type]
    return (
        f'"appOrderID":{_number(step.order_id)},"modifiedProductType":"{order.product}"'
        f',"modifiedOrderType":"{order_type}","modifiedOrderQuantity":{order.quantity}'
        f',"modifiedDisclosedQuantity":{order.disclosed_quantity}'
        f',"modifiedLimitPrice":{amount_text(order.price) if has_limit else 0}'
        f',"modifiedStopPrice":{amount_text(order.trigger_price) if has_stop else 0}'
        f',"modifiedTimeInForce":"{order.time_in_force}","orderUniqueIdentifier":{json.dumps(step.tag or "")}'
    )


def cancel_query(step: CancelOrder, _: Caller) -> str:
    """The order to take back (3.5); Jainam's own document sends no more than its number."""
    return f"appOrderID={_number(step.order_id)}"


def _number(order_id: OrderId) -> str:
    """The number that *order_id* is; what is none would be sent for nothing, or as another parameter."""
    if not (order_id.isascii() and order_id.isdigit()):
        raise InvalidOrder([f"{order_id!r} is no order number of this broker: it consists of digits"])
    return order_id


def read_order_id(_: PlaceOrder, result: Any, __: Caller) -> OrderId:
    """The AppOrderID that the gateway gave (3.3); what becomes of the order is told by the book."""
    try:
        return order_id(result["AppOrderID"])
    except (TypeError, KeyError, ValueError):
        raise UnexpectedReply("taken, but under no order number", ["result.AppOrderID"]) from None


def no_answer(*_: object) -> None:
    """Nothing beyond the success itself is read: the result comes as an object, a list, a text or not at all."""
