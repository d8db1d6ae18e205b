"""The asyncio runner keeps what runners promise, and looks after orders whose task is cancelled."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from attrs import define

from contracts.runner_harness import SHARES, buy
from contracts.runner_journal_suite import RunnerJournalSuite
from contracts.runner_suite import RunnerSuite
from contracts.runner_turns_suite import RunnerTurnsSuite
from fakes.clock import FakeAsyncClock, FakeClock
from fakes.exchange import AsyncRestTransport, RestTransport, counted_tags, settings_for
from jainam.adapters.asyncio_desk import AsyncDesk
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.books import positions
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import JainamError, OutcomeUnknown
from jainam.domain.flows import place_order
from jainam.domain.listings import Row, row_of
from jainam.domain.loads import Load
from jainam.domain.steps import Flow, Pause, ReplaceContracts, Together, Waits
from jainam.ports.contracts import Approve
from jainam.simulator import Rest, SimulatorSettings


@define(eq=False)
class AsyncioHarness:
    desk: AsyncDesk
    rest: Rest
    clock: FakeClock
    transport: RestTransport
    contracts: MemoryContracts
    loop: asyncio.Runner

    def run(self, flow: Flow[Any]) -> Any:
        return self.loop.run(self.desk.runner.run(flow))

    def race(self, flows: Sequence[Flow[Any]]) -> list[Any]:
        async def attempt(flow: Flow[Any]) -> Any:
            try:
                return await self.desk.runner.run(flow)
            except JainamError as error:
                return error

        async def all_of_them() -> list[Any]:
            return await asyncio.gather(*(attempt(flow) for flow in flows))

        return self.loop.run(all_of_them())

    def rehearse(self) -> None:
        self.desk.runner.calls.rehearse = True


@pytest.fixture
def desk() -> Iterator[AsyncioHarness]:
    clock = FakeClock()
    simulator = SimulatorSettings(trading_date=clock.now().date())
    rest = Rest(simulator, clock)
    transport = RestTransport(rest)
    contracts = MemoryContracts(SHARES)
    opened = AsyncDesk.open(
        settings_for(simulator),
        transport=AsyncRestTransport(transport),
        contracts=contracts,
        clock=FakeAsyncClock(clock),
        tags=counted_tags(),
    )
    with asyncio.Runner() as loop:
        yield AsyncioHarness(opened, rest, clock, transport, contracts, loop)
        loop.run(opened.close())


async def cancelled_in_flight(desk: AsyncioHarness, flow: Flow[Any], orders: int = 1) -> asyncio.CancelledError:
    """Run *flow*, cancel it while the answer to its order number *orders* is awaited; return what it ended with."""
    sending = asyncio.Event()
    inner = desk.desk.runner.transport
    seen = 0

    class Held:
        async def send(self, request: Any) -> Any:
            nonlocal seen
            try:
                return await inner.send(request)
            finally:
                if request.method == "POST" and request.url.endswith("/orders"):
                    seen += 1
                    if seen == orders:
                        sending.set()
                        await asyncio.Event().wait()

        async def close(self) -> None:
            await inner.close()

    desk.desk.runner.transport = Held()
    task = asyncio.ensure_future(desk.desk.runner.run(flow))
    await sending.wait()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError as stop:
        return stop
    finally:
        desk.desk.runner.transport = inner
    raise AssertionError("the cancellation was swallowed")


class Hanging:
    """A transport on which no answer ever comes."""

    async def send(self, request: Any) -> Any:
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing is open."""


class TestAsyncioRunner(RunnerSuite, RunnerJournalSuite, RunnerTurnsSuite):
    def test_a_cancelled_task_learns_what_became_of_its_order(
        self, desk: AsyncioHarness, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A task cancelled while its order is in flight ends as cancelled, and names the order and its fate."""
        desk.run(positions())
        caplog.set_level(logging.WARNING)

        stop = desk.loop.run(cancelled_in_flight(desk, place_order(buy())))

        assert "PlaceOrder T0001 was in flight" in stop.__notes__[0]
        assert "found=True" in stop.__notes__[1]
        assert "T0001" in caplog.text
        assert self.at_exchange(desk) == ["T0001"]

    def test_a_cancelled_task_looks_a_lost_answer_up(self, desk: AsyncioHarness) -> None:
        """When the answer is lost as well, the book is asked before the cancellation goes on."""
        desk.run(positions())
        self.place(desk, "lose_answer")

        stop = desk.loop.run(cancelled_in_flight(desk, place_order(buy())))

        assert "found=True" in stop.__notes__[1]
        assert self.sent(desk) == 1

    def test_a_time_limit_around_an_order_does_not_lose_it(self, desk: AsyncioHarness) -> None:
        """`wait_for` around a sent order waits for the order's fate before it reports its own time-out."""
        desk.run(positions())
        inner = desk.desk.runner.transport

        class Slow:
            async def send(self, request: Any) -> Any:
                answer = await inner.send(request)
                await asyncio.sleep(0.05)
                return answer

            async def close(self) -> None:
                await inner.close()

        desk.desk.runner.transport = Slow()

        async def hurried() -> None:
            await asyncio.wait_for(desk.desk.runner.run(place_order(buy())), 0.01)

        with pytest.raises(TimeoutError) as caught:
            desk.loop.run(hurried())
        desk.desk.runner.transport = inner

        assert "T0001" in "".join(getattr(caught.value.__cause__, "__notes__", []))
        assert self.at_exchange(desk) == ["T0001"]

    def test_a_cancelled_close_all_sends_nothing_more(self, desk: AsyncioHarness) -> None:
        """What had not left when the task was cancelled never leaves; what had is settled."""
        desk.run(place_order(buy(3)))
        desk.run(place_order(buy(4, SHARES[1].key)))
        desk.desk.runner.workers = 1

        desk.loop.run(cancelled_in_flight(desk, close_all_positions()))

        assert {"RELIANCE": 0, "INFY": 4} == {row.broker_symbol: row.quantity for row in desk.run(positions())}

    def test_a_task_cancelled_before_its_order_leaves_sends_nothing(self, desk: AsyncioHarness) -> None:
        """Cancelled while it waits for its turn, a task ends at once, sends nothing and leaves the queue."""
        for _ in range(10):
            desk.run(place_order(buy(1)))

        class Standing(FakeAsyncClock):
            async def sleep(self, seconds: float) -> None:
                await asyncio.Event().wait()

        async def early() -> None:
            task = asyncio.ensure_future(desk.desk.runner.run(place_order(buy())))
            for _ in range(5):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        patient = desk.desk.runner.clock
        desk.desk.runner.clock = Standing(desk.clock)
        desk.loop.run(early())
        desk.desk.runner.clock = patient
        before = desk.clock.elapsed

        assert self.sent(desk) == 10
        desk.run(place_order(buy(1)))
        assert desk.clock.elapsed - before < 1.5

    def test_a_second_cancellation_does_not_wait(self, desk: AsyncioHarness) -> None:
        """Whoever cancels twice gets away at once, and is told which order is in doubt."""
        desk.run(positions())
        inner = desk.desk.runner.transport

        async def twice() -> asyncio.CancelledError:
            task = asyncio.ensure_future(desk.desk.runner.run(place_order(buy())))
            for _ in range(2):
                for _ in range(5):
                    await asyncio.sleep(0)
                task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            return caught.value

        desk.desk.runner.transport = Hanging()
        stop = desk.loop.run(twice())
        desk.desk.runner.transport = inner

        assert "PlaceOrder T0001 was in flight" in stop.__notes__[0]

    def test_a_flow_that_fails_while_cancelled_is_named(self, desk: AsyncioHarness) -> None:
        """What the look-up could not settle is part of what is told."""
        desk.run(positions())
        self.place(desk, "lose_request")

        stop = desk.loop.run(cancelled_in_flight(desk, place_order(buy())))

        assert "in neither the order book nor the trade book yet" in stop.__notes__[1]

    def test_a_cancellation_that_meets_the_answer_keeps_it(self, desk: AsyncioHarness) -> None:
        """A task cancelled in the very turn in which its order was answered still says what became of the order."""
        desk.run(positions())
        inner = desk.desk.runner.transport
        tasks: list[asyncio.Task[Any]] = []

        class Answering:
            async def send(self, request: Any) -> Any:
                answer = await inner.send(request)
                if request.method == "POST":
                    asyncio.get_running_loop().call_soon(tasks[0].cancel)
                return answer

            async def close(self) -> None:
                await inner.close()

        async def meet() -> Any:
            tasks.append(asyncio.ensure_future(desk.desk.runner.run(place_order(buy()))))
            try:
                return await tasks[0]
            except asyncio.CancelledError as stop:
                return stop

        desk.desk.runner.transport = Answering()
        ended = desk.loop.run(meet())
        desk.desk.runner.transport = inner

        assert "T0001" in str(ended) + "".join(getattr(ended, "__notes__", []))
        assert self.sent(desk) == 1

    def test_a_cancellation_while_looks_fail_still_looks(self, desk: AsyncioHarness) -> None:
        """An order stays in doubt when a look at the book gets no answer either, so it is looked up to the end."""
        desk.run(positions())
        inner = desk.desk.runner.transport
        looked = asyncio.Event()
        self.place(desk, "lose_answer")

        class Losing:
            async def send(self, request: Any) -> Any:
                if request.method == "GET" and not looked.is_set():
                    looked.set()
                    raise OutcomeUnknown("no answer")
                return await inner.send(request)

            async def close(self) -> None:
                await inner.close()

        async def cancelled() -> asyncio.CancelledError:
            task = asyncio.ensure_future(desk.desk.runner.run(place_order(buy())))
            await looked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            return caught.value

        desk.desk.runner.transport = Losing()
        stop = desk.loop.run(cancelled())
        desk.desk.runner.transport = inner

        assert "found=True" in "".join(stop.__notes__)

    @pytest.mark.parametrize("cut_off", ["placing", "looking"])
    def test_a_loop_that_is_given_up_names_its_orders(
        self, desk: AsyncioHarness, caplog: pytest.LogCaptureFixture, cut_off: str
    ) -> None:
        """When nothing will ever run again, as after a crash of the loop, the order in doubt is named in the log."""
        desk.run(positions())

        class Stuck(Hanging):
            async def send(self, request: Any) -> Any:
                if request.method == "POST" and cut_off == "looking":
                    raise OutcomeUnknown("no answer")
                return await super().send(request)

        inner = desk.desk.runner.transport
        desk.desk.runner.transport = Stuck()

        async def given_up() -> None:
            going = desk.desk.runner.run(place_order(buy()))
            going.send(None)
            going.close()

        with caplog.at_level(logging.WARNING):
            desk.loop.run(given_up())
        desk.desk.runner.transport = inner

        assert "T0001 was in flight" in caplog.text

    def test_a_bug_in_one_leg_lets_the_others_end_first(self, desk: AsyncioHarness) -> None:
        """A foreign error is raised when every flow of a `Together` has ended, so none goes on without its lock."""
        ended: list[str] = []

        def bad() -> Flow[None]:
            yield from Waits()
            raise ZeroDivisionError

        def slow() -> Flow[None]:
            yield from Pause(1)
            yield from Pause(1)
            ended.append("slow")

        def both() -> Flow[Any]:
            return (yield from Together((bad(), slow())))

        with pytest.raises(ZeroDivisionError):
            desk.run(both())

        assert ended == ["slow"]


class SlowContracts(MemoryContracts):
    """A store whose load goes on until it is let go."""

    def __init__(self) -> None:
        super().__init__(SHARES)
        self.begun, self.may_end = threading.Event(), threading.Event()

    def replace_rows(self, rows: Iterable[Row], approve: Approve | None = None) -> Load:
        self.begun.set()
        assert self.may_end.wait(10)
        return super().replace_rows(rows, approve)


def storing() -> Flow[Load]:
    return (yield from ReplaceContracts([row_of(SHARES[0])], lambda counts: None))


async def begun(desk: AsyncioHarness) -> tuple[SlowContracts, asyncio.Task[Load]]:
    """A load that is under way, as it could not be if it kept the loop busy."""
    contracts = desk.desk.runner.local.contracts = SlowContracts()
    load = asyncio.ensure_future(desk.desk.runner.run(storing()))
    assert await asyncio.to_thread(contracts.begun.wait, 10)
    return contracts, load


def test_the_loop_goes_on_while_contracts_are_stored(desk: AsyncioHarness) -> None:
    """Storing a whole exchange takes a second; nothing else waits for it."""

    async def watch() -> int:
        contracts, load = await begun(desk)
        contracts.may_end.set()
        return (await load).rows

    assert desk.loop.run(watch()) == 1


def test_a_cancelled_load_has_ended(desk: AsyncioHarness) -> None:
    """A task that is cancelled while contracts are stored ends after that has, so nothing goes on behind its back."""

    async def cancel() -> int:
        contracts, load = await begun(desk)
        load.cancel()
        await asyncio.sleep(0.01)
        assert not load.done()
        contracts.may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await load
        kept = contracts.last_load()
        assert kept is not None
        return kept.rows

    assert desk.loop.run(cancel()) == 1
