"""What everything promises that remembers for the guard rails (X10)."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

from fakes.clock import MORNING
from jainam.domain.guards import DayPnl
from jainam.ports.switch import Tally

__all__ = ["TallySuite", "after"]


def after(seconds: float) -> dt.datetime:
    """That many seconds into the morning."""
    return MORNING + dt.timedelta(seconds=seconds)


class TallySuite:
    """Derive, and give a fixture `tally` that is new."""

    def test_a_new_tally_knows_nothing(self, tally: Tally) -> None:
        """No orders, and no profit and loss, which is not zero."""
        assert tally.counted(MORNING) == 0
        assert tally.latest() is None

    def test_as_many_as_the_limit_are_counted_in_a_minute(self, tally: Tally) -> None:
        """The limit itself may be used up; the next is told how long to wait, and is not counted."""
        assert [tally.count(after(seconds), 3) for seconds in (0, 10, 20)] == [0, 0, 0]
        assert tally.count(after(30), 3) == 30
        assert tally.counted(after(30)) == 3

        assert tally.count(after(60), 3) == 0
        assert tally.counted(after(60)) == 3
        assert tally.counted(after(200)) == 0

    def test_a_limit_that_was_lowered_counts_from_now_on(self, tally: Tally) -> None:
        """Whoever allows fewer waits for more of them to pass."""
        for seconds in (0, 10, 20):
            tally.count(after(seconds), 3)

        assert tally.count(after(30), 1) == 50

    def test_who_asked_for_the_time_earlier_still_finds_what_counts(self, tally: Tally) -> None:
        """Two that race through different moments share one minute, whoever comes first."""
        assert tally.count(after(0), 2) == 0
        assert tally.count(after(60.5), 2) == 0
        assert tally.count(after(59.5), 2) > 0

    def test_threads_cannot_pass_the_limit_together(self, tally: Tally) -> None:
        """Of many that ask at once, exactly as many as the limit are let through."""
        waits: list[float] = []
        threads = [threading.Thread(target=lambda: waits.append(tally.count(after(1), 5))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(waits) == [0.0] * 5 + [60.0] * 7

    def test_the_profit_and_loss_is_kept_as_it_was_learned(self, tally: Tally) -> None:
        """Every digit and the time of it; that nobody could tell is kept too."""
        for amount in (Decimal("-1234.5678"), Decimal("1E+3"), None):
            tally.keep(DayPnl(amount, MORNING))

            assert tally.latest() == DayPnl(amount, MORNING)
