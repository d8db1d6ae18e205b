"""What holds for httpx alone: a client handed in by the host, and HTTP/2."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from contracts.transport_suite import CANARY, HASTY, ask
from fakes.transport import Blocking
from fakes.wire import Answer, Silence, WireServer
from jainam.adapters.httpx_transport import HttpxAsyncTransport, HttpxTransport
from jainam.domain.errors import NotSent, OutcomeUnknown
from jainam.ports.transport import HttpRequest


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer() as server:
        yield server


def test_host_client_is_used_and_left_open(server: WireServer) -> None:
    """A client that belongs to the host carries the request, with the host's headers, and is not closed by us."""
    with httpx.Client(headers={"x-host": "yes"}) as client:
        transport = HttpxTransport(client=client)
        assert 200 == transport.send(ask(server)).status
        transport.close()

        assert not client.is_closed
    assert "yes" == server.received[0].headers["x-host"]


def test_host_async_client_is_used_and_left_open(server: WireServer) -> None:
    """The same for asyncio."""

    async def talk() -> bool:
        async with httpx.AsyncClient(headers={"x-host": "yes"}) as client:
            transport = HttpxAsyncTransport(client=client)
            assert 200 == (await transport.send(ask(server))).status
            await transport.close()
            return client.is_closed

    assert asyncio.run(talk()) is False
    assert "yes" == server.received[0].headers["x-host"]


def test_host_client_obeys_our_timeout(server: WireServer) -> None:
    """The timeout is ours, however long the host's client would wait."""
    server.will(Silence())

    with httpx.Client(timeout=60) as client, pytest.raises(OutcomeUnknown, match=r"within 0\.2 s"):
        HttpxTransport(HASTY, client=client).send(ask(server, "POST"))


def test_host_client_follows_no_redirect(server: WireServer) -> None:
    """A client of the host that follows redirects and has credentials of its own does neither for us."""
    server.will(Answer(307, headers=(("Location", f"{server.url}/elsewhere"),)))

    with httpx.Client(follow_redirects=True, auth=("someone", "else")) as client:
        assert 307 == HttpxTransport(client=client).send(ask(server, "POST")).status

    assert [CANARY] == [request.headers["authorization"] for request in server.received]


def test_busy_pool(server: WireServer) -> None:
    """A request for which no connection became free was not sent."""
    server.will(Answer(length=9, stall=True))

    with (
        httpx.Client(limits=httpx.Limits(max_connections=1)) as client,
        client.stream("GET", server.url),
        pytest.raises(NotSent, match=r"became free within 0\.2 s"),
    ):
        HttpxTransport(HASTY, client=client).send(ask(server, "POST"))

    assert 1 == server.arrivals


def test_host_name_that_cannot_be_spelt() -> None:
    """A host name that httpx alone refuses to look up was not sent to either."""
    with closing(HttpxTransport()) as transport, pytest.raises(NotSent, match="not an http"):
        transport.send(HttpRequest("GET", "http://xn--/", {}))


@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "asyncio"])
def test_http2_logs_hold_no_secret(blocking: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Over HTTP/2, where the header packer logs what it packs, no logger writes the token either."""
    pytest.importorskip("h2")
    from fakes.http2 import http2_server

    logging.getLogger("hpack").setLevel(logging.DEBUG)
    caplog.set_level(logging.NOTSET)
    received: list[dict[str, str]] = []

    with http2_server(received) as url:
        if blocking:
            with httpx.Client(http1=False, http2=True) as client:
                answers = [HttpxTransport(client=client).send(ask(url, "POST")) for _ in range(2)]
        else:
            with asyncio.Runner() as runner:
                async_client = httpx.AsyncClient(http1=False, http2=True)
                transport = Blocking(HttpxAsyncTransport(client=async_client), runner.run)
                answers = [transport.send(ask(url, "POST")) for _ in range(2)]
                runner.run(async_client.aclose())

    assert [b"ok", b"ok"] == [answer.body for answer in answers]
    assert [CANARY] * 2 == [headers["authorization"] for headers in received]
    assert CANARY not in caplog.text


@pytest.mark.parametrize("transport", [HttpxTransport, HttpxAsyncTransport])
def test_http2_can_be_had(transport: type[HttpxTransport] | type[HttpxAsyncTransport], server: WireServer) -> None:
    """A transport opened for HTTP/2 speaks HTTP/1.1 to a server that offers no more."""
    pytest.importorskip("h2")

    with asyncio.Runner() as runner:
        opened = transport(http2=True)
        sending = opened if isinstance(opened, HttpxTransport) else Blocking(opened, runner.run)
        with closing(sending):
            assert 200 == sending.send(ask(server)).status
