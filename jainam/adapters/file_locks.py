"""Locks shared by all processes of one machine: a small file for each, which the system unlocks when its holder dies.

The files stay: a name that is taken away while somebody opens it would let two hold one lock. They are empty.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from attrs import define, field

from jainam.adapters.lock_names import file_name
from jainam.adapters.os_locks import leave_to_parent, try_lock, unlock
from jainam.domain.errors import NotConfigured

__all__ = ["FileLocks"]

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


@define(eq=False)
class FileHold:
    """One lock that is held; the system keeps it for as long as its file is open."""

    locks: FileLocks = field(repr=False)

    def __call__(self) -> None:
        """Give the lock back."""
        self.locks._release(self)

    def is_kept(self) -> bool:
        """Nobody takes it away."""
        return True


@define(eq=False, weakref_slot=True)
class FileLocks:
    """`Locks` in *folder*, which is made when it is missing and must lie on a disk of this machine.

    >>> locks = FileLocks(Path("/run/user/1000/jainam"))
    >>> release = locks.try_hold(("smart", "NFO", "NIFTY27JAN26FUT"))
    """

    folder: Path
    _held: dict[FileHold, int] = field(factory=dict, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        leave_to_parent(self)

    def try_hold(self, key: tuple[str, ...]) -> FileHold | None:
        """Hold the lock *key* from now on; ``None`` when somebody else holds it.

        Raises `NotConfigured` when the folder cannot hold locks.
        """
        try:
            handle = self._opened(file_name(key))
            try:
                is_ours = try_lock(handle)
            except OSError:
                os.close(handle)
                raise
        except OSError as error:
            raise NotConfigured(
                f"locks cannot be kept in {self.folder}: {error.strerror};"
                " make that folder writable for this user, on a disk of this machine"
            ) from None
        if not is_ours:
            os.close(handle)
            return None
        hold = FileHold(self)
        self._held[hold] = handle
        return hold

    def close(self) -> None:
        """Give back what is still held."""
        for hold in list(self._held):
            self._release(hold)

    def forget(self) -> None:
        """Hold nothing, and leave every lock to those who hold it: what a forked child does first."""
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()

    def _opened(self, name: str) -> int:
        path = os.path.join(self.folder, name)  # a Path takes as long to make as the lock
        try:
            return os.open(path, _FLAGS, 0o600)
        except FileNotFoundError:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(path, _FLAGS, 0o600)

    def _release(self, hold: FileHold) -> None:
        handle = self._held.pop(hold, None)
        if handle is not None:
            with contextlib.suppress(OSError):  # closing gives it back as well
                unlock(handle)
            os.close(handle)
