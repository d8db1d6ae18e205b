"""What went wrong, in words and numbers for the terminal: a sentence, what to do next, and an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from jainam.domain.errors import (
    BrokerError,
    BrokerUnavailable,
    Halted,
    InvalidOrder,
    JainamError,
    LoginExpired,
    NotConfigured,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    SymbolNotFound,
    TurnLost,
    UnexpectedReply,
    WrongCredentials,
)

__all__ = [
    "DECLINED",
    "INTERRUPTED",
    "PARTLY_DONE",
    "REJECTED",
    "UNEXPECTED",
    "USAGE",
    "Failed",
    "Failure",
    "failure_of",
]

DECLINED = 1
USAGE = 2
REJECTED = 3
UNKNOWN = 4
LOGIN = 5
UNAVAILABLE = 6
PARTLY_DONE = 7
UNEXPECTED = 70
INTERRUPTED = 130

CODES: Mapping[type[JainamError], int] = {
    NotConfigured: USAGE,
    InvalidOrder: REJECTED,
    SymbolNotFound: REJECTED,
    OrderRejected: REJECTED,
    Halted: REJECTED,
    OutcomeUnknown: UNKNOWN,
    LoginExpired: LOGIN,
    WrongCredentials: LOGIN,
    TurnLost: UNAVAILABLE,
    NotSent: UNAVAILABLE,
    BrokerUnavailable: UNAVAILABLE,
    UnexpectedReply: UNAVAILABLE,
    RateLimited: UNAVAILABLE,
    BrokerError: UNAVAILABLE,
    JainamError: UNAVAILABLE,
}
"""The exit code of each error; the first that fits counts."""

NEXT: Mapping[type[JainamError], str] = {
    NotConfigured: "set it in the environment, or in a file named .env in the folder you start from",
    InvalidOrder: "nothing was sent",
    OrderRejected: "nothing is working because of it",
    Halted: "nothing was sent; exits still pass",
    LoginExpired: "run `jainam login` and try again",
    WrongCredentials: "compare the JAINAM_*_API_KEY and JAINAM_*_API_SECRET with the broker's API page",
    TurnLost: "nothing left this machine; run it again, it reads the books anew",
    NotSent: "nothing left this machine; check the network and JAINAM_BASE_URL",
    BrokerUnavailable: "nothing is known about what was asked; try again in a moment",
    UnexpectedReply: "nothing was concluded from that answer; run again with --debug to see the calls",
    BrokerError: "that is the broker's answer; trying again will hardly change it",
    RateLimited: "wait a few seconds; before repeating an order, look for it with `jainam orders`",
}


@frozen(kw_only=True)
class Failure:
    """Everything a person or a program is told about something that did not work."""

    name: str
    code: int
    message: str
    hint: str = ""
    headline: str = ""
    problems: tuple[str, ...] = ()
    tag: str | None = None
    order_id: str | None = None
    data: Any = field(default=None, repr=False)

    def document(self) -> dict[str, Any]:
        """The JSON document; every key is always there."""
        return {
            "status": "error",
            "error": self.name,
            "message": self.message,
            "hint": self.hint,
            "problems": list(self.problems),
            "tag": self.tag,
            "order_id": self.order_id,
            "data": self.data,
        }

    def lines(self) -> list[str]:
        """The lines for a terminal: what happened, each problem where there are several, what to do next."""
        lines = [f"error: {self.message}"]
        if self.headline:
            lines = [f"error: {self.headline}:", *(f"  - {problem}" for problem in self.problems)]
        return [*lines, f"  → {self.hint}"] if self.hint else lines


class Failed(Exception):
    """A command that could not do what it was asked, and how to say so."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.message)


def failure_of(error: JainamError) -> Failure:
    """How *error* is told."""
    kind = next(kind for kind in CODES if isinstance(error, kind))
    code, hint = CODES[kind], NEXT.get(kind, "")
    match error:
        case SymbolNotFound():
            return Failure(
                name=type(error).__name__,
                code=code,
                message=f"{error.symbol} is not known on {error.exchange}",
                hint=error.hint,
            )
        case OutcomeUnknown():
            look = f"`jainam order show {error.order_id}`" if error.order_id else f"`jainam orders --tag {error.tag}`"
            return Failure(
                name=type(error).__name__,
                code=code,
                message=str(error),
                hint=f"do not send it again before you have looked for it with {look}",
                tag=error.tag,
                order_id=error.order_id,
            )
        case InvalidOrder():
            many = len(error.problems) > 1
            return Failure(
                name=type(error).__name__,
                code=code,
                message=str(error),
                headline=f"{len(error.problems)} problems with this order" if many else "",
                problems=error.problems,
                hint=hint,
            )
        case _:
            return Failure(name=type(error).__name__, code=code, message=str(error), hint=hint)
