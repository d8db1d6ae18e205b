"""The live suite itself, tried on the embedded exchange: it passes, asks, skips aloud and tidies up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import frozen

from jainam.cli.sim import environment
from jainam.simulator import ExchangeServer, FaultRule, SimulatorSettings, running

SUITE = Path(__file__).with_name("test_live.py")
ORDERS = "/interactive/orders"
TESTS = SUITE.read_text("utf-8").count("\ndef test_")


def live(*words: str, variables: dict[str, str]) -> tuple[int, str]:
    """Run the suite as `make live` does, with *variables* and no terminal; its exit code and what it printed."""
    # -P: `-m pytest` alone would put the checkout in front of the package under test.
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "-m", "live", *words, str(SUITE)],
        env={name: value for name, value in os.environ.items() if not name.startswith("JAINAM_")} | variables,
        cwd=SUITE.parents[2],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        start_new_session=True,
        timeout=120,
    )
    return ran.returncode, ran.stdout


def variables_of(server: ExchangeServer, folder: Path) -> dict[str, str]:
    """The variables that lead to *server*."""
    return environment(server.rest.settings, server.url, folder / "never.sqlite")


@frozen
class Ran:
    """A run of the suite against an exchange of its own, and what is left there."""

    code: int
    printed: str
    is_flat: bool
    requests: Counter[str]
    files: list[Path]


def ran_against(folder: Path, words: tuple[str, ...], *faults: FaultRule) -> Ran:
    """Run the suite, orders allowed, against an exchange at which *faults* happen."""
    with running(SimulatorSettings()) as server:
        server.rest.faults.add(faults)
        code, printed = live(*words, variables=variables_of(server, folder) | {"JAINAM_LIVE_YES": "1"})
        accounts = server.rest.world.exchange.accounts.values()
        held = [row.net for account in accounts for row in account.positions.view(day_wise=False) if row.net]
        live_orders = [order for account in accounts for order in account.live]
        arrived = Counter(seen.method for seen in server.requests if seen.path == ORDERS)
    return Ran(code, printed, not held and not live_orders, arrived, list(folder.iterdir()))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Ran]:
    """One run without and one with failures, at the same time: both do little but keep to the broker's limits."""
    with ThreadPoolExecutor() as pool:
        good = pool.submit(ran_against, tmp_path_factory.mktemp("good"), ())
        bad = pool.submit(
            ran_against,
            tmp_path_factory.mktemp("bad"),
            ("-k", "resting or close"),
            FaultRule(kind="refuse", method="DELETE", path=ORDERS),
            FaultRule(kind="refuse", method="POST", path=ORDERS, contains='"orderSide":"SELL"'),
        )
        return good.result(), bad.result()


def test_the_live_suite_passes_on_the_exchange(runs: tuple[Ran, Ran]) -> None:
    """Every test of it runs and passes, the account is left as it was, and so is the database of the environment."""
    run, _ = runs

    assert run.code == 0, run.printed
    assert re.search(rf"={{2,}} {TESTS} passed in ", run.printed), run.printed
    assert "skipped" not in run.printed
    assert run.is_flat
    assert run.requests == {"POST": 5, "PUT": 1, "DELETE": 2}
    assert {file.name.partition("-")[0] for file in run.files} <= {"locks", "pace"}


def test_the_live_suite_tidies_up_after_a_failure(runs: tuple[Ran, Ran]) -> None:
    """An order that a failing test left working is taken back at the end, and a position it left open is closed."""
    _, run = runs

    assert run.code == 1, run.printed
    assert re.search(r"={2,} 2 failed, \d+ deselected in ", run.printed), run.printed
    assert run.is_flat
    assert run.requests == {"POST": 4, "PUT": 1, "DELETE": 2}


def test_the_live_suite_sends_nothing_unasked(tmp_path: Path) -> None:
    """Credentials alone are no consent: where nobody can be asked, what trades is skipped and says why."""
    with running(SimulatorSettings()) as server:
        code, printed = live("-k", "resting or smart or close", variables=variables_of(server, tmp_path))

        assert code == 0, printed
        assert "3 skipped" in printed
        assert "no terminal to ask on: JAINAM_LIVE_YES=1 says yes" in printed
        assert server.requests == []


@pytest.mark.parametrize("given", [(), ("JAINAM_MARKET_API_KEY",)], ids=["none", "one of four"])
def test_the_live_suite_names_what_is_missing(given: tuple[str, ...]) -> None:
    """Without credentials every test is skipped, and the reason names each variable that is missing."""
    code, printed = live(variables=dict.fromkeys(given, "key"))

    assert code == 0, printed
    assert f"{TESTS} skipped" in printed
    assert "needs JAINAM_INTERACTIVE_API_KEY, JAINAM_INTERACTIVE_API_SECRET, " in printed
    assert ("JAINAM_MARKET_API_KEY" in printed) is not bool(given)
