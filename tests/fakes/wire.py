"""A bare HTTP server on loopback that does to each request what a script says, and counts what reaches it."""

from __future__ import annotations

import socket
import ssl
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType

from attrs import field, frozen

__all__ = ["Answer", "Behaviour", "Garbage", "HangUp", "Received", "Refusal", "Reset", "Silence", "WireServer"]


@frozen
class Received:
    """A request as it came over the wire; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@frozen
class Answer:
    """An answer; *length* lies about the body's size, after which *hang_up* ends the connection and *stall* waits."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    hang_up: bool = False
    stall: bool = False

    def encoded(self) -> bytes:
        """The bytes that go over the wire."""
        length = len(self.body) if self.length is None else self.length
        lines = [f"HTTP/1.1 {self.status} Some Reason", f"Content-Length: {length}"]
        lines += [f"Content-Type: {self.content_type}"] if self.content_type else []
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@frozen
class Garbage:
    """Bytes that are no HTTP, and the end of the connection."""

    text: bytes = b"\x00\x01 this is no HTTP\r\n\r\n"


@frozen
class HangUp:
    """The request is read and the connection closed without an answer."""


@frozen
class Reset:
    """The connection is cut as soon as the request's first byte is there."""


@frozen
class Silence:
    """The request is read and never answered."""


@frozen
class Refusal:
    """From now on nobody listens."""


Behaviour = Answer | Garbage | HangUp | Reset | Silence | Refusal


class WireServer:
    """Does to one request after another what `will` said, and answers 200 when nothing was said."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.arrivals = 0
        self.received: list[Received] = []
        self.connections = 0
        self._script: deque[Behaviour] = deque()
        self._tls = tls
        self._over = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._listener.getsockname()[1]
        self._listening = True
        self._open: list[socket.socket] = []
        self._threads = [Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """The root; paths are appended to it."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def will(self, *behaviours: Behaviour) -> None:
        """Do so with the next requests, one each."""
        for behaviour in behaviours:
            if isinstance(behaviour, Refusal):
                self._stop_listening()
            else:
                self._script.append(behaviour)

    def close(self) -> None:
        """End every connection and thread."""
        self._over.set()
        self._stop_listening()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> WireServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _stop_listening(self) -> None:
        if self._listening:
            self._listening = False
            # A last visitor wakes the thread that waits for one.
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                pass
            self._threads[0].join()

    def _accept(self) -> None:
        with self._listener:
            while True:
                connection, _ = self._listener.accept()
                if not self._listening:
                    connection.close()
                    return
                self.connections += 1
                self._open.append(connection)
                thread = Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError), plain:  # the other side may be gone at any moment
            connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            with connection:
                while connection.recv(1, socket.MSG_PEEK) if connection is plain else True:
                    if not self._serve_one(connection):
                        return

    def _serve_one(self, connection: socket.socket) -> bool:
        """Serve one request; true when the connection goes on."""
        self.arrivals += 1
        behaviour = self._script.popleft() if self._script else Answer()
        if isinstance(behaviour, Reset):
            return False  # closing with unread bytes in the queue makes the kernel send a reset
        if isinstance(behaviour, Garbage):
            connection.recv(65536)  # it need not be HTTP either
            connection.sendall(behaviour.text)
            return False
        self.received.append(_read(connection))
        match behaviour:
            case Silence():
                self._over.wait()
            case Answer(hang_up=hang_up, length=length, body=body, stall=stall):
                connection.sendall(behaviour.encoded())
                if stall:
                    self._over.wait()
                return not hang_up and length in (None, len(body))
        return False


def _read(connection: socket.socket) -> Received:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("half a request")
        head += piece
    head, _, body = head.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = _headers(lines)
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, target, _ = first.split(" ")
    return Received(method, target, headers, body)


def _headers(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in lines)
    return {name.lower(): value.strip() for name, value in pairs}
