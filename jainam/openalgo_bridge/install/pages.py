"""The broker page: the template of the older version, and the source of the current one (FR11)."""

from __future__ import annotations

import re

from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import NotUnderstood

__all__ = ["SOURCE", "TEMPLATE", "source_with", "template_with"]

TEMPLATE = "templates/broker.html"
SOURCE = "frontend/src/pages/BrokerSelect.tsx"

OPTION = re.compile(
    r"^([ \t]*)<option value=\"(\w+)\" \{\{ 'disabled' if broker_name != '\2' \}\}>[^\r\n]*(\r?\n)", re.MULTILINE
)
DEFAULT = re.compile(r"^([ \t]*)default:[ \t]*(\r?\n)[ \t]*alert\(", re.MULTILINE)
ENTRY = re.compile(r"^([ \t]*)\{ id: '(\w+)', name: '[^'\r\n]*', authType: '\w+' \},[ \t]*(\r?\n)", re.MULTILINE)
CASE = re.compile(
    r"^([ \t]*)case '\w+':[ \t]*(\r?\n)(?=(?:[ \t]*//[^\n]*\n)*[ \t]*loginUrl = `/\$\{selectedBroker\}/callback`)",
    re.MULTILINE,
)


def template_with(text: str, plugin: Plugin) -> str:
    """The template with an option for *plugin*, enabled when it is configured, and its login address."""
    _untouched(text, plugin)
    name = plugin.name
    options = list(OPTION.finditer(text))
    if not options:
        raise NotUnderstood("it has no list of brokers to choose from")
    option = options[-1]
    chosen = f"'{name}'"
    line = (
        f"""{option[1]}<option value="{name}" {{{{ 'disabled' if broker_name != {chosen} }}}}>"""
        f"""{plugin.title} {{{{ '(Disabled)' if broker_name != {chosen} }}}}</option>{option[3]}"""
    )
    text = text[: option.end()] + line + text[option.end() :]
    default = _only(DEFAULT, text, "it does not choose the login address in one switch")
    indent, end = default[1], default[2]
    case = f"{indent}case '{name}':{end}{indent}    loginUrl = '/{name}/callback';{end}{indent}    break;{end}"
    return text[: default.start()] + case + text[default.start() :]


def source_with(text: str, plugin: Plugin) -> str:
    """The source of the page with *plugin* among the brokers and among those that log in through the callback."""
    _untouched(text, plugin)
    entries = list(ENTRY.finditer(text))
    if not entries:
        raise NotUnderstood("it has no list of brokers to choose from")
    entry = entries[-1]
    line = f"{entry[1]}{{ id: '{plugin.name}', name: '{plugin.title}', authType: 'totp' }},{entry[3]}"
    text = text[: entry.end()] + line + text[entry.end() :]
    case = _only(CASE, text, "it does not send brokers to their callback in one place")
    return text[: case.end()] + f"{case[1]}case '{plugin.name}':{case[2]}" + text[case.end() :]


def _untouched(text: str, plugin: Plugin) -> None:
    if re.search(rf"['\"]{plugin.name}['\"]", text):
        raise NotUnderstood(f"it offers {plugin.name} already, and this installer did not write that")


def _only(pattern: re.Pattern[str], text: str, otherwise: str) -> re.Match[str]:
    found = list(pattern.finditer(text))
    if len(found) != 1:
        raise NotUnderstood(otherwise)
    return found[0]
