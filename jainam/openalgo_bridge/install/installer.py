"""The three things that are done to a checkout: put a broker in, take it out, look."""

from __future__ import annotations

import shutil
from pathlib import Path

from attrs import frozen

from jainam.openalgo_bridge.install.applying import apply
from jainam.openalgo_bridge.install.checks import (
    environment_of,
    python_of,
    require_clean,
    require_python,
    require_stopped,
)
from jainam.openalgo_bridge.install.ledger import FOLDER, Ledger, digest_of, read_ledger
from jainam.openalgo_bridge.install.plan import Plan, plan
from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import Refused
from jainam.openalgo_bridge.install.tree import Tree

__all__ = ["Installer", "Status"]


@frozen(kw_only=True)
class Status:
    """What is installed in a checkout. *changed* files are neither as written nor as before, *put_back* are as before.

    *edited* lines of .env are no longer as written, which is their owner's right.
    """

    openalgo: str
    plugins: tuple[Plugin, ...]
    version: str | None
    unfinished: bool
    written: int
    changed: tuple[str, ...] = ()
    put_back: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every file is as it should be."""
        return not (self.unfinished or self.changed or self.put_back)


@frozen
class Installer:
    """Works on one checkout. *while_running* skips the question whether it runs.

    Raises `Refused` wherever the checkout is not as it has to be; then nothing was changed.
    """

    tree: Tree
    python: Path | None = None
    while_running: bool = False

    @classmethod
    def at(cls, folder: Path, *, python: Path | None = None, while_running: bool = False) -> Installer:
        """An installer for the checkout in *folder*; raises `Refused` when there is none that it knows."""
        return cls(Tree.open(folder), python, while_running)

    @property
    def ledger(self) -> Ledger:
        """What was done so far."""
        return read_ledger(self.tree.root)

    def install(self, plugin: Plugin, *, dry_run: bool = False) -> Plan:
        """Put *plugin* beside those that are there; again, or after a kill, it finishes what is missing."""
        ledger = self.ledger
        others = tuple(each for each in ledger.plugins if each.name != plugin.name)
        plugins = ledger.plugins if plugin in ledger.plugins else (*others, plugin)
        planned = plan(self.tree, ledger, plugins)
        require_clean(self.tree, planned.patched)
        require_python(self.tree, environment_of(self.tree, python_of(self.tree, self.python)))
        return self._performed(planned, "installing", dry_run)

    def uninstall(self, name: str, *, dry_run: bool = False) -> Plan:
        """Take the broker *name* out and leave the others; the last one leaves the tree as it was before the first."""
        ledger = self.ledger
        known = [each.name for each in ledger.plugins]
        if not (ledger.files or dry_run):  # what a kill left behind before anything was changed
            shutil.rmtree(self.tree.root / FOLDER, ignore_errors=True)
        if name not in (*known, *ledger.former):
            raise Refused(
                [f"{name} is not installed in this checkout"],
                f"installed are: {', '.join(known)}" if known else "nothing is; there is nothing to take out",
            )
        planned = plan(self.tree, ledger, [each for each in ledger.plugins if each.name != name])
        return self._performed(planned, "uninstalling", dry_run)

    def status(self) -> Status:
        """What is installed, and whether its files are as they were written."""
        ledger = self.ledger
        changed: list[str] = []
        put_back: list[str] = []
        edited: list[str] = []
        for path, record in ledger.files.items():
            now = digest_of(self.tree.read(path))
            if now == record.original and now not in record.ours:
                put_back.append(path)
            elif now not in record.ours:
                changed.append(path)
        for path, notes in ledger.lines.items():
            lines = (self.tree.text(path) or "").splitlines()
            edited += [f"{path} ({name})" for name, note in notes.items() if not set(note.ours) & set(lines)]
        return Status(
            openalgo=self.tree.version,
            plugins=ledger.plugins,
            version=ledger.version if ledger.files else None,
            unfinished=ledger.unfinished,
            written=len(ledger.files),
            changed=tuple(changed),
            put_back=tuple(put_back),
            edited=tuple(edited),
        )

    def _performed(self, planned: Plan, doing: str, dry_run: bool) -> Plan:
        if dry_run:
            return planned
        if planned.changes and not self.while_running:
            require_stopped(self.tree, doing)
        if planned.changes or self.ledger != planned.done:
            apply(self.tree.root, planned)
        return planned
