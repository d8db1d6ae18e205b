"""What every runner does for one at a time and for all together (X2, X10, D16)."""

from __future__ import annotations

import time

import pytest
from attrs import define, evolve, field

from contracts.runner_harness import RELIANCE, Harness, OnTheExchange, buy
from jainam.adapters.turns import POLL
from jainam.domain.books import positions
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import (
    Halted,
    JainamError,
    NotSent,
    TurnLost,
)
from jainam.domain.flows import (
    place_order,
    place_smart_order,
)
from jainam.domain.orders import SmartOrder
from jainam.domain.vocabulary import Product, Side
from jainam.simulator import FaultRule


class RunnerTurnsSuite(OnTheExchange):
    """Reads that are shared, turns that are waited for, and a halt that exits pass."""

    def test_concurrent_reads_of_a_book_share_one_call(self, desk: Harness) -> None:
        """Whoever asks for a book while it is being read gets the answer of that one call (D16)."""
        desk.run(positions())
        desk.transport.before = lambda _: time.sleep(0.02)
        before = desk.rest.count("GET", "/interactive/portfolio/dealerpositions")

        books = desk.race([positions() for _ in range(6)])

        assert all(book == books[0] for book in books)
        assert desk.rest.count("GET", "/interactive/portfolio/dealerpositions") - before <= 2

    def test_a_read_that_fails_fails_for_all_who_shared_it(self, desk: Harness) -> None:
        """A shared call that ends in an error ends so for everybody, and the next read is a new one."""
        desk.run(positions())
        desk.rest.faults.add([FaultRule(kind="refuse", method="GET", path="/interactive/portfolio/dealerpositions")])

        outcomes = desk.race([positions() for _ in range(4)])

        assert any(isinstance(outcome, JainamError) for outcome in outcomes)
        assert desk.run(positions()) == ()

    def test_a_turn_that_another_process_has_is_waited_for(self, desk: Harness) -> None:
        """What takes turns waits for other processes as well, and goes on when they are done (X2)."""
        locks = CountedLocks(refusals=3)
        desk.desk.runner.locks = locks
        desk.run(place_smart_order(SmartOrder(instrument=RELIANCE, product=Product.MIS, target=5)))

        assert locks.held == [("orders", "NSE", "RELIANCE", "MIS"), ("login", "interactive")]
        assert locks.open == 0
        assert desk.clock.slept.count(POLL) == 3

    def test_a_turn_that_never_comes_is_given_up(self, desk: Harness) -> None:
        """A process that keeps its turn for a minute is taken for stuck: nothing is sent, and it is said why (X2)."""
        desk.run(positions())
        desk.desk.runner.locks = CountedLocks(refusals=10**6)
        with pytest.raises(NotSent, match="another process has been busy with orders NSE RELIANCE MIS for 60 s"):
            desk.run(place_smart_order(SmartOrder(instrument=RELIANCE, product=Product.MIS, target=5)))

        assert self.sent(desk) == 0

    def test_what_was_decided_in_a_turn_that_was_lost_stays_here(self, desk: Harness) -> None:
        """Once another machine may have had the turn, its orders are not sent, nor tried again; a new call is free."""
        desk.run(place_order(buy(10)))
        desk.desk.runner.locks = locks = CountedLocks(refusals=0, keeps=False)
        smart = SmartOrder(instrument=RELIANCE, product=Product.MIS, target=25)
        with pytest.raises(TurnLost, match="another machine may have traded since"):
            desk.run(place_smart_order(smart))
        (leg,) = desk.run(close_all_positions()).failed

        assert isinstance(leg.error, TurnLost)
        assert self.sent(desk) == 1
        assert not {1, 2, 4}.intersection(desk.clock.slept)
        locks.keeps = True
        assert desk.run(place_smart_order(smart)).quantity == 15

    def test_a_halted_desk_lets_exits_pass(self, desk: Harness) -> None:
        """While the switch is on, what opens a position stays here and what closes one goes out (X10)."""
        desk.run(place_order(buy(10)))
        desk.desk.runner.calls.guard.login.trip("enough", "the test")

        with pytest.raises(Halted, match="enough"):
            desk.run(place_order(buy(10)))
        desk.run(place_order(evolve(buy(4), side=Side.SELL)))
        assert desk.run(close_all_positions()).is_complete
        assert self.sent(desk) == 3


@define
class CountedLocks:
    """Locks that somebody else holds for *refusals* questions; those that are had are lost when *keeps* says so."""

    refusals: int
    held: list[tuple[str, ...]] = field(factory=list)
    open: int = 0
    keeps: bool = True

    def try_hold(self, key: tuple[str, ...]) -> CountedLocks | None:
        if self.refusals:
            self.refusals -= 1
            return None
        self.held.append(key)
        self.open += 1
        return self

    def __call__(self) -> None:
        self.open -= 1

    def is_kept(self) -> bool:
        return self.keeps

    def close(self) -> None:
        """Nothing is open."""
