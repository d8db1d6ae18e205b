"""What opens the two interfaces, and on whose behalf it is done."""

from __future__ import annotations

from attrs import evolve, field, frozen

from jainam.domain.errors import NotConfigured

__all__ = ["PRO_CLIENT", "Caller", "Credentials", "client_named"]

PRO_CLIENT = "*****"
"""The client id of a prop desk's own book: five asterisks, not a masked name (protocol 2.5, trap 4)."""


@frozen(kw_only=True)
class Credentials:
    """The two key pairs of one login, and the token that a third-party login may have left (protocol 2.6)."""

    interactive_key: str = field(repr=False)
    interactive_secret: str = field(repr=False)
    market_key: str = field(repr=False)
    market_secret: str = field(repr=False)
    access_token: str | None = field(default=None, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must never be shown."""
        texts = (
            self.interactive_key,
            self.interactive_secret,
            self.market_key,
            self.market_secret,
            self.access_token or "",
        )
        return tuple(text for text in texts if text)


def client_named(name: str | None) -> str:
    """The client id that *name* stands for, empty when it names nobody; `pro` is easier to type than asterisks.

    >>> client_named("PRO"), client_named(None)
    ('*****', '')
    """
    text = (name or "").strip()
    return PRO_CLIENT if text.lower() == "pro" else text


@frozen(kw_only=True)
class Caller:
    """Who asks: what a body needs to know beyond its step, and whose rows a book must not be read as ours.

    *others* are the clients of the same login that this call was not made for, as far as the login named them.
    """

    credentials: Credentials
    client_id: str
    source: str
    positions_mode: str
    others: frozenset[str] = frozenset()

    def among(self, client_codes: tuple[str, ...]) -> Caller:
        """The same caller, one of the clients of a login.

        It knows of no others when it acts for the desk's own book, whose rows come under a name that was never sent,
        or for a client that the login does not list: then the rows may be his under any name (protocol 2.5).
        """
        ours = self.client_id.casefold()
        others = frozenset(code for code in client_codes if code.casefold() != ours)
        is_listed = len(others) < len(frozenset(client_codes))
        return evolve(self, others=others) if others and is_listed and self.client_id != PRO_CLIENT else self

    def client_for(self, client_codes: tuple[str, ...]) -> str:
        """The client a dealer acts for; raises `NotConfigured` with the choices when none was named (D13)."""
        if self.client_id:
            return self.client_id
        codes = ", ".join(code for code in client_codes if code != PRO_CLIENT)
        raise NotConfigured(
            "this is a dealer's login, and orders need to know for whom: set JAINAM_CLIENT_ID"
            f" to {f'one of {codes}, or to ' if codes else ''}{PRO_CLIENT} for the desk's own (PRO) book"
            " (`pro` on the command line)"
        )
