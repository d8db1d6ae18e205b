"""The built broker page and its compressed twins, which are served in its place when they are there (FR11)."""

from __future__ import annotations

import gzip
import importlib
import re

from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import NotUnderstood

__all__ = ["PATTERN", "brotli_of", "bundle_with", "gzip_of"]

PATTERN = "frontend/dist/assets/BrokerSelect-*.js"
"""The name carries a hash that changes with every build."""

_ENTRY = r"\{id:(?P<q%d>[`'\"])\w+(?P=q%d),name:(?P=q%d)[^`'\"\\]*(?P=q%d),authType:(?P=q%d)\w+(?P=q%d)\}"


def _entry(number: int) -> str:
    return _ENTRY % ((number,) * 6)


LIST = re.compile(rf"\[(?:{_entry(1)},)*{_entry(2)}(?=\])")
"""The brokers, up to the closing bracket."""

CASE = re.compile(
    r"""case(?P<space> ?)(?P<q>[`'"])\w+(?P=q):"""
    r"""(?=[\w$]+=(?:`/\$\{[\w$]+\}/callback`|"/"\+[\w$]+\+"/callback"|"/"\.concat\([\w$]+,"/callback"\)))"""
)
"""The last of the brokers whose login address is made of their names."""


def bundle_with(text: str, plugin: Plugin) -> str:
    """The built page with *plugin* among the brokers and among those that log in through the callback."""
    if re.search(rf"[`'\"]{plugin.name}[`'\"]", text):
        raise NotUnderstood(f"it offers {plugin.name} already, and this installer did not write that")
    brokers, cases = list(LIST.finditer(text)), list(CASE.finditer(text))
    if len(brokers) != 1 or len(cases) != 1:
        raise NotUnderstood("the list of brokers or the switch that logs in was not found in it")
    edits = sorted(
        [
            (brokers[0].end(), _object(plugin, brokers[0]["q2"])),
            (cases[0].end(), f"case{cases[0]['space']}{cases[0]['q']}{plugin.name}{cases[0]['q']}:"),
        ],
        reverse=True,
    )
    for place, added in edits:
        text = text[:place] + added + text[place:]
    return text


def _object(plugin: Plugin, quote: str) -> str:
    fields = {"id": plugin.name, "name": plugin.title, "authType": "totp"}
    return ",{" + ",".join(f"{name}:{quote}{value}{quote}" for name, value in fields.items()) + "}"


def gzip_of(content: bytes) -> bytes:
    """The same bytes compressed, the same each time."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def brotli_of(content: bytes) -> bytes | None:
    """The same bytes compressed, or `None` where no brotli is installed: the twin has to go then."""
    try:
        brotli = importlib.import_module("brotli")
    except ImportError:
        return None
    compressed: bytes = brotli.compress(content, quality=11)
    return compressed
