"""Requests over httpx, blocking and asyncio.

Proxies are taken from the environment as httpx does it, except for the loopback addresses: what is sent to this very
machine never passes through another. Over HTTP/2 a request that the server declares unprocessed while it shuts a
connection down (RFC 9113, 6.8) is begun again on a new one; over HTTP/1.1, the default, nothing is ever sent twice.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.request import getproxies

import httpx

from jainam.adapters.network_faults import address_of, check_request, no_url, reason_of, root_of
from jainam.domain.errors import JainamError, NotSent, OutcomeUnknown
from jainam.ports.transport import HttpRequest, HttpResponse

__all__ = ["HttpxAsyncTransport", "HttpxTransport"]

_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=15)
_LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class HttpxTransport:
    """Blocking requests through one pool of connections; a *client* that was handed in is used and left open."""

    def __init__(self, timeout: float = 10.0, *, http2: bool = False, client: httpx.Client | None = None) -> None:
        _keep_header_values_out_of_logs()
        self._timeout = httpx.Timeout(timeout)
        self._owned = client is None
        self._client = client or httpx.Client(
            http2=http2, timeout=self._timeout, limits=_LIMITS, cookies=_no_cookies(), mounts=_past_the_proxy()
        )

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer to *request*, which is sent once; redirects are answers too."""
        _is_open(self._client)
        built = _built(self._client, request, self._timeout)
        try:
            answer = self._client.send(built, auth=None, follow_redirects=False)
        except (httpx.RequestError, OSError) as error:
            root = root_of(error)
            fault = _fault(error, root, address_of(request.url), self._timeout.read or 0)
        else:
            return HttpResponse(answer.status_code, answer.content, answer.headers.get("content-type", ""))
        raise fault from root  # out here, since httpx's exception holds the request, headers and all

    def close(self) -> None:
        """Close the connections, unless the client belongs to somebody else."""
        if self._owned:
            self._client.close()


class HttpxAsyncTransport:
    """The same for asyncio."""

    def __init__(self, timeout: float = 10.0, *, http2: bool = False, client: httpx.AsyncClient | None = None) -> None:
        _keep_header_values_out_of_logs()
        self._timeout = httpx.Timeout(timeout)
        self._owned = client is None
        self._client = client or httpx.AsyncClient(
            http2=http2, timeout=self._timeout, limits=_LIMITS, cookies=_no_cookies(), mounts=_past_the_proxy()
        )

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer to *request*, which is sent once; redirects are answers too."""
        _is_open(self._client)
        built = _built(self._client, request, self._timeout)
        try:
            answer = await self._client.send(built, auth=None, follow_redirects=False)
        except (httpx.RequestError, OSError) as error:
            root = root_of(error)
            fault = _fault(error, root, address_of(request.url), self._timeout.read or 0)
        else:
            return HttpResponse(answer.status_code, answer.content, answer.headers.get("content-type", ""))
        raise fault from root  # out here, since httpx's exception holds the request, headers and all

    async def close(self) -> None:
        """Close the connections, unless the client belongs to somebody else."""
        if self._owned:
            await self._client.aclose()


def _keep_header_values_out_of_logs() -> None:
    """At DEBUG hpack logs every header it packs, the token among them; a host's client may speak HTTP/2 as well.

    httpcore logs the headers of every answer, in which a gateway may repeat the token or have a session of its own.
    """
    for name in ("hpack", "hpack.hpack", "hpack.table", "httpcore.http11", "httpcore.http2"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _no_cookies() -> CookieJar:
    """A jar that takes nothing: a session is its token, and a gateway's cookie must not tie requests together."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _past_the_proxy() -> dict[str, None] | None:
    """The loopback addresses go direct; without a proxy there is nothing to say (each rule costs on every request)."""
    return dict.fromkeys(_LOOPBACK) if getproxies() else None


@lru_cache(maxsize=64)
def _url(words: str) -> httpx.URL:
    """*words* as httpx has them; every order goes to the same place, and reading a URL takes as long as sending one."""
    return httpx.URL(words)


def _built(client: httpx.Client | httpx.AsyncClient, request: HttpRequest, timeout: httpx.Timeout) -> httpx.Request:
    """*request* as httpx has it; whatever goes wrong here has not left."""
    check_request(request)
    try:
        return client.build_request(
            request.method, _url(request.url), headers=request.headers, content=request.body, timeout=timeout
        )
    except (httpx.InvalidURL, ValueError):
        raise no_url(request.url) from None


def _is_open(client: httpx.Client | httpx.AsyncClient) -> None:
    if client.is_closed:
        raise NotSent("the transport is closed")


def _fault(error: Exception, root: OSError | None, address: str, seconds: float) -> JainamError:
    """One of httpx's errors as one of ours: did the request leave or not?"""
    match error:
        case httpx.ConnectTimeout():
            return NotSent(f"no connection to {address} within {seconds:g} s")
        case httpx.PoolTimeout():
            return NotSent(f"no connection to {address} became free within {seconds:g} s")
        case httpx.ConnectError():
            return NotSent(f"no connection to {address}: {reason_of(root)}")
        case httpx.TimeoutException():
            return OutcomeUnknown(f"no answer from {address} within {seconds:g} s")
        case httpx.DecodingError():
            return OutcomeUnknown(f"the answer of {address} cannot be decompressed")
        case httpx.ProtocolError():
            return OutcomeUnknown(f"{address} closed the connection before its answer was complete, or sent no HTTP")
        case _:
            return OutcomeUnknown(f"no answer from {address}: {reason_of(root)}")
