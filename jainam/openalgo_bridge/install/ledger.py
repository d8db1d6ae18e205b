"""What was done to a checkout, kept in it: enough to finish, to undo, and to notice what others changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen
from cattrs import BaseValidationError, Converter

from jainam import __version__
from jainam.openalgo_bridge.install.dotenv import Line
from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import Refused

__all__ = ["FILE", "FOLDER", "Ledger", "Record", "digest_of", "original_path", "read_ledger"]

FOLDER = ".jainam-openalgo"
"""In the checkout, hidden from git by a .gitignore of its own; nothing in it is secret."""
FILE = f"{FOLDER}/installed.json"


@frozen
class Record:
    """One file: the digest of what it held before (`None`: there was none), and the digests of what we wrote.

    *mode* is what a file that we took away comes back with.
    """

    original: str | None
    ours: tuple[str | None, ...]
    mode: int | None = None


@frozen(kw_only=True)
class Ledger:
    """The brokers that were put into a checkout, and every file that is different for it.

    While *unfinished*, files may still be what they were before.
    """

    plugins: tuple[Plugin, ...] = ()
    files: Mapping[str, Record] = field(factory=dict)
    lines: Mapping[str, Mapping[str, Line]] = field(factory=dict)
    folders: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    unfinished: bool = False
    version: str = __version__

    def document(self) -> bytes:
        """The file that `read_ledger` reads."""
        return (json.dumps(_CONVERTER.unstructure(self), indent=1) + "\n").encode()


_CONVERTER = Converter()


def read_ledger(root: Path) -> Ledger:
    """What was done to the checkout at *root*; an empty one when nothing was; raises `Refused` when nobody can tell."""
    try:
        content: Any = json.loads((root / FILE).read_bytes())
        if not isinstance(content, dict):
            raise ValueError("no object")
        return _CONVERTER.structure(content, Ledger)
    except FileNotFoundError:
        return Ledger()
    except (ValueError, BaseValidationError):
        raise Refused(
            [f"{FILE} in the checkout cannot be read, so nothing is known about what was installed"],
            f"put the checkout back with git (`git status` names the files), remove {FOLDER}, and install again",
        ) from None


def digest_of(content: bytes | None) -> str | None:
    """A short name for these bytes."""
    return None if content is None else hashlib.sha256(content).hexdigest()


def original_path(digest: str) -> str:
    """Where the bytes with this digest are kept."""
    return f"{FOLDER}/originals/{digest}"
