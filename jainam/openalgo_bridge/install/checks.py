"""Whether a checkout may be touched: what git knows of its files, what runs out of it, and its Python."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from jainam import __version__
from jainam.openalgo_bridge.install.dotenv import values_of
from jainam.openalgo_bridge.install.refusals import Refused
from jainam.openalgo_bridge.install.tree import Tree

__all__ = [
    "Environment",
    "environment_of",
    "python_of",
    "require_clean",
    "require_python",
    "require_stopped",
    "running",
]

PROGRAMS = ("app.py", "gunicorn", "websocket_proxy", "flask")
VENVS = (".venv", "venv")
NOBODY_ANSWERS = 0.3
"""Seconds to wait for a port of this machine."""

PROBE = """\
import json, sys
from importlib import metadata, util
found = {each.metadata["Name"]: each.version for each in metadata.distributions() if each.metadata["Name"]}
try:
    import jainam
    ours = jainam.__version__
except ImportError:
    ours = None
missing = [name for name in sys.argv[1:] if util.find_spec(name) is None]
print(json.dumps({"python": list(sys.version_info[:3]), "jainam": ours, "packages": found, "missing": missing}))
"""
NEEDS = ("attrs", "cattrs", "backoff", "httpx", "peewee", "platformdirs")


def require_clean(tree: Tree, paths: Sequence[str]) -> None:
    """Refuse to change files that hold work which git has not got; a checkout without git is taken as it is."""
    if not paths or not (tree.root / ".git").exists():
        return
    try:
        asked = subprocess.run(
            ["git", "status", "--porcelain", "-z", "--untracked-files=no", "--", *paths],
            cwd=tree.root,
            capture_output=True,
            check=False,
        )
    except OSError:
        raise Refused(
            ["the checkout has a .git, but there is no git to ask whether its files are clean"],
            "install git, or run this where there is one",
        ) from None
    if asked.returncode:
        said = asked.stderr.decode(errors="replace").strip().splitlines()
        raise Refused(
            [f"git does not say whether the files are clean: {said[0] if said else 'no reason was given'}"],
            "run this as the user who owns the checkout (sudo -u OWNER)",
        )
    dirty = [entry[3:] for entry in asked.stdout.decode(errors="replace").split("\0") if entry[:2].strip()]
    if dirty:
        raise Refused(
            [f"{path} has changes that are not committed" for path in dirty],
            f"commit them, or set them aside with `git stash push -- {' '.join(dirty)}`, and run this again",
        )


def running(tree: Tree) -> tuple[str, ...]:
    """Why this OpenAlgo seems to be running; empty when nothing says so."""
    return (*_processes(tree.root), *_listening(values_of(tree.text(".env") or "")))


def require_stopped(tree: Tree, doing: str) -> None:
    """Refuse to pull the code from under a program that trades."""
    signs = running(tree)
    if signs:
        raise Refused(
            [f"this OpenAlgo is running: {sign}" for sign in signs],
            f"{doing} would leave it with half of the old code in memory and half of the new on disk, in the middle of"
            " whatever it trades; stop it first, or add --while-running when it is another program",
        )


def _processes(root: Path) -> list[str]:
    """The processes of this machine that work in the checkout, where the system lists them as files."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if int(entry.name) != os.getpid() and (entry / "cwd").resolve(strict=True) == root:
                name = next((word for word in words if any(program in word for program in PROGRAMS)), None)
                if name is not None:
                    found.append(f"process {entry.name} ({Path(name).name}) works in this folder")
        except OSError:  # gone meanwhile, or somebody else's
            continue
    return found


def _listening(variables: Mapping[str, str]) -> list[str]:
    """The ports of its .env on which something answers."""
    found = []
    for port_name, host_name, default in (
        ("FLASK_PORT", "FLASK_HOST_IP", "5000"),
        ("WEBSOCKET_PORT", "WEBSOCKET_HOST", "8765"),
    ):
        port = variables.get(port_name, default if variables else "")
        host = variables.get(host_name, "")
        host = "127.0.0.1" if host in ("", "0.0.0.0", "localhost") else host
        if not port.isdecimal():
            continue
        try:
            socket.create_connection((host, int(port)), NOBODY_ANSWERS).close()
        except (OSError, OverflowError):
            continue
        found.append(f"something answers on port {port}, the {port_name} of its .env")
    return found


@frozen(kw_only=True)
class Environment:
    """The Python that OpenAlgo runs with, and what is installed for it."""

    python: Path
    version: tuple[int, ...]
    jainam: str | None
    packages: Mapping[str, str] = field(repr=False)
    missing: tuple[str, ...] = ()

    @property
    def spoken(self) -> str:
        """The version in words."""
        return ".".join(map(str, self.version))


def python_of(tree: Tree, given: Path | None = None) -> Path:
    """The interpreter of the checkout: *given*, that of a virtual environment in it, or our own."""
    if given is not None:
        return given
    for venv in VENVS:
        for program in ("bin/python", "Scripts/python.exe"):
            if (tree.root / venv / program).exists():
                return tree.root / venv / program
    return Path(sys.executable)


def environment_of(tree: Tree, python: Path) -> Environment:
    """What that interpreter is; raises `Refused` when it does not run."""
    found: Any = ask_python(tree, python, PROBE, *NEEDS)
    return Environment(
        python=python,
        version=tuple(found["python"]),
        jainam=found["jainam"],
        packages={_plain(name): version for name, version in found["packages"].items()},
        missing=tuple(found["missing"]),
    )


def ask_python(tree: Tree, python: Path, script: str, *words: str, variables: Mapping[str, str] | None = None) -> Any:
    """What *script* prints as JSON when the host's interpreter runs it in the host's folder."""
    try:
        ran = subprocess.run(
            [str(python), "-B", "-c", script, *words],  # no bytecode: it would stay behind in the host's folders
            cwd=tree.root,
            env={**os.environ, **(variables or {})},
            capture_output=True,
            check=False,
            timeout=60,
        )
        return json.loads(ran.stdout.decode().strip().splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        raise Refused(
            [f"{python} does not run as a Python of version 3.8 or newer"],
            "name the interpreter that runs OpenAlgo with --python",
        ) from None


def require_python(tree: Tree, environment: Environment) -> None:
    """Refuse when OpenAlgo would not find this library, or would not start at all."""
    needed = required_python(tree)
    if environment.version < needed:
        raise Refused(
            [f"this OpenAlgo needs Python {'.'.join(map(str, needed))}; {environment.python} is {environment.spoken}"],
            "name the interpreter that runs OpenAlgo with --python",
        )
    how = f"run `uv pip install --python {environment.python} 'jainam[openalgo]=={__version__}'` (or that Python's pip)"
    if environment.jainam is None:
        raise Refused([f"{environment.python}, which runs this OpenAlgo, has no jainam"], how)
    if environment.jainam != __version__:
        raise Refused([f"{environment.python} has jainam {environment.jainam}; this is {__version__}"], how)
    if environment.missing:
        raise Refused([f"{environment.python} has no {', '.join(environment.missing)}, which jainam needs there"], how)


def required_python(tree: Tree) -> tuple[int, ...]:
    """The oldest Python that OpenAlgo runs on, as its pyproject.toml says."""
    found = re.search(r"^requires-python\s*=\s*[\"']>=\s*(\d+)\.(\d+)", tree.text("pyproject.toml") or "", re.MULTILINE)
    return (int(found[1]), int(found[2])) if found else (3, 12)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
