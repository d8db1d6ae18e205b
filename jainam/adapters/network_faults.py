"""What the transports have in common: how a request is judged before it leaves, and how a network error reads.

The words are ours throughout. The libraries' own messages quote header values and whole URLs, and their exceptions
hold the request itself, so nothing of them is passed on but the operating system's error underneath.
"""

from __future__ import annotations

import os
import socket
import ssl
from functools import lru_cache
from urllib.parse import urlsplit

from jainam.domain.errors import NotSent
from jainam.ports.transport import HttpRequest

__all__ = ["address_of", "check_request", "no_url", "reason_of", "root_of"]

_STANDARD = ("builtins", "socket", "ssl")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def address_of(url: str) -> str:
    """The host and port of *url* and nothing else of it.

    >>> address_of("https://user:secret@xts.example/interactive?token=secret")
    'xts.example:443'
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return "an address that cannot be read"
    if not host:
        return "an address without a host"
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host


def check_request(request: HttpRequest) -> None:
    """Raise `NotSent` for what cannot be sent at all: no http URL, or a header with the line break of a pasted key."""
    if _is_sendable(request.url, *request.headers.values()):
        return
    for name, value in request.headers.items():
        if not _is_fit(value):
            raise NotSent(f"the {name} header holds a blank at its end, a line break or a letter HTTP cannot carry")
    raise no_url(request.url)


@lru_cache(maxsize=64)
def _is_sendable(url: str, *values: str) -> bool:
    """Whether HTTP can carry a request for *url* with those header *values*; remembered, since most are sent again."""
    path = url.find("/", len("https://"))
    return url.isprintable() and _is_origin(url if path < 0 else url[:path]) and all(map(_is_fit, values))


def no_url(url: str) -> NotSent:
    """The error for a *url* that leads nowhere."""
    return NotSent(f"no connection to {address_of(url)}: not an http:// or https:// URL")


def _is_fit(value: str) -> bool:
    """Whether HTTP can carry *value* in a header."""
    return value.isascii() and value.isprintable() and value == value.strip()


@lru_cache(maxsize=64)
def _is_origin(origin: str) -> bool:
    """Whether *origin* has a scheme, a host and a port; each library would complain of it in its own way."""
    try:
        parts = urlsplit(origin)
        host = (parts.hostname or "").encode("idna")
        return parts.scheme in _DEFAULT_PORTS and bool(host) and b" " not in host and parts.port != 0
    except ValueError:  # a UnicodeError is one
        return False


def root_of(error: BaseException | None) -> OSError | None:
    """The operating system's own error deepest under *error*; the libraries derive theirs from the same class."""
    found = None
    while error is not None:
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, OSError) and type(error).__module__ in _STANDARD:
            found = error
        error = error.__cause__ or error.__context__
    return found


def reason_of(root: OSError | None) -> str:
    """What to tell a person about *root*."""
    match root:
        case None:
            return "the connection ended"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({root.verify_message})"
        case ssl.SSLError():
            return f"no TLS with it ({getattr(root, 'reason', None) or 'handshake failed'})"
        case socket.gaierror():
            return "its name is not known"
        case ConnectionRefusedError():
            return "refused"
        case _:
            return os.strerror(root.errno).lower() if root.errno else "the connection ended"
