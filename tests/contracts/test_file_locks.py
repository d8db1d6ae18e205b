"""Locks in files keep what locks promise."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from contracts.locks_suite import KEY, LocksSuite, Opener
from jainam.adapters import file_locks
from jainam.adapters.file_locks import FileLocks
from jainam.domain.errors import NotConfigured


class TestFileLocks(LocksSuite):
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "state" / "locks"

    @pytest.fixture
    def opened(self, folder: Path) -> Iterator[Opener]:
        with ExitStack() as stack:
            yield lambda: stack.enter_context(closing(FileLocks(folder)))

    @pytest.fixture
    def opening(self, folder: Path) -> str:
        return f"""
from pathlib import Path
from jainam.adapters.file_locks import FileLocks
locks = FileLocks(Path({str(folder)!r}))
"""


def test_files_can_be_told_apart_by_people(tmp_path: Path) -> None:
    """A lock file says what it locks, holds nothing, belongs to its owner alone, and stays when the lock is free."""
    locks = FileLocks(tmp_path)
    release = locks.try_hold(KEY)
    assert release is not None
    release()

    [file] = tmp_path.iterdir()
    assert file.name.startswith("smart-jainam_prop-NFO-NIFTY27JAN26FUT.")
    assert (file.stat().st_size, file.stat().st_mode & 0o777) == (0, 0o600)


def test_removed_folder_is_made_again(tmp_path: Path) -> None:
    """Locks go on when somebody has cleared their folder away."""
    folder = tmp_path / "locks"
    locks = FileLocks(folder)
    release = locks.try_hold(KEY)
    assert release is not None
    release()
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()

    assert locks.try_hold(KEY) is not None
    assert len(list(folder.iterdir())) == 1
    locks.close()


def test_folder_that_is_none(tmp_path: Path) -> None:
    """A folder that cannot hold locks is an error that names it and says what to do."""
    (tmp_path / "locks").write_text("")
    with pytest.raises(NotConfigured, match=r"locks cannot be kept in .*locks: .*; make that folder writable"):
        FileLocks(tmp_path / "locks").try_hold(KEY)


def test_disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that knows no locks is such an error too, and leaves no file open."""

    def refuse(handle: int) -> bool:
        handles.append(handle)
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    handles: list[int] = []
    monkeypatch.setattr(file_locks, "try_lock", refuse)
    with pytest.raises(NotConfigured, match="on a disk of this machine"):
        FileLocks(tmp_path).try_hold(KEY)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handles[0])
