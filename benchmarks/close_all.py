"""How long a close-all takes, beside what the broker's limits leave possible.

Run it with `make bench`, or by hand as `python benchmarks/close_all.py`; it takes three minutes, most of them
waiting for 10 orders a second. Every answer of the exchange takes 50 ms. The ideal is one read of the positions and one
order call, and between them nothing but the pace that was asked for.

A call takes what a bare httpx client needs for it, measured in the same run: 50 ms, and some for HTTP and for the
exchange, which share the processors of one machine with us. With `--nominal` it takes 50 ms and nothing else.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from attrs import evolve, frozen
from support.exchange import CALL, RATE, Day, RemoteExchange, exchange_process
from support.figures import Figure, report

from jainam import AsyncDesk, Desk, Settings
from jainam.adapters.tags import new_tag
from jainam.adapters.xts.credentials import Credentials
from jainam.adapters.xts.profiles import JAINAM_PROP
from jainam.domain.planning import Working, closing_order
from jainam.domain.reports import CloseReport
from jainam.domain.steps import BrokerStep, ListPositions, PlaceExit
from jainam.simulator import SimulatorSettings

SIZES = {5: 15, 50: 1, 200: 1}
"""Open positions, and how often a close-all of so many is measured.

The fastest counts, since a machine that does something else meanwhile only ever adds to it.
"""

GAPS = (0.0, 0.1)
"""Seconds between two order calls: none, and the default (NFR7)."""

LIMIT = 1.1


@frozen
class Closed:
    """One close-all: seconds from the call to the last order taken, and from there to the answer."""

    taking: float
    verifying: float
    day: Day
    report: CloseReport


def ideal(count: int, gap: float, calls: float) -> float:
    """Seconds that nobody can do without: those of one read and one order call, and the pace."""
    return calls + ((count - 1) * gap if gap else math.ceil(count / RATE) - 1)


def bare_calls(exchange: RemoteExchange, contracts: Path) -> float:
    """Seconds that one read of the positions and one order call take with httpx alone, the fastest of a few."""
    taken = []
    with TemporaryDirectory() as name, httpx.Client(timeout=10) as client:
        shutil.copy(contracts, Path(name) / "jainam.sqlite")
        exchange.open_positions(1)
        with Desk.open(settings(exchange.url, Path(name), 0)) as desk:
            desk.login()
            (position,) = desk.positions()
            contract = desk.contracts.named((position.instrument,))[position.instrument]
            order = closing_order(position, contract, Working())
            assert order is not None
            steps: tuple[BrokerStep[Any], ...] = (ListPositions(None), PlaceExit(order, contract, new_tag()))
            requests = [desk.runner.calls.prepare(step)[0] for step in steps]
        for _ in range(9):
            exchange.open_positions(1)
            began = time.monotonic()
            for each in requests:
                client.request(each.method, each.url, content=each.body, headers=each.headers).raise_for_status()
            taken.append(time.monotonic() - began)
    return min(taken)


def settings(url: str, folder: Path, gap: float) -> Settings:
    """A desk as it is in earnest: a journal on the disk, and turns and limits shared with other processes."""
    keys = SimulatorSettings()
    return Settings(
        profile=JAINAM_PROP,
        base_url=url,
        credentials=Credentials(
            interactive_key=keys.interactive_key,
            interactive_secret=keys.interactive_secret,
            market_key=keys.market_key,
            market_secret=keys.market_secret,
        ),
        database=str(folder / "jainam.sqlite"),
        client_id="*****",
        call_gap=gap,
        state_folder=folder / "state",
        halt_file=folder / "halt",
    )


def blocking(chosen: Settings) -> tuple[float, float, CloseReport]:
    """When a close-all with the blocking desk began and ended, and what it reported."""
    with Desk.open(chosen) as desk:
        desk.login()
        began = time.monotonic()
        closed = desk.close_all_positions()
        return began, time.monotonic(), closed


def in_one_loop(chosen: Settings) -> tuple[float, float, CloseReport]:
    """The same with the asyncio desk."""

    async def close() -> tuple[float, float, CloseReport]:
        async with AsyncDesk.open(chosen) as desk:
            await desk.login()
            began = time.monotonic()
            closed = await desk.close_all_positions()
            return began, time.monotonic(), closed

    return asyncio.run(close())


DESKS: dict[str, Callable[[Settings], tuple[float, float, CloseReport]]] = {
    "blocking": blocking,
    "asyncio": in_one_loop,
}


def measured(exchange: RemoteExchange, contracts: Path, desk: str, count: int, gap: float) -> Closed:
    """One close-all of *count* positions, with a journal that knows of no order."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(contracts, folder / "jainam.sqlite")
        exchange.open_positions(count)
        began, ended, closed = DESKS[desk](settings(exchange.url, folder, gap))
        day = exchange.day()
    return Closed(day.last - began, ended - day.last, day, closed)


def figures_of(name: str, rounds: list[Closed], count: int, least: float) -> list[Figure]:
    """What the *rounds* of one kind show; anything left open or refused misses a limit of zero."""
    assert all(len(each.report.legs) == count == each.day.taken for each in rounds), "not every position had its order"
    taking = min(each.taking for each in rounds)
    verifying = min(each.verifying for each in rounds)
    left = sum(each.day.still_open + len(each.report.failed) for each in rounds)
    refused = sum(each.day.arrived - each.day.taken for each in rounds)
    every = ", ".join(f"{each.taking:.3f}" for each in rounds)
    print(f"{name}: last order taken after {every} s, ideally {least:.3f} s; seen closed {verifying:.3f} s later")
    return [
        Figure(f"{name}: last order taken / ideal", taking / least, LIMIT),
        Figure(f"{name}: left open, or refused for the rate", left + refused, 0, unit=""),
        Figure(f"{name}: reading the book again, apart from it", verifying, unit="s"),
    ]


def main(sizes: dict[int, int], *, nominal: bool) -> int:
    """Measure everything and print it."""
    figures = []
    with exchange_process() as exchange, TemporaryDirectory() as name:
        contracts = Path(name) / "jainam.sqlite"
        with Desk.open(evolve(settings(exchange.url, Path(name), 0), state_folder=None)) as desk:
            desk.load_contracts()
        calls = 2 * CALL if nominal else bare_calls(exchange, contracts)
        print(f"one read and one order call: {calls * 1000:.1f} ms")
        for desk_name in DESKS:
            for gap in GAPS:
                for count, times in sizes.items():
                    rounds = [measured(exchange, contracts, desk_name, count, gap) for _ in range(times)]
                    title = f"close {count}, gap {gap * 1000:.0f} ms, {desk_name}"
                    figures += figures_of(title, rounds, count, ideal(count, gap, calls))
    return report(figures)


if __name__ == "__main__":
    chosen = {count: SIZES[count] for count in map(int, filter(str.isdecimal, sys.argv[1:]))}
    sys.exit(main(chosen or SIZES, nominal="--nominal" in sys.argv))
