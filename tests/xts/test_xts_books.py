"""The books say in our words what the broker's rows say in theirs."""

from __future__ import annotations

import datetime as dt
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from xts.support import CODEC, DEALER, TAG, answer, read, row_of, sample

from jainam.adapters.xts.values import INDIA
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import InstrumentRef, Token
from jainam.domain.money import ZERO
from jainam.domain.orders import OrderTag
from jainam.domain.steps import FindOrder, ListHoldings, ListOrders, ListPositions, ListTrades
from jainam.domain.vocabulary import Exchange, OrderState, PriceType, Product, Side, TimeInForce
from jainam.ports.transport import HttpResponse

NIFTY_OPTION = InstrumentRef(Exchange.NFO, Token(48225))
RELIANCE = InstrumentRef(Exchange.NSE, Token(2885))


def test_an_order_row_of_the_newer_generation() -> None:
    """Every field of the published row arrives under our name, and the row itself is kept."""
    row = read(ListOrders(), "order_book")[0]

    assert (row.order_id, row.tag, row.instrument) == ("1110000030", TAG, NIFTY_OPTION)
    assert (row.side, row.product, row.price_type) == (Side.BUY, Product.NRML, PriceType.LIMIT)
    assert (row.quantity, row.filled, row.pending, row.disclosed_quantity) == (65, 65, 0, 0)
    assert (row.price, row.trigger_price, row.average_price) == (Decimal("125.35"), ZERO, Decimal("125.3"))
    assert (row.state, row.status, row.time_in_force) == (OrderState.FILLED, "Filled", TimeInForce.DAY)
    assert (row.exchange_order_id, row.reason, row.symbol) == ("1300000000005507", "", None)
    assert row.placed_at == dt.datetime(2026, 1, 12, 10, 15, 28, tzinfo=INDIA)
    assert row.updated_at == dt.datetime(2026, 1, 12, 10, 15, 30, tzinfo=INDIA)
    assert row.raw["OrderLegStatus"] == "SingleOrderLeg"


def test_every_published_status_is_understood() -> None:
    """One row per status, live or final as the protocol lists them."""
    rows = read(ListOrders(), "order_book")
    raw = json.loads(sample("order_book"))["result"]

    assert [row.status for row in rows] == [row["OrderStatus"] for row in raw]
    assert all(row.state is not OrderState.UNKNOWN for row in rows)
    assert {row.status for row in rows if not row.is_live} == {"Filled", "Cancelled", "Rejected", "Expired"}
    assert [row.filled for row in rows] == [row["CumulativeQuantity"] for row in raw]
    assert [row.pending for row in rows] == [row["LeavesQuantity"] for row in raw]


def test_a_rejected_row_says_why() -> None:
    """The reason of a rejection is kept in the broker's words."""
    rejected = [row for row in read(ListOrders(), "order_book") if row.state is OrderState.REJECTED]

    assert rejected
    assert all(row.reason for row in rejected)


@pytest.mark.parametrize("status", ["Suspended", "", None, 7])
def test_an_unknown_status_is_kept_and_counts_as_live(status: object) -> None:
    """A word nobody knows neither hides the row nor ends the order."""
    row = CODEC.decode(ListOrders(), answer([{**row_of("order_book"), "OrderStatus": status}]), DEALER)[0]

    assert (row.state, row.status) == (OrderState.UNKNOWN, "" if status is None else str(status))
    assert row.is_live


@pytest.mark.parametrize(("status", "pending"), [("New", 50), ("Trigger Pending", 50), ("Cancelled", 0), ("Filled", 0)])
def test_what_is_pending_follows_from_the_fills_where_it_is_missing(status: str, pending: int) -> None:
    """Without LeavesQuantity a live order has its unfilled rest, a finished one nothing."""
    row = {**row_of("order_book"), "OrderStatus": status, "LeavesQuantity": None, "CumulativeQuantity": 15}

    assert CODEC.decode(ListOrders(), answer([row]), DEALER)[0].pending == pending


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("OrderSide", "HOLD"),
        ("ProductType", "MTFX"),
        ("OrderType", "ICEBERG"),
        ("OrderQuantity", 1.5),
        ("OrderQuantity", None),
        ("CumulativeQuantity", "NaN"),
        ("ExchangeSegment", "SLBM"),
        ("ExchangeInstrumentID", ""),
        ("OrderPrice", "12,x"),
        ("OrderPrice", {"canary": 1}),
        ("TimeInForce", "GTC"),
        ("OrderSide", None),
    ],
)
def test_a_row_that_breaks_a_strict_field_is_named(field: str, value: object) -> None:
    """The error names the row's order and field, never the value, and still holds the rows that can be read."""
    good, bad = row_of("order_book", 1), {**row_of("order_book"), field: value}
    with pytest.raises(UnexpectedReply) as caught:
        CODEC.decode(ListOrders(), answer([good, bad]), DEALER)

    assert f"@ orders[1].{field} (AppOrderID 1110000030)" in str(caught.value)
    assert "1 of 2 orders cannot be read" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert not isinstance(value, str) or len(value) < 2 or value not in str(caught.value)
    assert [row.order_id for row in caught.value.rows] == [str(good["AppOrderID"])]


def test_a_row_without_a_field_or_a_number_is_named_too() -> None:
    """A missing field is said to be missing; a row without an order number goes by its place."""
    row = {key: value for key, value in row_of("order_book").items() if key not in ("AppOrderID", "OrderSide")}
    with pytest.raises(UnexpectedReply) as caught:
        CODEC.decode(ListOrders(), answer([row, "canary", None]), DEALER)

    assert caught.value.paths == (
        "required field missing @ orders[0].AppOrderID",
        "required field missing @ orders[0].OrderSide",
        "expected an object @ orders[1]",
        "expected an object @ orders[2]",
    )


def test_ten_thousand_strange_rows_make_a_short_message() -> None:
    """The message names the first ten and counts the rest."""
    with pytest.raises(UnexpectedReply) as caught:
        CODEC.decode(ListOrders(), answer([None] * 10_000), DEALER)

    assert len(caught.value.paths) == 11
    assert caught.value.paths[-1] == "and 9990 more"


# --- one order ---------------------------------------------------------------------------------------------------


def find(rows: list[Any]) -> Any:
    """What a search for our tag finds in *rows*."""
    return CODEC.decode(FindOrder(TAG), answer(rows), DEALER)


def test_an_order_is_found_by_its_tag() -> None:
    """The row with the tag is found; without one the answer is nothing, the book having been read."""
    found = read(FindOrder(OrderTag("JN000000000000000002")), "order_book")

    assert found is not None
    assert found.order_id == "1110000031"
    assert read(FindOrder(OrderTag("JNabsent")), "order_book") is None
    assert read(FindOrder(TAG), "dealer_orderbook_empty") is None


def test_strange_rows_do_not_hide_our_order() -> None:
    """Rows of others that cannot be read say nothing about the one we look for."""
    strange = {**row_of("order_book", 1), "OrderSide": "HOLD"}

    assert find([strange, None, "x", row_of("order_book")]).order_id == "1110000030"
    assert find([strange]) is None


def test_our_own_row_must_be_readable() -> None:
    """When the row that carries our tag cannot be read, that is said: it is not absent."""
    with pytest.raises(UnexpectedReply, match="OrderSide"):
        find([{**row_of("order_book"), "OrderSide": "HOLD"}])


@pytest.mark.parametrize("row", [None, "text", {"AppOrderID": 1}])
def test_a_row_without_an_identifier_may_be_ours(row: object) -> None:
    """As long as a row could be ours, our order is not called absent."""
    with pytest.raises(UnexpectedReply, match="OrderUniqueIdentifier"):
        find([row])


def test_of_two_rows_with_one_tag_the_accepted_one_counts() -> None:
    """An order that was refused once and stands once stands."""
    rejected = {**row_of("order_book"), "OrderStatus": "Rejected", "AppOrderID": 5}

    assert find([rejected, row_of("order_book")]).order_id == "1110000030"
    assert find([rejected]).state is OrderState.REJECTED


def test_a_tag_of_digits_may_come_as_a_number() -> None:
    """Some gateway will turn digits into a number; the tag is compared as text."""
    rows = [{**row_of("order_book"), "OrderUniqueIdentifier": 42}]

    found = CODEC.decode(FindOrder(OrderTag("42")), answer(rows), DEALER)
    assert found is not None
    assert found.tag == "42"


# --- trades ------------------------------------------------------------------------------------------------------


def test_trades_are_fills() -> None:
    """Quantity, price and time are of the fill, not of the order (FR1)."""
    first, second = read(ListTrades(), "trade_book")

    assert (first.trade_id, first.order_id, first.tag, first.instrument) == (
        "400000829",
        "1110000030",
        TAG,
        NIFTY_OPTION,
    )
    assert (first.side, first.product, first.quantity, first.price) == (Side.BUY, Product.NRML, 65, Decimal("125.3"))
    assert first.traded_at == dt.datetime(2026, 1, 12, 10, 15, 29, tzinfo=INDIA)
    assert (second.quantity, second.price, second.raw["OrderQuantity"]) == (260, Decimal("124.95"), 650)
    assert read(ListTrades(), "dealer_tradebook_empty") == ()


def test_a_trade_without_a_tag_has_none() -> None:
    """An empty identifier is no identifier."""
    row = {**row_of("trade_book"), "OrderUniqueIdentifier": ""}

    assert CODEC.decode(ListTrades(), answer([row]), DEALER)[0].tag is None


# --- positions ---------------------------------------------------------------------------------------------------


def test_positions_in_a_list_of_texts() -> None:
    """Numbers as text, signs and closed positions arrive as they are (protocol 3.10)."""
    option, share, future = read(ListPositions(), "positions_netwise")

    assert (option.instrument, option.product, option.quantity) == (NIFTY_OPTION, Product.NRML, 65)
    assert (option.buy_quantity, option.sell_quantity, option.buy_average) == (65, 0, Decimal("125.3"))
    assert (option.broker_symbol, option.multiplier) == ("NIFTY 13JAN2026 CE 25900", Decimal(1))
    assert (share.instrument, share.quantity, share.is_open) == (RELIANCE, 0, False)
    assert (share.realized, share.unrealized, share.mtm) == (Decimal("43.5"), ZERO, Decimal("43.5"))
    assert (future.quantity, future.sell_average) == (-65, Decimal("25790.4"))
    assert future.raw["TradingSymbol"] == "NIFTY26JANFUT"


def test_positions_in_a_flat_list_of_numbers() -> None:
    """The other container and the other typing mean the same."""
    (flat,) = read(ListPositions(), "positions_flat")

    assert flat == read(ListPositions(), "positions_netwise")[0]


@pytest.mark.parametrize("result", [[], {"positionList": []}, {"positionList": None}, {}, "", None])
def test_an_account_without_positions(result: object) -> None:
    """A success that holds nothing is an empty book, in whatever dress nothing comes (protocol 11)."""
    assert CODEC.decode(ListPositions(), answer(result), DEALER) == ()
    assert read(ListPositions(), "positions_empty") == ()


@pytest.mark.parametrize("result", ["canary", 5, True, {"positions": [{"Quantity": 5}]}, {"positionList": {"a": 1}}])
def test_a_container_we_do_not_know_is_never_flat(result: object) -> None:
    """Something that holds something and cannot be read is an error, not an empty book (D3)."""
    with pytest.raises(UnexpectedReply, match="container") as caught:
        CODEC.decode(ListPositions(), answer(result), DEALER)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("quantity", [None, "", "NaN", "1.5", "many"])
def test_a_position_of_unknown_size_is_never_flat(quantity: object) -> None:
    """Without a net quantity the whole book is unread: it must not look like zero."""
    row = {**row_of("positions_netwise"), "Quantity": quantity}
    with pytest.raises(UnexpectedReply, match=r"positions\[0\].Quantity"):
        CODEC.decode(ListPositions(), answer({"positionList": [row]}), DEALER)


def test_missing_valuations_stay_unknown() -> None:
    """A missing profit is not a profit of zero; a missing average or multiplier has its neutral value."""
    gone = dict.fromkeys(
        ("MTM", "RealizedMTM", "UnrealizedMTM", "Multiplier", "BuyAveragePrice", "OpenBuyQuantity"), ""
    )
    (row,) = CODEC.decode(ListPositions(), answer([{**row_of("positions_netwise"), **gone}]), DEALER)

    assert (row.mtm, row.realized, row.unrealized, row.pnl) == (None, None, None, None)
    assert (row.multiplier, row.buy_average, row.buy_quantity) == (Decimal(1), ZERO, 0)


# --- holdings ----------------------------------------------------------------------------------------------------


def test_holdings_keyed_by_isin() -> None:
    """Each share names both its listings, NSE first, and what is already used of it (protocol 3.11)."""
    reliance, infosys = read(ListHoldings(), "holdings")

    assert (reliance.isin, reliance.quantity, reliance.average_price) == ("INE002A01018", 25, Decimal("1288.4"))
    assert reliance.listings == (RELIANCE, InstrumentRef(Exchange.BSE, Token(500325)))
    assert (infosys.used_quantity, infosys.saleable, infosys.last_price) == (4, 6, None)
    assert read(ListHoldings(), "holdings_list") == (reliance,)


def test_every_container_of_holdings() -> None:
    """The keyed object, the list of them, the plain lists, and nothing in each of them."""
    row = {"ISIN": "INE002A01018", "HoldingQuantity": "25"}
    keyed = {"Holdings": {"INE002A01018": {"HoldingQuantity": 25}}}
    full: tuple[object, ...] = (
        {"RMSHoldings": keyed},
        {"RMSHoldings": {"Holdings": [row]}},
        {"RMSHoldings": [row]},
        {"RMSHoldingList": [keyed, {}, None]},
        {"holdingsList": [row]},
        [row],
    )
    for result in full:
        (held,) = CODEC.decode(ListHoldings(), answer(result), DEALER)
        assert (held.isin, held.quantity, held.listings, held.used_quantity) == ("INE002A01018", 25, (), 0)
    for result in ({"RMSHoldings": {}}, {"RMSHoldings": {"Holdings": {}}}, {"RMSHoldings": None}, {}, [], None):
        assert CODEC.decode(ListHoldings(), answer(result), DEALER) == ()


def test_an_average_price_that_was_not_provided_is_unknown() -> None:
    """The broker says when it does not know what a share cost; zero means the same."""
    rows = [
        {"ISIN": "A", "HoldingQuantity": 1, "BuyAvgPrice": 5, "IsBuyAvgPriceProvided": False},
        {"ISIN": "B", "HoldingQuantity": 1, "BuyAvgPrice": 0},
        {"ISIN": "C", "HoldingQuantity": 1, "BuyAvgPrice": "5.5", "IsBuyAvgPriceProvided": "true"},
    ]
    held = CODEC.decode(ListHoldings(), answer(rows), DEALER)

    assert [row.average_price for row in held] == [None, None, Decimal("5.5")]


@pytest.mark.parametrize("result", [{"RMSHoldings": {"Holdings": {"X": 1}}}, {"RMSHoldings": "?"}, {"RMSHoldings": 5}])
def test_holdings_in_no_known_shape_are_an_error(result: object) -> None:
    """Rows or containers that cannot be read are reported, not dropped."""
    with pytest.raises(UnexpectedReply):
        CODEC.decode(ListHoldings(), answer(result), DEALER)


def test_a_long_book_is_read_quickly() -> None:
    """Ten thousand orders are read in well under a second of one core."""
    rows = json.loads(sample("order_book"))["result"]
    body = json.dumps({"type": "success", "result": [rows[index % len(rows)] for index in range(10_000)]}).encode()
    start = time.process_time()

    assert len(CODEC.decode(ListOrders(), HttpResponse(200, body), DEALER)) == 10_000
    assert time.process_time() - start < 2  # measured: 0.2 s; the rest is for slow machines and coverage
