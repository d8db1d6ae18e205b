"""Logging in from the host, staying logged in, and never storming the broker with logins (D13)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from fakes.bridge import ORDER_BOOK, TOKEN, Bridge
from fakes.exchange import RestTransport, settings_for
from jainam.adapters.desk import Desk
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.errors import LoginExpired, NotConfigured
from jainam.domain.sessions import Api
from jainam.openalgo_bridge import wiring
from jainam.openalgo_bridge.api import funds, order_api
from jainam.openalgo_bridge.api.auth_api import authenticate_broker
from jainam.openalgo_bridge.api.data import BrokerData

LOGIN, FEED = "/interactive/user/session", "/apibinarymarketdata/auth/login"
QUOTES = "/apibinarymarketdata/instruments/quotes"


@pytest.fixture
def fresh() -> Any:
    """A host that has not logged in, with room for other settings."""
    made = Bridge()

    def attach(**changed: Any) -> Bridge:
        settings = settings_for(made.simulator)
        wiring.attach(
            made.host,
            settings=evolve(settings, credentials=evolve(settings.credentials, **changed)),
            clock=made.clock,
            contracts=MemoryContracts(),
        )
        return made

    yield attach
    wiring.attach(made.host)


@pytest.mark.parametrize("code", [None, ""])
def test_an_unpatched_host_gets_two_items(fresh: Any, code: str | None) -> None:
    """The generic branch unpacks two: a token and no error."""
    bridge = fresh()
    token, error = authenticate_broker(code or None)  # type: ignore[misc]

    assert token
    assert error is None
    assert (bridge.host.sent("POST", LOGIN), bridge.host.sent("POST", FEED)) == (1, 1)


def test_a_patched_host_gets_four_items(fresh: Any) -> None:
    """The branch of its own unpacks four, for which it hands over the broker's name."""
    fresh()
    token, feed, user, error = authenticate_broker("jainam_prop")  # type: ignore[misc]

    assert token
    assert feed
    assert token != feed
    assert (user, error) == ("DEALER01", None)


def test_a_second_login_finds_the_first_ones_sessions(fresh: Any) -> None:
    """Whoever logs in again while the sessions stand gets them: a new one would end the stream of the other process."""
    bridge = fresh()

    assert authenticate_broker("jainam_prop") == authenticate_broker("jainam_prop")
    assert (bridge.host.sent("POST", LOGIN), bridge.host.sent("POST", FEED)) == (1, 1)


def test_a_login_by_hand_replaces_a_session_that_is_gone(fresh: Any) -> None:
    """A session that the broker has forgotten is noticed, and one new one is made."""
    bridge = fresh()
    before = authenticate_broker("jainam_prop")
    bridge.clock.advance(3600)
    bridge.fault("expired_token", "/interactive/user/balance")

    after = authenticate_broker("jainam_prop")

    assert after[0] != before[0]
    assert bridge.host.sent("POST", LOGIN) == 2


def test_a_third_partys_token_is_used(fresh: Any) -> None:
    """A token that a third-party login hands over goes into the login in the place of the source (protocol 2.6)."""
    bridge, bodies = fresh(), list[bytes]()
    bridge.host.before = lambda request: bodies.append(request.content)

    authenticate_broker("handed-over")

    assert any(b'"accessToken":"handed-over"' in body for body in bodies)


@pytest.mark.parametrize("code", [None, "jainam_prop"])
def test_wrong_keys_are_told_in_the_brokers_words(fresh: Any, code: str | None) -> None:
    """There is no token, and the error says what the broker said, without the key (B-44, NFR4)."""
    fresh(interactive_secret="WRONG-SECRET")
    answer = authenticate_broker(code)

    assert len(answer) == (2 if code is None else 4)
    assert answer[0] is None
    assert "Invalid appKey or secretKey" in str(answer[-1])
    assert "WRONG-SECRET" not in str(answer)


def test_missing_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys the login, not the import, fails with every variable's name, ours and the host's (FR9, D8)."""
    for name in ("JAINAM_INTERACTIVE_API_KEY", "BROKER_API_KEY", "JAINAM_MARKET_API_SECRET"):
        monkeypatch.delenv(name, raising=False)
    bridge = Bridge()
    wiring.attach(bridge.host)

    token, error = authenticate_broker(None)  # type: ignore[misc]

    assert token is None
    assert error is not None
    assert "JAINAM_INTERACTIVE_API_KEY (or BROKER_API_KEY)" in error
    assert "BROKER_API_SECRET_MARKET" in error


def test_the_hosts_names_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's variables fill in for ours, and the shim's profile is the one that counts (D8)."""
    for name in ("BROKER_API_KEY", "BROKER_API_SECRET", "BROKER_API_KEY_MARKET", "BROKER_API_SECRET_MARKET"):
        monkeypatch.setenv(name, f"{name} value")
    monkeypatch.setenv("JAINAM_PROFILE", "jainam_prop")
    monkeypatch.setenv("JAINAM_DATABASE", ":memory:")
    wiring.attach(Bridge().host)
    settings = wiring.register("mine", "wisdom").settings()

    assert settings.profile.name == "wisdom"
    assert settings.credentials.market_key == "BROKER_API_KEY_MARKET value"
    assert settings.caller == "openalgo"


def test_trading_goes_on_without_market_data_and_says_so(fresh: Any) -> None:
    """Wrong market-data keys do not keep anybody in a position, and are not hidden: error, event, and every quote."""
    bridge = fresh(market_secret="WRONG-SECRET")

    token, feed, user, error = authenticate_broker("jainam_prop")  # type: ignore[misc]

    assert (bool(token), feed, user) == (True, None, "DEALER01")
    assert error is not None
    assert "without market data" in error
    assert [(event, payload["status"]) for event, payload in bridge.host.events] == [
        ("master_contract_download", "error")
    ]
    assert order_api.close_all_positions("", TOKEN)[1] == 200


def test_wrong_keys_are_tried_once(fresh: Any) -> None:
    """A hundred requests make one login, until somebody logs in by hand or five minutes have gone by."""
    bridge = fresh(interactive_secret="WRONG-SECRET")
    for _ in range(100):
        assert order_api.place_order_api({"symbol": "INFY"}, TOKEN)[1]["status"] == "error"
        assert order_api.get_order_book(TOKEN)["message"] == "Invalid appKey or secretKey [e-user-0004]"
    assert bridge.host.sent("POST", LOGIN) == 1

    authenticate_broker(None)
    assert bridge.host.sent("POST", LOGIN) == 2
    bridge.clock.advance(301)
    order_api.get_order_book(TOKEN)
    assert bridge.host.sent("POST", LOGIN) == 3


def test_somebody_else_with_our_keys_makes_no_loop(bridge: Bridge) -> None:
    """When each session is ended as soon as it is made, there is one login in ten seconds, and a reason is told."""
    bridge.clock.advance(3600)
    bridge.fault("expired_token", ORDER_BOOK, times=50)

    messages = [order_api.get_order_book(TOKEN)["message"] for _ in range(20)]

    assert bridge.host.sent("POST", "/interactive/user/session") == 1
    assert "another program" in messages[-1]


def test_twenty_threads_with_a_dead_session_log_in_once(bridge: Bridge) -> None:
    """At three in the morning all sessions end; whoever asks then waits for one login (NFR3)."""
    bridge.clock.advance(3600)
    for api in Api:
        session = bridge.desk.runner.local.sessions.current(api)
        assert session is not None
        bridge.desk.runner.local.sessions.keep(evolve(session, token="of yesterday"))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: order_api.get_trade_book(TOKEN), range(20)))

    assert answers == [[]] * 20
    assert bridge.host.sent("POST", LOGIN) == 1


def test_market_data_is_renewed_once(bridge: Bridge) -> None:
    """One login is made for a market-data session that is gone, whatever is asked next (B-48, B-49)."""
    bridge.clock.advance(3600)
    bridge.fault("expired_token", QUOTES)
    data = BrokerData(TOKEN)
    data.get_multiquotes([{"symbol": "INFY", "exchange": "NSE"}])
    data.get_quotes("INFY", "NSE")
    BrokerData(TOKEN).get_depth("INFY", "NSE")

    assert bridge.host.sent("POST", FEED) == 1


def test_whether_the_login_stands(bridge: Bridge) -> None:
    """The host asks before it revives a session; a broker that does not answer is not a standing login."""
    assert funds.test_auth_token(TOKEN) == (True, "")
    bridge.fault("gateway", "/interactive/user/balance", times=9)
    stands, why = funds.test_auth_token(TOKEN)

    assert not stands
    assert why


def test_a_flow_is_closed_when_there_is_no_desk(bridge: Bridge) -> None:
    """Without a token the flow never begins, and is not left half-open."""
    closed = []

    def flow() -> Any:
        try:
            yield
        finally:
            closed.append(True)

    begun = flow()
    next(begun)
    with pytest.raises(LoginExpired):
        wiring.broker_of("x").run("", begun)

    assert closed == [True]


def test_a_client_that_the_host_replaced_is_let_go(bridge: Bridge) -> None:
    """The host may close its HTTP client and make another; the next request takes the new one."""
    order_api.get_order_book(TOKEN)
    bridge.host.client.close()
    bridge.host.__attrs_post_init__()

    assert order_api.get_order_book(TOKEN) == []


def test_desks_by_name(bridge: Bridge) -> None:
    """A desk is had by the broker's name too, once for all."""
    assert wiring.desk(TOKEN) is bridge.desk
    wiring.attach(bridge.host)
    with pytest.raises(NotConfigured):
        wiring.register("odd", "no such broker").settings()


def test_two_processes_share_their_sessions(fresh: Any, tmp_path: Path) -> None:
    """The host trades in one process and streams in another; the second finds the first one's sessions (D13)."""
    bridge, file = fresh(), tmp_path / "sessions.json"
    settings = evolve(settings_for(bridge.simulator), session_file=file)

    def another_process() -> Any:
        wiring.attach(bridge.host, settings=settings, clock=bridge.clock, contracts=MemoryContracts())
        return authenticate_broker("jainam_prop")

    first = another_process()
    second = another_process()

    assert first == second
    assert (bridge.host.sent("POST", LOGIN), bridge.host.sent("POST", FEED)) == (1, 1)
    assert file.stat().st_mode & 0o077 == 0


def test_a_session_renewed_elsewhere_is_taken(fresh: Any, tmp_path: Path) -> None:
    """When another process has logged in anew, ours takes its session in place of making a third one."""
    bridge = fresh()
    settings = evolve(settings_for(bridge.simulator), session_file=tmp_path / "sessions.json")
    wiring.attach(bridge.host, settings=settings, clock=bridge.clock, contracts=MemoryContracts())
    old_token = str(authenticate_broker("jainam_prop")[0])
    with Desk.open(
        settings, transport=RestTransport(bridge.rest), contracts=MemoryContracts(), clock=bridge.clock
    ) as other:
        other.runner.local.sessions.forget(Api.INTERACTIVE)
        bridge.clock.advance(60)
        other.login()

    assert order_api.get_order_book(old_token) == []
    assert bridge.host.sent("POST", LOGIN) == 1


def test_a_session_of_yesterday_is_not_used(fresh: Any, tmp_path: Path) -> None:
    """Brokers end sessions in the early morning; a new day begins with one login (protocol 2.4)."""
    bridge = fresh()
    settings = evolve(settings_for(bridge.simulator), session_file=tmp_path / "sessions.json")
    wiring.attach(bridge.host, settings=settings, clock=bridge.clock, contracts=MemoryContracts())
    authenticate_broker("jainam_prop")
    bridge.clock.advance(20 * 3600)
    wiring.attach(bridge.host, settings=settings, clock=bridge.clock, contracts=MemoryContracts())

    assert order_api.get_order_book(TOKEN) == []
    assert bridge.host.sent("POST", LOGIN) == 2


def test_a_dealer_without_a_client_is_told_the_choices(fresh: Any) -> None:
    """The login says which variable is missing and whom it may name, before any order is tried (D13)."""
    bridge = fresh()
    settings = settings_for(bridge.simulator, client_id=None)
    wiring.attach(bridge.host, settings=settings, clock=bridge.clock, contracts=MemoryContracts())

    token, error = authenticate_broker(None)  # type: ignore[misc]

    assert token is None
    assert error is not None
    for word in ("JAINAM_CLIENT_ID", "CLIENT01", "*****"):
        assert word in error


def test_a_broker_that_is_down_is_told_and_tried_again_later(fresh: Any) -> None:
    """A login that gets no answer fails in words, and is tried once in ten seconds, whoever waits for it."""
    bridge = fresh()
    bridge.fault("gateway", LOGIN, times=50)

    assert authenticate_broker(None)[0] is None
    made, began = bridge.host.sent("POST", LOGIN), bridge.clock.elapsed
    for _ in range(20):
        assert order_api.get_order_book(TOKEN)["status"] == "error"
    assert bridge.host.sent("POST", LOGIN) - made <= (bridge.clock.elapsed - began) / 10 + 1


def test_a_login_without_an_answer_keeps_nobody_waiting_again(fresh: Any) -> None:
    """One caller waits for a login that hangs; those who come after are told at once, and an order is not in doubt."""
    bridge = fresh()
    bridge.fault("lose_answer", LOGIN, times=50)
    assert authenticate_broker(None)[0] is None
    before = bridge.host.sent("POST", LOGIN)

    for _ in range(3):  # nothing left, so it is no 504
        assert order_api.cancel_order("1110000030", TOKEN)[1] == 503
    assert bridge.host.sent("POST", LOGIN) - before <= bridge.clock.elapsed / 10
