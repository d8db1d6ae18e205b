"""What the larger flows tell when they are done: per part, what was wanted, what happened, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen

from jainam.domain.errors import JainamError, OutcomeUnknown
from jainam.domain.instruments import SymbolKey
from jainam.domain.journal import Intent, Verdict
from jainam.domain.orders import Order, OrderId, OrderTag, Placed
from jainam.domain.steps import Outcome
from jainam.domain.vocabulary import Exchange, Product, Side

if TYPE_CHECKING:
    from jainam.domain.loads import Load

__all__ = [
    "BasketReport",
    "CancelFailure",
    "CancelReport",
    "CloseReport",
    "ContractsReport",
    "Leg",
    "Part",
    "Resolution",
    "Resolved",
    "SlicedOrder",
    "SmartOutcome",
    "SmartPlan",
]


@frozen(kw_only=True)
class SmartPlan:
    """How a smart order was worked out; becomes the log line that FR5 asks for."""

    symbol: str
    product: Product
    current: int
    target: int
    working: int
    delta: int
    action: Side | None
    quantity: int


@frozen(kw_only=True)
class SmartOutcome:
    """What a smart order found and did; *placed* is ``None`` when nothing had to be sent, and *reason* says why."""

    instrument: SymbolKey
    held: int
    target: int
    working: tuple[str, ...]
    placed: Placed | None
    side: Side | None
    quantity: int
    reason: str


@frozen
class Part:
    """One order of several, and what became of it: `Placed`, or the error it ended with."""

    order: Order
    outcome: Outcome[Placed]

    @property
    def placed(self) -> Placed | None:
        """The order at the broker, or ``None`` when it is not known to be there."""
        return self.outcome if isinstance(self.outcome, Placed) else None


@frozen
class BasketReport:
    """What became of each order of a basket, in the order they were given."""

    parts: tuple[Part, ...]

    @property
    def failed(self) -> tuple[Part, ...]:
        """The orders that are not known to be placed."""
        return tuple(part for part in self.parts if part.placed is None)

    @property
    def is_complete(self) -> bool:
        """True when every order was placed."""
        return not self.failed


@frozen
class SlicedOrder:
    """One order in slices: *tag* is how the tags of its *parts* begin."""

    order: Order
    tag: OrderTag
    parts: tuple[Part, ...]

    @property
    def placed(self) -> int:
        """Units that are in orders at the broker."""
        return sum(part.order.quantity for part in self.parts if part.placed is not None)

    @property
    def in_doubt(self) -> int:
        """Units in orders that may or may not have arrived."""
        return sum(part.order.quantity for part in self.parts if isinstance(part.outcome, OutcomeUnknown))

    @property
    def left(self) -> int:
        """Units that are in no order."""
        return self.order.quantity - self.placed - self.in_doubt

    @property
    def is_complete(self) -> bool:
        """True when all of it was placed."""
        return self.placed == self.order.quantity


@frozen(kw_only=True)
class Leg:
    """One position that was to be closed.

    *held* is the signed quantity found, *remaining* what is left of it (``None``: the book could not be read again),
    *order_ids* the orders sent for it and *reason* why something is left, empty when nothing is. *uncancelled* are live
    orders on it that should have been taken back and could not be: they may still trade.
    """

    symbol: str
    exchange: Exchange
    product: Product
    held: int
    order_ids: tuple[OrderId, ...]
    remaining: int | None
    reason: str = ""
    error: JainamError | None = field(default=None, eq=False, repr=False)
    uncancelled: tuple[OrderId, ...] = ()

    @property
    def is_closed(self) -> bool:
        """True when the book was read again and shows nothing left."""
        return self.remaining == 0

    @property
    def filled(self) -> int | None:
        """Units of *held* that are closed, ``None`` when nobody knows; zero when the position has grown since."""
        if self.remaining is None:
            return None
        closed = self.held - self.remaining if self.held > 0 else self.remaining - self.held
        return min(max(closed, 0), abs(self.held))


@frozen
class CloseReport:
    """What became of a close-all; *legs* is empty when there was nothing to close."""

    legs: tuple[Leg, ...]

    @property
    def failed(self) -> tuple[Leg, ...]:
        """The positions that are not known to be closed."""
        return tuple(leg for leg in self.legs if not leg.is_closed)

    @property
    def is_complete(self) -> bool:
        """True when every position that was open has been seen closed."""
        return not self.failed

    @property
    def status(self) -> str:
        """`complete`, `partial` or `failed`."""
        if self.is_complete:
            return "complete"
        return "partial" if any(leg.filled for leg in self.legs) else "failed"


@frozen
class CancelFailure:
    """An order that is not known to be cancelled, and why; *order_id* is ``None`` for rows that could not be read."""

    order_id: OrderId | None
    error: JainamError


@frozen
class CancelReport:
    """What became of a cancel-all: the orders whose cancellation was taken, and the others with their reasons."""

    cancelled: tuple[OrderId, ...]
    failed: tuple[CancelFailure, ...]

    @property
    def is_complete(self) -> bool:
        """True when no live order was left without a cancellation."""
        return not self.failed


@frozen
class ContractsReport:
    """What a load of the master contract brought: rows per segment and the total now stored.

    *left_out* counts rows that are understood and not wanted, by reason; *unreadable* those that are bad, of which
    *troubles* names the first. *load* is the set that is in force now.
    """

    segments: Mapping[str, int]
    total: int
    left_out: Mapping[str, int] = field(factory=dict)
    unreadable: int = 0
    troubles: tuple[str, ...] = ()
    load: Load | None = None


@frozen
class Resolved:
    """What the books say of something we meant and lost sight of."""

    intent: Intent
    verdict: Verdict
    order_id: OrderId | None = None
    words: str = ""


@frozen
class Resolution:
    """What was found out about everything that was open; becomes a log line."""

    found: tuple[Resolved, ...]

    def __str__(self) -> str:
        each = (f"{one.intent.key}: {one.verdict.value}{f' ({one.words})' if one.words else ''}" for one in self.found)
        return f"left open by an earlier run: {'; '.join(each)}"
