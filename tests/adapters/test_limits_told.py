"""A broker whose limits are not ours is told of, once for each call that it refuses (X6, NFR7)."""

from __future__ import annotations

import asyncio
import logging

import pytest

from fakes.clock import FakeAsyncClock, FakeClock
from fakes.exchange import AsyncRestTransport, RestTransport, settings_for
from jainam import AsyncDesk, Desk
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.pacing import LimitRefused, Window
from jainam.simulator import FaultRule, Modes, Rest, SimulatorSettings

POSITIONS = LimitRefused((Window("positions", 1, 1),))


@pytest.mark.parametrize("is_async", [False, True], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("times", [0, 1, 2])
def test_each_refusal_is_a_warning(times: int, is_async: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Every call that comes back as one too many leaves one warning that names the limits we kept to."""
    simulator = SimulatorSettings(modes=Modes(rate_limits=False))
    rest = Rest(simulator)
    if times:
        rest.faults.add([FaultRule(kind="rate_limit", path="/interactive/portfolio/dealerpositions", times=times)])
    heard: list[object] = []
    transport = RestTransport(rest)

    settings = settings_for(simulator)

    async def read() -> None:
        async with AsyncDesk.open(
            settings,
            transport=AsyncRestTransport(transport),
            contracts=MemoryContracts(),
            clock=FakeAsyncClock(),
            listen=heard.append,
        ) as desk:
            await desk.positions()

    with caplog.at_level(logging.WARNING, "jainam"):
        if is_async:
            asyncio.run(read())
        else:
            with Desk.open(
                settings, transport=transport, contracts=MemoryContracts(), clock=FakeClock(), listen=heard.append
            ) as desk:
                desk.positions()

    assert [event for event in heard if isinstance(event, LimitRefused)] == [POSITIONS] * times
    assert [record.getMessage() for record in caplog.records if record.name == "jainam"] == [str(POSITIONS)] * times
