"""The embedded exchange in a process of its own, which notes when it takes each order.

Every answer takes `CALL` seconds, and more than `RATE` orders in a rolling second are refused, as on a real desk.
Commands come one a line on stdin, each answered by one line of JSON on stdout.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define, frozen

from jainam.simulator import ExchangeServer, FaultRule, Modes, SimulatorSettings, running
from jainam.simulator.exchange import Event
from jainam.simulator.instruments import FUTURE, OPTION

CALL = 0.05
RATE = 10
SEGMENT = "NSEFO"
SETTINGS = SimulatorSettings(modes=Modes(orders_per_segment=RATE))
ORDERS = "/interactive/orders"


@frozen
class Day:
    """What the exchange saw of one close-all; *last* is when the answer to the last order left it, by the clock that
    all processes of a machine share."""

    last: float
    taken: int
    arrived: int
    still_open: int


@define
class RemoteExchange:
    """The exchange as the measuring process sees it."""

    url: str
    process: subprocess.Popen[str]

    def open_positions(self, count: int) -> None:
        """Nothing has happened but that *count* positions were carried in from an earlier day."""
        self._ask("open", count)

    def day(self) -> Day:
        """What has happened since then."""
        return Day(**self._ask("day", 0))

    def _ask(self, command: str, number: int) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command} {number}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def exchange_process() -> Iterator[RemoteExchange]:
    """An exchange that runs while the block does."""
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield RemoteExchange(json.loads(process.stdout.readline()), process)
        assert process.stdin is not None
        process.stdin.close()  # which is how it is told to end


@define
class _Notes:
    """When each order was taken, by its number."""

    taken: dict[int, float]

    def listen(self, event: Event) -> None:
        if event.kind == "order":
            self.taken.setdefault(event.what.app_order_id, time.monotonic())


def _open(server: ExchangeServer, notes: _Notes, count: int) -> None:
    rest = server.rest
    rest.reset()
    notes.taken.clear()
    world = rest.world
    world.exchange.listeners.append(notes.listen)
    account = world.exchange.accounts[world.settings.pro_id]
    listed = world.market.master.instruments.values()
    chosen = [each for each in listed if each.segment == SEGMENT and each.kind in {FUTURE, OPTION}][:count]
    assert len(chosen) == count, f"the exchange lists {len(chosen)} contracts on {SEGMENT}"
    for number, instrument in enumerate(chosen):
        signed = instrument.lot if number % 2 else -instrument.lot
        account.positions.carry(instrument, "NRML", signed, world.market.last(instrument))
    rest.faults.add([FaultRule(kind="delay", seconds=CALL, times=10**9)])


def _day(server: ExchangeServer, notes: _Notes) -> dict[str, Any]:
    world = server.rest.world
    account = world.exchange.accounts[world.settings.pro_id]
    return {
        "last": max(notes.taken.values(), default=0.0) + CALL,
        "taken": len(notes.taken),
        "arrived": server.rest.count("POST", ORDERS),
        "still_open": sum(1 for row in account.positions.view(day_wise=False) if row.net),
    }


def _serve() -> None:
    notes = _Notes({})
    with running(SETTINGS) as server:
        print(json.dumps(server.url), flush=True)
        for line in sys.stdin:
            command, number = line.split()
            answer = _day(server, notes) if command == "day" else _open(server, notes, int(number))
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
