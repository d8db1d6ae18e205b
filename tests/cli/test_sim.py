"""`sim`: the exchange as a program, its faults from the command line, and the variables it prints."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli.terminal import Terminal

import jainam
from jainam.cli import sim
from jainam.cli.failures import Failed
from jainam.simulator import ExchangeServer, FaultRule

VARIABLES = {
    "JAINAM_BASE_URL",
    "JAINAM_ALLOW_HTTP",
    "JAINAM_INTERACTIVE_API_KEY",
    "JAINAM_INTERACTIVE_API_SECRET",
    "JAINAM_MARKET_API_KEY",
    "JAINAM_MARKET_API_SECRET",
    "JAINAM_CLIENT_ID",
    "JAINAM_DATABASE",
}


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[str]]:
    """`jainam` as a program of its own, ended with SIGTERM, which must be a clean end."""
    path = str(Path(jainam.__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-m", "jainam", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    ) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            _, err = running.communicate(timeout=20)
        assert running.returncode == 0, err
        assert "The exchange has stopped" in err


def exports_of(lines: str) -> dict[str, str]:
    """What a shell would make of *lines*."""
    words = shlex.split(lines, comments=True)
    return dict(word.split("=", 1) for word in words if word != "export")


@pytest.fixture
def alone(exchange: ExchangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A terminal without any variable set."""
    monkeypatch.chdir(tmp_path)
    return Terminal(exchange)


def test_the_other_commands_work_with_the_variables_that_it_prints(
    alone: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a running exchange prints, exported, is all that another terminal needs; its faults strike there."""
    with process("sim", "--port", "0", "--json", "--no-limits", "--fault", "GET * gateway x1") as running:
        assert running.stdout is not None
        document = json.loads(running.stdout.readline())
        assert document["status"] == "success"
        variables = document["data"]["environment"]
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        hit = alone("orders", env={"JAINAM_RETRIES": "0"})
        login = alone("login")

    assert set(variables) == VARIABLES
    assert variables["JAINAM_BASE_URL"] == document["data"]["url"]
    assert Path(variables["JAINAM_DATABASE"]).name == "sim.sqlite"
    assert hit.code == 6
    assert login.code == 0


def test_its_words_are_lines_for_a_shell(alone: Terminal, tmp_path: Path) -> None:
    """Everything on stdout can be copied into a shell: exports, and remarks behind a hash sign."""
    master = tmp_path / "master.txt"
    master.write_text(
        "NSECM|2885|8|RELIANCE|RELIANCE-EQ|EQ|RELIANCE-EQ|1100100002885|1440.4|1178.6|67662|0.1|1|1|"
        "RELIANCE|INE002A01018|1|1|RELIANCE INDUSTRIES LTD-EQ|0|-1|-1\n"
    )
    with process("sim", "--port", "0", "--investor", "--date", "2026-01-12", "--master", str(master)) as running:
        assert running.stdout is not None
        lines = "".join(running.stdout.readline() for _ in range(11))

    assert "Monday, 12 January 2026" in lines
    assert "expired before today are not loaded" in lines
    assert set(exports_of(lines)) == VARIABLES
    assert exports_of(lines)["JAINAM_CLIENT_ID"] == ""


def test_exports_can_be_had_without_starting_anything(alone: Terminal) -> None:
    """`eval "$(jainam sim --exports)"` sets the same variables for the usual port."""
    ran = alone("sim", "--exports")

    assert ran.code == 0
    assert "#" not in ran.out
    assert set(exports_of(ran.out)) == VARIABLES
    assert exports_of(ran.out)["JAINAM_BASE_URL"] == "http://127.0.0.1:8180"


def test_a_port_that_is_taken_is_named(alone: Terminal) -> None:
    """Two exchanges on one port: the second says what to do, with the exit code of wrong usage."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        ran = alone("sim", "--port", str(port))

    assert ran.code == 2
    assert f"port {port} is taken" in ran.err
    assert "--port 0" in ran.err


def test_a_port_that_may_not_be_used_is_named(alone: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system forbids a port, its reason is given."""

    async def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sim, "_until_told", forbidden)

    ran = alone("sim", "--port", "80")

    assert ran.code == 2
    assert "port 80 cannot be used (Permission denied)" in ran.err


def test_a_master_that_is_none_is_refused(alone: Terminal, tmp_path: Path) -> None:
    """A file that is no instrument master ends with the exit code of wrong usage and the line that is wrong."""
    master = tmp_path / "master.txt"
    master.write_text("not a master\n")

    ran = alone("sim", "--port", "0", "--master", str(master))

    assert ran.code == 2
    assert "cannot use these settings" in ran.err


def test_without_aiohttp_the_words_say_what_to_install(alone: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exchange needs a package that the command line alone does not bring."""
    monkeypatch.setitem(sys.modules, "jainam.simulator.server", None)

    with pytest.raises(Failed, match=r"needs the package jainam\.simulator\.server"):
        sim.server_module()
    assert alone("sim", "--port", "0").code == 2


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "POST /interactive/orders lose_answer x2",
            FaultRule(kind="lose_answer", method="POST", path="/interactive/orders", times=2),
        ),
        ("* * delay seconds=0.5", FaultRule(kind="delay", seconds=0.5)),
        ("GET * lag seconds=1.5 reads=2 x9", FaultRule(kind="lag", method="GET", seconds=1.5, reads=2, times=9)),
        (
            "get /interactive/* gateway status=503 skip=1",
            FaultRule(kind="gateway", method="GET", path="/interactive/*", status=503, skip=1),
        ),
        (
            "POST * refuse 'description=Not now' contains=42",
            FaultRule(kind="refuse", method="POST", description="Not now", contains="42"),
        ),
    ],
)
def test_faults_are_read_as_they_are_written(text: str, rule: FaultRule) -> None:
    """A fault is a method, a path, a kind, how often, and anything else by name."""
    assert sim.fault_from(text) == rule


@pytest.mark.parametrize(
    "text", ["lose_answer", "EAT /orders lose_answer", "GET * explode", "GET * delay twice", "GET * delay colour=red"]
)
def test_a_fault_that_is_none_is_refused(alone: Terminal, text: str) -> None:
    """A mistyped fault ends with the exit code of wrong usage and says what a fault looks like."""
    ran = alone("sim", "--fault", text)

    assert ran.code == 2
    assert "--fault" in ran.err
