"""Whose turn it is: the same names mean other turns at another broker, login or client (X2, X10)."""

from __future__ import annotations

from attrs import evolve, field, frozen

from jainam.ports.locks import Hold, Locks

__all__ = ["ScopedLocks", "whose"]

OF_LOGINS = frozenset({"login"})
"""The turns that all clients of a login take together, since the broker keeps one session for all of them."""


def whose(key: tuple[str, ...], client: str) -> tuple[str, ...]:
    """The turn *key* as *client* takes it; what is the login's stays everybody's.

    >>> whose(("closing",), "CLIENT01"), whose(("login", "interactive"), "CLIENT01")
    (('CLIENT01', 'closing'), ('login', 'interactive'))
    """
    return key if key[0] in OF_LOGINS else (client, *key)


@frozen(eq=False)
class ScopedLocks:
    """The *inner* locks, which others share a folder or a database with, as one *client* of one *login* takes them.

    *login* tells broker, server and keys apart, such as `Settings.login_mark` does.
    """

    inner: Locks = field(repr=False)
    login: str
    client: str = ""

    def try_hold(self, key: tuple[str, ...]) -> Hold | None:
        """Hold the lock *key* of this client from now on; see `Locks`."""
        return self.inner.try_hold((self.login, *whose(key, self.client)))

    def of_client(self, client: str) -> ScopedLocks:
        """The same locks as another *client* of the login takes them."""
        return evolve(self, client=client)

    def close(self) -> None:
        """Let go of files and connections; what is still held is given back."""
        self.inner.close()
