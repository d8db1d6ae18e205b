"""Performs a plan in steps, after each of which the tree is one that the next run can finish or put back."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from jainam.openalgo_bridge.install.ledger import FILE, FOLDER, original_path
from jainam.openalgo_bridge.install.plan import Plan

__all__ = ["apply", "steps_of"]

MOUNTED = (errno.EXDEV, errno.EBUSY)
"""What a rename over a file says that is mounted by itself, as Docker does with .env."""


def apply(root: Path, plan: Plan) -> None:
    """Make the checkout at *root* what *plan* says."""
    for _ in steps_of(root, plan):
        pass


def steps_of(root: Path, plan: Plan) -> Iterator[str]:
    """Perform *plan*; each step names the file it was about. Whoever stops in between stops as a kill would.

    The ledger is written before the first file and after the last one, and what a file was is kept before the ledger
    speaks of it.
    """
    hidden = f"{FOLDER}/.gitignore"
    if not (root / hidden).exists():
        yield from _write(root, hidden, b"*\n")
    for digest, content in plan.originals.items():
        if not (root / original_path(digest)).exists():
            yield from _write(root, original_path(digest), content)
    yield from _write(root, FILE, plan.begun.document())
    for change in plan.changes:
        if change.after is None:
            (root / change.path).unlink(missing_ok=True)
            yield change.path
        else:
            yield from _write(root, change.path, change.after, change.mode)
    for folder in reversed([each for each in plan.begun.folders if each not in plan.done.folders]):
        _remove_if_empty(root / folder)
        yield folder
    if plan.done.plugins:
        yield from _write(root, FILE, plan.done.document())
        kept = {original_path(digest) for digest in plan.originals}
        for path in (root / FOLDER / "originals").glob("*"):
            if path.relative_to(root).as_posix() not in kept:
                path.unlink()
                yield path.name
    else:
        yield from _forget(root)


def _forget(root: Path) -> Iterator[str]:
    """Remove what was kept, and last of all the ledger that says so."""
    shutil.rmtree(root / FOLDER / "originals", ignore_errors=True)
    yield FOLDER
    (root / FILE).unlink(missing_ok=True)
    yield FILE
    shutil.rmtree(root / FOLDER)
    yield FOLDER


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder of ours with what Python compiled in it; somebody else's files keep it."""
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _write(root: Path, name: str, content: bytes, mode: int | None = None) -> Iterator[str]:
    """Put *content* in the place of a file, whole or not at all, with its mode and owner; *mode* is for a new one."""
    path = (root / name).resolve()  # a link stays one
    _make(path.parent, root.stat())
    _make(root / FOLDER, root.stat())
    made = root / FOLDER / "new"
    before = path.stat() if path.exists() else None
    made.unlink(missing_ok=True)
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if before else 0o666)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    mode = mode if before is None else stat.S_IMODE(before.st_mode)
    if mode is not None:
        made.chmod(mode)
    _give(made, before or root.stat())
    yield name
    try:
        os.replace(made, path)
    except OSError as error:
        if error.errno not in MOUNTED:
            raise
        path.write_bytes(content)
        made.unlink()
    yield name


def _make(folder: Path, like: os.stat_result) -> None:
    if not folder.is_dir():
        _make(folder.parent, like)
        folder.mkdir()
        _give(folder, like)


def _give(path: Path, like: os.stat_result) -> None:
    """Make whoever owns the tree the owner: an installer that root runs must not lock the web server out."""
    chown = getattr(os, "chown", None)  # not on Windows
    if chown is not None and os.stat(path).st_uid != like.st_uid:
        with contextlib.suppress(OSError):
            chown(path, like.st_uid, like.st_gid)
