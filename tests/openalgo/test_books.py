"""Books and money as the host's pages show them: the broker's rows, made into the host's own (host contract 2)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from fakes import openalgo as reading
from fakes.bridge import ORDER_BOOK, ORDERS, POSITIONS, TOKEN, Bridge
from fakes.samples import position
from jainam.domain.portfolio import Funds, Holding
from jainam.domain.valuing import Valued
from jainam.openalgo_bridge import replies, rows
from jainam.openalgo_bridge.api import funds, margin_api, order_api
from jainam.openalgo_bridge.mapping import order_data, transform_data

MONEY = Funds(available=None, cash=None, collateral=None, utilized=None, realized=None, unrealized=None)
TRADES, HOLDINGS = "/interactive/orders/dealertradebook", "/interactive/portfolio/holdings"
BALANCE = "/interactive/user/balance"
INFY = {"symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": 10}
BOOKS: dict[str, tuple[Any, Any, Any, str]] = {
    "orders": (order_api.get_order_book, order_data.map_order_data, order_data.transform_order_data, ORDER_BOOK),
    "trades": (order_api.get_trade_book, order_data.map_trade_data, order_data.transform_tradebook_data, TRADES),
    "positions": (
        order_api.get_positions,
        order_data.map_position_data,
        order_data.transform_positions_data,
        POSITIONS,
    ),
    "holdings": (order_api.get_holdings, order_data.map_portfolio_data, order_data.transform_holdings_data, HOLDINGS),
}
every_book = pytest.mark.parametrize("name", sorted(BOOKS))


def place(**changed: Any) -> str:
    _, _, order_id = order_api.place_order_api(INFY | changed, TOKEN)
    assert order_id is not None
    return order_id


def shown(name: str) -> list[dict[str, Any]]:
    fetch, mapped, transformed, _ = BOOKS[name]
    status, told = reading.book(fetch(TOKEN), mapped, transformed)
    assert status == 200
    found: list[dict[str, Any]] = told["rows"]
    return found


@every_book
@pytest.mark.parametrize("kind", ["error_200", "refuse", "gateway", "malformed"])
def test_failures_are_errors_and_not_empty_books(bridge: Bridge, name: str, kind: str) -> None:
    """Whatever the broker answers in the place of a book, the host gets its error dict, with a reason (B-30)."""
    fetch, mapped, transformed, path = BOOKS[name]
    bridge.fault(kind, path, times=9, description="RMS is down")

    status, told = reading.book(fetch(TOKEN), mapped, transformed)

    assert (status, told["status"]) == (500, "error")
    assert told["message"]


@every_book
def test_empty_books_are_empty(name: str) -> None:
    """Nothing at all is no rows, in the map and in the transform (B-37)."""
    _, mapped, transformed, _ = BOOKS[name]

    assert (mapped([]), transformed([]), transformed(mapped([]))) == ([], [], [])


@pytest.mark.parametrize("name", ["orders", "trades", "positions"])
def test_a_day_without_trades(bridge: Bridge, name: str) -> None:
    """A broker's empty book passes through the whole chain."""
    assert shown(name) == []


@every_book
def test_rows_go_into_json(bridge: Bridge, name: str) -> None:
    """Plain numbers and words only, in what the broker sent as well."""
    place()
    assert json.loads(json.dumps(shown(name)))
    assert all(isinstance(row, dict) for row in BOOKS[name][0](TOKEN))


@every_book
def test_the_brokers_rows_from_elsewhere_are_read_too(bridge: Bridge, name: str) -> None:
    """Rows that did not come from our own call, bare or in their envelope, give the same (D17)."""
    place()
    fetch, mapped, transformed, _ = BOOKS[name]
    native = list(fetch(TOKEN))
    wanted = [{key: row[key] for key in ("symbol", "exchange", "quantity")} for row in shown(name)]
    key = "holdingsList" if name == "holdings" else None
    result = {key: native} if key else native

    for given in (result, {"type": "success", "result": result}):
        found = transformed(given)
        assert [{key: row[key] for key in ("symbol", "exchange", "quantity")} for row in found] == wanted
    with pytest.raises(ValueError, match="no book"):
        mapped({"type": "error", "description": "x"})


def test_orders_as_the_host_shows_them(bridge: Bridge) -> None:
    """Open, sleeping, partly filled, complete, cancelled and rejected orders have the host's words (B-33, B-34)."""
    limit = {"pricetype": "LIMIT", "price": 1800}
    market, instrument = bridge.rest.world.market, bridge.rest.world.market.find("NSECM", 1594)
    assert instrument is not None
    cancelled = place(**limit)
    order_api.cancel_order(cancelled, TOKEN)
    complete, resting = place(), place(**limit)
    sleeping = place(pricetype="SL", price=1900, trigger_price=1890)
    market.limit_liquidity(instrument, 4)
    partly = place()

    found = {row["orderid"]: row for row in shown("orders")}

    assert {key: found[key]["order_status"] for key in (cancelled, complete, resting, sleeping, partly)} == {
        cancelled: "cancelled",
        complete: "complete",
        resting: "open",
        sleeping: "open",
        partly: "open",
    }
    row = found[partly]
    assert (row["filled_quantity"], row["pending_quantity"], row["pricetype"]) == (4, 6, "MARKET")
    assert found[sleeping]["trigger_price"] == 1890.0
    counted = order_data.calculate_order_statistics(list(found.values()))
    assert counted == {
        "total_buy_orders": 5,
        "total_sell_orders": 0,
        "total_completed_orders": 1,
        "total_open_orders": 3,
        "total_rejected_orders": 0,
    }
    assert order_data.calculate_order_statistics([]) == dict.fromkeys(counted, 0)


def test_each_fill_is_a_trade_of_its_own(bridge: Bridge) -> None:
    """An order that filled in parts is counted once: each row has its own quantity, price and value (B-36, FR1)."""
    market, instrument = bridge.rest.world.market, bridge.rest.world.market.find("NSECM", 1594)
    assert instrument is not None
    market.limit_liquidity(instrument, 4)
    order_id = place(pricetype="LIMIT", price=1863.35)
    market.limit_liquidity(instrument, None)
    bridge.rest.world.exchange.set_price(instrument, Decimal("1863.30"))

    found = shown("trades")

    assert [row["quantity"] for row in found] == [4, 6]
    assert {row["orderid"] for row in found} == {order_id}
    assert [row["trade_value"] for row in found] == [round(row["quantity"] * row["average_price"], 2) for row in found]
    assert order_data.transform_trade_book(order_api.get_trade_book(TOKEN)) == found


def test_positions_are_worth_what_the_market_says(bridge: Bridge) -> None:
    """Last price and profit are real, for open positions and for those that were closed (B-38, B-39)."""
    place()
    place(symbol="RELIANCE", quantity=5)
    instrument = bridge.rest.world.market.find("NSECM", 1594)
    reliance = bridge.rest.world.market.find("NSECM", 2885)
    assert instrument is not None
    assert reliance is not None
    bridge.rest.world.market.set_price(reliance, Decimal("1310.50"))
    place(symbol="RELIANCE", quantity=5, action="SELL")
    bridge.rest.world.market.set_price(instrument, Decimal("1873.35"))

    infy, closed = shown("positions")

    assert infy == {
        "symbol": "INFY", "exchange": "NSE", "product": "MIS", "quantity": 10, "average_price": 1863.35,
        "ltp": 1873.35, "pnl": 100.0, "pnlpercent": 0.54,
    }  # fmt: skip
    assert (closed["quantity"], closed["pnl"], closed["average_price"]) == (0, 5.0, 1309.5)


def test_positions_are_there_without_market_data(bridge: Bridge) -> None:
    """A page that cannot have quotes shows the positions all the same, with the broker's own valuation."""
    place()
    bridge.fault("refuse", "/apibinarymarketdata/*", times=9)

    (row,) = shown("positions")

    assert (row["quantity"], row["ltp"]) == (10, 1863.35)


def test_a_position_that_nobody_values_has_no_value() -> None:
    """What is unknown is left out, where the host's pages have a dash: a profit of 0.00 would be a wrong one."""
    row = rows.position(Valued(position(65)))

    assert row.keys() == {"symbol", "exchange", "product", "quantity", "average_price"}
    assert order_data.transform_positions_data([row]) == [row]


def test_holdings_are_worth_what_the_market_says(bridge: Bridge) -> None:
    """Average and last price, profit and its percentage, and what all of them come to (B-40, FR3)."""
    found = shown("holdings")

    assert found[0] == {
        "symbol": "RELIANCE", "exchange": "NSE", "quantity": 25, "product": "CNC", "average_price": 1288.4,
        "ltp": 1309.5, "pnl": 527.5, "pnlpercent": 1.64,
    }  # fmt: skip
    counted = order_data.calculate_portfolio_statistics(found)
    assert counted["totalprofitandloss"] == round(sum(row["pnl"] for row in found), 2)
    assert counted["totalholdingvalue"] == round(counted["totalinvvalue"] + counted["totalprofitandloss"], 2)
    assert order_data.calculate_portfolio_statistics([])["totalpnlpercentage"] == 0


def test_shares_that_nobody_prices_are_not_worthless() -> None:
    """A share without a price adds neither worth nor cost, and one that is unknown goes by its number, not its ISIN."""
    share = Holding(isin="INE0", listings=(), quantity=5, used_quantity=0, average_price=Decimal(10))
    row = rows.holding(share)

    assert (row["symbol"], row["ltp"], row["pnl"]) == ("INE0", 0.0, 0.0)
    assert order_data.calculate_portfolio_statistics([row])["totalprofitandloss"] == 0.0


def test_money_is_text_with_two_decimals(bridge: Bridge) -> None:
    """The five amounts that the host's dashboard reads, and no other key (2.5)."""
    found = funds.get_margin_data(TOKEN)

    assert set(found) == {"availablecash", "collateral", "m2munrealized", "m2mrealized", "utiliseddebits"}
    assert found["availablecash"] == "10000000.00"


@pytest.mark.parametrize("kind", ["error_200", "gateway", "malformed"])
def test_money_that_is_not_known_is_raised(bridge: Bridge, kind: str) -> None:
    """An empty dict would be served as a success, so a failure is raised in words (B-42)."""
    bridge.fault(kind, BALANCE, times=9)

    with pytest.raises(replies.BridgeError):
        funds.get_margin_data(TOKEN)


def test_money_that_the_broker_does_not_name_is_not_zero() -> None:
    """Without the available amount there is no answer; zero would stop a strategy for no reason."""
    with pytest.raises(replies.BridgeError, match="available"):
        replies.funds(lambda: MONEY)


def test_moments_are_told_in_india(bridge: Bridge) -> None:
    """Whatever zone the broker names a moment in, the host's page shows what the exchange's clock said."""
    place(pricetype="LIMIT", price=1800)
    native = order_api.get_order_book(TOKEN)[0] | {"OrderGeneratedDateTime": "2026-01-12T04:45:28.123Z"}

    assert order_data.map_order_data([native])[0]["timestamp"] == "12-01-2026 10:15:28"


def test_an_amount_that_the_broker_leaves_out_is_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is null to whoever reads it and named in the log, while the five keys stay and the dashboard works."""
    told = replies.funds(lambda: evolve(MONEY, available=Decimal("1234.5"), realized=Decimal(0)))

    assert told == {
        "availablecash": "1234.50", "collateral": None, "m2munrealized": None, "m2mrealized": "0.00",
        "utiliseddebits": None,
    }  # fmt: skip
    assert "collateral, m2munrealized, utiliseddebits" in caplog.text
    assert {reading.amount(each) for each in told.values()} == {"1234.50", "0.00"}


def test_margins_are_not_offered(bridge: Bridge) -> None:
    """The host is told in words that it cannot be asked for, which it answers as 501."""
    with pytest.raises(NotImplementedError, match="funds page"):
        margin_api.calculate_margin_api([], TOKEN)


def test_orders_can_be_judged_beforehand(bridge: Bridge) -> None:
    """Everything that is wrong is named, and nothing is sent (FR10)."""
    assert order_data.validate_order_data(INFY) == (True, "")
    well, words = order_data.validate_order_data(INFY | {"pricetype": "LIMIT", "price": "1800.01", "product": "X"})
    assert not well
    assert "product" in words
    assert not order_data.validate_order_data(INFY | {"symbol": "NOSUCH"})[0]
    assert not order_data.validate_order_data([])[0]  # type: ignore[arg-type]
    assert bridge.host.sent("POST", ORDERS) == 0


def test_a_judgement_that_cannot_be_made_is_a_no(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the rules cannot be asked, an order is not called good."""
    monkeypatch.setattr("jainam.openalgo_bridge.requests.drafted_order", lambda fields: 1 / 0)

    assert order_data.validate_order_data(INFY) == (False, replies.DEFECT)


def test_words_and_tokens(bridge: Bridge) -> None:
    """OpenAlgo's words have their XTS spelling and back; what is unknown raises and has no default (B-12, FR7)."""
    assert transform_data.get_token_from_symbol("INFY", "NSE") == 1594
    with pytest.raises(ValueError, match="NOSUCH"):
        transform_data.get_token_from_symbol("NOSUCH", "NSE")
    assert transform_data.map_exchange("bfo") == "BSEFO"
    assert transform_data.map_order_type("SL") == "STOPLIMIT"
    assert transform_data.map_product_type("mis") == "MIS"
    assert transform_data.reverse_map_exchange(12) == "BFO"
    assert transform_data.reverse_map_order_type("StopMarket") == "SL-M"
    assert transform_data.reverse_map_product_type("Nrml") == "NRML"
    for unknown in (
        transform_data.map_exchange,
        transform_data.map_order_type,
        transform_data.map_product_type,
        transform_data.reverse_map_exchange,
        transform_data.reverse_map_order_type,
        transform_data.reverse_map_product_type,
    ):
        with pytest.raises(ValueError):
            unknown("MARKTE")


def test_holdings_are_shown_as_they_were_for_ten_seconds(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    """A page that asks again within ten seconds gets the last answer, and the log how old it is (D16)."""
    caplog.set_level("INFO")
    before = shown("holdings")
    bridge.clock.advance(4)
    slept = bridge.clock.elapsed

    assert shown("holdings") == before
    assert bridge.clock.elapsed == slept
    assert bridge.host.sent("GET", HOLDINGS) == 1
    assert "holdings as they were 4" in caplog.text
    assert order_api.get_holdings("")["status"] == "error"
    bridge.clock.advance(10)
    shown("holdings")
    assert bridge.host.sent("GET", HOLDINGS) == 2


def test_holdings_that_could_not_be_read_are_not_kept(bridge: Bridge) -> None:
    """A failure is nobody's holdings: the next page asks again."""
    bridge.fault("error_200", HOLDINGS)

    assert order_api.get_holdings(TOKEN)["status"] == "error"
    assert len(shown("holdings")) == 2
