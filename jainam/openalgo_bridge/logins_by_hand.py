"""A login that somebody asked for on OpenAlgo's broker page."""

from __future__ import annotations

from attrs import frozen

from jainam.domain.books import funds
from jainam.domain.errors import LoginExpired
from jainam.domain.login import log_in
from jainam.domain.sessions import Api, Session
from jainam.openalgo_bridge import replies, wiring
from jainam.openalgo_bridge.wiring import Broker

__all__ = ["answer"]

Answer = tuple[str | None, str | None] | tuple[str | None, str | None, str | None, str | None]

NO_FEED = "Logged in, but without market data: no quotes, charts, contracts or live prices until this is mended: "
EVENT = "master_contract_download"
"""The one event that the host's pages show as a message, whatever it is about."""


@frozen
class LoggedIn:
    """What a login came to: the interactive session, and the market-data session or why there is none."""

    session: Session
    feed: Session | replies.Failure


def answer(broker: Broker, code: str | None) -> Answer:
    """What the host's login page expects: four items for who names the broker, two for everybody else."""
    outcome = replies.attempted("log in", lambda: _both(broker, None if code == broker.name else code))
    if isinstance(outcome, replies.Failure):
        return (None, None, None, outcome.message) if code == broker.name else (None, outcome.message)
    feed = outcome.feed
    error = None
    if isinstance(feed, replies.Failure):
        error = NO_FEED + feed.message
        wiring.host().emit(EVENT, {"status": "error", "message": error})
    if code != broker.name:
        return outcome.session.token, error
    return (
        outcome.session.token,
        None if isinstance(feed, replies.Failure) else feed.token,
        outcome.session.user_id,
        error,
    )


def _both(broker: Broker, access_token: str | None) -> LoggedIn:
    """Both sessions: those at hand when they still stand, since a second login would end the first one's stream."""
    desk = broker.fresh_logins(access_token)
    access = desk.runner.calls.codec.access
    desk.runner.run(log_in(Api.INTERACTIVE, access))
    desk.runner.run(funds())  # a session of this morning may be gone; this finds out, and makes one new one
    session = desk.runner.local.sessions.current(Api.INTERACTIVE)
    if session is None:
        raise LoginExpired("the broker ended the session that was just made")
    return LoggedIn(
        session,
        replies.attempted("log in to the market data", lambda: desk.runner.run(log_in(Api.MARKET_DATA, access))),
    )
