"""Smart orders of several processes end at their target, because they take turns (X2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from stateful.processes import EXCHANGE, desk_in, hold_at, started

from jainam.simulator import ExchangeServer, FaultRule, running

POSITIONS = "/interactive/portfolio/dealerpositions"
PROCESSES = 8


@pytest.fixture
def exchange() -> Iterator[ExchangeServer]:
    with running(EXCHANGE) as server:
        yield server


def ended(exchange: ExchangeServer, folder: Path, targets: tuple[int, ...], takes_turns: bool) -> tuple[int, list[str]]:
    """What the exchange holds after all processes were let go at once, and what each of them had to say."""
    with desk_in(folder, exchange.url) as desk:
        desk.login()  # kept for all of them
        children = [started(hold_at, folder, exchange.url, targets, takes_turns) for _ in range(PROCESSES)]
        try:
            assert [child.line.recv() for child in children] == ["ready"] * PROCESSES
            exchange.rest.faults.add(
                [FaultRule(kind="delay", path=POSITIONS, seconds=0 if takes_turns else 0.7, times=99)]
            )
            for child in children:
                child.line.send("go")
            words = [child.line.recv() for child in children]
        finally:
            for child in children:
                child.kill()
        return sum(row.quantity for row in desk.positions()), words


def test_smart_orders_of_eight_processes_end_at_the_target(exchange: ExchangeServer, tmp_path: Path) -> None:
    """Eight processes that move one position at the same time leave it where the last of them wanted it (X2)."""
    held, words = ended(exchange, tmp_path, (20, -10, 50), takes_turns=True)

    assert words == [""] * PROCESSES
    assert held == 50


def test_without_turns_they_pass_it(exchange: ExchangeServer, tmp_path: Path) -> None:
    """The same without locks and a shared journal overshoots: all of them read the book before anyone has traded."""
    held, words = ended(exchange, tmp_path, (50,), takes_turns=False)

    assert words == [""] * PROCESSES
    assert held > 50
