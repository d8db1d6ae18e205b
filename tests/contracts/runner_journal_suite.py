"""What every runner writes down, and when (X1)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.runner_harness import SHARES, Harness, OnTheExchange, buy, resting
from jainam.adapters.memory_journal import MemoryJournal
from jainam.domain.books import order_book, positions
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import (
    Halted,
    JainamError,
    NotConfigured,
)
from jainam.domain.flows import (
    cancel_all_orders,
    cancel_order,
    modify_order,
    place_order,
    resolve_intents,
)
from jainam.domain.journal import Deed, Ending, Intent, Verdict
from jainam.domain.orders import Changes, OrderTag
from jainam.domain.pacing import Window
from jainam.domain.steps import PlaceOrder
from jainam.ports.transport import HttpRequest


class RunnerJournalSuite(OnTheExchange):
    """What is meant is written down before it leaves, and what became of it after."""

    def journal(self, desk: Harness) -> MemoryJournal:
        journal = desk.desk.runner.calls.record.journal
        assert isinstance(journal, MemoryJournal)
        return journal

    def entries(self, desk: Harness) -> list[str]:
        """The journal, each entry by its deed or verdict."""
        found = self.journal(desk).entries_since(desk.clock.start)
        return [
            entry.what.deed.value if isinstance(entry.what, Intent) else entry.what.verdict.value for entry in found
        ]

    def test_an_order_is_written_down_before_it_leaves(self, desk: Harness) -> None:
        """When a request that moves an order arrives, the journal holds its intent already, with its tag (X1)."""
        seen: list[list[str]] = []

        def look(request: HttpRequest) -> None:
            if request.method == "POST" and request.url.endswith("/orders"):
                seen.append([str(meant.intent.tag) for meant in self.journal(desk).unsettled(desk.clock.start)])

        desk.transport.before = look
        placed = desk.run(place_order(buy()))

        assert seen == [[placed.tag]]
        assert self.entries(desk) == ["place", "done"]
        assert self.journal(desk).unsettled(desk.clock.start) == ()

    def test_every_move_of_an_order_is_written_down(self, desk: Harness) -> None:
        """Modifications and cancellations are in the journal too, with what became of them (X1)."""
        placed = desk.run(place_order(resting()))
        desk.run(modify_order(placed.order_id, Changes(price=Decimal(1201))))
        desk.run(cancel_order(placed.order_id))

        assert self.entries(desk) == ["place", "done", "modify", "done", "cancel", "done"]

    @pytest.mark.parametrize(
        ("fault", "verdict"),
        [("refuse", "refused"), ("lose_answer", "done"), ("lose_request", "unknown"), ("rate_limit", "refused")],
    )
    def test_what_became_of_an_order_is_written_down(self, desk: Harness, fault: str, verdict: str) -> None:
        """Whatever happens to an order, the journal ends with it (X1)."""
        self.place(desk, fault)
        try:
            desk.run(place_order(buy()))
        except JainamError:
            assert verdict != "done"

        assert self.entries(desk) == ["place", verdict]

    def test_an_order_that_never_left_is_written_down_as_such(self, desk: Harness) -> None:
        """Each try that found no connection is an intent and an ending of its own."""
        desk.run(positions())
        desk.transport.refusals = 1
        desk.run(place_order(buy()))

        assert self.entries(desk) == ["place", "not sent", "place", "done"]

    def test_an_order_that_cannot_be_written_down_does_not_leave(self, desk: Harness) -> None:
        """Without an entry in the journal an entry stays here; an exit leaves all the same, with a warning (X1)."""
        desk.run(place_order(buy()))

        class Full(MemoryJournal):
            def meant(self, intent: Intent) -> int:
                raise Halted("nothing was sent: the journal cannot be written: the disk is full")

            def ended(self, ending: Ending) -> int:
                raise JainamError("the disk is full")

        desk.desk.runner.calls.record.journal = Full()
        with pytest.raises(Halted, match="the disk is full"):
            desk.run(place_order(buy()))
        report = desk.run(close_all_positions())

        assert report.is_complete
        assert self.sent(desk) == 2

    def test_orders_are_taken_back_whatever_happens_to_the_journal(self, desk: Harness) -> None:
        """A journal that can be neither read nor written keeps nobody from the books, or from leaving them (X10)."""

        class Damaged(MemoryJournal):
            def latest(self) -> int:
                raise NotConfigured("the database cannot be used")

            def meant(self, intent: Intent) -> int:
                raise Halted("nothing was sent: the journal cannot be written")

        placed = desk.run(place_order(resting()))
        desk.desk.runner.calls.record.journal = Damaged()

        assert [row.order_id for row in desk.run(order_book())] == [placed.order_id]
        assert desk.run(cancel_all_orders()).cancelled == (placed.order_id,)

    @pytest.mark.parametrize(("seconds", "counts_from"), [(0.5, 0.5), (0.001, 0.0)])
    def test_an_order_that_waited_for_the_disk_counts_from_when_it_left(
        self, desk: Harness, seconds: float, counts_from: float
    ) -> None:
        """The broker counts orders as they arrive, so a slow disk does not let two of them come too close (X6, D16)."""
        desk.run(positions())

        class Slow(MemoryJournal):
            is_slow = True

            def meant(self, intent: Intent) -> int:
                desk.clock.advance(seconds)
                return super().meant(intent)

        runner = desk.desk.runner
        runner.calls.record.journal = Slow()
        if hasattr(runner, "is_slow"):
            runner.is_slow = True
        began = desk.clock.elapsed
        desk.run(place_order(buy()))

        window = Window("orders NSECM", 1, 1.0)
        assert not runner.pacer.admits((window,), began + counts_from + window.span - 0.01)
        assert runner.pacer.admits((window,), began + counts_from + window.span + 0.01)

    def test_what_a_crash_left_open_is_resolved(self, desk: Harness) -> None:
        """An order that was on its way when everything ended is found by whoever opens the same journal next (X1)."""
        desk.run(positions())
        order = buy()
        intent = Intent(deed=Deed.PLACE, at=desk.clock.now(), tag=OrderTag("T0009"), order=order, ref=SHARES[0].ref)
        self.journal(desk).meant(intent)

        (found,) = desk.run(resolve_intents())
        assert found.verdict is Verdict.UNKNOWN

        desk.run(PlaceOrder(order, SHARES[0], OrderTag("T0009")).__iter__())
        self.journal(desk).meant(intent)
        (found,) = desk.run(resolve_intents())
        assert found.verdict is Verdict.DONE
        assert desk.run(resolve_intents()) == ()
