"""jainam: trade through Jainam's prop desk and other XTS brokers, without doubled, lost or invented orders.

`Desk` is the blocking face, `AsyncDesk` the same for asyncio; both come late, as do the kinds of answers they give, so
that `import jainam` stays cheap and brings in no HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    Rehearsed,
    SymbolNotFound,
    TurnLost,
    UnexpectedReply,
    WrongCredentials,
)
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey, Token
from jainam.domain.orders import (
    Cancelled,
    Changes,
    Modified,
    Order,
    OrderId,
    OrderRow,
    OrderTag,
    Placed,
    SmartOrder,
)
from jainam.domain.vocabulary import Exchange, Interval, Kind, OrderState, PriceType, Product, Side, TimeInForce

if TYPE_CHECKING:
    from jainam.adapters.asyncio_desk import AsyncDesk
    from jainam.adapters.desk import Desk
    from jainam.adapters.environment import Settings, read_settings
    from jainam.domain.chains import Chain, Strike
    from jainam.domain.market import Quote
    from jainam.domain.portfolio import Funds, Holding, Position, Profile, Trade
    from jainam.domain.reports import CancelReport, CloseReport, ContractsReport, Leg, SmartOutcome
    from jainam.domain.searching import Terms

__version__ = "0.1.0"

__all__ = [
    "AsyncDesk",
    "BrokerError",
    "BrokerUnavailable",
    "CancelReport",
    "Cancelled",
    "Chain",
    "Changes",
    "CloseReport",
    "Contract",
    "ContractsReport",
    "Desk",
    "Exchange",
    "Funds",
    "Halted",
    "Holding",
    "InstrumentRef",
    "Interval",
    "InvalidOrder",
    "JainamError",
    "Kind",
    "Leg",
    "LoginExpired",
    "Modified",
    "NotConfigured",
    "NotSent",
    "Order",
    "OrderId",
    "OrderRejected",
    "OrderRow",
    "OrderState",
    "OrderTag",
    "OutcomeUnknown",
    "Placed",
    "Position",
    "PriceType",
    "Product",
    "Profile",
    "Quote",
    "RateLimited",
    "Rehearsed",
    "Settings",
    "Side",
    "SmartOrder",
    "SmartOutcome",
    "Strike",
    "SymbolKey",
    "SymbolNotFound",
    "Terms",
    "TimeInForce",
    "Token",
    "Trade",
    "TurnLost",
    "UnexpectedReply",
    "WrongCredentials",
    "__version__",
    "read_settings",
]

_LATE = {
    "AsyncDesk": "jainam.adapters.asyncio_desk",
    "Desk": "jainam.adapters.desk",
    "Settings": "jainam.adapters.environment",
    "read_settings": "jainam.adapters.environment",
    "Quote": "jainam.domain.market",
    **dict.fromkeys(("Chain", "Strike"), "jainam.domain.chains"),
    "Terms": "jainam.domain.searching",
    **dict.fromkeys(("Funds", "Holding", "Position", "Profile", "Trade"), "jainam.domain.portfolio"),
    **dict.fromkeys(("CancelReport", "CloseReport", "ContractsReport", "Leg", "SmartOutcome"), "jainam.domain.reports"),
}


def __getattr__(name: str) -> Any:
    """Import the faces and their answers when they are first asked for; the faces bring in logging and threads."""
    if name not in _LATE:
        raise AttributeError(f"module 'jainam' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_LATE[name]), name)
    globals()[name] = value
    return value
