"""`close-all` and `cancel-all`: consent, filters, partial failures, and never sending twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.terminal import ORDERS, Terminal

from jainam.cli import commands


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at the terminal and can be asked."""
    monkeypatch.setattr(commands, "is_interactive", lambda: True)


def held(terminal: Terminal) -> dict[str, int]:
    """What the exchange says is held."""
    account = terminal.exchange.rest.world.exchange.accounts["PRO1"]
    return {row.instrument.name: row.net for row in account.positions.view(day_wise=False) if row.net}


def open_two(terminal: Terminal) -> None:
    """A purchase and a sale, both filled."""
    assert terminal.place().code == 0
    assert terminal.place(symbol="HDFCBANK", side="sell", quantity="20").code == 0


def rest_two(terminal: Terminal) -> list[str]:
    """Two orders that rest."""
    return [terminal.place("--json", type="LIMIT", price=price).data["order_id"] for price in ("1300", "1301")]


@pytest.mark.parametrize("name", ["close-all", "cancel-all"])
def test_where_nobody_can_be_asked_a_yes_is_required(terminal: Terminal, name: str) -> None:
    """Without a terminal and without `--yes` nothing is read or sent, and the exit code is that of wrong usage."""
    ran = terminal(name)

    assert ran.code == 2
    assert "add --yes" in ran.err
    assert terminal.exchange.requests == []


def test_closing_everything_closes_everything_once(terminal: Terminal) -> None:
    """All positions are closed and shown; a second time there is nothing to close and nothing is sent."""
    open_two(terminal)

    first = terminal("close-all", "--yes")
    sent = terminal.sent()
    second = terminal("close-all", "--yes", "--json").data

    assert first.code == 0
    assert "2 positions closed." in first.out
    assert held(terminal) == {}
    assert terminal.sent() == sent == 4
    assert second == {"outcome": "complete", "positions": []}
    assert "Nothing to close" in terminal("close-all", "--yes").out


def test_a_position_that_stays_open_is_named_with_its_reason(terminal: Terminal) -> None:
    """When one exit is refused the other is sent, the exit code is 7, and the words name what stays open and why."""
    open_two(terminal)
    terminal.fault("refuse", "POST", ORDERS, contains='"exchangeInstrumentID":2885', description="RMS:Blocked")

    ran = terminal("close-all", "--yes")

    assert ran.code == 7
    assert "1 of 2 positions not closed" in ran.err
    assert "RELIANCE on NSE: RMS:Blocked" in ran.err
    assert held(terminal) == {"RELIANCE": 10}


def test_a_partial_close_has_a_document_with_every_position(terminal: Terminal) -> None:
    """A program learns of every position what was held, what is left, and the reason."""
    open_two(terminal)
    terminal.fault("refuse", "POST", ORDERS, contains='"exchangeInstrumentID":2885', description="RMS:Blocked")

    error = terminal("close-all", "--yes", "--json").error
    rows = {row["symbol"]: row for row in error["data"]["positions"]}

    assert error["error"] == "PartlyDone"
    assert error["data"]["outcome"] == "partial"
    assert set(rows["RELIANCE"]) == {
        *("symbol", "exchange", "product", "held", "filled", "remaining", "closed", "order_ids", "reason"),
        "uncancelled",
    }
    assert (rows["RELIANCE"]["remaining"], rows["RELIANCE"]["closed"]) == (10, False)
    assert rows["HDFCBANK"]["closed"] is True
    assert len(rows["HDFCBANK"]["order_ids"]) == 1


def test_an_order_that_could_not_be_taken_back_is_named_though_all_is_closed(terminal: Terminal) -> None:
    """A position is closed and an order on it still rests, which may open it again: exit code 7, and its number."""
    open_two(terminal)
    order_id = rest_two(terminal)[0]
    terminal.fault("refuse", "DELETE", ORDERS, contains=order_id, description="Not now", times=2)

    ran = terminal("close-all", "--yes")

    assert held(terminal) == {}
    assert ran.code == 7
    assert f"closed; order {order_id} could not be taken back and may still trade" in ran.out
    assert f"RELIANCE on NSE: order {order_id} could not be taken back" in ran.err


def test_a_document_names_orders_that_could_not_be_taken_back(terminal: Terminal) -> None:
    """A program finds them beside the position that they were on."""
    open_two(terminal)
    order_ids = rest_two(terminal)
    terminal.fault("refuse", "DELETE", ORDERS, description="Not now", times=4)

    error = terminal("close-all", "--yes", "--json").error
    rows = {row["symbol"]: row["uncancelled"] for row in error["data"]["positions"]}

    assert error["data"]["outcome"] == "complete"
    assert {symbol: sorted(found) for symbol, found in rows.items()} == {"RELIANCE": order_ids, "HDFCBANK": []}


@pytest.mark.parametrize(
    "words",
    [
        ("--symbol", "HDFCBANK"),
        ("--symbol", "HDFCBANK", "--exchange", "nse"),
        ("--product", "nrml"),
        ("--exchange", "NFO"),
    ],
)
def test_filters_close_what_they_pick_and_nothing_else(terminal: Terminal, words: tuple[str, ...]) -> None:
    """A symbol, an exchange and a product narrow a close-all down."""
    open_two(terminal)
    future = terminal("contracts", "find", "nifty", "fut", "-e", "NFO", "-n", "1", "--json").data[0]
    assert terminal.place(symbol=future["symbol"], exchange="NFO", product="NRML", quantity="65").code == 0
    before = set(held(terminal))

    assert terminal("close-all", "--yes", *words).code == 0

    gone = before - set(held(terminal))
    assert gone == ({"HDFCBANK"} if "HDFCBANK" in words else before - {"RELIANCE", "HDFCBANK"})


def test_an_unknown_symbol_is_an_error_and_not_an_empty_choice(terminal: Terminal) -> None:
    """A close-all for a symbol that nobody lists must not look like a success."""
    open_two(terminal)

    with terminal.nothing_sent():
        ran = terminal("close-all", "--yes", "--symbol", "RELAINCE")

    assert ran.code == 3
    assert "RELAINCE is not known on any exchange" in ran.err


def test_a_dry_run_shows_every_exit_and_sends_none(terminal: Terminal) -> None:
    """A rehearsed close-all shows one request for each position."""
    open_two(terminal)

    with terminal.nothing_sent():
        data = terminal("close-all", "--dry-run", "--json").data

    assert len(data["requests"]) == 2
    assert all(request.startswith("POST /interactive/orders") for request in data["requests"])
    assert {'"orderSide": "SELL"' in request for request in data["requests"]} == {True, False}


def test_a_dry_run_names_what_would_stay_open(terminal: Terminal, tmp_path: Path) -> None:
    """A position whose contract is not stored could not be closed, and a rehearsal says so."""
    open_two(terminal)

    empty = {"JAINAM_DATABASE": str(tmp_path / "none.sqlite")}

    ran = terminal("close-all", "--dry-run", env=empty)
    error = terminal("close-all", "--dry-run", "--json", env=empty).error

    assert ran.code == 7
    assert "Nothing would be sent." in ran.out
    assert "2 positions would stay open" in ran.err
    assert "RELIANCE" in ran.err
    assert error["data"] == {"rehearsed": True, "requests": []}


def test_cancelling_everything_takes_back_every_live_order(terminal: Terminal) -> None:
    """Every live order is cancelled and counted; afterwards there is none."""
    rest_two(terminal)

    ran = terminal("cancel-all", "--yes")

    assert ran.code == 0
    assert "2 cancellations taken." in ran.out
    assert "No live orders." in terminal("cancel-all", "--yes").out


def test_an_order_that_could_not_be_cancelled_is_named(terminal: Terminal) -> None:
    """When one cancellation is refused the exit code is 7 and the order and the reason are named."""
    order_ids = rest_two(terminal)
    terminal.fault("refuse", "DELETE", ORDERS, contains=order_ids[0], description="Not now", times=2)

    error = terminal("cancel-all", "--yes", "--json").error
    ran = terminal("cancel-all", "--yes")

    assert error["data"]["cancelled"] == [order_ids[1]]
    assert error["data"]["failed"][0]["order_id"] == order_ids[0]
    assert error["data"]["failed"][0]["error"] == "OrderRejected"
    assert ran.code == 7
    assert f"order {order_ids[0]}: Not now" in ran.err


def test_a_dry_run_shows_every_cancellation_and_sends_none(terminal: Terminal) -> None:
    """A rehearsed cancel-all shows one request for each live order, and says so when there is none."""
    assert "Nothing would be sent." in terminal("cancel-all", "--dry-run").out
    order_ids = rest_two(terminal)

    with terminal.nothing_sent():
        ran = terminal("cancel-all", "--dry-run")

    assert all(f"DELETE /interactive/orders?appOrderID={order_id}" in ran.out for order_id in order_ids)


@pytest.mark.usefixtures("watched")
def test_somebody_at_a_terminal_is_shown_what_it_is_about_and_asked(terminal: Terminal) -> None:
    """The positions and orders in question are shown before the question; a no sends nothing."""
    terminal.place()
    rest_two(terminal)

    with terminal.nothing_sent():
        close = terminal("close-all", typed="n\n")
        cancel = terminal("cancel-all", typed="n\n")

    assert (close.code, cancel.code) == (1, 1)
    assert "+10" in close.err
    assert "nothing was sent" in close.err
    assert "LIMIT 1301.00" in cancel.err


@pytest.mark.usefixtures("watched")
def test_a_yes_at_the_terminal_is_enough(terminal: Terminal) -> None:
    """After a yes both commands do what they say."""
    terminal.place()
    rest_two(terminal)

    assert "2 cancellations taken." in terminal("cancel-all", typed="y\n").out
    assert "1 position closed." in terminal("close-all", typed="y\n").out


@pytest.mark.usefixtures("watched")
def test_nothing_is_asked_when_there_is_nothing_to_do(terminal: Terminal) -> None:
    """Without a position or a live order no question is put."""
    assert terminal("cancel-all", typed="").code == 0
    assert terminal("close-all", typed="").code == 0


@pytest.mark.usefixtures("watched")
def test_a_question_left_unanswered_sends_nothing(terminal: Terminal) -> None:
    """Input that ends before the answer counts as being stopped."""
    terminal.place()

    with terminal.nothing_sent():
        ran = terminal("close-all", typed="")

    assert ran.code == 130
    assert "nothing was sent" in ran.err
