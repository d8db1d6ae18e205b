"""Why an installed broker does not work, and what helps: each check with its cause and its fix."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from attrs import frozen

from jainam import __version__
from jainam.adapters.environment import HOST_NAMES
from jainam.adapters.xts.profiles import PROFILES
from jainam.openalgo_bridge.install import dotenv
from jainam.openalgo_bridge.install.checks import (
    Environment,
    ask_python,
    environment_of,
    python_of,
    require_python,
    running,
)
from jainam.openalgo_bridge.install.installer import Installer
from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import Refused

__all__ = ["Check", "Verdict", "examine"]

IMPORTS = """\
import importlib, json, sys
broken = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as error:
        broken[name] = type(error).__name__
print(json.dumps(broken))
"""
DATABASE = """\
import json, os
try:
    from sqlalchemy import create_engine, text
    with create_engine(os.environ["JAINAM_DOCTOR_URL"]).connect() as connection:
        connection.execute(text("SELECT 1"))
    print(json.dumps(""))
except Exception as error:
    print(json.dumps(type(error).__name__))
"""
PIN = re.compile(r"^\s*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*==\s*([^\s;,#]+)\s*(;[^#]*)?", re.MULTILINE)
PLACEHOLDER = re.compile(r"^(YOUR_|<)", re.IGNORECASE)


class Verdict(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@frozen
class Check:
    """One thing that has to be right: what was found, and what helps when it is not."""

    name: str
    verdict: Verdict
    found: str
    fix: str = ""


def examine(installer: Installer, name: str) -> tuple[Check, ...]:
    """Everything that the broker *name* needs in this checkout. Nothing is changed, and no key is shown."""
    return tuple(_Examination(installer, name).checks())


class _Examination:
    def __init__(self, installer: Installer, name: str) -> None:
        self.installer = installer
        self.tree = installer.tree
        self.name = name
        self.status = installer.status()
        self.plugin = next((each for each in self.status.plugins if each.name == name), None)
        self.variables = dotenv.values_of(self.tree.text(dotenv.ENV) or "")

    def checks(self) -> Iterator[Check]:
        yield self.installed()
        try:
            environment = environment_of(self.tree, python_of(self.tree, self.installer.python))
        except Refused as refused:
            yield Check("Python", Verdict.FAILED, str(refused), refused.hint)
        else:
            yield self.python(environment)
            yield self.pins(environment)
            if self.plugin is not None:
                yield self.imports(self.plugin, environment)
            yield self.database(environment)
        if not self.tree.has(dotenv.ENV):
            yield Check("Settings", Verdict.FAILED, "there is no .env", "copy .sample.env to .env, and fill it in")
            return
        yield self.settings_version()
        yield self.brokers()
        yield self.redirect()
        yield self.keys()
        yield self.client()
        yield self.start()

    def installed(self) -> Check:
        """The files of the installation."""
        again = f"run `jainam openalgo install --openalgo {self.tree.root}` again"
        if self.plugin is None:
            known = ", ".join(each.name for each in self.status.plugins) or "nothing"
            return Check("Files", Verdict.FAILED, f"{self.name} is not installed; installed is {known}", again)
        if self.status.unfinished:
            return Check("Files", Verdict.FAILED, "an installation was interrupted", again)
        astray = (*self.status.put_back, *self.status.changed)
        if astray:
            return Check("Files", Verdict.FAILED, f"not as they were written: {', '.join(astray)}", again)
        if self.status.version != __version__:
            return Check("Files", Verdict.WARNING, f"written by {self.status.version}, this is {__version__}", again)
        return Check("Files", Verdict.OK, f"{self.status.written} files as they were written")

    def python(self, environment: Environment) -> Check:
        """The interpreter and the library in it."""
        try:
            require_python(self.tree, environment)
        except Refused as refused:
            return Check("Python", Verdict.FAILED, str(refused), refused.hint)
        return Check("Python", Verdict.OK, f"{environment.spoken} with jainam {environment.jainam}")

    def pins(self, environment: Environment) -> Check:
        """OpenAlgo's own pins, which no guest may move (D11)."""
        pins = self.pinned()
        installed = {name: environment.packages[name] for name in pins if name in environment.packages}
        moved = {name: version for name, version in installed.items() if _short(version) != _short(pins[name])}
        if moved:
            words = ", ".join(f"{name} {version} in place of {pins[name]}" for name, version in sorted(moved.items()))
            exact = " ".join(f"{name}=={pins[name]}" for name in sorted(moved))
            return Check(
                "Pins",
                Verdict.WARNING,
                f"OpenAlgo pins other versions: {words}",
                f"run `uv pip install --python {environment.python} {exact}`",
            )
        if not installed:
            return Check(
                "Pins",
                Verdict.WARNING,
                "none of OpenAlgo's packages is installed in this Python",
                "name its Python with --python",
            )
        return Check("Pins", Verdict.OK, f"{len(installed)} of {len(pins)} pinned packages installed, none moved")

    def pinned(self) -> dict[str, str]:
        """The exact versions that its pyproject.toml asks for, without those for other systems."""
        try:
            wishes = tomllib.loads(self.tree.text("pyproject.toml") or "")["project"]["dependencies"]
        except (tomllib.TOMLDecodeError, KeyError):
            wishes = []
        found = (PIN.match(wish) for wish in wishes)
        return {re.sub(r"[-_.]+", "-", pin[1]).lower(): pin[2] for pin in found if pin and not pin[3]}

    def imports(self, plugin: Plugin, environment: Environment) -> Check:
        """The modules as OpenAlgo imports them."""
        try:
            broken: Mapping[str, str] = ask_python(self.tree, environment.python, IMPORTS, *plugin.modules)
        except Refused as refused:
            return Check("Modules", Verdict.FAILED, str(refused), refused.hint)
        if broken:
            words = ", ".join(f"{name} ({kind})" for name, kind in broken.items())
            name = next(iter(broken))
            return Check(
                "Modules",
                Verdict.FAILED,
                f"cannot be imported: {words}",
                f"see why with `cd {self.tree.root} && {environment.python} -c 'import {name}'`",
            )
        return Check("Modules", Verdict.OK, f"all {len(plugin.modules)} can be imported")

    def database(self, environment: Environment) -> Check:
        """OpenAlgo's database, where contracts go."""
        url = self.variables.get("DATABASE_URL", "")
        if not url:
            return Check("Database", Verdict.FAILED, "DATABASE_URL is missing", "take the line from .sample.env")
        if url.startswith("sqlite:///"):
            path = self.tree.root / url.removeprefix("sqlite:///")
            if not path.exists():
                return Check("Database", Verdict.WARNING, "not there yet; OpenAlgo makes it when it starts", "")
        try:
            trouble: str = ask_python(self.tree, environment.python, DATABASE, variables={"JAINAM_DOCTOR_URL": url})
        except Refused as refused:
            return Check("Database", Verdict.FAILED, str(refused), refused.hint)
        if trouble:
            return Check(
                "Database",
                Verdict.FAILED,
                f"cannot be opened ({trouble})",
                "check DATABASE_URL in .env, that its server runs, and that this user may read the file",
            )
        return Check("Database", Verdict.OK, "answers")

    def settings_version(self) -> Check:
        """The version of .env, for an older one OpenAlgo asks on a terminal that a service has not got."""
        sample = dotenv.values_of(self.tree.text(dotenv.SAMPLE) or "").get("ENV_CONFIG_VERSION", "")
        ours = self.variables.get("ENV_CONFIG_VERSION", "")
        if _numbers(ours) < _numbers(sample):
            return Check(
                "Settings",
                Verdict.FAILED,
                f".env is of version {ours or 'unknown'}, .sample.env of {sample}: OpenAlgo stops to ask at its start",
                "add what .env lacks from .sample.env, and set ENV_CONFIG_VERSION to the new version",
            )
        return Check("Settings", Verdict.OK, f".env of version {ours or 'unknown'}")

    def brokers(self) -> Check:
        """VALID_BROKERS names it."""
        known = [word.strip().lower() for word in self.variables.get(dotenv.BROKERS, "").split(",")]
        if self.name in known:
            return Check(dotenv.BROKERS, Verdict.OK, f"names {self.name}")
        fix = f"add ,{self.name} to the end of the list in .env, and restart OpenAlgo"
        return Check(dotenv.BROKERS, Verdict.FAILED, f"does not name {self.name}", fix)

    def redirect(self) -> Check:
        """REDIRECT_URL names it, which makes it the broker that can be chosen."""
        value = self.variables.get(dotenv.REDIRECT, "")
        broker = dotenv.broker_in(value)
        host = self.variables.get("HOST_SERVER", "").strip().rstrip("/")
        wanted = f"{host or 'http://127.0.0.1:5000'}/{self.name}/callback"
        fix = f"set it to {wanted} in .env, and restart OpenAlgo"
        if broker != self.name:
            return Check(dotenv.REDIRECT, Verdict.FAILED, f"names {broker or 'no broker'}, not {self.name}", fix)
        if host and _origin(value) != _origin(host):
            words = f"leads to {_origin(value)}, and HOST_SERVER says {_origin(host)}"
            return Check(dotenv.REDIRECT, Verdict.WARNING, words, fix)
        return Check(dotenv.REDIRECT, Verdict.OK, f"log in to OpenAlgo, then open {value}")

    def keys(self) -> Check:
        """The four keys, by their names alone."""
        absent = [
            f"{name} (or {other})"
            for name, other in HOST_NAMES.items()
            if not any(self.is_set(each) for each in (name, other))
        ]
        unset = [name for name in ("BROKER_API_KEY", "BROKER_API_SECRET") if name not in self.variables]
        if absent or unset:
            words = f"missing: {', '.join(absent)}" if absent else f"OpenAlgo does not start without {', '.join(unset)}"
            return Check("Keys", Verdict.FAILED, words, "write them into .env; the broker's API page shows all four")
        return Check("Keys", Verdict.OK, "all four are set")

    def is_set(self, name: str) -> bool:
        """Whether .env gives a value that is not the one of the sample."""
        value = self.variables.get(name, "").strip()
        return bool(value) and not PLACEHOLDER.match(value)

    def client(self) -> Check:
        """The client that a dealer trades for."""
        if self.is_set("JAINAM_CLIENT_ID"):
            return Check("Client", Verdict.OK, "JAINAM_CLIENT_ID is set")
        fix = "a dealer sets JAINAM_CLIENT_ID in .env: pro for the desk's own book, or the client's code"
        return Check("Client", Verdict.WARNING, "JAINAM_CLIENT_ID is not set; only investors can do without", fix)

    def start(self) -> Check:
        """Whether OpenAlgo runs, and where its broker answers."""
        profile = PROFILES[self.plugin.profile if self.plugin else "jainam_prop"]
        server = self.variables.get("JAINAM_BASE_URL") or profile.servers.get(
            self.variables.get("JAINAM_SERVER", "").upper(), profile.base_url
        )
        where = f"it trades at {_origin(server)}"
        signs = running(self.tree)
        if signs:
            return Check("Program", Verdict.OK, f"{signs[0]}; {where}")
        return Check(
            "Program",
            Verdict.WARNING,
            f"OpenAlgo is not running; {where}",
            "start it; it reads .env at its start alone",
        )


def _short(version: str) -> str:
    """6.5 and 6.5.0 are one version."""
    return re.sub(r"(\.0)+$", "", version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
