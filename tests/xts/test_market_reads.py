"""Depth, open interest and candles as the market-data API sends them (protocol 5.5, 5.7)."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from xts.support import CODEC, MARKET, answer, read

from jainam.adapters.xts.values import INDIA
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import InstrumentRef, Token
from jainam.domain.market import Candle, Level
from jainam.domain.vocabulary import Exchange, Interval
from jainam.domain.watching import ReadCandles, ReadDepth, ReadInterest

OPTION = InstrumentRef(Exchange.NFO, Token(48225))
SHARE = InstrumentRef(Exchange.NSE, Token(2885))
INDEX = InstrumentRef(Exchange.NSE_INDEX, Token(26000))
DAY = dt.date(2026, 3, 4)
MINUTES = ReadCandles(INDEX, Interval.ONE_MINUTE, DAY, DAY)


def body(step: Any) -> dict[str, Any]:
    request = CODEC.encode(step, MARKET)
    assert request.body is not None
    found: dict[str, Any] = json.loads(request.body)
    return found


def test_depth_has_its_levels() -> None:
    """Both sides with price, quantity and orders, and the quote around them."""
    depth = read(ReadDepth(OPTION), "quotes_1502", session=MARKET)

    assert depth is not None
    assert (depth.quote.instrument, depth.quote.last_price) == (OPTION, Decimal("125.35"))
    assert (len(depth.bids), len(depth.asks)) == (5, 5)
    assert depth.bids[0].price == depth.quote.bid
    assert depth.bids[0].quantity == depth.quote.bid_quantity
    assert None not in (depth.last_quantity, depth.total_buy, depth.total_sell)


def test_places_where_nobody_stands_are_no_levels() -> None:
    """Zeros fill the places that are empty; they are nobody's offer, and what is no level is passed over."""
    levels = [{"Price": 5, "Size": 0}, {"Price": 0, "Size": 5}, "?", {"Price": 4.5, "Size": 7}]
    message = {"ExchangeSegment": 2, "ExchangeInstrumentID": 48225, "Bids": levels, "Asks": None}
    depth = CODEC.decode(ReadDepth(OPTION), answer({"listQuotes": [message]}), MARKET)

    assert depth is not None
    assert (depth.bids, depth.asks) == ((Level(Decimal("4.5"), 7),), ())


def test_an_unknown_instrument_has_no_depth() -> None:
    """The broker leaves out what it does not know."""
    assert read(ReadDepth(OPTION), "quotes_unknown_instrument", session=MARKET) is None


@pytest.mark.parametrize(("ref", "code"), [(OPTION, 1502), (INDEX, 1501)])
def test_an_index_is_not_asked_for_levels(ref: InstrumentRef, code: int) -> None:
    """Depth is one message, and for an index another, with the instrument as a number (B-47, B-51)."""
    asked = body(ReadDepth(ref))

    assert asked["xtsMessageCode"] == code
    assert asked["instruments"][0]["exchangeInstrumentID"] == ref.token


def test_open_interest_is_a_message_of_its_own() -> None:
    """Instruments that have some are in the answer, the others are not (B-50)."""
    step = ReadInterest((OPTION, SHARE))

    assert body(step)["xtsMessageCode"] == 1510
    assert read(step, "quotes_1510", session=MARKET) == {OPTION: 3721575}
    nothing = {"ExchangeSegment": 2, "ExchangeInstrumentID": 48225}
    assert CODEC.decode(step, answer({"listQuotes": [nothing]}), MARKET) == {}


def test_candles_are_asked_for_by_days() -> None:
    """Whole days in India, an English month whatever the machine speaks, and the length in seconds or D."""
    asked = parse_qs(urlsplit(CODEC.encode(MINUTES, MARKET).url).query)

    assert asked == {
        "exchangeSegment": ["NSECM"],
        "exchangeInstrumentID": ["26000"],
        "startTime": ["Mar 04 2026 000000"],
        "endTime": ["Mar 04 2026 235959"],
        "compressionValue": ["60"],
    }
    days = CODEC.encode(ReadCandles(INDEX, Interval.DAY, DAY, DAY), MARKET)
    assert days.url.endswith("&compressionValue=D")


def test_bars_begin_where_their_last_second_says() -> None:
    """A bar is stamped with its end in India as if it were UTC (protocol 5.7)."""
    candles = read(MINUTES, "ohlc", session=MARKET)

    assert [candle.at.strftime("%H:%M:%S") for candle in candles] == [f"10:{minute:02}:00" for minute in range(5)]
    assert candles[0] == Candle(
        at=dt.datetime(2026, 3, 4, 10, 0, tzinfo=INDIA),
        open=Decimal("24325.8"),
        high=Decimal("24330.8"),
        low=Decimal("24321.3"),
        close=Decimal(24325),
        volume=65,
    )


def test_a_holiday_has_no_bars() -> None:
    """An empty text is no error."""
    assert read(MINUTES, "ohlc_empty", session=MARKET) == ()


@pytest.mark.parametrize("name", ["dataReponse", "dataResponse"])
@pytest.mark.parametrize("between", [",", "\n", ",\n"])
def test_both_spellings_are_read(name: str, between: str) -> None:
    """The misspelt name and the right one, commas and line breaks, open interest or none (B-58, B-60)."""
    bars = between.join(["1772618459.0|1|2|1|2|5|17|", "1772618519|1|2|1|2|"])
    found = CODEC.decode(MINUTES, answer({name: bars}), MARKET)

    assert [(candle.volume, candle.interest) for candle in found] == [(5, 17), (0, 0)]


@pytest.mark.parametrize("result", [None, [], {}, {"dataReponse": None}, {"dataReponse": ["1"]}])
def test_an_unknown_container_is_no_empty_one(result: Any) -> None:
    """What we do not know is reported and not taken for a holiday."""
    with pytest.raises(UnexpectedReply):
        CODEC.decode(MINUTES, answer(result), MARKET)


@pytest.mark.parametrize(
    "bar", ["x|1|1|1|1|1|", "1772618459|1|1|1", "|1|1|1|1|1|", "9e29|1|1|1|1|1|0", "1772618459|NaN|1|1|1|1|"]
)
def test_one_bad_bar_spoils_the_answer(bar: str) -> None:
    """A bar that cannot be read is named by its place: leaving it out would be a gap."""
    with pytest.raises(UnexpectedReply, match=r"dataReponse\[1\]"):
        CODEC.decode(MINUTES, answer({"dataReponse": f"1772618459|1|1|1|1|1|,{bar}"}), MARKET)
