"""Placing, changing and taking back single orders, and smart orders."""

from __future__ import annotations

import json

from cli.terminal import BOOK, ORDERS, POSITIONS, Terminal

from jainam.simulator import FaultRule

ROW = {
    "order_id",
    "tag",
    "symbol",
    "exchange",
    "token",
    "side",
    "product",
    "price_type",
    "quantity",
    "filled",
    "pending",
    "price",
    "trigger_price",
    "average_price",
    "disclosed_quantity",
    "time_in_force",
    "state",
    "status",
    "reason",
    "exchange_order_id",
    "placed_at",
    "updated_at",
}


def resting(terminal: Terminal) -> str:
    """The number of a limit order that rests."""
    placed = terminal.place("--json", type="LIMIT", price="1300.10").data
    assert placed["order"]["state"] == "open"
    return str(placed["order_id"])


def test_placing_an_order_shows_its_number_its_tag_and_what_became_of_it(terminal: Terminal) -> None:
    """A market order is sent once, followed, and shown with its state."""
    ran = terminal.place()

    assert ran.code == 0
    assert "was taken, tag J" in ran.out
    assert "filled" in ran.out
    assert "RELIANCE" in ran.out
    assert terminal.sent() == 1


def test_a_placed_order_has_a_stable_document(terminal: Terminal) -> None:
    """The document of a placed order holds its row with money as text and quantities as numbers."""
    data = terminal.place("--json", type="LIMIT", price="1300.50", disclosed="2").data

    assert set(data) == {"order_id", "tag", "found", "order"}
    assert set(data["order"]) == ROW
    assert data["order"]["price"] == "1300.5"
    assert data["order"]["quantity"] == 10
    assert data["order"]["average_price"] is None
    assert data["order"]["tag"] == data["tag"]
    assert data["order"]["disclosed_quantity"] == 2
    assert data["order"]["placed_at"].startswith("20")


def test_the_brokers_own_row_is_added_on_request_only(terminal: Terminal) -> None:
    """`--raw` adds the broker's row, and without it no broker's field name is printed."""
    assert "AppOrderID" not in terminal.place("--json").out

    raw = terminal.place("--json", "--raw").data["order"]["raw"]

    assert raw["AppOrderID"] > 0


def test_no_follow_asks_the_book_nothing(terminal: Terminal) -> None:
    """With `--no-follow` the command ends when the order was taken."""
    data = terminal.place("--json", "--no-follow").data

    assert data["order"] is None
    assert terminal.exchange.rest.count("GET", BOOK) == 0


def test_a_stop_order_carries_its_trigger(terminal: Terminal) -> None:
    """A stop order rests with its trigger price in the book and on the screen."""
    ran = terminal.place(type="SL", price="1320", trigger_price="1315")

    assert ran.code == 0
    assert "SL 1320.00 at 1315.00" in ran.out


def test_an_order_is_modified_shown_and_cancelled(terminal: Terminal) -> None:
    """What is named changes, the rest stays, and the cancelled order is shown as such."""
    order_id = resting(terminal)

    modified = terminal("order", "modify", order_id, "--price", "1301", "--quantity", "12", "--json").data["order"]
    shown = terminal("order", "show", order_id, "--json").data
    words = terminal("order", "show", order_id).out
    cancelled = terminal("order", "cancel", order_id, "--json").data["order"]

    assert (modified["price"], modified["quantity"], modified["price_type"]) == ("1301", 12, "LIMIT")
    assert set(shown) == ROW
    assert shown["price"] == "1301"
    assert "LIMIT 1301.00, DAY, MIS" in words
    assert cancelled["state"] == "cancelled"
    assert "Reason" not in words


def test_modify_and_cancel_speak_to_people_too(terminal: Terminal) -> None:
    """Without `--json` both say what was done and show the row."""
    order_id = resting(terminal)

    modified = terminal("order", "modify", order_id, "--type", "sl", "--price", "1320", "--trigger-price", "1318")
    cancelled = terminal("order", "cancel", order_id)

    assert f"Order {order_id} was modified." in modified.out
    assert "SL 1320.00" in modified.out
    assert "cancelled" in cancelled.out


def test_what_was_taken_stays_taken_when_the_book_cannot_be_read(terminal: Terminal) -> None:
    """A cancellation that the broker took is a success even when nobody can say how the order stands now."""
    order_id = resting(terminal)
    terminal.exchange.rest.faults.add([FaultRule(kind="gateway", method="GET", path=BOOK, times=2)])

    document = terminal("order", "cancel", order_id, "--json").data

    assert document["order"] is None
    assert "could not be read" in document["note"]
    assert terminal("order", "show", order_id, "--json").data["state"] == "cancelled"


def test_a_rejected_row_ends_with_the_brokers_reason(terminal: Terminal) -> None:
    """An order that the risk check rejects ends with exit code 3 and the broker's own words."""
    ran = terminal.place(product="CNC", quantity="20000")

    assert ran.code == 3
    assert "RMS:Margin Exceeds" in ran.err
    assert "nothing is working because of it" in ran.err


def test_a_rejected_row_names_order_and_tag_to_programs(terminal: Terminal) -> None:
    """The document of a rejection holds the order's number, its tag and its row."""
    error = terminal.place("--json", product="CNC", quantity="20000").error

    assert error["error"] == "OrderRejected"
    assert error["order_id"]
    assert error["tag"] == error["data"]["order"]["tag"]
    assert error["data"]["order"]["state"] == "rejected"


def test_the_reason_of_a_rejection_stays_readable_afterwards(terminal: Terminal) -> None:
    """The order book and the order's own page repeat why it was rejected."""
    error = terminal.place("--json", product="CNC", quantity="20000").error

    assert "RMS:Margin Exceeds" in terminal("order", "show", error["order_id"]).out
    assert f"{error['order_id']} rejected: RMS" in terminal("orders").out


def test_an_order_whose_answer_is_lost_is_found_and_not_sent_again(terminal: Terminal) -> None:
    """A lost answer costs a look into the book, and no second order."""
    terminal.fault("lose_answer", "POST", ORDERS)

    ran = terminal.place()

    assert ran.code == 0
    assert "its answer was lost; it was found in the book by its tag" in ran.out
    assert terminal.sent() == 1


def test_half_an_answer_to_an_order_is_looked_up_as_well(terminal: Terminal) -> None:
    """An answer that breaks off says nothing about the order, so it is found by its tag and not sent again."""
    terminal.fault("malformed", "POST", ORDERS)

    data = terminal.place("--json").data

    assert data["found"] is True
    assert terminal.sent() == 1


def test_a_smart_order_brings_a_position_to_its_target(terminal: Terminal) -> None:
    """The difference is bought, then nothing has to be done, then the position is turned around."""
    words = ("smart", "--symbol", "SBIN", "--exchange", "nse", "--product", "mis")

    opened = terminal(*words, "--target", "30", "--json").data
    again = terminal(*words, "--target", "30")
    turned = terminal(*words, "--target", "-10")

    assert (opened["held"], opened["side"], opened["quantity"]) == (0, "BUY", 30)
    assert set(opened["placed"]) == {"order_id", "tag", "found", "order"}
    assert opened["placed"]["order"]["state"] == "filled"
    assert "No action needed: SBIN already stands at 30." in again.out
    assert "SBIN stood at 30, wanted -10: SELL 40." in turned.out
    assert terminal.sent() == 2


def test_a_smart_order_with_nothing_to_do_says_so_to_programs(terminal: Terminal) -> None:
    """Without an order, `placed` is null and the reason is given."""
    data = terminal("smart", "-s", "SBIN", "-e", "NSE", "-t", "0", "--json").data

    assert data["placed"] is None
    assert data["side"] is None
    assert "No action needed" in data["reason"]


def test_target_zero_without_a_position_places_the_plain_order(terminal: Terminal) -> None:
    """With a quantity and nothing held, target 0 means a plain order of that side (D5)."""
    data = terminal(
        *("smart", "-s", "SBIN", "-e", "NSE", "-t", "0", "--side", "sell", "-q", "5", "--no-follow", "--json")
    ).data

    assert (data["side"], data["quantity"]) == ("SELL", 5)
    assert data["placed"]["order"] is None


def test_dry_runs_send_nothing_and_show_the_redacted_request(terminal: Terminal) -> None:
    """Each command that moves an order can be rehearsed; nothing of it arrives at the exchange."""
    order_id = resting(terminal)
    commands = {
        ("order", "place", "-s", "RELIANCE", "-e", "NSE", "--side", "buy", "-q", "10"): "POST /interactive/orders",
        ("order", "modify", order_id, "--price", "1302"): "PUT /interactive/orders",
        ("order", "cancel", order_id): "DELETE /interactive/orders",
        ("smart", "-s", "SBIN", "-e", "NSE", "-t", "5"): "POST /interactive/orders",
    }

    with terminal.nothing_sent():
        for words, request in commands.items():
            shown = terminal(*words, "--dry-run")
            data = terminal(*words, "--dry-run", "--json").data

            assert shown.code == 0
            assert request in shown.out
            assert "Nothing was sent" in shown.out
            assert data["rehearsed"] is True
            assert len(data["requests"]) == 1
            assert data["requests"][0].startswith(request)


def test_test_mode_rehearses_every_order(terminal: Terminal) -> None:
    """`JAINAM_TEST_MODE` does for every command what `--dry-run` does for one."""
    with terminal.nothing_sent():
        ran = terminal(
            "order", "place", "-s", "SBIN", "-e", "NSE", "--side", "buy", "-q", "1", env={"JAINAM_TEST_MODE": "1"}
        )

    assert ran.code == 0
    assert '"orderQuantity": 1' in ran.out


def test_documents_are_one_line_for_programs(terminal: Terminal) -> None:
    """A document that goes into a pipe is one line, so that logs and `jq` can take it as it is."""
    lines = terminal.place("--json").out.splitlines()

    assert len(lines) == 1
    assert json.loads(lines[0])


def test_a_smart_order_sends_nothing_when_the_positions_cannot_be_read(terminal: Terminal) -> None:
    """A position book that cannot be read is an error with exit code 6, and never "nothing held"."""
    terminal.fault("gateway", "GET", POSITIONS, times=9)

    with terminal.nothing_sent():
        ran = terminal("smart", "-s", "SBIN", "-e", "NSE", "-t", "50")

    assert ran.code == 6
    assert ran.out == ""
