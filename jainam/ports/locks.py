"""One at a time across processes, and with a shared database across machines (X2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Locks"]

Release = Callable[[], None]
"""Gives a lock back, from whichever thread; calling it again does nothing, and it never raises."""


class Locks(Protocol):
    """Locks by name that end with the process that holds them, however it ends.

    They belong to the call that got them, not to a thread: whoever asks again for a lock that is held, in the same
    thread or another one, is told that it is. A forked child holds none of its parent's.
    """

    def try_hold(self, key: tuple[str, ...]) -> Release | None:
        """Hold the lock *key* from now on and return how to give it back; ``None`` when somebody else holds it.

        It answers at once. Raises `NotConfigured` when locks cannot be kept at all, which says nothing about *key*.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; what is still held is given back."""
        ...
