"""A host for the bridge: an HTTP client whose requests end in the embedded exchange, and ears for what it is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from attrs import define, field

from jainam.simulator import Dropped, Request, Rest

__all__ = ["FakeHost"]


@define(eq=False)
class FakeHost:
    """Implements the bridge's `Host`; *before* is called with each request, and *refusals* of them find no connection.

    Answers that take longer than the request's own time limit never arrive.
    """

    rest: Rest
    refusals: int = 0
    before: Callable[[httpx.Request], None] | None = None
    events: list[tuple[str, Mapping[str, str]]] = field(factory=list)
    requests: list[tuple[str, str]] = field(factory=list)
    releases: int = 0
    client: httpx.Client = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.client = httpx.Client(transport=httpx.MockTransport(self.answer), timeout=120)

    def http_client(self) -> httpx.Client:
        return self.client

    def logger(self, name: str) -> logging.Logger:
        return logging.getLogger(name)

    def emit(self, event: str, payload: Mapping[str, str]) -> None:
        self.events.append((event, payload))

    def engine(self) -> Any:
        raise AssertionError("nobody asks for tables here")

    def release(self) -> None:
        self.releases += 1

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.method, request.url.path))
        if self.before is not None:
            self.before(request)
        if self.refusals:
            self.refusals -= 1
            raise httpx.ConnectError("no route", request=request)
        outcome = self.rest.handle(
            Request(
                method=request.method,
                path=request.url.path,
                query=dict(request.url.params),
                headers={name.casefold(): value for name, value in request.headers.items()},
                body=request.content,
            )
        )
        if isinstance(outcome, Dropped):
            raise httpx.RemoteProtocolError("closed", request=request)
        if outcome.delay > request.extensions["timeout"]["read"]:
            raise httpx.ReadTimeout("slow", request=request)
        return httpx.Response(outcome.status, content=outcome.body, headers=dict(outcome.headers))

    def sent(self, method: str, path: str) -> int:
        """How many requests went there."""
        return self.requests.count((method, path))
