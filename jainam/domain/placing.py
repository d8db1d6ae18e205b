"""Placing an order: sent at most once, and looked up by its own tag when the answer is lost (X1, D4).

A look that fails says nothing about the order, and an order nobody could find ends as unknown, never as "not sent".
"""

from __future__ import annotations

from typing import TypeVar

from attrs import evolve

from jainam.domain.errors import (
    Halted,
    InvalidOrder,
    JainamError,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
)
from jainam.domain.fresh_books import books_of
from jainam.domain.guards import day_pnl, is_reducing
from jainam.domain.house import House
from jainam.domain.instruments import Contract, SymbolKey
from jainam.domain.journal import Verdict
from jainam.domain.orders import Order, OrderId, OrderRow, OrderTag, Placed
from jainam.domain.patience import after_sending, patiently, sent_once
from jainam.domain.planning import working_in
from jainam.domain.quoting import NOT_READ, Market, as_it_may_go
from jainam.domain.steps import (
    Alone,
    Conclude,
    FindContract,
    FindOrder,
    Flow,
    HouseRules,
    KnowPnl,
    ListPositions,
    ListTrades,
    Looks,
    NewTag,
    Pause,
    PlaceExit,
    PlaceOrder,
    Traffic,
)
from jainam.domain.validation import broken_rules
from jainam.domain.vocabulary import OrderState, PriceType, Product

__all__ = ["NOT_IN_BOOKS", "after_first_try", "despite_the_guard", "place_order", "sent", "settle", "turn_of"]

T = TypeVar("T")


_NEW_TAG = NewTag()
_HOUSE_RULES = HouseRules()


def turn_of(instrument: SymbolKey, product: Product) -> tuple[str, ...]:
    """What smart orders and exits take turns on: each reads the books and sends what is missing (X2)."""
    return "orders", instrument.exchange.value, instrument.symbol, product.value


def place_order(
    order: Order,
    *,
    is_exit: bool = False,
    held: int | None = None,
    meant: PriceType | None = None,
    market: Market = NOT_READ,
) -> Flow[Placed]:
    """Send a checked order at most once, and find out what became of it.

    An exit goes before waiting entries and is not stopped by guard rails. *held* is the position that the order was
    worked out from, and *meant* what it was before the desk's market-order policy gave it a limit, for the journal;
    *market* is what is known already of the prices that such a limit is measured by.
    """
    contract: Contract = yield FindContract(order.instrument)
    house: House = yield _HOUSE_RULES
    if not (house.sends_as_is or order.price_type.has_limit):
        meant = order.price_type
        order = yield from as_it_may_go(order, contract, house, is_exit=is_exit, market=market)
    problems = broken_rules(order, contract, house.rules, house.today)
    if problems:
        raise InvalidOrder(problems)
    tag: OrderTag = yield _NEW_TAG
    step = (PlaceExit if is_exit else PlaceOrder)(order, contract, tag, held, meant)
    try:
        order_id: OrderId = yield step  # here rather than by `sent`, since every order pays for a detour
    except JainamError as error:
        return (yield from after_first_try(step, error))
    return Placed(order_id, tag)


def sent(step: PlaceOrder) -> Flow[Placed]:
    """Send an order that has been checked and has its tag, at most once, and find out what became of it."""
    try:
        return Placed((yield from step), step.tag)
    except JainamError as error:
        return (yield from after_first_try(step, error))


def after_first_try(step: PlaceOrder, failure: JainamError) -> Flow[Placed]:
    """What became of an order whose first try ended in *failure*; raises what it amounts to."""
    try:
        return Placed((yield from after_sending(step, failure)), step.tag)
    except JainamError as error:
        return (yield from _after_failure(step, error))


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
    # Tested, though Python 3.11 tells no tracer of the line after an error was thrown through a `yield from`.
    if evidence != [NOT_IN_BOOKS]:  # pragma: no branch
        raise (yield from _left_unknown(step.tag, f"refused for rate: {refused}", evidence)) from refused
    yield from Conclude(step.key, Verdict.REFUSED, words=str(refused))
    if is_last or step.traffic is not Traffic.EXIT:
        raise RateLimited(
            f"{refused.description}: order with tag {step.tag} was refused for rate and is in no book; send it again"
            " when fewer calls are made",
            refused.code,
            refused.status,
        ) from refused
    again = evolve(step, tag=step.second_tag or (yield from NewTag()))
    try:
        return Placed((yield from sent_once(again)), again.tag)
    except JainamError as error:
        return (yield from _after_failure(again, error, is_last=True))


def _past_the_guard(step: PlaceOrder, halted: Halted) -> Flow[Placed]:
    """Send what the guard stopped, when it closes something or the guard only wanted to know more."""
    if halted.wants_pnl:
        yield from KnowPnl(day_pnl((yield from despite_the_guard(halted, patiently(ListPositions(None))))))
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
    order, contract = step.order, step.contract
    books = yield from despite_the_guard(halted, books_of(contract.key, order.product, contract.ref))
    if not is_reducing(order, books.held, working_in(books.orders, contract.ref, order.product)):
        raise halted
    return (yield from sent(PlaceExit(order, contract, step.tag, books.held, step.meant, step.second_tag)))


def despite_the_guard(halted: Halted, reading: Flow[T]) -> Flow[T]:
    """What *reading* finds in books that may show that an order closes something; unread, the guard's word stands."""
    try:
        return (yield from reading)
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
    yield from Conclude(tag, Verdict.UNKNOWN, words="; ".join(dict.fromkeys((reason, *evidence))))
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
