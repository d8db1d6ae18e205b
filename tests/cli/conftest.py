"""An exchange for every test of a module, empty again for each, and a terminal with its variables exported."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cli.terminal import SETTINGS, Terminal

from jainam.adapters import assembly
from jainam.adapters.pacer import Pacer
from jainam.cli.sim import environment
from jainam.simulator import ExchangeServer, running


@pytest.fixture(autouse=True)
def _plain_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed does not depend on the window and the colours of whoever runs the tests."""
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def exchange() -> Iterator[ExchangeServer]:
    """A running exchange without rate limits: each command is a client of its own and keeps a pace of its own."""
    with running(SETTINGS) as server:
        yield server


@pytest.fixture(scope="session")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database, filled by the first test that asks for it."""
    return tmp_path_factory.mktemp("cli contracts") / "contracts.sqlite"


@pytest.fixture
def exported(exchange: ExchangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A terminal in a folder of its own, with the variables exported and no contracts stored."""
    exchange.rest.reset(keep_sessions=False)
    # The exchange of these tests has no limits, so that commands need not wait for one another.
    monkeypatch.setattr(assembly, "_pacer", lambda *_: Pacer())
    variables = environment(SETTINGS, exchange.url, tmp_path / "new.sqlite")
    for name, value in (variables | {"JAINAM_CALL_GAP": "0", "JAINAM_RETRIES": "1", "JAINAM_LOOKUP": "1"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return Terminal(exchange)


@pytest.fixture
def terminal(exported: Terminal, contracts: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """The same with today's contracts stored, and a journal that knows of no other exchange."""
    monkeypatch.setenv("JAINAM_DATABASE", str(contracts))
    if not contracts.exists():
        loaded = exported("contracts", "sync", "--json").data
        assert loaded["segments"]["NSECM"] > 30
        assert loaded["total"] > 1000
        exported.exchange.rest.reset()
    monkeypatch.setenv("JAINAM_DATABASE", str(_copied(contracts, tmp_path / "mine.sqlite")))
    return exported


def _copied(source: Path, target: Path) -> Path:
    """A copy with all that was stored, be it in the file or in the log beside it still."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
    return target
