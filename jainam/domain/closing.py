"""Closing positions: every leg is tried, and the book is read again before anything is called closed (X3, D9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve, frozen

from jainam.domain.changing import cancel_order
from jainam.domain.errors import JainamError, Rehearsed, SymbolNotFound
from jainam.domain.fresh_books import DOUBT, books_of
from jainam.domain.house import House
from jainam.domain.instruments import Contract, InstrumentRef
from jainam.domain.journal import Meant
from jainam.domain.lagging import RECENT, Key, lagging, traded_since
from jainam.domain.money import ZERO
from jainam.domain.orders import OrderId, OrderRow
from jainam.domain.patience import patiently
from jainam.domain.placing import place_order, turn_of
from jainam.domain.planning import closing_order, slices, working_in
from jainam.domain.portfolio import Position
from jainam.domain.quoting import Market, as_it_may_go, market_of
from jainam.domain.reports import CloseReport, Leg
from jainam.domain.steps import (
    Alone,
    Flow,
    HouseRules,
    ListOrders,
    ListPositions,
    NameContracts,
    Now,
    OwnOrders,
    Pause,
    Tell,
    Together,
    Waits,
)
from jainam.domain.vocabulary import OrderState, PriceType, Product, Side

__all__ = ["Exit", "close_all_positions", "everything"]

Choice = Callable[[Position], bool]


@frozen
class Exit:
    """An exit is about to be sent; becomes the log line that FR6 asks for."""

    symbol: str
    product: Product
    held: int
    side: Side
    quantity: int


@frozen
class _Attempt:
    """What was sent for one position, and what stopped it; *held* is what it stood at then, if that was known."""

    order_ids: tuple[OrderId, ...]
    error: JainamError | None = None
    held: int | None = None


def everything(_: Position) -> bool:
    """Choose every position."""
    return True


def close_all_positions(choice: Choice = everything) -> Flow[CloseReport]:
    """Flatten every open position that *choice* picks; one failure never stops the rest.

    What already works towards flat is not sent again, so calling it twice sends nothing extra; called twice at once,
    the second waits for the first.
    """
    return (yield from Alone(("closing",), _close_chosen(choice)))


def _close_chosen(choice: Choice) -> Flow[CloseReport]:
    asked = yield from Now()
    orders, book = yield from _both_books()
    late = lagging(orders, book, asked)
    held = _chosen(book, late, choice)
    stuck: Mapping[Key, tuple[OrderId, ...]] = {}
    if any(_key_of(row) in {_key(position) for position in held} and _may_change(row, asked) for row in orders):
        stuck = yield from _clear_the_way(orders, held)
        # Now one after the other, the order book first: an exit that fills between the two reads is then counted twice
        # and nothing is sent. The other way round it is in neither book, and would be sent once more.
        orders = yield from patiently(ListOrders(None))
        book = yield from patiently(ListPositions(None))
        late = lagging(orders, book, asked)
        stuck = _still_live(stuck, orders)
        before, held = held, _chosen(book, late, choice)
        # What is flat by now may be opened again by what could not be taken back, so somebody has to say so.
        known = {_key(row) for row in held}
        held += [evolve(row, quantity=0) for row in before if _key(row) in stuck and _key(row) not in known]
    if not held:
        return CloseReport(())
    contracts = yield from NameContracts(tuple(row.instrument for row in held))
    house = yield from HouseRules()
    market = yield from market_of(contracts, house)
    outcomes = yield from Together(
        tuple(_close(row, contracts, orders, house, market, is_late=_key(row) in late) for row in held)
    )
    attempts = [_Attempt((), outcome) if isinstance(outcome, JainamError) else outcome for outcome in outcomes]
    left = yield from _left_of(held, attempts)
    reasons = yield from _reasons(attempts, left, held)
    legs = (
        _leg(row, attempt, contracts, _remaining(row, attempt, left, late), reasons, stuck.get(_key(row), ()))
        for row, attempt in zip(held, attempts, strict=True)
    )
    return CloseReport(tuple(leg for leg in legs if leg.held or leg.order_ids or leg.uncancelled or not leg.is_closed))


def _chosen(book: tuple[Position, ...], late: Mapping[Key, OrderRow], choice: Choice) -> list[Position]:
    """The positions to close: the open ones that *choice* picks, and those that the book is *late* to show."""
    listed = {_key(row) for row in book}
    absent = (_flat(row) for key, row in late.items() if key not in listed)
    return [row for row in (*book, *absent) if (row.is_open or _key(row) in late) and choice(row)]


def _flat(row: OrderRow) -> Position:
    """The position of an instrument that was traded and is not in the position book, as it shows it: not at all."""
    return Position(
        instrument=row.instrument,
        product=row.product,
        quantity=0,
        buy_quantity=0,
        sell_quantity=0,
        buy_average=ZERO,
        sell_average=ZERO,
        realized=None,
        unrealized=None,
        mtm=None,
        broker_symbol=row.symbol or f"instrument {row.instrument.token}",
    )


def _remaining(
    position: Position, attempt: _Attempt, left: Mapping[Key, int] | None, late: Mapping[Key, OrderRow]
) -> int | None:
    """What is left of *position*; ``None`` when the book could not be read again, or never caught up."""
    if left is None or (attempt.error is not None and attempt.held is None and _key(position) in late):
        return None
    return left.get(_key(position), 0)


def _both_books() -> Flow[tuple[tuple[OrderRow, ...], tuple[Position, ...]]]:
    """Both books at once, for speed; enough where no order could have filled in between."""
    reads: tuple[Flow[Any], ...] = (patiently(ListOrders(None)), patiently(ListPositions(None)))
    answers: tuple[Any, ...] = yield from Together(reads)
    for answer in answers:
        if isinstance(answer, JainamError):
            raise answer
    orders, book = answers
    return orders, book


def _may_change(row: OrderRow, asked: dt.datetime) -> bool:
    """Whether *row* may have traded while both books were read: it is live, or it traded a moment ago."""
    return row.is_live or traded_since(row, asked - RECENT) or (row.filled > 0 and row.updated_at is None)


def _clear_the_way(orders: tuple[OrderRow, ...], held: list[Position]) -> Flow[dict[Key, tuple[OrderId, ...]]]:
    """Take back what stands in the way of the exits of *held*; returns what could not be taken back.

    That is every live order on them but one that is leaving at the market already, protected or not: a target or a stop
    that would sell a second time, one that the broker holds the quantity for, and an entry that would open what is
    being closed.
    """
    exits = {_key(row): Side.SELL if row.quantity > 0 else Side.BUY for row in held}
    live = [row for row in orders if row.is_live and _key_of(row) in exits]
    leaving = [row for row in live if row.side is exits[_key_of(row)]]
    protected = yield from _protected_exits(leaving)
    blocking = [
        row for row in live if row not in leaving or not (row.price_type is PriceType.MARKET or row in protected)
    ]
    outcomes = yield from Together(tuple(cancel_order(row.order_id) for row in blocking))
    stuck: dict[Key, tuple[OrderId, ...]] = {}
    for row, outcome in zip(blocking, outcomes, strict=True):
        if isinstance(outcome, JainamError):
            yield from Tell(outcome)
            stuck[_key_of(row)] = (*stuck.get(_key_of(row), ()), row.order_id)
    return stuck


def _still_live(
    stuck: Mapping[Key, tuple[OrderId, ...]], orders: tuple[OrderRow, ...]
) -> dict[Key, tuple[OrderId, ...]]:
    """What is left of *stuck* once the book was read again: what traded or ended meanwhile needs no taking back."""
    ended = {row.order_id for row in orders if not row.is_live}
    alive = {key: tuple(order_id for order_id in ids if order_id not in ended) for key, ids in stuck.items()}
    return {key: ids for key, ids in alive.items() if ids}


def _protected_exits(rows: list[OrderRow]) -> Flow[list[OrderRow]]:
    """Those of *rows* that are market orders of ours which a policy gave their limit, as the journal tells (X7).

    A limit that somebody chose is none of them, though it be an exit: it may be far from the market.
    """
    limits = [row for row in rows if row.price_type is PriceType.LIMIT and row.tag is not None]
    if not limits:
        return []
    contracts = yield from NameContracts(tuple({row.instrument for row in limits}))
    known: list[Meant] = []
    for ref, product in {_key_of(row) for row in limits}:
        if ref in contracts:
            known += (yield from OwnOrders(contracts[ref].key, product)) or ()
    return [row for row in limits if any(_made(meant, row) for meant in known)]


def _made(meant: Meant, row: OrderRow) -> bool:
    """Whether *row* is the exit *meant*, still with the limit that it left with."""
    intent, order = meant.intent, meant.intent.order
    return (
        intent.is_exit
        and intent.tag == row.tag
        and order is not None
        and order.price_type is PriceType.MARKET
        and order.price == row.price
    )


def _close(
    position: Position,
    contracts: Mapping[InstrumentRef, Contract],
    orders: tuple[OrderRow, ...],
    house: House,
    market: Market,
    *,
    is_late: bool,
) -> Flow[_Attempt]:
    """Send what flattens one position, slice by slice, and stop at the first slice that fails."""
    contract = contracts.get(position.instrument)
    if contract is None:
        return _Attempt(
            (), SymbolNotFound(position.broker_symbol, position.instrument.exchange.value, "load the master contract")
        )
    exit_of_it = _exit(position, contract, orders, house, market, is_late=is_late)
    return (yield from Alone(turn_of(contract.key, position.product), exit_of_it))


def _exit(
    position: Position,
    contract: Contract,
    orders: tuple[OrderRow, ...],
    house: House,
    market: Market,
    *,
    is_late: bool,
) -> Flow[_Attempt]:
    """The exit of one position, in its turn; books that are late, or changed by an order of ours, are read anew."""
    own = yield from OwnOrders(contract.key, position.product)
    now = yield from Now()
    if own is None or is_late or (own and now - own[-1].intent.at < DOUBT):
        books = yield from books_of(contract.key, position.product, contract.ref)
        position, orders = evolve(position, quantity=books.held), books.orders
    working = working_in(orders, position.instrument, position.product)
    order = closing_order(position, contract, working) if position.is_open else None
    if order is None:
        return _Attempt(tuple(OrderId(order_id) for order_id in working.order_ids), held=position.quantity)
    try:
        whole = yield from as_it_may_go(order, contract, house, is_exit=True, market=market)
    except JainamError as error:
        return _Attempt((), error, position.quantity)
    meant = None if whole is order else order.price_type
    yield from Tell(Exit(contract.symbol, position.product, position.quantity, order.side, order.quantity))
    sent: list[OrderId] = []
    shown: list[str] = []
    for part in slices(whole, contract, house.rules):
        try:
            placed = yield from place_order(part, is_exit=True, held=position.quantity, meant=meant)
            sent.append(placed.order_id)
        except Rehearsed as rehearsed:  # nothing went wrong: go on, and show the other slices too
            shown.append(rehearsed.request)
        except JainamError as error:
            return _Attempt(tuple(sent), error, position.quantity)
    return _Attempt(tuple(sent), Rehearsed("\n".join(shown)) if shown else None, position.quantity)


def _left_of(held: list[Position], attempts: list[_Attempt]) -> Flow[dict[Key, int] | None]:
    """What the book shows once the exits have had time to trade; ``None`` when it could not be read again."""
    awaited = {_key(row) for row, attempt in zip(held, attempts, strict=True) if attempt.error is None}
    left: dict[Key, int] | None = None
    for wait in (yield from Waits()):
        yield from Pause(wait)
        try:
            book = yield from patiently(ListPositions(None))
        except JainamError:
            continue
        left = {}
        for row in book:
            left[_key(row)] = left.get(_key(row), 0) + row.quantity
        if not any(left.get(key, 0) for key in awaited):
            break
    return left


def _reasons(
    attempts: list[_Attempt], left: dict[Key, int] | None, held: list[Position]
) -> Flow[Mapping[OrderId, OrderRow]]:
    """The rows of the exits, read only when some position is still open without an error that explains it."""
    unexplained = left is not None and any(
        attempt.error is None and left.get(_key(row), 0) for row, attempt in zip(held, attempts, strict=True)
    )
    if not unexplained:
        return {}
    try:
        return {row.order_id: row for row in (yield from patiently(ListOrders(None)))}
    except JainamError:
        return {}


def _leg(
    position: Position,
    attempt: _Attempt,
    contracts: Mapping[InstrumentRef, Contract],
    remaining: int | None,
    rows: Mapping[OrderId, OrderRow],
    stuck: tuple[OrderId, ...],
) -> Leg:
    contract = contracts.get(position.instrument)
    reason = ""
    if remaining is None:
        reason = "the position book could not be read again"
    elif remaining:
        reason = _why_open([rows[order_id] for order_id in attempt.order_ids if order_id in rows])
    if attempt.error is not None and remaining != 0:
        reason = str(attempt.error)
    return Leg(
        symbol=contract.symbol if contract else position.broker_symbol,
        exchange=position.instrument.exchange,
        product=position.product,
        held=position.quantity if attempt.held is None else attempt.held,
        order_ids=attempt.order_ids,
        remaining=remaining,
        reason=reason,
        error=attempt.error,
        uncancelled=stuck,
    )


def _why_open(rows: list[OrderRow]) -> str:
    for row in rows:
        if row.state is OrderState.REJECTED:
            return f"order {row.order_id} was rejected: {row.reason or 'no reason given'}"
    for row in rows:
        if row.is_live and row.price_type is PriceType.LIMIT:
            return f"order {row.order_id} is {row.state.value} at its limit {row.price}"
    return next((f"order {row.order_id} is {row.state.value}" for row in rows), "the exit has not traded yet")


def _key(position: Position) -> Key:
    return position.instrument, position.product


def _key_of(row: OrderRow) -> Key:
    return row.instrument, row.product
