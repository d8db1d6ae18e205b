"""Each thing that keeps a broker from working is found, with its cause and what helps."""

from __future__ import annotations

import socket
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

import jainam
from fakes.openalgo_trees import Shape, build
from jainam.openalgo_bridge.install import doctor
from jainam.openalgo_bridge.install.applying import apply
from jainam.openalgo_bridge.install.checks import Environment, environment_of
from jainam.openalgo_bridge.install.doctor import Check, examine
from jainam.openalgo_bridge.install.installer import Installer
from jainam.openalgo_bridge.install.ledger import read_ledger
from jainam.openalgo_bridge.install.plan import plan
from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import Refused
from jainam.openalgo_bridge.install.tree import Tree

GOOD = """\
BROKER_API_KEY='CANARY-KEY'
BROKER_API_KEY_MARKET='CANARY-KEY'
JAINAM_CLIENT_ID='pro'
HOST_SERVER='http://127.0.0.1:5000'
DATABASE_URL='sqlite:///db/openalgo.db'
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What is installed where the tests run, asked for once."""
    tree = Tree.open(build(tmp_path_factory.mktemp("any"), Shape()))
    found = environment_of(tree, Path(sys.executable))
    return attrs.evolve(found, jainam=jainam.__version__)


@pytest.fixture
def installer(tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Installer:
    """An installer at a checkout with everything in its place; its Python answers what *environment* says."""
    root = build(tmp_path, Shape())
    tree = Tree.open(root)
    apply(tree.root, plan(tree, read_ledger(tree.root), [Plugin(name="jainam_prop")]))
    (root / ".env").write_text((root / ".env").read_text() + GOOD)
    monkeypatch.setenv("PYTHONPATH", str(Path(jainam.__file__).parents[1]))
    monkeypatch.setattr(doctor, "environment_of", lambda *_: environment)
    return Installer(tree)


def found(installer: Installer, name: str = "jainam_prop") -> Mapping[str, Check]:
    """The checks by their names."""
    checks = examine(installer, name)
    assert "CANARY" not in str(checks)
    return {check.name: check for check in checks}


def edit(installer: Installer, path: str, old: str, new: str) -> None:
    """Change a file of the checkout."""
    file = installer.tree.root / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_everything_in_its_place(installer: Installer) -> None:
    """A whole installation fails in nothing."""
    checks = found(installer)

    assert [check for check in checks.values() if check.verdict == "failed"] == []
    assert checks["Modules"].found == "all 11 can be imported"
    assert checks["REDIRECT_URL"].found.endswith("then open http://127.0.0.1:5000/jainam_prop/callback")
    assert checks["Program"].found.endswith("it trades at https://smpb.jainam.in:4143")


@pytest.mark.parametrize(
    ("path", "old", "new", "check", "verdict", "says"),
    [
        (".env", "southxts,jainam_prop", "southxts", "VALID_BROKERS", "failed", "does not name jainam_prop"),
        (".env", "/jainam_prop/callback", "/northxts/callback", "REDIRECT_URL", "failed", "names northxts"),
        (".env", "/jainam_prop/callback", "/elsewhere", "REDIRECT_URL", "failed", "names no broker"),
        (".env", "/jainam_prop/callback", "/Jainam_Prop/callback", "REDIRECT_URL", "failed", "names Jainam_Prop"),
        (".env", "HOST_SERVER='http://127.0.0.1:5000'", "HOST_SERVER='https://me.example'", "REDIRECT_URL", "warning",
         "HOST_SERVER says https://me.example"),
        (".env", "BROKER_API_KEY='CANARY-KEY'", "BROKER_API_KEY='YOUR_BROKER_API_KEY'", "Keys", "failed",
         "JAINAM_INTERACTIVE_API_KEY (or BROKER_API_KEY)"),
        (".env", "BROKER_API_KEY='CANARY-KEY'", "JAINAM_INTERACTIVE_API_KEY='CANARY-KEY'", "Keys", "failed",
         "OpenAlgo does not start without BROKER_API_KEY"),
        (".env", "JAINAM_CLIENT_ID='pro'\n", "", "Client", "warning", "only investors can do without"),
        (".env", "'1.0.7'", "'1.0.4'", "Settings", "failed", ".env is of version 1.0.4, .sample.env of 1.0.7"),
        (".env", "sqlite:///db/openalgo.db", "", "Database", "failed", "DATABASE_URL is missing"),
        (".env", "JAINAM_CLIENT_ID='pro'", "JAINAM_SERVER='a'", "Program", "warning", "https://smpa.jainam.in:6543"),
        (".env", "JAINAM_CLIENT_ID='pro'", "JAINAM_BASE_URL='https://x.example:1/'", "Program", "warning",
         "https://x.example:1"),
        ("start.sh", "VALID", "MINE", "Files", "failed", "not as they were written: start.sh"),
        (".jainam-openalgo/installed.json", jainam.__version__, "0.0.1", "Files", "warning", "written by 0.0.1"),
        ("broker/jainam_prop/api/data.py", "shim.fill", "shim.lack", "Modules", "failed", "api.data (AttributeError)"),
    ],
)  # fmt: skip
def test_trouble_is_found(
    installer: Installer, path: str, old: str, new: str, check: str, verdict: str, says: str
) -> None:
    """Each trouble is found by its check, which says what helps."""
    edit(installer, path, old, new)

    one = found(installer)[check]
    assert one.verdict == verdict
    assert says in one.found
    assert one.fix


def test_broker_that_is_not_installed(installer: Installer) -> None:
    """Asking about a broker that is not there says which ones are."""
    checks = found(installer, "other")

    assert checks["Files"].found == "other is not installed; installed is jainam_prop"
    assert "Modules" not in checks


def test_missing_env(installer: Installer) -> None:
    """Without a .env nothing in it is asked for."""
    (installer.tree.root / ".env").unlink()

    assert list(found(installer))[-1] == "Settings"
    assert found(installer)["Settings"].found == "there is no .env"


def test_moved_pins_are_named(installer: Installer, environment: Environment) -> None:
    """A package that is not of the version that OpenAlgo pins is named, with the command that moves it back."""
    version = environment.packages["attrs"]
    edit(
        installer, "pyproject.toml", '"attrs>=1"', f'"attrs=={version}.0", "Cattrs[x]==1.2", "appnope==1; os==\'mac\'"'
    )

    pins = found(installer)["Pins"]
    assert pins.verdict == "warning"
    assert pins.found == f"OpenAlgo pins other versions: cattrs {environment.packages['cattrs']} in place of 1.2"
    assert "cattrs==1.2" in pins.fix
    edit(installer, "pyproject.toml", "Cattrs[x]==1.2", "absent-here==1.2")
    assert found(installer)["Pins"].found == "1 of 2 pinned packages installed, none moved"


def test_python_without_openalgo_is_noticed(installer: Installer) -> None:
    """A Python in which nothing of OpenAlgo is installed is hardly the one that runs it."""
    edit(installer, "pyproject.toml", '"attrs>=1"', '"absent-here==1"')
    assert "none of OpenAlgo's packages" in found(installer)["Pins"].found
    (installer.tree.root / "pyproject.toml").write_text("not toml")
    assert found(installer)["Pins"].verdict == "warning"


def test_library_of_another_version_fails(
    installer: Installer, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What OpenAlgo would import has to be what was installed."""
    monkeypatch.setattr(doctor, "environment_of", lambda *_: attrs.evolve(environment, jainam=None))

    assert found(installer)["Python"].verdict == "failed"
    assert "uv pip install" in found(installer)["Python"].fix


def test_python_that_does_not_run_fails(installer: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an interpreter the checks that need one are left out, and the others still speak."""

    def broken(*_: object) -> Environment:
        raise Refused(["it does not run"], "name another")

    monkeypatch.setattr(doctor, "environment_of", broken)
    checks = found(installer)
    assert checks["Python"] == Check("Python", doctor.Verdict.FAILED, "it does not run", "name another")
    assert "Keys" in checks
    absent = Environment(python=Path("/none"), version=(3, 12), jainam=None, packages={})
    monkeypatch.setattr(doctor, "environment_of", lambda *_: absent)
    edit(installer, ".env", "sqlite:///db/openalgo.db", "postgresql://u:CANARY@127.0.0.1:1/x")
    assert found(installer)["Modules"].verdict == "failed"
    assert found(installer)["Database"].verdict == "failed"


@pytest.mark.parametrize("works", [True, False])
def test_database_is_asked(installer: Installer, works: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is there is opened with the host's own library, and its address stays unsaid."""
    root = installer.tree.root
    (root / "db").mkdir()
    sqlite3.connect(root / "db/openalgo.db").close()
    stand_in = tmp_path / "stand-in"
    stand_in.mkdir()
    (stand_in / "sqlalchemy.py").write_text(
        "from contextlib import contextmanager\n"
        "class Engine:\n"
        "    @contextmanager\n"
        "    def connect(self):\n"
        f"        {'yield self' if works else 'raise PermissionError()'}\n"
        f"        {'' if works else 'yield self'}\n"
        "    def execute(self, what):\n"
        "        return what\n"
        "def create_engine(url): return Engine()\n"
        "def text(what): return what\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(stand_in), prepend=":")

    check = found(installer)["Database"]
    assert check.found == ("answers" if works else "cannot be opened (PermissionError)")
    assert check.verdict == ("ok" if works else "failed")


def test_running_program_is_seen(installer: Installer) -> None:
    """An OpenAlgo that runs is told with the sign by which it was seen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        edit(installer, ".env", "FLASK_PORT='1'", f"FLASK_PORT='{port}'")
        check = found(installer)["Program"]

    assert check.verdict == "ok"
    assert f"something answers on port {port}" in check.found
