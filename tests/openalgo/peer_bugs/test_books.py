"""Books and funds: B-31 to B-42 of the plugin that OpenAlgo has (docs/peer-bugs.md)."""

from __future__ import annotations

import importlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fakes.bridge import TOKEN, Bridge
from fakes.bridge_calls import infy, resting, smart
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.openalgo_bridge import replies
from jainam.openalgo_bridge.api import funds, order_api
from jainam.openalgo_bridge.mapping import order_data


def test_b_31_no_display_is_needed() -> None:
    """No module of the bridge mentions a toolkit; test_signatures.py imports each without a display."""
    folder = Path(str(importlib.import_module("jainam.openalgo_bridge").__file__)).parent

    texts = [file.read_text(encoding="utf-8") for file in folder.rglob("*.py")]
    assert not [text for text in texts if re.search(r"(?m)^(from|import) (turtle|tkinter|tokenize)", text)]


def test_b_32_all_rows_are_named_at_once(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A book is one look-up in the contract store, by number."""
    for _ in range(5):
        resting()
    calls: list[Any] = []
    named = MemoryContracts.named

    def counted(store: MemoryContracts, refs: Any) -> Any:
        calls.append(refs)
        return named(store, refs)

    monkeypatch.setattr(MemoryContracts, "named", counted)
    rows = order_data.map_order_data(order_api.get_order_book(TOKEN))

    assert {row["symbol"] for row in rows} == {"INFY"}
    assert len(calls) == 1


def test_b_33_every_status_has_the_hosts_word(bridge: Bridge) -> None:
    """What is not over is open, or sleeps."""
    native = dict(self_made(bridge)[0])
    words = {
        status: order_data.map_order_data([native | {"OrderStatus": status}])[0]["order_status"]
        for status in ("PartiallyFilled", "Replaced", "PendingNew", "PendingReplace", "PendingCancel", "New", "Odd")
    }

    assert set(words.values()) == {"open"}
    over = {status: order_data.map_order_data([native | {"OrderStatus": status}])[0]["order_status"] for status in
            ("Filled", "Cancelled", "Rejected", "Expired")}  # fmt: skip
    assert over == {"Filled": "complete", "Cancelled": "cancelled", "Rejected": "rejected", "Expired": "cancelled"}


def self_made(bridge: Bridge) -> list[dict[str, Any]]:
    """One native row of the order book."""
    resting()
    return list(order_api.get_order_book(TOKEN))


def test_b_34_open_orders_are_counted(bridge: Bridge) -> None:
    """Partly filled and sleeping ones among them."""
    bridge.rest.world.market.limit_liquidity(infy(bridge), 4)
    resting(price=1863.35)
    resting(pricetype="SL", price=1900, trigger_price=1890)
    mapped = order_data.map_order_data(order_api.get_order_book(TOKEN))

    assert order_data.calculate_order_statistics(mapped)["total_open_orders"] == 2


def test_b_35_long_numbers_keep_their_digits(bridge: Bridge) -> None:
    """A number above 2^53 is the same in the host's row."""
    native = self_made(bridge)[0] | {"AppOrderID": 9007199254740993}

    assert order_data.map_order_data([native])[0]["orderid"] == "9007199254740993"


def test_b_36_trades_are_fills(bridge: Bridge) -> None:
    """An order that filled in two parts is two rows that add up to it."""
    bridge.rest.world.market.limit_liquidity(infy(bridge), 4)
    resting(price=1863.35)
    bridge.rest.world.market.limit_liquidity(infy(bridge), None)
    bridge.rest.world.exchange.set_price(infy(bridge), Decimal("1863.30"))
    trades = order_data.map_trade_data(trade_data=order_api.get_trade_book(TOKEN))

    assert sum(row["quantity"] for row in trades) == 10


def test_b_37_no_positions_are_no_error(bridge: Bridge) -> None:
    """An empty book passes through map and transform."""
    assert order_data.transform_positions_data(order_data.map_position_data(order_api.get_positions(TOKEN))) == []


def test_b_38_prices_and_profits_are_real(bridge: Bridge) -> None:
    """The last price is the market's, and numbers are numbers."""
    smart(10)
    bridge.rest.world.market.set_price(infy(bridge), Decimal("1873.35"))
    (row,) = order_data.map_position_data(order_api.get_positions(TOKEN))

    assert (row["ltp"], row["pnl"], type(row["average_price"])) == (1873.35, 100.0, float)


def test_b_39_closed_rows_keep_their_profit(bridge: Bridge) -> None:
    """Realised profit is in the row, with the price that was paid."""
    smart(10)
    bridge.rest.world.market.set_price(infy(bridge), Decimal("1873.35"))
    smart(0)
    (row,) = order_data.map_position_data(order_api.get_positions(TOKEN))

    assert (row["quantity"], row["average_price"], row["pnl"]) == (0, 1863.35, 100.0)


def test_b_40_a_share_of_bse_stays_there(bridge: Bridge) -> None:
    """A holding that only BSE lists is listed there, and one that nobody knows is not called by its ISIN."""
    native = order_api.get_holdings(TOKEN)[0]
    only_bse = native | {"ExchangeNSEInstrumentId": 0}
    (row,) = order_data.map_portfolio_data({"holdingsList": [only_bse]})
    (unknown,) = order_data.map_portfolio_data({"holdingsList": [only_bse | {"ExchangeBSEInstrumentId": 999999}]})

    assert row["exchange"] == "BSE"
    assert unknown["symbol"] == "BSE#999999"


def test_b_41_nobodys_shares_are_in_the_log(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    """At INFO and above neither holdings nor money are told."""
    caplog.set_level("INFO")
    order_data.map_portfolio_data(order_api.get_holdings(TOKEN))
    funds.get_margin_data(TOKEN)

    assert "RELIANCE" not in caplog.text
    assert "10000000" not in caplog.text


def test_b_42_unknown_money_is_an_error(bridge: Bridge) -> None:
    """An error in the place of the balance is raised in words, and never an empty dict."""
    bridge.fault("error_200", "/interactive/user/balance", times=9, description="Try later")

    with pytest.raises(replies.BridgeError, match="Try later"):
        funds.get_margin_data(TOKEN)
