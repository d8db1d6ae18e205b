"""Answers have the shapes that were published or observed."""

import json
from pathlib import Path
from typing import Any

import pytest
from simulator.trader import INTERACTIVE, MARKET, NIFTY_FUTURE, NIFTY_PUT, RELIANCE, Trader, exchange

from jainam.simulator import Response

SAMPLES = Path(__file__).parent / "samples"
# Keys that say which, not what: their children are compared among themselves.
KEYED = {"Holdings", "exchangeInfo", "ClientExchangeDetailsList", "productType"}


def sample(name: str) -> Any:
    """Return a sample answer."""
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


def shape(value: Any, name: str = "") -> Any:
    """Return *value* with names and kinds in place of values; of a list, the shape of its first item."""
    if isinstance(value, dict):
        if name in KEYED:
            return {"*": shape(next(iter(value.values()), None))}
        return {key: shape(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if name == "listQuotes" or isinstance(value, bool):
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__


def raw(trader: Trader, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
    """Return status and JSON, decimals as floats."""
    outcome = trader.send(method, path, body, **query)
    assert isinstance(outcome, Response)
    return outcome.status, json.loads(outcome.body)


def traded(**settings: Any) -> Trader:
    """Return a trader with a filled order, a resting one and a position."""
    trader = exchange(**settings)
    trader.place(NIFTY_PUT, orderQuantity=65, productType="NRML")
    trader.limit(1250)
    return trader


COVER = {"stopPrice": 1290}
BRACKET = {"squarOff": 10, "stopLossPrice": 10, "trailingStoploss": 0}
SQUARE_OFF = {
    "exchangeSegment": "NSEFO",
    "exchangeInstrumentID": 48225,
    "productType": "NRML",
    "squareoffMode": "NetWise",
    "positionSquareOffQuantityType": "ExactQty",
    "squareOffQtyValue": 65,
}
CONVERT = {
    "exchangeSegment": "NSEFO",
    "exchangeInstrumentID": 48225,
    "oldProductType": "NRML",
    "newProductType": "MIS",
    "isDayWise": True,
    "targetQty": 65,
}
QUOTED = [{"exchangeSegment": 2, "exchangeInstrumentID": 48225}]
LOOKUP = f"{MARKET}/instruments/instrument"
ORDER_ID = 1110000031

CASES: list[tuple[str, str, str, Any]] = [
    ("order_place_ok", "POST", f"{INTERACTIVE}/orders", {}),
    ("order_cover_ok", "POST", f"{INTERACTIVE}/orders/cover", COVER),
    ("order_bracket_ok", "POST", f"{INTERACTIVE}/orders/bracket", BRACKET),
    ("order_cancel_ok", "DELETE", f"{INTERACTIVE}/orders?appOrderID={ORDER_ID}", None),
    ("order_cancelall_ok", "POST", f"{INTERACTIVE}/orders/cancelall", {}),
    ("order_book", "GET", f"{INTERACTIVE}/orders/dealerorderbook", None),
    ("order_history", "GET", f"{INTERACTIVE}/orders?appOrderID={ORDER_ID}", None),
    ("trade_book", "GET", f"{INTERACTIVE}/orders/trades", None),
    ("positions_netwise", "GET", f"{INTERACTIVE}/portfolio/positions?dayOrNet=NetWise", None),
    ("position_convert_ok", "PUT", f"{INTERACTIVE}/portfolio/positions/convert", CONVERT),
    ("squareoff_ok", "PUT", f"{INTERACTIVE}/portfolio/squareoff", SQUARE_OFF),
    ("squareoffall_ok", "PUT", f"{INTERACTIVE}/portfolio/squareoffall", {"squareoffMode": "NetWise"}),
    ("holdings", "GET", f"{INTERACTIVE}/portfolio/holdings", None),
    ("balance", "GET", f"{INTERACTIVE}/user/balance", None),
    ("profile", "GET", f"{INTERACTIVE}/user/profile", None),
    ("exchange_status", "GET", f"{INTERACTIVE}/status/exchange?userID=DEALER01", None),
    ("exchange_messages", "GET", f"{INTERACTIVE}/messages/exchange?exchangeSegment=NSECM", None),
    ("logout_interactive", "DELETE", f"{INTERACTIVE}/user/session?clientID=CLIENT01", None),
    ("client_config", "GET", f"{MARKET}/config/clientConfig", None),
    ("indexlist", "GET", f"{MARKET}/instruments/indexlist?exchangeSegment=1", None),
    ("indexlist_bse", "GET", f"{MARKET}/instruments/indexlist?exchangeSegment=11", None),
    ("master_response", "POST", f"{MARKET}/instruments/master", {"exchangeSegmentList": ["NSECM", "NSEFO"]}),
    ("quotes_1501", "POST", f"{MARKET}/instruments/quotes", 1501),
    ("quotes_1502", "POST", f"{MARKET}/instruments/quotes", 1502),
    ("quotes_1510", "POST", f"{MARKET}/instruments/quotes", 1510),
    ("quotes_1512", "POST", f"{MARKET}/instruments/quotes", 1512),
    ("subscription_ok", "POST", f"{MARKET}/instruments/subscription", 1502),
    ("unsubscription_ok", "PUT", f"{MARKET}/instruments/subscription", 1502),
    ("series", "GET", f"{LOOKUP}/series?exchangeSegment=2", None),
    ("instrument_symbol", "GET", f"{LOOKUP}/symbol?exchangeSegment=1&series=EQ&symbol=RELIANCE", None),
    ("expiry_dates", "GET", f"{LOOKUP}/expiryDate?exchangeSegment=2&series=FUTIDX&symbol=NIFTY", None),
    (
        "future_symbol",
        "GET",
        f"{LOOKUP}/futureSymbol?exchangeSegment=2&series=FUTIDX&symbol=NIFTY&expiryDate=27Jan2026",
        None,
    ),
    (
        "option_symbol",
        "GET",
        (
            f"{LOOKUP}/optionsymbol?exchangeSegment=2&series=OPTIDX&symbol=NIFTY&expiryDate=17Feb2026"
            "&optionType=PE&strikePrice=25700.0"
        ),
        None,
    ),
    (
        "option_types",
        "GET",
        f"{LOOKUP}/optionType?exchangeSegment=2&series=OPTIDX&symbol=NIFTY&expiryDate=13Jan2026",
        None,
    ),
    (
        "strike_prices",
        "GET",
        f"{LOOKUP}/strikePrice?exchangeSegment=2&series=OPTIDX&symbol=NIFTY&expiryDate=13Jan2026&optionType=CE",
        None,
    ),
    ("search_instruments", "GET", f"{MARKET}/search/instruments?searchString=RELIANCE-EQ", None),
    ("instrument_by_id", "POST", f"{MARKET}/search/instrumentsbyid", {"source": "WEBAPI", "instruments": QUOTED}),
    (
        "ohlc",
        "GET",
        (
            f"{MARKET}/instruments/ohlc?exchangeSegment=NSECM&exchangeInstrumentID=26000"
            "&startTime=Jan 09 2026 091500&endTime=Jan 09 2026 093000&compressionValue=60"
        ),
        None,
    ),
    ("logout_market", "DELETE", f"{MARKET}/auth/logout", None),
]


@pytest.mark.parametrize(("name", "method", "path", "body"), CASES, ids=[case[0] for case in CASES])
def test_success_has_the_shape_of_its_sample(name: str, method: str, path: str, body: Any) -> None:
    """Code, description and every key and kind are those of the sample."""
    trader = traded()
    if isinstance(body, int):
        body = {"instruments": QUOTED, "xtsMessageCode": body, "publishFormat": "JSON"}
    elif body is not None and "/orders" in path:
        body = trader.order() | body
    status, answer = raw(trader, method, path, body)
    wanted = sample(name)
    assert 200 == status
    assert {key: wanted[key] for key in ("type", "code", "description")} == {
        key: answer[key] for key in ("type", "code", "description")
    }
    assert shape(wanted) == shape(answer)


@pytest.mark.parametrize("code", [1501, 1502, 1510, 1512])
def test_quote_inside_its_string_has_the_shape_of_its_sample(code: int) -> None:
    """A quote is JSON in a string, with the keys of the sample."""
    body = {"instruments": QUOTED, "xtsMessageCode": code, "publishFormat": "JSON"}
    _status, answer = raw(traded(), "POST", f"{MARKET}/instruments/quotes", body)
    wanted = json.loads(sample(f"quotes_{code}")["result"]["listQuotes"][0])
    assert shape(wanted) == shape(json.loads(answer["result"]["listQuotes"][0]))


def test_index_touchline_is_nested() -> None:
    """An index value comes with everything under Touchline, and without bids."""
    body = {
        "instruments": [{"exchangeSegment": 1, "exchangeInstrumentID": 26000}],
        "xtsMessageCode": "1501",
        "publishFormat": "JSON",
    }
    _status, answer = raw(exchange(), "POST", f"{MARKET}/instruments/quotes", body)
    quote = json.loads(answer["result"]["listQuotes"][0])
    wanted = json.loads(sample("quotes_1501")["result"]["listQuotes"][1])
    assert shape(wanted) == shape(quote)
    assert (25790.4, 0) == (quote["Touchline"]["LastTradedPrice"], quote["Touchline"]["BidInfo"]["Size"])


@pytest.mark.parametrize(
    ("account", "name"), [("dealer", "login_interactive"), ("investor", "login_interactive_investor")]
)
def test_login_has_the_shape_of_its_sample(account: str, name: str) -> None:
    """An interactive login answers token, user and vocabulary, for a dealer and for an investor."""
    trader = exchange(account=account)
    keys = {"appKey": "SIM-INTERACTIVE-KEY", "secretKey": "SIM-INTERACTIVE-SECRET", "source": "WEBAPI"}
    status, answer = raw(trader, "POST", f"{INTERACTIVE}/user/session", keys)
    assert 200 == status
    assert shape(sample(name)) == shape(answer)
    assert sample(name)["result"]["clientCodes"] == answer["result"]["clientCodes"]


def test_market_login_succeeds_under_a_code_that_looks_like_an_error() -> None:
    """The market-data login is a success whose code begins with e."""
    keys = {"appKey": "SIM-MARKET-KEY", "secretKey": "SIM-MARKET-SECRET"}
    _status, answer = raw(exchange(), "POST", f"{MARKET}/auth/login", keys)
    assert ("success", "e-response-0010") == (answer["type"], answer["code"])
    assert shape(sample("login_market")) == shape(answer)


def test_modification_has_the_shape_of_its_sample() -> None:
    """A modification is answered as an order is."""
    trader = traded()
    _status, answer = raw(trader, "PUT", f"{INTERACTIVE}/orders", trader.modification(ORDER_ID))
    assert shape(sample("order_modify_ok")) == shape(answer)


def test_margin_and_brokerage_have_the_shapes_of_their_samples() -> None:
    """The calculators answer their misspelt and their plain keys."""
    trader = exchange()
    body = {"portfolio": [trader.order(NIFTY_FUTURE, orderQuantity=65, productType="NRML")]}
    _status, answer = raw(trader, "POST", f"{INTERACTIVE}/orders/margindetails", body)
    assert shape(sample("margin_details")) == shape(answer)
    details = answer["result"]["brokerageDeatils"]
    # 15 % of 65 x 25790.8.
    assert (True, "251460.3", "10000000") == (
        details["IsValid"],
        details["MarginRequired"],
        details["MarginAvailable"],
    )
    huge = [trader.order(orderQuantity=60_000, productType="CNC")]
    _status, answer = raw(trader, "POST", f"{INTERACTIVE}/orders/margindetails", {"portfolio": huge})
    assert answer["result"]["brokerageDeatils"]["IsValid"] is False
    order = {"exchangeSegment": 1, "exchangeInstrumentID": 2885, "orderQty": 100, "orderPrice": 1300.5}
    body = {"brokerageOrderInformation": [order]}
    _status, answer = raw(trader, "POST", f"{INTERACTIVE}/user/calculatebrokerage", body)
    assert shape(sample("brokerage_ok")) == shape(answer)
    assert answer["result"]["Total"] > 20


def test_enums_are_those_of_the_login() -> None:
    """The vocabulary can be asked for by itself."""
    trader = exchange()
    assert shape(sample("login_interactive")["result"]["enums"]) == shape(
        raw(trader, "GET", f"{INTERACTIVE}/user/enums")[1]["result"]
    )


@pytest.mark.parametrize(
    ("modes", "name", "path"),
    [
        ({"row_shape": "older"}, "order_book_legacy", f"{INTERACTIVE}/orders"),
        (
            {"thousands_commas": True},
            "positions_netwise_commas",
            f"{INTERACTIVE}/portfolio/positions?dayOrNet=NetWise",
        ),
        ({"positions_container": "flat"}, "positions_flat", f"{INTERACTIVE}/portfolio/positions?dayOrNet=NetWise"),
        ({"holdings_container": "list"}, "holdings_list", f"{INTERACTIVE}/portfolio/holdings"),
    ],
)
def test_other_installations_have_the_shapes_of_their_samples(modes: dict[str, Any], name: str, path: str) -> None:
    """Each switch gives the shape of the installation it stands for."""
    status, answer = raw(traded(modes=modes), "GET", path)
    assert 200 == status
    assert shape(sample(name)) == shape(answer)


def test_older_rows_write_numbers_and_times_their_own_way() -> None:
    """Older rows: title-case sides, averages with thousands commas or empty, ISO times with seven fraction digits."""
    trader = traded(modes={"row_shape": "older"})
    filled, resting = trader.ok("GET", f"{INTERACTIVE}/orders")
    trader.place(RELIANCE, orderSide="SELL")
    sold = trader.ok("GET", f"{INTERACTIVE}/orders")[2]
    assert ("Buy", "351.25", "", "1,309.50", "Sell") == (
        filled["OrderSide"],
        filled["OrderAverageTradedPrice"],
        resting["OrderAverageTradedPrice"],
        sold["OrderAverageTradedPrice"],
        sold["OrderSide"],
    )
    assert 7 == len(filled["OrderGeneratedDateTime"].partition(".")[2])
    assert filled["ExchangeTransactTime"].endswith("+05:30")
    assert "Buy" == trader.ok("GET", f"{INTERACTIVE}/orders/trades")[0]["OrderSide"]


def test_commas_reach_money_everywhere() -> None:
    """With thousands commas on, positions and balance write money with them."""
    trader = traded(modes={"thousands_commas": True})
    [row] = trader.ok("GET", f"{INTERACTIVE}/portfolio/positions", dayOrNet="NetWise")["positionList"]
    assert ("22,831.25", "-22,831.25", "65", "1") == (
        row["BuyAmount"],
        row["NetAmount"],
        row["Quantity"],
        row["Multiplier"],
    )
    entry = trader.ok("GET", f"{INTERACTIVE}/user/balance")["BalanceList"][1]
    assert "10,000,000.00" == entry["limitObject"]["RMSSubLimits"]["cashAvailable"]


@pytest.mark.parametrize(("mode", "kind"), [("float", float), ("string", str), ("int", int)])
def test_app_order_id_kinds(mode: str, kind: type[Any]) -> None:
    """An AppOrderID is written as the number, the float or the text that some installation sends."""
    trader = exchange(modes={"app_order_id": mode})
    _status, answer = raw(trader, "POST", f"{INTERACTIVE}/orders", trader.order())
    app_order_id = answer["result"]["AppOrderID"]
    assert kind is type(app_order_id)
    assert 1110000030 == int(float(app_order_id))


def test_third_holdings_container() -> None:
    """One front end answers holdings as a plain list."""
    result = exchange(modes={"holdings_container": "flat"}).ok("GET", f"{INTERACTIVE}/portfolio/holdings")
    assert [25, 10] == [row["HoldingQuantity"] for row in result["holdingsList"]]


def test_numbers_are_written_exactly() -> None:
    """Decimals arrive as plain numbers, without binary noise or needless zeros."""
    trader = exchange()
    trader.place(NIFTY_FUTURE, orderQuantity=65, orderType="LIMIT", limitPrice=25700.1, productType="NRML")
    outcome = trader.send("GET", f"{INTERACTIVE}/orders/dealerorderbook")
    assert isinstance(outcome, Response)
    assert b'"OrderPrice":25700.1,' in outcome.body
    assert b'"OrderStopPrice":0,' in outcome.body
