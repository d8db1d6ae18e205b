"""Candles: bars in one text, stamped with the wall clock of India as if it were UTC (protocol 5.7)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.segments import segment_of
from jainam.adapters.xts.values import INDIA, integer, number
from jainam.domain.candles import bar_start
from jainam.domain.errors import UnexpectedReply
from jainam.domain.market import Candle
from jainam.domain.symbols import MONTHS
from jainam.domain.watching import ReadCandles

__all__ = ["candles_query", "read_candles"]

_BETWEEN_BARS = re.compile(r"[,\n]")


def candles_query(step: ReadCandles, _: Caller) -> str:
    """The instrument, whole days, and the length of a bar in seconds or `D`."""
    ref, length = step.ref, step.interval.seconds
    return (
        f"exchangeSegment={segment_of(ref.exchange)}&exchangeInstrumentID={ref.token}"
        f"&startTime={quote(_day(step.first))}%20000000&endTime={quote(_day(step.last))}%20235959"
        f"&compressionValue={'D' if length is None else length}"
    )


def _day(day: dt.date) -> str:
    return f"{MONTHS[day.month - 1].capitalize()} {day:%d %Y}"  # strftime's month speaks the machine's language


def read_candles(step: ReadCandles, result: Any, _: Caller) -> tuple[Candle, ...]:
    """The bars in the order they came; none at all for an empty text, which is what a holiday has.

    One bar that cannot be read makes the whole answer unread: a gap would pass for a quiet market.
    """
    # The name is misspelt on the wire, and spelt rightly in some documents (B-60).
    bars = result.get("dataReponse", result.get("dataResponse")) if isinstance(result, dict) else None
    if not isinstance(bars, str):
        raise UnexpectedReply("the candles came in a container we do not know", ["result"])
    found = []
    for index, bar in enumerate(filter(None, map(str.strip, _BETWEEN_BARS.split(bars)))):
        try:
            found.append(_candle(step, bar.split("|")))
        except (ValueError, IndexError, OverflowError, OSError):
            raise UnexpectedReply("a candle cannot be read", [f"result.dataReponse[{index}]"]) from None
    return tuple(found)


def _candle(step: ReadCandles, fields: list[str]) -> Candle:
    first, high, low, last = (_needed(field) for field in fields[1:5])
    end = dt.datetime.fromtimestamp(int(_needed(fields[0])), dt.UTC).replace(tzinfo=INDIA)
    return Candle(
        at=bar_start(end, step.interval, step.ref.exchange),
        open=first,
        high=high,
        low=low,
        close=last,
        volume=integer(fields[5]) or 0,
        interest=(integer(fields[6]) if len(fields) > 6 else None) or 0,
    )


def _needed(field: str) -> Decimal:
    found = number(field)
    if found is None:
        raise ValueError("not a number")
    return found
