"""Whether a checkout may be touched at all."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

import jainam
from fakes.openalgo_trees import Shape, build, contents
from jainam.openalgo_bridge.install import checks
from jainam.openalgo_bridge.install.checks import environment_of, python_of, require_clean, require_python, running
from jainam.openalgo_bridge.install.installer import Installer
from jainam.openalgo_bridge.install.ledger import FOLDER
from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import Refused
from jainam.openalgo_bridge.install.tree import Tree

PROP = Plugin(name="jainam_prop")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of the current version."""
    return build(tmp_path / "openalgo", Shape())


@pytest.fixture
def installer(root: Path, monkeypatch: pytest.MonkeyPatch) -> Installer:
    """An installer for it, whose Python finds this library wherever the tests do."""
    monkeypatch.setenv("PYTHONPATH", str(Path(jainam.__file__).parents[1]))
    return Installer.at(root)


def git(root: Path, *words: str) -> None:
    """Run git, as nobody in particular."""
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "core.autocrlf=false"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


def committed(root: Path) -> None:
    """Let git know all of it but .env."""
    (root / ".gitignore").write_text(".env\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "all")


@contextmanager
def listening() -> Iterator[int]:
    """A port of this machine that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_installing_twice_changes_nothing_the_second_time(installer: Installer, root: Path) -> None:
    """Idempotent: the second run has nothing to do, and the tree stays as it is."""
    assert installer.install(PROP).changes
    held = contents(root)

    assert not installer.install(PROP).changes
    assert contents(root) == held


def test_git_sees_nothing_after_the_removal(installer: Installer, root: Path) -> None:
    """What is kept in the checkout is hidden from git, and after the removal git sees a clean tree."""
    committed(root)
    installer.install(PROP)
    seen = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert "brlogin.py" in seen
    assert FOLDER not in seen

    installer.uninstall("jainam_prop")
    seen = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert seen == ""


def test_uncommitted_work_is_not_patched(installer: Installer, root: Path) -> None:
    """A file with changes that git has not got is named, and nothing is changed."""
    committed(root)
    (root / "start.sh").write_text((root / "start.sh").read_text() + "echo mine\n")
    held = contents(root)

    with pytest.raises(Refused, match=r"^start\.sh has changes that are not committed$") as refused:
        installer.install(PROP)
    assert "git stash push -- start.sh" in refused.value.hint
    assert contents(root) == held


def test_second_broker_does_not_take_our_own_changes_for_uncommitted_work(installer: Installer, root: Path) -> None:
    """Files that differ for our first broker alone may be patched for the second."""
    committed(root)
    installer.install(PROP)
    installer.install(Plugin(name="my_iifl", profile="iifl"))

    assert [plugin.name for plugin in installer.status().plugins] == ["jainam_prop", "my_iifl"]


def test_git_that_does_not_answer_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .git that git cannot read, or a machine without git, is no proof that the files are clean."""
    (root / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(Refused, match="git does not say whether the files are clean"):
        require_clean(Tree.open(root), ["start.sh"])
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Refused, match="no git to ask"):
        require_clean(Tree.open(root), ["start.sh"])


@pytest.mark.parametrize("name", ["FLASK_PORT", "WEBSOCKET_PORT"])
def test_running_app_is_not_patched(installer: Installer, root: Path, name: str) -> None:
    """Something that answers on a port of its .env stops both ways, and --while-running says that it is another."""
    with listening() as port:
        text = (root / ".env").read_text()
        (root / ".env").write_text(text.replace(f"{name}='1'", f"{name}='{port}'"))
        with pytest.raises(Refused, match=f"something answers on port {port}, the {name} of its .env") as refused:
            installer.install(PROP)
        assert "half of the old code in memory" in refused.value.hint
        bold = attrs.evolve(installer, while_running=True)
        bold.install(PROP)
        with pytest.raises(Refused, match="this OpenAlgo is running"):
            installer.uninstall("jainam_prop")
        bold.uninstall("jainam_prop")


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="this system does not list processes as files")
def test_process_in_the_folder_is_seen(root: Path) -> None:
    """A program of OpenAlgo that works in the checkout is found without any port."""
    (root / "app.py").write_text("import sys\nprint('up', flush=True)\nsys.stdin.read()\n")
    with subprocess.Popen(
        [sys.executable, "app.py"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        signs = running(Tree.open(root))
        process.communicate(b"")

    assert signs == (f"process {process.pid} (app.py) works in this folder",)
    assert running(Tree.open(root)) == ()


def test_port_that_is_none_is_not_asked(root: Path) -> None:
    """A port that is no number, or too large for one, and a checkout without .env say nothing."""
    (root / ".env").write_text("FLASK_PORT='x'\nWEBSOCKET_PORT='99999'\n")
    assert running(Tree.open(root)) == ()
    (root / ".env").unlink()
    assert running(Tree.open(root)) == ()


def test_python_of_the_checkout_is_found(root: Path) -> None:
    """What is given counts, then a virtual environment in the checkout, then the interpreter that runs this."""
    tree = Tree.open(root)
    assert python_of(tree) == Path(sys.executable)
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").symlink_to(sys.executable)
    assert python_of(tree) == tree.root / ".venv/bin/python"
    assert python_of(tree, Path("other")) == Path("other")


def test_python_that_openalgo_does_not_run_on_is_refused(installer: Installer, root: Path) -> None:
    """The floor of its pyproject.toml counts; without one it is 3.12."""
    tree = installer.tree
    found = environment_of(tree, Path(sys.executable))
    require_python(tree, found)
    old = attrs.evolve(found, version=(3, 10, 1))
    with pytest.raises(Refused, match=r"needs Python 3\.11; .* is 3\.10\.1"):
        require_python(tree, old)
    (root / "pyproject.toml").unlink()
    with pytest.raises(Refused, match=r"needs Python 3\.12"):
        require_python(tree, attrs.evolve(found, version=(3, 11, 9)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"jainam": None}, "has no jainam"),
        ({"jainam": "0.0.1"}, r"has jainam 0\.0\.1; this is"),
        ({"missing": ("peewee",)}, "has no peewee, which jainam needs"),
    ],
)
def test_environment_without_the_library_is_refused(installer: Installer, change: dict[str, Any], says: str) -> None:
    """What OpenAlgo would not find is named with the command that brings it."""
    found = environment_of(installer.tree, Path(sys.executable))

    with pytest.raises(Refused, match=says) as refused:
        require_python(installer.tree, attrs.evolve(found, **change))
    assert f"'jainam[openalgo]=={jainam.__version__}'" in refused.value.hint


def test_python_that_does_not_run_is_refused(installer: Installer, root: Path) -> None:
    """A path that is no interpreter is said to be none, and nothing is changed."""
    held = contents(root)
    with pytest.raises(Refused, match="does not run as a Python"):
        attrs.evolve(installer, python=root / "app.py").install(PROP)
    assert contents(root) == held


def test_removal_of_what_is_not_there_says_what_is(installer: Installer) -> None:
    """A name that is not installed is refused, with those that are."""
    with pytest.raises(Refused, match="jainam_prop is not installed") as refused:
        installer.uninstall("jainam_prop")
    assert "nothing is" in refused.value.hint
    installer.install(PROP)
    with pytest.raises(Refused, match="other is not installed") as refused:
        installer.uninstall("other")
    assert refused.value.hint == "installed are: jainam_prop"


def test_remains_of_a_kill_before_the_first_change_are_swept(installer: Installer, root: Path) -> None:
    """A folder of ours without a ledger is taken away."""
    (root / FOLDER).mkdir()
    (root / FOLDER / "new").write_text("half")
    with pytest.raises(Refused, match="not installed"):
        installer.uninstall("jainam_prop")

    assert not (root / FOLDER).exists()


def test_mounted_file_is_written_in_place(installer: Installer, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .env that is mounted by itself, over which nothing can be renamed, is changed where it is."""
    replace = os.replace

    def refuse(old: str, new: Path) -> None:
        if Path(new).name == ".env":
            raise OSError(16, "Device or resource busy")
        replace(old, new)

    monkeypatch.setattr(os, "replace", refuse)
    installer.install(PROP)
    assert "jainam_prop" in (root / ".env").read_text()
    assert not (root / FOLDER / "new").exists()


def test_disk_that_fails_stops_with_its_reason(
    installer: Installer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any other failure of a write is raised, and the next run finishes."""
    held = contents(root)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space left"):
            installer.install(PROP)
    installer.install(PROP)
    installer.uninstall("jainam_prop")
    assert contents(root) == held


def test_new_files_belong_to_the_owner_of_the_checkout(
    installer: Installer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installer that root runs for somebody else gives him the files, so that the web server can read them."""
    if not hasattr(os, "chown") or os.geteuid() != 0:
        pytest.skip("only root can give files away")
    for path in (root, *root.rglob("*")):
        os.chown(path, 12345, 12345)
    # git would refuse a checkout of somebody else's; this one has none.
    installer.install(PROP)

    owners = {path.stat().st_uid for path in root.rglob("*")}
    assert owners == {12345}


def test_ports_are_given_up_quickly() -> None:
    """A port that does not answer costs less than half a second."""
    assert checks.NOBODY_ANSWERS < 0.5
