"""Quotes: JSON inside JSON, flat or nested, matched by the numbers inside (protocol 5.5)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from jainam.adapters.xts.books import rows_of
from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.envelope import parsed
from jainam.adapters.xts.segments import exchange_of, number_of, segment_of
from jainam.adapters.xts.values import INDIA, integer, number
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import InstrumentRef
from jainam.domain.market import Depth, Level, Quote
from jainam.domain.steps import ReadQuotes
from jainam.domain.watching import ReadDepth, ReadInterest

__all__ = [
    "TOUCHLINE",
    "depth_body",
    "interest_body",
    "quotes_body",
    "read_depth",
    "read_interest",
    "read_quotes",
]

T = TypeVar("T")

TOUCHLINE = 1501
"""The one message that shares and indices both have, best bid and ask included."""
DEPTH = 1502
INTEREST = 1510
"""Open interest is in neither of the others."""


EPOCH = dt.datetime(1980, 1, 1, tzinfo=INDIA)
"""Where the seconds of market stamps begin; for some segments they are unix seconds on some servers (trap 19)."""

UNIX_FROM = 1_720_000_000
"""Stamps above are unix seconds: those of July 2024 and later. Counted from 1980 they come to that in July 2034 only;
from then on such quotes look ten years old, and protect nothing."""

LATEST = 4_000_000_000
"""Seconds beyond which a stamp is nonsense, such as one in milliseconds."""


def quotes_body(step: ReadQuotes, _: Caller) -> str:
    """The instruments by number, and the message wanted of each."""
    return _body(step.refs, TOUCHLINE)


def depth_body(step: ReadDepth, _: Caller) -> str:
    """The same for the levels of one instrument; an index has none, and some servers hang up when asked for them."""
    return _body((step.ref,), TOUCHLINE if step.ref.exchange.is_index else DEPTH)


def interest_body(step: ReadInterest, _: Caller) -> str:
    """The same for open interest."""
    return _body(step.refs, INTEREST)


def _body(refs: Iterable[InstrumentRef], code: int) -> str:
    instruments = [{"exchangeSegment": number_of(ref.exchange), "exchangeInstrumentID": ref.token} for ref in refs]
    return f'"instruments":{json.dumps(instruments)},"xtsMessageCode":{code},"publishFormat":"JSON"'


def read_quotes(step: ReadQuotes, result: Any, _: Caller) -> tuple[Quote, ...]:
    """One quote for each instrument asked for that the broker knows; the others are missing (trap 18)."""
    return tuple(_read(step.refs, result, _quote))


def read_depth(step: ReadDepth, result: Any, _: Caller) -> Depth | None:
    """The levels of the one instrument asked for, or ``None`` when the broker does not know it."""
    return next(_read((step.ref,), result, _depth), None)


def read_interest(step: ReadInterest, result: Any, _: Caller) -> Mapping[InstrumentRef, int]:
    """The open interest of those instruments that have some."""
    found = _read(step.refs, result, lambda ref, message: (ref, integer(message.get("OpenInterest"))))
    return {ref: interest for ref, interest in found if interest is not None}


def _read(
    refs: Iterable[InstrumentRef], result: Any, make: Callable[[InstrumentRef, Mapping[str, Any]], T]
) -> Iterator[T]:
    """What *make* makes of each message about one of *refs*."""
    asked: dict[tuple[str, int | None], list[InstrumentRef]] = {}
    for ref in refs:
        asked.setdefault((segment_of(ref.exchange), ref.token), []).append(ref)
    for index, item in enumerate(rows_of(result, "quotes", "listQuotes")):
        try:
            message = _message(item)
            key = (segment_of(exchange_of(message["ExchangeSegment"])), integer(_token(message)))
            made = [make(ref, message) for ref in asked.get(key, ())]
        except (KeyError, ValueError):
            raise UnexpectedReply("a quote cannot be read", [f"listQuotes[{index}]"]) from None
        yield from made


def _message(item: Any) -> Mapping[str, Any]:
    message = parsed(item) if isinstance(item, str) else item
    if not isinstance(message, dict):
        raise ValueError("a quote is an object")
    return message


def _token(message: Mapping[str, Any]) -> Any:
    return message["ExchangeInstrumentID"] if "ExchangeInstrumentID" in message else message["ExchangeInstrumentId"]


def _line(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where the last trade is told: some messages nest it (protocol 5.5)."""
    nested = message.get("Touchline")
    return nested if isinstance(nested, dict) else message


def _depth(ref: InstrumentRef, message: Mapping[str, Any]) -> Depth:
    line = _line(message)
    return Depth(
        quote=_quote(ref, message),
        bids=_levels(message.get("Bids")),
        asks=_levels(message.get("Asks")),
        last_quantity=integer(line.get("LastTradedQunatity", line.get("LastTradedQuantity"))),
        total_buy=integer(line.get("TotalBuyQuantity")),
        total_sell=integer(line.get("TotalSellQuantity")),
    )


def _levels(given: Any) -> tuple[Level, ...]:
    """The levels that somebody stands at; the places of the others are filled with zeros."""
    found = (level for level in (given if isinstance(given, list) else ()) if isinstance(level, dict))
    return tuple(
        Level(price, quantity, integer(level.get("TotalOrders")))
        for level in found
        if (price := _price(level.get("Price"))) is not None and (quantity := integer(level.get("Size")))
    )


def _quote(ref: InstrumentRef, message: Mapping[str, Any]) -> Quote:
    line = _line(message)
    volume = integer(line.get("TotalTradedQuantity"))
    return Quote(
        instrument=ref,
        last_price=_price(line.get("LastTradedPrice")),
        open=_price(line.get("Open")),
        high=_price(line.get("High")),
        low=_price(line.get("Low")),
        previous_close=_price(line.get("Close")),
        bid=_best(line.get("BidInfo"), message.get("Bids")),
        ask=_best(line.get("AskInfo"), message.get("Asks")),
        bid_quantity=_best_size(line.get("BidInfo"), message.get("Bids")),
        ask_quantity=_best_size(line.get("AskInfo"), message.get("Asks")),
        volume=volume,
        at=max(
            (at for at in map(_moment, (line.get("LastUpdateTime"), message.get("ExchangeTimeStamp"))) if at),
            default=None,
        ),
        raw=message,
    )


def _moment(value: Any) -> dt.datetime | None:
    """The moment that a market stamp means; ``None`` where there is none. Its size says from when on it counts."""
    seconds = number(value)
    if not seconds:
        return None
    if not 0 < seconds < LATEST:
        raise ValueError("not a moment")
    if seconds > UNIX_FROM:
        return dt.datetime.fromtimestamp(int(seconds), INDIA)
    return EPOCH + dt.timedelta(seconds=int(seconds))


def _price(value: Any) -> Decimal | None:
    """A price; zero is what stands where nothing has traded or nobody bids."""
    return number(value) or None


def _best(info: Any, levels: Any) -> Decimal | None:
    level = _best_level(info, levels)
    return None if level is None else _price(level.get("Price"))


def _best_size(info: Any, levels: Any) -> int | None:
    level = _best_level(info, levels)
    return None if level is None else integer(level.get("Size"))


def _best_level(info: Any, levels: Any) -> Mapping[str, Any] | None:
    candidates: Iterable[Any] = (info, *(levels[:1] if isinstance(levels, list) else ()))
    return next((level for level in candidates if isinstance(level, dict) and _price(level.get("Price"))), None)
