"""What every transport promises; each adapter's test file brings a way to open it and nothing else."""

from __future__ import annotations

import gzip
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from fakes.certificates import self_signed
from fakes.wire import Answer, Behaviour, Garbage, HangUp, Received, Refusal, Reset, Silence, WireServer
from jainam.domain.errors import JainamError, NotSent, OutcomeUnknown
from jainam.ports.transport import HttpRequest, HttpResponse, Transport

VERBS = ["GET", "POST", "PUT", "DELETE"]
STANDARD = ("asyncio.exceptions", "builtins", "socket", "ssl")
CANARY = "canary-7f3a-token"
PATIENT, HASTY = 10.0, 0.2

Opener = Callable[[float], Transport]
"""Opens a transport that waits so many seconds; whoever hands the opener out closes what it opened."""


class FarSide(Protocol):
    """Whom the requests are for."""

    @property
    def url(self) -> str: ...

    @property
    def received(self) -> list[Received]: ...

    def will(self, *behaviours: Behaviour) -> None: ...


class TransportSuite:
    """Asks for `opened` and `far`."""

    @pytest.fixture
    def opened(self) -> Opener:
        raise NotImplementedError

    @pytest.fixture
    def far(self) -> FarSide:
        raise NotImplementedError

    @pytest.fixture
    def transport(self, opened: Opener) -> Transport:
        return opened(PATIENT)

    def test_answer(self, transport: Transport, far: FarSide) -> None:
        """An answer comes back with its status, its body to the last byte, and its media type."""
        body = bytes(range(256)) * 300
        far.will(Answer(201, body, "application/octet-stream"))

        answer = transport.send(ask(far))

        assert HttpResponse(201, body, "application/octet-stream") == answer

    @pytest.mark.parametrize("status", [204, 301, 302, 307, 400, 401, 404, 429, 500, 502, 503])
    def test_any_status_is_an_answer(self, transport: Transport, far: FarSide, status: int) -> None:
        """Whatever the status, an answer is an answer: no redirect is followed and nothing is raised or retried."""
        body = b"" if status == 204 else b"<html>Bad Gateway</html>"
        far.will(Answer(status, body, "text/html", headers=(("Location", f"{far.url}/elsewhere"),)))

        answer = transport.send(ask(far, "POST"))

        assert (status, body) == (answer.status, answer.body)
        assert ["/orders?x=%2A&y=M%26M"] == [request.target for request in far.received]

    @pytest.mark.parametrize("method", VERBS)
    def test_request_arrives_as_written(self, transport: Transport, far: FarSide, method: str) -> None:
        """Method, target, headers and body arrive exactly as the codec wrote them."""
        far.will(Answer())

        transport.send(ask(far, method))

        [request] = far.received
        assert (method, "/orders?x=%2A&y=M%26M") == (request.method, request.target)
        assert CANARY == request.headers["authorization"]
        assert "application/json" == request.headers["content-type"]
        assert (b"" if method == "GET" else b'{"a":1.50}') == request.body

    def test_answers_belong_to_their_requests(self, transport: Transport, far: FarSide) -> None:
        """One request after another gets its own answer."""
        far.will(*(Answer(body=str(number).encode()) for number in range(5)))

        assert [b"0", b"1", b"2", b"3", b"4"] == [transport.send(ask(far)).body for _ in range(5)]

    def test_answer_without_media_type(self, transport: Transport, far: FarSide) -> None:
        """An answer that does not say what it is has an empty media type."""
        far.will(Answer(content_type=""))

        assert "" == transport.send(ask(far)).content_type

    @pytest.mark.parametrize("method", VERBS)
    def test_refused(self, transport: Transport, far: FarSide, method: str) -> None:
        """Where nobody listens the request was not sent."""
        far.will(Refusal())

        with pytest.raises(NotSent, match=r"no connection to 127\.0\.0\.1:\d+: refused"):
            transport.send(ask(far, method))

    @pytest.mark.parametrize("method", VERBS)
    def test_hung_up_on(self, transport: Transport, far: FarSide, method: str) -> None:
        """A request that was read and not answered has an unknown outcome and arrived once, whatever its verb."""
        far.will(HangUp(), Answer(), Answer())

        with pytest.raises(OutcomeUnknown):
            transport.send(ask(far, method))

        assert [method] == [request.method for request in far.received]

    @pytest.mark.parametrize("method", VERBS)
    def test_silence(self, opened: Opener, far: FarSide, method: str) -> None:
        """A request that nobody answers in time has an unknown outcome and arrived once."""
        far.will(Silence(), Answer(), Answer())

        with pytest.raises(OutcomeUnknown, match=r"no answer from 127\.0\.0\.1:\d+ within 0\.2 s"):
            opened(HASTY).send(ask(far, method))

        assert [method] == [request.method for request in far.received]

    def test_goes_on_after_a_failure(self, transport: Transport, far: FarSide) -> None:
        """A failure is over with the request that met it."""
        far.will(HangUp(), Answer(body=b"well"))

        with pytest.raises(OutcomeUnknown):
            transport.send(ask(far))

        assert b"well" == transport.send(ask(far)).body

    def test_closed(self, transport: Transport, far: FarSide) -> None:
        """A closed transport sends nothing and says so, however often it is closed."""
        far.will(Answer())
        transport.send(ask(far))
        transport.close()
        transport.close()

        with pytest.raises(NotSent, match="closed"):
            transport.send(ask(far))

        assert 1 == len(far.received)


class WireSuite(TransportSuite):
    """What a transport with sockets promises besides."""

    @pytest.fixture
    def far(self) -> Iterator[WireServer]:
        with WireServer() as server:
            yield server

    def test_closed_unused(self, opened: Opener, far: WireServer) -> None:
        """A transport that was closed before its first request sends nothing either."""
        transport = opened(PATIENT)
        transport.close()

        with pytest.raises(NotSent, match="closed"):
            transport.send(ask(far))

        assert 0 == far.arrivals

    @pytest.mark.parametrize("method", VERBS)
    @pytest.mark.parametrize("fault", [HangUp(), Reset(), Garbage()], ids=["hangs up", "resets", "talks nonsense"])
    def test_once_on_a_kept_connection(
        self, transport: Transport, far: WireServer, method: str, fault: Behaviour
    ) -> None:
        """A request that meets a kept-alive connection's end arrives once and is not sent anew on another."""
        far.will(Answer(), fault, Answer(), Answer())
        transport.send(ask(far))

        with pytest.raises(OutcomeUnknown):
            transport.send(ask(far, method))

        assert (2, 1) == (far.arrivals, far.connections)

    @pytest.mark.parametrize("method", VERBS)
    @pytest.mark.parametrize("fault", [HangUp(), Reset(), Garbage()], ids=["hangs up", "resets", "talks nonsense"])
    def test_once_on_a_new_connection(
        self, transport: Transport, far: WireServer, method: str, fault: Behaviour
    ) -> None:
        """A request whose new connection ends without an answer arrives once and is not sent anew on another."""
        far.will(fault, Answer(), Answer())

        with pytest.raises(OutcomeUnknown):
            transport.send(ask(far, method))

        assert (1, 1) == (far.arrivals, far.connections)

    @pytest.mark.parametrize("method", VERBS)
    def test_connection_closed_meanwhile(self, transport: Transport, far: WireServer, method: str) -> None:
        """A kept-alive connection that ended between two requests makes the second arrive once or not at all."""
        far.will(Answer(hang_up=True), Answer(body=b"second"))
        transport.send(ask(far))

        try:
            arrived = transport.send(ask(far, method)).body == b"second"
        except OutcomeUnknown:  # the end of the connection had not been noticed yet
            arrived = False

        assert 1 + arrived == far.arrivals

    @pytest.mark.parametrize("method", VERBS)
    def test_connections_are_kept(self, transport: Transport, far: WireServer, method: str) -> None:
        """Requests of every verb share one connection: the next order does not wait for a handshake."""
        for _ in range(3):
            transport.send(ask(far, method))

        assert (3, 1) == (far.arrivals, far.connections)

    @pytest.mark.parametrize("method", VERBS)
    def test_half_an_answer(self, transport: Transport, far: WireServer, method: str) -> None:
        """An answer that breaks off is none."""
        far.will(Answer(body=b'{"type":"succ', length=90), Answer())

        with pytest.raises(OutcomeUnknown, match="complete"):
            transport.send(ask(far, method))

        assert 1 == far.arrivals

    def test_answer_stops_midway(self, opened: Opener, far: WireServer) -> None:
        """An answer that comes to a halt is waited for no longer than a silent server."""
        far.will(Answer(body=b'{"type":"succ', length=90, stall=True), Answer())

        with pytest.raises(OutcomeUnknown, match="within"):
            opened(HASTY).send(ask(far, "PUT"))

        assert 1 == far.arrivals

    def test_gzip(self, transport: Transport, far: WireServer) -> None:
        """A compressed answer is unpacked."""
        far.will(Answer(body=gzip.compress(b"plain"), headers=(("Content-Encoding", "gzip"),)))

        assert b"plain" == transport.send(ask(far)).body

    @pytest.mark.parametrize("method", VERBS)
    def test_corrupt_gzip(self, transport: Transport, far: WireServer, method: str) -> None:
        """An answer that cannot be unpacked leaves the outcome unknown: the server had taken the request."""
        far.will(Answer(body=b"this is no gzip at all", headers=(("Content-Encoding", "gzip"),)), Answer())

        with pytest.raises(OutcomeUnknown, match="decompressed"):
            transport.send(ask(far, method))

        assert 1 == far.arrivals

    def test_no_cookies(self, transport: Transport, far: WireServer) -> None:
        """No cookie is kept: a session is its token."""
        far.will(Answer(headers=(("Set-Cookie", "session=abc; Path=/"),)))

        transport.send(ask(far))
        transport.send(ask(far))

        assert [False, False] == ["cookie" in request.headers for request in far.received]

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "nowhere",
            "/orders",
            "http://",
            "ftp://127.0.0.1/x",
            "http://127.0.0.1:port/",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:0/",
            "http://[::1/",
            "http://two words/",
            "http://two..dots/",
            f"http://{'a' * 70}.example/",
            "http://127.0.0.1:1/x\r\nX-Evil: 1",
            "http://127.0.0.1:1/\ud800",
        ],
    )
    def test_no_url(self, transport: Transport, url: str) -> None:
        """What is no http URL was not sent."""
        with pytest.raises(NotSent, match="not an http"):
            transport.send(HttpRequest("GET", url, {}))

    def test_unescaped_url(self, transport: Transport, far: WireServer) -> None:
        """A target that nobody escaped is escaped on its way."""
        transport.send(HttpRequest("GET", f"{far.url}/a b?q=ü", {}))

        assert "/a%20b?q=%C3%BC" == far.received[0].target.replace("+", "%20")

    def test_refused_at_every_address(self, transport: Transport, far: WireServer) -> None:
        """A name with several addresses, none of which listens, is refused like one."""
        far.will(Refusal())

        with pytest.raises(NotSent, match=r"no connection to localhost:\d+: refused"):
            transport.send(ask(far.url.replace("127.0.0.1", "localhost")))

    def test_unknown_host(self, transport: Transport) -> None:
        """Where a name leads nowhere the request was not sent."""
        with pytest.raises(NotSent, match=r"no connection to nowhere\.invalid:80: its name is not known"):
            transport.send(HttpRequest("POST", "http://nowhere.invalid/orders", {}, b"{}"))

    @pytest.mark.parametrize("value", [f"{CANARY}\n", f" {CANARY}", f"{CANARY}\r\nX-Evil: 1", f"{CANARY}\u2019", "\0"])
    def test_unfit_header(self, transport: Transport, far: WireServer, value: str) -> None:
        """A token with a line break or a typographic quote is not sent, and the message names the header alone."""
        with pytest.raises(NotSent, match="the authorization header") as caught:
            transport.send(HttpRequest("GET", far.url, {"authorization": value}))

        assert 0 == far.arrivals
        assert_harmless(caught.value)

    def test_untrusted_certificate(self, transport: Transport, tmp_path: Path) -> None:
        """A server whose certificate nobody vouches for gets no request (D7, trap 26)."""
        with WireServer(self_signed(tmp_path)) as server:
            with pytest.raises(NotSent, match="its certificate is not trusted"):
                transport.send(ask(server, "POST"))

            assert 0 == server.arrivals

    def test_slow_handshake(self, opened: Opener, far: WireServer) -> None:
        """A request whose connection was not ready in time was not sent."""
        far.will(Silence())

        with pytest.raises(NotSent, match=r"no connection to 127\.0\.0\.1:\d+ within 0\.2 s"):
            opened(HASTY).send(ask(far.url.replace("http:", "https:"), "POST"))

    @pytest.mark.parametrize(("fault", "reason"), [(Garbage(), "no TLS with it"), (Reset(), "")])
    def test_no_tls_there(self, transport: Transport, far: WireServer, fault: Behaviour, reason: str) -> None:
        """A server that does not speak TLS gets no request in clear."""
        far.will(fault)

        with pytest.raises(NotSent, match=f"no connection to .*: {reason}"):
            transport.send(ask(far.url.replace("http:", "https:"), "POST"))

        assert [] == far.received

    @pytest.mark.parametrize(
        "fault",
        [
            Refusal(),
            HangUp(),
            Reset(),
            Silence(),
            Garbage(),
            Garbage(f"HTTP/1.1 200 OK\r\nX-Echo {CANARY}\r\n\r\n".encode()),
            Answer(length=9),
            Answer(body=b"no gzip at all", headers=(("Content-Encoding", "gzip"),)),
        ],
        ids=lambda fault: type(fault).__name__,
    )
    def test_faults_hold_no_secret(self, opened: Opener, far: WireServer, fault: Behaviour) -> None:
        """No error, and none it came from, leads to a token, a body or a query."""
        far.will(fault)

        with pytest.raises(JainamError) as caught:
            opened(HASTY).send(
                HttpRequest(
                    "POST",
                    f"{far.url.replace('//', f'//me:{CANARY}@')}/login?key={CANARY}",
                    {"authorization": CANARY},
                    CANARY.encode(),
                )
            )

        assert_harmless(caught.value)

    def test_logs_hold_no_secret(self, transport: Transport, far: WireServer, caplog: pytest.LogCaptureFixture) -> None:
        """No logger at any level writes a token or a body."""
        caplog.set_level(logging.NOTSET)
        for name in ("httpx", "httpcore", "aiohttp", "asyncio"):
            caplog.set_level(1, name)
        far.will(Answer(body=CANARY.encode()), HangUp())

        transport.send(ask(far, "POST", body=CANARY.encode()))
        with pytest.raises(OutcomeUnknown):
            transport.send(ask(far, "POST", body=CANARY.encode()))

        assert CANARY not in caplog.text

    def test_loopback_needs_no_proxy(self, opened: Opener, far: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is sent to this machine does not pass through the environment's proxy."""
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        assert 200 == opened(PATIENT).send(ask(far)).status

    def test_environment_names_the_proxy(
        self, opened: Opener, far: WireServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A host elsewhere is reached through the environment's proxy."""
        monkeypatch.setenv("http_proxy", far.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        transport = opened(PATIENT)

        for _ in range(2):
            assert 200 == transport.send(HttpRequest("GET", "http://xts.invalid/orders", {})).status

        assert ["http://xts.invalid/orders"] * 2 == [request.target for request in far.received]

    def test_environment_excepts_hosts_from_the_proxy(
        self, opened: Opener, far: WireServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A host that the environment excepts is reached without the proxy."""
        monkeypatch.setenv("http_proxy", far.url)
        monkeypatch.setenv("no_proxy", "xts.invalid")
        monkeypatch.setenv("NO_PROXY", "xts.invalid")

        with pytest.raises(NotSent, match="its name is not known"):
            opened(PATIENT).send(HttpRequest("GET", "http://xts.invalid/orders", {}))

        assert 0 == far.arrivals


def ask(far: FarSide | str, method: str = "GET", body: bytes = b'{"a":1.50}') -> HttpRequest:
    """A request to *far*, or to a root URL, with a token, and a body unless it is a GET."""
    return HttpRequest(
        method,
        f"{far if isinstance(far, str) else far.url}/orders?x=%2A&y=M%26M",
        {"authorization": CANARY, "content-type": "application/json"},
        None if method == "GET" else body,
    )


def assert_harmless(error: BaseException) -> None:
    """Neither *error* nor anything in its chain holds the canary or an object of an HTTP library."""
    assert CANARY not in "".join(traceback.format_exception(error))
    chain: list[BaseException | None] = [error]
    while chain:
        link = chain.pop()
        if link is not None:
            assert isinstance(link, JainamError) or type(link).__module__ in STANDARD, link
            assert CANARY not in f"{link!r} {link} {vars(link)}"
            chain += [link.__cause__, link.__context__]
