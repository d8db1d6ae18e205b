"""Changing orders and taking them back, each at most once, and seeing what became of it (D4, D19)."""

from __future__ import annotations

from attrs import evolve

from jainam.domain.errors import (
    Halted,
    InvalidOrder,
    JainamError,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    SymbolNotFound,
    UnexpectedReply,
)
from jainam.domain.fresh_books import books_of
from jainam.domain.guards import day_pnl, is_reducing
from jainam.domain.instruments import Contract, InstrumentRef
from jainam.domain.journal import Verdict
from jainam.domain.orders import Cancelled, Changes, Modified, Order, OrderId, OrderRow, Placed
from jainam.domain.patience import patiently, sent_once
from jainam.domain.placing import despite_the_guard
from jainam.domain.planning import working_in
from jainam.domain.quoting import as_it_may_go
from jainam.domain.reports import CancelFailure, CancelReport
from jainam.domain.steps import (
    CancelOrder,
    Conclude,
    Flow,
    HouseRules,
    KnowPnl,
    ListOrders,
    ListPositions,
    Looks,
    ModifyExit,
    ModifyOrder,
    NameContracts,
    Pause,
    Together,
    Waits,
)
from jainam.domain.validation import check
from jainam.domain.vocabulary import OrderState

__all__ = ["cancel_all_orders", "cancel_order", "find_order", "follow", "has_terms", "modify_order"]


def modify_order(order_id: OrderId, changes: Changes) -> Flow[Modified]:
    """Give a live order new terms: read its row, change what *changes* names, check and send the whole state (D19)."""
    row = yield from find_order(order_id)
    if not row.is_live:
        raise InvalidOrder([f"order {order_id} is already {row.state.value}; nothing is left to modify"])
    contract = yield from _contract_of(row)
    house = yield from HouseRules()
    wanted = yield from as_it_may_go(changes.applied_to(_as_order(row, contract)), contract, house)
    check(wanted, contract, house.rules, house.today)
    step = ModifyOrder(order_id, wanted, contract, row.tag)
    try:
        yield from _modified(step, row)
    except OutcomeUnknown as lost:
        return (yield from _settle_modification(step, lost))
    return Modified(order_id)


def _sent(step: ModifyOrder | CancelOrder) -> Flow[None]:
    """Send a change at most once; the journal knows of one that was refused for its rate that nothing came of it."""
    try:
        yield from sent_once(step)
    except RateLimited as refused:
        if not refused.of_login:  # otherwise it never left, and is not in the journal
            yield from Conclude(step.key, Verdict.REFUSED, words=str(refused))
        raise


def _modified(step: ModifyOrder, row: OrderRow) -> Flow[None]:
    """Send a modification at most once, past the guard when what is left of the order closes something."""
    try:
        return (yield from _sent(step))
    except Halted as error:
        halted = error
    if halted.wants_pnl:
        yield from KnowPnl(day_pnl((yield from despite_the_guard(halted, patiently(ListPositions(None))))))
        try:
            return (yield from _sent(step))
        except Halted as error:
            halted = error
    books = yield from despite_the_guard(halted, books_of(step.contract.key, row.product, row.instrument))
    others = [other for other in books.orders if other.order_id != row.order_id]
    left = step.order.quantity - row.filled
    if left < 1 or not is_reducing(
        evolve(step.order, quantity=left), books.held, working_in(others, row.instrument, row.product)
    ):
        raise halted
    return (yield from _sent(ModifyExit(step.order_id, step.order, step.contract, step.tag)))


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


def _settle_modification(step: ModifyOrder, lost: OutcomeUnknown) -> Flow[Modified]:
    """Judge a modification whose answer was lost by reading the order's row until it shows one thing or the other."""
    order_id, evidence = step.order_id, list[str]()
    for wait in (yield from Looks()):
        yield from Pause(wait)
        row = yield from _row_or_none(order_id, evidence)
        if row is None:
            continue
        if has_terms(row, step.order):
            yield from Conclude(step.key, Verdict.DONE, order_id)
            return Modified(order_id)
        if not row.is_live:
            reason = f"order {order_id} was {row.state.value} before it could be modified"
            yield from Conclude(step.key, Verdict.REFUSED, order_id, reason)
            raise OrderRejected(reason)
        evidence.append(f"the book still shows the old terms ({row.status})")
    yield from Conclude(step.key, Verdict.UNKNOWN, order_id, "; ".join(dict.fromkeys((lost.reason, *evidence))))
    raise OutcomeUnknown(lost.reason, order_id=order_id, evidence=evidence) from lost


def _row_or_none(order_id: OrderId, evidence: list[str]) -> Flow[OrderRow | None]:
    """The row of an order; ``None``, and more *evidence*, when the book does not show it or cannot be read."""
    try:
        return (yield from find_order(order_id))
    except InvalidOrder:
        evidence.append("not in the order book")
    except JainamError as error:
        evidence.append(f"order book not read: {error}")
    return None


def has_terms(row: OrderRow, wanted: Order) -> bool:
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
    step = CancelOrder(order_id)
    try:
        yield from _sent(step)
    except OutcomeUnknown as lost:
        return (yield from _settle_cancellation(step, lost))
    return Cancelled(order_id)


def _settle_cancellation(step: CancelOrder, lost: OutcomeUnknown) -> Flow[Cancelled]:
    order_id, evidence = step.order_id, list[str]()
    for wait in (yield from Looks()):
        yield from Pause(wait)
        row = yield from _row_or_none(order_id, evidence)
        if row is None:
            continue
        if row.state is OrderState.CANCELLED:
            yield from Conclude(step.key, Verdict.DONE, order_id)
            return Cancelled(order_id)
        if not row.is_live:
            reason = f"order {order_id} was {row.state.value} before it could be cancelled"
            yield from Conclude(step.key, Verdict.REFUSED, order_id, reason)
            raise OrderRejected(reason)
        evidence.append(f"the book still shows it live ({row.status})")
    yield from Conclude(step.key, Verdict.UNKNOWN, order_id, "; ".join(dict.fromkeys((lost.reason, *evidence))))
    raise OutcomeUnknown(lost.reason, order_id=order_id, evidence=evidence) from lost


def cancel_all_orders() -> Flow[CancelReport]:
    """Take back every order that can still trade; one failure never stops the rest (B-18, B-19)."""
    unread: tuple[CancelFailure, ...] = ()
    rows: tuple[OrderRow, ...]
    try:
        rows = yield from patiently(ListOrders(None))
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


def find_order(order_id: OrderId) -> Flow[OrderRow]:
    """The order-book row of *order_id*; raises `InvalidOrder` when the book, having been read, does not list it."""
    for row in (yield from patiently(ListOrders(None))):
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
