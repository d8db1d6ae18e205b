"""Books to decide on: no older than our own last order on an instrument, and not at odds with each other (D16, X2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from attrs import frozen

from jainam.domain.errors import BrokerUnavailable, JainamError, OutcomeUnknown
from jainam.domain.instruments import InstrumentRef, SymbolKey
from jainam.domain.journal import Meant, Verdict
from jainam.domain.lagging import Key, lagging
from jainam.domain.orders import OrderRow, OrderTag
from jainam.domain.patience import patiently
from jainam.domain.planning import held_in
from jainam.domain.portfolio import Position
from jainam.domain.steps import Conclude, Flow, ListOrders, ListPositions, Looks, Now, OwnOrders, Pause
from jainam.domain.vocabulary import OrderState, Product

__all__ = ["DOUBT", "Books", "books_of", "shows_own"]


DOUBT = dt.timedelta(seconds=60)
"""How long an order of ours that no book shows keeps others from its instrument; then it is taken for never arrived."""

LAG = dt.timedelta(seconds=10)
"""How long the position book may lag behind a fill that the order book shows already."""


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
        by_tag = _by_tag(rows)
        recent = _recent(own, now)
        unseen = [meant for meant in recent if meant.intent.tag not in by_tag]
        for meant in recent:
            if not meant.is_settled and meant.intent.tag in by_tag:
                yield from _settled_by(meant, by_tag[meant.intent.tag])
        if unseen:
            trouble = _unseen(unseen[-1], instrument)
            continue
        positions = yield from patiently(ListPositions(since))
        late = _late(rows, positions, recent, (ref, product), now)
        if late is not None:
            trouble = BrokerUnavailable(
                f"the position book of {instrument} does not show order {late.order_id} yet; nothing was sent"
            )
            continue
        return Books(rows, held_in(positions, ref, product))
    assert trouble is not None, "there is at least one look"
    raise trouble


def shows_own(
    instrument: SymbolKey, key: Key, rows: Iterable[OrderRow], positions: Iterable[Position], now: dt.datetime
) -> Flow[bool]:
    """Whether order book and positions show every order of ours on one instrument, and agree about it, as they are.

    *rows* must have been read before *positions*, and *now* be no later than either.
    """
    recent = _recent((yield from OwnOrders(instrument, key[1])), now)
    seen = _by_tag(rows)
    return all(meant.intent.tag in seen for meant in recent) and _late(rows, positions, recent, key, now) is None


@frozen
class Books:
    """The order book, and the signed quantity held of one instrument."""

    orders: tuple[OrderRow, ...]
    held: int


def _by_tag(rows: Iterable[OrderRow]) -> dict[OrderTag, OrderRow]:
    return {row.tag: row for row in rows if row.tag is not None}


def _recent(own: Iterable[Meant] | None, now: dt.datetime) -> list[Meant]:
    """Those of our orders that a book may not show yet, and must."""
    return [meant for meant in own or () if now - meant.intent.at < DOUBT and not _came_to_nothing(meant)]


def _late(
    rows: Iterable[OrderRow], positions: Iterable[Position], recent: list[Meant], key: Key, now: dt.datetime
) -> OrderRow | None:
    """An order that has traded and is not in *positions* yet; all of *recent* are in *rows*."""
    late = lagging(rows, positions, now).get(key)
    if late is None and recent and now - recent[-1].intent.at < LAG:
        row = _by_tag(rows)[OrderTag(recent[-1].intent.key)]
        # As many are held as before an order of ours that has traded since.
        if row.filled > 0 and recent[-1].intent.held == held_in(positions, *key):
            return row
    return late


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
