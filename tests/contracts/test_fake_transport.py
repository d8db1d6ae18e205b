"""The fake transports keep what transports promise, so that what is tested with them holds with the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from attrs import define, field

from contracts.transport_suite import Opener, TransportSuite
from fakes.transport import AsyncFakeTransport, Blocking, FakeTransport
from fakes.wire import Answer, Behaviour, Received, Refusal, Silence
from jainam.domain.errors import NotSent, OutcomeUnknown
from jainam.ports.transport import HttpRequest, HttpResponse


@define
class ScriptedSide:
    """Puts into a fake's script what a server would have done."""

    fake: FakeTransport = field(factory=FakeTransport)
    url: str = "http://127.0.0.1:80"

    @property
    def received(self) -> list[Received]:
        """What the fake was asked."""
        return [_received(request) for request in self.fake.requests]

    def will(self, *behaviours: Behaviour) -> None:
        """Foresee the same."""
        for behaviour in behaviours:
            match behaviour:
                case Answer(status, body, content_type):
                    self.fake.will(HttpResponse(status, body, content_type))
                case Refusal():
                    self.fake.will(NotSent("no connection to 127.0.0.1:80: refused"))
                case Silence():
                    self.fake.will(OutcomeUnknown("no answer from 127.0.0.1:80 within 0.2 s"))
                case _:
                    self.fake.will(OutcomeUnknown("no answer from 127.0.0.1:80"))


def _received(request: HttpRequest) -> Received:
    parts = urlsplit(request.url)
    return Received(request.method, f"{parts.path}?{parts.query}", dict(request.headers), request.body or b"")


class TestFakeTransport(TransportSuite):
    @pytest.fixture
    def far(self) -> ScriptedSide:
        return ScriptedSide()

    @pytest.fixture
    def opened(self, far: ScriptedSide) -> Opener:
        return lambda _: far.fake

    def test_unforeseen_request(self) -> None:
        """A request that the script does not foresee fails the test."""
        with pytest.raises(AssertionError, match="nothing in the script"):
            FakeTransport().send(HttpRequest("GET", "http://127.0.0.1/", {}))

    def test_worked_out_answer(self) -> None:
        """An outcome may be worked out from the request."""
        fake = FakeTransport([lambda request: HttpResponse(200, request.body or b"nothing")])

        assert b"nothing" == fake.send(HttpRequest("GET", "http://127.0.0.1/", {})).body


class TestAsyncFakeTransport(TransportSuite):
    @pytest.fixture
    def far(self) -> ScriptedSide:
        return ScriptedSide(AsyncFakeTransport())

    @pytest.fixture
    def opened(self, far: ScriptedSide) -> Iterator[Opener]:
        with asyncio.Runner() as runner:
            yield lambda _: Blocking(far.fake, runner.run)  # type: ignore[arg-type]
