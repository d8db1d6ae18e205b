"""Logging in from OpenAlgo's broker page, for hosts that expect two items of us and for those that expect four.

The host's generic branch takes two items and hands a request token over, or nothing; a patched branch takes four and
hands over the broker's own name (host contract 1.1). The market-data session stays with the library in either case.
"""

from __future__ import annotations

from jainam.openalgo_bridge import logins_by_hand
from jainam.openalgo_bridge.wiring import broker_of

__all__ = ["authenticate_broker"]

here = broker_of(__name__)


def authenticate_broker(
    code: str | None = None,
) -> tuple[str | None, str | None] | tuple[str | None, str | None, str | None, str | None]:
    """Log in with the keys of the environment, to both interfaces (D8, D13, protocol 2.1 and 2.2).

    *code* is the broker's name in the host, and the answer `(token, feed token, user id, error)`; or ``None``, and the
    answer is `(token, error)`; any other text is a third-party login's access token, with the same answer (protocol
    2.6). Without a token, *error* says which variable is missing or what the broker objected to. When only the market
    data cannot be had, the token is good and *error*, the log and the host's pages say so. Never raises.
    """
    return logins_by_hand.answer(here, code)
