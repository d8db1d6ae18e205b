"""Requests over aiohttp, for asyncio.

Proxies are taken from the environment (``HTTPS_PROXY``, ``NO_PROXY`` and their kin), once per host. aiohttp's own
*trust_env* is not used: it asks a thread for each request and reads ``~/.netrc`` besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from jainam.adapters.network_faults import address_of, check_headers, reason_of, root_of
from jainam.domain.errors import JainamError, NotSent, OutcomeUnknown
from jainam.ports.transport import HttpRequest, HttpResponse

__all__ = ["AiohttpTransport"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Unanswered(aiohttp.ClientError):
    """The connection ended after the request had been written and before its answer began."""


class _SingleAnswer(aiohttp.ClientResponse):
    """An answer that is waited for once.

    aiohttp sends GET, PUT and DELETE a second time when the connection ends without an answer, be it kept alive or
    new, so a modification or cancellation would arrive twice. It does so on two of its errors; this one is a third.
    """

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """The answer's head has been read."""
        try:
            return await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _Unanswered from error


class AiohttpTransport:
    """Asyncio requests through one pool of connections, for the loop of the first request.

    It makes its own session and takes nobody else's: only on its own can it keep aiohttp from sending twice.
    """

    def __init__(self, timeout: float = 10.0) -> None:
        self._seconds = timeout
        # *connect* includes waiting for a free connection; the master takes longer than any sensible *total*.
        self._timeout = aiohttp.ClientTimeout(total=None, connect=timeout, sock_connect=timeout, sock_read=timeout)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._environment = getproxies()
        self._proxies: dict[tuple[str, str], str | None] = {}

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer to *request*, which is sent once; redirects are answers too."""
        url = _url(request.url)
        session = self._opened()
        with _translated(request, self._seconds):
            async with session.request(
                request.method,
                url,
                headers=request.headers,
                data=request.body,
                timeout=self._timeout,
                allow_redirects=False,
                proxy=self._proxy(url) if self._environment else None,
            ) as answer:
                return HttpResponse(answer.status, await answer.read(), answer.headers.get("Content-Type", ""))

    async def close(self) -> None:
        """Close the connections."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """The session; it belongs to a running loop, so the first request opens it."""
        if self._closed:
            raise NotSent("the transport is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), response_class=_SingleAnswer)
        return self._session

    def _proxy(self, url: URL) -> str | None:
        """The proxy for the host of *url*; never one for this machine."""
        place = url.scheme, url.host or ""
        if place not in self._proxies:
            direct = place[1] in _LOOPBACK or proxy_bypass(place[1])
            self._proxies[place] = None if direct else self._environment.get(place[0], self._environment.get("all"))
        return self._proxies[place]


def _url(text: str) -> URL:
    """*text* as it stands, for aiohttp would spell some escapes in its own way; what is not escaped yet is escaped."""
    try:
        url = URL(text, encoded=text.isascii() and " " not in text)
        usable = url.scheme in ("http", "https") and url.host
        if url.raw_user is not None:
            url = url.with_user(None)  # aiohttp would turn it into a second Authorization header
    except ValueError:
        usable = None
    if not usable:
        raise NotSent(f"no connection to {address_of(text)}: not an http:// or https:// URL")
    return url


@contextmanager
def _translated(request: HttpRequest, seconds: float) -> Iterator[None]:
    """Turn aiohttp's errors into ours: did the request leave or not?"""
    check_headers(request.headers)
    try:
        yield
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        root = root_of(error.__cause__)
        fault = _fault(error, root, address_of(request.url), seconds)
        try:
            raise fault from root
        finally:
            # aiohttp's exceptions quote the URL and hold the request's headers; ours must not lead there.
            fault.__context__ = root


def _fault(error: Exception, root: OSError | None, address: str, seconds: float) -> JainamError:
    match error:
        case aiohttp.ConnectionTimeoutError():  # before its base class, which says nothing about what left
            return NotSent(f"no connection to {address} within {seconds:g} s")
        case aiohttp.ClientConnectorError():
            return NotSent(f"no connection to {address}: {reason_of(root)}")
        case aiohttp.InvalidURL():
            return NotSent(f"no connection to {address}: not an http:// or https:// URL")
        case TimeoutError():
            return OutcomeUnknown(f"no answer from {address} within {seconds:g} s")
        case aiohttp.ClientPayloadError():
            return OutcomeUnknown(f"the answer of {address} is not complete or cannot be decompressed")
        case aiohttp.ClientResponseError():
            return OutcomeUnknown(f"the answer of {address} is no HTTP")
        case _:
            return OutcomeUnknown(f"no answer from {address}: {reason_of(root)}")
