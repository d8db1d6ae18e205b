"""Requests over aiohttp, for asyncio.

Proxies are taken from the environment (``HTTPS_PROXY``, ``NO_PROXY`` and their kin), once per host. aiohttp's own
*trust_env* is not used: it asks a thread for each request and reads ``~/.netrc`` besides.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp import hdrs
from aiohttp.connector import Connection
from yarl import URL

from jainam.adapters.aiohttp_patience import Patience, Wait
from jainam.adapters.network_faults import address_of, check_request, reason_of, root_of
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
        # Making a connection is timed by aiohttp, which knows then that nothing was sent; the rest by us. Nobody
        # waits for a connection to come free, since there is no limit on their number.
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout)
        self._patience = Patience(timeout)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._environment = getproxies()
        self._proxies: dict[tuple[str, str], str | None] = {}

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer to *request*, which is sent once; redirects are answers too."""
        session = self._opened()
        check_request(request)
        url = _url(request.url)
        wait = self._patience.begin()
        root: OSError | None = None
        try:
            async with session.request(
                request.method,
                url,
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                proxy=self._proxy(url) if self._environment else None,
            ) as answer:
                # Most answers are there with their head; taking them is then no matter of waiting.
                body = answer.content.read_nowait() if answer.content.is_eof() else await self._read(answer, wait)
                return HttpResponse(answer.status, body, answer.headers.get(hdrs.CONTENT_TYPE, ""))
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            root = root_of(error.__cause__)
            fault = _fault(error, root, address_of(request.url), self._seconds)
        except asyncio.CancelledError:
            if not wait.was_ours():
                raise
            fault = OutcomeUnknown(f"no answer from {address_of(request.url)} within {self._seconds:g} s")
        finally:
            self._patience.end(wait)
        # Out here, where it leads to nothing of aiohttp's: those errors quote the URL and hold the request's headers.
        raise fault from root

    async def _read(self, answer: aiohttp.ClientResponse, wait: Wait) -> bytes:
        """The body of *answer* when it comes in parts, each of them a sign of life."""
        parts = []
        async for part in answer.content.iter_any():
            self._patience.again(wait)
            parts.append(part)
        return b"".join(parts)

    async def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self._patience.close()
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """The session; it belongs to a running loop, so the first request opens it."""
        if self._closed:
            raise NotSent("the transport is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                response_class=_SingleAnswer,
                timeout=self._timeout,
            )
        return self._session

    def _proxy(self, url: URL) -> str | None:
        """The proxy for the host of *url*; never one for this machine."""
        place = url.scheme, url.raw_host or ""
        if place not in self._proxies:
            direct = place[1] in _LOOPBACK or proxy_bypass(place[1])
            self._proxies[place] = None if direct else self._environment.get(place[0], self._environment.get("all"))
        return self._proxies[place]


@lru_cache(maxsize=64)
def _url(text: str) -> URL:
    """*text* as it stands, for aiohttp would spell some escapes in its own way; what is not escaped yet is escaped."""
    url = URL(text, encoded=text.isascii() and " " not in text)
    # aiohttp would turn a user name into a second Authorization header.
    return url if url.raw_user is None else url.with_user(None)


def _fault(error: Exception, root: OSError | None, address: str, seconds: float) -> JainamError:
    match error:
        case aiohttp.ConnectionTimeoutError():  # before its base class, which says nothing about what left
            return NotSent(f"no connection to {address} within {seconds:g} s")
        case aiohttp.ClientConnectorError() | aiohttp.InvalidURL():
            return NotSent(f"no connection to {address}: {reason_of(root)}")
        case TimeoutError():
            return OutcomeUnknown(f"no answer from {address} within {seconds:g} s")
        case aiohttp.ClientPayloadError():
            return OutcomeUnknown(f"the answer of {address} is not complete or cannot be decompressed")
        case aiohttp.ClientResponseError():
            return OutcomeUnknown(f"the answer of {address} is no HTTP")
        case _:
            return OutcomeUnknown(f"no answer from {address}: {reason_of(root)}")
