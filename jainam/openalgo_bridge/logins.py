"""No storm of logins: a login that was just tried is not tried again by whoever comes next (D13, protocol 4.3).

The host sends a request for every page and every tick of a strategy. When keys are wrong, or another program that logs
in with the same keys ends our session over and over, each of them would log in; a broker locks such an account.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from attrs import define, field, frozen

from jainam.domain.errors import JainamError, LoginExpired, NotSent, WrongCredentials
from jainam.domain.login import Access
from jainam.domain.pacing import Window
from jainam.domain.sessions import Session
from jainam.domain.steps import BrokerStep, Login
from jainam.ports.codec import Codec
from jainam.ports.transport import HttpRequest, HttpResponse

__all__ = ["SparingLogins"]

T = TypeVar("T")

REST_AFTER_SUCCESS = 10.0
"""Seconds in which no second login is made: a session that ends sooner was ended by somebody else's."""
REST_AFTER_FAILURE = 10.0
REST_AFTER_WRONG_KEYS = 300.0
"""Wrong keys stay wrong until somebody corrects them, and then logs in by hand."""


@frozen
class _Last:
    """When the last login came to what: an error, or a session."""

    until: float
    error: JainamError | None


@define(eq=False)
class SparingLogins:
    """A codec that refuses to write a login while the last one of its kind is too young; all else is *inner*'s."""

    inner: Codec
    monotonic: Callable[[], float]
    _last: dict[Login, _Last] = field(factory=dict, init=False)
    _written: dict[Login, HttpRequest] = field(factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    @property
    def access(self) -> Access:
        """Where the interfaces of this broker are."""
        return self.inner.access

    def encode(self, step: BrokerStep[Any], session: Session | None) -> HttpRequest:
        """The request that asks for *step*; raises what the last login came to when *step* would be the next."""
        if not isinstance(step, Login):
            return self.inner.encode(step, session)
        with self._lock:
            last = self._last.get(step)
        if last is not None and self.monotonic() < last.until:
            if last.error is not None:
                raise copy.copy(last.error)  # a fresh one, since each raise writes its way into the error
            raise LoginExpired(
                "the broker ended a session that was made moments ago; does another program log in with these keys?"
            )
        request = self._written[step] = self.inner.encode(step, session)
        return request

    def decode(self, step: BrokerStep[T], response: HttpResponse, session: Session | None) -> T:
        """The answer to *step*; what a login came to is remembered."""
        if not isinstance(step, Login):
            return self.inner.decode(step, response, session)
        try:
            answer = self.inner.decode(step, response, session)
        except JainamError as error:
            if not isinstance(error, NotSent):
                wrong = isinstance(error, WrongCredentials)
                self._remember(step, REST_AFTER_WRONG_KEYS if wrong else REST_AFTER_FAILURE, error)
            raise
        self._remember(step, REST_AFTER_SUCCESS, None)
        return answer  # type: ignore[return-value]  # what a login is answered with

    def windows(self, step: BrokerStep[Any]) -> tuple[Window, ...]:
        """The limits that a call for *step* counts against."""
        return self.inner.windows(step)

    def describe(self, request: HttpRequest) -> str:
        """The request for people."""
        return self.inner.describe(request)

    def forget(self) -> None:
        """Let the next login be tried, whatever the last one came to."""
        with self._lock:
            self._last.clear()

    def lost(self, request: HttpRequest, error: JainamError) -> None:
        """Remember that *request* got no answer, if it was a login: the next one would wait as long for nothing."""
        for step in [step for step, written in self._written.items() if written is request]:
            self._remember(step, REST_AFTER_FAILURE, error)

    def _remember(self, step: Login, seconds: float, error: JainamError | None) -> None:
        with self._lock:
            self._last[step] = _Last(self.monotonic() + seconds, error)
