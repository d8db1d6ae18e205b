"""`demo`: the whole trading day, run as a newcomer runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.terminal import Terminal

import jainam
from jainam.cli import trading_day
from jainam.simulator import ExchangeServer


@pytest.mark.slow
def test_the_demo_shows_a_whole_day_and_proves_it(tmp_path: Path) -> None:
    """From a folder with a space in its name, on a Sunday, without a variable set, every step keeps its promise."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    path = str(Path(jainam.__file__).parents[1])

    done = subprocess.run(
        [sys.executable, "-m", "jainam", "demo", "--date", "2026-03-01"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "Sunday, 01 March 2026" in done.stdout
    assert "demo.sqlite" in done.stdout
    steps = re.findall(r"^ ?\d+  (.+)$", done.stdout, re.MULTILINE)
    assert len(steps) == len(trading_day.STEPS) == 13
    for words in (
        "reverse     130     -65  SELL 195",
        "not a multiple of the lot size 65",
        "RMS:Margin Exceeds",
        "sent 1×, at the exchange 1×",
        "blocked for",
        "Nothing to close; orders sent: 0.",
        "Orders meant 14 · at the exchange 13 · refused on the way in 1 · doubled 0 · positions left open 0",
    ):
        assert words in done.stdout
    assert list(folder.iterdir()) == []
    # No session is left behind, and no journal, which would tell the next demo of orders that its exchange never saw.
    left = [file.name for pattern in ("*sessions*", "*journal*") for file in Path.home().rglob(pattern)]
    assert left == []


@pytest.fixture
def alone(exchange: ExchangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A terminal without any variable set."""
    monkeypatch.chdir(tmp_path)
    return Terminal(exchange)


def only(monkeypatch: pytest.MonkeyPatch, *steps: object) -> None:
    """Let the day consist of *steps*."""
    monkeypatch.setattr(trading_day, "STEPS", steps)


def test_a_step_that_breaks_its_promise_ends_the_demo_with_exit_code_1(
    alone: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demo that cannot show what it says admits it."""

    def boast(day: trading_day.Day) -> None:
        """Prove that black is white."""
        day.claim(False, "black is white")

    only(monkeypatch, trading_day.log_in, boast)

    ran = alone("demo")

    assert ran.code == 1
    assert " 2  Prove that black is white." in ran.out
    assert "step 2 did not show what it promised: it is not true that black is white" in ran.err


def test_a_step_that_fails_ends_the_demo_with_exit_code_1(alone: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error inside a step, here contracts that were never loaded, is told as a promise not kept."""
    database = trading_day.load_contracts  # left out of the day
    assert database is not None

    def price(day: trading_day.Day) -> None:
        """Find a future before contracts were loaded."""
        day.future()

    only(monkeypatch, price)

    error = alone("demo", "--json").error

    assert error["error"] == "DemoFailed"
    assert "there is no NIFTY future" in error["message"]


def test_an_instrument_without_a_quote_is_a_broken_promise(alone: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that needs a price says when there is none."""

    def price(day: trading_day.Day) -> None:
        """Ask for a price that is not there."""
        monkeypatch.setattr(type(day.desk), "quotes", lambda *_: {})
        day.last_price(day.equity("RELIANCE"))

    only(monkeypatch, trading_day.log_in, trading_day.load_contracts, price)

    assert "there is no quote for RELIANCE" in alone("demo").err


def test_programs_get_the_day_as_one_document(alone: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--json` the steps and the summary are one document, and nothing else is printed."""
    only(monkeypatch, trading_day.log_in, trading_day.log_out)

    data = alone("demo", "--json").data

    assert set(data) == {"steps", "summary", "seconds", "database"}
    assert len(data["steps"]) == 2
    assert data["summary"] == {"meant": 0, "at_exchange": 0, "refused": 0, "doubled": 0, "open_positions": 0}
