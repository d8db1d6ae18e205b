"""The money of the account, and whether the login still stands (host contract 1.8)."""

from __future__ import annotations

from jainam.domain.books import funds
from jainam.openalgo_bridge import replies
from jainam.openalgo_bridge.wiring import broker_of

__all__ = ["get_margin_data", "test_auth_token"]

here = broker_of(__name__)


def get_margin_data(auth_token: str) -> dict[str, str | None]:
    """The account's money in rupees, each amount as text with two decimals (protocol 3.12).

    Keys: availablecash, collateral, m2munrealized, m2mrealized, utiliseddebits; ``None`` where the broker says nothing,
    which is not zero. Raises `BridgeError` in words for the
    user when it cannot be had, and when the broker does not say what is available: an empty dict would be served as a
    success (B-42).
    """
    return replies.funds(lambda: here.run(auth_token, funds()))


def test_auth_token(auth_token: str) -> tuple[bool, str]:
    """Whether the broker still knows us, after one fresh login if need be, and in words why not."""
    return replies.known(lambda: here.run(auth_token, funds()))


test_auth_token.__test__ = False  # type: ignore[attr-defined]  # the host's name for it; pytest takes it for its own
