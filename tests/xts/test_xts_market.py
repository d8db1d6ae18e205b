"""Quotes, index lists and the master as the market-data API sends them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from xts.support import CODEC, MARKET, answer, read, sample

from jainam.adapters.xts.values import INDIA
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey, Token
from jainam.domain.listings import Listing, contract_of
from jainam.domain.steps import DownloadMaster, ReadIndexes, ReadQuotes
from jainam.domain.vocabulary import Exchange, Kind

OPTION = InstrumentRef(Exchange.NFO, Token(48225))
INDEX = InstrumentRef(Exchange.NSE_INDEX, Token(26000))
TODAY = dt.date(2026, 1, 12)


@pytest.mark.parametrize("name", ["quotes_1501", "quotes_1502"])
def test_quotes_flat_and_with_depth(name: str) -> None:
    """A touchline and a depth message say the same of the last trade, the day and the best prices."""
    quote = read(ReadQuotes((OPTION,)), name, session=MARKET)[0]

    assert (quote.instrument, quote.last_price, quote.volume) == (OPTION, Decimal("125.35"), 1820650)
    assert (quote.open, quote.high, quote.low) == (Decimal(115), Decimal("131.4"), Decimal("102.55"))
    assert (quote.previous_close, quote.bid, quote.ask) == (Decimal("114.7"), Decimal("125.3"), Decimal("125.4"))
    assert quote.raw["ExchangeInstrumentID"] == 48225


def test_quotes_nested_and_without_bids() -> None:
    """An index nests its numbers, and a bid of zero is no bid."""
    _, quote = read(ReadQuotes((OPTION, INDEX)), "quotes_1501", session=MARKET)

    assert (quote.instrument, quote.last_price, quote.bid, quote.ask) == (INDEX, Decimal("25790.4"), None, None)


def test_quotes_of_the_last_price_alone() -> None:
    """A message that knows only the last price leaves the rest unknown."""
    (quote,) = read(ReadQuotes((OPTION,)), "quotes_1512", session=MARKET)

    assert (quote.last_price, quote.open, quote.volume, quote.bid) == (Decimal("125.35"), None, None, None)


def test_a_quote_may_be_an_object_and_spell_its_number_otherwise() -> None:
    """Objects in place of texts, segments as text, the other spelling of the token: all are read."""
    message = {
        "ExchangeSegment": "NSEFO",
        "ExchangeInstrumentId": "48225",
        "LastTradedPrice": "1,125.35",
        "Bids": [{"Price": 125.3}],
        "Asks": [],
    }
    (quote,) = CODEC.decode(ReadQuotes((OPTION,)), answer({"listQuotes": [message]}), MARKET)

    assert (quote.last_price, quote.bid, quote.ask) == (Decimal("1125.35"), Decimal("125.3"), None)


def moment(**stamps: object) -> dt.datetime | None:
    """When a quote with these *stamps* was true."""
    message = {"ExchangeSegment": 2, "ExchangeInstrumentID": 48225, "LastTradedPrice": 125.35, **stamps}
    (quote,) = CODEC.decode(ReadQuotes((OPTION,)), answer({"listQuotes": [message]}), MARKET)
    return quote.at


def test_stamps_count_from_1980_in_india() -> None:
    """The protocol's own measured stamp is the afternoon of a day in 2021, and a capture's is 10:15:30 on its day."""
    assert moment(LastUpdateTime=1296226959) == dt.datetime(2021, 1, 27, 15, 2, 39, tzinfo=INDIA)
    for name in ("quotes_1501", "quotes_1502", "quotes_1512"):
        quote = read(ReadQuotes((OPTION,)), name, session=MARKET)[0]
        assert quote.at == dt.datetime(2026, 1, 12, 10, 15, 30, tzinfo=INDIA)


def test_stamps_in_unix_seconds_are_told_by_their_size() -> None:
    """Some segments of some servers count from 1970 (trap 19): one number read both ways lies ten years apart."""
    noon = dt.datetime(2026, 1, 12, 12, 0, tzinfo=INDIA)

    assert moment(LastUpdateTime=int(noon.timestamp())) == noon
    assert moment(LastUpdateTime=str(int(noon.timestamp()))) == noon
    assert moment(LastUpdateTime=1_720_000_000) == dt.datetime(2034, 7, 3, 9, 46, 40, tzinfo=INDIA)
    assert moment(LastUpdateTime=1_720_000_001) == dt.datetime(2024, 7, 3, 15, 16, 41, tzinfo=INDIA)


def test_the_newest_stamp_counts() -> None:
    """A book that was looked at a second ago is no older because nothing in it changed since morning."""
    assert moment(LastUpdateTime=1452670000, ExchangeTimeStamp=1452680130) == moment(LastUpdateTime=1452680130)
    assert moment(Touchline={"LastUpdateTime": 1452680131}, ExchangeTimeStamp=1452680130) == moment(
        ExchangeTimeStamp=1452680131
    )


@pytest.mark.parametrize("nothing", [0, "", None])
def test_a_quote_without_a_stamp_has_no_time(nothing: object) -> None:
    """No stamp, and the zero that stands for none, are no moment in 1980."""
    assert moment(LastUpdateTime=nothing) is None


@pytest.mark.parametrize("nonsense", [-5, 1452680130000, "noon"])
def test_a_stamp_that_is_none_is_an_error(nonsense: object) -> None:
    """A quote whose time is nonsense is not taken for one without a time, which would protect an order at any age."""
    with pytest.raises(UnexpectedReply):
        moment(LastUpdateTime=nonsense)


def test_quotes_are_matched_by_what_stands_inside() -> None:
    """Order and number of the answers mean nothing; what was not asked for is left out."""
    messages = [{"ExchangeSegment": 1, "ExchangeInstrumentID": token, "LastTradedPrice": token} for token in (3, 1, 2)]
    refs = tuple(InstrumentRef(Exchange.NSE, Token(token)) for token in (1, 2))
    quotes = CODEC.decode(ReadQuotes(refs), answer({"listQuotes": messages}), MARKET)

    assert {quote.instrument.token: quote.last_price for quote in quotes} == {1: 1, 2: 2}
    assert read(ReadQuotes((OPTION,)), "quotes_unknown_instrument", session=MARKET) == ()


@pytest.mark.parametrize(
    "item",
    [
        "canary",
        "[]",
        5,
        None,
        {},
        {"ExchangeSegment": 1},
        {"ExchangeSegment": "SLBM", "ExchangeInstrumentID": 1},
        {"ExchangeSegment": 2, "ExchangeInstrumentID": 48225, "LastTradedPrice": "canary"},
    ],
)
def test_a_quote_that_cannot_be_read_is_an_error(item: object) -> None:
    """The place of the quote is named, not its text."""
    with pytest.raises(UnexpectedReply, match=r"listQuotes\[0\]") as caught:
        CODEC.decode(ReadQuotes((OPTION,)), answer({"listQuotes": [item]}), MARKET)
    assert "canary" not in str(caught.value)


def contracts(found: Listing) -> tuple[Contract, ...]:
    """What was read, as contracts."""
    return tuple(map(contract_of, found.rows))


def test_index_lists_become_contracts_to_watch() -> None:
    """Names are OpenAlgo's, tokens the server's, and the number behind the last underscore is the token (5.4)."""
    nse = contracts(read(ReadIndexes("NSECM"), "indexlist", session=MARKET))
    bse = contracts(read(ReadIndexes("BSECM"), "indexlist_bse", session=MARKET))

    assert {row.symbol: row.token for row in nse} == {
        "NIFTY": 26000,
        "BANKNIFTY": 26001,
        "FINNIFTY": 26034,
        "MIDCPNIFTY": 26121,
        "INDIAVIX": 26002,
    }
    assert {row.symbol: row.token for row in bse} == {"SENSEX": 26065, "BANKEX": 26118, "SENSEX50": 26106}
    assert {row.exchange for row in nse} == {Exchange.NSE_INDEX}
    assert {(row.kind, row.lot_size, row.tick_size) for row in bse} == {(Kind.INDEX, 1, Decimal("0.05"))}
    assert (nse[1].name, nse[1].broker_symbol, nse[1].broker_exchange) == ("NIFTY BANK", "NIFTY BANK", "NSECM")


def test_index_lists_are_read_with_tolerance() -> None:
    """A name with underscores keeps them, a second entry of one name and an unreadable one are left out."""
    entries = ["A_B_7", "A_B_8", "NOTOKEN", "_9", "X_y", 5, f"HUGE_{'9' * 19}", "ZERO_0"]
    listing = CODEC.decode(ReadIndexes("NSECM"), answer({"indexList": entries}), MARKET)
    (found,) = contracts(listing)

    assert (found.key, found.token) == (SymbolKey("A_B", Exchange.NSE_INDEX), 7)
    tally = listing.tally
    assert (tally.lines, tally.unreadable, tally.troubles[0]) == (8, 6, "entry 3 is no NAME_TOKEN")
    for segment, names in (("NSECM", []), ("MCXFO", ["MCXBULLDEX_1"])):
        assert not CODEC.decode(ReadIndexes(segment), answer({"indexList": names}), MARKET).rows
    with pytest.raises(UnexpectedReply, match="indexList"):
        CODEC.decode(ReadIndexes("NSECM"), answer({"indexList": ["?"]}), MARKET)


def test_the_master_is_one_text_inside_the_envelope() -> None:
    """The published answer holds rows of two segments; those of the one asked for are taken."""
    (reliance,) = contracts(read(DownloadMaster("NSECM", TODAY), "master_response", session=MARKET))
    (future,) = contracts(read(DownloadMaster("NSEFO", TODAY), "master_response", session=MARKET))

    assert (str(reliance.key), str(future.key)) == ("NSE:RELIANCE", "NFO:NIFTY27JAN26FUT")
    assert json.loads(sample("master_response"))["result"].count("\n") == 1


@pytest.mark.parametrize("result", ["", "\n", None, [], {}])
def test_a_segment_that_may_not_be_traded_is_empty(result: object) -> None:
    """Success with nothing in it is how a server says that the account may not trade there (protocol 5.3)."""
    assert not list(CODEC.decode(DownloadMaster("MCXFO", TODAY), answer(result), MARKET).rows)


def test_a_master_that_is_no_text_is_an_error() -> None:
    """A list of rows, or anything else that holds something, is not what we know how to read."""
    with pytest.raises(UnexpectedReply, match="no text"):
        CODEC.decode(DownloadMaster("NSECM", TODAY), answer(["row"]), MARKET)
