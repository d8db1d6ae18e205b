"""Quotes: JSON inside JSON, flat or nested, matched by the numbers inside (protocol 5.5)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from jainam.adapters.xts.books import rows_of
from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.envelope import parsed
from jainam.adapters.xts.segments import exchange_of, number_of, segment_of
from jainam.adapters.xts.values import INDIA, integer, number
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import InstrumentRef
from jainam.domain.market import Quote
from jainam.domain.steps import ReadQuotes

__all__ = ["TOUCHLINE", "quotes_body", "read_quotes"]

TOUCHLINE = 1501
"""The one message that shares and indices both have, best bid and ask included."""


EPOCH = dt.datetime(1980, 1, 1, tzinfo=INDIA)
"""Where the seconds of market stamps begin; for some segments they are unix seconds on some servers (trap 19)."""

UNIX_FROM = 1_720_000_000
"""Stamps above are unix seconds: those of July 2024 and later. Counted from 1980 they come to that in July 2034 only;
from then on such quotes look ten years old, and protect nothing."""

LATEST = 4_000_000_000
"""Seconds beyond which a stamp is nonsense, such as one in milliseconds."""


def quotes_body(step: ReadQuotes, _: Caller) -> str:
    """The instruments by number, and the message wanted of each."""
    instruments = [{"exchangeSegment": number_of(ref.exchange), "exchangeInstrumentID": ref.token} for ref in step.refs]
    return f'"instruments":{json.dumps(instruments)},"xtsMessageCode":{TOUCHLINE},"publishFormat":"JSON"'


def read_quotes(step: ReadQuotes, result: Any, _: Caller) -> tuple[Quote, ...]:
    """One quote for each instrument asked for that the broker knows; the others are missing (trap 18)."""
    asked: dict[tuple[str, int | None], list[InstrumentRef]] = {}
    for ref in step.refs:
        asked.setdefault((segment_of(ref.exchange), ref.token), []).append(ref)
    quotes: list[Quote] = []
    for index, item in enumerate(rows_of(result, "quotes", "listQuotes")):
        try:
            message = _message(item)
            key = (segment_of(exchange_of(message["ExchangeSegment"])), integer(_token(message)))
            quotes.extend(_quote(ref, message) for ref in asked.get(key, ()))
        except (KeyError, ValueError):
            raise UnexpectedReply("a quote cannot be read", [f"listQuotes[{index}]"]) from None
    return tuple(quotes)


def _message(item: Any) -> Mapping[str, Any]:
    message = parsed(item) if isinstance(item, str) else item
    if not isinstance(message, dict):
        raise ValueError("a quote is an object")
    return message


def _token(message: Mapping[str, Any]) -> Any:
    return message["ExchangeInstrumentID"] if "ExchangeInstrumentID" in message else message["ExchangeInstrumentId"]


def _quote(ref: InstrumentRef, message: Mapping[str, Any]) -> Quote:
    nested = message.get("Touchline")
    line: Mapping[str, Any] = nested if isinstance(nested, dict) else message
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
    candidates: Iterable[Any] = (info, *(levels[:1] if isinstance(levels, list) else ()))
    for level in candidates:
        if isinstance(level, dict) and (price := _price(level.get("Price"))) is not None:
            return price
    return None
