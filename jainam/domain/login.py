"""Being logged in: a call that meets an expired session is made again after one login, and its flow goes on (D13)."""

from __future__ import annotations

from typing import Any, TypeVar

from attrs import frozen

from jainam.domain.errors import (
    BrokerUnavailable,
    JainamError,
    LoginExpired,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    UnexpectedReply,
)
from jainam.domain.sessions import Api, Session
from jainam.domain.steps import (
    Alone,
    BrokerStep,
    Flow,
    ForgetSession,
    KeepSession,
    KnownSession,
    Login,
    Logout,
    Step,
    Tell,
    Traffic,
)

__all__ = ["Access", "LoggedIn", "MovedRoot", "after_login", "log_in", "log_out", "needs_login"]

T = TypeVar("T")


@frozen
class Access:
    """Below which paths each interface is looked for, the likeliest first."""

    interactive: tuple[str, ...]
    market_data: tuple[str, ...]

    def roots(self, api: Api) -> tuple[str, ...]:
        """The paths to try for *api*."""
        return self.interactive if api is Api.INTERACTIVE else self.market_data


@frozen
class LoggedIn:
    """A fresh session was made."""

    api: str
    user_id: str
    client_id: str


@frozen
class MovedRoot:
    """An interface was not where it was looked for first, and is looked for elsewhere."""

    api: str
    missing: str


def needs_login(step: Step[Any], error: JainamError) -> bool:
    """True when *error* says that the session *step* went out under is gone, or that there was none."""
    return isinstance(error, LoginExpired) and isinstance(step, BrokerStep) and step.traffic is not Traffic.SESSION


def after_login(step: BrokerStep[T], access: Access, used: Session | None) -> Flow[T]:
    """Log in once, and make the call again whose session *used* the broker refused.

    The broker refused it before it did anything, so repeating it is safe for orders too, and an order keeps its tag.
    A second refusal in a row is the caller's to see: never a loop of logins.
    """
    yield from _renew_for(step, access, used)
    return (yield from step)


def _renew_for(step: BrokerStep[Any], access: Access, used: Session | None) -> Flow[None]:
    """Log in for *step*; a login that got lost leaves the login in doubt, never the order that was waiting for it."""
    try:
        yield from log_in(step.api, access, used)
    except (OutcomeUnknown, BrokerUnavailable, UnexpectedReply) as error:
        if step.moves_an_order:
            raise NotSent(f"no session to send it under: {error}") from error
        raise
    except RateLimited as error:
        error.of_login = True
        raise


def log_in(api: Api, access: Access, used: Session | None = None) -> Flow[Session]:
    """Hold a session for *api* other than *used*: one that somebody else made meanwhile, or a fresh one."""
    return (yield from Alone(("login", api.value), _renewed(api, access, used)))


def _renewed(api: Api, access: Access, used: Session | None) -> Flow[Session]:
    known = yield from KnownSession(api)
    if known is not None and (used is None or known.token != used.token):
        return known
    session = yield from _fresh(api, _best_first(access.roots(api), used))
    yield from KeepSession(session)
    yield from Tell(LoggedIn(api.value, session.user_id, session.client_id))
    return session


def _best_first(roots: tuple[str, ...], used: Session | None) -> tuple[str, ...]:
    """The root that worked last time, then the others."""
    if used is None or used.root not in roots:
        return roots
    return (used.root, *(root for root in roots if root != used.root))


def _fresh(api: Api, roots: tuple[str, ...]) -> Flow[Session]:
    """Log in below the first root that the gateway knows (protocol 1.3: one desk knows only the binary one)."""
    for root in roots[:-1]:
        try:
            return (yield from Login(api, root))
        except BrokerUnavailable as error:
            if error.status != 404:
                raise
            yield from Tell(MovedRoot(api.value, root))
    return (yield from Login(api, roots[-1]))


def log_out() -> Flow[None]:
    """End the sessions we hold, at the broker as far as it listens, and here in any case."""
    for api in Api:
        session = yield from KnownSession(api)
        if session is None:
            continue
        try:
            yield from Logout(api)
        except JainamError as error:  # the broker may be down or the session gone; ours must go all the same
            yield from Tell(error)
        yield from ForgetSession(api)
