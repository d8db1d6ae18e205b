"""Turning steps into requests and answers into values, in one broker's language."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from jainam.domain.login import Access
from jainam.domain.pacing import Window
from jainam.domain.sessions import Session
from jainam.domain.steps import BrokerStep
from jainam.ports.transport import HttpRequest, HttpResponse

__all__ = ["Codec"]

T = TypeVar("T")


class Codec(Protocol):
    """A pure translator: no clock, no socket, no state."""

    @property
    def access(self) -> Access:
        """Where the interfaces of this broker are."""
        ...

    def encode(self, step: BrokerStep[Any], session: Session | None) -> HttpRequest:
        """The request that asks for *step*; raises `LoginExpired` when it needs a *session* and has none."""
        ...

    def decode(self, step: BrokerStep[T], response: HttpResponse, session: Session | None) -> T:
        """The answer to *step*, or the error it amounts to; `LoginExpired` names the *session* that was refused."""
        ...

    def windows(self, step: BrokerStep[Any]) -> tuple[Window, ...]:
        """The limits that a call for *step* counts against (D16)."""
        ...

    def describe(self, request: HttpRequest) -> str:
        """The request for people: method, path and body, with every secret replaced."""
        ...
