"""Orders that belong together: one too large for the exchange in slices, and several in a basket (X3).

Every part is an order of its own, sent at most once, with its own outcome; the whole says how many, which and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import define

from jainam.domain.errors import InvalidOrder, JainamError, Rehearsed, SymbolNotFound
from jainam.domain.fresh_books import shows_own
from jainam.domain.guards import is_reducing
from jainam.domain.instruments import Contract
from jainam.domain.lagging import Key
from jainam.domain.orders import Order, OrderTag, Placed
from jainam.domain.patience import patiently
from jainam.domain.placing import place_order, sent
from jainam.domain.planning import Working, held_in, slices, working_in
from jainam.domain.protection import needs_quote
from jainam.domain.quoting import as_it_may_go, market_of
from jainam.domain.reports import BasketReport, Part, SlicedOrder
from jainam.domain.steps import (
    FindContract,
    Flow,
    HouseRules,
    ListOrders,
    ListPositions,
    NewTag,
    Now,
    Outcome,
    PlaceOrder,
    Together,
)
from jainam.domain.validation import check

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

    Raises, and sends nothing, when the order book or the positions cannot be read: nobody knows then what reduces.
    """
    wanted = tuple(orders)
    contracts: list[Contract | None] = []
    for order in wanted:
        contracts.append((yield from _contract_of(order)))  # noqa: PERF401 - a comprehension cannot yield
    first, exits = yield from _exits(wanted, contracts)
    house = yield from HouseRules()
    asking = (
        contract.ref
        for index, (order, contract) in enumerate(zip(wanted, contracts, strict=True))
        if contract is not None and needs_quote(order, house.policy(is_exit=index in exits))
    )
    market = yield from market_of(asking, house)
    outcomes: dict[int, Outcome[Placed]] = {}
    for indexes in (first, [index for index in range(len(wanted)) if index not in first]):
        answers = yield from Together(
            tuple(
                place_order(wanted[index], is_exit=index in exits, held=exits.get(index), market=market)
                for index in indexes
            )
        )
        outcomes.update(zip(indexes, answers, strict=True))
    return BasketReport(tuple(Part(order, outcomes[index]) for index, order in enumerate(wanted)))


def _contract_of(order: Order) -> Flow[Contract | None]:
    """What *order* is for; ``None`` for an instrument that is unknown, which its own outcome will say."""
    try:
        return (yield from FindContract(order.instrument))
    except SymbolNotFound:
        return None


@define
class _Standing:
    """What is held of one instrument, and what already works on it."""

    held: int
    working: Working
    is_known: bool
    """Whether the books show all that we did to it."""

    def is_sure(self, order: Order) -> bool:
        """True when *order* can only reduce what is held, whatever else fills."""
        return self.is_known and is_reducing(order, self.held, self.working)


def _exits(orders: Sequence[Order], contracts: Sequence[Contract | None]) -> Flow[tuple[list[int], dict[int, int]]]:
    """Which of *orders*, by number, reduce what the book shows as held, each counted after those before it; and which
    of those are exits for certain, with what is held then.

    None is certain by books that lag behind our own orders (D16), or beside others that work: where entries are
    stopped, one that is sent as an exit passes, and the rest are looked at one by one (X10).
    """
    asked = yield from Now()
    # The order book first: what fills between the two reads then counts twice, and too little passes for an exit.
    rows = yield from patiently(ListOrders(None))
    positions = yield from patiently(ListPositions(None))
    stands: dict[Key, _Standing] = {}
    first: list[int] = []
    exits: dict[int, int] = {}
    for index, (order, contract) in enumerate(zip(orders, contracts, strict=True)):
        if contract is None:
            continue
        key = (contract.ref, order.product)
        if key not in stands:
            is_known = yield from shows_own(contract.key, key, rows, positions, asked)
            stands[key] = _Standing(held_in(positions, *key), working_in(rows, *key), is_known)
        standing = stands[key]
        if is_reducing(order, standing.held, Working()):
            first.append(index)
            if standing.is_sure(order):
                exits[index] = standing.held
            standing.held += order.side.sign * order.quantity
    return first, exits
