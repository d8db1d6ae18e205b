"""The master, quotes, bars and subscriptions."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulator.trader import INTERACTIVE, MARKET, NIFTY_PUT, RELIANCE, exchange

from jainam.simulator.clock import IST
from jainam.simulator.derivatives import DerivativeMaker, Tokens, last_weekday, monthly_expiries, share_underlying
from jainam.simulator.instruments import CALL, FUTURE, OPTION, SPREAD, Instrument, instrument_from, segment_name
from jainam.simulator.market import Market, Trading
from jainam.simulator.master import Master, master_of
from jainam.simulator.prices import starting_price
from jainam.simulator.wire import dump

PUBLISHED = date(2026, 1, 12)
ELSEWHEN = date(2026, 10, 1)
SAMPLES = Path(__file__).parent / "samples"


def named(master: Master, description: str) -> Instrument:
    """Return the instrument called *description*."""
    return next(each for each in master.instruments.values() if each.description == description)


def test_published_day_serves_the_published_rows() -> None:
    """On the day of the samples the published rows are served as they were, and generated ones beside them."""
    master = master_of(PUBLISHED)
    row = json.loads((SAMPLES / "master_response.json").read_text("utf-8"))["result"].splitlines()[1]
    assert row in master.text("NSEFO").splitlines()
    assert {"MCXFO", "NSECD"} <= {each.segment for each in master.instruments.values()}
    names = [(each.segment, each.description) for each in master.instruments.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("description", "segment", "columns"),
    [
        ("NIFTY26OCTFUT", "NSEFO", 21),
        ("NIFTY26O0625800CE", "NSEFO", 23),
        ("NIFTY26OCT25800PE", "NSEFO", 23),
        ("BANKNIFTY26NOV59200CE", "NSEFO", 23),
        ("SENSEX26O0883900CE", "BSEFO", 23),
        ("BANKEX26OCTFUT", "BSEFO", 21),
        ("M&M26DECFUT", "NSEFO", 21),
        ("BAJAJ-AUTO26OCT9500PE", "NSEFO", 23),
        ("HDFCBANK26OCT937.5CE", "NSEFO", 23),
        ("RELIANCE26OCT26NOVFUT", "NSEFO", 21),
    ],
)
def test_generated_names_and_columns(description: str, segment: str, columns: int) -> None:
    """Monthly and weekly contracts are named by the exchanges' rules and have the columns of their kind."""
    instrument = named(master_of(ELSEWHEN), description)
    assert (segment, columns) == (instrument.segment, len(instrument.row.split("|")))


def test_generated_numbers_follow_the_published_ones() -> None:
    """Lots, freeze quantities, composite ids and displays are made as the published rows have them."""
    master = master_of(ELSEWHEN)
    nifty, bankex = named(master, "NIFTY26OCT25800PE"), named(master, "BANKEX26OCTFUT")
    spread, share = named(master, "RELIANCE26OCT26NOVFUT"), named(master, "RELIANCE26OCTFUT")
    assert (65, 1801, "NIFTY 27OCT2026 PE 25800") == (nifty.lot, nifty.freeze, nifty.display)
    assert f"26300{nifty.token:08d}" == nifty.instrument_id
    assert (30, 600, "2026-10-29T00:00:00") == (bankex.lot, bankex.freeze, bankex.expiry)
    assert ("", "RELIANCE 27OCT24NOV SPD", "-1") == (spread.index_name, spread.display, spread.underlying)
    assert -spread.high == spread.low
    assert f"21001{spread.token:08d}" == spread.instrument_id
    assert ("1100100002885", "RELIANCE") == (share.underlying, share.index_name)
    for name, lot in {"BANKNIFTY": 30, "FINNIFTY": 60, "MIDCPNIFTY": 120, "SENSEX": 20}.items():
        assert lot == named(master, f"{name}26OCTFUT").lot


def test_expiries_are_to_come() -> None:
    """Four weeklies and three months of the indices, none of them past, three months of the shares."""
    contracts = master_of(ELSEWHEN).instruments.values()
    weeklies = {each.expiry for each in contracts if each.name == "NIFTY" and each.kind == OPTION}
    assert ["2026-10-06", "2026-10-13", "2026-10-20", "2026-10-27", "2026-11-24", "2026-12-29"] == sorted(
        expiry[:10] for expiry in weeklies
    )
    assert 3 == len([each for each in contracts if each.name == "SBIN" and each.kind == FUTURE])
    sensex = {
        date.fromisoformat(each.expiry[:10]).weekday() for each in contracts if each.name == "SENSEX" and each.expiry
    }
    assert {3} == sensex


@given(day=st.dates(date(2024, 1, 1), date(2030, 12, 31)), weekday=st.integers(0, 4))
def test_monthly_expiry_is_the_last_such_weekday(day: date, weekday: int) -> None:
    """A month's expiry is followed by no such weekday in that month, and never lies before the day."""
    for expiry in monthly_expiries(day, weekday):
        assert expiry >= day
        assert (weekday, True) == (expiry.weekday(), (expiry + timedelta(days=7)).month != expiry.month)
    assert last_weekday(2026, 12, 1) == date(2026, 12, 29)


def test_contracts_keep_their_numbers_from_day_to_day() -> None:
    """Nearly every contract has the same number tomorrow as today."""
    today, tomorrow = master_of(ELSEWHEN), master_of(ELSEWHEN + timedelta(days=1))
    numbers = {each.description: each.token for each in tomorrow.instruments.values()}
    kept = [numbers.get(each.description) == each.token for each in today.instruments.values()]
    assert sum(kept) > 0.9 * len(kept)


@pytest.mark.parametrize("day", [PUBLISHED, ELSEWHEN])
def test_every_starting_price_can_be_traded_at(day: date) -> None:
    """The first price of everything lies on a tick and inside the band."""
    market = Market(master_of(day))
    for instrument in market.master.instruments.values():
        price = market.last(instrument)
        assert instrument.on_tick(price), instrument
        if instrument.has_band:
            assert instrument.low <= price <= instrument.high, instrument
        elif instrument.kind != SPREAD:
            assert price > 0


def test_option_prices_fall_with_the_strike() -> None:
    """Of generated calls of one expiry the one with the higher strike is never dearer."""
    market = Market(master_of(ELSEWHEN))
    calls = [
        each
        for each in market.master.instruments.values()
        if each.name == "NIFTY" and each.option_type == CALL and each.expiry.startswith("2026-10-27")
    ]
    prices = [market.last(each) for each in sorted(calls, key=lambda each: each.strike or 0)]
    assert sorted(prices, reverse=True) == prices


def test_larger_masters_can_be_had() -> None:
    """About as many rows as asked for are made, with numbers and names of their own."""
    master = master_of(ELSEWHEN, 6000)
    rows = master.instruments.values()
    assert 6000 == len(rows)
    assert len(rows) == len({(each.segment, each.description) for each in rows})
    assert named(master, "SHARE0001-EQ").has_band
    assert master_of(ELSEWHEN, 10).instruments.keys() == master_of(ELSEWHEN).instruments.keys()


def test_a_master_file_takes_the_place_of_ours(tmp_path: Path) -> None:
    """The rows of a file are served as they stand, its comments left out."""
    path = tmp_path / "master.txt"
    numbers = "1100100000007|0|0|1000|0.05|1|1"
    row = f"NSECM|7|8|ALPHA|ALPHA-EQ|EQ|ALPHA-EQ|{numbers}|ALPHA|INE000000007|1|1|ALPHA LTD-EQ|0|-1|-1"
    path.write_text(f"# made up\n\n{row}\n", "utf-8")
    trader = exchange(master_file=path)
    assert row == trader.ok("POST", f"{MARKET}/instruments/master", {"exchangeSegmentList": ["NSECM", 2, "XYZ"]})
    assert 100 == trader.row(trader.place(("NSECM", 7)))["OrderAverageTradedPrice"]


def test_broken_master_file_names_its_line(tmp_path: Path) -> None:
    """A row that cannot be read is reported by its line."""
    path = tmp_path / "broken.txt"
    path.write_text("NSECM|7|8|ALPHA\n", "utf-8")
    with pytest.raises(ValueError, match=r"broken\.txt, line 1"):
        exchange(master_file=path)


@pytest.mark.parametrize(
    ("body", "ok"), [({}, False), ({"exchangeSegmentList": "NSECM"}, False), ({"exchangeSegmentList": ["NSECO"]}, True)]
)
def test_master_wants_a_list(body: dict[str, Any], ok: bool) -> None:
    """A segment that is not offered gives an empty text; no list is a Bad Request; no token is needed."""
    trader = exchange()
    trader.market_token = ""
    status, answer = trader.answer("POST", f"{MARKET}/instruments/master", body)
    assert (200, "") == (status, answer["result"]) if ok else 400 == status


def test_segments_by_name_and_number() -> None:
    """A segment is understood by its name, its number, and its number as text."""
    assert ["NSEFO"] * 3 == [segment_name(value) for value in ("nsefo", 2, "2")]
    assert segment_name(99) is None
    assert segment_name("x") is None


# Quotes


def quote(trader: Any, code: int, *instruments: tuple[int, Any]) -> list[dict[str, Any]]:
    """Return the quotes that come back."""
    body = {
        "instruments": [{"exchangeSegment": segment, "exchangeInstrumentID": token} for segment, token in instruments],
        "xtsMessageCode": code,
        "publishFormat": "JSON",
    }
    result = trader.ok("POST", f"{MARKET}/instruments/quotes", body)
    return [json.loads(each, parse_float=Decimal) for each in result["listQuotes"]]


def test_unknown_instruments_vanish() -> None:
    """An instrument that does not exist is echoed and has no quote."""
    trader = exchange()
    assert [2885] == [each["ExchangeInstrumentID"] for each in quote(trader, 1501, (1, 999999999), (1, 2885))]


def test_quotes_follow_the_price() -> None:
    """Last price, range, change and depth follow what happened, and depth lies on either side of the price."""
    trader = exchange()
    trader.place()
    trader.price(1320)
    [touch] = quote(trader, 1501, (1, "2885"))
    assert (1320, 1320, Decimal("1309.5"), 10) == (
        touch["LastTradedPrice"],
        touch["High"],
        touch["Low"],
        touch["TotalTradedQuantity"],
    )
    assert touch["PercentChange"] > 0
    [depth] = quote(trader, 1502, (1, 2885))
    assert 5 == len(depth["Bids"]) == len(depth["Asks"])
    assert depth["Bids"][0]["Price"] < 1320 < depth["Asks"][0]["Price"]


def test_stamps_count_from_1980() -> None:
    """Exchange stamps are seconds since 1 January 1980 in India."""
    [last] = quote(exchange(), 1512, (1, 2885))
    moment = datetime(1980, 1, 1, tzinfo=IST) + timedelta(seconds=last["ExchangeTimeStamp"])
    assert datetime(2026, 1, 12, 10, 15, tzinfo=IST) == moment


def test_what_makes_no_sense_is_left_out() -> None:
    """Indices have no depth, shares no open interest, and candles come by stream alone."""
    trader = exchange()
    assert [] == quote(trader, 1502, (1, 26000))
    assert [] == quote(trader, 1510, (1, 2885))
    assert [] == quote(trader, 1505, (2, 48225))


def test_nobody_bids_below_the_band() -> None:
    """Levels outside the band are empty."""
    trader = exchange()
    trader.price(114.5, NIFTY_PUT)
    [depth] = quote(trader, 1502, (2, 48225))
    assert (0, True) == (depth["Bids"][0]["Size"], depth["Asks"][0]["Size"] > 0)


@pytest.mark.parametrize(
    "body",
    [
        {"xtsMessageCode": 1501, "publishFormat": "JSON"},
        {"instruments": [{"exchangeSegment": 1, "exchangeInstrumentID": 2885}], "xtsMessageCode": 1501},
        {"instruments": [{"exchangeSegment": 1, "exchangeInstrumentID": 2885}], "publishFormat": "1"},
        {"instruments": ["RELIANCE"], "xtsMessageCode": 1501, "publishFormat": "JSON"},
    ],
)
def test_incomplete_quote_requests_are_refused(body: dict[str, Any]) -> None:
    """Instruments, message code and format are required."""
    assert "Bad Request" == exchange().refused("POST", f"{MARKET}/instruments/quotes", body)[2]


def test_change_without_a_close_is_none() -> None:
    """An instrument that closed at zero has moved by nothing."""
    nothing = Decimal(0)
    assert nothing == Trading(Decimal(1), nothing, nothing, nothing, nothing).percent_change


# Subscriptions


def subscription(*tokens: int, code: int = 1512) -> dict[str, Any]:
    """Return a request to subscribe."""
    return {
        "instruments": [{"exchangeSegment": 1, "exchangeInstrumentID": token} for token in tokens],
        "xtsMessageCode": code,
    }


def test_subscriptions_are_counted_down() -> None:
    """Each instrument and code counts once; asking again is an error; unsubscribing gives it back."""
    trader = exchange()
    path = f"{MARKET}/instruments/subscription"
    assert 48 == trader.ok("POST", path, subscription(2885, 1594))["Remaining_Subscription_Count"]
    assert (400, "e-session-0002", "Instrument Already Subscribed !") == trader.refused(
        "POST", path, subscription(2885)
    )
    assert 47 == trader.ok("POST", path, subscription(2885, code=1501))["Remaining_Subscription_Count"]
    assert 48 == trader.ok("PUT", path, subscription(2885))["Remaining_Subscription_Count"]


def test_subscriptions_have_a_limit() -> None:
    """Beyond the limit of the key nothing is subscribed."""
    trader = exchange(subscription_limit=1)
    path = f"{MARKET}/instruments/subscription"
    assert "e-session-0004" == trader.refused("POST", path, subscription(2885, 1594))[1]
    assert 0 == trader.ok("POST", path, subscription(2885))["Remaining_Subscription_Count"]


# Bars


def bars(start: str, end: str, interval: str, instrument: str = "2885") -> list[list[str]]:
    """Return the fields of every bar."""
    result = exchange().ok(
        "GET",
        f"{MARKET}/instruments/ohlc",
        exchangeSegment="1",
        exchangeInstrumentID=instrument,
        startTime=start,
        endTime=end,
        compressionValue=interval,
    )
    return [bar.split("|") for bar in result["dataReponse"].split(",") if bar]


def test_bars_are_stamped_at_their_end_in_local_time() -> None:
    """A one-minute bar has eight fields, the last one empty, and the stamp of its last second as if it were UTC."""
    found = bars("Jan 12 2026 100000", "Jan 12 2026 100200", "60")
    assert [8, 8, 8] == [len(bar) for bar in found]
    assert "" == found[0][7]
    stamp = datetime(1970, 1, 1) + timedelta(seconds=int(found[0][0]))
    assert datetime(2026, 1, 12, 10, 0, 59) == stamp
    for _stamp, opened, high, low, closed, volume, _interest, _end in found:
        assert (
            Decimal(low)
            <= min(Decimal(opened), Decimal(closed))
            <= max(Decimal(opened), Decimal(closed))
            <= Decimal(high)
        )
        assert int(volume) > 0


def test_bars_join_and_repeat() -> None:
    """Each bar opens where the one before closed, and asking again gives the same."""
    found = bars("Jan 09 2026 091500", "Jan 09 2026 153000", "3600")
    assert 7 == len(found)
    assert [bar[4] for bar in found[:-1]] == [bar[1] for bar in found[1:]]
    assert found == bars("Jan 09 2026 091500", "Jan 09 2026 153000", "3600")


def test_bars_keep_to_the_past_and_to_trading_days() -> None:
    """There are no bars of weekends or of what is yet to come; a day's bar is one."""
    assert [] == bars("Jan 10 2026 091500", "Jan 11 2026 153000", "60")
    assert [] == bars("Jan 13 2026 091500", "Jan 13 2026 153000", "60")
    assert 5 == len(bars("Jan 05 2026 000000", "Jan 11 2026 235959", "D"))
    assert 20_000 == len(bars("Jan 05 2026 091500", "Jan 07 2026 153000", "1"))


def test_index_bars_by_name() -> None:
    """An index may be asked for by its name, and has no volume."""
    found = bars("Jan 09 2026 091500", "Jan 09 2026 092000", "300", "nifty 50")
    assert {"0"} == {bar[5] for bar in found}


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"compressionValue": "7"}, "Bad Request"),
        ({"startTime": "2026-01-09"}, "Bad Request"),
        ({"exchangeInstrumentID": "NIFTY 51"}, "Instrument not found"),
        ({"exchangeInstrumentID": "1"}, "Instrument not found"),
        ({"exchangeSegment": "XYZ"}, "Instrument not found"),
    ],
)
def test_bars_of_nothing(changes: dict[str, str], description: str) -> None:
    """An interval, time or instrument that does not exist is refused."""
    query = {
        "exchangeSegment": "1",
        "exchangeInstrumentID": "2885",
        "startTime": "Jan 09 2026 091500",
        "endTime": "Jan 09 2026 153000",
        "compressionValue": "60",
    }
    assert description == exchange().refused("GET", f"{MARKET}/instruments/ohlc", **(query | changes))[2]


# Look-ups


@pytest.mark.parametrize(
    ("route", "query"),
    [
        ("symbol", {"series": "EQ", "symbol": "NOBODY"}),
        ("expiryDate", {"series": "EQ", "symbol": "RELIANCE"}),
        ("futureSymbol", {"series": "FUTIDX", "symbol": "NIFTY", "expiryDate": "01Jan2020"}),
    ],
)
def test_look_ups_without_a_result(route: str, query: dict[str, str]) -> None:
    """What does not exist is not found."""
    path = f"{MARKET}/instruments/instrument/{route}"
    assert "e-instrument-0001" == exchange().refused("GET", path, exchangeSegment=1, **query)[1]


def test_search_finds_no_more_than_it_shows() -> None:
    """A search is by any part of a name, stops at a fair number, and may find nothing."""
    trader = exchange()
    path = f"{MARKET}/search/instruments"
    assert 200 == len(trader.ok("GET", path, searchString="nifty"))
    assert [] == trader.ok("GET", path, searchString="no such thing")
    assert [RELIANCE[1]] == [
        each["ExchangeInstrumentID"] for each in trader.ok("GET", path, searchString="reliance-eq")
    ]


def test_search_by_number() -> None:
    """A share, an index and a spot row are found by number; strangers are left out, and none at all is an error."""
    trader = exchange()
    path = f"{MARKET}/search/instrumentsbyid"
    asked = [
        {"exchangeSegment": segment, "exchangeInstrumentID": token}
        for segment, token in ((1, 2885), (51, 1001), (1, 5))
    ]
    found = trader.ok("POST", path, {"instruments": asked})
    assert [("RELIANCE", True), ("GOLD", False)] == [(each["Name"], each["IsTradeable"]) for each in found]
    assert "e-instrument-0001" == trader.refused("POST", path, {"instruments": asked[2:]})[1]
    assert "e-instrument-0001" == trader.refused("POST", path, {})[1]


def test_currency_amounts_have_their_multiplier() -> None:
    """Amounts are price times quantity times multiplier, averages are prices."""
    trader = exchange()
    trader.place(("NSECD", 2105), orderQuantity=2, productType="NRML")
    [row] = trader.ok("GET", f"{INTERACTIVE}/portfolio/positions", dayOrNet="NetWise")["positionList"]
    assert ("1000", "90.075", "180150") == (row["Multiplier"], row["BuyAveragePrice"], row["BuyAmount"])


def test_spreads_trade_around_zero() -> None:
    """A calendar spread may have a negative price."""
    trader = exchange()
    row = trader.row(trader.limit(-1, ("NSEFO", 12703929), orderQuantity=3150, productType="NRML"))
    assert ("New", True, -1) == (row["OrderStatus"], row["IsSpread"], row["OrderPrice"])


def test_only_numbers_have_a_form_of_their_own() -> None:
    """Something that is no JSON is an error and not a guess."""
    with pytest.raises(TypeError, match="set has no JSON form"):
        dump({"a": {1}})


def test_spread_without_a_band_starts_at_zero() -> None:
    """A calendar spread of unknown band is worth nothing at first."""
    row = (
        "NSEFO|9|4|GAIL|GAIL26JAN26FEBFUT|FUTSTK|GAIL-FUTSTK|x|0|0|1|0.01|1|1|-1||2026-01-27T14:30:00|GAIL SPD|1|1|GAIL"
    )
    assert Decimal(0) == starting_price(instrument_from(row), PUBLISHED, {})


def test_strikes_stay_above_zero() -> None:
    """A cheap share has no strikes at or below zero."""
    share = master_of(PUBLISHED).instruments[RELIANCE]
    cheap = share_underlying(share, 10, Decimal(10), Decimal(25))
    strikes = {each.strike for each in DerivativeMaker(PUBLISHED, Tokens()).contracts([cheap]) if each.kind == OPTION}
    assert {Decimal(10 * place) for place in range(1, 13)} == strikes
