"""The use cases that a desk offers beside its books and close-all, gathered from where each is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jainam.domain.changing import cancel_all_orders, cancel_order, find_order, follow, modify_order
from jainam.domain.drafts import read_draft
from jainam.domain.errors import (
    SymbolNotFound,
)
from jainam.domain.instruments import Contract
from jainam.domain.orders import Order, SmartOrder
from jainam.domain.placing import place_order, settle, turn_of
from jainam.domain.resolving import resolve_intents
from jainam.domain.smart_orders import place_smart_order
from jainam.domain.steps import (
    FindContract,
    Flow,
    HouseRules,
)

__all__ = [
    "cancel_all_orders",
    "cancel_order",
    "drafted_order",
    "drafted_smart_order",
    "find_order",
    "follow",
    "modify_order",
    "place_order",
    "place_smart_order",
    "resolve_intents",
    "settle",
    "turn_of",
]


def drafted_order(fields: Mapping[str, Any]) -> Flow[Order]:
    """The order that loosely written *fields* mean; raises `InvalidOrder` with every problem at once (FR10)."""
    draft = read_draft(fields)
    contract: Contract | SymbolNotFound | None = None
    if draft.key is not None:
        try:
            contract = yield from FindContract(draft.key)
        except SymbolNotFound as error:
            contract = error
    house = yield from HouseRules()
    return draft.order(contract, house.drafting, house.today)


def drafted_smart_order(fields: Mapping[str, Any]) -> Flow[SmartOrder]:
    """The wish for a position that *fields* mean; raises `InvalidOrder` or `SymbolNotFound` before any book is read."""
    smart = read_draft(fields, quantity_required=False).smart_order()
    yield from FindContract(smart.instrument)
    return smart
