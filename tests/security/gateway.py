"""A gateway in front of the exchange that repeats what it was sent wherever it can, over HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import base64
import html
import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from attrs import define, evolve, field, frozen
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from jainam.domain.errors import OutcomeUnknown
from jainam.ports.transport import HttpRequest, HttpResponse
from jainam.simulator import Dropped, Request, Response, Rest

__all__ = ["SPOILERS", "Direct", "Echo", "Gateway", "Spoiler", "serving"]


@frozen
class Echo:
    """What a request held, for an answer that repeats it."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def everything(self) -> str:
        """Headers and body as a debugging page of a gateway would show them."""
        return "\n".join([*(f"{name}: {value}" for name, value in self.headers.items()), self.body])

    @property
    def secret(self) -> str:
        """The one secret that a short answer would repeat: the secret key of a login, else the token."""
        try:
            keys = json.loads(self.body)
            return str(keys["secretKey"])
        except (ValueError, KeyError, TypeError):
            return self.headers.get("authorization", "")


Spoiler = Callable[[Echo], Response | None]
"""Makes an answer out of a request; ``None`` hangs up without one."""


@define(repr=False)
class Gateway:
    """Passes requests on to *rest* until told to *spoil* those that *concern* it.

    The exchange's tokens are replaced by *tokens* on the way out, and on the way in by the exchange's own.
    """

    rest: Rest
    tokens: Callable[[int], str]
    spoil: Spoiler | None = None
    concern: re.Pattern[str] = re.compile("")
    seen: list[Echo] = field(factory=list)
    targets: list[str] = field(factory=list)
    _given: dict[str, str] = field(factory=dict)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Response | None:
        """The answer to one request."""
        parts = urlsplit(target)
        echo = Echo(parts.path, headers, body.decode())
        self.seen.append(echo)
        self.targets.append(target)
        if self.spoil is not None and self.concern.search(f"{method} {parts.path}"):
            return self.spoil(echo)
        token = headers.get("authorization", "")
        own = next((own for own, given in self._given.items() if given == token), token)
        outcome = self.rest.handle(
            Request(
                method=method,
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers={**headers, "authorization": own} if token else headers,
                body=body,
            )
        )
        assert not isinstance(outcome, Dropped)
        return evolve(outcome, body=self._renamed(outcome.body))

    def _renamed(self, body: bytes) -> bytes:
        try:
            own = json.loads(body)["result"]["token"]
        except (ValueError, KeyError, TypeError):
            return body
        given = self._given.setdefault(own, self.tokens(len(self._given)))
        return body.replace(json.dumps(own).encode(), json.dumps(given).encode())


@define(repr=False)
class Direct:
    """A transport that asks *gateway* in place."""

    gateway: Gateway

    def send(self, request: HttpRequest) -> HttpResponse:
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = self.gateway.answer(request.method, target, dict(request.headers), request.body or b"")
        if answer is None:
            raise OutcomeUnknown("the connection closed without an answer")
        return HttpResponse(answer.status, answer.body, answer.headers.get("content-type", ""))

    def close(self) -> None:
        """Nothing to let go of."""


@contextmanager
def serving(gateway: Gateway, *, http2: bool) -> Iterator[str]:
    """The root of a server that answers as *gateway* does, over HTTP/2 in clear to whoever knows it beforehand."""
    with _http2(gateway) if http2 else _http1(gateway) as url:
        yield url


@contextmanager
def _http1(gateway: Gateway) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            with suppress(ConnectionError):
                super().handle_one_request()

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = gateway.answer(self.command, self.path, headers, self.rfile.read(length))
            self.close_connection = answer is None
            if answer is not None:
                self.send_response(answer.status)
                for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what a server writes is not what this library writes."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _http2(gateway: Gateway) -> Iterator[str]:
    threads: list[Thread] = []

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threads.append(Thread(target=_talk, args=(peer, gateway)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = Thread(target=accept, args=(listener,))
        acceptor.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()


def _talk(peer: socket.socket, gateway: Gateway) -> None:
    heads: dict[int, dict[str, str]] = {}
    bodies: dict[int, bytes] = {}
    # httpcore numbers streams before it sends them: the later of two threads may come first, and a server hangs up.
    with peer, suppress(ConnectionError, ProtocolError):
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        peer.sendall(connection.data_to_send())
        while piece := peer.recv(65536):
            for event in connection.receive_data(piece):
                stream = getattr(event, "stream_id", 0) or 0
                match event:
                    case RequestReceived():
                        heads[stream] = {str(name): str(value) for name, value in event.headers or ()}
                    case DataReceived():
                        bodies[stream] = bodies.get(stream, b"") + (event.data or b"")
                    case StreamEnded():
                        head = heads[stream]
                        method, target = head.pop(":method"), head.pop(":path")
                        answer = gateway.answer(method, target, head, bodies.get(stream, b""))
                        if answer is None:
                            return
                        connection.send_headers(stream, [(":status", str(answer.status)), *answer.headers.items()])
                        for start in range(0, len(answer.body), 16000):
                            connection.send_data(stream, answer.body[start : start + 16000])
                        connection.end_stream(stream)
            peer.sendall(connection.data_to_send())


def _json(status: int, envelope: object) -> Response:
    return Response(status=status, body=json.dumps(envelope).encode())


def _text(status: int, words: str, kind: str = "text/plain", **headers: str) -> Response:
    return Response(status=status, body=words.encode(), headers={"content-type": kind, **headers})


def _refusal(echo: Echo, status: int, code: str, words: str = "{}") -> Response:
    return _json(status, {"type": "error", "code": code, "description": words.format(echo.secret)})


def _row(echo: Echo) -> dict[str, str]:
    names = "AppOrderID OrderSide OrderType ProductType OrderQuantity ExchangeSegment ExchangeInstrumentID Quantity"
    return dict.fromkeys([*names.split(), "TradingSymbol", "HoldingQuantity", "LastTradedPrice"], echo.secret)


SPOILERS: dict[str, Spoiler] = {
    "refused with the secret in its words": lambda echo: _refusal(echo, 400, "e-orders-0007", "no: {} is wrong"),
    "refused with HTTP 200": lambda echo: _refusal(echo, 200, "e-orders-0007", "{}"),
    "refused with the secret for a code": lambda echo: _json(
        400, {"type": "error", "code": echo.secret, "description": "no"}
    ),
    "refused with a list of errors": lambda echo: _json(
        400,
        {
            "type": "error",
            "code": "e-app-001",
            "description": "Bad Request",
            "result": {"status": 400, "errors": [{"field": "secretKey", "value": echo.secret, "sent": echo.body}]},
        },
    ),
    "wrong key": lambda echo: _refusal(echo, 400, "e-user-0004", "Invalid AppKey or SecretKey {}"),
    "expired token": lambda echo: _refusal(echo, 401, "e-token-0001", "Invalid Token: {}"),
    "rate limit": lambda echo: _refusal(echo, 429, "e-apirl-0004", "too many calls with {}"),
    "broken system": lambda echo: _refusal(echo, 500, "e-server-0001", "socket hang up for {}"),
    "gateway page": lambda echo: _text(
        502, f"<html><head><title>{echo.secret}</title></head><body>{echo.everything}</body></html>", "text/html"
    ),
    "gateway page with escapes": lambda echo: _text(
        200, f"<html><title>{html.escape(echo.everything)}</title></html>", "text/html"
    ),
    "forbidden page": lambda echo: _text(403, f"<title>{echo.everything}</title>", "text/html"),
    "plain text": lambda echo: _text(400, echo.everything),
    "plain text with percent signs": lambda echo: _text(404, quote(echo.everything, safe="")),
    "plain text in base64": lambda echo: _text(503, base64.b64encode(echo.secret.encode()).decode()),
    "JSON with escapes": lambda echo: _text(
        400,
        json.dumps(echo.secret).replace("/", "\\/").replace("&", "\\u0026").replace("<", "\\u003c"),
        "application/json",
    ),
    "answer headers": lambda echo: _text(
        502, "<html></html>", "text/html", **{"x-echo": echo.secret, "set-cookie": f"session={echo.secret}; Path=/"}
    ),
    "half an answer": lambda echo: Response(status=200, body=json.dumps({"type": "success", "result": echo.body,
                                                                         "token": echo.secret}).encode()[:-2]),
    "no envelope": lambda echo: _json(200, {"authorization": echo.secret}),
    "a result nobody knows": lambda echo: _json(200, {"type": "success", "result": {"token": [echo.secret]}}),
    "a result of text": lambda echo: _json(200, {"type": "success", "result": echo.secret}),
    "rows of it": lambda echo: _json(200, {"type": "success", "result": [_row(echo), _row(echo)]}),
    "a list of it": lambda echo: _json(200, {"type": "success", "result": [echo.secret]}),
    "no answer": lambda echo: None,
}  # fmt: skip
