"""Where logins are kept."""

from __future__ import annotations

from typing import Protocol

from jainam.domain.sessions import Api, Session

__all__ = ["Sessions"]


class Sessions(Protocol):
    """The sessions we hold, shared by everything that trades for one login (D13, D14)."""

    def current(self, api: Api) -> Session | None:
        """The session in hand, as fast as memory."""
        ...

    def latest(self, api: Api) -> Session | None:
        """The newest session that this or another process has made."""
        ...

    def keep(self, session: Session) -> None:
        """Use *session* from now on."""
        ...

    def forget(self, api: Api) -> None:
        """Hold no session for *api*, here or elsewhere."""
        ...
