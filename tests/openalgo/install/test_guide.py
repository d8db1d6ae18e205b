"""The deployment guide (FR13): one text in two places, whose commands run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import jainam
from fakes.openalgo_trees import Shape, build, contents
from jainam.adapters.environment import HOST_NAMES
from jainam.cli.main import app
from jainam.openalgo_bridge.install.plugin import GUIDE

CHECKOUT = Path(__file__).parents[3]
TEXT = (CHECKOUT / "docs/openalgo.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("jainam ")
]


def test_guide_is_the_same_in_the_package() -> None:
    """What the installer writes into OpenAlgo is the guide of these docs."""
    shipped = Path(jainam.__file__).parent / "openalgo_bridge/install/openalgo.md"

    assert shipped.read_text(encoding="utf-8") == TEXT


def test_every_variable_is_named() -> None:
    """The guide names all keys by both of their names."""
    for name in (*HOST_NAMES, *HOST_NAMES.values(), "JAINAM_CLIENT_ID", "JAINAM_SERVER"):
        assert f"`{name}`" in TEXT


def test_commands_of_the_guide_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything from the first installation to the last removal does what it says, and leaves the tree as it was."""
    root = build(tmp_path, Shape())
    with (root / ".env").open("a") as file:
        file.write("BROKER_API_KEY='k'\nBROKER_API_KEY_MARKET='m'\nDATABASE_URL='sqlite:///db/x.db'\n")
    before = contents(root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PYTHONPATH", str(Path(jainam.__file__).parents[1]))
    guides = []
    for line in COMMANDS:
        result = CliRunner().invoke(app, shlex.split(line)[1:], prog_name="jainam")
        # The second broker's doctor finds that REDIRECT_URL names the first, as the guide says.
        assert result.exit_code == (2 if line.endswith("doctor --broker my_iifl") else 0), (line, result.output)
        guides.append((root / GUIDE).exists())

    assert len(COMMANDS) > 8
    assert any(guides)
    assert contents(root) == before
