"""Every error of the table with its exit code, its words, and the proof that nothing was sent or lost."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from cli.terminal import ORDERS, SETTINGS, Ran, Terminal

from jainam.adapters.desk import Desk
from jainam.adapters.httpx_transport import HttpxTransport
from jainam.cli.failures import CODES, failure_of
from jainam.domain.errors import BrokerError, Halted, JainamError, RateLimited
from jainam.ports.transport import HttpRequest, HttpResponse

SECRETS = (SETTINGS.interactive_key, SETTINGS.interactive_secret, SETTINGS.market_key, SETTINGS.market_secret)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def assert_short(ran: Ran) -> None:
    """The words on stderr are few, and hold no stack trace, path or secret."""
    assert ran.out == ""
    assert 1 <= len(ran.err.splitlines()) <= 6
    assert ran.err.startswith("error: ")
    for forbidden in ("Traceback", 'File "', "site-packages", *SECRETS, str(Path.cwd())):
        assert forbidden not in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"symbol": "RELIANCES"}, "RELIANCES is not known on NSE"),
        ({"type": "LIMIT", "price": "1300.07"}, "not a multiple of the tick 0.1 of RELIANCE; use 1300.0 or 1300.1"),
        ({"symbol": "PROFX", "quantity": "100"}, "not a multiple of the lot size 1600"),
        ({"type": "LIMIT", "price": "NaN"}, "price must be a number, zero or more, not 'NaN'"),
        ({"quantity": "1.5"}, "quantity must be a whole number"),
        ({"quantity": "0"}, "quantity must be a whole number above zero"),
        ({"side": "hold"}, "action 'hold' is not one of BUY, SELL"),
        ({"exchange": "NASDAQ"}, "exchange 'NASDAQ' is not one of"),
        ({"type": "LIMIT", "price": "2000"}, "above the day's band"),
    ],
)
def test_an_order_that_cannot_be_is_refused_before_it_leaves(
    terminal: Terminal, options: dict[str, str], words: str
) -> None:
    """Bad input ends with exit code 3 and the nearest good value, and nothing is sent."""
    with terminal.nothing_sent():
        ran = terminal.place(**options)

    assert ran.code == 3
    assert words in ran.err
    assert_short(ran)
    assert terminal.exchange.requests == []


def test_every_problem_of_an_order_is_named_at_once(terminal: Terminal) -> None:
    """Several mistakes are several lines, and a list in the document."""
    options = {"quantity": "99999999", "product": "XYZ", "type": "LIMIT", "price": "-1"}

    ran = terminal.place(**options)
    error = terminal.place("--json", **options).error

    assert ran.err.count("\n  - ") == len(error["problems"]) == 3
    assert error["error"] == "InvalidOrder"
    assert error["message"] == "; ".join(error["problems"])


def test_bad_input_to_a_smart_order_sends_nothing_either(terminal: Terminal) -> None:
    """A target that is no whole number ends before any book is read."""
    ran = terminal("smart", "-s", "SBIN", "-e", "NSE", "-t", "ten")

    assert ran.code == 3
    assert "position_size must be a whole number" in ran.err
    assert terminal.exchange.requests == []


def test_a_modification_to_nonsense_sends_nothing(terminal: Terminal) -> None:
    """NaN as a price, nothing to change, and an unknown order are all refused here."""
    order_id = terminal.place("--json", type="LIMIT", price="1300").data["order_id"]

    with terminal.nothing_sent():
        nan = terminal("order", "modify", order_id, "--price", "nan")
        nothing = terminal("order", "modify", order_id)
        unknown = terminal("order", "modify", "42", "--price", "1301")

    assert (nan.code, nothing.code, unknown.code) == (3, 3, 3)
    assert "price must be a number" in nan.err
    assert "nothing to modify" in nothing.err
    assert "order 42 is not in today's order book" in unknown.err


def test_an_empty_contract_store_leads_to_the_sync(exported: Terminal) -> None:
    """Without contracts the words say which command loads them."""
    ran = exported.place()

    assert ran.code == 3
    assert "run `jainam contracts sync`" in ran.err


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"JAINAM_INTERACTIVE_API_SECRET": None}, "JAINAM_INTERACTIVE_API_SECRET is missing"),
        ({"JAINAM_ALLOW_HTTP": "0"}, "plain http, over which the keys would travel in clear"),
        ({"JAINAM_TIMEOUT": "soon"}, "JAINAM_TIMEOUT must be a number of seconds"),
        ({"JAINAM_CLIENT_ID": ""}, "JAINAM_CLIENT_ID"),
    ],
)
def test_wrong_settings_are_named_and_nothing_is_sent(
    terminal: Terminal, changes: dict[str, str | None], words: str
) -> None:
    """A missing variable, a plain http root, a bad number or a dealer without a client: exit code 2, by name."""
    with terminal.nothing_sent():
        ran = terminal("orders", env=changes)

    assert ran.code == 2
    assert words in ran.err
    assert_short(ran)


def test_wrong_keys_end_with_exit_code_5(terminal: Terminal) -> None:
    """Keys that the broker does not know are named as such, and no order is sent."""
    with terminal.nothing_sent():
        ran = terminal("orders", env={"JAINAM_INTERACTIVE_API_KEY": "SOMEBODY-ELSE"})

    assert ran.code == 5
    assert "SOMEBODY-ELSE" not in ran.err
    assert_short(ran)


def test_a_session_that_is_refused_again_and_again_ends_with_exit_code_5(terminal: Terminal) -> None:
    """When a fresh login does not help either, the words lead to `jainam login`."""
    terminal.fault("expired_token", "GET", times=9)

    ran = terminal("orders")

    assert ran.code == 5
    assert "jainam login" in ran.err
    assert_short(ran)


def test_an_exchange_that_is_not_running_ends_with_exit_code_6(terminal: Terminal) -> None:
    """Where no connection can be made nothing has left this machine, and the words say so."""
    ran = terminal.place(type="LIMIT", price="1300")
    assert ran.code == 0
    elsewhere = {"JAINAM_BASE_URL": f"http://127.0.0.1:{free_port()}", "JAINAM_RETRIES": "0"}

    for words in (("orders",), ("order", "place", "-s", "SBIN", "-e", "NSE", "--side", "buy", "-q", "1")):
        with terminal.nothing_sent():
            ran = terminal(*words, env=elsewhere)

        assert ran.code == 6
        assert "nothing left this machine" in ran.err
        assert_short(ran)


def test_too_many_calls_end_with_exit_code_6(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that is refused for its pace, and stays so, says to wait."""
    monkeypatch.setenv("JAINAM_RETRIES", "0")
    terminal.fault("rate_limit", "GET", times=9)

    ran = terminal("orders")

    assert ran.code == 6
    assert "wait a few seconds" in ran.err


def test_an_order_nobody_can_find_ends_with_exit_code_4_and_its_tag(terminal: Terminal) -> None:
    """An order that left and was never seen again is unknown, never "not sent", and is not sent again."""
    terminal.fault("lose_request", "POST", ORDERS, times=2)

    ran = terminal.place()
    error = terminal.place("--json").error

    assert ran.code == 4
    assert "check the order book before sending again" in ran.err
    assert "jainam orders --tag" in ran.err
    assert ran.err.count("in neither the order book nor the trade book yet") == 1
    assert error["error"] == "OutcomeUnknown"
    assert error["tag"] in error["message"]
    assert terminal.sent() == 2


def test_an_order_the_broker_refuses_ends_with_exit_code_3(terminal: Terminal) -> None:
    """The broker's refusal is told in its own words and code."""
    terminal.fault("refuse", "POST", ORDERS, description="RMS:Rule: Check [NOT] allowed", code="e-rms-1")

    ran = terminal.place()

    assert ran.code == 3
    assert "RMS:Rule: Check [NOT] allowed [e-rms-1]" in ran.err
    assert_short(ran)


def test_every_error_has_a_code_and_the_kill_switch_is_a_refusal() -> None:
    """The table of errors leaves none out, and what no row names counts as unavailable."""
    assert failure_of(Halted("the kill switch is on")).code == 3
    assert failure_of(BrokerError("no such route", "e-app-0404")).code == 6
    assert failure_of(RateLimited("slow down")).name == "RateLimited"
    assert failure_of(JainamError("something new")).code == 6
    assert list(CODES)[-2:] == [BrokerError, JainamError]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("order", "place"), "Missing option '--symbol'"),
        (("order", "plce"), "Did you mean 'place'?"),
        (("orders", "--nonsense"), "No such option"),
        (("positions", "extra"), "unexpected extra argument"),
        (("contracts", "find", "x", "--exchange", "MARS"), "MARS"),
        (("order", "modify", "1", "--quantity", "many"), "--quantity"),
    ],
)
def test_wrong_usage_ends_with_exit_code_2_and_leads_to_the_help(
    terminal: Terminal, words: tuple[str, ...], hint: str
) -> None:
    """A mistyped command says what is wrong in one line and where the help is; as a document when asked for one."""
    ran = terminal(*words)

    assert ran.code == 2
    assert hint in ran.err
    assert "--help`" in ran.err
    assert_short(ran)
    assert terminal(*words, "--json").error["error"] == "UsageError"


def test_ctrl_c_with_an_order_in_flight_names_the_order(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends with exit code 130 and tells which order was in flight, by its tag."""
    send = HttpxTransport.send

    def interrupted(self: HttpxTransport, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.url.endswith(ORDERS):
            raise KeyboardInterrupt
        return send(self, request)

    monkeypatch.setattr(HttpxTransport, "send", interrupted)

    ran = terminal.place()

    assert ran.code == 130
    assert "PlaceOrder J" in ran.err
    assert "look it up before sending anything again" in ran.err


def test_ctrl_c_without_an_order_in_flight_is_one_word(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a book is read has nothing to warn of."""

    def interrupted(_: Desk) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Desk, "order_book", interrupted)

    ran = terminal("orders")

    assert (ran.code, ran.err) == (130, "error: stopped\n")


def _break(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def broken(_: Desk) -> None:
        local_secret = SETTINGS.interactive_secret
        assert local_secret
        raise error

    monkeypatch.setattr(Desk, "order_book", broken)


def test_an_internal_error_is_one_line_without_a_stack_trace(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug of ours ends with exit code 70 and its kind alone: its words might hold anything."""
    _break(monkeypatch, LookupError("/home/trader/keys"))

    ran = terminal("orders")

    assert ran.code == 70
    assert "internal error (LookupError)" in ran.err
    assert "/home/trader" not in ran.err
    assert_short(ran)
    assert terminal("orders", "--json").error["error"] == "InternalError"


def test_debug_shows_where_an_error_came_from_without_local_variables(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--debug` the stack trace is there, and no variable's value in it."""
    _break(monkeypatch, LookupError("lost"))

    ran = terminal("orders", "--debug")

    assert ran.code == 70
    assert "Traceback" in ran.err
    assert "LookupError: lost" in ran.err
    assert SETTINGS.interactive_secret not in ran.err


def test_a_reader_that_has_gone_away_is_no_internal_error(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """`jainam orders | head` ends quietly."""
    _break(monkeypatch, BrokenPipeError(32, "Broken pipe"))

    ran = terminal("orders")

    assert ran.code == 1
    assert "internal error" not in ran.err


@pytest.mark.parametrize("level", ["-v", "-vv", "--debug"])
def test_secrets_are_never_printed_at_any_level(terminal: Terminal, level: str) -> None:
    """Keys, secrets and tokens appear in nothing that a command prints, however talkative it is."""
    tokens = set()
    for words in (
        ("login",),
        *([("contracts", "sync")] if level == "-vv" else []),
        ("order", "place", "-s", "SBIN", "-e", "NSE", "--side", "buy", "-q", "1"),
        ("order", "place", "-s", "SBIN", "-e", "NSE", "--side", "buy", "-q", "1", "--dry-run", "--json", "--raw"),
        ("profile", "--json", "--raw"),
        ("holdings",),
        ("logout",),
    ):
        ran = terminal(*words, level)
        tokens |= set(terminal.exchange.rest.world.sessions._by_token)

        assert ran.code == 0
        for secret in (*SECRETS, *tokens):
            assert secret not in ran.out + ran.err
    assert tokens
    assert logging.getLogger("jainam").handlers == []


def test_more_talk_shows_more(terminal: Terminal) -> None:
    """Without `-v` nothing is logged, with it what happens, with `-vv` every call."""
    quiet, talkative, all_calls = (terminal("login", *words) for words in ((), ("-v",), ("-vv",)))

    assert quiet.err == ""
    assert "GET /interactive" not in talkative.err
    assert "DEBUG" in all_calls.err
    assert "GET /interactive/orders" in all_calls.err


def test_a_file_dotenv_in_the_folder_is_read_and_the_environment_wins(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment does not say is taken from `.env`, as it is written, and only for this run."""
    key = "JAINAM_INTERACTIVE_API_SECRET"
    monkeypatch.delenv(key)
    Path(".env").write_text(f"{key}='{SETTINGS.interactive_secret}'\nJAINAM_CLIENT_ID=NOBODY\nJAINAM_EMPTY\n")

    ran = terminal("login")

    assert ran.code == 0
    assert "pro (the desk's own book)" in ran.out
    assert key not in os.environ


def test_a_dollar_sign_in_dotenv_is_part_of_the_secret(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values in `.env` are not expanded: a secret may hold a dollar sign."""
    seen: list[str] = []
    monkeypatch.delenv("JAINAM_MARKET_API_SECRET")
    monkeypatch.setattr(Desk, "open", _record(seen))
    Path(".env").write_text("JAINAM_MARKET_API_SECRET='a${HOME}b'\n")

    terminal("orders")

    assert seen == ["a${HOME}b"]


def _record(seen: list[str]) -> Any:
    def open_desk(settings: Any, **_: Any) -> Desk:
        seen.append(settings.credentials.market_secret)
        raise Halted("far enough")

    return open_desk


def test_a_dotenv_that_is_no_text_is_named(terminal: Terminal) -> None:
    """A file `.env` that cannot be read ends with exit code 2 and without its content."""
    Path(".env").write_bytes(b"JAINAM_CLIENT_ID=\xff\xfe\n")

    ran = terminal("orders")

    assert ran.code == 2
    assert ".env" in ran.err
    assert_short(ran)


def test_on_a_terminal_the_words_of_a_stop_begin_on_a_line_of_their_own(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the `^C` that the terminal shows, a new line begins."""

    def interrupted(_: Desk) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Desk, "order_book", interrupted)
    monkeypatch.setenv("FORCE_COLOR", "1")

    ran = terminal("orders")

    assert ran.code == 130
    assert ran.err.startswith("\n")
