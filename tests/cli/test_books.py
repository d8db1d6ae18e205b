"""Logging in and out, loading contracts, and reading the books."""

from __future__ import annotations

import io
from typing import Any

import pytest
from cli.terminal import POSITIONS, Terminal
from rich.console import Console

from jainam.cli import contracts as group
from jainam.cli.output import Output
from jainam.domain.loading import SegmentRead


def test_logging_in_says_who_trades_and_never_the_token(terminal: Terminal) -> None:
    """The login's answer is shown without its token, to people and to programs."""
    shown = terminal("login")
    data = terminal("login", "--json").data

    assert "dealer" in shown.out
    assert "pro (the desk's own book)" in shown.out
    assert data == {
        "user_id": "DEALER01",
        "account": "dealer",
        "client_id": "*****",
        "client_codes": ["CLIENT01", "CLIENT02", "*****"],
        "market_data_user_id": "DEALER01",
        "orders_today": 0,
    }


def test_a_login_names_the_client_of_the_settings(terminal: Terminal) -> None:
    """Clients of one login share its session, and each command says whom it would trade for (D13)."""
    terminal("login")
    data = terminal("login", "--json", env={"JAINAM_CLIENT_ID": "CLIENT02"}).data

    assert data["client_id"] == "CLIENT02"
    assert terminal.exchange.rest.count("POST", "/interactive/user/session") == 1


def test_a_login_is_kept_for_the_next_command_and_gone_after_logout(terminal: Terminal) -> None:
    """Two commands share one login; `logout` ends it, and the next command logs in again."""
    logins = ("POST", "/interactive/user/session")
    terminal("login")
    terminal("orders")
    assert terminal.exchange.rest.count(*logins) == 1

    assert "no session is kept" in terminal("logout").out
    assert terminal("logout", "--json").data == {"logged_out": True}
    assert terminal("orders").code == 0
    assert terminal.exchange.rest.count(*logins) == 2


def test_a_session_that_ended_during_the_day_is_renewed(terminal: Terminal) -> None:
    """A token that the exchange no longer takes costs one more login, and nothing is lost."""
    terminal("login")
    terminal.exchange.rest.world.sessions.expire()

    assert terminal("login").code == 0
    terminal.exchange.rest.world.sessions.expire()
    assert terminal.place().code == 0
    assert terminal.sent() == 2  # the first was refused for its token


def test_the_profile_names_the_account(terminal: Terminal) -> None:
    """The profile has a stable document, and the broker's row on request."""
    data = terminal("profile", "--json").data

    assert set(data) == {"client_id", "name", "is_investor", "exchanges"}
    assert "dealer" in terminal("profile").out
    assert "raw" in terminal("profile", "--json", "--raw").data


def test_contracts_are_loaded_and_counted_by_segment(exported: Terminal) -> None:
    """A load tells each segment's rows and the total that is stored, and shows no progress outside of a terminal."""
    ran = exported("contracts", "sync")

    assert ran.code == 0
    assert ran.err == ""
    assert "NSEFO" in ran.out
    assert "stored" in ran.out


def test_contracts_are_found_by_words(terminal: Terminal) -> None:
    """A search shows what an order needs to know, and says so when there is nothing."""
    found = terminal("contracts", "find", "nifty", "fut", "--exchange", "nfo", "--limit", "2", "--json").data
    shown = terminal("contracts", "find", "reliance", "-e", "NSE")
    nothing = terminal("contracts", "find", "no such thing")

    assert len(found) == 2
    assert set(found[0]) == {
        *("symbol", "exchange", "token", "kind", "name", "description", "broker_symbol", "expiry", "strike"),
        *("lot_size", "tick_size", "freeze_quantity", "price_low", "price_high"),
    }
    assert found[0]["lot_size"] == 65
    assert found[0]["tick_size"] == "0.1"
    assert "1178.60-1440.40" in shown.out
    assert "Run `jainam contracts sync`" in nothing.out
    assert nothing.code == 0


def test_progress_moves_with_every_segment_on_a_terminal() -> None:
    """On a terminal a bar on stderr names the segment that was read last; other events leave it alone."""
    screen = io.StringIO()
    out = Output(False, False, Console(file=io.StringIO()), Console(file=screen, force_terminal=True, width=100))

    with group._progress(out, 2) as listen:
        listen("something else")
        listen(SegmentRead("NSECM", 37))

    assert "NSECM: 37 rows" in screen.getvalue()


def test_empty_books_say_so(terminal: Terminal) -> None:
    """A book without rows is a sentence for people and an empty list for programs."""
    for book, words in (("orders", "No orders"), ("trades", "No trades"), ("positions", "No positions")):
        ran = terminal(book)
        assert ran.code == 0
        assert words in ran.out
        assert terminal(book, "--json").data == []


def test_an_account_without_shares_says_so(terminal: Terminal) -> None:
    """A client of the dealer who holds nothing has an empty book of holdings."""
    ran = terminal("holdings", env={"JAINAM_CLIENT_ID": "CLIENT01"})

    assert ran.code == 0
    assert "No holdings" in ran.out


def test_books_after_trading_have_stable_documents(terminal: Terminal) -> None:
    """Each book's rows have the documented names, money as text and quantities as numbers."""
    terminal.place()
    terminal.place(symbol="HDFCBANK", side="sell", quantity="5")

    orders = terminal("orders", "--json").data
    trades = terminal("trades", "--json").data
    positions = terminal("positions", "--json").data

    assert [row["symbol"] for row in orders] == ["RELIANCE", "HDFCBANK"]
    assert set(trades[0]) == {
        *("trade_id", "order_id", "tag", "symbol", "exchange", "token", "side", "product", "quantity", "price"),
        *("value", "traded_at"),
    }
    assert (trades[0]["price"], trades[0]["value"], trades[0]["quantity"]) == ("1309.5", "13095.0", 10)
    assert {row["symbol"]: row["quantity"] for row in positions} == {"RELIANCE": 10, "HDFCBANK": -5}
    assert set(positions[0]) == {
        *("symbol", "broker_symbol", "exchange", "token", "product", "quantity", "average_price", "buy_quantity"),
        *("buy_average", "sell_quantity", "sell_average", "realized", "unrealized", "pnl"),
    }
    assert "-0" not in (positions[0]["realized"], positions[0]["pnl"])


def test_books_after_trading_are_tables_for_people(terminal: Terminal) -> None:
    """Each book is a table with its rows."""
    terminal.place()

    assert "1309.50" in terminal("trades").out
    assert "+10" in terminal("positions").out
    assert "10/10" in terminal("orders").out
    assert "INE002A01018" in terminal("holdings").out
    assert "10,000,000.00" in terminal("funds").out


def test_holdings_and_funds_have_stable_documents(terminal: Terminal) -> None:
    """Shares and money have the documented names; the broker's rows come on request."""
    holdings = terminal("holdings", "--json").data
    funds = terminal("funds", "--json", "--raw").data

    assert set(holdings[0]) == {
        *("symbol", "isin", "exchanges", "quantity", "used_quantity", "saleable", "average_price", "last_price", "pnl")
    }
    assert holdings[0]["last_price"] == "1309.5"
    assert set(funds) == {"available", "cash", "collateral", "utilized", "realized", "unrealized", "raw"}
    assert funds["available"] == "10000000"


def test_a_book_that_arrives_by_half_is_an_error_and_not_an_empty_book(terminal: Terminal) -> None:
    """Half an answer to a read ends with exit code 6, and nothing is concluded from it."""
    terminal.fault("malformed", "GET", POSITIONS, times=9)

    ran = terminal("positions")

    assert ran.code == 6
    assert ran.out == ""
    assert ran.err.startswith("error: ")


@pytest.mark.parametrize("book", ["orders", "trades", "positions", "holdings", "funds", "profile"])
def test_every_book_tells_of_a_gateway_that_is_down(terminal: Terminal, book: str, monkeypatch: Any) -> None:
    """A gateway page in place of a book ends with exit code 6."""
    monkeypatch.setenv("JAINAM_RETRIES", "0")
    terminal("login")
    terminal.fault("gateway", "GET", times=9)

    error = terminal(book, "--json")

    assert error.code == 6
    assert error.error["error"] == "BrokerUnavailable"


def test_an_order_is_looked_for_by_its_tag(terminal: Terminal) -> None:
    """What an error or the journal names by its tag is found, or said not to be there; no other order is shown."""
    tag = terminal.place("--json").data["tag"]
    terminal.place()

    found = terminal("orders", "--tag", tag, "--json").data
    missing = terminal("orders", "--tag", "J0", "--json").data

    assert [row["tag"] for row in found] == [tag]
    assert missing == []
    assert "No order in today's book carries the tag J0." in terminal("orders", "--tag", "J0").out
