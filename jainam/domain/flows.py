"""The use cases, each a sentence: how orders are placed, changed and taken back, and how books are read.

A flow sends whatever moves an order at most once. When the answer is lost it looks the order up by its own tag; a
look that fails says nothing about the order, and an order nobody could find ends as unknown, never as "not sent".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import evolve, frozen

from jainam.domain.drafts import read_draft
from jainam.domain.errors import (
    BrokerUnavailable,
    Halted,
    InvalidOrder,
    JainamError,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    SymbolNotFound,
    UnexpectedReply,
)
from jainam.domain.guards import day_pnl, is_reducing
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.journal import Deed, Intent, Meant, Verdict
from jainam.domain.orders import Cancelled, Changes, Modified, Order, OrderId, OrderRow, OrderTag, Placed, SmartOrder
from jainam.domain.patience import patiently, sent_once
from jainam.domain.planning import held_in, order_towards, working_in
from jainam.domain.reports import CancelFailure, CancelReport, Resolution, Resolved, SmartOutcome, SmartPlan
from jainam.domain.steps import (
    Alone,
    BrokerStep,
    CancelOrder,
    Conclude,
    FindContract,
    FindOrder,
    Flow,
    KnowPnl,
    ListOrders,
    ListPositions,
    ListTrades,
    Looks,
    ModifyExit,
    ModifyOrder,
    NameContracts,
    NewTag,
    Now,
    OwnOrders,
    Pause,
    PlaceExit,
    PlaceOrder,
    Tell,
    Together,
    Traffic,
    Unsettled,
    Waits,
)
from jainam.domain.validation import check
from jainam.domain.vocabulary import OrderState, Product

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

T = TypeVar("T")


DOUBT = dt.timedelta(seconds=60)
"""How long an order of ours that no book shows keeps others from its instrument; then it is taken for never arrived."""

LAG = dt.timedelta(seconds=10)
"""How long the position book may lag behind a fill that the order book shows already."""


_NEW_TAG = NewTag()


def turn_of(instrument: SymbolKey, product: Product) -> tuple[str, ...]:
    """What smart orders and exits take turns on: each reads the books and sends what is missing (X2)."""
    return "orders", instrument.exchange.value, instrument.symbol, product.value


def place_order(order: Order, *, is_exit: bool = False, held: int | None = None) -> Flow[Placed]:
    """Send a checked order at most once, and find out what became of it.

    An exit goes before waiting entries and is not stopped by guard rails. *held* is the position that the order was
    worked out from, for the journal.
    """
    contract: Contract = yield FindContract(order.instrument)
    check(order, contract)
    tag: OrderTag = yield _NEW_TAG
    step = (PlaceExit if is_exit else PlaceOrder)(order, contract, tag, held)
    try:
        order_id = yield from sent_once(step)
    except JainamError as error:
        return (yield from _after_failure(step, error))
    return Placed(order_id, tag)


def _after_failure(step: PlaceOrder, error: JainamError, *, is_last: bool = False) -> Flow[Placed]:
    """What became of an order that was not simply taken; raises what it amounts to."""
    match error:
        case OutcomeUnknown():
            return (yield from settle(step.tag, error))
        case RateLimited(of_login=False):
            return (yield from _after_rate_limit(step, error, is_last))
        case Halted() if step.traffic is Traffic.ENTRY:
            return (yield from _past_the_guard(step, error))
        case _:
            raise error


def _after_rate_limit(step: PlaceOrder, refused: RateLimited, is_last: bool) -> Flow[Placed]:
    """Look up an order that was refused for its rate; an exit that is not there is tried once more (style 8)."""
    yield from Pause(1)  # the broker's windows are free again then (D16)
    evidence: list[str] = []
    found = yield from _seen(step.tag, evidence)
    if found is not None:
        return found
    if evidence != [NOT_IN_BOOKS]:
        raise (yield from _left_unknown(step.tag, f"refused for rate: {refused}", evidence)) from refused
    yield from Conclude(step.key, Verdict.REFUSED, words=str(refused))
    if is_last or step.traffic is not Traffic.EXIT:
        raise RateLimited(
            f"{refused.description}: order with tag {step.tag} was refused for rate and is in no book; send it again"
            " when fewer calls are made",
            refused.code,
            refused.status,
        ) from refused
    again = evolve(step, tag=(yield from NewTag()))
    try:
        return Placed((yield from sent_once(again)), again.tag)
    except JainamError as error:
        return (yield from _after_failure(again, error, is_last=True))


def _past_the_guard(step: PlaceOrder, halted: Halted) -> Flow[Placed]:
    """Send what the guard stopped, when it closes something or the guard only wanted to know more."""
    if halted.wants_pnl:
        yield from KnowPnl(day_pnl((yield from _despite(halted, ListPositions(None)))))
        try:
            return Placed((yield from sent_once(step)), step.tag)
        except Halted as again:
            halted = again
        except JainamError as error:
            return (yield from _after_failure(step, error))
    if step.held is not None:  # worked out from the position, so it would be an exit if it were one
        raise halted
    return (yield from Alone(turn_of(step.order.instrument, step.order.product), _if_reducing(step, halted)))


def _if_reducing(step: PlaceOrder, halted: Halted) -> Flow[Placed]:
    order, ref = step.order, step.contract.ref
    working = working_in((yield from _despite(halted, ListOrders(None))), ref, order.product)
    held = held_in((yield from _despite(halted, ListPositions(None))), ref, order.product)
    if not is_reducing(order, held, working):
        raise halted
    leaving = PlaceExit(order, step.contract, step.tag, held)
    try:
        return Placed((yield from sent_once(leaving)), step.tag)
    except JainamError as error:
        return (yield from _after_failure(leaving, error))


def _despite(halted: Halted, step: BrokerStep[T]) -> Flow[T]:
    """Read a book that may show that an order closes something; unread, the guard's word stands."""
    try:
        return (yield from patiently(step))
    except JainamError as error:
        raise Halted(f"{halted}; whether the order closes something is not known: {error}") from error


NOT_IN_BOOKS = "in neither the order book nor the trade book yet"


def settle(tag: OrderTag, lost: OutcomeUnknown) -> Flow[Placed]:
    """Look an order up by its tag until the broker shows it, and say what it became."""
    evidence: list[str] = []
    for wait in (yield from Looks()):
        yield from Pause(wait)
        found = yield from _seen(tag, evidence)
        if found is not None:
            return found
    raise (yield from _left_unknown(tag, lost.reason, evidence)) from lost


def _left_unknown(tag: OrderTag, reason: str, evidence: list[str]) -> Flow[OutcomeUnknown]:
    yield from Conclude(tag, Verdict.UNKNOWN, words="; ".join((reason, *evidence)))
    return OutcomeUnknown(reason, tag=tag, evidence=evidence)


def _seen(tag: OrderTag, evidence: list[str]) -> Flow[Placed | None]:
    """The order with *tag* as the books show it, in the journal too; ``None``, and more *evidence*, when they do not.

    The trade book comes second: an order may have filled and left the other one.
    """
    try:
        row = yield from FindOrder(tag)
        if row is not None:
            return (yield from _placed_or_refused(row, tag))
        trade = next((trade for trade in (yield from ListTrades()) if trade.tag == tag), None)
    except OrderRejected:
        raise
    except JainamError as error:  # a failed look says nothing about the order
        evidence.append(f"books not read: {error}")
        return None
    if trade is None:
        evidence.append(NOT_IN_BOOKS)
        return None
    yield from Conclude(tag, Verdict.DONE, trade.order_id)
    return Placed(trade.order_id, tag, found=True)


def _placed_or_refused(row: OrderRow, tag: OrderTag) -> Flow[Placed]:
    if row.state is OrderState.REJECTED:
        reason = row.reason or "the broker rejected the order"
        yield from Conclude(tag, Verdict.REFUSED, row.order_id, reason)
        raise OrderRejected(reason)
    yield from Conclude(tag, Verdict.DONE, row.order_id)
    return Placed(row.order_id, tag, found=True)


def modify_order(order_id: OrderId, changes: Changes) -> Flow[Modified]:
    """Give a live order new terms: read its row, change what *changes* names, check and send the whole state (D19)."""
    row = yield from find_order(order_id)
    if not row.is_live:
        raise InvalidOrder([f"order {order_id} is already {row.state.value}; nothing is left to modify"])
    contract = yield from _contract_of(row)
    wanted = changes.applied_to(_as_order(row, contract))
    check(wanted, contract)
    step = ModifyOrder(order_id, wanted, contract, row.tag)
    try:
        yield from _modified(step, row)
    except OutcomeUnknown as lost:
        return (yield from _settle_modification(step, lost))
    return Modified(order_id)


def _modified(step: ModifyOrder, row: OrderRow) -> Flow[None]:
    """Send a modification at most once, past the guard when what is left of the order closes something."""
    try:
        return (yield from sent_once(step))
    except Halted as error:
        halted = error
    if halted.wants_pnl:
        yield from KnowPnl(day_pnl((yield from _despite(halted, ListPositions(None)))))
        try:
            return (yield from sent_once(step))
        except Halted as error:
            halted = error
    others = [other for other in (yield from _despite(halted, ListOrders(None))) if other.order_id != row.order_id]
    held = held_in((yield from _despite(halted, ListPositions(None))), row.instrument, row.product)
    left = step.order.quantity - row.filled
    if left < 1 or not is_reducing(
        evolve(step.order, quantity=left), held, working_in(others, row.instrument, row.product)
    ):
        raise halted
    return (yield from sent_once(ModifyExit(step.order_id, step.order, step.contract, step.tag)))


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
        if _has_terms(row, step.order):
            yield from Conclude(step.key, Verdict.DONE, order_id)
            return Modified(order_id)
        if not row.is_live:
            reason = f"order {order_id} was {row.state.value} before it could be modified"
            yield from Conclude(step.key, Verdict.REFUSED, order_id, reason)
            raise OrderRejected(reason)
        evidence.append(f"the book still shows the old terms ({row.status})")
    yield from Conclude(step.key, Verdict.UNKNOWN, order_id, "; ".join((lost.reason, *evidence)))
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
    step = CancelOrder(order_id)
    try:
        yield from sent_once(step)
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
    yield from Conclude(step.key, Verdict.UNKNOWN, order_id, "; ".join((lost.reason, *evidence)))
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
    return (yield from Alone(turn_of(smart.instrument, smart.product), _towards(smart)))


def books_of(instrument: SymbolKey, product: Product, ref: InstrumentRef) -> Flow[Books]:
    """The order book and the position held of one instrument, neither older than our own last order on it (D16).

    Raises `OutcomeUnknown` while an order of ours on it is in doubt, and `BrokerUnavailable` when the books lag.
    """
    trouble: JainamError | None = None
    for wait in (yield from Looks()):
        yield from Pause(wait)
        own = yield from OwnOrders(instrument, product)
        now = yield from Now()
        since = None if own is None else max((meant.number for meant in own), default=0)
        # The order book first: what fills between the two reads is then counted twice, which sends too little. The
        # other way round it is in neither book, and the same quantity is sent once more.
        rows = yield from patiently(ListOrders(since))
        by_tag = {row.tag: row for row in rows if row.tag is not None}
        recent = [meant for meant in own or () if now - meant.intent.at < DOUBT and not _came_to_nothing(meant)]
        unseen = [meant for meant in recent if meant.intent.tag not in by_tag]
        for meant in recent:
            if not meant.is_settled and meant.intent.tag in by_tag:
                yield from _settled_by(meant, by_tag[meant.intent.tag])
        if unseen:
            trouble = _unseen(unseen[-1], instrument)
            continue
        held = held_in((yield from patiently(ListPositions(since))), ref, product)
        if recent and now - recent[-1].intent.at < LAG and _lags(recent[-1], by_tag, held):
            trouble = BrokerUnavailable(
                f"the position book of {instrument} does not show order {recent[-1].order_id} yet; nothing was sent"
            )
            continue
        return Books(rows, held)
    assert trouble is not None, "there is at least one look"
    raise trouble


@frozen
class Books:
    """The order book, and the signed quantity held of one instrument."""

    orders: tuple[OrderRow, ...]
    held: int


def _came_to_nothing(meant: Meant) -> bool:
    return meant.ending is not None and meant.ending.verdict in (Verdict.REFUSED, Verdict.NOT_SENT)


def _settled_by(meant: Meant, row: OrderRow) -> Flow[None]:
    """The book shows what nobody could tell before: the journal knows it too now."""
    refused = row.state is OrderState.REJECTED
    yield from Conclude(
        meant.intent.key, Verdict.REFUSED if refused else Verdict.DONE, row.order_id, row.reason if refused else ""
    )


def _unseen(meant: Meant, instrument: SymbolKey) -> JainamError:
    """Why nothing may be decided about *instrument*: an order of ours on it is in no book."""
    if meant.is_settled:
        return BrokerUnavailable(
            f"the order book does not show order {meant.order_id} on {instrument} yet; nothing was sent"
        )
    return OutcomeUnknown(f"in doubt, so nothing else was sent for {instrument}", tag=meant.intent.tag)


def _lags(meant: Meant, by_tag: Mapping[OrderTag, OrderRow], held: int) -> bool:
    """Whether *held* is still what it was before an order of ours that has traded since."""
    row = by_tag[OrderTag(meant.intent.key)]
    return row.filled > 0 and meant.intent.held == held


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


def resolve_intents() -> Flow[tuple[Resolved, ...]]:
    """Find out what became of everything we meant today and lost sight of, as after a crash (X1).

    Nothing is sent. What no book shows stays unknown, and is looked for again the next time.
    """
    unsettled = yield from Unsettled()
    if not unsettled:
        return ()
    rows = {row.order_id: row for row in (yield from patiently(ListOrders(None)))}
    by_tag = {row.tag: row for row in rows.values() if row.tag is not None}
    unlisted = [meant for meant in unsettled if meant.intent.deed is Deed.PLACE and meant.intent.tag not in by_tag]
    trades = (yield from patiently(ListTrades())) if unlisted else ()
    traded = {trade.tag: trade.order_id for trade in trades if trade.tag is not None}
    found = [_resolved(meant.intent, by_tag, rows, traded) for meant in unsettled]
    for meant, now_known in zip(unsettled, found, strict=True):
        if meant.ending is None or meant.ending.verdict is not now_known.verdict:
            yield from Conclude(meant.intent.key, now_known.verdict, now_known.order_id, now_known.words)
    yield from Tell(Resolution(tuple(found)))
    return tuple(found)


def _resolved(
    intent: Intent,
    by_tag: Mapping[OrderTag, OrderRow],
    rows: Mapping[OrderId, OrderRow],
    traded: Mapping[OrderTag, OrderId],
) -> Resolved:
    """What the books say of *intent*."""
    if intent.deed is Deed.PLACE:
        tag = OrderTag(intent.key)
        if tag in by_tag:
            row = by_tag[tag]
            is_refused = row.state is OrderState.REJECTED
            return Resolved(intent, Verdict.REFUSED if is_refused else Verdict.DONE, row.order_id, row.reason)
        if tag in traded:
            return Resolved(intent, Verdict.DONE, traded[tag])
        return Resolved(intent, Verdict.UNKNOWN, words="in neither the order book nor the trade book")
    row_of_it = rows.get(intent.order_id) if intent.order_id is not None else None
    if row_of_it is None:
        return Resolved(intent, Verdict.UNKNOWN, intent.order_id, "its order is not in the order book")
    is_cancelled = row_of_it.state is OrderState.CANCELLED
    if is_cancelled if intent.order is None else _has_terms(row_of_it, intent.order):
        return Resolved(intent, Verdict.DONE, intent.order_id)
    if row_of_it.is_live:
        return Resolved(intent, Verdict.UNKNOWN, intent.order_id, f"the book does not show it ({row_of_it.status})")
    return Resolved(intent, Verdict.REFUSED, intent.order_id, f"the order was {row_of_it.state.value} before")
