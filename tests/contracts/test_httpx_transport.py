"""httpx, blocking, keeps what transports promise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from contracts.transport_suite import Opener, WireSuite
from jainam.adapters.httpx_transport import HttpxTransport


class TestHttpxTransport(WireSuite):
    @pytest.fixture
    def opened(self) -> Iterator[Opener]:
        with ExitStack() as stack:
            yield lambda timeout: stack.enter_context(closing(HttpxTransport(timeout)))
