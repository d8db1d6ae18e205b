"""`.env` and `.sample.env`, line by line: two variables change, and nothing else of a file full of keys is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from attrs import frozen

from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import NotUnderstood

__all__ = ["BROKERS", "ENV", "REDIRECT", "SAMPLE", "Line", "broker_in", "values_of", "with_plugins"]

ENV = ".env"
SAMPLE = ".sample.env"
BROKERS = "VALID_BROKERS"
REDIRECT = "REDIRECT_URL"

ASSIGNMENT = re.compile(
    r"^(?P<head>[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*)"
    r"(?:'(?P<single>[^'\\\r\n]*)'|\"(?P<double>[^\"\\\r\n]*)\"|(?P<bare>[^\s'\"#][^\r\n]*?)|)"
    r"(?P<tail>[ \t]*(?:(?<=[\s'\"])#[^\r\n]*)?)\r?$",
    re.MULTILINE,
)
CALLBACK = re.compile(r"/(?P<broker>[^/]+)/callback$")


@frozen
class Line:
    """One variable's line: as it was before any of our brokers, and as we wrote it."""

    original: str
    ours: tuple[str, ...]


def values_of(text: str) -> dict[str, str]:
    """The variables as OpenAlgo reads them: the last line counts, quotes are taken off."""
    return {found["name"]: _value(found) for found in ASSIGNMENT.finditer(text)}


def broker_in(redirect: str) -> str | None:
    """The broker that a REDIRECT_URL names."""
    found = CALLBACK.search(redirect)
    return found["broker"] if found else None


def with_plugins(
    text: str, plugins: Sequence[Plugin], remembered: Mapping[str, Line], former: Sequence[str], *, redirects: bool
) -> tuple[str, dict[str, Line]]:
    """*text* for exactly these *plugins*, and what to remember of its lines.

    *former* are the names that stood there because of us; lines that were edited since lose those and keep the edit.
    With *redirects*, REDIRECT_URL names the last plugin that is selected.
    """
    notes: dict[str, Line] = {}
    for name in (BROKERS, REDIRECT) if redirects else (BROKERS,):
        found = _last(text, name)
        if found is None:
            if plugins:
                raise NotUnderstood(f"it has no {name} on one line; compare it with {SAMPLE}")
            continue
        line = _line(found)
        note = remembered.get(name)
        if note is None:
            original = line
        elif line in note.ours or line == note.original:
            original = note.original
        else:
            original = _freed(found, name, note, former)
        wanted = _wanted(original, name, plugins)
        if wanted != original:
            notes[name] = Line(original, (wanted,))
        text = text[: found.start()] + wanted + text[found.start() + len(line) :]
    return text, notes


def _wanted(line: str, name: str, plugins: Sequence[Plugin]) -> str:
    found = _last(line, name)
    assert found is not None  # it is a line that we found by this name
    value = _value(found)
    if name == BROKERS:
        known = [word.strip() for word in value.split(",") if word.strip()]
        added = [plugin.name for plugin in plugins if plugin.name not in known]
        return _replaced(found, ",".join([value.rstrip(", "), *added] if known else added)) if added else line
    selected = [plugin.name for plugin in plugins if plugin.selected]
    if not selected or broker_in(value) == selected[-1]:
        return line
    if broker_in(value) is None:
        raise NotUnderstood(f"{REDIRECT} does not end in /<broker>/callback")
    return _replaced(found, CALLBACK.sub(f"/{selected[-1]}/callback", value))


def _freed(found: re.Match[str], name: str, note: Line, former: Sequence[str]) -> str:
    """A line that somebody else has changed, without what we had put there."""
    value = _value(found)
    before = _last(note.original, name)
    was = _value(before) if before is not None else ""
    if name == BROKERS:
        ours = set(former) - set(was.split(","))
        return _replaced(found, ",".join(word for word in value.split(",") if word.strip() not in ours))
    if broker_in(value) in former:
        return _replaced(found, CALLBACK.sub(f"/{broker_in(was)}/callback", value))
    return _line(found)


def _last(text: str, name: str) -> re.Match[str] | None:
    found = [each for each in ASSIGNMENT.finditer(text) if each["name"] == name]
    return found[-1] if found else None


def _line(found: re.Match[str]) -> str:
    return found[0].removesuffix("\r")


def _value(found: re.Match[str]) -> str:
    return str(found["single"] or found["double"] or found["bare"] or "")


def _replaced(found: re.Match[str], value: str) -> str:
    quote = "'" if found["single"] is not None else '"' if found["double"] is not None else ""
    return f"{found['head']}{quote}{value}{quote}{found['tail']}"
