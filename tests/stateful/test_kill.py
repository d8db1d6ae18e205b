"""A process that is killed while it trades leaves nothing that the next one cannot find out (X1)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from stateful.kills import AT_ONCE, Killings, count, disagreements, kill_some, slow_down
from stateful.processes import EXCHANGE, desk_in, journal_in

from contracts.runner_harness import buy
from jainam.adapters.clocks import SystemClock
from jainam.adapters.memory_journal import MemoryJournal
from jainam.domain.journal import Deed, Intent
from jainam.domain.orders import OrderTag
from jainam.simulator import ExchangeServer, running

KILLS = 10


@pytest.fixture
def exchange() -> Iterator[ExchangeServer]:
    with running(EXCHANGE) as server:
        slow_down(server)
        yield server


def test_what_killed_processes_meant_is_found_out(exchange: ExchangeServer, tmp_path: Path) -> None:
    """After each kill the journal and the exchange agree: every order was meant, is there once and is known."""
    chance, tally = random.Random(1), Killings()
    for _ in range(KILLS // AT_ONCE):
        assert kill_some(exchange, tmp_path, chance, tally) == []
    count(exchange, tmp_path, tally)

    assert (tally.kills, tally.doubled, tally.unresolved) == (KILLS, 0, 0)
    assert tally.meant >= tally.at_exchange > 0


def test_an_order_that_nobody_wrote_down_is_noticed(exchange: ExchangeServer, tmp_path: Path) -> None:
    """An order at the exchange that the journal does not know is a disagreement."""
    with desk_in(tmp_path, exchange.url, journal=MemoryJournal()) as desk:
        placed = desk.place_order(buy())

    assert disagreements(exchange, tmp_path) == [f"{placed.tag} is at the exchange, and not in the journal"]


def test_an_order_that_nobody_looked_up_is_noticed(exchange: ExchangeServer, tmp_path: Path) -> None:
    """An intent without an ending is a disagreement, whether the order arrived or not."""
    journal = journal_in(tmp_path)
    journal.meant(Intent(deed=Deed.PLACE, at=SystemClock().now(), tag=OrderTag("J1"), order=buy()))
    journal.close()

    assert disagreements(exchange, tmp_path) == ["the journal calls J1 None, and nobody has looked it up"]
