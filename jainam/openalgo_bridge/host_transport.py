"""Requests through the HTTP client that all brokers of the host share (NFR5)."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from jainam.adapters.httpx_transport import HttpxTransport
from jainam.domain.errors import JainamError, OutcomeUnknown
from jainam.openalgo_bridge.host import Host
from jainam.ports.transport import HttpRequest, HttpResponse

__all__ = ["HostTransport"]


@define(eq=False)
class HostTransport:
    """Requests through the host's client, with our own time limit; a client that the host has replaced is let go."""

    host: Host
    timeout: float
    on_lost: Callable[[HttpRequest, JainamError], None] = lambda request, error: None
    _inner: HttpxTransport | None = field(default=None, init=False)
    _client: object = field(default=None, init=False)

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer to *request*, which is sent once."""
        client = self.host.http_client()
        inner = self._inner
        if inner is None or client is not self._client:
            inner = self._inner = HttpxTransport(self.timeout, client=client)
            self._client = client
        try:
            return inner.send(request)
        except OutcomeUnknown as error:
            self.on_lost(request, error)
            raise

    def close(self) -> None:
        """The connections are the host's."""
