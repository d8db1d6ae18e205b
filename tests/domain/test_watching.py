"""Quotes with open interest, depth, and candles without gaps, by symbol."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from fakes.samples import FUTURE, NOW, SHARE
from fakes.script import play
from jainam.domain.candles import bar_start, forming_day, gathered, spans
from jainam.domain.errors import InvalidOrder, OrderRejected, SymbolNotFound
from jainam.domain.instruments import SymbolKey, Token
from jainam.domain.market import Candle, Depth, Quote
from jainam.domain.steps import FindContract, Now, ReadQuotes, Tell
from jainam.domain.vocabulary import Exchange, Interval
from jainam.domain.watching import (
    ReadCandles,
    ReadDepth,
    ReadInterest,
    Seen,
    depth,
    history,
    open_interest,
    seen,
    seen_each,
)

TODAY = NOW.date()
TWO = Decimal(2)
ODD = SymbolKey("ODD", Exchange.NSE)
UNKNOWN = SymbolNotFound("ODD", "NSE")
OF_SHARE = Quote(instrument=SHARE.ref, last_price=TWO, open=TWO, high=TWO, low=TWO, volume=9, at=NOW)
OF_FUTURE = Quote(instrument=FUTURE.ref, last_price=TWO)
REFUSED = OrderRejected("not allowed")


def candle(day: dt.date | dt.datetime, **changed: Any) -> Candle:
    at = day if isinstance(day, dt.datetime) else dt.datetime.combine(day, dt.time(0), NOW.tzinfo)
    return evolve(Candle(at=at, open=TWO, high=TWO, low=TWO, close=TWO, volume=1), **changed)


def test_a_share_has_no_open_interest() -> None:
    """Nobody is asked for the open interest of what does not expire."""
    answer = play(seen(SHARE.key), (FindContract(SHARE.key), SHARE), (ReadQuotes((SHARE.ref,)), (OF_SHARE,)))

    assert answer == Seen(OF_SHARE)


def test_a_future_has_open_interest() -> None:
    """The quote of what expires comes with its open interest."""
    answer = play(
        seen(FUTURE.key),
        (FindContract(FUTURE.key), FUTURE),
        (ReadQuotes((FUTURE.ref,)), (OF_FUTURE,)),
        (ReadInterest((FUTURE.ref,)), {FUTURE.ref: 50}),
    )

    assert answer == Seen(OF_FUTURE, 50)


def test_a_price_is_a_price_without_open_interest() -> None:
    """When the open interest cannot be read it is unknown, and the quote stands."""
    answer = play(
        seen(FUTURE.key),
        (FindContract(FUTURE.key), FUTURE),
        (ReadQuotes((FUTURE.ref,)), (OF_FUTURE,)),
        (ReadInterest((FUTURE.ref,)), REFUSED),
        (Tell(REFUSED), None),
    )

    assert answer == Seen(OF_FUTURE, None)


def test_each_of_many_has_its_outcome() -> None:
    """Unknown symbols and missing quotes are named in their places, in the order asked for (B-50)."""
    answers = play(
        seen_each((ODD, FUTURE.key, SHARE.key)),
        (FindContract(ODD), UNKNOWN),
        (FindContract(FUTURE.key), FUTURE),
        (FindContract(SHARE.key), SHARE),
        (ReadQuotes((FUTURE.ref, SHARE.ref)), (OF_SHARE,)),
        (ReadInterest((FUTURE.ref,)), {}),
    )

    assert answers[0] is UNKNOWN
    assert isinstance(answers[1], SymbolNotFound)
    assert answers[2] == Seen(OF_SHARE)


def test_without_a_quote_there_is_an_error() -> None:
    """A single instrument that the broker leaves out raises."""
    with pytest.raises(SymbolNotFound, match="no quote"):
        play(seen(SHARE.key), (FindContract(SHARE.key), SHARE), (ReadQuotes((SHARE.ref,)), ()))


def test_open_interest_is_read_fifty_at_a_time() -> None:
    """No call names more instruments than the broker takes."""
    many = [evolve(FUTURE, token=Token(number)) for number in range(1, 62)]
    refs = tuple(one.ref for one in many)

    found = play(open_interest(many), (ReadInterest(refs[:50]), {refs[0]: 1}), (ReadInterest(refs[50:]), {refs[60]: 2}))

    assert found == {refs[0]: 1, refs[60]: 2}


def test_depth_of_an_instrument() -> None:
    """The depth comes with the open interest; without any it raises."""
    book = Depth(quote=OF_SHARE)

    assert play(depth(SHARE.key), (FindContract(SHARE.key), SHARE), (ReadDepth(SHARE.ref), book)) == (book, None)
    with pytest.raises(SymbolNotFound, match="no quote"):
        play(depth(SHARE.key), (FindContract(SHARE.key), SHARE), (ReadDepth(SHARE.ref), None))


def test_history_is_whole_or_an_error() -> None:
    """A part that cannot be read is not left out (B-55)."""
    first = TODAY - dt.timedelta(days=7)
    with pytest.raises(OrderRejected):
        play(
            history(SHARE.key, Interval.ONE_MINUTE, first, TODAY),
            (FindContract(SHARE.key), SHARE),
            (Now(), NOW),
            (ReadCandles(SHARE.ref, Interval.ONE_MINUTE, first, first + dt.timedelta(days=5)), ()),
            (ReadCandles(SHARE.ref, Interval.ONE_MINUTE, first + dt.timedelta(days=6), TODAY), REFUSED),
        )


def test_bars_come_once_and_in_order() -> None:
    """A bar that is sent twice counts once, the later one; other days are left out, and tomorrow is not asked for."""
    early, late = NOW.replace(hour=9, minute=15), NOW.replace(hour=10, minute=0)
    sent = (candle(late), candle(early), candle(late, volume=7), candle(early - dt.timedelta(days=1)))
    found = play(
        history(SHARE.key, Interval.FIVE_MINUTES, TODAY, TODAY + dt.timedelta(days=9)),
        (FindContract(SHARE.key), SHARE),
        (Now(), NOW),
        (ReadCandles(SHARE.ref, Interval.FIVE_MINUTES, TODAY, TODAY), sent),
    )

    assert found == (candle(early), candle(late, volume=7))


def test_today_is_put_behind_the_days() -> None:
    """Today's forming candle comes out of a quote, with the open interest, behind the days that are over (B-57)."""
    yesterday = TODAY - dt.timedelta(days=1)
    quote = evolve(OF_SHARE, instrument=FUTURE.ref)
    found = play(
        history(FUTURE.key, Interval.DAY, yesterday, TODAY),
        (FindContract(FUTURE.key), FUTURE),
        (Now(), NOW),
        (ReadCandles(FUTURE.ref, Interval.DAY, yesterday, TODAY), (candle(yesterday),)),
        (ReadQuotes((FUTURE.ref,)), (quote,)),
        (ReadInterest((FUTURE.ref,)), {FUTURE.ref: 5}),
    )

    assert found == (candle(yesterday), candle(TODAY, volume=9, interest=5))


@pytest.mark.parametrize("sent", [(OF_SHARE,), ()])
def test_today_is_not_made_up(sent: tuple[Quote, ...]) -> None:
    """Without a quote of today there is no candle of today; one that the broker sends is kept."""
    stale = tuple(evolve(quote, at=NOW - dt.timedelta(days=1)) for quote in sent)
    begin = (FindContract(SHARE.key), SHARE), (Now(), NOW)
    ask = ReadCandles(SHARE.ref, Interval.DAY, TODAY, TODAY)

    assert (
        play(history(SHARE.key, Interval.DAY, TODAY, TODAY), *begin, (ask, ()), (ReadQuotes((SHARE.ref,)), stale)) == ()
    )
    assert play(history(SHARE.key, Interval.DAY, TODAY, TODAY), *begin, (ask, (candle(TODAY),))) == (candle(TODAY),)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    """The days are named, and nothing is asked."""
    with pytest.raises(InvalidOrder, match="after the last"):
        play(history(SHARE.key, Interval.DAY, TODAY, TODAY - dt.timedelta(days=1)))


@given(st.dates(dt.date(2020, 1, 1), dt.date(2026, 1, 1)), st.integers(0, 4000), st.sampled_from(Interval))
def test_spans_leave_no_day_out(first: dt.date, days: int, interval: Interval) -> None:
    """The parts of a span follow one another without a gap, and none is longer than one call may be (B-54)."""
    last = first + dt.timedelta(days=days)
    parts = list(spans(first, last, interval))

    assert (parts[0][0], parts[-1][1]) == (first, last)
    assert all(begin == before + dt.timedelta(days=1) for (_, before), (begin, _) in pairwise(parts))
    assert all(end - begin < dt.timedelta(days=1000) for begin, end in parts)


@pytest.mark.parametrize(
    ("end", "interval", "exchange", "start"),
    [
        ("10:00:59", "1m", "NSE", "10:00"),
        ("10:01:00", "1m", "NSE", "10:00"),
        ("10:14:59", "1h", "NSE", "09:15"),
        ("10:15:00", "1h", "NFO", "09:15"),
        ("15:29:59", "1h", "NSE", "15:15"),
        ("09:44:59", "30m", "BSE", "09:15"),
        ("09:59:59", "1h", "MCX", "09:00"),
        ("15:29:59", "D", "NSE", "00:00"),
    ],
)
def test_bars_are_counted_from_the_opening(end: str, interval: str, exchange: str, start: str) -> None:
    """Hours begin at a quarter past nine on the exchanges of shares, and at nine on the others (B-56)."""
    at = dt.datetime.combine(TODAY, dt.time.fromisoformat(end), NOW.tzinfo)

    assert bar_start(at, Interval(interval), Exchange(exchange)).strftime("%H:%M") == start


def test_days_become_weeks_and_months() -> None:
    """Weeks begin on Monday and months on the first; each joins its days, and days stay days."""
    days = [
        candle(dt.date(2026, 1, 30), open=Decimal(1), volume=2),
        candle(dt.date(2026, 2, 2), high=Decimal(9), close=Decimal(8), interest=4),
        candle(dt.date(2026, 2, 3), low=Decimal(1), interest=6),
    ]
    weeks, months = gathered(days, Interval.WEEK), gathered(days, Interval.MONTH)

    assert [week.at.date() for week in weeks] == [dt.date(2026, 1, 26), dt.date(2026, 2, 2)]
    assert weeks[1] == candle(dt.date(2026, 2, 2), high=Decimal(9), low=Decimal(1), volume=2, interest=6)
    assert [month.at.date() for month in months] == [dt.date(2026, 1, 1), dt.date(2026, 2, 1)]
    assert gathered(days, Interval.DAY) == tuple(days)


@pytest.mark.parametrize("missing", ["at", "open", "high", "low", "last_price"])
def test_a_candle_needs_all_its_prices(missing: Any) -> None:
    """A quote that leaves a price out makes no candle; one without a volume makes one of none."""
    without: dict[str, Any] = {missing: None}
    assert forming_day(evolve(OF_SHARE, **without), TODAY) is None
    whole = forming_day(evolve(OF_SHARE, volume=None), TODAY)
    assert whole is not None
    assert whole.volume == 0
