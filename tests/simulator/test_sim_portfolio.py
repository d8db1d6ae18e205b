"""Positions, holdings and money follow the fills."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator.trader import INTERACTIVE, NIFTY_FUTURE, RELIANCE, SBIN, Trader, exchange


def test_closed_positions_stay_in_the_list() -> None:
    """A position that was closed is listed with quantity zero and what it brought in."""
    trader = exchange()
    trader.place()
    trader.price(1319.5)
    trader.place(orderSide="SELL")
    [row] = trader.ok("GET", f"{INTERACTIVE}/portfolio/positions", dayOrNet="NetWise")["positionList"]
    assert ("0", "100", "0", "100") == (row["Quantity"], row["RealizedMTM"], row["UnrealizedMTM"], row["NetAmount"])
    assert ("1309.5", "1319.5", "0") == (row["BuyAveragePrice"], row["SellAveragePrice"], row["BEP"])


def test_carried_positions_are_in_the_net_view_alone() -> None:
    """NetWise has what was carried forward; DayWise has today's trades only."""
    trader = exchange()
    body = {"segment": "NSEFO", "token": 49229, "product": "NRML", "quantity": -65, "price": 25000, "client": "*****"}
    trader.control("POST", "carry", body)
    assert (-65, 0) == tuple(trader.net(NIFTY_FUTURE, "NRML", view) for view in ("NetWise", "DayWise"))
    trader.place(NIFTY_FUTURE, orderQuantity=65, productType="NRML")
    assert (0, 65) == tuple(trader.net(NIFTY_FUTURE, "NRML", view) for view in ("NetWise", "daywise"))


def test_conversion_moves_a_position_between_products() -> None:
    """Converting part of a position leaves the sum as it was, at the same average."""
    trader = exchange()
    trader.place()
    body = {
        "exchangeSegment": "NSECM",
        "exchangeInstrumentID": 2885,
        "oldProductType": "MIS",
        "newProductType": "CNC",
        "isDayWise": True,
        "targetQty": "4",
    }
    assert trader.ok("PUT", f"{INTERACTIVE}/portfolio/positions/convert", body) is None
    assert (6, 4) == (trader.net(), trader.net(product="CNC"))
    for wrong in ({"targetQty": 7}, {"newProductType": "MIS"}):
        assert 400 == trader.refused("PUT", f"{INTERACTIVE}/portfolio/positions/convert", body | wrong)[0]


def test_short_position_converts_as_well() -> None:
    """A short position stays short under its new product."""
    trader = exchange()
    trader.place(orderSide="SELL")
    body = {
        "exchangeSegment": "NSECM",
        "exchangeInstrumentID": 2885,
        "oldProductType": "MIS",
        "newProductType": "NRML",
        "isDayWise": False,
        "targetQty": 10,
    }
    trader.ok("PUT", f"{INTERACTIVE}/portfolio/positions/convert", body)
    assert (0, -10) == (trader.net(), trader.net(product="NRML"))


SQUARE_OFF = {
    "exchangeSegment": "NSECM",
    "exchangeInstrumentID": 2885,
    "productType": "MIS",
    "squareoffMode": "Netwise",
    "positionSquareOffQuantityType": "ExactQty",
    "squareOffQtyValue": 10,
    "blockOrderSending": True,
    "cancelOrders": True,
}


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_square_off_sends_a_market_order(side: str) -> None:
    """Squaring off closes a position by an order that shows in the book, and cancels what rests if asked."""
    trader = exchange()
    trader.place(orderSide=side)
    resting = trader.limit(1250)
    result = trader.ok("PUT", f"{INTERACTIVE}/portfolio/squareoff", SQUARE_OFF)
    assert (True, "NetWise", 2885) == (result["IsOperationSuccess"], result["SqureOffmode"], result["InstrumentID"])
    assert 0 == trader.net()
    assert "Cancelled" == trader.row(resting)["OrderStatus"]
    assert 3 == len(trader.ok("GET", f"{INTERACTIVE}/orders/dealerorderbook"))


def test_square_off_by_percentage() -> None:
    """Half of ten is five, in whole lots."""
    trader = exchange()
    trader.place()
    half = SQUARE_OFF | {
        "positionSquareOffQuantityType": "Percentage",
        "squareOffQtyValue": 50,
        "squareoffMode": "DayWise",
        "cancelOrders": False,
    }
    trader.ok("PUT", f"{INTERACTIVE}/portfolio/squareoff", half)
    assert 5 == trader.net()
    assert 400 == trader.refused("PUT", f"{INTERACTIVE}/portfolio/squareoff", SQUARE_OFF)[0]


def test_nothing_to_square_off() -> None:
    """Squaring off what is not held is refused as an empty book is."""
    trader = exchange()
    assert "e-portfolio-0005" == trader.refused("PUT", f"{INTERACTIVE}/portfolio/squareoff", SQUARE_OFF)[1]


def test_square_off_all_closes_everything() -> None:
    """After square-off-all every position is zero."""
    trader = exchange()
    trader.place()
    trader.place(SBIN, orderSide="SELL")
    trader.ok("PUT", f"{INTERACTIVE}/portfolio/squareoffall", {"squareoffMode": "NetWise"})
    trader.ok("PUT", f"{INTERACTIVE}/portfolio/squareoffall", {"squareoffMode": "DayWise"})
    assert (0, 0) == (trader.net(), trader.net(SBIN))
    assert 4 == len(trader.ok("GET", f"{INTERACTIVE}/orders/dealerorderbook"))


def test_delivery_sale_uses_up_the_holding() -> None:
    """A CNC sale of held shares needs no money and shows as used quantity."""
    trader = exchange(cash=Decimal(0))
    assert "Filled" == trader.row(trader.place(productType="CNC", orderSide="SELL"))["OrderStatus"]
    holdings = trader.ok("GET", f"{INTERACTIVE}/portfolio/holdings")["RMSHoldings"]["Holdings"]
    assert (25, 10) == (
        holdings["INE002A01018"]["HoldingQuantity"],
        holdings["INE002A01018"]["UsedQuantity"],
    )
    assert Decimal("1288.4") == holdings["INE002A01018"]["BuyAvgPrice"]
    limits = trader.ok("GET", f"{INTERACTIVE}/user/balance")["BalanceList"][1]["limitObject"]
    assert "0" == limits["RMSSubLimits"]["marginUtilized"]


def test_balance_follows_positions() -> None:
    """The total is the entry ALL|ALL|ALL, which is not the first, and profits become available."""
    trader = exchange(cash=Decimal(100_000))
    trader.place()
    trader.price(1319.5)
    entries = trader.ok("GET", f"{INTERACTIVE}/user/balance")["BalanceList"]
    assert "ALL|ALL|ALL" != entries[0]["limitHeader"]
    limits = next(entry for entry in entries if entry["limitHeader"] == "ALL|ALL|ALL")["limitObject"]["RMSSubLimits"]
    assert ("100000", "2619", "97381", "100", "0") == (
        limits["cashAvailable"],
        limits["marginUtilized"],
        limits["netMarginAvailable"],
        limits["UnrealizedMTM"],
        limits["RealizedMTM"],
    )


def test_cover_order_guards_its_entry() -> None:
    """The stop of a cover order waits for the entry, then rests, then closes it when reached."""
    trader = exchange()
    body = trader.order(orderType="LIMIT", limitPrice=1300, stopPrice=1290)
    result = trader.ok("POST", f"{INTERACTIVE}/orders/cover", body)
    entry, leg = result["EntryAppOrderID"], result["ExitAppOrderID"]
    assert ["New", "PendingNew"] == [trader.row(each)["OrderStatus"] for each in (entry, leg)]
    trader.price(1300)
    assert ["Filled", "New"] == [trader.row(each)["OrderStatus"] for each in (entry, leg)]
    assert entry == trader.row(leg)["BoEntryOrderId"]
    trader.price(1289)
    assert "Filled" == trader.row(leg)["OrderStatus"]
    assert 0 == trader.net(product="CO")


def test_cover_order_is_exited_by_its_second_leg() -> None:
    """Exiting closes a filled cover order at the market, and withdraws an unfilled one."""
    trader = exchange()
    filled = trader.ok("POST", f"{INTERACTIVE}/orders/cover", trader.order(stopPrice=1290))
    trader.ok("PUT", f"{INTERACTIVE}/orders/cover", {"appOrderID": filled["ExitAppOrderID"]})
    assert 0 == trader.net(product="CO")
    body = trader.order(orderType="LIMIT", limitPrice=1250, stopPrice=1240)
    unfilled = trader.ok("POST", f"{INTERACTIVE}/orders/cover", body)
    assert 400 == trader.refused("PUT", f"{INTERACTIVE}/orders/cover", {"appOrderID": unfilled["EntryAppOrderID"]})[0]
    trader.ok("PUT", f"{INTERACTIVE}/orders/cover", {"appOrderID": unfilled["ExitAppOrderID"]})
    legs = (unfilled["EntryAppOrderID"], unfilled["ExitAppOrderID"])
    assert ["Cancelled", "Cancelled"] == [trader.row(leg)["OrderStatus"] for leg in legs]
    assert 400 == trader.refused("POST", f"{INTERACTIVE}/orders/cover", trader.order(stopPrice=0))[0]


def test_half_filled_cover_order_is_guarded_for_what_it_has() -> None:
    """When the entry is cancelled half filled, the stop is for that half."""
    trader = exchange()
    trader.liquidity(4)
    result = trader.ok("POST", f"{INTERACTIVE}/orders/cover", trader.order(stopPrice=1290))
    trader.liquidity(None, SBIN)
    trader.control("POST", "modes", {"hold_acknowledgements": True})
    trader.control("POST", "acknowledge")
    assert "PendingNew" == trader.row(result["ExitAppOrderID"])["OrderStatus"]
    trader.control("POST", "modes", {"hold_acknowledgements": False})
    trader.liquidity(None)
    trader.ok("PUT", f"{INTERACTIVE}/orders/cover", {"appOrderID": result["ExitAppOrderID"]})
    assert 0 == trader.net(product="CO")


def test_exit_of_a_half_filled_cover_order_closes_that_half() -> None:
    """Exiting withdraws the rest of the entry and sells what it had bought."""
    trader = exchange()
    trader.liquidity(4)
    result = trader.ok(
        "POST", f"{INTERACTIVE}/orders/cover", trader.order(orderType="LIMIT", limitPrice=1320, stopPrice=1290)
    )
    trader.rest.world.market.limit_liquidity(trader.rest.world.market.master.instruments[RELIANCE], None)
    trader.ok("PUT", f"{INTERACTIVE}/orders/cover", {"appOrderID": result["ExitAppOrderID"]})
    assert "Cancelled" == trader.row(result["EntryAppOrderID"])["OrderStatus"]
    assert (4, 0) == (trader.row(result["ExitAppOrderID"])["CumulativeQuantity"], trader.net(product="CO"))


BRACKET = {
    "exchangeSegment": "NSECM",
    "exchangeInstrumentID": 2885,
    "orderType": "LIMIT",
    "orderSide": "BUY",
    "disclosedQuantity": 0,
    "orderQuantity": 10,
    "limitPrice": 1250,
    "squarOff": 10,
    "stopLossPrice": 10,
    "trailingStoploss": 0,
    "isProOrder": True,
    "orderUniqueIdentifier": "B1",
}


def test_bracket_order_is_placed_changed_and_ended() -> None:
    """A bracket order's entry can be changed in part, and ending it closes what it bought."""
    trader = exchange()
    order = trader.ok("POST", f"{INTERACTIVE}/orders/bracket", BRACKET)["AppOrderID"]
    trader.ok("PUT", f"{INTERACTIVE}/orders/bracket", {"appOrderID": order, "limitPrice": 1260})
    assert (10, 1260) == (trader.row(order)["OrderQuantity"], trader.row(order)["OrderPrice"])
    trader.ok("PUT", f"{INTERACTIVE}/orders/bracket", {"appOrderID": order, "orderQuantity": 12, "limitPrice": 1310})
    assert 12 == trader.net(product="BO")
    trader.ok("DELETE", f"{INTERACTIVE}/orders/bracket", boEntryOrderId=order)
    assert 0 == trader.net(product="BO")
    ended = trader.ok("POST", f"{INTERACTIVE}/orders/bracket", BRACKET)["AppOrderID"]
    trader.ok("DELETE", f"{INTERACTIVE}/orders/bracket", boEntryOrderId=ended)
    assert "Cancelled" == trader.row(ended)["OrderStatus"]
    assert 400 == trader.refused("DELETE", f"{INTERACTIVE}/orders/bracket", boEntryOrderId=trader.place())[0]


def test_modification_of_a_cover_leg_keeps_its_product() -> None:
    """The ordinary modification accepts the product a leg has."""
    trader = exchange()
    leg = trader.ok("POST", f"{INTERACTIVE}/orders/cover", trader.order(stopPrice=1290))["ExitAppOrderID"]
    body = trader.modification(
        leg, modifiedProductType="CO", modifiedOrderType="STOPMARKET", modifiedLimitPrice=0, modifiedStopPrice=1295
    )
    trader.ok("PUT", f"{INTERACTIVE}/orders", body)
    assert 1295 == trader.row(leg)["OrderStopPrice"]


def test_clients_have_books_of_their_own() -> None:
    """What one client of a dealer does is not in another's books."""
    trader = exchange()
    trader.place()
    other = Trader(trader.rest, "CLIENT01", trader.token, trader.market_token)
    assert [] == other.ok("GET", f"{INTERACTIVE}/orders/dealerorderbook")
    assert (10, 0) == (trader.net(), other.net())
    row = other.row(other.place())
    assert ("DEALER01", "CLIENT01") == (row["LoginID"], row["ClientID"])


STEP = st.fixed_dictionaries(
    {
        "side": st.sampled_from(["BUY", "SELL"]),
        "quantity": st.integers(1, 40),
        "price": st.sampled_from([0, 1250, 1300, 1309.5, 1320, 1400]),
        "ioc": st.booleans(),
        "liquidity": st.sampled_from([None, 0, 5, 25]),
        "then": st.sampled_from([None, 1240, 1309.5, 1330]),
        "cancel": st.booleans(),
    }
)


@given(steps=st.lists(STEP, max_size=12))
@settings(deadline=None)
def test_position_is_the_sum_of_the_fills(steps: list[dict[str, object]]) -> None:
    """Whatever is sent in whatever order, the net quantity equals what the trade book adds up to."""
    trader = exchange()
    for step in steps:
        trader.liquidity(step["liquidity"])  # type: ignore[arg-type]
        order = trader.place(
            orderSide=step["side"],
            orderQuantity=step["quantity"],
            orderType="LIMIT" if step["price"] else "MARKET",
            limitPrice=step["price"],
            timeInForce="IOC" if step["ioc"] else "DAY",
        )
        if step["then"] is not None:
            trader.price(step["then"])  # type: ignore[arg-type]
        if step["cancel"]:
            trader.send("DELETE", f"{INTERACTIVE}/orders", appOrderID=order)
    trades = trader.ok("GET", f"{INTERACTIVE}/orders/dealertradebook")
    signed = sum(trade["LastTradedQuantity"] * (1 if trade["OrderSide"] == "BUY" else -1) for trade in trades)
    assert signed == trader.net(RELIANCE)
    for row in trader.ok("GET", f"{INTERACTIVE}/orders/dealerorderbook"):
        filled = sum(trade["LastTradedQuantity"] for trade in trades if trade["AppOrderID"] == row["AppOrderID"])
        assert filled == row["CumulativeQuantity"] <= row["OrderQuantity"]
