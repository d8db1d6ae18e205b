"""The arithmetic of candles: where a bar begins, which days one call may ask for, and what days come to together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve

from jainam.domain.market import Candle, Quote
from jainam.domain.vocabulary import Exchange, Interval

__all__ = ["bar_start", "forming_day", "gathered", "spans"]

SHARES_OPEN = dt.time(9, 15)
OPENINGS: Mapping[Exchange, dt.time] = {
    exchange: dt.time(9) for exchange in (Exchange.CDS, Exchange.BCD, Exchange.MCX, Exchange.NCDEX)
}
"""Where the bars of a day are counted from, where it is not a quarter past nine."""

BARS_PER_CALL = 2_500
"""Brokers limit a call to some days, and no chart says to how many; OpenAlgo's plugins ask for six days of minutes."""
MINUTES_A_DAY = 375
LONGEST = dt.timedelta(days=1_000)


def bar_start(end: dt.datetime, interval: Interval, exchange: Exchange) -> dt.datetime:
    """The beginning of the bar that lasts until *end*, be it stamped with its last second or with the next (B-56).

    Bars are counted from when the exchange opens: those of an hour begin at a quarter past.
    """
    if interval.seconds is None:
        return end.replace(hour=0, minute=0, second=0, microsecond=0)
    opening = dt.datetime.combine(end.date(), OPENINGS.get(exchange, SHARES_OPEN), end.tzinfo)
    length = dt.timedelta(seconds=interval.seconds)
    return opening + (end - dt.timedelta(seconds=1) - opening) // length * length


def spans(first: dt.date, last: dt.date, interval: Interval) -> Iterator[tuple[dt.date, dt.date]]:
    """The days from *first* to *last*, both included, in parts for one call each, without a gap (B-54)."""
    days = BARS_PER_CALL if interval.seconds is None else BARS_PER_CALL * interval.seconds // (MINUTES_A_DAY * 60)
    length = min(dt.timedelta(days=days), LONGEST)
    while first <= last:
        until = min(first + length - dt.timedelta(days=1), last)
        yield first, until
        first = until + dt.timedelta(days=1)


def gathered(days: Iterable[Candle], interval: Interval) -> tuple[Candle, ...]:
    """*days*, oldest first, as candles of weeks, which begin on Monday, or of months; days stay as they are."""
    if interval not in (Interval.WEEK, Interval.MONTH):
        return tuple(days)
    found: dict[dt.datetime, Candle] = {}
    for day in days:
        at = day.at.replace(day=1) if interval is Interval.MONTH else day.at - dt.timedelta(days=day.at.weekday())
        so_far = found.get(at)
        found[at] = evolve(day, at=at) if so_far is None else _joined(so_far, day)
    return tuple(found.values())


def _joined(first: Candle, then: Candle) -> Candle:
    return Candle(
        at=first.at,
        open=first.open,
        high=max(first.high, then.high),
        low=min(first.low, then.low),
        close=then.close,
        volume=first.volume + then.volume,
        interest=then.interest,
    )


def forming_day(quote: Quote, today: dt.date) -> Candle | None:
    """The candle of *today* as far as it has come, out of a quote; ``None`` when nothing has traded today (B-57)."""
    at, first, high, low, last = quote.at, quote.open, quote.high, quote.low, quote.last_price
    if at is None or at.date() != today or first is None or high is None or low is None or last is None:
        return None
    return Candle(
        at=at.replace(hour=0, minute=0, second=0, microsecond=0),
        open=first,
        high=high,
        low=low,
        close=last,
        volume=quote.volume or 0,
    )
