"""Steps: the things only the outside world can do, each a frozen value answered with one type.

A flow yields steps and receives answers; a runner performs them. A step's `repr` is its log line, so no step ever
holds a key, a secret or a token.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, Union

from attrs import field, frozen

from jainam.domain.errors import JainamError
from jainam.domain.house import House
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.journal import Deed, Meant, Verdict
from jainam.domain.orders import Order, OrderId, OrderRow, OrderTag
from jainam.domain.sessions import Api, Session
from jainam.domain.vocabulary import PriceType, Product

if TYPE_CHECKING:  # what is answered where no order is placed; named as text below
    from jainam.domain.listings import Listing, Row  # noqa: F401
    from jainam.domain.loads import Load  # noqa: F401
    from jainam.domain.market import Quote  # noqa: F401
    from jainam.domain.portfolio import Funds, Holding, Position, Profile, Trade  # noqa: F401

__all__ = [
    "Alone",
    "BrokerStep",
    "CancelOrder",
    "Conclude",
    "DownloadMaster",
    "FindContract",
    "FindOrder",
    "Flow",
    "ForgetSession",
    "HouseRules",
    "KeepSession",
    "KnowPnl",
    "KnownSession",
    "LastLoad",
    "ListHoldings",
    "ListOrders",
    "ListPositions",
    "ListTrades",
    "Login",
    "Logout",
    "Looks",
    "ModifyExit",
    "ModifyOrder",
    "NameContracts",
    "NewTag",
    "Now",
    "Outcome",
    "OwnOrders",
    "Pause",
    "PlaceOrder",
    "ReadFunds",
    "ReadIndexes",
    "ReadProfile",
    "ReadQuotes",
    "ReplaceContracts",
    "Step",
    "Tell",
    "Together",
    "Traffic",
    "Unsettled",
    "Waits",
]

T = TypeVar("T")
Flow = Generator["Step[Any]", Any, T]
Outcome = Union[T, JainamError]  # noqa: UP007 - `T | X` is no alias to the type checker


def _count(many: Sequence[object]) -> str:
    return f"<{len(many)}>"


@frozen
class Step(Generic[T]):
    """Something only the outside world can do, answered with a ``T``.

    One that adds no fields is frozen, equal and shown as this one is, and needs no decorator, whose work would be a
    tenth of a host's whole import.
    """

    def __iter__(self) -> Flow[T]:
        answer: T = yield self
        return answer


# --- steps the machine we run on answers -------------------------------------------------------------------------


class NewTag(Step[OrderTag]):
    """A fresh identifier for one order, never given out before."""

    __slots__ = ()


class Waits(Step[tuple[float, ...]]):
    """The pauses, in seconds, before each try of something that may be tried again; the first is zero."""

    __slots__ = ()


class Looks(Step[tuple[float, ...]]):
    """The pauses, in seconds, before each look for an order whose answer was lost; the first is zero."""

    __slots__ = ()


class Now(Step[dt.datetime]):
    """The time in India, with its zone."""

    __slots__ = ()


@frozen
class Pause(Step[None]):
    """Let *seconds* pass."""

    seconds: float


@frozen
class FindContract(Step[Contract]):
    """The contract of *key*; raises `SymbolNotFound`."""

    key: SymbolKey


class HouseRules(Step[House]):
    """What this desk asks of every order, with the day it is in India."""

    __slots__ = ()


@frozen
class NameContracts(Step[Mapping[InstrumentRef, Contract]]):
    """The contracts of those *refs* that the store knows; the others are absent from the answer."""

    refs: tuple[InstrumentRef, ...]


@frozen
class ReplaceContracts(Step["Load"]):
    """Put *rows* in the place of all this broker's contracts at once; answers what is in force now.

    They may be had only once. *approve* is told how many each exchange has when all of them were read; what it raises
    leaves the contracts of before in place.
    """

    rows: Iterable[Row] = field(repr=False, eq=False)
    approve: Callable[[Mapping[str, int]], None] = field(repr=False, eq=False)


class LastLoad(Step["Load | None"]):
    """The set of contracts in force; ``None`` before the first."""

    __slots__ = ()


@frozen
class Tell(Step[None]):
    """Let the log know of *event*."""

    event: object


@frozen
class Alone(Step[T]):
    """What *flow* returns, while no other flow under the same *key* runs."""

    key: tuple[str, ...]
    flow: Flow[T] = field(repr=False, eq=False)


@frozen
class Together(Step[tuple[Outcome[T], ...]]):
    """What each of *flows* returned or raised, in their order; one failure stops none of the others."""

    flows: tuple[Flow[T], ...] = field(repr=_count, eq=False)


@frozen
class Conclude(Step[None]):
    """The journal knows what became of the newest intent with this *key*."""

    key: str
    verdict: Verdict
    order_id: OrderId | None = None
    words: str = ""


@frozen
class OwnOrders(Step["tuple[Meant, ...] | None"]):
    """The orders that we meant for *instrument* in *product* today, oldest first; ``None`` when nobody keeps count."""

    instrument: SymbolKey
    product: Product


class Unsettled(Step[tuple[Meant, ...]]):
    """What we meant today and do not know the outcome of, oldest first."""

    __slots__ = ()


@frozen
class KnowPnl(Step[None]):
    """The guard rails know the day's profit and loss in rupees; ``None`` when the book does not tell (X10)."""

    pnl: Decimal | None


@frozen
class KnownSession(Step[Session | None]):
    """The session we hold for *api*, or ``None``."""

    api: Api


@frozen
class KeepSession(Step[None]):
    """Use *session* from now on, and let other processes find it."""

    session: Session


@frozen
class ForgetSession(Step[None]):
    """Hold no session for *api* any more, here or on disk."""

    api: Api


# --- steps the broker answers ------------------------------------------------------------------------------------


class Traffic(Enum):
    """What a call may change, which decides how its failure is read and who goes first."""

    READ = "read"
    ENTRY = "entry"
    EXIT = "exit"
    SESSION = "session"


class BrokerStep(Step[T]):
    """Something only the broker can answer."""

    __slots__ = ()
    api: ClassVar[Api] = Api.INTERACTIVE
    traffic: ClassVar[Traffic] = Traffic.READ
    moves_an_order: ClassVar[bool] = False
    """True when a lost answer leaves an order in doubt; it follows from the traffic, and every order asks it twice."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.moves_an_order = cls.traffic in (Traffic.ENTRY, Traffic.EXIT)

    @property
    def session_api(self) -> Api:
        """The interface whose session the call goes out under."""
        return self.api


@frozen
class Login(BrokerStep[Session]):
    """A fresh session for the interface *to*, which is looked for below the path *root*."""

    traffic: ClassVar[Traffic] = Traffic.SESSION
    to: Api
    root: str

    @property
    def session_api(self) -> Api:
        """The interface that is logged in to."""
        return self.to


@frozen
class Logout(BrokerStep[None]):
    """The broker has ended the session of *to*."""

    traffic: ClassVar[Traffic] = Traffic.SESSION
    to: Api

    @property
    def session_api(self) -> Api:
        """The interface that is logged out of."""
        return self.to


@frozen
class PlaceOrder(BrokerStep[OrderId]):
    """The gateway has taken *order* under *tag*."""

    traffic: ClassVar[Traffic] = Traffic.ENTRY
    order: Order
    contract: Contract = field(repr=False)
    tag: OrderTag
    held: int | None = None
    """The position that the order was worked out from, for the journal."""
    meant: PriceType | None = None
    """What *order* was before a market-order policy gave it its limit, for the journal; ``None`` for all others."""
    second_tag: OrderTag | None = None
    """The tag of a second try, should there be one; ``None`` makes a new one."""

    @property
    def key(self) -> str:
        """What the journal calls it."""
        return self.tag


class PlaceExit(PlaceOrder):
    """The same, for an order that closes something: it goes before waiting entries."""

    __slots__ = ()
    traffic: ClassVar[Traffic] = Traffic.EXIT


@frozen
class ModifyOrder(BrokerStep[None]):
    """The gateway has taken *order* as the whole new state of *order_id* (protocol 3.4)."""

    traffic: ClassVar[Traffic] = Traffic.ENTRY
    order_id: OrderId
    order: Order
    contract: Contract = field(repr=False)
    tag: OrderTag | None

    @property
    def key(self) -> str:
        """What the journal calls it."""
        return f"{Deed.MODIFY.value} {self.order_id}"


class ModifyExit(ModifyOrder):
    """The same, for an order that closes something: guard rails let it pass."""

    __slots__ = ()
    traffic: ClassVar[Traffic] = Traffic.EXIT


@frozen
class CancelOrder(BrokerStep[None]):
    """The gateway has taken the cancellation of *order_id*."""

    traffic: ClassVar[Traffic] = Traffic.EXIT
    order_id: OrderId

    @property
    def key(self) -> str:
        """What the journal calls it."""
        return f"{Deed.CANCEL.value} {self.order_id}"


@frozen
class FindOrder(BrokerStep[OrderRow | None]):
    """The order-book row that carries *tag*, or ``None`` when the book was read and has none."""

    tag: OrderTag


@frozen
class ListOrders(BrokerStep[tuple[OrderRow, ...]]):
    """The order book of the day, read after the journal's entry number *since* was written.

    Reads that began after it are shared: whoever asks meanwhile gets the same answer (D16). ``None`` shares nothing.
    """

    since: int | None = 0


class ListTrades(BrokerStep["tuple[Trade, ...]"]):
    """The trade book of the day, one row per fill."""

    __slots__ = ()


@frozen
class ListPositions(BrokerStep["tuple[Position, ...]"]):
    """The net positions, carry-forward included, read after the journal's entry number *since* (as `ListOrders`)."""

    since: int | None = 0


class ListHoldings(BrokerStep["tuple[Holding, ...]"]):
    """The shares in the demat account."""

    __slots__ = ()


class ReadFunds(BrokerStep["Funds"]):
    """The money of the account."""

    __slots__ = ()


class ReadProfile(BrokerStep["Profile"]):
    """Who the account belongs to."""

    __slots__ = ()


@frozen
class ReadQuotes(BrokerStep["tuple[Quote, ...]"]):
    """What the market says of *refs*; instruments the broker does not know are missing from the answer."""

    api: ClassVar[Api] = Api.MARKET_DATA
    refs: tuple[InstrumentRef, ...]


@frozen
class DownloadMaster(BrokerStep["Listing"]):
    """The contracts of one broker *segment* that can be traded or watched on *today*."""

    api: ClassVar[Api] = Api.MARKET_DATA
    segment: str
    today: dt.date


@frozen
class ReadIndexes(BrokerStep["Listing"]):
    """The indices of one broker *segment*, as contracts that can be watched and not traded."""

    api: ClassVar[Api] = Api.MARKET_DATA
    segment: str
