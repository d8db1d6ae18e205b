"""The use cases that a desk offers beside its books and close-all, gathered from where each is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jainam.domain.changing import cancel_all_orders, cancel_order, find_order, follow, modify_order
from jainam.domain.drafts import Draft, read_draft, read_order
from jainam.domain.errors import InvalidOrder, JainamError, SymbolNotFound
from jainam.domain.house import House
from jainam.domain.instruments import Contract
from jainam.domain.orders import Order, OrderId, OrderTag, Placed, SmartOrder
from jainam.domain.placing import after_first_try, place_order, settle, turn_of
from jainam.domain.resolving import resolve_intents
from jainam.domain.smart_orders import place_smart_order
from jainam.domain.steps import FindContract, Flow, HouseRules, NewTag, PlaceOrder
from jainam.domain.validation import broken_rules

__all__ = [
    "cancel_all_orders",
    "cancel_order",
    "drafted_order",
    "drafted_smart_order",
    "find_order",
    "follow",
    "modify_order",
    "place_drafted_order",
    "place_order",
    "place_smart_order",
    "resolve_intents",
    "settle",
    "turn_of",
]


_HOUSE_RULES, _NEW_TAG = HouseRules(), NewTag()


def drafted_order(fields: Mapping[str, Any]) -> Flow[Order]:
    """The order that loosely written *fields* mean; raises `InvalidOrder` with every problem at once (FR10)."""
    draft = read_draft(fields)
    contract = yield from _contract_of(draft)
    house = yield from HouseRules()
    return draft.order(contract, house.drafting, house.today)


def _contract_of(draft: Draft) -> Flow[Contract | SymbolNotFound | None]:
    """The contract, or why there is none; ``None`` where the draft does not name one."""
    if draft.key is None:
        return None
    try:
        return (yield from FindContract(draft.key))
    except SymbolNotFound as error:
        return error


def place_drafted_order(fields: Mapping[str, Any]) -> Flow[Placed]:
    """Place the order that loosely written *fields* mean; raises `InvalidOrder` before anything leaves (FR10).

    It is checked once, where it could be read and the desk sends orders as they are. Where something is wrong with it
    everything is said that is, and where a market-order policy makes another order of it, that one is checked as well.
    """
    order = read_order(fields)
    if order is None:
        return (yield from place_order((yield from drafted_order(fields))))
    try:
        contract: Contract = yield FindContract(order.instrument)
        house: House = yield _HOUSE_RULES
    except SymbolNotFound:
        return (yield from place_order((yield from drafted_order(fields))))
    problems = broken_rules(order, contract, house.drafting, house.today)
    if problems:
        raise InvalidOrder(problems)
    if not house.sends_as_is:
        return (yield from place_order(order))
    tag: OrderTag = yield _NEW_TAG
    step = PlaceOrder(order, contract, tag)
    try:
        order_id: OrderId = yield step
    except JainamError as error:
        return (yield from after_first_try(step, error))
    return Placed(order_id, tag)


def drafted_smart_order(fields: Mapping[str, Any]) -> Flow[SmartOrder]:
    """The wish for a position that *fields* mean; raises `InvalidOrder` or `SymbolNotFound` before any book is read."""
    smart = read_draft(fields, quantity_required=False).smart_order()
    yield from FindContract(smart.instrument)
    return smart
