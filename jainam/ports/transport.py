"""Sending bytes and receiving bytes; the only thing an HTTP library is needed for."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Protocol

from attrs import field, frozen

__all__ = ["AsyncTransport", "HttpRequest", "HttpResponse", "Transport"]


@frozen
class HttpRequest:
    """One request, complete to the last byte; headers and body may hold secrets and stay out of its `repr`."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@frozen
class HttpResponse:
    """What came back: HTTP *status*, the body's bytes, and the media type it was labelled with."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = ""


class Transport(Protocol):
    """Send one request and return the answer.

    Raises `NotSent` when no connection could be made and `OutcomeUnknown` when the request may have arrived; it
    sends each request at most once, whatever the HTTP library would like to do.
    """

    def send(self, request: HttpRequest) -> HttpResponse: ...

    def close(self) -> None: ...


class AsyncTransport(Protocol):
    """The same for asyncio."""

    def send(self, request: HttpRequest) -> Awaitable[HttpResponse]: ...

    def close(self) -> Awaitable[None]: ...
