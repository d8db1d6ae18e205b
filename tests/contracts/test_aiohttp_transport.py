"""aiohttp keeps what transports promise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from contracts.transport_suite import Opener, WireSuite
from fakes.transport import Blocking
from jainam.adapters.aiohttp_transport import AiohttpTransport


class TestAiohttpTransport(WireSuite):
    @pytest.fixture
    def opened(self) -> Iterator[Opener]:
        with asyncio.Runner() as runner, ExitStack() as stack:
            yield lambda timeout: stack.enter_context(closing(Blocking(AiohttpTransport(timeout), runner.run)))
