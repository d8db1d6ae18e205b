"""The front door."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.terminal import Terminal

import jainam
from jainam.cli import main

COMMANDS = (
    *("demo", "sim", "login", "logout", "profile", "contracts", "order", "smart", "basket", "cancel-all", "close-all"),
    *("halt", "resume", "guard"),
    *("orders", "trades", "positions", "holdings", "funds"),
)


def test_the_version_is_printed(exported: Terminal) -> None:
    """`--version` prints one line and does nothing else."""
    assert exported("--version").out == f"jainam {jainam.__version__}\n"


def test_the_help_names_every_command_in_the_order_a_newcomer_meets_them(exported: Terminal) -> None:
    """Commands are grouped: practice, account, trading, books."""
    ran = exported("--help", env={"COLUMNS": "100"})

    assert ran.code == 0
    places = [re.search(rf"^│ {name} ", ran.out, re.MULTILINE) for name in COMMANDS]
    assert all(places)
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts)


@pytest.mark.parametrize("name", [*COMMANDS, "order place", "order modify", "contracts sync", "contracts find"])
def test_every_command_has_one_sentence_of_help(exported: Terminal, name: str) -> None:
    """`--help` of every command begins with what it does, and no sentence is cut off."""
    ran = exported(*name.split(), "--help", env={"COLUMNS": "160"})

    assert ran.code == 0
    sentence = ran.out.split("\n\n")[0] if "\n\n" in ran.out else ran.out
    assert "Usage" in sentence
    assert re.search(r"\.\s*$", ran.out, re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("contracts", "order")])
def test_every_command_has_the_common_options(exported: Terminal, name: str) -> None:
    """`--json`, `--verbose` and `--debug` are options of every command."""
    out = exported(name, "--help", env={"COLUMNS": "160"}).out

    for option in ("--json", "--verbose", "--debug"):
        assert option in out


def test_without_a_command_the_help_is_shown(exported: Terminal) -> None:
    """`jainam` alone shows what there is."""
    ran = exported()

    assert "demo" in ran.out + ran.err


def test_python_dash_m_is_the_same_program() -> None:
    """`python -m jainam` and `python -m jainam.cli.main` run the command line, and its exit code is theirs."""
    environment = os.environ | {"PYTHONPATH": str(Path(jainam.__file__).parents[1])}
    for module in ("jainam", "jainam.cli.main"):
        for words, code in ((("--version",), 0), (("orders",), 2)):
            done = subprocess.run(
                [sys.executable, "-m", module, *words], capture_output=True, text=True, env=environment, check=False
            )
            assert done.returncode == code, done.stderr
    assert "JAINAM_INTERACTIVE_API_KEY is missing" in done.stderr


def test_the_command_line_starts_without_the_exchange_and_the_http_library() -> None:
    """What a command does not need is not imported: `--help` must be quick."""
    code = (
        "import sys, jainam.cli.main;"
        "print([name for name in ('jainam.simulator', 'aiohttp', 'httpx', 'peewee') if name in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(jainam.__file__).parents[1])}

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)

    assert done.stdout.strip() == "[]"


def test_main_runs_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The console script ends with the exit code of its command."""
    monkeypatch.setattr(sys, "argv", ["jainam", "--version"])

    with pytest.raises(SystemExit) as stop:
        main.main()

    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("jainam ")
