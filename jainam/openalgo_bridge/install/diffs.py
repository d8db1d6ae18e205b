"""A plan for people: what would change, file by file, with no line shown that may hold a key."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher, unified_diff

from jainam.openalgo_bridge.install.plan import Change, Plan

__all__ = ["diff_of"]

LONG = 500
"""Characters; a built page is one line of thousands."""
AROUND = 40
"""Characters shown on both sides of a change in such a line."""


def diff_of(plan: Plan) -> list[str]:
    """The lines of a unified diff. Files full of keys show their changed lines alone, compressed ones their sizes."""
    return [line for change in plan.changes for line in _lines_of(change)]


def _lines_of(change: Change) -> Iterator[str]:
    before, after = _text(change.before), _text(change.after)
    old = "/dev/null" if change.before is None else f"a/{change.path}"
    new = "/dev/null" if change.after is None else f"b/{change.path}"
    if before is None or after is None:
        yield f"--- {old}"
        yield f"+++ {new}"
        yield f"@@ {len(change.before or b'')} bytes become {len(change.after or b'')}: {change.reason} @@"
        return
    if not before and not after:
        yield f"--- {old}"
        yield f"+++ {new}"
        return
    lines = unified_diff(before.splitlines(), after.splitlines(), old, new, lineterm="", n=0 if change.by_line else 3)
    removed: str | None = None
    for line in lines:
        if len(line) <= LONG or change.by_line:
            yield line
        elif line.startswith("-"):
            removed = line[1:]
        elif line.startswith("+") and removed is not None:
            yield from _within(removed, line[1:])
        else:
            yield f"{line[:LONG]} …"


def _within(old: str, new: str) -> Iterator[str]:
    """The places at which two long lines differ."""
    for kind, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        yield f"@@ character {start} @@"
        yield f"-…{old[max(0, start - AROUND) : start]}{old[start:end]}{old[end : end + AROUND]}…"
        yield f"+…{new[max(0, first - AROUND) : first]}{new[first:last]}{new[last : last + AROUND]}…"


def _text(content: bytes | None) -> str | None:
    try:
        return "" if content is None else content.decode()
    except UnicodeDecodeError:
        return None
