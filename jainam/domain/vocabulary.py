"""The closed sets of this trade, in OpenAlgo's words; a broker's spelling of them stays in its codec."""

from __future__ import annotations

from enum import Enum, StrEnum

__all__ = ["Exchange", "Interval", "Kind", "OrderState", "PriceType", "Product", "Side", "TimeInForce", "Word"]


class Word(StrEnum):
    """A word that hashes like the text it is; Enum's own hash is a Python function, and orders meet many words."""

    __hash__ = str.__hash__


class Exchange(Word):
    """Where an instrument is listed, as OpenAlgo names it (host contract 2.10)."""

    NSE = "NSE"
    NFO = "NFO"
    CDS = "CDS"
    BSE = "BSE"
    BFO = "BFO"
    BCD = "BCD"
    MCX = "MCX"
    NCDEX = "NCDEX"
    NSE_INDEX = "NSE_INDEX"
    BSE_INDEX = "BSE_INDEX"

    is_index: bool
    """True where nothing can be bought: the exchange lists index values only."""
    is_cash: bool
    """True where shares are delivered."""

    def __init__(self, word: str) -> None:
        # Plain attributes, since every order asks several of them; a property of an Enum costs four times as much.
        self.is_index = word.endswith("_INDEX")
        self.is_cash = word in ("NSE", "BSE")


class Side(Word):
    """The direction of an order."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for a purchase, -1 for a sale."""
        return 1 if self is Side.BUY else -1


class PriceType(Word):
    """How an order finds its price."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    SL = "SL"
    SL_M = "SL-M"

    is_stop: bool
    """True when the order sleeps until its trigger price trades."""
    has_limit: bool
    """True when the order names a price it will not trade beyond."""

    def __init__(self, word: str) -> None:
        self.is_stop = word.startswith("SL")
        self.has_limit = word in ("LIMIT", "SL")


class Product(Word):
    """How a position is carried; CO, BO and MTF are met on rows of the books and cannot be placed here."""

    CNC = "CNC"
    NRML = "NRML"
    MIS = "MIS"
    CO = "CO"
    BO = "BO"
    MTF = "MTF"

    can_be_placed: bool
    """True for the products an ordinary order may carry."""
    is_delivery: bool
    """True for shares that are taken home, which no derivative can be."""

    def __init__(self, word: str) -> None:
        self.can_be_placed = word not in ("CO", "BO", "MTF")
        self.is_delivery = word == "CNC"


class TimeInForce(Word):
    """How long an order stays in the market."""

    DAY = "DAY"
    IOC = "IOC"
    GTD = "GTD"
    EOS = "EOS"


class OrderState(Enum):
    """What has become of an order; everything that is not final is live (protocol 3.2)."""

    PENDING = "pending"
    OPEN = "open"
    MODIFY_PENDING = "modify pending"
    MODIFIED = "modified"
    CANCEL_PENDING = "cancel pending"
    PARTIALLY_FILLED = "partially filled"
    UNKNOWN = "unknown"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """True when nothing more can happen to the order."""
        return self in _FINAL

    @property
    def is_live(self) -> bool:
        """True while the order can still trade; a status nobody knows counts as live."""
        return self not in _FINAL


_FINAL = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED})


class Kind(Word):
    """What an instrument is, in the words OpenAlgo keeps in its `instrumenttype` column."""

    EQUITY = "EQ"
    FUTURE = "FUT"
    CALL = "CE"
    PUT = "PE"
    INDEX = "INDEX"

    @property
    def is_option(self) -> bool:
        """True for calls and puts."""
        return self in (Kind.CALL, Kind.PUT)

    @property
    def is_derivative(self) -> bool:
        """True for whatever expires."""
        return self in (Kind.FUTURE, Kind.CALL, Kind.PUT)


class Interval(Word):
    """How long a candle burns, as OpenAlgo names it."""

    ONE_MINUTE = "1m"
    TWO_MINUTES = "2m"
    THREE_MINUTES = "3m"
    FIVE_MINUTES = "5m"
    TEN_MINUTES = "10m"
    FIFTEEN_MINUTES = "15m"
    HALF_HOUR = "30m"
    HOUR = "1h"
    DAY = "D"
    WEEK = "W"
    MONTH = "M"

    seconds: int | None
    """Its length within a day, ``None`` for a day and more."""

    def __init__(self, word: str) -> None:
        self.seconds = {"m": 60, "h": 3600}[word[-1]] * int(word[:-1]) if word[:-1] else None
