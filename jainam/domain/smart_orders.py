"""Bringing a position to its target, on books no older than our own last order (FR5, X2, D16)."""

from __future__ import annotations

from jainam.domain.fresh_books import books_of
from jainam.domain.orders import SmartOrder
from jainam.domain.placing import place_order, turn_of
from jainam.domain.planning import order_towards, working_in
from jainam.domain.reports import SmartOutcome, SmartPlan
from jainam.domain.steps import (
    Alone,
    FindContract,
    Flow,
    Tell,
)

__all__ = ["place_smart_order"]


def place_smart_order(smart: SmartOrder) -> Flow[SmartOutcome]:
    """Bring the net position of one instrument to the wanted size, one such order at a time (X2)."""
    return (yield from Alone(turn_of(smart.instrument, smart.product), _towards(smart)))


def _towards(smart: SmartOrder) -> Flow[SmartOutcome]:
    contract = yield from FindContract(smart.instrument)
    books = yield from books_of(smart.instrument, smart.product, contract.ref)
    working = working_in(books.orders, contract.ref, smart.product, stops_count=smart.price_type.is_stop)
    held = books.held
    order = order_towards(smart, held, working)
    delta = smart.target - held
    yield from Tell(
        SmartPlan(
            symbol=smart.instrument.symbol,
            product=smart.product,
            current=held,
            target=smart.target,
            working=working.towards(delta),
            delta=delta,
            action=order.side if order else None,
            quantity=order.quantity if order else 0,
        )
    )
    placed = None
    if order is not None:
        # Less in the same direction, or nothing: such an order must not wait behind entries.
        is_exit = abs(smart.target) < abs(held) and smart.target * held >= 0
        placed = yield from place_order(order, is_exit=is_exit, held=held)
    return SmartOutcome(
        instrument=smart.instrument,
        held=held,
        target=smart.target,
        working=working.order_ids,
        placed=placed,
        side=order.side if order else None,
        quantity=order.quantity if order else 0,
        reason="" if order else _why_nothing(smart, held, working.order_ids),
    )


def _why_nothing(smart: SmartOrder, held: int, working: tuple[str, ...]) -> str:
    if held == smart.target:
        return f"No action needed: {smart.instrument.symbol} already stands at {held}"
    return (
        f"No action needed: {smart.instrument.symbol} stands at {held} and order {', '.join(working)}"
        f" is still working towards {smart.target}"
    )
