"""What has to change for a checkout to hold exactly these brokers. Reads, and touches nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files

from attrs import field, frozen

from jainam.openalgo_bridge.install import bundle, dotenv, lists, login, pages
from jainam.openalgo_bridge.install.ledger import Ledger, Record, digest_of, original_path
from jainam.openalgo_bridge.install.plugin import GUIDE, Plugin, files_of
from jainam.openalgo_bridge.install.refusals import NotUnderstood, Refused
from jainam.openalgo_bridge.install.tree import Tree

__all__ = ["Change", "Plan", "plan"]

Edit = Callable[[str, Plugin], str]


@frozen(kw_only=True)
class Change:
    """One file, before and after; `None` is no file. *by_line* marks files full of keys, never shown whole."""

    path: str
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    reason: str
    by_line: bool = False
    mode: int | None = None


@frozen(kw_only=True)
class Plan:
    """The changes in the order in which they are made, what the ledger says meanwhile and at the end, and remarks."""

    changes: tuple[Change, ...]
    begun: Ledger = field(repr=False)
    done: Ledger = field(repr=False)
    originals: Mapping[str, bytes] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def patched(self) -> tuple[str, ...]:
        """The files of OpenAlgo that the plan takes from what they originally were to something else."""
        known = self.begun.files
        return tuple(
            change.path
            for change in self.changes
            if not change.by_line
            and change.before is not None
            and change.after is not None
            and digest_of(change.before) == known[change.path].original
        )


def plan(tree: Tree, ledger: Ledger, plugins: Sequence[Plugin]) -> Plan:
    """What to do so that *tree*, of which *ledger* knows what was done before, holds *plugins* and no other of ours.

    Raises `Refused` with every file that is not understood, or was changed by somebody else since.
    """
    return _Planning(tree, ledger, tuple(plugins)).plan()


class _Planning:
    def __init__(self, tree: Tree, ledger: Ledger, plugins: tuple[Plugin, ...]) -> None:
        self.tree = tree
        self.ledger = ledger
        self.plugins = plugins
        self.changed: list[str] = []
        self.strange: list[str] = []
        self.notes: list[str] = []
        former = dict.fromkeys((*ledger.former, *(plugin.name for plugin in ledger.plugins)))
        self.former = tuple(former)
        self.originals: dict[str, bytes | None] = {}

    def plan(self) -> Plan:
        for path in self.ledger.files:
            self.original(path)
        wanted = self.wanted() if self.plugins and not self.changed else {}
        before = {path: self.tree.read(path) for path in {**self.ledger.files, **wanted}}
        whole: list[Change] = []
        records: dict[str, Record] = {}
        for path, current in before.items():
            first = self.original(path)
            after, reason = wanted.get(path, (first, "as it was before"))
            if current != after:
                whole.append(Change(path=path, before=current, after=after, reason=reason, mode=self.mode(path)))
            if after != first:
                records[path] = Record(digest_of(first), (digest_of(after),), self.mode(path))
        by_line, lines = self.by_line()
        self.refuse()
        done = Ledger(plugins=self.plugins, files=records, lines=lines, folders=self.folders(records))
        return Plan(
            changes=(*whole, *by_line),
            begun=self.begun(done, whole),
            done=done,
            originals={
                str(digest_of(first)): first
                for path in records
                if (first := self.original(path)) is not None and digest_of(first) is not None
            },
            notes=tuple(self.notes),
        )

    def original(self, path: str) -> bytes | None:
        """What the file held before any of our brokers."""
        if path not in self.originals:
            self.originals[path] = self._original(path)
        return self.originals[path]

    def _original(self, path: str) -> bytes | None:
        current = self.tree.read(path)
        record = self.ledger.files.get(path)
        if record is None or digest_of(current) == record.original:
            return current
        if digest_of(current) not in record.ours:
            if record.original is not None and current is not None and not self._mentions_us(current):
                return current  # OpenAlgo was updated, or the file put back: what it holds now is the original
            if not (current is None and record.original is None):
                self.changed.append(path)
            return current
        if record.original is None:
            return None
        kept = self.tree.read(original_path(record.original))
        if digest_of(kept) != record.original:
            self.strange.append(f"the copy of what {path} was before is gone; `git checkout -- {path}` brings it back")
        return kept

    def mode(self, path: str) -> int | None:
        """The mode that the file had, or has; `None` for a file of our own."""
        if self.original(path) is None:
            return None
        record = self.ledger.files.get(path)
        return record.mode if record is not None and record.mode is not None else self.tree.mode(path)

    def _mentions_us(self, content: bytes) -> bool:
        names = "|".join(map(re.escape, self.former))
        return re.search(rf"(?<![A-Za-z0-9_])(?:{names})(?![A-Za-z0-9_])".encode(), content) is not None

    def wanted(self) -> dict[str, tuple[bytes | None, str]]:
        """Every file that our brokers need, and why."""
        wanted: dict[str, tuple[bytes | None, str]] = {}
        for plugin in self.plugins:
            wanted |= {path: (content, f"{plugin.title}'s module") for path, content in files_of(plugin).items()}
            if plugin.name not in self.former and (self.tree.root / plugin.folder).is_dir():
                self.strange.append(f"{plugin.folder} is there already, and this installer did not write it")
        wanted[GUIDE] = (files(__package__).joinpath("openalgo.md").read_bytes(), "how to run it")
        for path, edit, reason in self.edits():
            try:
                wanted[path] = (self.edited(path, edit), reason)
            except NotUnderstood as trouble:
                self.strange.append(f"{path}: {trouble}")
        for path in self.tree.find(bundle.PATTERN):
            if path in wanted:
                wanted |= self.twins(path, wanted[path][0])
        if self.tree.has(pages.SOURCE) and not self.tree.find(bundle.PATTERN):
            self.notes.append("the front end is not built here; `npm run build` in frontend/ makes the button appear")
        return {path: what for path, what in wanted.items() if what[0] != self.original(path)}

    def edits(self) -> Iterator[tuple[str, Edit, str]]:
        """The files of OpenAlgo that change, how, and why."""
        redirects = self.tree.has_page_in_browser
        yield login.PATH, lambda text, plugin: login.with_branch(text, plugin, redirects=redirects), "the login"
        if self.tree.has(pages.TEMPLATE):
            yield pages.TEMPLATE, pages.template_with, "the broker page"
        if self.tree.has(pages.SOURCE):
            yield pages.SOURCE, pages.source_with, "the broker page"
        for path in self.tree.find(bundle.PATTERN):
            yield path, bundle.bundle_with, "the broker page as it is served"
        for pattern in lists.PATTERNS:
            for path in self.tree.find(pattern):
                yield path, lists.list_with, "a list of brokers"

    def edited(self, path: str, edit: Edit) -> bytes:
        """The original file after *edit* for each of our brokers."""
        try:
            text = (self.original(path) or b"").decode()
        except UnicodeDecodeError:
            raise NotUnderstood("it is not UTF-8 text") from None
        for plugin in self.plugins:
            text = edit(text, plugin)
        return text.encode()

    def twins(self, path: str, content: bytes | None) -> dict[str, tuple[bytes | None, str]]:
        """The compressed files beside the page, which are served in its place."""
        assert content is not None
        twins: dict[str, tuple[bytes | None, str]] = {}
        if self.original(f"{path}.gz") is not None:
            twins[f"{path}.gz"] = (bundle.gzip_of(content), "the page, compressed")
        if self.original(f"{path}.br") is not None:
            compressed = bundle.brotli_of(content)
            twins[f"{path}.br"] = (compressed, "the page, compressed" if compressed else "the old page, compressed")
            if compressed is None:
                self.notes.append(
                    f"{path}.br is taken away, since no brotli is installed to write a new one; browsers get the .gz"
                )
        return twins

    def by_line(self) -> tuple[list[Change], dict[str, dict[str, dotenv.Line]]]:
        """The changes of the files with variables, and what to remember of their lines."""
        changes: list[Change] = []
        remembered: dict[str, dict[str, dotenv.Line]] = {}
        for path in (dotenv.SAMPLE, dotenv.ENV):
            content = self.tree.read(path)
            known = self.ledger.lines.get(path, {})
            if content is None or not (self.plugins or known):
                if path == dotenv.ENV and self.plugins:
                    self.notes.append(f"there is no .env yet; copy .sample.env, and set {dotenv.REDIRECT} in it")
                continue
            try:
                text, lines = dotenv.with_plugins(
                    content.decode(), self.plugins, known, self.former, redirects=path == dotenv.ENV
                )
            except UnicodeDecodeError:
                self.strange.append(f"{path}: it is not UTF-8 text")
                continue
            except NotUnderstood as trouble:
                self.strange.append(f"{path}: {trouble}")
                continue
            if lines:
                remembered[path] = lines
            if text.encode() != content:
                change = Change(path=path, before=content, after=text.encode(), reason="its brokers", by_line=True)
                changes.append(change)
        return changes, remembered

    def begun(self, done: Ledger, whole: Sequence[Change]) -> Ledger:
        """What to remember until everything is done: each file may be what it was, or what it will be."""
        known = self.ledger.files
        records = dict(done.files)
        for path in {**known, **records, **{change.path: None for change in whole}}:
            first = digest_of(self.original(path))
            ours = [*(known[path].ours if path in known else ()), *(records[path].ours if path in records else ())]
            records[path] = Record(first, tuple(dict.fromkeys(ours)), self.mode(path))
        lines: dict[str, dict[str, dotenv.Line]] = {}
        for path in {**self.ledger.lines, **done.lines}:
            old, new = self.ledger.lines.get(path, {}), done.lines.get(path, {})
            lines[path] = {
                name: dotenv.Line(
                    (new.get(name) or old[name]).original,
                    tuple(dict.fromkeys(line for each in (old, new) if name in each for line in each[name].ours)),
                )
                for name in {**old, **new}
            }
        folders = tuple(dict.fromkeys((*self.ledger.folders, *done.folders)))
        return Ledger(
            plugins=self.plugins,
            files=records,
            lines=lines,
            folders=folders,
            former=self.former,
            unfinished=True,
        )

    def folders(self, records: Mapping[str, Record]) -> tuple[str, ...]:
        """The folders that exist for our files alone, outermost first."""
        made = set(self.ledger.folders)
        needed: dict[str, None] = {}
        for path, record in records.items():
            if record.original is None:
                parts = path.split("/")[:-1]
                needed |= dict.fromkeys("/".join(parts[: count + 1]) for count in range(len(parts)))
        return tuple(folder for folder in needed if folder in made or not (self.tree.root / folder).is_dir())

    def refuse(self) -> None:
        if self.changed:
            names = " ".join(self.changed)
            raise Refused(
                [f"{path} was changed since this installer wrote it" for path in self.changed],
                f"keep what you changed elsewhere, put the files back with `git checkout -- {names}`"
                " (or delete those under broker/ that git does not know), and run this again",
            )
        if self.strange:
            raise Refused(
                self.strange, "nothing was changed; this installer knows OpenAlgo of October 2025 and August 2026"
            )
