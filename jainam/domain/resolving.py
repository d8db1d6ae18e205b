"""Finding out what became of everything that an earlier run meant and lost sight of (X1)."""

from __future__ import annotations

from collections.abc import Mapping

from jainam.domain.changing import has_terms
from jainam.domain.journal import Deed, Intent, Meant, Verdict
from jainam.domain.orders import OrderId, OrderRow, OrderTag
from jainam.domain.patience import patiently
from jainam.domain.reports import Resolution, Resolved
from jainam.domain.steps import (
    Conclude,
    Flow,
    ListOrders,
    ListTrades,
    Now,
    Tell,
    Unsettled,
)
from jainam.domain.vocabulary import OrderState

__all__ = ["resolve_intents"]


def resolve_intents() -> Flow[tuple[Resolved, ...]]:
    """Find out what became of everything we meant and lost sight of, as after a crash (X1).

    Nothing is sent. What no book shows stays unknown, and is looked for again the next time that day; what was meant
    on an earlier day ends as unknown, since the books begin anew each morning.
    """
    unsettled = yield from Unsettled()
    if not unsettled:
        return ()
    now = yield from Now()
    today = tuple(meant for meant in unsettled if meant.intent.at.astimezone(now.tzinfo).date() >= now.date())
    found = (yield from _found_of(today)) if today else []
    for meant in unsettled:
        if meant not in today:
            lost = Resolved(meant.intent, Verdict.UNKNOWN, meant.order_id, _OF_ANOTHER_DAY)
            yield from Conclude(meant.intent.key, lost.verdict, lost.order_id, lost.words)
            found.append(lost)
    if found:
        yield from Tell(Resolution(tuple(found)))
    return tuple(found)


_OF_ANOTHER_DAY = "it was meant on an earlier day, of which the broker's books tell nothing any more"


def _found_of(unsettled: tuple[Meant, ...]) -> Flow[list[Resolved]]:
    """What today's books say of *unsettled*."""
    rows = {row.order_id: row for row in (yield from patiently(ListOrders(None)))}
    by_tag = {row.tag: row for row in rows.values() if row.tag is not None}
    unlisted = [meant for meant in unsettled if meant.intent.deed is Deed.PLACE and meant.intent.tag not in by_tag]
    trades = (yield from patiently(ListTrades())) if unlisted else ()
    traded = {trade.tag: trade.order_id for trade in trades if trade.tag is not None}
    # Who sent it may trade still, and have learned meanwhile what became of it: his word stands.
    open_yet = {meant.number for meant in (yield from Unsettled())}
    found: list[Resolved] = []
    for meant in unsettled:
        if meant.number not in open_yet:
            continue
        now_known = _resolved(meant.intent, by_tag, rows, traded)
        if meant.ending is None or meant.ending.verdict is not now_known.verdict:
            yield from Conclude(meant.intent.key, now_known.verdict, now_known.order_id, now_known.words)
        found.append(now_known)
    return found


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
    if is_cancelled if intent.order is None else has_terms(row_of_it, intent.order):
        return Resolved(intent, Verdict.DONE, intent.order_id)
    if row_of_it.is_live:
        return Resolved(intent, Verdict.UNKNOWN, intent.order_id, f"the book does not show it ({row_of_it.status})")
    return Resolved(intent, Verdict.REFUSED, intent.order_id, f"the order was {row_of_it.state.value} before")
