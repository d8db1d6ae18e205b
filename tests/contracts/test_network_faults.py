"""What the transports have in common reads errors rightly, whichever library wrapped them."""

from __future__ import annotations

import errno
import ssl

import pytest

from jainam.adapters.network_faults import address_of, reason_of, root_of


def test_first_of_several() -> None:
    """Of the errors of several addresses the first is the one to tell."""
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    every = OSError("all attempts failed")
    every.__cause__ = ExceptionGroup("several", [refused, OSError(errno.ENETUNREACH, "unreachable")])

    assert root_of(every) is refused


def test_nothing_of_the_system() -> None:
    """An error that the operating system had no part in has no root."""
    assert root_of(ValueError()) is None
    assert root_of(None) is None


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        (None, "the connection ended"),
        (OSError("something"), "the connection ended"),
        (OSError(errno.ENETUNREACH, "?"), "network is unreachable"),
        (ssl.SSLError(1, "handshake"), "no TLS with it (handshake failed)"),
    ],
)
def test_reasons(root: OSError | None, reason: str) -> None:
    """Each kind of error has words of its own."""
    assert reason == reason_of(root)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://xts.example/interactive?token=secret", "xts.example:443"),
        ("http://me:secret@[::1]:3000/x", "[::1]:3000"),
        ("ftp://xts.example", "xts.example"),
        ("/orders", "an address without a host"),
        ("http://xts.example:port", "an address that cannot be read"),
    ],
)
def test_addresses(url: str, address: str) -> None:
    """Of a URL only host and port are told."""
    assert address == address_of(url)
