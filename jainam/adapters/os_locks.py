"""Locks on open files that the operating system takes back from a process that dies, and what a fork does to them."""

from __future__ import annotations

import os
import sys
import weakref
from typing import Protocol

__all__ = ["leave_to_parent", "try_lock", "unlock"]

if sys.platform == "win32":
    import msvcrt

    # Windows refuses even to read what is locked, so the locked byte lies where no content ever is.
    _PLACE = 1 << 30

    def try_lock(handle: int) -> bool:
        """Lock the file *handle* against every other handle of it; ``False`` when another one has it locked."""
        os.lseek(handle, _PLACE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def unlock(handle: int) -> None:
        """Give the lock on *handle* back."""
        os.lseek(handle, _PLACE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(handle: int) -> bool:
        """Lock the file *handle* against every other handle of it; ``False`` when another one has it locked."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(handle: int) -> None:
        """Give the lock on *handle* back, also where a forked child has not closed its copy of it yet."""
        fcntl.flock(handle, fcntl.LOCK_UN)


class _Forgetful(Protocol):
    def forget(self) -> None: ...


_owners: weakref.WeakSet[_Forgetful] = weakref.WeakSet()


def leave_to_parent(owner: _Forgetful) -> None:
    """Have *owner* `forget` in every forked child what is its parent's: a copy there would outlive the parent."""
    _owners.add(owner)


def _forget_all() -> None:
    for owner in list(_owners):
        owner.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
