"""An OpenAlgo checkout, as far as it has to be known to be changed."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from attrs import frozen

from jainam.openalgo_bridge.install import bundle, login, pages
from jainam.openalgo_bridge.install.refusals import Refused

__all__ = ["Tree"]

LANDMARKS = ("app.py", "broker", login.PATH, "utils/env_check.py", "utils/plugin_loader.py", "websocket_proxy")


@frozen
class Tree:
    """The files below *root*, by their paths with forward slashes."""

    root: Path

    @classmethod
    def open(cls, folder: Path) -> Tree:
        """The checkout in *folder*; raises `Refused` with everything that an OpenAlgo has and this folder lacks."""
        missing = [name for name in LANDMARKS if not (folder / name).exists()]
        if missing:
            raise Refused(
                [f"{folder} is not an OpenAlgo that this installer knows: it has no {', '.join(missing)}"],
                "give the folder that holds OpenAlgo's app.py with --openalgo",
            )
        tree = cls(folder.resolve())
        if not (tree.has(pages.TEMPLATE) or tree.has(pages.SOURCE) or tree.find(bundle.PATTERN)):
            raise Refused(
                [f"{folder} has no page to choose a broker on: no {pages.TEMPLATE} and no {pages.SOURCE}"],
                "this installer knows OpenAlgo of October 2025 (1.0) and August 2026 (2.0)",
            )
        return tree

    @property
    def version(self) -> str:
        """What its pyproject.toml says; empty when it says nothing."""
        found = re.search(r"^version\s*=\s*[\"']([^\"']+)", self.text("pyproject.toml") or "", re.MULTILINE)
        return found[1] if found else ""

    @property
    def has_page_in_browser(self) -> bool:
        """Whether the broker page is a program in the browser, as in the current version: it shows no login error."""
        return not self.has(pages.TEMPLATE)

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return (self.root / path).is_file()

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; `None` when there is none."""
        try:
            return (self.root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def mode(self, path: str) -> int | None:
        """The mode of a file; `None` when there is none."""
        return stat.S_IMODE((self.root / path).stat().st_mode) if self.has(path) else None

    def text(self, path: str) -> str | None:
        """The text of a file with its line ends; `None` when there is none, or it is not UTF-8."""
        content = self.read(path)
        try:
            return content.decode() if content is not None else None
        except UnicodeDecodeError:
            return None

    def find(self, pattern: str) -> list[str]:
        """The files that match, in a fixed order."""
        found = (path for path in self.root.glob(pattern) if path.is_file())
        return sorted(path.relative_to(self.root).as_posix() for path in found)
