"""What both runners promise; each adapter's test file brings a harness and nothing else."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from contracts.runner_harness import INFY, RELIANCE, Harness, OnTheExchange, buy, resting
from jainam.adapters.xts.endpoints import ENDPOINTS
from jainam.domain.books import funds, holdings, order_book, positions
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import (
    InvalidOrder,
    JainamError,
    LoginExpired,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    Rehearsed,
)
from jainam.domain.flows import (
    cancel_all_orders,
    cancel_order,
    find_order,
    modify_order,
    place_order,
    place_smart_order,
)
from jainam.domain.orders import Changes, Placed, SmartOrder
from jainam.domain.steps import Flow, PlaceOrder, Step, Together
from jainam.domain.vocabulary import OrderState, Product
from jainam.simulator import FaultRule


class RunnerSuite(OnTheExchange):
    """Orders, sessions and flows."""

    def test_an_order_is_placed_under_its_tag(self, desk: Harness) -> None:
        """A placed order is at the exchange once, under the tag that `Placed` names."""
        placed = desk.run(place_order(buy()))

        assert isinstance(placed, Placed)
        assert [placed.tag] == self.at_exchange(desk)

    def test_the_first_call_logs_in(self, desk: Harness) -> None:
        """Nobody has to log in by hand: the first call that needs a session makes one, and later ones use it."""
        desk.run(positions())
        desk.run(order_book())

        assert desk.rest.count("POST", "/interactive/user/session") == 1

    def test_a_lost_answer_is_found_and_not_sent_again(self, desk: Harness) -> None:
        """An order whose answer is lost is found by its tag; the exchange sees one request (D4, X1)."""
        self.place(desk, "lose_answer")

        placed = desk.run(place_order(buy()))

        assert placed.found
        assert self.sent(desk) == 1
        assert self.at_exchange(desk) == [placed.tag]

    def test_a_lost_request_is_unknown_and_not_sent_again(self, desk: Harness) -> None:
        """An order that may have left and is not in the book ends as unknown, after every look (D4)."""
        self.place(desk, "lose_request")

        with pytest.raises(OutcomeUnknown, match="check the order book before sending again") as caught:
            desk.run(place_order(buy()))

        assert caught.value.tag
        assert self.sent(desk) == 1
        assert sum(desk.clock.slept) >= 7

    @pytest.mark.parametrize("fault", ["gateway", "malformed"])
    def test_an_unreadable_answer_is_looked_up(self, desk: Harness, fault: str) -> None:
        """A 5xx page or half an answer says nothing about the order, so the book is asked."""
        self.place(desk, fault, applied=True)

        placed = desk.run(place_order(buy()))

        assert placed.found
        assert self.sent(desk) == 1

    def test_a_reader_that_breaks_leaves_the_order_in_doubt(
        self, desk: Harness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A bug that an answer brings out is no reason to lose the order: it is looked up like a lost answer."""
        desk.run(positions())

        def broken(*_: object) -> None:
            raise ZeroDivisionError("secret-of-the-answer")

        monkeypatch.setitem(ENDPOINTS, PlaceOrder, evolve(ENDPOINTS[PlaceOrder], reads=broken))
        placed = desk.run(place_order(buy()))

        assert placed.found
        assert self.sent(desk) == 1

    def test_an_order_that_never_left_is_sent_again_under_the_same_tag(self, desk: Harness) -> None:
        """Without a connection nothing left, so the order is tried again after 1 s, with the tag it had."""
        desk.run(positions())
        desk.transport.refusals = 2

        placed = desk.run(place_order(buy()))

        assert not placed.found
        assert [1, 2] == [pause for pause in desk.clock.slept if pause in (1, 2)]
        assert self.at_exchange(desk) == [placed.tag]

    def test_an_order_that_cannot_leave_ends_as_not_sent(self, desk: Harness) -> None:
        """When no try finds a connection the order is reported as never sent (D4)."""
        desk.run(positions())
        desk.transport.refusals = 4

        with pytest.raises(NotSent, match="never left"):
            desk.run(place_order(buy()))

        assert self.sent(desk) == 0

    def test_an_expired_token_is_renewed_once_and_the_order_keeps_its_tag(self, desk: Harness) -> None:
        """A broker that refuses the token did nothing with the order: one login, the same tag, one order (D13)."""
        desk.run(positions())
        self.place(desk, "expired_token")

        placed = desk.run(place_order(buy()))

        assert desk.rest.count("POST", "/interactive/user/session") == 2
        assert self.at_exchange(desk) == [placed.tag]

    def test_a_token_that_stays_expired_is_no_loop_of_logins(self, desk: Harness) -> None:
        """A second refusal in a row is the caller's to see."""
        desk.run(positions())
        desk.rest.faults.add([FaultRule(kind="expired_token", path="/interactive/user/balance", times=2)])
        with pytest.raises(LoginExpired):
            desk.run(funds())

        assert desk.rest.count("POST", "/interactive/user/session") == 2

    def test_many_calls_with_one_expired_token_log_in_once(self, desk: Harness) -> None:
        """Calls that find the same token dead share one new login: no storm (D13)."""
        desk.run(positions())
        desk.rest.world.sessions.expire()

        outcomes = desk.race([order_book() for _ in range(6)])

        assert [()] * 6 == outcomes
        assert desk.rest.count("POST", "/interactive/user/session") == 2

    def test_a_refused_order_is_not_placed(self, desk: Harness) -> None:
        """A refusal at once is an error with the broker's words, whatever the HTTP status."""
        self.place(desk, "error_200", description="Trading is closed")

        with pytest.raises(OrderRejected, match="Trading is closed"):
            desk.run(place_order(buy()))

        assert self.at_exchange(desk) == []

    def test_a_bad_order_is_refused_before_it_leaves(self, desk: Harness) -> None:
        """An order with a wrong tick is refused here; the exchange hears nothing of it (FR10)."""
        with pytest.raises(InvalidOrder, match="tick"):
            desk.run(place_order(resting("1200.03")))

        assert self.sent(desk) == 0

    def test_modify_and_cancel(self, desk: Harness) -> None:
        """A resting order takes new terms and is taken back, and the book shows both (D19)."""
        placed = desk.run(place_order(resting("1200")))

        desk.run(modify_order(placed.order_id, Changes(price=Decimal(1210), quantity=7)))
        changed = desk.run(find_order(placed.order_id))
        desk.run(cancel_order(placed.order_id))
        gone = desk.run(find_order(placed.order_id))

        assert (changed.price, changed.quantity, changed.state) == (Decimal(1210), 7, OrderState.MODIFIED)
        assert gone.state is OrderState.CANCELLED

    @pytest.mark.parametrize("applied", [True, False])
    def test_a_modification_whose_answer_is_lost_is_judged_by_the_row(self, desk: Harness, applied: bool) -> None:
        """What the book shows decides; the modification is sent once (D19)."""
        placed = desk.run(place_order(resting("1200")))
        desk.rest.faults.add([FaultRule(kind="lose_answer", method="PUT", path="/interactive/orders", applied=applied)])
        changes = Changes(price=Decimal(1210))

        if applied:
            desk.run(modify_order(placed.order_id, changes))
        else:
            with pytest.raises(OutcomeUnknown, match="old terms"):
                desk.run(modify_order(placed.order_id, changes))

        assert desk.rest.count("PUT", "/interactive/orders") == 1

    @pytest.mark.parametrize("applied", [True, False])
    def test_a_cancellation_whose_answer_is_lost_is_judged_by_the_row(self, desk: Harness, applied: bool) -> None:
        """What the book shows decides; the cancellation is sent once."""
        placed = desk.run(place_order(resting("1200")))
        rule = FaultRule(kind="lose_answer", method="DELETE", path="/interactive/orders", applied=applied)
        desk.rest.faults.add([rule])

        if applied:
            desk.run(cancel_order(placed.order_id))
        else:
            with pytest.raises(OutcomeUnknown, match="still shows it live"):
                desk.run(cancel_order(placed.order_id))

        assert desk.rest.count("DELETE", "/interactive/orders") == 1

    def test_cancel_all_takes_back_every_order_and_names_failures(self, desk: Harness) -> None:
        """One refused cancellation stops none of the others and is reported (B-18)."""
        orders = [desk.run(place_order(resting(price))) for price in ("1200", "1201", "1202")]
        desk.rest.faults.add(
            [FaultRule(kind="refuse", method="DELETE", path="/interactive/orders", contains=str(orders[1].order_id))]
        )

        report = desk.run(cancel_all_orders())

        assert set(report.cancelled) == {orders[0].order_id, orders[2].order_id}
        assert [failure.order_id for failure in report.failed] == [orders[1].order_id]

    def test_two_racing_smart_orders_end_at_the_target(self, desk: Harness) -> None:
        """Smart orders for one instrument go one at a time, so two for 50 end at 50 and not at 100 (X2)."""
        smart = SmartOrder(instrument=RELIANCE, product=Product.MIS, target=50)

        desk.race([place_smart_order(smart) for _ in range(4)])

        assert [50] == [row.quantity for row in desk.run(positions())]

    def test_an_unreadable_position_book_places_nothing(self, desk: Harness) -> None:
        """Unknown is not flat: a smart order without a position book sends no order (D3, B-21)."""
        desk.run(order_book())
        rule = FaultRule(kind="gateway", path="/interactive/portfolio/dealerpositions", times=10)
        desk.rest.faults.add([rule])

        with pytest.raises(JainamError):
            desk.run(place_smart_order(SmartOrder(instrument=RELIANCE, product=Product.MIS, target=50)))

        assert self.sent(desk) == 0

    def test_close_all_goes_on_after_a_failure_and_says_so(self, desk: Harness) -> None:
        """The leg that fails is reported as failed, the others are closed, a second call finishes, a third is idle."""
        desk.run(place_order(buy(10, RELIANCE)))
        desk.run(place_order(buy(20, INFY)))
        self.place(desk, "refuse", contains='"exchangeInstrumentID":2885', description="Not now")

        first = desk.run(close_all_positions())
        second = desk.run(close_all_positions())
        before = self.sent(desk)
        third = desk.run(close_all_positions())

        assert first.status == "partial"
        assert [("RELIANCE", 10, "Not now")] == [
            (leg.symbol, leg.remaining, leg.reason.split(" [")[0]) for leg in first.failed
        ]
        assert second.is_complete
        assert [leg.symbol for leg in second.legs] == ["RELIANCE"]
        assert third.legs == ()
        assert self.sent(desk) == before

    def test_together_keeps_every_outcome_in_order(self, desk: Harness) -> None:
        """Flows run together each keep their result or their error, and one failure stops none of the others."""

        def many() -> Flow[Any]:
            return (yield from Together((place_order(buy(1)), place_order(resting("1200.01")), place_order(buy(2)))))

        first, second, third = desk.run(many())

        assert isinstance(first, Placed)
        assert isinstance(second, InvalidOrder)
        assert isinstance(third, Placed)

    def test_holdings_without_quotes_still_name_the_shares(self, desk: Harness) -> None:
        """When no quote can be had the price is unknown, not zero, and the shares are listed all the same (FR3)."""
        desk.rest.faults.add([FaultRule(kind="gateway", path="/apibinarymarketdata/instruments/quotes", times=10)])

        rows = desk.run(holdings())

        assert {"RELIANCE", "INFY"} == {row.symbol for row in rows}
        assert all(row.last_price is None and row.pnl is None for row in rows)

    def test_a_rehearsal_sends_nothing(self, desk: Harness) -> None:
        """In test mode the order is checked, encoded and shown, and the exchange hears nothing of it (NFR6)."""
        desk.rehearse()

        with pytest.raises(Rehearsed, match="POST /interactive/orders"):
            desk.run(place_order(buy()))

        assert self.sent(desk) == 0

    def test_the_calls_of_a_burst_keep_the_broker_s_limits(self, desk: Harness) -> None:
        """Thirty orders at once are spread so that no rolling second holds more than ten, and none is refused (D16)."""
        outcomes = desk.race([place_order(buy(1)) for _ in range(30)])

        assert all(isinstance(outcome, Placed) for outcome in outcomes)
        assert desk.clock.elapsed >= 2

    def test_a_leaking_stop_iteration_is_a_loud_bug(self, desk: Harness) -> None:
        """A `StopIteration` from an adapter must not end a flow as if it had returned."""

        def leak(_: object) -> None:
            raise StopIteration("leaked")

        desk.transport.before = leak

        with pytest.raises((StopIteration, RuntimeError)):
            desk.run(positions())

    def test_an_unknown_step_is_a_loud_bug(self, desk: Harness) -> None:
        """A step that no runner knows is a `TypeError`, not a wait for ever."""

        class Strange(Step[None]):
            pass

        def ask() -> Flow[None]:
            yield from Strange()

        with pytest.raises(TypeError, match="Strange"):
            desk.run(ask())

    def test_a_flow_is_closed_on_the_way_out(self, desk: Harness) -> None:
        """Whatever ends a run, the flow's own clean-up runs with it."""
        ended: list[str] = []

        def tidy() -> Flow[None]:
            try:
                yield from Together((place_order(buy()),))
                raise ValueError("not one of ours")
            finally:
                ended.append("closed")

        with pytest.raises(ValueError, match="not one of ours"):
            desk.run(tidy())

        assert ended == ["closed"]

    def test_no_secret_reaches_the_log(self, desk: Harness, caplog: pytest.LogCaptureFixture) -> None:
        """At every level, what is logged of logins and orders holds no key, secret or token (NFR4, NFR9)."""
        caplog.set_level(logging.DEBUG)

        desk.run(place_order(buy()))
        desk.run(holdings())

        settings = desk.rest.settings
        secrets = [settings.interactive_key, settings.interactive_secret, settings.market_key, settings.market_secret]
        secrets += [session.token for session in desk.rest.world.sessions._by_token.values()]
        assert "PlaceOrder" in caplog.text
        assert [secret for secret in secrets if secret in caplog.text] == []

    # --- what is written down, and what is shared with others ---
