"""The blocking runner keeps what runners promise."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from attrs import define

from contracts.runner_harness import SHARES, buy, collect
from contracts.runner_journal_suite import RunnerJournalSuite
from contracts.runner_suite import RunnerSuite
from contracts.runner_turns_suite import RunnerTurnsSuite
from fakes.clock import FakeClock
from fakes.exchange import RestTransport, counted_tags, settings_for
from jainam.adapters.desk import Desk
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.adapters.memory_journal import MemoryJournal
from jainam.domain.books import order_book, positions
from jainam.domain.flows import place_order
from jainam.domain.journal import Ending
from jainam.domain.steps import Flow
from jainam.ports.transport import HttpRequest
from jainam.simulator import Modes, Rest, SimulatorSettings


@define(eq=False)
class BlockingHarness:
    desk: Desk
    rest: Rest
    clock: FakeClock
    transport: RestTransport
    contracts: MemoryContracts

    def run(self, flow: Flow[Any]) -> Any:
        return self.desk.runner.run(flow)

    def race(self, flows: Sequence[Flow[Any]]) -> list[Any]:
        with ThreadPoolExecutor(len(flows)) as pool:
            futures = [pool.submit(self.run, flow) for flow in flows]
        return collect([future.result for future in futures])

    def rehearse(self) -> None:
        self.desk.runner.calls.rehearse = True


@pytest.fixture
def desk() -> Iterator[BlockingHarness]:
    clock = FakeClock()
    simulator = SimulatorSettings(trading_date=clock.now().date(), modes=Modes())
    rest = Rest(simulator, clock)
    transport = RestTransport(rest)
    contracts = MemoryContracts(SHARES)
    with Desk.open(
        settings_for(simulator), transport=transport, contracts=contracts, clock=clock, tags=counted_tags()
    ) as opened:
        yield BlockingHarness(opened, rest, clock, transport, contracts)


class TestRunner(RunnerSuite, RunnerJournalSuite, RunnerTurnsSuite):
    def test_one_at_a_time_holds_while_the_broker_is_slow(self, desk: BlockingHarness) -> None:
        """Threads that meet one dead session while calls take their time make one login: the lock is held (D13)."""
        desk.run(positions())
        desk.rest.world.sessions.expire()
        desk.transport.before = lambda _: time.sleep(0.02)

        desk.race([order_book() for _ in range(6)])

        assert desk.rest.count("POST", "/interactive/user/session") == 2

    def test_ctrl_c_names_the_order_in_flight(self, desk: BlockingHarness, caplog: pytest.LogCaptureFixture) -> None:
        """When Ctrl-C arrives while an order is in flight, the error and the log name its tag."""

        def interrupt(request: HttpRequest) -> None:
            if request.method == "POST" and request.url.endswith("/orders"):
                raise KeyboardInterrupt

        desk.transport.before = interrupt

        with caplog.at_level(logging.WARNING), pytest.raises(KeyboardInterrupt) as caught:
            desk.run(place_order(buy()))

        assert ["PlaceOrder T0001 was in flight; look it up before sending anything again"] == caught.value.__notes__
        assert "T0001 was in flight" in caplog.text

    def test_ctrl_c_while_an_order_is_looked_up_names_it(
        self, desk: BlockingHarness, caplog: pytest.LogCaptureFixture
    ) -> None:
        """When Ctrl-C arrives between two looks at the book, the order in doubt is named as well."""

        class Interrupted(FakeClock):
            def sleep(self, seconds: float) -> None:
                raise KeyboardInterrupt

        desk.run(positions())
        self.place(desk, "lose_request")
        desk.desk.runner.clock = Interrupted(elapsed=desk.clock.elapsed)

        with caplog.at_level(logging.WARNING), pytest.raises(KeyboardInterrupt) as caught:
            desk.run(place_order(buy()))

        assert "T0001" in "".join(caught.value.__notes__)
        assert "T0001 was in flight" in caplog.text

    def test_ctrl_c_while_an_order_refused_for_its_rate_is_looked_up_names_it(self, desk: BlockingHarness) -> None:
        """What was refused for its rate is in doubt until the books are read, and Ctrl-C names it until then (D16)."""

        class Interrupted(FakeClock):
            def sleep(self, seconds: float) -> None:
                raise KeyboardInterrupt

        desk.run(positions())
        self.place(desk, "rate_limit")
        desk.desk.runner.clock = Interrupted(elapsed=desk.clock.elapsed)

        with pytest.raises(KeyboardInterrupt) as caught:
            desk.run(place_order(buy()))

        assert "T0001" in "".join(caught.value.__notes__)

    def test_ctrl_c_while_the_ending_is_written_names_the_order(self, desk: BlockingHarness) -> None:
        """An order that was taken, and whose caller is not told so, is named (X1)."""

        class Interrupted(MemoryJournal):
            def ended(self, ending: Ending) -> int:
                raise KeyboardInterrupt

        desk.desk.runner.calls.record.journal = Interrupted()
        with pytest.raises(KeyboardInterrupt) as caught:
            desk.run(place_order(buy()))

        assert ["PlaceOrder T0001 was in flight; look it up before sending anything again"] == caught.value.__notes__

    def test_ctrl_c_while_waiting_gives_up_the_place(self, desk: BlockingHarness) -> None:
        """A call that is interrupted while it waits for its turn leaves the queue, so nobody waits behind it."""
        desk.run(positions())

        class Interrupted(FakeClock):
            def sleep(self, seconds: float) -> None:
                raise KeyboardInterrupt

        runner, patient = desk.desk.runner, desk.desk.runner.clock
        runner.clock = Interrupted(elapsed=desk.clock.elapsed)
        with pytest.raises(KeyboardInterrupt):
            desk.run(positions())
        runner.clock = patient
        before = desk.clock.elapsed

        desk.run(positions())

        assert desk.clock.elapsed - before < 1.5
