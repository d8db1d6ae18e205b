"""A broker of this library as OpenAlgo knows it, and the files of its folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from attrs import Attribute, field, frozen

from jainam import __version__
from jainam.adapters.xts.profiles import PROFILES

__all__ = ["GUIDE", "MODULES", "Plugin", "files_of"]

NAME = re.compile(r"[a-z][a-z0-9_]{1,19}")
TITLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .()-]{0,39}")

SHIM = 'from jainam.openalgo_bridge import shim\n\nshim.fill(globals(), profile="{profile}")\n'
"""The whole text of a module; the docstring of `jainam.openalgo_bridge` says why."""

MODULES = (
    *("api.auth_api", "api.order_api", "api.data", "api.funds", "api.margin_api", "api.baseurl"),
    *("mapping.order_data", "mapping.transform_data", "mapping.margin_data"),
    *("database.master_contract_db", "streaming.{name}_adapter"),
)
"""What OpenAlgo imports from a broker's folder."""

FOLDERS = ("", "api/", "mapping/", "database/", "streaming/")
GUIDE = "docs/bmad/deployment-guide.md"


def _fits(pattern: re.Pattern[str], rule: str) -> Callable[[object, Attribute[str], str], None]:
    def validate(_: object, attribute: Attribute[str], value: str) -> None:
        if not pattern.fullmatch(value):
            raise ValueError(f"{attribute.name} {value!r} must be {rule}")

    return validate


@frozen(kw_only=True)
class Plugin:
    """One broker: the *name* of its folder and its login address, and the *profile* it trades with.

    *title* is what the broker page shows; *selected* says whether REDIRECT_URL shall name it.

    >>> Plugin(name="jainam_prop").title
    'Jainam Prop'
    """

    name: str = field(validator=_fits(NAME, "2 to 20 lower-case letters, digits or underscores"))
    profile: str = field(default="jainam_prop")
    title: str = field(validator=_fits(TITLE, "letters, digits, spaces or .()-"))
    selected: bool = True

    @title.default
    def _spoken(self) -> str:
        return self.name.replace("_", " ").title()

    @profile.validator
    def _known(self, _: object, value: str) -> None:
        if value not in PROFILES:
            raise ValueError(f"there is no profile {value!r}; the choices are {', '.join(sorted(PROFILES))}")

    @property
    def folder(self) -> str:
        """Where OpenAlgo looks for it."""
        return f"broker/{self.name}"

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that OpenAlgo imports, by their dotted names."""
        return tuple(f"broker.{self.name}.{module.format(name=self.name)}" for module in MODULES)


def files_of(plugin: Plugin) -> Mapping[str, bytes]:
    """Every file of the broker's folder by its path."""
    files = {f"{plugin.folder}/{folder}__init__.py": b"" for folder in FOLDERS}
    shim = SHIM.format(profile=plugin.profile).encode()
    files |= {f"{module.replace('.', '/')}.py": shim for module in plugin.modules}
    return {f"{plugin.folder}/plugin.json": _manifest(plugin)} | files


def _manifest(plugin: Plugin) -> bytes:
    facts = {
        "Plugin Name": plugin.name,
        "Plugin URI": "https://pypi.org/project/jainam/",
        "Description": f"{plugin.title} through the XTS API",
        "Version": __version__,
        "Author": "The jainam authors",
        "Author URI": "https://pypi.org/project/jainam/",
        "supported_exchanges": ["NSE", "BSE", "NFO", "BFO", "NSE_INDEX", "BSE_INDEX"],
        "broker_type": "IN_stock",
        "leverage_config": False,
    }
    return (json.dumps(facts, indent=4) + "\n").encode()
