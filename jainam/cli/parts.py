"""What became of orders that were sent together, told part by part: slices of one order, and baskets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jainam.adapters.desk import Desk
from jainam.cli.failures import PARTLY_DONE, REJECTED, Failed, Failure, failure_of
from jainam.cli.output import Output
from jainam.domain.errors import JainamError, OutcomeUnknown, Rehearsed
from jainam.domain.orders import OrderRow, OrderTag
from jainam.domain.reports import Part
from jainam.domain.vocabulary import OrderState

__all__ = ["as_the_book_shows", "count", "rehearsed", "require_all"]

Rows = Mapping[OrderTag, OrderRow]


def as_the_book_shows(out: Output, desk: Desk, parts: Sequence[Part]) -> Rows:
    """The rows of the placed *parts* by their tags, once the exchange has answered for the last of them.

    What was taken stays taken when the book cannot be read; a remark says that nobody knows more.
    """
    placed = [part.placed for part in parts if part.placed is not None]
    if not placed:
        return {}
    try:
        desk.follow(placed[-1])
        book = {row.order_id: row for row in desk.order_book()}
    except JainamError as error:
        out.note(f"How the orders stand now could not be read: {error}")
        return {}
    return {each.tag: book[each.order_id] for each in placed if each.order_id in book}


def rehearsed(out: Output, parts: Sequence[Part]) -> None:
    """Show what would go out; a part that could not go out ends the command."""
    requests = [part.outcome.request for part in parts if isinstance(part.outcome, Rehearsed)]
    stuck = [part for part in parts if not isinstance(part.outcome, Rehearsed)]
    if not (stuck and out.as_json):
        out.rehearsed(requests)
    if stuck:
        problems = tuple(f"{_named(part)}: {part.outcome}" for part in stuck)
        headline = f"{count(len(stuck), 'order')} would not be sent"
        raise _failure(headline, problems, "nothing was sent", {"rehearsed": True, "requests": requests}, PARTLY_DONE)


def require_all(parts: Sequence[Part], rows: Rows, data: Any, unsent: str = "") -> None:
    """Return when every one of *parts* is placed and none is rejected by the exchange; otherwise end the command.

    *unsent* says what was not even tried. When nothing at all was taken, the command ends as that one trouble would.
    """
    problems = [words for part in parts if (words := _trouble(part, rows))]
    if not problems:
        return
    working = len(parts) - len(problems)
    in_doubt = sum(isinstance(part.outcome, OutcomeUnknown) for part in parts)
    headline = f"{len(problems)} of {count(len(parts), 'order')} not placed"
    hint = f"{working} placed; send only what is named here again" if working else "nothing is working because of them"
    if in_doubt:
        headline += f", {in_doubt} of them in doubt"
        hint = "look for each tag with `jainam orders --tag TAG` before sending anything again"
    problems += [unsent] if unsent else []
    raise _failure(headline, tuple(problems), hint, data, PARTLY_DONE if working else _code(parts))


def count(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _trouble(part: Part, rows: Rows) -> str:
    if part.placed is None:
        return f"{_named(part)}: {part.outcome}"
    row = rows.get(part.placed.tag)
    if row is not None and row.state is OrderState.REJECTED:
        reason = row.reason or "no reason was given"
        return f"{_named(part)}: order {row.order_id} was rejected: {reason}"
    return ""


def _named(part: Part) -> str:
    order = part.order
    return f"{order.side} {order.quantity} {order.instrument.symbol} on {order.instrument.exchange}"


def _code(parts: Sequence[Part]) -> int:
    """The exit code when nothing is known to work: an order in doubt weighs more than any refusal."""
    errors = [part.outcome for part in parts if isinstance(part.outcome, JainamError)]
    if not errors:
        return REJECTED
    return failure_of(next((error for error in errors if isinstance(error, OutcomeUnknown)), errors[0])).code


def _failure(headline: str, problems: tuple[str, ...], hint: str, data: Any, code: int) -> Failed:
    return Failed(
        Failure(
            name="PartlyDone" if code == PARTLY_DONE else "NothingDone",
            code=code,
            message=f"{headline}: {'; '.join(problems)}",
            headline=headline,
            problems=problems,
            hint=hint,
            data=data,
        )
    )
