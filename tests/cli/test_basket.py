"""`basket` and `order place --slice`: every part checked first, each with its own outcome."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli.terminal import BOOK, ORDERS, POSITIONS, Terminal

from jainam.cli import commands

PART = {
    *("symbol", "exchange", "side", "quantity", "product", "price_type", "price", "trigger_price"),
    *("disclosed_quantity", "outcome", "order_id", "tag", "found", "error", "message", "order"),
}
CSV = """symbol,exchange,side,quantity,type,price
RELIANCE,NSE,buy,10,LIMIT,1300.50
SBIN,NSE,sell,5,,

"""
TWO: list[dict[str, Any]] = [
    {"symbol": "RELIANCE", "exchange": "NSE", "side": "BUY", "quantity": 10, "type": "LIMIT", "price": 1300.50},
    {"symbol": "SBIN", "exchange": "nse", "action": "sell", "quantity": "5", "pricetype": None},
]
SBIN = '"exchangeInstrumentID":3045'


def written(tmp_path: Path, content: object) -> str:
    """A file with *content*, as JSON unless it is text."""
    path = tmp_path / "basket"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8-sig")
    return str(path)


def future(terminal: Terminal) -> tuple[str, int]:
    """A future, and the largest order that its exchange takes."""
    row = terminal("contracts", "find", "nifty", "fut", "-e", "NFO", "-n", "1", "--json").data[0]
    return row["symbol"], row["freeze_quantity"] - row["freeze_quantity"] % row["lot_size"]


@pytest.mark.parametrize("content", [CSV, TWO], ids=["csv", "json"])
def test_a_basket_is_sent_and_every_outcome_shown(terminal: Terminal, tmp_path: Path, content: object) -> None:
    """JSON and CSV mean the same; both orders are sent once and shown with their numbers and states."""
    ran = terminal("basket", written(tmp_path, content), "--yes")

    assert ran.code == 0
    assert "2 orders taken." in ran.out
    assert "LIMIT 1300.50" in ran.out
    assert "open" in ran.out
    assert "filled" in ran.out
    assert terminal.sent() == 2


def test_a_basket_has_a_stable_document(terminal: Terminal, tmp_path: Path) -> None:
    """A program learns of every order what was meant, its number, its tag and its row."""
    data = terminal("basket", written(tmp_path, TWO), "--yes", "--json").data

    assert set(data) == {"placed", "rejected", "unknown", "not_placed", "orders"}
    assert (data["placed"], data["rejected"], data["unknown"], data["not_placed"]) == (2, 0, 0, 0)
    assert [set(each) for each in data["orders"]] == [PART, PART]
    first, second = data["orders"]
    assert (first["symbol"], first["price"], first["outcome"]) == ("RELIANCE", "1300.5", "placed")
    assert (second["side"], second["quantity"], second["price_type"]) == ("SELL", 5, "MARKET")
    assert first["order"]["tag"] == first["tag"]
    assert "raw" not in first["order"]


def test_a_basket_comes_through_a_pipe(terminal: Terminal) -> None:
    """`-` reads the basket from stdin, and then only `--yes` is consent."""
    with terminal.nothing_sent():
        assert terminal("basket", "-", typed=json.dumps(TWO)).code == 2

    data = terminal("basket", "-", "--yes", "--no-follow", "--json", typed=CSV).data

    assert data["placed"] == 2
    assert [each["order"] for each in data["orders"]] == [None, None]
    assert terminal.exchange.rest.count("GET", BOOK) == 1  # before they were sent, and not after


def test_every_bad_order_is_named_before_anything_is_sent(terminal: Terminal, tmp_path: Path) -> None:
    """One look names all that is wrong with any order, and the good one among them is not sent either."""
    bad = [*TWO, {"symbol": "SBIN", "exchange": "NSE", "side": "hold", "quantity": 0}, {**TWO[0], "price": "1300.03"}]
    unknown = [{**TWO[1], "symbol": "SBINN"}]

    with terminal.nothing_sent():
        ran = terminal("basket", written(tmp_path, bad), "--yes")
        error = terminal("basket", written(tmp_path, unknown), "--yes", "--json").error

    assert ran.code == 3
    assert "2 of 4 orders cannot be sent as they are" in ran.err
    assert "order 3: action 'hold' is not one of BUY, SELL" in ran.err
    assert "order 3: quantity must be a whole number above zero, not 0" in ran.err
    assert "order 4: price 1300.03 is not a multiple of the tick" in ran.err
    assert error["error"] == "InvalidOrder"
    assert error["problems"][0].startswith("order 1: SBINN")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "there is no order in it"),
        ("symbol,exchange\n", "there is no order in it"),
        ("[]", "there is no order in it"),
        ("[{]", "it is no JSON: "),
        ('{"symbol": "SBIN"}', "its JSON must be a list of orders"),
        ('["SBIN", {"price": true}]', "order 1: it must be an object with fields such as symbol and quantity"),
        ('["SBIN", {"price": true}]', "order 2: price must be text or a number"),
        ('[{"prise": 1}]', "order 1: there is no field 'prise'; the fields are symbol, exchange, side,"),
        ('[{"side": "BUY", "action": "SELL"}]', "order 1: side and action are the same; give one of them"),
        ('[{"price": 1, "price": 2}]', "it names price twice for one order"),
        ("price,Price\n1,2\n", "it names price twice for one order"),
        ("symbol,side\nSBIN\n", "line 2: it has 1 value for 2 names"),
        ('symbol,side\n"SBIN,buy\n', "it is no CSV: "),
    ],
)
def test_a_file_that_is_no_basket_is_wrong_usage(terminal: Terminal, tmp_path: Path, content: str, words: str) -> None:
    """What cannot be read as orders ends with exit code 2 and the place where it is wrong; nothing is asked or sent."""
    ran = terminal("basket", written(tmp_path, content), "--yes")

    assert ran.code == 2
    assert words in ran.err
    assert "nothing was sent" in ran.err
    assert terminal.exchange.requests == []


def test_a_file_that_cannot_be_read_is_named(terminal: Terminal, tmp_path: Path) -> None:
    """A file that is missing, or no text, is wrong usage and not an internal error."""
    picture = tmp_path / "picture"
    picture.write_bytes(b"\xff\xfe\x00\x01")

    assert "none.csv cannot be read: No such file or directory" in terminal("basket", "none.csv", "--yes").err
    assert "cannot be read: it is no text in UTF-8" in terminal("basket", str(picture), "--yes").err


def test_an_order_that_is_refused_is_named_and_the_others_are_sent(terminal: Terminal, tmp_path: Path) -> None:
    """When one of two is refused the exit code is 7, and words and document say which and why."""
    terminal.fault("refuse", "POST", ORDERS, contains=SBIN, description="RMS:Blocked", times=2)

    ran = terminal("basket", written(tmp_path, TWO), "--yes")
    error = terminal("basket", written(tmp_path, TWO), "--yes", "--json").error

    assert ran.code == 7
    assert "SELL 5 SBIN on NSE: RMS:Blocked" in ran.err
    assert "not placed: RMS:Blocked" in ran.out
    assert error["error"] == "PartlyDone"
    assert (error["data"]["placed"], error["data"]["not_placed"]) == (1, 1)
    assert error["data"]["orders"][1]["error"] == "OrderRejected"


def test_an_order_that_the_exchange_rejects_is_not_called_done(terminal: Terminal, tmp_path: Path) -> None:
    """An order that was taken and then rejected counts as failed, with the exchange's reason."""
    large = {**TWO[1], "product": "CNC", "side": "buy", "quantity": 20000}
    large.pop("action")

    error = terminal("basket", written(tmp_path, [TWO[0], large]), "--yes", "--json").error
    alone = terminal("basket", written(tmp_path, [large]), "--yes")

    assert error["data"]["rejected"] == 1
    assert "was rejected: RMS" in error["problems"][0]
    assert alone.code == 3
    assert "rejected: RMS" in alone.out


def test_an_order_in_doubt_weighs_most_when_nothing_was_taken(terminal: Terminal, tmp_path: Path) -> None:
    """With one order refused and one lost without a trace the exit code is that of a doubt, and the tag is told."""
    terminal.fault("refuse", "POST", ORDERS, contains='"orderSide":"BUY"')
    terminal.fault("lose_request", "POST", ORDERS, contains=SBIN)

    ran = terminal("basket", written(tmp_path, TWO), "--yes", "--json")

    assert ran.code == 4
    assert (ran.error["data"]["unknown"], ran.error["data"]["not_placed"]) == (1, 1)
    assert ran.error["data"]["orders"][1]["tag"].startswith("J")


def test_what_was_taken_stays_taken_when_the_order_book_cannot_be_read(terminal: Terminal, tmp_path: Path) -> None:
    """Orders that the broker took are a success even when nobody can say how they stand."""
    terminal.fault("gateway", "GET", BOOK, times=9, skip=1)  # read once before anything is sent

    ran = terminal("basket", written(tmp_path, TWO), "--yes")

    assert ran.code == 0
    assert "could not be read" in ran.err
    assert "2 orders taken." in ran.out


@pytest.mark.parametrize("book", [BOOK, POSITIONS])
def test_nothing_is_sent_when_a_book_cannot_be_read(terminal: Terminal, tmp_path: Path, book: str) -> None:
    """Without positions and orders nobody knows what reduces, so the whole basket stays here."""
    terminal.fault("gateway", "GET", book, times=9)

    with terminal.nothing_sent():
        assert terminal("basket", written(tmp_path, TWO), "--yes").code == 6


def test_a_rehearsed_basket_shows_every_request(terminal: Terminal, tmp_path: Path) -> None:
    """`--dry-run` needs no yes, shows one request for each order and sends none."""
    with terminal.nothing_sent():
        data = terminal("basket", written(tmp_path, TWO), "--dry-run", "--json").data
        shown = terminal("basket", written(tmp_path, TWO), "--dry-run")

    assert [request.split()[0] for request in data["requests"]] == ["POST", "POST"]
    assert "Nothing was sent" in shown.out


@pytest.mark.parametrize(("answer", "code", "sent"), [("n\n", 1, 0), ("y\n", 0, 2)])
def test_somebody_at_the_terminal_sees_the_orders_and_is_asked(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, sent: int
) -> None:
    """The orders are shown before the question; only a yes sends them."""
    monkeypatch.setattr(commands, "is_interactive", lambda: True)

    ran = terminal("basket", written(tmp_path, TWO), typed=answer)

    assert ran.code == code
    assert "RELIANCE" in ran.err
    assert "Send 2 orders?" in ran.err
    assert terminal.sent() == sent


def test_a_large_order_is_sent_in_slices(terminal: Terminal) -> None:
    """What is above the exchange's largest order goes out in several, each shown with its tag and number."""
    symbol, largest = future(terminal)

    ran = terminal.place("--slice", symbol=symbol, exchange="NFO", product="NRML", quantity=str(largest + 65))

    assert ran.code == 0
    assert f"{largest + 65} of {largest + 65} units placed, 0 in doubt, 0 left." in ran.out
    assert ran.out.count("filled") == 2
    assert terminal.sent() == 2


def test_a_slice_that_the_exchange_rejects_is_not_called_done(terminal: Terminal) -> None:
    """Slices that were taken and then rejected end with exit code 7, their units, and the exchange's reason."""
    symbol, largest = future(terminal)

    ran = terminal.place("--slice", symbol=symbol, exchange="NFO", product="NRML", quantity=str(2 * largest + 65))

    assert ran.code == 7
    assert "was rejected: RMS:Margin Exceeds" in ran.err
    assert "send only what is named here again" in ran.err
    found = re.search(rf"(\d+) of {2 * largest + 65} units placed, (\d+) rejected, 0 in doubt, 0 left", ran.out)
    assert found
    assert int(found[1]) + int(found[2]) == 2 * largest + 65


def test_slices_have_a_stable_document(terminal: Terminal) -> None:
    """A program learns the common beginning of the tags, the totals, and of every slice the same as of any part."""
    symbol, largest = future(terminal)

    data = terminal.place("--slice", "--json", symbol=symbol, exchange="NFO", quantity=str(largest + 65)).data

    assert set(data) == {
        *("tag", "symbol", "exchange", "side", "quantity", "placed", "rejected", "in_doubt", "left", "slices"),
    }
    assert (data["placed"], data["in_doubt"], data["left"]) == (largest + 65, 0, 0)
    assert [set(each) for each in data["slices"]] == [PART, PART]
    assert [each["quantity"] for each in data["slices"]] == [largest, 65]
    assert all(each["tag"].startswith(data["tag"]) for each in data["slices"])


def test_after_a_slice_that_is_refused_none_is_sent(terminal: Terminal) -> None:
    """The exit code is 7; what is placed, and what was not sent, is named in units."""
    symbol, largest = future(terminal)
    words = {"symbol": symbol, "exchange": "NFO", "quantity": str(3 * largest)}
    terminal.fault("refuse", "POST", ORDERS, skip=1, description="RMS:Blocked")

    ran = terminal.place("--slice", **words)

    assert ran.code == 7
    assert f"{largest} of {3 * largest} units placed, 0 in doubt, {2 * largest} left." in ran.out
    assert "RMS:Blocked" in ran.err
    assert f"{largest} units were not sent after that" in ran.err
    assert terminal.sent() == 2

    terminal.fault("lose_request", "POST", ORDERS)
    lost = terminal.place("--slice", "--json", **words)
    assert lost.code == 4
    assert lost.error["data"]["in_doubt"] == largest
    assert "1 of 1 order not placed, 1 of them in doubt" in lost.error["message"]


def test_slices_can_be_rehearsed(terminal: Terminal) -> None:
    """A dry run shows the request of every slice and sends none."""
    symbol, largest = future(terminal)

    with terminal.nothing_sent():
        ran = terminal.place("--slice", "--dry-run", "--json", symbol=symbol, exchange="NFO", quantity=str(2 * largest))

    assert len(ran.data["requests"]) == 2


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"quantity": "{over}", "price": "0.03", "type": "LIMIT"}, "tick"),
        ({"quantity": "{odd}"}, "lot"),
        ({"quantity": "many"}, "quantity must be a whole number"),
        ({"quantity": "9" * 11}, "use at most"),
        ({"quantity": "10", "side": "hold"}, "side|action"),
        ({"quantity": "10", "exchange": "MARS"}, "exchange"),
        ({"quantity": "10", "symbol": "NOSUCH", "side": "hold"}, "NOSUCH"),
    ],
)
def test_slicing_forgives_nothing_but_the_size(terminal: Terminal, changed: dict[str, str], words: str) -> None:
    """An order with anything else wrong is refused as it is without `--slice`, with every problem."""
    symbol, largest = future(terminal)
    quantity = changed["quantity"].format(over=2 * largest, odd=2 * largest + 1)
    asked = {"symbol": symbol, "exchange": "NFO", **changed, "quantity": quantity}

    with terminal.nothing_sent():
        ran = terminal.place("--slice", **asked)
        plain = terminal.place(**asked)

    assert ran.code == plain.code == 3
    assert ran.err == plain.err
    assert any(word in ran.err for word in words.split("|"))
