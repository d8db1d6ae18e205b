"""No key, secret or token is seen where people or machines look, whatever goes wrong, over every transport (NFR4)."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve
from replay.desks import DAY, MASTER, known_contracts
from replay.record import record
from replay.scenarios import SCENARIOS
from replay.tapes import CASSETTES
from security.canaries import (
    ACCESS_TOKEN,
    KEYS,
    Listener,
    found_in,
    opaque_token,
    spellings,
    web_token,
    words_of,
)
from security.gateway import SPOILERS, Direct, Echo, Gateway, serving

from fakes.clock import FakeAsyncClock, FakeClock
from fakes.exchange import QUICK, counted_tags
from jainam import (
    AsyncDesk,
    Changes,
    Desk,
    Exchange,
    JainamError,
    NotConfigured,
    Order,
    Product,
    Side,
    SymbolKey,
    read_settings,
)
from jainam.adapters import assembly
from jainam.adapters.aiohttp_transport import AiohttpTransport
from jainam.adapters.environment import Settings
from jainam.adapters.httpx_transport import HttpxAsyncTransport, HttpxTransport
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.adapters.pacer import Pacer
from jainam.adapters.peewee_contracts import PeeweeContracts
from jainam.adapters.session_files import FileSessions
from jainam.adapters.xts.redaction import scrubbed
from jainam.domain import steps
from jainam.domain.orders import OrderId, OrderTag
from jainam.domain.sessions import Api, Session
from jainam.simulator import Modes, Response, Rest, SimulatorSettings

TRANSPORTS = ["httpx", "httpx h2", "httpx asyncio", "httpx asyncio h2", "aiohttp"]
TOKENS = {"web tokens": web_token, "opaque tokens": opaque_token}
LOGINS = re.compile("POST .*(/user/session|/auth/login)$")
CALLS = re.compile("^(?!POST .*(/user/session|/auth/login)$)")
EXCHANGE = SimulatorSettings(trading_date=DAY, master_file=MASTER, modes=Modes(rate_limits=False), **KEYS)  # type: ignore[arg-type]
ORDER = Order(instrument=SymbolKey("RELIANCE", Exchange.NSE), side=Side.BUY, product=Product.MIS, quantity=1)


def variables_at(url: str, folder: Path) -> dict[str, str]:
    """An environment with canaries in every place where a secret can stand."""
    return {
        **{f"JAINAM_{name.upper().replace('_', '_API_')}": value for name, value in KEYS.items()},
        "JAINAM_ACCESS_TOKEN": ACCESS_TOKEN,
        "JAINAM_BASE_URL": url,
        "JAINAM_ALLOW_HTTP": "1",
        "JAINAM_CLIENT_ID": "pro",
        "JAINAM_DATABASE": str(folder / "contracts.sqlite"),
        "JAINAM_RETRIES": "0",
        "JAINAM_LOOKUP": "0",
        "JAINAM_CALL_GAP": "0",
    }


def settings_at(url: str, folder: Path, **more: str) -> Settings:
    """Settings as that environment gives them, with sessions that are kept in *folder*."""
    found = read_settings(variables_at(url, folder) | more)
    assert found.session_file is not None
    return evolve(found, profile=QUICK, session_file=folder / found.session_file.name)


@contextlib.contextmanager
def opened(transport: str, settings: Settings) -> Iterator[tuple[Any, Callable[[Any], Any]]]:
    """A desk over *transport*, and what waits for the answers of its methods."""
    contracts = PeeweeContracts(settings.database, settings.profile.name)
    contracts.replace_all(known_contracts())
    h2 = transport.endswith("h2")
    if transport in ("httpx", "httpx h2"):
        with httpx.Client(http1=not h2, http2=h2) as client:
            over = HttpxTransport(settings.timeout, client=client)
            with Desk.open(
                settings, transport=over, contracts=contracts, clock=FakeClock(), tags=counted_tags()
            ) as desk:
                yield desk, lambda answer: answer
        return
    with asyncio.Runner(debug=True) as loop:
        lent = httpx.AsyncClient(http1=not h2, http2=h2)
        asynchronous = (
            AiohttpTransport(settings.timeout)
            if transport == "aiohttp"
            else HttpxAsyncTransport(settings.timeout, client=lent)
        )
        opened = AsyncDesk.open(
            settings,
            transport=asynchronous,
            contracts=contracts,
            clock=FakeAsyncClock(FakeClock()),
            tags=counted_tags(),
        )
        try:
            yield opened, lambda answer: loop.run(answer) if inspect.iscoroutine(answer) else answer
        finally:
            loop.run(opened.close())
            loop.run(lent.aclose())


def everything(desk: Any, wait: Callable[[Any], Any]) -> list[str]:
    """Do all that a desk can do, and return all that it says: results, errors, and what hangs on them."""
    contract = wait(desk.contract("RELIANCE", Exchange.NSE))
    words: list[str] = []
    for call in (
        desk.login,
        lambda: desk.place_order(ORDER),
        lambda: desk.modify_order("1110000030", Changes(quantity=2)),
        lambda: desk.cancel_order("1110000030"),
        desk.order_book,
        desk.trade_book,
        desk.positions,
        desk.holdings,
        desk.funds,
        desk.profile,
        desk.close_all_positions,
        desk.cancel_all_orders,
        lambda: desk.quotes(contract),
        desk.load_contracts,
        desk.logout,
    ):
        try:
            words.append(repr(wait(call())))
        except JainamError as error:
            words += words_of(error)
    return words + insides(desk)


def insides(desk: Any) -> list[str]:
    """The `repr` of everything that a desk is made of."""
    parts = [desk, desk.settings, desk.settings.credentials, desk.runner, desk.runner.transport, desk.runner.calls]
    parts += [desk.runner.local, desk.runner.calls.codec, desk.runner.calls.codec._caller, desk.runner.calls.sessions]
    parts += [desk.runner.calls.sessions.current(api) for api in Api]
    return [word for part in parts for word in (repr(part), str(part))]


def assert_silent(words: list[str]) -> None:
    """No canary sings in any of *words*."""
    __tracebackhide__ = True
    assert not (found := [leak for text in words for leak in found_in(text)]), "\n".join(found[:5])


@pytest.mark.parametrize("tokens", TOKENS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_day_without_failures(transport: str, tokens: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """When all goes well, no logger, result, `repr`, address or file name holds a secret."""
    gateway = Gateway(Rest(EXCHANGE), TOKENS[tokens])
    with (
        Listener.everywhere() as ear,
        serving(gateway, http2=transport.endswith("h2")) as url,
        opened(transport, settings_at(url, tmp_path)) as (desk, wait),
    ):
        words = everything(desk, wait)

    sent = "\n".join(echo.everything for echo in gateway.seen)
    assert all(secret in sent for secret in [TOKENS[tokens](0), TOKENS[tokens](1)])
    assert {"jainam", "aiohttp" if transport == "aiohttp" else "httpcore"} <= ear.loggers | {"aiohttp"}
    assert len(gateway.seen) > 15
    assert_silent(words + ear.heard)
    assert_silent(gateway.targets)
    assert_silent([str(path) for path in tmp_path.rglob("*")])
    assert_silent(list(capfd.readouterr()))


@pytest.mark.parametrize("tokens", TOKENS)
@pytest.mark.parametrize("concern", [LOGINS, CALLS], ids=["logins", "calls"])
@pytest.mark.parametrize("spoiler", SPOILERS)
def test_answers_that_repeat_what_was_sent(spoiler: str, concern: re.Pattern[str], tokens: str, tmp_path: Path) -> None:
    """An answer may repeat a secret in any form and place; nothing of ours passes it on."""
    gateway = Gateway(Rest(EXCHANGE), TOKENS[tokens], SPOILERS[spoiler], concern)
    settings = settings_at("https://xts.example", tmp_path)
    with (
        Listener.everywhere() as ear,
        Desk.open(
            settings,
            transport=Direct(gateway),
            contracts=MemoryContracts(known_contracts()),
            clock=FakeClock(),
            tags=counted_tags(),
        ) as desk,
    ):
        words = everything(desk, lambda answer: answer)

    assert len(words) > 30
    assert_silent(words + ear.heard)


def test_a_token_cut_short(tmp_path: Path) -> None:
    """A token whose end was cut off still names the app key, and is hidden all the same."""
    settings = settings_at("https://xts.example", tmp_path)
    for length in (20, 60, 90):

        def spoil(echo: Echo, length: int = length) -> Response:
            return Response(status=400, body=f"bad token {echo.secret[:length]}".encode())

        gateway = Gateway(Rest(EXCHANGE), web_token, spoil, CALLS)
        with (
            Desk.open(settings, transport=Direct(gateway), clock=FakeClock(), tags=counted_tags()) as desk,
            pytest.raises(JainamError) as refused,
        ):
            desk.order_book()

        assert "***" in str(refused.value)
        assert_silent(words_of(refused.value))


@pytest.mark.parametrize("spoiler", ["gateway page", "half an answer", "answer headers", "expired token", "no answer"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_failures_on_the_wire(transport: str, spoiler: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever an HTTP library makes of a bad answer, its loggers and errors hold no secret."""
    gateway = Gateway(Rest(EXCHANGE), opaque_token, SPOILERS[spoiler], CALLS)
    with (
        Listener.everywhere() as ear,
        serving(gateway, http2=transport.endswith("h2")) as url,
        opened(transport, settings_at(url, tmp_path)) as (desk, wait),
    ):
        words = failures(desk, wait)

    assert_silent(words + ear.heard)
    assert_silent(list(capfd.readouterr()))


@pytest.mark.parametrize("silent", [True, False], ids=["nobody answers", "nobody is there"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_failures_without_an_answer(transport: str, silent: bool, tmp_path: Path) -> None:
    """Timeouts and refused connections name the address, and nothing of the request."""
    with Listener.everywhere() as ear, socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        if not silent:
            listener.close()
        with opened(transport, settings_at(url, tmp_path, JAINAM_TIMEOUT="0.1")) as (desk, wait):
            desk.runner.calls.sessions.keep(session(Api.INTERACTIVE))
            words = failures(desk, wait)

    assert any(("within 0.1 s" if silent else "refused") in text for text in words)
    assert_silent(words + ear.heard)


def failures(desk: Any, wait: Callable[[Any], Any]) -> list[str]:
    """Log in, send an order, read a book, and return what is said of it."""
    words: list[str] = []
    for call in (desk.login, lambda: desk.place_order(ORDER), desk.positions):
        with contextlib.suppress(JainamError):
            try:
                words.append(repr(wait(call())))
            except JainamError as error:
                words += words_of(error)
                raise
    return words + insides(desk)


def session(api: Api) -> Session:
    """A session that was opened earlier."""
    return Session(api=api, token=opaque_token(0), user_id="DEALER01", root="/interactive", is_investor=False)


def test_what_the_command_line_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Tables, documents, rehearsals and the stack traces of `--debug` hold no secret, whatever the gateway answers."""
    from typer.testing import CliRunner

    from jainam.cli.main import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(assembly, "_pacer", lambda *_: Pacer())  # every command keeps a pace of its own
    gateway = Gateway(Rest(EXCHANGE), web_token)
    order = ["order", "place", "--symbol", "RELIANCE", "--exchange", "NSE", "--side", "buy", "--quantity", "1"]
    codes: dict[str, set[int]] = {}
    with Listener.everywhere() as ear, serving(gateway, http2=False) as url:
        variables = variables_at(url, tmp_path)
        PeeweeContracts(variables["JAINAM_DATABASE"], "jainam_prop").replace_all(known_contracts())

        def run(name: str, *words: str) -> None:
            result = CliRunner().invoke(app, list(words), env=variables, prog_name="jainam")
            codes.setdefault(name, set()).add(result.exit_code)
            assert_silent([result.stdout, result.stderr, *words_of(result.exception or Exception())])

        for more in (["--debug"], ["--json", "--debug"]):
            run("fine", "login", *more)
            run("fine", *order, *more)
            run("fine", *order, "--dry-run", *more)
            for name in ("gateway page", "plain text", "half an answer", "rows of it"):
                gateway.spoil, gateway.concern = SPOILERS[name], CALLS
                run(name, *order, *more)
                run(name, "funds", *more)
                gateway.concern = LOGINS
                run(name, "logout", *more)
                run(name, "login", *more)
                gateway.spoil = None

    assert codes.pop("fine") == {0}
    assert all(failed & {3, 4, 5, 6} for failed in codes.values()), codes
    assert_silent(ear.heard)
    assert_silent(list(capfd.readouterr()))


def test_what_describes_a_request(tmp_path: Path) -> None:
    """Steps, requests and their description for people hold neither key nor token; the requests themselves do."""
    settings = settings_at("https://xts.example", tmp_path)
    contracts = MemoryContracts(known_contracts())
    contract = contracts.find(ORDER.instrument)
    each = [
        steps.Login(Api.INTERACTIVE, "/interactive"),
        steps.Login(Api.MARKET_DATA, "/apimarketdata"),
        steps.Logout(Api.INTERACTIVE),
        steps.PlaceOrder(ORDER, contract, OrderTag("T1")),
        steps.ModifyOrder(OrderId("1"), ORDER, contract, OrderTag("T1")),
        steps.CancelOrder(OrderId("1")),
        steps.ListPositions(),
        steps.ReadQuotes((contract.ref,)),
        steps.DownloadMaster("NSECM", DAY),
        steps.ReadProfile(),
        steps.KeepSession(session(Api.INTERACTIVE)),
    ]
    with Desk.open(settings, contracts=contracts) as desk:
        codec = desk.runner.calls.codec
        words, sent = [repr(step) for step in each], []
        for step in each:
            if isinstance(step, steps.BrokerStep):
                request = codec.encode(step, session(step.session_api))
                words += [repr(request), str(request), codec.describe(request), request.url]
                sent += [f"{request.headers} {request.body!r}"]

    assert_silent(words)
    assert all(found_in(text) for text in sent)


def test_what_names_a_session_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of the sessions tells no key by its name, and is for its owner alone."""
    found = read_settings(variables_at("https://xts.example", tmp_path)).session_file
    assert found is not None
    sessions = FileSessions(tmp_path / "cache" / found.name, lambda: DAY)
    sessions.keep(session(Api.INTERACTIVE))

    (kept,) = (tmp_path / "cache").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert_silent([str(found), repr(sessions), str(kept)])


def test_what_names_a_database(tmp_path: Path) -> None:
    """The password in a database's URL is a secret like the others."""
    settings = settings_at(
        "https://xts.example", tmp_path, JAINAM_DATABASE="postgresql://me:CANARYpassword@db.example/x"
    )

    assert_silent([repr(settings), str(settings)])
    assert "postgresql://" in repr(settings)


@pytest.mark.parametrize(
    "name", ["JAINAM_TIMEOUT", "JAINAM_BASE_URL", "JAINAM_SERVER", "JAINAM_PROFILE", "JAINAM_TEST_MODE"]
)
def test_what_refuses_a_setting(name: str, tmp_path: Path) -> None:
    """A secret pasted into the wrong variable is not repeated by the message that names the variable."""
    variables = variables_at("https://xts.example", tmp_path) | {name: KEYS["market_secret"]}
    if name == "JAINAM_SERVER":
        del variables["JAINAM_BASE_URL"]
    with pytest.raises(NotConfigured, match=name) as refused:
        read_settings(variables)

    assert_silent(words_of(refused.value))


def test_what_a_cassette_keeps(tmp_path: Path) -> None:
    """A recording made with canaries for keys holds none of them, nor a token."""
    for scenario in SCENARIOS[:7]:
        exchange = evolve(scenario.exchange, **KEYS)  # type: ignore[arg-type]
        assert_silent([record(evolve(scenario, exchange=exchange), tmp_path).read_text("utf-8")])
    assert_silent([path.read_text("utf-8") for path in CASSETTES.iterdir()])


def test_how_short_a_secret_may_be() -> None:
    """Four letters are a secret still; fewer are found in innocent words and stay."""
    assert scrubbed("the key Ab1$ and Ab1%24, and abc", ["Ab1$", "abc"]) == "the key *** and ***, and abc"


@pytest.mark.parametrize("secret", [*KEYS.values(), ACCESS_TOKEN, opaque_token(0)])
def test_the_ear_hears(secret: str) -> None:
    """What these tests listen for is heard in every spelling: their silence means something."""
    assert all(found_in(f"words {spelling} words") for spelling in spellings(secret))
    with Listener.everywhere() as ear:
        logging.getLogger("anybody").debug("%s", secret)
        try:
            raise ValueError(secret)
        except ValueError:
            logging.getLogger("somebody").exception("no")

    assert sum(bool(found_in(text)) for text in ear.heard) > 4
    assert found_in(repr(web_token(0)))
