"""The traps of the protocol reference, section 7, that only show between a whole desk and a whole exchange."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from contracts.runner_harness import RELIANCE, SHARES, buy
from fakes.clock import FakeClock
from fakes.exchange import RestTransport, counted_tags, settings_for
from jainam import Desk
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.sessions import Api
from jainam.simulator import Modes, Request, Response, Rest, SimulatorSettings

MARKET = "/apibinarymarketdata"


@pytest.fixture
def rest() -> Rest:
    clock = FakeClock()
    return Rest(SimulatorSettings(trading_date=clock.now().date(), modes=Modes(history_lag=5)), clock)


@pytest.fixture
def two_desks(rest: Rest, tmp_path: Path) -> Iterator[list[Desk]]:
    """Two processes' worth of desks for one login: they share the session file and nothing else."""
    clock = rest.clock
    assert isinstance(clock, FakeClock)
    settings = evolve(settings_for(rest.settings), session_file=tmp_path / "sessions.json")
    desks = [
        Desk.open(
            settings,
            transport=RestTransport(rest),
            contracts=MemoryContracts(SHARES),
            clock=clock,
            tags=counted_tags(letter),
        )
        for letter in "AB"
    ]
    yield desks
    for desk in desks:
        desk.close()


def subscribe(rest: Rest, token: str) -> dict[str, Any]:
    body = {"instruments": [{"exchangeSegment": 1, "exchangeInstrumentID": 2885}], "xtsMessageCode": 1512}
    answer = rest.handle(
        Request(
            method="POST",
            path=f"{MARKET}/instruments/subscription",
            headers={"authorization": token},
            body=json.dumps(body).encode(),
        )
    )
    assert isinstance(answer, Response)
    return dict(json.loads(answer.body)) | {"status": answer.status}


def test_trap_15_two_processes_share_one_market_data_session(rest: Rest, two_desks: list[Desk]) -> None:
    """Trap 15: a second market-data login would end the first session and its stream, so the kept one is used."""
    share = SHARES[0]
    for desk in (*two_desks, *two_desks):
        assert desk.quotes(share)[share.ref].last_price is not None

    assert rest.count("POST", f"{MARKET}/auth/login") == 1


def test_traps_16_and_17_a_subscription_lives_as_long_as_its_login(rest: Rest, two_desks: list[Desk]) -> None:
    """Trap 16: subscribing again is an HTTP 400 without a snapshot. Trap 17: only a new login begins without any."""
    desk = two_desks[0]
    _, market = desk.login()
    first, again = subscribe(rest, market.token), subscribe(rest, market.token)
    desk.logout()
    _, fresh = desk.login()

    assert (first["status"], len(first["result"]["listQuotes"])) == (200, 1)
    assert (again["status"], again["code"]) == (400, "e-session-0002")
    assert "listQuotes" not in (again.get("result") or {})
    assert subscribe(rest, fresh.token)["status"] == 200


def test_trap_20_an_order_is_followed_in_the_book_and_not_in_its_history(rest: Rest, two_desks: list[Desk]) -> None:
    """Trap 20: the history of an order lags behind its placing, so its fate is read in the order book."""
    desk = two_desks[0]
    row = desk.follow(desk.place_order(buy()))

    assert row.symbol == RELIANCE.symbol
    session = desk.runner.calls.sessions.current(Api.INTERACTIVE)
    assert session is not None
    history = rest.handle(
        Request(
            method="GET",
            path="/interactive/orders",
            query={"appOrderID": row.order_id, "clientID": "*****"},
            headers={"authorization": session.token},
        )
    )
    assert isinstance(history, Response)
    assert b"Order history not found" in history.body
