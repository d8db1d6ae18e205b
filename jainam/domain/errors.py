"""Every error of this library, sorted by what the caller must do next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jainam.domain.orders import OrderId, OrderTag
    from jainam.domain.sessions import Session

__all__ = [
    "BrokerError",
    "BrokerUnavailable",
    "Halted",
    "InvalidOrder",
    "JainamError",
    "LoginExpired",
    "NotConfigured",
    "NotSent",
    "OrderRejected",
    "OutcomeUnknown",
    "RateLimited",
    "Rehearsed",
    "SymbolNotFound",
    "TurnLost",
    "UnexpectedReply",
    "WrongCredentials",
]


class JainamError(Exception):
    """Anything this library reports; catch this one to catch them all."""


class InvalidOrder(JainamError, ValueError):
    """Nothing was sent; *problems* lists everything that is wrong with the order, not only the first."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("; ".join(self.problems))

    def __reduce__(self) -> tuple[type[InvalidOrder], tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


class SymbolNotFound(JainamError, ValueError):
    """Nothing was sent; the contract store does not hold *symbol* on *exchange* (FR7)."""

    def __init__(
        self, symbol: str, exchange: str, hint: str = "check the spelling or load the master contract"
    ) -> None:
        self.symbol, self.exchange, self.hint = symbol, exchange, hint
        super().__init__(f"{symbol} is not known on {exchange}: {hint}")

    def __reduce__(self) -> tuple[type[SymbolNotFound], tuple[str, str, str]]:
        return type(self), (self.symbol, self.exchange, self.hint)


class NotConfigured(JainamError, ValueError):
    """Nothing was sent; the message names each missing or wrong setting and never its value (FR9)."""


class Halted(JainamError):
    """Nothing was sent; the kill switch or a guard rail said no (X10).

    With *wants_pnl* the day's profit and loss would decide and is not known well enough: who can read the positions
    may do so, make it known, and ask once more.
    """

    def __init__(self, reason: str, *, wants_pnl: bool = False) -> None:
        self.wants_pnl = wants_pnl
        super().__init__(reason)


class Rehearsed(JainamError):
    """Nothing was sent, as asked: the order passed every check and *request* is what would have gone out (NFR6)."""

    def __init__(self, request: str) -> None:
        self.request = request
        super().__init__(f"test mode: checked and encoded, not sent: {request}")

    def __reduce__(self) -> tuple[type[Rehearsed], tuple[str]]:
        return type(self), (self.request,)


class NotSent(JainamError):
    """No connection was made, so nothing left this machine; it is safe to try again."""


class TurnLost(NotSent):
    """Nothing left this machine: others may have traded since the books were read that the order was decided by (X2).

    The same order must not be tried again, the same call may: it reads the books anew.
    """


class OutcomeUnknown(JainamError):
    """The request left and no answer came; look the order up by its *tag*, never send it again (X1).

    *tag* is ``None`` only while the transport raises it; every error that leaves a flow names the tag or the order.
    """

    def __init__(
        self, reason: str, tag: OrderTag | None = None, order_id: OrderId | None = None, evidence: Iterable[str] = ()
    ) -> None:
        self.reason, self.tag, self.order_id, self.evidence = reason, tag, order_id, tuple(evidence)
        super().__init__(reason)

    def __str__(self) -> str:
        if self.tag is None and self.order_id is None:
            return self.reason
        which = f"order {self.order_id}" if self.order_id else f"order with tag {self.tag}"
        looks = f" ({'; '.join(dict.fromkeys(self.evidence))})" if self.evidence else ""
        return f"{which}: {self.reason}{looks}; check the order book before sending again"

    def __reduce__(self) -> tuple[type[OutcomeUnknown], tuple[object, ...]]:
        return type(self), (self.reason, self.tag, self.order_id, self.evidence)


class BrokerError(JainamError):
    """The broker answered, and the answer is no; *code*, *description* and HTTP *status* are its own words."""

    def __init__(self, description: str, code: str = "", status: int = 0) -> None:
        self.description, self.code, self.status = description, code, status
        super().__init__(f"{description} [{code}]" if code else description)

    def __reduce__(self) -> tuple[type[BrokerError], tuple[str, str, int]]:
        return type(self), (self.description, self.code, self.status)


class OrderRejected(BrokerError):
    """The broker or the exchange refused this order, modification or cancellation; nothing is working because of it."""


class LoginExpired(BrokerError):
    """The session is gone, or there was none; log in and go on. *used* is the session the broker refused, if any."""

    used: Session | None = None


class WrongCredentials(BrokerError):
    """The broker does not know these keys; trying again will not help."""


class RateLimited(BrokerError):
    """Too many calls; a read may be repeated after a second, an order must be looked up first (D16).

    *of_login* is true when it was the login that was refused, so that the call itself never left.
    """

    of_login: bool = False


class BrokerUnavailable(BrokerError):
    """The gateway or the broker's system is down, or a read got no answer; nothing is known about the thing asked."""


class UnexpectedReply(JainamError):
    """A read was answered in a shape we do not know; *paths* names the fields, never their values.

    *rows* holds what could be read of a book of which a part could not.
    """

    rows: tuple[Any, ...] = ()

    def __init__(self, what: str, paths: Iterable[str] = ()) -> None:
        self.what, self.paths = what, tuple(paths)
        super().__init__(f"{what}: {'; '.join(self.paths)}" if self.paths else what)

    def __reduce__(self) -> tuple[type[UnexpectedReply], tuple[str, tuple[str, ...]]]:
        return type(self), (self.what, self.paths)
