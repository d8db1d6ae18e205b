"""Outcomes into what OpenAlgo's services read: tuples, dicts, statuses, and words that a user may see (CR1, CR3).

The table of errors and statuses is that of the requirements. What is no error of ours is a defect: the caller learns
that there was one, and the log, cleaned of secrets, the rest (NFR2).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import frozen

from jainam.domain.errors import (
    BrokerError,
    BrokerUnavailable,
    Halted,
    InvalidOrder,
    JainamError,
    LoginExpired,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    Rehearsed,
    SymbolNotFound,
    UnexpectedReply,
    WrongCredentials,
)
from jainam.openalgo_bridge import wiring

if TYPE_CHECKING:
    from jainam.domain.orders import Cancelled, Modified, Placed
    from jainam.domain.portfolio import Funds
    from jainam.domain.reports import CancelReport, CloseReport, Leg, SmartOutcome

__all__ = [
    "BridgeError", "Failure", "Reply", "attempted", "cancelled", "cancelled_all", "closed", "error_dict", "funds",
    "known", "modified", "placed", "raised", "smart", "status_of", "verdict", "words_of",
]  # fmt: skip

T = TypeVar("T")

OK = 200
PARTLY = 502
DEFECT = "internal error in the broker's module; the log says more"
REHEARSED = "test mode (JAINAM_TEST_MODE): every check was passed, and nothing was sent"

STATUSES: tuple[tuple[type[JainamError] | tuple[type[JainamError], ...], int], ...] = (
    ((InvalidOrder, SymbolNotFound), 400),
    ((Halted, Rehearsed), 403),  # nothing was sent because of a switch on our side, and no second try will change that
    (OutcomeUnknown, 504),
    ((LoginExpired, WrongCredentials), 401),
    (NotSent, 503),
    ((BrokerUnavailable, UnexpectedReply), 502),
    (RateLimited, 429),
    (BrokerError, 502),  # a read that the broker refused: what the caller asked was right, and nothing is known (D3)
)
"""What each error is told as; what is not here, such as `NotConfigured`, is a 500."""


class BridgeError(Exception):
    """A failure in words for the caller, where the host expects an exception."""


@frozen
class Reply:
    """What the host takes for the answer of its HTTP client: it reads a status by either name, and tests for truth."""

    status: int

    @property
    def status_code(self) -> int:
        """The same."""
        return self.status

    def __bool__(self) -> bool:
        return True  # requests' own answers are false from 400 on, and the host would lose the status


TAKEN = Reply(OK)


@frozen
class Failure:
    """How something failed: the *status* that the host is told, and *message* for people."""

    status: int
    message: str


def status_of(error: Exception) -> int:
    """The HTTP status that stands for *error*; never 200.

    >>> status_of(NotSent("no connection")), status_of(OrderRejected("margin", status=200))
    (503, 400)
    """
    if isinstance(error, OrderRejected):
        return max(error.status, 400)
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def words_of(error: Exception) -> str:
    """What may be said about *error*: what happened, to which order, and what to do next."""
    if isinstance(error, Rehearsed):
        return REHEARSED
    return str(error) if isinstance(error, JainamError) else DEFECT


def attempted(what: str, ask: Callable[[], T]) -> T | Failure:
    """What *ask* returns, or how it failed, which is then in the log as well."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - the edge: behind it, the host would show the caller any text at all
        failure = Failure(status_of(error), words_of(error))
        _log(what, error, failure)
        return failure


def _log(what: str, error: Exception, failure: Failure) -> None:
    logger = wiring.host().logger("jainam.openalgo")
    level = logging.ERROR if failure.status >= 500 else logging.WARNING
    words = failure.message
    if not isinstance(error, JainamError):
        import traceback

        words = "".join(traceback.format_exception(error))
    logger.log(level, "%s", _clean(f"{what} failed with {failure.status}: {words}"))


def _clean(words: str) -> str:
    from jainam.openalgo_bridge.logs import Discreet  # here, since most days nothing fails

    return Discreet().clean(words)


def raised(what: str, ask: Callable[[], T]) -> T:
    """What *ask* returns; raises `BridgeError` where the host wants to catch something."""
    outcome = attempted(what, ask)
    if isinstance(outcome, Failure):
        raise BridgeError(outcome.message)
    return outcome


def error_dict(failure: Failure) -> dict[str, Any]:
    """A failure as OpenAlgo's services know it."""
    return {"status": "error", "message": failure.message}


Order = tuple[Reply | None, dict[str, Any], str | None]


def placed(ask: Callable[[], Placed]) -> Order:
    """`(reply, dict, order id)`; on 200 there is an order id, always (B-08)."""
    outcome = attempted("place order", ask)
    return _refused(outcome) if isinstance(outcome, Failure) else _taken(outcome)


def smart(ask: Callable[[], SmartOutcome]) -> Order:
    """The same; nothing to do is ``None`` and a message that the host knows (host contract 1.3)."""
    outcome = attempted("place smart order", ask)
    if isinstance(outcome, Failure):
        return _refused(outcome)
    if outcome.placed is None:
        return None, {"status": "success", "message": outcome.reason}, None
    return _taken(outcome.placed)


def _taken(outcome: Placed) -> Order:
    order_id = str(outcome.order_id)
    return TAKEN, {"status": "success", "orderid": order_id}, order_id


def _refused(failure: Failure) -> Order:
    return Reply(failure.status), error_dict(failure), None


def modified(ask: Callable[[], Modified]) -> tuple[dict[str, Any], int]:
    """`(dict, status)`."""
    return _changed("modify order", ask)


def cancelled(ask: Callable[[], Cancelled]) -> tuple[dict[str, Any], int]:
    """`(dict, status)`."""
    return _changed("cancel order", ask)


def _changed(what: str, ask: Callable[[], Modified | Cancelled]) -> tuple[dict[str, Any], int]:
    outcome = attempted(what, ask)
    if isinstance(outcome, Failure):
        return error_dict(outcome), outcome.status
    return {"status": "success", "orderid": str(outcome.order_id)}, OK


def cancelled_all(ask: Callable[[], CancelReport]) -> tuple[list[str], list[str]]:
    """The ids that were cancelled and those that were not; raises when the order book is not known (B-19).

    A row that could not be read has no id, and is counted among the failures all the same.
    """
    report = raised("cancel all orders", ask)
    for failed in report.failed:
        words = f"cancel all orders: {failed.order_id or 'an unreadable row'} is still there: {words_of(failed.error)}"
        wiring.host().logger("jainam.openalgo").error("%s", _clean(words))
    return list(map(str, report.cancelled)), [str(failed.order_id or "unreadable row") for failed in report.failed]


def closed(ask: Callable[[], CloseReport]) -> tuple[dict[str, Any], int]:
    """`(dict, status)`: 200 only when every position was seen closed, since the host shows any 200 as that (D9).

    Nor is it 200 when an order is left that may open one again.
    """
    report = attempted("close all positions", ask)
    if isinstance(report, Failure):
        return error_dict(report), report.status
    legs = [_leg(leg) for leg in report.legs]
    failed = report.failed
    loose = [f"{order_id} on {leg.exchange.value}:{leg.symbol}" for leg in report.legs for order_id in leg.uncancelled]
    if failed and all(isinstance(leg.error, Rehearsed) for leg in failed):
        return {"status": "error", "message": REHEARSED, "positions": legs}, status_of(Rehearsed(""))
    if failed:
        left = "; ".join(_left(leg) for leg in failed)
        words = f"{len(failed)} of {len(legs)} positions are not known to be closed: {left}"
    elif loose:
        words = f"every position was closed, and orders are left that may still trade: {', '.join(loose)}"
    else:
        words = f"{len(legs)} positions closed" if legs else "No open positions"
        return {"status": "success", "message": words, "positions": legs}, OK
    return {"status": "error", "message": words, "positions": legs}, PARTLY


AMOUNTS = {
    "availablecash": "available",
    "collateral": "collateral",
    "m2munrealized": "unrealized",
    "m2mrealized": "realized",
    "utiliseddebits": "utilized",
}
"""OpenAlgo's names for what we call otherwise (host contract 2.5)."""


def funds(ask: Callable[[], Funds]) -> dict[str, str | None]:
    """The five amounts as text, ``None`` for one that the broker does not name; raises when the answer is not known.

    It raises as well when nobody says what is available, since that is what strategies ask for. The dashboard of
    1.0 says None then and that of 2.0 writes 0.00 of its own; whoever reads the answer is told that it is not known.
    """
    outcome = attempted("funds", ask)
    if isinstance(outcome, Failure):
        raise BridgeError(outcome.message)
    if outcome.available is None:
        raise BridgeError("the broker's answer does not say how much money is available")
    amounts = {theirs: getattr(outcome, ours) for theirs, ours in AMOUNTS.items()}
    if unnamed := [theirs for theirs, amount in amounts.items() if amount is None]:
        wiring.host().logger("jainam.openalgo").warning("funds: the broker does not say %s", ", ".join(unnamed))
    return {theirs: None if amount is None else f"{amount:.2f}" for theirs, amount in amounts.items()}


def known(ask: Callable[[], object]) -> tuple[bool, str]:
    """`(whether we are logged in, why not)`."""
    outcome = attempted("check the login", ask)
    return (False, outcome.message) if isinstance(outcome, Failure) else (True, "")


def verdict(ask: Callable[[], tuple[str, ...]]) -> tuple[bool, str]:
    """`(whether all is well, every problem)`."""
    problems = attempted("validate order", ask)
    if isinstance(problems, Failure):
        return False, problems.message
    return not problems, "; ".join(problems)


def _leg(leg: Leg) -> dict[str, Any]:
    return {
        "symbol": leg.symbol,
        "exchange": leg.exchange.value,
        "product": leg.product.value,
        "held": leg.held,
        "remaining": leg.remaining,
        "orderids": list(map(str, leg.order_ids)),
        "status": "success" if leg.is_closed else "error",
        "message": _why(leg),
    }


def _left(leg: Leg) -> str:
    what = "an unknown quantity" if leg.remaining is None else str(leg.remaining)
    why = f" ({_why(leg)})" if leg.reason else ""
    return f"{leg.exchange.value}:{leg.symbol} {leg.product.value} has {what} left of {leg.held}{why}"


def _why(leg: Leg) -> str:
    """Why something is left; of a rehearsal without the request that it holds."""
    return REHEARSED if isinstance(leg.error, Rehearsed) else leg.reason
