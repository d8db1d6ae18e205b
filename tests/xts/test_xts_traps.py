"""The traps of the protocol reference, section 7, by their numbers; 15 to 17, 20 and 26 are tried on a whole desk."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from attrs import evolve
from xts.support import (
    CODEC,
    CREDENTIALS,
    DEALER,
    INVESTOR,
    MARKET,
    OPTION,
    ORDER,
    PLACE,
    PRO,
    TAG,
    answer,
    body_of,
    page,
    read,
    refusal,
    row_of,
    sample,
)

from jainam.adapters.xts.codec import XtsCodec
from jainam.adapters.xts.credentials import Credentials
from jainam.adapters.xts.master import parse_master
from jainam.adapters.xts.profiles import JAINAM_PROP
from jainam.domain.errors import BrokerError, BrokerUnavailable, OrderRejected, RateLimited
from jainam.domain.instruments import InstrumentRef, Token
from jainam.domain.sessions import Api
from jainam.domain.steps import (
    CancelOrder,
    FindOrder,
    ListHoldings,
    ListOrders,
    ListPositions,
    ListTrades,
    Login,
    ModifyOrder,
    ReadFunds,
    ReadIndexes,
    ReadProfile,
    ReadQuotes,
)
from jainam.domain.vocabulary import Exchange, OrderState, PriceType, Side
from jainam.ports.transport import HttpResponse

LEGACY = row_of("order_book_legacy")


def test_trap_1_empty_books_come_in_two_ways() -> None:
    """Trap 1: an empty book is an HTTP 400 error on ordinary routes and a success with [] on dealer routes."""
    assert read(ListOrders(), "error_orderbook_empty", status=400, session=INVESTOR) == ()
    assert read(ListOrders(), "dealer_orderbook_empty") == ()
    assert read(ListTrades(), "error_tradebook_empty", status=400, session=INVESTOR) == ()
    assert read(ListTrades(), "dealer_tradebook_empty") == ()


def test_trap_2_a_success_may_carry_an_error_code() -> None:
    """Trap 2: the market-data login succeeds under the code `e-response-0010`."""
    assert read(Login(Api.MARKET_DATA, "/apimarketdata"), "login_market", session=None).user_id == "CLIENT01"


def test_trap_3_http_status_says_nothing() -> None:
    """Trap 3: errors come with HTTP 200, and HTTP 500 with a page; the type decides."""
    with pytest.raises(OrderRejected):
        read(PLACE, "order_place_rejected", status=200)
    with pytest.raises(BrokerUnavailable):
        CODEC.decode(ListHoldings(), page(500, "Error"), DEALER)
    assert read(ListOrders(), "dealer_orderbook_empty", status=400) == ()
    assert CODEC.decode(PLACE, answer({"AppOrderID": 7}, 400, type=True), DEALER) == "7"
    assert CODEC.decode(PLACE, answer({"AppOrderID": 7}, 201, type="SUCCESS"), DEALER) == "7"


def test_trap_4_five_asterisks_are_a_client() -> None:
    """Trap 4: `*****` goes out as it is, in bodies and, escaped, in addresses; rows come back under another name."""
    assert body_of(PRO.encode(PLACE, DEALER))["clientID"] == "*****"
    assert PRO.encode(ListPositions(), DEALER).url.endswith("dayOrNet=NetWise&clientID=%2A%2A%2A%2A%2A")
    found = PRO.decode(FindOrder(TAG), answer([{**row_of("order_book"), "ClientID": "PRO1"}]), DEALER)
    assert found is not None


def test_trap_5_misspelt_keys_are_read_as_they_are() -> None:
    """Trap 5: the server's spellings (`LastTradedQunatity`, `NotinalCash`) are neither needed nor stumbled over."""
    (quote,) = read(ReadQuotes((OPTION.ref,)), "quotes_1512", session=MARKET)

    assert quote.raw["LastTradedQunatity"] == 65
    assert read(ReadFunds(), "balance").raw["limitObject"]["marginAvailable"]["NotinalCash"] == "0"


def test_trap_6_the_instrument_has_two_spellings_and_three_types() -> None:
    """Trap 6: `ExchangeInstrumentID` or `ExchangeInstrumentId`, a number or a text."""
    (old,) = read(ListPositions(), "positions_netwise_commas")

    assert old.instrument == InstrumentRef(Exchange.NFO, Token(43422))
    rows = [{**row_of("order_book"), "ExchangeInstrumentID": spelling} for spelling in (48225, "48225", 48225.0)]
    assert {row.instrument for row in CODEC.decode(ListOrders(), answer(rows), DEALER)} == {OPTION.ref}


def test_trap_7_numbers_with_commas_and_without_value() -> None:
    """Trap 7: thousands commas, "NaN", "" and null; `cashAvailable` may have a fraction."""
    (old,) = read(ListPositions(), "positions_netwise_commas")
    limits = {"cashAvailable": "267.2", "MTM": "NaN", "collateral": 0, "netMarginAvailable": "nan"}
    entry = {"limitHeader": "ALL|ALL|ALL", "limitObject": {"RMSSubLimits": limits}}
    funds = CODEC.decode(ReadFunds(), answer({"BalanceList": [entry]}), DEALER)

    assert (old.quantity, old.sell_average) == (-75, Decimal("82.70"))
    assert read(ListOrders(), "order_book_legacy")[0].average_price == Decimal("2853.50")
    assert (funds.cash, funds.available) == (Decimal("267.2"), None)
    raw = HttpResponse(200, b'{"type":"success","result":[{"HoldingQuantity":1,"BuyAvgPrice":NaN}]}')
    assert CODEC.decode(ListHoldings(), raw, DEALER)[0].average_price is None


@pytest.mark.parametrize("number", ["1110000000", "1110000000.0", '"1110000000"', "9007199254740993", "1.11E9"])
def test_trap_8_order_numbers_never_pass_through_floats(number: str) -> None:
    """Trap 8: an order number comes as int, float or text, and beyond 2**53 a float would lose its last digit."""
    response = HttpResponse(200, f'{{"type":"success","result":{{"AppOrderID":{number}}}}}'.encode())
    expected = {"1.11E9": "1110000000"}.get(number, number.strip('"').removesuffix(".0"))

    assert CODEC.decode(PLACE, response, DEALER) == expected
    row = {**row_of("order_book"), "AppOrderID": "@", "ExchangeOrderID": "1300000000005507123"}
    book = json.dumps({"type": "success", "result": [row]}).replace('"@"', number).encode()
    (found,) = CODEC.decode(ListOrders(), HttpResponse(200, book), DEALER)
    assert (found.order_id, found.exchange_order_id) == (expected, "1300000000005507123")


def test_trap_9_the_total_is_not_always_first() -> None:
    """Trap 9: the first entry of the published balance is that of commodities, with nothing in it."""
    first = json.loads(sample("balance"))["result"]["BalanceList"][0]

    assert first["limitHeader"] == "COMMODITIES|MCX|ALL"
    assert read(ReadFunds(), "balance").available == Decimal("491855.5")


def test_trap_10_two_generations_of_rows() -> None:
    """Trap 10: `Sell` and `SELL`, ISO and day-first dates, averages as text and as number."""
    filled, stop = read(ListOrders(), "order_book_legacy")

    assert (filled.side, stop.side) == (Side.SELL, Side.BUY)
    assert filled.placed_at is not None
    assert filled.placed_at.isoformat() == "2020-12-15T09:20:02.437211+05:30"
    assert (stop.average_price, stop.price_type, stop.trigger_price) == (None, PriceType.SL_M, Decimal("210.5"))


def test_trap_11_futures_are_not_read_with_the_header_of_options() -> None:
    """Trap 11: a future has no strike columns, so its display name is not taken for one."""
    row = (
        "NSEFO|49229|1|NIFTY|NIFTY26JANFUT|FUTIDX|NIFTY-FUTIDX|2602700049229|28369.8|23211.8|1801|0.1|65|1|-1|Nifty 50"
        "|2026-01-27T14:30:00|NIFTY 27JAN2026|1|1|NIFTY26JANFUT"
    )
    (future,) = parse_master(row, "NSEFO", dt.date(2026, 1, 12))

    assert (future.symbol, future.strike, future.broker_symbol) == ("NIFTY27JAN26FUT", None, "NIFTY 27JAN2026")


def test_trap_12_the_freeze_quantity_is_one_too_many_on_nse() -> None:
    """Trap 12: 1801 in the file means that 1800 is the largest order."""
    row = (
        "NSEFO|48225|2|NIFTY|NIFTY2621725700PE|OPTIDX|NIFTY-OPTIDX|2604800048225|588|114.5|1801|0.05|65|1|-1|Nifty 50"
        "|2026-02-17T14:30:00|25700|4|NIFTY 17FEB2026 PE 25700|1|1|NIFTY2621725700PE"
    )

    assert parse_master(row, "NSEFO", dt.date(2026, 1, 12))[0].freeze_quantity == 1800


@pytest.mark.parametrize("token", [26001, 26009])
def test_trap_13_index_numbers_differ_between_servers(token: int) -> None:
    """Trap 13: the number of an index is read from this server's list."""
    (bank,) = CODEC.decode(ReadIndexes("NSECM"), answer({"indexList": [f"NIFTY BANK_{token}"]}), MARKET).rows

    assert bank[1:3] == ("BANKNIFTY", token)


def test_trap_14_dates_of_rest_are_local() -> None:
    """Trap 14: dates in books are India's wall clock."""
    placed = read(ListOrders(), "order_book")[0].placed_at

    assert placed is not None
    assert placed.astimezone(dt.UTC).hour == 4


def test_trap_18_unknown_instruments_vanish() -> None:
    """Trap 18: an instrument the broker does not know is missing from the answer, and from ours."""
    assert read(ReadQuotes((OPTION.ref,)), "quotes_unknown_instrument", session=MARKET) == ()


def test_trap_19_what_comes_is_told_by_itself() -> None:
    """Trap 19: a depth message may come where another was asked for; a quote is read by what it holds."""
    (quote,) = read(ReadQuotes((OPTION.ref,)), "quotes_1502", session=MARKET)
    assert (quote.instrument, quote.last_price) == (OPTION.ref, Decimal("125.35"))


def test_trap_21_the_sdks_slips_are_not_copied() -> None:
    """Trap 21: `dealerpositions` has its leading slash, and every field of a modification its right name."""
    modify = ModifyOrder(read(ListOrders(), "order_book")[0].order_id, ORDER, OPTION, TAG)

    assert "/interactive/portfolio/dealerpositions?" in CODEC.encode(ListPositions(), DEALER).url
    assert "modifiedOrderQuantity" in body_of(CODEC.encode(modify, DEALER))


def test_trap_22_every_order_has_its_own_identifier() -> None:
    """Trap 22: the tag goes out as `orderUniqueIdentifier`, and the book is searched for it."""
    assert body_of(CODEC.encode(PLACE, DEALER))["orderUniqueIdentifier"] == TAG
    found = read(FindOrder(TAG), "order_book")
    assert found is not None
    assert found.tag == TAG


def test_trap_23_operations_for_ctcl_only_are_refusals() -> None:
    """Trap 23: `only enabled for ctcl` means that the account lacks the feature."""
    with pytest.raises(OrderRejected, match="only enabled for ctcl"):
        CODEC.decode(PLACE, refusal("only enabled for ctcl", ""), DEALER)
    with pytest.raises(BrokerError, match="only enabled for ctcl"):
        CODEC.decode(ReadProfile(), refusal("only enabled for ctcl", ""), DEALER)


def test_trap_24_profile_and_holdings_are_scarce() -> None:
    """Trap 24: one profile in five seconds, one look at the holdings in ten."""
    assert [(window.calls, window.seconds) for window in CODEC.windows(ReadProfile())] == [(1, 5)]
    assert [(window.calls, window.seconds) for window in CODEC.windows(ListHoldings())] == [(1, 10)]
    with pytest.raises(RateLimited):
        read(ListHoldings(), "error_rate_limit", status=200)


def test_trap_25_an_order_type_is_never_assumed() -> None:
    """Trap 25: each price type has its own spelling, and a price given to a market order stays behind (B-15)."""
    priced = evolve(ORDER, price=Decimal(100), trigger_price=Decimal(99))
    sent = {
        price_type: body_of(CODEC.encode(evolve(PLACE, order=evolve(priced, price_type=price_type)), INVESTOR))
        for price_type in PriceType
    }

    assert {
        price_type: (body["orderType"], body["limitPrice"], body["stopPrice"]) for price_type, body in sent.items()
    } == {
        PriceType.MARKET: ("MARKET", 0, 0),
        PriceType.LIMIT: ("LIMIT", 100, 0),
        PriceType.SL: ("STOPLIMIT", 100, 99),
        PriceType.SL_M: ("STOPMARKET", 0, 99),
    }


def test_trap_27_an_address_may_end_in_a_slash() -> None:
    """Trap 27: no address of ours has two slashes where the path begins."""
    codec = XtsCodec(profile=evolve(JAINAM_PROP, base_url="https://xts.example.test/"), credentials=CREDENTIALS)

    assert codec.encode(ListOrders(), INVESTOR).url == "https://xts.example.test/interactive/orders"


def test_trap_28_a_cancelled_order_may_have_traded() -> None:
    """Trap 28: what was executed is told by the quantity, not by the status."""
    row = {**row_of("order_book", 1), "OrderStatus": "Cancelled", "LeavesQuantity": 0}
    (cancelled,) = CODEC.decode(ListOrders(), answer([row]), DEALER)

    assert (cancelled.state, cancelled.filled, cancelled.pending) == (OrderState.CANCELLED, 260, 0)
    assert cancelled.average_price == Decimal("124.95")


def test_trap_29_a_sleeping_stop_looks_like_a_new_order() -> None:
    """Trap 29: an untriggered stop shows `New`; after the trigger its type changes and its stop price stays."""
    sleeping = next(row for row in read(ListOrders(), "order_book") if row.price_type is PriceType.SL)
    awake = {**row_of("order_book", 2), "OrderType": "Limit"}

    assert (sleeping.status, sleeping.is_sleeping_stop) == ("New", True)
    (row,) = CODEC.decode(ListOrders(), answer([awake]), DEALER)
    assert (row.price_type, row.trigger_price, row.is_sleeping_stop) == (PriceType.LIMIT, Decimal(1400), False)


def test_trap_30_secrets_with_signs_arrive_unmangled() -> None:
    """Trap 30: `$`, `#`, quotes and backslashes in a secret are the secret's."""
    secret = 'a$b#c"d\\e é'
    keys = Credentials(interactive_key="k$", interactive_secret=secret, market_key="m", market_secret=secret)
    codec = XtsCodec(profile=JAINAM_PROP, credentials=keys)

    for api in Api:
        request = codec.encode(Login(api, "/root"), None)
        assert body_of(request)["secretKey"] == secret
        assert "a$b#c" not in codec.describe(request)
    assert codec.encode(CancelOrder(read(PLACE, "order_place_ok")), INVESTOR).body is None


def test_legacy_rows_are_what_the_samples_hold() -> None:
    """The sample of the older generation is one: its dates have seven digits and its average a comma."""
    assert LEGACY["OrderGeneratedDateTime"].endswith("4372118")
    assert LEGACY["OrderAverageTradedPrice"] == "2,853.50"
