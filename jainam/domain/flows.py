"""The use cases, each a sentence: how orders are placed, changed and taken back, and how books are read.

A flow sends whatever moves an order at most once. When the answer is lost it looks the order up by its own tag; a
look that fails says nothing about the order, and an order nobody could find ends as unknown, never as "not sent".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jainam.domain.drafts import read_draft
from jainam.domain.errors import (
    InvalidOrder,
    JainamError,
    OrderRejected,
    OutcomeUnknown,
    SymbolNotFound,
    UnexpectedReply,
)
from jainam.domain.instruments import Contract, InstrumentRef
from jainam.domain.orders import Cancelled, Changes, Modified, Order, OrderId, OrderRow, OrderTag, Placed, SmartOrder
from jainam.domain.patience import patiently, sent_once
from jainam.domain.planning import held_in, order_towards, working_in
from jainam.domain.reports import CancelFailure, CancelReport, SmartOutcome, SmartPlan
from jainam.domain.steps import (
    Alone,
    CancelOrder,
    FindContract,
    FindOrder,
    Flow,
    ListOrders,
    ListPositions,
    ModifyOrder,
    NameContracts,
    NewTag,
    Pause,
    PlaceExit,
    PlaceOrder,
    Tell,
    Together,
    Waits,
)
from jainam.domain.validation import check
from jainam.domain.vocabulary import OrderState

__all__ = [
    "POSITIONS",
    "cancel_all_orders",
    "cancel_order",
    "drafted_order",
    "drafted_smart_order",
    "find_order",
    "follow",
    "modify_order",
    "place_order",
    "place_smart_order",
    "settle",
]


POSITIONS = ("positions",)
"""What smart orders and close-alls take turns on (X2): each reads the books and sends what is missing, so between the
read and the order nobody else may do the same. Positions are read once a second in any case (D16)."""


def place_order(order: Order, *, is_exit: bool = False) -> Flow[Placed]:
    """Send a checked order at most once, and find out what became of it."""
    contract: Contract = yield FindContract(order.instrument)
    check(order, contract)
    tag: OrderTag = yield NewTag()
    step = (PlaceExit if is_exit else PlaceOrder)(order, contract, tag)
    try:
        order_id = yield from sent_once(step)
    except OutcomeUnknown as lost:
        return (yield from settle(tag, lost))
    return Placed(order_id, tag)


def settle(tag: OrderTag, lost: OutcomeUnknown) -> Flow[Placed]:
    """Look an order up by its tag until the broker shows it, and say what it became."""
    evidence: list[str] = []
    for wait in (yield from Waits()):
        yield from Pause(wait)
        try:
            row = yield from FindOrder(tag)
        except JainamError as error:  # a failed look says nothing about the order
            evidence.append(f"order book not read: {error}")
            continue
        if row is not None:
            return _placed_or_refused(row, tag)
        evidence.append("not in the order book yet")
    raise OutcomeUnknown(lost.reason, tag=tag, evidence=evidence) from lost


def _placed_or_refused(row: OrderRow, tag: OrderTag) -> Placed:
    if row.state is OrderState.REJECTED:
        raise OrderRejected(row.reason or "the broker rejected the order")
    return Placed(row.order_id, tag, found=True)


def modify_order(order_id: OrderId, changes: Changes) -> Flow[Modified]:
    """Give a live order new terms: read its row, change what *changes* names, check and send the whole state (D19)."""
    row = yield from find_order(order_id)
    if not row.is_live:
        raise InvalidOrder([f"order {order_id} is already {row.state.value}; nothing is left to modify"])
    contract = yield from _contract_of(row)
    wanted = changes.applied_to(_as_order(row, contract))
    check(wanted, contract)
    try:
        yield from sent_once(ModifyOrder(order_id, wanted, contract, row.tag))
    except OutcomeUnknown as lost:
        return (yield from _settle_modification(order_id, wanted, lost))
    return Modified(order_id)


def _as_order(row: OrderRow, contract: Contract) -> Order:
    return Order(
        instrument=contract.key,
        side=row.side,
        product=row.product,
        quantity=row.quantity,
        price_type=row.price_type,
        price=row.price,
        trigger_price=row.trigger_price,
        disclosed_quantity=row.disclosed_quantity,
        time_in_force=row.time_in_force,
    )


def _settle_modification(order_id: OrderId, wanted: Order, lost: OutcomeUnknown) -> Flow[Modified]:
    """Judge a modification whose answer was lost by reading the order's row until it shows one thing or the other."""
    evidence: list[str] = []
    for wait in (yield from Waits()):
        yield from Pause(wait)
        try:
            row = yield from find_order(order_id)
        except InvalidOrder:
            evidence.append("not in the order book")
            continue
        except JainamError as error:
            evidence.append(f"order book not read: {error}")
            continue
        if _has_terms(row, wanted):
            return Modified(order_id)
        if not row.is_live:
            raise OrderRejected(f"order {order_id} was {row.state.value} before it could be modified")
        evidence.append(f"the book still shows the old terms ({row.status})")
    raise OutcomeUnknown(lost.reason, order_id=order_id, evidence=evidence) from lost


def _has_terms(row: OrderRow, wanted: Order) -> bool:
    return (
        row.quantity == wanted.quantity
        and row.product is wanted.product
        and row.price_type is wanted.price_type
        and row.disclosed_quantity == wanted.disclosed_quantity
        and row.time_in_force is wanted.time_in_force
        and (not wanted.price_type.has_limit or row.price == wanted.price)
        and (not wanted.price_type.is_stop or row.trigger_price == wanted.trigger_price)
    )


def cancel_order(order_id: OrderId) -> Flow[Cancelled]:
    """Take an order back, at most once, and find out whether it was."""
    try:
        yield from sent_once(CancelOrder(order_id))
    except OutcomeUnknown as lost:
        return (yield from _settle_cancellation(order_id, lost))
    return Cancelled(order_id)


def _settle_cancellation(order_id: OrderId, lost: OutcomeUnknown) -> Flow[Cancelled]:
    evidence: list[str] = []
    for wait in (yield from Waits()):
        yield from Pause(wait)
        try:
            row = yield from find_order(order_id)
        except InvalidOrder:
            evidence.append("not in the order book")
            continue
        except JainamError as error:
            evidence.append(f"order book not read: {error}")
            continue
        if row.state is OrderState.CANCELLED:
            return Cancelled(order_id)
        if not row.is_live:
            raise OrderRejected(f"order {order_id} was {row.state.value} before it could be cancelled")
        evidence.append(f"the book still shows it live ({row.status})")
    raise OutcomeUnknown(lost.reason, order_id=order_id, evidence=evidence) from lost


def cancel_all_orders() -> Flow[CancelReport]:
    """Take back every order that can still trade; one failure never stops the rest (B-18, B-19)."""
    unread: tuple[CancelFailure, ...] = ()
    rows: tuple[OrderRow, ...]
    try:
        rows = yield from patiently(ListOrders())
    except UnexpectedReply as error:  # a strange row must not keep the others alive, and must not be left unsaid
        if not error.rows:
            raise
        rows, unread = error.rows, (CancelFailure(None, error),)
    live = [row for row in rows if row.is_live]
    outcomes = yield from Together(tuple(cancel_order(row.order_id) for row in live))
    pairs = list(zip((row.order_id for row in live), outcomes, strict=True))
    return CancelReport(
        tuple(order_id for order_id, outcome in pairs if not isinstance(outcome, JainamError)),
        (
            *(CancelFailure(order_id, outcome) for order_id, outcome in pairs if isinstance(outcome, JainamError)),
            *unread,
        ),
    )


def place_smart_order(smart: SmartOrder) -> Flow[SmartOutcome]:
    """Bring the net position of one instrument to the wanted size, one such order at a time (X2)."""
    return (yield from Alone(POSITIONS, _towards(smart)))


def _towards(smart: SmartOrder) -> Flow[SmartOutcome]:
    contract = yield from FindContract(smart.instrument)
    # The order book first: what fills between the two reads is then counted twice, which sends too little. The other
    # way round it is in neither book, and the same quantity is sent once more.
    orders = yield from patiently(ListOrders())
    working = working_in(orders, contract.ref, smart.product, stops_count=smart.price_type.is_stop)
    held = held_in((yield from patiently(ListPositions())), contract.ref, smart.product)
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
        placed = yield from place_order(order, is_exit=is_exit)
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


def find_order(order_id: OrderId) -> Flow[OrderRow]:
    """The order-book row of *order_id*; raises `InvalidOrder` when the book, having been read, does not list it."""
    for row in (yield from patiently(ListOrders())):
        if row.order_id == order_id:
            return row
    raise InvalidOrder([f"order {order_id} is not in today's order book"])


def follow(placed: Placed) -> Flow[OrderRow]:
    """The row of a placed order once the exchange has answered for it, or as it stands when patience ends.

    The book may lag behind the gateway's answer, so an order that it does not show is in doubt and never "not sent".
    """
    row: OrderRow | None = None
    evidence: list[str] = []
    for wait in (yield from Waits()):
        yield from Pause(wait)
        try:
            row = yield from find_order(placed.order_id)
        except JainamError as error:
            evidence.append(str(error))
            continue
        if row.state is not OrderState.PENDING:
            break
    if row is None:
        raise OutcomeUnknown("taken by the broker and not seen since", placed.tag, placed.order_id, evidence)
    return row


def _contract_of(row: OrderRow) -> Flow[Contract]:
    ref: InstrumentRef = row.instrument
    contracts = yield from NameContracts((ref,))
    if ref not in contracts:
        raise SymbolNotFound(f"instrument {ref.token}", ref.exchange.value)
    return contracts[ref]


def drafted_order(fields: Mapping[str, Any]) -> Flow[Order]:
    """The order that loosely written *fields* mean; raises `InvalidOrder` with every problem at once (FR10)."""
    draft = read_draft(fields)
    contract: Contract | SymbolNotFound | None = None
    if draft.key is not None:
        try:
            contract = yield from FindContract(draft.key)
        except SymbolNotFound as error:
            contract = error
    return draft.order(contract)


def drafted_smart_order(fields: Mapping[str, Any]) -> Flow[SmartOrder]:
    """The wish for a position that *fields* mean; raises `InvalidOrder` or `SymbolNotFound` before any book is read."""
    smart = read_draft(fields, quantity_required=False).smart_order()
    yield from FindContract(smart.instrument)
    return smart
