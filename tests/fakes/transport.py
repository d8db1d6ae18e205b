"""Transports that need no network: they answer from a script and remember what they were asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from attrs import define, field

from jainam.domain.errors import JainamError, NotSent
from jainam.ports.transport import HttpRequest, HttpResponse

__all__ = ["AsyncFakeTransport", "Blocking", "FakeTransport", "Outcome"]

Outcome = HttpResponse | JainamError | Callable[[HttpRequest], HttpResponse]
"""What becomes of a request: it is answered, it fails, or something works the answer out."""


def _queue(outcomes: Iterable[Outcome]) -> deque[Outcome]:
    return deque(outcomes)


@define
class FakeTransport:
    """Meets one request after another with the next outcome of its script."""

    script: deque[Outcome] = field(factory=deque, converter=_queue)
    requests: list[HttpRequest] = field(factory=list)
    closed: bool = False

    def will(self, *outcomes: Outcome) -> None:
        """Lengthen the script."""
        self.script.extend(outcomes)

    def send(self, request: HttpRequest) -> HttpResponse:
        """The next outcome, raised if it is an error; a request nobody foresaw fails the test."""
        if self.closed:
            raise NotSent("the transport is closed")
        self.requests.append(request)
        if not self.script:
            raise AssertionError(f"nothing in the script for {request}")
        outcome = self.script.popleft()
        if isinstance(outcome, JainamError):
            raise outcome
        return outcome if isinstance(outcome, HttpResponse) else outcome(request)

    def close(self) -> None:
        """Answer nothing more."""
        self.closed = True


class AsyncFakeTransport(FakeTransport):
    """The same for asyncio."""

    async def send(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        """The next outcome."""
        return super().send(request)

    async def close(self) -> None:  # type: ignore[override]
        """Answer nothing more."""
        super().close()


class AsyncSending(Protocol):
    """An asyncio transport whose calls are coroutines, which a runner of asyncio wants."""

    def send(self, request: HttpRequest) -> Coroutine[Any, Any, HttpResponse]: ...

    def close(self) -> Coroutine[Any, Any, None]: ...


@define
class Blocking:
    """An asyncio transport that plain functions can call: *run* runs one coroutine to its end."""

    transport: AsyncSending
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer to *request*."""
        answer: HttpResponse = self.run(self.transport.send(request))
        return answer

    def close(self) -> None:
        """Close the transport inside."""
        self.run(self.transport.close())
