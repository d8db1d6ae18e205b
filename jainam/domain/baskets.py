"""Orders that belong together: one too large for the exchange in slices, and several in a basket (X3).

Every part is an order of its own, sent at most once, with its own outcome; the whole says how many, which and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jainam.domain.errors import InvalidOrder, JainamError, Rehearsed, SymbolNotFound
from jainam.domain.instruments import Contract, InstrumentRef
from jainam.domain.orders import Order, OrderTag, Placed
from jainam.domain.patience import patiently
from jainam.domain.placing import place_order, sent
from jainam.domain.planning import slices
from jainam.domain.portfolio import Position
from jainam.domain.protection import needs_quote
from jainam.domain.quoting import as_it_may_go, market_of
from jainam.domain.reports import BasketReport, Part, SlicedOrder
from jainam.domain.steps import FindContract, Flow, HouseRules, ListPositions, NewTag, Outcome, PlaceOrder, Together
from jainam.domain.validation import check
from jainam.domain.vocabulary import Product, Side

__all__ = ["place_basket", "place_sliced"]

MOST_SLICES = 100
"""More slices than this are a slip of the hand, not an order."""


def place_sliced(order: Order) -> Flow[SlicedOrder]:
    """Send *order* in slices that the exchange takes, one after the other, until all have left or one is not taken.

    A market-order policy has its say once, for all of them. The slices carry the tag of the whole as the beginning of
    theirs, a second try of one as well. After one that is refused or in doubt none is sent, and the report says how
    much is left. Raises `InvalidOrder` when some slice could not be sent at all.
    """
    contract: Contract = yield from FindContract(order.instrument)
    house = yield from HouseRules()
    whole = yield from as_it_may_go(order, contract, house)
    pieces = list(slices(whole, contract, house.rules))
    if len(pieces) > MOST_SLICES:
        most = MOST_SLICES * pieces[0].quantity
        raise InvalidOrder(
            [f"quantity {order.quantity} of {contract.symbol} would take {len(pieces)} orders; use at most {most}"]
        )
    for piece in pieces:
        check(piece, contract, house.rules, house.today)
    meant = None if whole is order else order.price_type
    tag = OrderTag((yield from NewTag())[:17])
    parts: list[Part] = []
    for number, piece in enumerate(pieces):
        outcome: Outcome[Placed]
        first, second = (OrderTag(f"{tag}{mark:03d}") for mark in (number, MOST_SLICES + number))
        try:
            outcome = yield from sent(PlaceOrder(piece, contract, first, meant=meant, second_tag=second))
        except JainamError as error:
            outcome = error
        parts.append(Part(piece, outcome))
        if isinstance(outcome, JainamError) and not isinstance(outcome, Rehearsed):
            break
    return SlicedOrder(order, tag, tuple(parts))


def place_basket(orders: Iterable[Order]) -> Flow[BasketReport]:
    """Send several orders, those that only reduce a position before all others; one failure stops none of the rest.

    Raises, and sends nothing, when the positions cannot be read: nobody knows then what reduces.
    """
    wanted = tuple(orders)
    refs: list[InstrumentRef | None] = []
    for order in wanted:
        refs.append((yield from _ref_of(order)))  # noqa: PERF401 - a comprehension cannot yield
    exits = _exits(wanted, refs, (yield from patiently(ListPositions(None))))
    house = yield from HouseRules()
    asking = (
        ref
        for index, (order, ref) in enumerate(zip(wanted, refs, strict=True))
        if ref is not None and needs_quote(order, house.policy(is_exit=index in exits))
    )
    market = yield from market_of(asking, house)
    outcomes: dict[int, Outcome[Placed]] = {}
    for indexes in ([*exits], [index for index in range(len(wanted)) if index not in exits]):
        answers = yield from Together(
            tuple(
                place_order(wanted[index], is_exit=index in exits, held=exits.get(index), market=market)
                for index in indexes
            )
        )
        outcomes.update(zip(indexes, answers, strict=True))
    return BasketReport(tuple(Part(order, outcomes[index]) for index, order in enumerate(wanted)))


def _ref_of(order: Order) -> Flow[InstrumentRef | None]:
    """The instrument of *order*; ``None`` for one that is unknown, which its own outcome will say."""
    try:
        return (yield from FindContract(order.instrument)).ref
    except SymbolNotFound:
        return None


def _exits(
    orders: Sequence[Order], refs: Sequence[InstrumentRef | None], positions: Iterable[Position]
) -> dict[int, int]:
    """Which of *orders*, by number, reduce what is held, each counted after those before it, and what is held then."""
    held: dict[tuple[InstrumentRef, Product], int] = {}
    for row in positions:
        held[row.instrument, row.product] = held.get((row.instrument, row.product), 0) + row.quantity
    exits = {}
    for index, (order, ref) in enumerate(zip(orders, refs, strict=True)):
        if ref is None:
            continue
        stands = held.get((ref, order.product), 0)
        if stands and (stands > 0) is (order.side is Side.SELL) and order.quantity <= abs(stands):
            exits[index] = stands
            held[ref, order.product] = stands + order.side.sign * order.quantity
    return exits
