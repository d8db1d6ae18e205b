"""A door in front of a server, at which everybody who comes in is counted."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from attrs import define

__all__ = ["Door", "door"]


@define
class Door:
    """Where it is, and how many connections came through it."""

    url: str
    entered: int = 0


@contextmanager
def door(url: str) -> Iterator[Door]:
    """A door to the server at *url*, open while the block runs; bytes pass as they are, so TLS is the server's."""
    there = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Door(f"{there.scheme}://127.0.0.1:{listener.getsockname()[1]}")

        def keep() -> None:
            while True:
                try:
                    guest, _ = listener.accept()
                except OSError:  # the door is closed
                    return
                made.entered += 1
                host = socket.create_connection((there.hostname or "", there.port or 0))
                for end in (guest, host):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for inwards in ((guest, host), (host, guest)):
                    threading.Thread(target=_pass_on, args=inwards, daemon=True).start()

        threading.Thread(target=keep, daemon=True).start()
        yield made


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # one of them has gone
        pass
