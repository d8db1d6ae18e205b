"""One at a time across processes, and with a shared database across machines (X2)."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Hold", "Locks"]


class Hold(Protocol):
    """A lock that is held; calling it gives the lock back, from whichever thread. It never raises."""

    def __call__(self) -> None:
        """Give the lock back; a second time does nothing."""
        ...

    def is_kept(self) -> bool:
        """False when somebody else may have held it since: what was read under it says nothing any more."""
        ...


class Locks(Protocol):
    """Locks by name that end with the process that holds them, however it ends.

    They belong to the call that got them, not to a thread: whoever asks again for a lock that is held, in the same
    thread or another one, is told that it is. A forked child holds none of its parent's.
    """

    def try_hold(self, key: tuple[str, ...]) -> Hold | None:
        """Hold the lock *key* from now on; ``None`` when somebody else holds it.

        It answers at once. Raises `NotConfigured` when locks cannot be kept at all, which says nothing about *key*.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; what is still held is given back."""
        ...
