"""The lists of brokers in OpenAlgo's own installers, by which they decide what to ask for."""

from __future__ import annotations

import re

from jainam.openalgo_bridge.install.plugin import Plugin

__all__ = ["PATTERNS", "list_with"]

PATTERNS = ("start.sh", "install/*.sh", "install/*.bat")

LIST = re.compile(
    r"(?i:\b(?:valid|xts)_brokers[ ]?=[ ]?[\"']?(?:\$\{VALID_BROKERS:-)?|Valid brokers: )"
    r"((?:[a-z0-9_]+,)+[a-z0-9_]+)(?![a-z0-9_,])"
)


def list_with(text: str, plugin: Plugin) -> str:
    """*text* with *plugin* at the end of every list that lacks it; text without a list stays as it is."""

    def longer(found: re.Match[str]) -> str:
        return found[0] if plugin.name in found[1].split(",") else f"{found[0]},{plugin.name}"

    return LIST.sub(longer, text)
