"""An order's way through the exchange."""

from decimal import Decimal

import pytest
from simulator.trader import INTERACTIVE, NIFTY_FUTURE, NIFTY_PUT, RELIANCE, SBIN, exchange


def test_market_order_fills_at_the_last_price() -> None:
    """A market order passes PendingNew and New and is filled at the last price."""
    trader = exchange()
    order = trader.place()
    assert ["PendingNew", "New", "Filled"] == trader.statuses(order)
    row = trader.row(order)
    assert (Decimal("1309.5"), 10, 0) == (
        row["OrderAverageTradedPrice"],
        row["CumulativeQuantity"],
        row["LeavesQuantity"],
    )
    assert 16 == len(row["ExchangeOrderID"])
    assert row["ExchangeOrderID"].isdigit()


def test_app_order_ids_have_ten_digits_and_grow() -> None:
    """AppOrderIDs are ten-digit integers, each greater than the one before."""
    trader = exchange()
    first, second = trader.place(), trader.place()
    assert 10 == len(str(first))
    assert second > first


@pytest.mark.parametrize(("side", "price"), [("BUY", 1250), ("SELL", 1400)])
def test_limit_order_rests_until_the_price_comes(side: str, price: float) -> None:
    """A limit order away from the market rests as New and is filled at its own limit when the price reaches it."""
    trader = exchange()
    order = trader.limit(price, orderSide=side)
    assert "New" == trader.row(order)["OrderStatus"]
    trader.price(price - 10 if side == "BUY" else price + 10)
    assert ("Filled", price) == (trader.row(order)["OrderStatus"], trader.row(order)["OrderAverageTradedPrice"])


def test_marketable_limit_order_fills_at_the_better_price() -> None:
    """A purchase above the last price pays the last price."""
    trader = exchange()
    assert Decimal("1309.5") == trader.row(trader.limit(1320))["OrderAverageTradedPrice"]


def test_partial_fills_follow_the_liquidity() -> None:
    """An order takes what there is, rests with the rest, and is filled as more comes."""
    trader = exchange()
    trader.liquidity(4)
    order = trader.place()
    assert ("PartiallyFilled", 4, 6) == tuple(
        trader.row(order)[name] for name in ("OrderStatus", "CumulativeQuantity", "LeavesQuantity")
    )
    trader.liquidity(1)
    trader.liquidity(None)
    assert ["PendingNew", "New", "PartiallyFilled", "PartiallyFilled", "Filled"] == trader.statuses(order)
    trades = trader.ok("GET", f"{INTERACTIVE}/orders/trades")
    assert [4, 1, 5] == [trade["LastTradedQuantity"] for trade in trades]
    assert [1, 2, 3] == [trade["ExecutionReportIndex"] for trade in trades]
    assert 3 == len({trade["ExecutionID"] for trade in trades})


def test_ioc_rest_is_cancelled() -> None:
    """What an IOC order cannot trade at once is cancelled, with a reason, and its fill is kept."""
    trader = exchange()
    trader.liquidity(4)
    row = trader.row(trader.place(timeInForce="IOC"))
    assert ("Cancelled", 4, 0) == (row["OrderStatus"], row["CumulativeQuantity"], row["LeavesQuantity"])
    assert row["CancelRejectReason"]
    assert 4 == trader.net()


@pytest.mark.parametrize(
    ("kind", "limit", "side", "stop", "reached", "type_after"),
    [
        ("STOPMARKET", 0, "SELL", 1300, 1299, "Market"),
        ("STOPLIMIT", 1290, "SELL", 1300, 1299, "Limit"),
        ("STOPMARKET", 0, "BUY", 1320, 1321, "Market"),
    ],
)
def test_stop_order_rests_as_new_and_changes_type_when_reached(
    kind: str, limit: int, side: str, stop: int, reached: int, type_after: str
) -> None:
    """An untriggered stop looks New; once reached it turns into a plain order that keeps its stop price."""
    trader = exchange()
    order = trader.place(orderType=kind, limitPrice=limit, stopPrice=stop, orderSide=side)
    assert "New" == trader.row(order)["OrderStatus"]
    trader.price(stop + (1 if side == "SELL" else -1))
    assert "New" == trader.row(order)["OrderStatus"]
    trader.price(reached)
    row = trader.row(order)
    assert ("Filled", type_after, stop) == (row["OrderStatus"], row["OrderType"], row["OrderStopPrice"])
    assert reached == row["OrderAverageTradedPrice"]


def test_order_too_large_for_the_account_is_rejected_later() -> None:
    """A margin refusal is no HTTP error: the order is taken and becomes Rejected with the shortfall named."""
    trader = exchange(cash=Decimal(1000))
    order = trader.place()
    row = trader.row(order)
    assert ["PendingNew", "Rejected"] == trader.statuses(order)
    # A fifth of 10 x 1309.5, less the 1000 that are there.
    assert "RMS:Margin Exceeds : Margin Shortfall[1619.00]" == row["CancelRejectReason"]
    assert "" == row["ExchangeOrderID"]


def test_closing_needs_no_margin() -> None:
    """An order that closes a position passes the risk check though the money is gone."""
    trader = exchange(cash=Decimal(2619))
    trader.place()
    assert "Rejected" == trader.row(trader.place())["OrderStatus"]
    assert "Filled" == trader.row(trader.place(orderSide="SELL"))["OrderStatus"]


@pytest.mark.parametrize(
    ("instrument", "changes", "text"),
    [
        (NIFTY_FUTURE, {"orderQuantity": 66}, "Order quantity is not a multiple of lot size"),
        (NIFTY_FUTURE, {"orderQuantity": 1820}, "freeze quantity"),
        (RELIANCE, {"orderType": "LIMIT", "limitPrice": 1250.05}, "tick size"),
        (RELIANCE, {"orderType": "LIMIT"}, "Limit price must be more than zero"),
        (RELIANCE, {"orderType": "STOPMARKET"}, "Stop price must be more than zero"),
        (RELIANCE, {"limitPrice": -1}, "must not be negative"),
        (RELIANCE, {"disclosedQuantity": 11}, "Disclosed quantity"),
        (NIFTY_FUTURE, {"orderQuantity": 65, "productType": "CNC"}, "CNC is not allowed"),
        (("NSECM", 99999), {}, "Instrument not found"),
        (("BSECM", 26065), {}, "Instrument not found"),
        (("NSECM", 26000), {}, "Instrument not found"),
    ],
)
def test_gateway_refuses_at_once(instrument: tuple[str, int], changes: dict[str, object], text: str) -> None:
    """What the gateway checks is refused with HTTP 400, and no order comes of it."""
    trader = exchange()
    status, _code, description = trader.refused("POST", f"{INTERACTIVE}/orders", trader.order(instrument, **changes))
    assert 400 == status
    assert text in description
    assert [] == trader.ok("GET", f"{INTERACTIVE}/orders/dealerorderbook")


def test_largest_order_is_one_below_the_published_freeze_quantity() -> None:
    """With a published freeze quantity of 1801 an order for 1755 passes and one for the next lot does not."""
    trader = exchange()
    assert trader.place(NIFTY_FUTURE, orderQuantity=1755)
    assert 400 == trader.refused("POST", f"{INTERACTIVE}/orders", trader.order(NIFTY_FUTURE, orderQuantity=1820))[0]


def test_missing_and_wrong_fields_are_listed() -> None:
    """Bad Request names every unusable field at once."""
    trader = exchange()
    body = trader.order(orderSide="HOLD", orderQuantity="x", timeInForce=None, limitPrice="NaN", disclosedQuantity=1.5)
    status, envelope = trader.answer("POST", f"{INTERACTIVE}/orders", body | {"exchangeSegment": "XYZ"})
    assert (400, "Bad Request") == (status, envelope["description"])
    named = {error["field"][0] for error in envelope["result"]["errors"]}
    assert {"orderSide", "orderQuantity", "timeInForce", "limitPrice", "disclosedQuantity", "exchangeSegment"} == named


@pytest.mark.parametrize("spelling", ["SL-L", "SL-M", "SL", "L"])
def test_spellings_the_servers_never_knew_are_refused(spelling: str) -> None:
    """Order types in another vocabulary are a Bad Request, never a market order."""
    trader = exchange()
    assert 400 == trader.refused("POST", f"{INTERACTIVE}/orders", trader.order(orderType=spelling))[0]


def test_numbers_may_come_as_text() -> None:
    """Quantities, prices and numbers of instruments are understood as strings, and words in any case."""
    trader = exchange()
    order = trader.place(orderQuantity="3", exchangeInstrumentID="2885", limitPrice="0", orderType="Market")
    assert 3 == trader.row(order)["CumulativeQuantity"]


def test_price_outside_the_band_is_rejected_by_the_exchange() -> None:
    """A price beyond the day's band passes the gateway and is rejected with the exchange's own text."""
    trader = exchange()
    row = trader.row(trader.limit(1500, orderSide="SELL"))
    assert "Rejected" == row["OrderStatus"]
    assert "band" in row["CancelRejectReason"]
    assert "New" == trader.row(trader.limit(1500, SBIN, orderSide="SELL"))["OrderStatus"]


def test_modification_replaces_and_rematches() -> None:
    """A modification passes PendingReplace and Replaced, and meets the market again."""
    trader = exchange()
    order = trader.limit(1250)
    trader.modify(order, modifiedLimitPrice=1260)
    assert (["PendingNew", "New", "PendingReplace", "Replaced"], 1260) == (
        trader.statuses(order),
        trader.row(order)["OrderPrice"],
    )
    trader.modify(order, modifiedOrderType="MARKET", modifiedLimitPrice=0)
    assert "Filled" == trader.row(order)["OrderStatus"]


def test_modified_quantity_is_the_total() -> None:
    """The quantity of a modification is the whole order's, filled part included, and must exceed that."""
    trader = exchange()
    trader.liquidity(4)
    order = trader.limit(1320)
    refused = trader.refused("PUT", f"{INTERACTIVE}/orders", trader.modification(order, modifiedOrderQuantity=4))
    assert "filled quantity" in refused[2]
    trader.modify(order, modifiedOrderQuantity=6, modifiedLimitPrice=1320)
    assert 2 == trader.row(order)["LeavesQuantity"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"modifiedOrderQuantity": 60_000}, "Margin Shortfall"), ({"modifiedLimitPrice": 1500}, "band")],
)
def test_refused_modification_leaves_the_order_as_it_was(changes: dict[str, object], text: str) -> None:
    """When risk or the exchange refuse a modification the order goes back to its status, with the reason."""
    trader = exchange()
    order = trader.limit(1250)
    trader.modify(order, **changes)
    row = trader.row(order)
    assert ("New", 1250, 10) == (row["OrderStatus"], row["OrderPrice"], row["OrderQuantity"])
    assert text in row["CancelRejectReason"]


def test_cancel_passes_pending_cancel() -> None:
    """A cancelled order was PendingCancel first, and what was filled stays filled."""
    trader = exchange()
    trader.liquidity(4)
    order = trader.place()
    trader.ok("DELETE", f"{INTERACTIVE}/orders", appOrderID=order)
    assert ["PendingCancel", "Cancelled"] == trader.statuses(order)[-2:]
    assert (4, 0) == (trader.row(order)["CumulativeQuantity"], trader.row(order)["LeavesQuantity"])


def test_final_orders_can_be_neither_modified_nor_cancelled() -> None:
    """A modification or cancellation that comes too late is HTTP 400 and says what the order is."""
    trader = exchange()
    order = trader.place()
    for refused in (
        trader.refused("DELETE", f"{INTERACTIVE}/orders", appOrderID=order),
        trader.refused("PUT", f"{INTERACTIVE}/orders", trader.modification(order)),
    ):
        assert 400 == refused[0]
        assert "already Filled" in refused[2]


def test_unknown_order_is_refused_by_number() -> None:
    """An AppOrderID nobody gave out is named in the refusal."""
    trader = exchange()
    assert (400, "e-orders-0001", "Order history not found for AppOrderID [7] given.") == trader.refused(
        "DELETE", f"{INTERACTIVE}/orders", appOrderID=7
    )
    assert "e-orders-0001" == trader.refused("GET", f"{INTERACTIVE}/orders", appOrderID=7)[1]
    assert "Bad Request" == trader.refused("DELETE", f"{INTERACTIVE}/orders")[2]


def test_tags_are_echoed_and_not_checked() -> None:
    """The same OrderUniqueIdentifier twice makes two orders; an empty one is fine."""
    trader = exchange()
    orders = [trader.place(orderUniqueIdentifier="SAME"), trader.place(orderUniqueIdentifier="SAME")]
    assert ["SAME", "SAME"] == [trader.row(order)["OrderUniqueIdentifier"] for order in orders]
    assert "" == trader.row(trader.place(orderUniqueIdentifier=""))["OrderUniqueIdentifier"]


def test_cancel_all_concerns_one_instrument() -> None:
    """Cancel-all ends what is live in the instrument it names and nothing else."""
    trader = exchange()
    first, second, other = trader.limit(1250), trader.limit(1260), trader.limit(900, SBIN)
    body = {"exchangeSegment": "NSECM", "exchangeInstrumentID": 2885}
    assert {} == trader.ok("POST", f"{INTERACTIVE}/orders/cancelall", body)
    assert ["Cancelled", "Cancelled", "New"] == [trader.row(each)["OrderStatus"] for each in (first, second, other)]


def test_held_acknowledgements_make_races() -> None:
    """While acknowledgements are held, orders stay pending and a cancellation can lose to a fill."""
    trader = exchange()
    resting = trader.limit(1250)
    trader.control("POST", "modes", {"hold_acknowledgements": True})
    pending = trader.place()
    assert "PendingNew" == trader.row(pending)["OrderStatus"]
    trader.ok("DELETE", f"{INTERACTIVE}/orders", appOrderID=resting)
    assert "PendingCancel" == trader.row(resting)["OrderStatus"]
    trader.price(1240)
    assert "Filled" == trader.row(resting)["OrderStatus"]
    assert "PendingNew" == trader.row(pending)["OrderStatus"]
    trader.control("POST", "acknowledge")
    assert "Filled" == trader.row(pending)["OrderStatus"]


def test_held_cancellation_and_modification_are_dealt_with_in_the_end() -> None:
    """Acknowledging brings held cancellations, modifications and unacknowledged orders to their end."""
    trader = exchange(modes={"hold_acknowledgements": True})
    cancelled, modified = trader.limit(1250), trader.limit(1250)
    trader.ok("DELETE", f"{INTERACTIVE}/orders", appOrderID=cancelled)
    trader.modify(modified, modifiedLimitPrice=1240)
    trader.modify(modified, modifiedLimitPrice=1245)
    trader.price(1240)
    assert ["PendingCancel", "PendingReplace"] == [trader.row(each)["OrderStatus"] for each in (cancelled, modified)]
    trader.control("POST", "acknowledge")
    assert ["Cancelled", "Filled"] == [trader.row(each)["OrderStatus"] for each in (cancelled, modified)]


def test_partial_fill_during_a_pending_change() -> None:
    """A fill while a modification is pending counts, and a modification below it is refused when it is dealt with."""
    trader = exchange()
    order = trader.limit(1250)
    trader.control("POST", "modes", {"hold_acknowledgements": True})
    trader.modify(order, modifiedOrderQuantity=5)
    trader.control("POST", "fill", {"AppOrderID": order, "quantity": 6})
    assert "PendingReplace" == trader.row(order)["OrderStatus"]
    trader.control("POST", "acknowledge")
    row = trader.row(order)
    assert ("PartiallyFilled", 6) == (row["OrderStatus"], row["CumulativeQuantity"])
    assert "filled quantity" in row["CancelRejectReason"]


def test_a_sold_option_ties_up_more_than_a_bought_one() -> None:
    """A bought option costs its premium; a sold one ties up 15 % of its strike."""
    trader = exchange()

    def tied() -> Decimal:
        entry = trader.ok("GET", f"{INTERACTIVE}/user/balance")["BalanceList"][1]
        return Decimal(entry["limitObject"]["RMSSubLimits"]["marginUtilized"])

    premium = Decimal("351.25") * 65
    trader.place(NIFTY_PUT, orderQuantity=65, productType="NRML")
    assert premium == tied()
    trader.place(NIFTY_PUT, orderQuantity=130, productType="NRML", orderSide="SELL")
    assert tied() == 25700 * 65 * Decimal("0.15")


def test_resting_orders_tie_money_up_too() -> None:
    """Money for a live order is not free for the next one."""
    trader = exchange(cash=Decimal(3000))
    trader.limit(1250)
    assert "Rejected" == trader.row(trader.limit(1250))["OrderStatus"]


def test_quantity_must_be_positive() -> None:
    """Zero and less are no quantity, and an id is never below one."""
    trader = exchange()
    for quantity in (0, -10):
        body = trader.order(orderQuantity=quantity)
        assert "Bad Request" == trader.refused("POST", f"{INTERACTIVE}/orders", body)[2]


def test_unknown_freeze_quantity_limits_nothing() -> None:
    """BSE cash rows say 0 for the freeze quantity, which is no limit."""
    trader = exchange()
    order = trader.place(("BSECM", 500325), orderQuantity=1000, productType="MIS")
    assert "Filled" == trader.row(order)["OrderStatus"]
    assert trader.row(order)["ExchangeOrderID"].startswith("17")
