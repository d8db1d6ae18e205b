"""The bridge offers what OpenAlgo calls, and can be imported anywhere (host contract 1, D10)."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jainam.openalgo_bridge.api.data import BrokerData
from jainam.openalgo_bridge.host import OpenAlgoHost

TABLE: list[dict[str, Any]] = json.loads(Path(__file__).with_name("signatures.json").read_text(encoding="utf-8"))
MODULES = sorted({row["module"] for row in TABLE} | {"api.baseurl", "mapping.transform_data", "mapping.margin_data"})
UNWANTED = ("flask", "pandas", "sqlalchemy", "socketio", "eventlet", "tkinter", "turtle", "httpx", "peewee", "dotenv")
"""What costs time, is absent without the host, or needs a display."""

STAND_INS = {
    "utils/httpx_client.py": "def get_httpx_client(): return 'client'",
    "utils/logging.py": "def get_logger(name): return f'logger {name}'",
    "extensions.py": """
class socketio:
    told = []
    def emit(event, payload):
        socketio.told.append((event, payload))
""",
    "database/symbol.py": """
engine = 'engine'
class db_session:
    gone = []
    def remove():
        db_session.gone.append(1)
""",
}
"""Modules with the names and the calls that both releases have; nothing else of theirs."""


def found(row: dict[str, Any]) -> Any:
    thing: Any = importlib.import_module(f"jainam.openalgo_bridge.{row['module']}")
    for name in row["callable"].split("."):
        thing = (
            getattr(thing, name, None) if inspect.isclass(thing) and name == "timeframe_map" else getattr(thing, name)
        )
    return thing


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row["callable"] != "BrokerData.timeframe_map"], ids=lambda row: row["callable"]
)
def test_arguments_are_the_hosts(row: dict[str, Any]) -> None:
    """Each function takes what the host hands over, by the host's names and in its order."""
    taken = [name for name in inspect.signature(found(row)).parameters if name not in ("self", "args", "kwargs")]

    assert taken == row["arguments"]


def test_the_host_counts_the_constructors_arguments() -> None:
    """The host looks at `co_argcount`, so the constructor is a plain function that takes all three (1.9)."""
    code = BrokerData.__init__.__code__

    assert code.co_argcount == 4
    assert not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    assert BrokerData("token").timeframe_map.keys() >= {"1m", "5m", "15m", "30m", "1h", "D"}


@pytest.mark.parametrize("module", MODULES)
def test_modules_can_be_imported_anywhere(module: str, tmp_path: Path) -> None:
    """Without variables, display, network and host each module is imported, quietly, and pulls in nothing of theirs."""
    script = (
        "import socket, sys\n"
        "socket.socket = None\n"
        f"import jainam.openalgo_bridge.{module}\n"
        f"print([name for name in {UNWANTED!r} if name in sys.modules])\n"
    )
    kept = {
        name: os.environ[name] for name in ("PYTHONPATH", "SYSTEMROOT", "COVERAGE_PROCESS_CONFIG") if name in os.environ
    }
    path = os.pathsep.join(filter(None, (str(Path.cwd()), kept.get("PYTHONPATH"))))
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ran.stderr, ran.stdout.strip()) == ("", "[]")


def test_what_openalgo_has_is_found_by_its_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The five things that are asked of OpenAlgo are where both releases have them."""
    for name, text in STAND_INS.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    host: Any = OpenAlgoHost()
    before = set(sys.modules)
    try:
        assert (host.http_client(), host.logger("x"), host.engine()) == ("client", "logger x", "engine")
        host.emit("event", {"status": "success"})
        host.release()
        assert importlib.import_module("extensions").socketio.told == [("event", {"status": "success"})]
        assert importlib.import_module("database.symbol").db_session.gone == [1]
    finally:
        for name in set(sys.modules) - before:
            del sys.modules[name]
