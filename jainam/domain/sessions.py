"""Sessions with the broker's two interfaces."""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen

__all__ = ["Api", "Session"]


class Api(Enum):
    """The two interfaces of an XTS broker, each with keys and tokens of its own (protocol 1.1)."""

    __hash__ = object.__hash__  # Enum's own is a Python function, and every call looks its session up

    INTERACTIVE = "interactive"
    MARKET_DATA = "market data"


@frozen(kw_only=True)
class Session:
    """A login that worked.

    *token* never shows in a `repr`. *root* is the path this session's calls go below. *is_investor* and *client_id*
    decide the routes of order and book calls; *client_codes* are the accounts a dealer may name (D13).
    """

    api: Api
    token: str = field(repr=False)
    user_id: str
    root: str
    is_investor: bool = True
    client_id: str = ""
    client_codes: tuple[str, ...] = ()
