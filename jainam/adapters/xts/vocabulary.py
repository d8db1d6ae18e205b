"""XTS's words for our closed sets (protocol 3.2); unknown words are refused, but for an order's status."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from jainam.domain.vocabulary import OrderState, PriceType, Product, Side, TimeInForce

__all__ = ["ORDER_TYPES", "PRICE_TYPES", "PRODUCTS", "SIDES", "TIMES_IN_FORCE", "state_of"]

ORDER_TYPES: Mapping[PriceType, tuple[str, bool, bool]] = {
    # our word: (theirs, has a limit price, has a stop price)
    PriceType.MARKET: ("MARKET", False, False),
    PriceType.LIMIT: ("LIMIT", True, False),
    PriceType.SL: ("STOPLIMIT", True, True),
    PriceType.SL_M: ("STOPMARKET", False, True),
}

# Answers are compared casefolded: `Buy` and `BUY` are two generations of the same word (trap 10).
PRICE_TYPES: Mapping[str, PriceType] = {theirs.lower(): ours for ours, (theirs, _, _) in ORDER_TYPES.items()}
SIDES: Mapping[str, Side] = {side.value.lower(): side for side in Side}
PRODUCTS: Mapping[str, Product] = {product.value.lower(): product for product in Product}
TIMES_IN_FORCE: Mapping[str, TimeInForce] = {time.value.lower(): time for time in TimeInForce}

_STATES: Mapping[str, OrderState] = {
    "pendingnew": OrderState.PENDING,
    "new": OrderState.OPEN,
    "open": OrderState.OPEN,
    "trigger pending": OrderState.OPEN,
    "pendingreplace": OrderState.MODIFY_PENDING,
    "replaced": OrderState.MODIFIED,
    "pendingcancel": OrderState.CANCEL_PENDING,
    "partiallyfilled": OrderState.PARTIALLY_FILLED,
    "filled": OrderState.FILLED,
    "cancelled": OrderState.CANCELLED,
    "rejected": OrderState.REJECTED,
    "expired": OrderState.EXPIRED,
}


@lru_cache(maxsize=64)
def state_of(status: str) -> OrderState:
    """What an OrderStatus means; a word nobody knows is kept by the row and counts as live."""
    return _STATES.get(status.strip().lower(), OrderState.UNKNOWN)
