"""The recorded exchange, played back over every transport without a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from replay.desks import TRANSPORTS, opened
from replay.record import record
from replay.scenarios import SCENARIOS, Scenario
from replay.tapes import CASSETTES, HOST, tape
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.serializers import yamlserializer

from fakes.clock import FakeClock

FRESH = "run `make record` and look at what has changed"
SECRET = re.compile(
    r"SIM-(?:INTERACTIVE|MARKET)-(?:KEY|SECRET)"
    r"|eyJ[\w-]{8,}"  # a token, or any part of one
    r"|simulated\d"  # the signature of the exchange's tokens
    r"|127\.0\.0\.1|localhost"
)
by_name = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)


def documents(path: Path) -> Any:
    return yamlserializer.deserialize(path.read_text("utf-8"))


@pytest.mark.parametrize("transport", TRANSPORTS)
@by_name
def test_a_recorded_scenario_replays(scenario: Scenario, transport: str) -> None:
    """Every transport sends what was recorded, reads the same out of the answers, and leaves none unplayed."""
    with (
        tape(CASSETTES / f"{scenario.name}.yaml", "none") as cassette,
        opened(transport, scenario.exchange, HOST, FakeClock()) as desk,
    ):
        scenario.play(desk)

    left = [f"{each.method} {each.uri}" for at, each in enumerate(cassette.requests) if not cassette.play_counts[at]]
    assert left == []
    assert cassette.play_count == len(cassette) > 0


@pytest.mark.parametrize("transport", TRANSPORTS)
@by_name
def test_recording_gives_the_same_whatever_the_transport(scenario: Scenario, transport: str, tmp_path: Path) -> None:
    """A fresh recording over any transport equals the cassette kept, so each of them replays all the others'."""
    fresh = record(scenario, tmp_path, transport)

    assert documents(fresh) == documents(CASSETTES / f"{scenario.name}.yaml"), FRESH


@by_name
def test_recording_twice_gives_the_same_bytes(scenario: Scenario, tmp_path: Path) -> None:
    """Nothing in a recording depends on the time, the port or chance."""
    first, second = ((tmp_path / name) for name in ("first", "second"))

    assert record(scenario, first).read_bytes() == record(scenario, second).read_bytes()


def test_every_cassette_is_played_by_a_scenario() -> None:
    """No cassette outlives its scenario, and no scenario is without one."""
    kept = {path.name for path in CASSETTES.iterdir()}

    assert kept == {f"{scenario.name}.yaml" for scenario in SCENARIOS}, FRESH
    assert len(kept) == len(SCENARIOS)


@pytest.mark.parametrize("path", sorted(CASSETTES.iterdir()), ids=lambda path: path.stem)
def test_a_cassette_holds_no_secret(path: Path) -> None:
    """Keys, secrets, tokens and addresses are taken out before anything is written (NFR4)."""
    text = path.read_text("utf-8")
    requests = [each["request"] for each in documents(path)["interactions"]]

    assert SECRET.findall(text) == []
    assert all(request["uri"].startswith(f"{HOST}/") for request in requests)
    assert {name for request in requests for name in request["headers"]} <= {"authorization"}
    assert all(
        re.fullmatch(r"token-\d+", value)
        for request in requests
        for value in request["headers"].get("authorization", [])
    )


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_replay_never_reaches_a_network(transport: str) -> None:
    """A request that nobody recorded is an error, however like a recorded one it is (record mode `none`)."""
    scenario = next(each for each in SCENARIOS if each.name == "login_and_empty_books")
    with (
        tape(CASSETTES / f"{scenario.name}.yaml", "none"),
        opened(transport, scenario.exchange, HOST, FakeClock()) as desk,
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        desk.profile()
