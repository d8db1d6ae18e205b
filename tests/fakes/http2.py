"""A server of a dozen lines that speaks HTTP/2 in clear to whoever knows it beforehand."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded

__all__ = ["http2_server"]


@contextmanager
def http2_server(received: list[dict[str, str]]) -> Iterator[str]:
    """The root of a server that notes the headers of each request in *received* and answers ``ok``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_serve, args=(listener, received))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def _serve(listener: socket.socket, received: list[dict[str, str]]) -> None:
    peer, _ = listener.accept()
    with peer:
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        peer.sendall(connection.data_to_send())
        while piece := peer.recv(65536):
            for event in connection.receive_data(piece):
                if isinstance(event, RequestReceived):
                    received.append({str(name): str(value) for name, value in event.headers or ()})
                elif isinstance(event, StreamEnded):
                    connection.send_headers(event.stream_id or 0, [(":status", "200"), ("content-type", "text/plain")])
                    connection.send_data(event.stream_id or 0, b"ok", end_stream=True)
            peer.sendall(connection.data_to_send())
