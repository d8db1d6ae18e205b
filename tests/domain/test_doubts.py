"""What is in doubt is looked up, keeps others from its instrument, and ends in the journal (X1, X2, D16)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from fakes.samples import SHARE, meant, order, position, row, smart, trade
from fakes.script import NOW, Scene
from jainam.domain.errors import (
    BrokerUnavailable,
    Halted,
    JainamError,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
)
from jainam.domain.flows import cancel_order, modify_order, place_order, place_smart_order, resolve_intents
from jainam.domain.journal import Deed, Intent, Meant, Verdict
from jainam.domain.orders import Changes, OrderId, OrderRow, OrderTag, Placed
from jainam.domain.reports import Resolution
from jainam.domain.steps import (
    CancelOrder,
    Conclude,
    FindOrder,
    Flow,
    KnowPnl,
    ListOrders,
    ListPositions,
    ListTrades,
    ModifyExit,
    ModifyOrder,
    OwnOrders,
    PlaceExit,
    PlaceOrder,
    Unsettled,
)
from jainam.domain.vocabulary import OrderState, PriceType, Side

TOO_FAST = RateLimited("slow down", "e-apirl-0004", 429)
LOST = OutcomeUnknown("timed out")
DOWN = BrokerUnavailable("bad gateway", status=502)
HALT = Halted("the kill switch is on")


def concluded(scene: Scene) -> list[tuple[str, Verdict]]:
    """What the journal was told."""
    return [(step.key, step.verdict) for step in scene.steps if isinstance(step, Conclude)]


# --- looks -------------------------------------------------------------------------------------------------------


def test_an_order_that_filled_and_left_is_found_in_the_trade_book() -> None:
    """An order that the order book does not show is looked for among the trades before it is called unknown (X1)."""
    filled = trade(order_id=OrderId("9001"), tag=OrderTag("t1"))
    scene = Scene({PlaceOrder: LOST, FindOrder: None, ListTrades: (trade(tag=OrderTag("other")), filled)})

    assert scene.run(place_order(order())) == Placed(OrderId("9001"), OrderTag("t1"), found=True)
    assert concluded(scene) == [("t1", Verdict.DONE)]
    assert len(scene.asked(PlaceOrder)) == 1


def test_an_order_nobody_could_find_stays_in_the_journal_as_unknown() -> None:
    """What was looked for in vain is written down with the evidence, to be looked for again."""
    scene = Scene({PlaceOrder: LOST, FindOrder: [DOWN, None]})
    with pytest.raises(OutcomeUnknown):
        scene.run(place_order(order()))

    (told,) = [step for step in scene.steps if isinstance(step, Conclude)]
    assert (told.key, told.verdict) == ("t1", Verdict.UNKNOWN)
    assert told.words.startswith("timed out; books not read: bad gateway; in neither the order book")


@pytest.mark.parametrize(
    ("state", "verdict"),
    [(OrderState.CANCELLED, Verdict.DONE), (OrderState.FILLED, Verdict.REFUSED), (OrderState.OPEN, Verdict.UNKNOWN)],
)
def test_a_lost_cancellation_ends_in_the_journal(state: OrderState, verdict: Verdict) -> None:
    """The row of the order says what became of its cancellation."""
    scene = Scene({CancelOrder: LOST, ListOrders: (row("9001", state=state),)})
    try:
        scene.run(cancel_order(OrderId("9001")))
        assert verdict is Verdict.DONE
    except OrderRejected:
        assert verdict is Verdict.REFUSED
    except OutcomeUnknown:
        assert verdict is Verdict.UNKNOWN

    assert concluded(scene) == [("cancel 9001", verdict)]


@pytest.mark.parametrize(
    ("later", "verdict"),
    [
        (row("9001", price=Decimal("25001.0")), Verdict.DONE),
        (row("9001", state=OrderState.FILLED), Verdict.REFUSED),
        (row("9001"), Verdict.UNKNOWN),
    ],
)
def test_a_lost_modification_ends_in_the_journal(later: OrderRow, verdict: Verdict) -> None:
    """The row of the order says what became of its modification."""
    scene = Scene({ModifyOrder: LOST, ListOrders: [(row("9001"),), (later,)]})
    try:
        scene.run(modify_order(OrderId("9001"), Changes(price=Decimal("25001.0"))))
        assert verdict is Verdict.DONE
    except OrderRejected:
        assert verdict is Verdict.REFUSED
    except OutcomeUnknown:
        assert verdict is Verdict.UNKNOWN

    assert concluded(scene) == [("modify 9001", verdict)]


# --- too many calls ----------------------------------------------------------------------------------------------


def test_an_entry_refused_for_rate_is_looked_up_and_not_sent_again() -> None:
    """An entry that the broker refused for its rate is in no book: refused, with its tag, and never repeated (D16)."""
    scene = Scene({PlaceOrder: TOO_FAST, FindOrder: None})
    with pytest.raises(RateLimited, match="order with tag t1 was refused for rate and is in no book") as caught:
        scene.run(place_order(order()))

    assert (caught.value.code, caught.value.status) == ("e-apirl-0004", 429)
    assert len(scene.asked(PlaceOrder)) == 1
    assert concluded(scene) == [("t1", Verdict.REFUSED)]


def test_an_order_refused_for_rate_that_is_there_is_placed() -> None:
    """When the book shows the order after all, it is placed (D16)."""
    scene = Scene({PlaceOrder: TOO_FAST, FindOrder: row("9001")})

    assert scene.run(place_order(order())) == Placed(OrderId("9001"), OrderTag("t1"), found=True)


@pytest.mark.parametrize("kind", [PlaceOrder, PlaceExit])
def test_an_order_refused_for_rate_that_cannot_be_looked_up_is_unknown(kind: type[PlaceOrder]) -> None:
    """Without a look at both books nothing is sent again, an exit neither (X1)."""
    scene = Scene({kind: TOO_FAST, FindOrder: DOWN})
    with pytest.raises(OutcomeUnknown, match="order with tag t1: refused for rate"):
        scene.run(place_order(order(), is_exit=kind is PlaceExit))

    assert len(scene.asked(kind)) == 1
    assert concluded(scene) == [("t1", Verdict.UNKNOWN)]


def test_an_exit_refused_for_rate_is_tried_once_more_under_a_new_tag() -> None:
    """An exit that provably is in no book gets one more try, as another order (style 8)."""
    scene = Scene({PlaceExit: [TOO_FAST, OrderId("9002")], FindOrder: None})

    assert scene.run(place_order(order(), is_exit=True)) == Placed(OrderId("9002"), OrderTag("t2"))
    assert [step.tag for step in scene.steps if isinstance(step, PlaceExit)] == ["t1", "t2"]


def test_an_exit_is_tried_no_third_time() -> None:
    """A second refusal for rate is final."""
    scene = Scene({PlaceExit: TOO_FAST, FindOrder: None})
    with pytest.raises(RateLimited, match="tag t2"):
        scene.run(place_order(order(), is_exit=True))

    assert len(scene.asked(PlaceExit)) == 2
    assert concluded(scene) == [("t1", Verdict.REFUSED), ("t2", Verdict.REFUSED)]


def test_a_second_try_that_is_lost_is_looked_up() -> None:
    """The other order of an exit is an order like any: its lost answer is looked up under its own tag."""
    scene = Scene({PlaceExit: [TOO_FAST, LOST], FindOrder: [None, row("9002")]})

    assert scene.run(place_order(order(), is_exit=True)) == Placed(OrderId("9002"), OrderTag("t2"), found=True)


@pytest.mark.parametrize(
    "change", [lambda: cancel_order(OrderId("9001")), lambda: modify_order(OrderId("9001"), Changes(quantity=150))]
)
def test_a_change_that_is_refused_for_its_rate_is_left_open_by_nobody(change: Callable[[], Flow[Any]]) -> None:
    """The journal knows that nothing came of a cancellation or modification that was refused for its rate (X1)."""
    scene = Scene({CancelOrder: TOO_FAST, ModifyOrder: TOO_FAST, ListOrders: (row("9001"),)})
    with pytest.raises(RateLimited, match="slow down"):
        scene.run(change())

    assert [verdict for _, verdict in concluded(scene)] == [Verdict.REFUSED]


def test_a_change_whose_login_was_refused_for_its_rate_ends_nothing_in_the_journal() -> None:
    """A cancellation that could not leave, since the login was refused, was not written down and has no ending."""
    refused = RateLimited("slow down", "e-apirl-0004", 429)
    refused.of_login = True
    scene = Scene({CancelOrder: refused})
    with pytest.raises(RateLimited):
        scene.run(cancel_order(OrderId("9001")))

    assert concluded(scene) == []


# --- the guard ---------------------------------------------------------------------------------------------------


def test_a_halted_entry_does_not_leave() -> None:
    """While entries are stopped, an order that opens or increases is refused with the guard's words (X10)."""
    for held in (0, 75):
        scene = Scene({PlaceOrder: HALT, ListPositions: (position(held),), ListOrders: ()})
        with pytest.raises(Halted, match="the kill switch is on"):
            scene.run(place_order(order()))
        assert not scene.asked(PlaceExit)


def test_a_halted_order_that_closes_something_passes() -> None:
    """While entries are stopped, an order that only reduces a position goes out as an exit, under its tag (X10)."""
    scene = Scene({PlaceOrder: HALT, PlaceExit: OrderId("9001"), ListPositions: (position(75),), ListOrders: ()})

    assert scene.run(place_order(order(side=Side.SELL))) == Placed(OrderId("9001"), OrderTag("t1"))
    (leaving,) = scene.asked(PlaceExit)
    assert isinstance(leaving, PlaceExit)
    assert (leaving.tag, leaving.held) == ("t1", 75)


def test_a_halted_exit_that_is_lost_is_looked_up() -> None:
    """An order that passed the guard as an exit is settled like any other."""
    scene = Scene(
        {
            PlaceOrder: HALT,
            PlaceExit: LOST,
            FindOrder: row("9001"),
            ListPositions: (position(75),),
            ListOrders: (),
        }
    )

    assert scene.run(place_order(order(side=Side.SELL))).found


@pytest.mark.parametrize("unread", [ListOrders, ListPositions])
def test_a_halted_order_stays_halted_when_the_books_are_silent(unread: type[Any]) -> None:
    """What cannot be shown to close something is an entry: unknown is not an exit (X10)."""
    scene = Scene({PlaceOrder: HALT, ListPositions: (position(75),), ListOrders: (), unread: DOWN})
    with pytest.raises(Halted, match="the kill switch is on; whether the order closes something is not known"):
        scene.run(place_order(order(side=Side.SELL)))

    assert not scene.asked(PlaceExit)


def test_an_exit_that_was_held_back_stays_here() -> None:
    """An exit that did not leave, because its task was cancelled in the queue, is reported as it is."""
    scene = Scene({PlaceExit: HALT})
    with pytest.raises(Halted) as caught:
        scene.run(place_order(order(), is_exit=True))

    assert caught.value is HALT
    assert not scene.asked(ListPositions)


def test_a_smart_order_does_not_ask_the_guard_twice() -> None:
    """A smart order that opens something is halted as it is; its turn is not asked for from inside itself."""
    scene = Scene({PlaceOrder: HALT, ListPositions: (), ListOrders: ()})
    with pytest.raises(Halted):
        scene.run(place_smart_order(smart(75)))

    assert not scene.asked(PlaceExit)


def test_the_guard_learns_the_loss_of_the_day_and_lets_pass() -> None:
    """When the guard has to know the day's profit and loss, the positions tell it, and the order goes on (X10)."""
    book = (position(75, mtm=Decimal(-500)),)
    scene = Scene(
        {PlaceOrder: [Halted("how much?", wants_pnl=True), OrderId("9001")], ListPositions: book, KnowPnl: None}
    )

    assert scene.run(place_order(order())).order_id == "9001"
    assert scene.asked(KnowPnl) == [KnowPnl(Decimal(-500))]


@pytest.mark.parametrize(
    ("answers", "ends"),
    [
        ([HALT], Halted),
        ([OrderRejected("no funds")], OrderRejected),
        ([NotSent("no route")], NotSent),
    ],
    ids=["halted", "rejected", "not sent"],
)
def test_the_guard_knows_and_the_order_still_fails(answers: list[JainamError], ends: type[JainamError]) -> None:
    """After the guard has learned the loss, the order ends as orders end."""
    asked: list[object] = [Halted("how much?", wants_pnl=True), *answers]
    scene = Scene({PlaceOrder: asked, ListPositions: (), ListOrders: (), KnowPnl: None})
    with pytest.raises(ends):
        scene.run(place_order(order()))


def test_an_unknown_loss_halts() -> None:
    """When the positions cannot be read, the guard's no stands."""
    scene = Scene({PlaceOrder: Halted("how much?", wants_pnl=True), ListPositions: DOWN})
    with pytest.raises(Halted, match=r"how much\?; whether the order closes something is not known"):
        scene.run(place_order(order()))


def live_sale(**terms: Any) -> OrderRow:
    """A live sale of one lot."""
    return row("9001", side=Side.SELL, **terms)


def test_a_halted_modification_of_an_exit_passes() -> None:
    """While entries are stopped, the terms of an order that only reduces a position can still be changed (X10)."""
    scene = Scene(
        {
            ModifyOrder: HALT,
            ModifyExit: None,
            ListOrders: (live_sale(),),
            ListPositions: (position(75),),
        }
    )
    scene.run(modify_order(OrderId("9001"), Changes(price=Decimal("25001.0"))))

    assert len(scene.asked(ModifyExit)) == 1


@pytest.mark.parametrize(
    ("held", "filled", "quantity"),
    [(0, 0, 75), (75, 0, 150), (75, 75, 75)],
    ids=["nothing held", "more than held", "nothing left of it"],
)
def test_a_halted_modification_of_an_entry_does_not_leave(held: int, filled: int, quantity: int) -> None:
    """A modification that could increase a position is stopped with the entries."""
    scene = Scene(
        {
            ModifyOrder: HALT,
            ListOrders: (live_sale(quantity=150, filled=filled, pending=150 - filled),),
            ListPositions: (position(held),),
        }
    )
    with pytest.raises(Halted):
        scene.run(modify_order(OrderId("9001"), Changes(quantity=quantity)))

    assert not scene.asked(ModifyExit)


def test_a_modification_tells_the_guard_of_the_loss() -> None:
    """A modification waits for the day's loss like an order, and is judged by what the guard says then."""
    asks = Halted("how much?", wants_pnl=True)
    scene = Scene(
        {ModifyOrder: [asks, None], ListOrders: (live_sale(),), ListPositions: (position(75),), KnowPnl: None}
    )
    scene.run(modify_order(OrderId("9001"), Changes(price=Decimal("25001.0"))))
    assert len(scene.asked(ModifyOrder)) == 2

    scene = Scene({ModifyOrder: [asks, HALT], ListOrders: (live_sale(),), ListPositions: (), KnowPnl: None})
    with pytest.raises(Halted, match="kill switch"):
        scene.run(modify_order(OrderId("9001"), Changes(price=Decimal("25001.0"))))


# --- our own orders before a smart one ---------------------------------------------------------------------------


def smart_scene(own: tuple[Meant, ...], **books: Any) -> Scene:
    """A desk that meant *own* before, with those *books*."""
    return Scene(
        {
            OwnOrders: own,
            ListOrders: books.get("orders", ()),
            ListPositions: books.get("positions", ()),
            PlaceOrder: OrderId("9002"),
            PlaceExit: OrderId("9003"),
        }
    )


def test_an_order_in_doubt_stops_the_next_on_its_instrument() -> None:
    """While an order of ours may or may not have arrived, no smart order adds to it (X1, X2)."""
    for verdict in (None, Verdict.UNKNOWN):
        scene = smart_scene((meant(verdict=verdict),))
        with pytest.raises(OutcomeUnknown, match="order with tag t0: in doubt, so nothing else was sent for NFO:NIFTY"):
            scene.run(place_smart_order(smart(75)))
        assert not scene.asked(PlaceOrder, PlaceExit, ListPositions)


@pytest.mark.parametrize(
    ("state", "verdict"), [(OrderState.REJECTED, Verdict.REFUSED), (OrderState.OPEN, Verdict.DONE)]
)
def test_a_doubt_that_the_book_settles_is_one_no_more(state: OrderState, verdict: Verdict) -> None:
    """An order in doubt that the book shows is known from then on, and counted like any other."""
    seen = row("9000", tag=OrderTag("t0"), state=state, pending=75, reason="RMS" if state.is_final else "")
    scene = smart_scene((meant(verdict=None),), orders=(seen,))
    outcome = scene.run(place_smart_order(smart(150)))

    assert concluded(scene) == [("t0", verdict)]
    assert outcome.quantity == (150 if state is OrderState.REJECTED else 75)


def test_an_old_doubt_is_taken_for_never_arrived() -> None:
    """After a minute, books that do not show an order are believed, or its instrument could not be traded all day."""
    scene = smart_scene((meant(verdict=None, ago=60),))

    assert scene.run(place_smart_order(smart(75))).quantity == 75


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.NOT_SENT])
def test_what_came_to_nothing_is_in_nobodys_way(verdict: Verdict) -> None:
    """An order that was refused or never left is not waited for."""
    scene = smart_scene((meant(verdict=verdict),))

    assert scene.run(place_smart_order(smart(75))).quantity == 75


def test_an_order_book_that_lags_is_read_again() -> None:
    """A decision is never made on a book that does not show our own last order (D16)."""
    mine = row("9000", tag=OrderTag("t0"), pending=75)
    scene = smart_scene((meant(),), orders=[(), (mine,)])
    outcome = scene.run(place_smart_order(smart(75)))

    assert outcome.placed is None
    assert outcome.working == ("9000",)
    assert [step.since for step in scene.steps if isinstance(step, ListOrders)] == [7, 7]


def test_an_order_book_that_keeps_lagging_aborts() -> None:
    """When the book never shows it, nothing is sent, and the order is named (D16)."""
    scene = smart_scene((meant(),))
    with pytest.raises(BrokerUnavailable, match="does not show order 9000 on NFO:NIFTY30JUN26FUT yet; nothing was"):
        scene.run(place_smart_order(smart(75)))


def filled(side: Side = Side.BUY) -> OrderRow:
    """Our order of one lot, filled."""
    return row("9000", tag=OrderTag("t0"), side=side, state=OrderState.FILLED, filled=75, pending=0)


def test_a_position_book_that_lags_is_read_again() -> None:
    """A position that stands where it stood before our own order filled is not believed at once (D16)."""
    scene = smart_scene((meant(held=0),), orders=(filled(),), positions=[(), (position(75),)])
    outcome = scene.run(place_smart_order(smart(75)))

    assert outcome.placed is None
    assert len(scene.asked(ListPositions)) == 2


def test_a_position_book_that_keeps_lagging_aborts() -> None:
    """When the position book never shows our fill, nothing is sent (D16)."""
    scene = smart_scene((meant(held=0),), orders=(filled(),))
    with pytest.raises(BrokerUnavailable, match="position book of NFO:NIFTY30JUN26FUT does not show order 9000 yet"):
        scene.run(place_smart_order(smart(75)))


def test_a_position_that_stands_still_for_long_is_believed() -> None:
    """After ten seconds the position is what the book says: somebody else may have undone ours."""
    scene = smart_scene((meant(held=0, ago=10),), orders=(filled(),))

    assert scene.run(place_smart_order(smart(75))).quantity == 75


def test_without_a_journal_no_read_is_shared() -> None:
    """Where nobody keeps count of our orders, each smart order reads its own books."""
    scene = Scene({OwnOrders: None, ListOrders: (), ListPositions: (), PlaceOrder: OrderId("9001")})
    scene.run(place_smart_order(smart(75)))

    assert [step.since for step in scene.steps if isinstance(step, ListOrders | ListPositions)] == [None, None]


# --- after a crash -----------------------------------------------------------------------------------------------


def changed(deed: Deed, order_id: str = "9001", **terms: Any) -> Meant:
    """A modification or cancellation whose ending is not known."""
    wanted = order(price_type=PriceType.LIMIT, **terms) if deed is Deed.MODIFY else None
    return Meant(3, Intent(deed=deed, at=NOW, order_id=OrderId(order_id), order=wanted))


def test_nothing_open_asks_nobody() -> None:
    """A desk that left nothing open reads no book."""
    scene = Scene({Unsettled: ()})

    assert scene.run(resolve_intents()) == ()
    assert len(scene.steps) == 1


@pytest.mark.parametrize(
    ("open_one", "rows", "trades", "verdict"),
    [
        (meant(verdict=None), (row("9001", tag=OrderTag("t0")),), (), Verdict.DONE),
        (meant(verdict=None), (row("9001", tag=OrderTag("t0"), state=OrderState.REJECTED),), (), Verdict.REFUSED),
        (meant(verdict=None), (), (trade(tag=OrderTag("t0")),), Verdict.DONE),
        (meant(verdict=None), (row("9001", tag=None),), (trade(tag=None),), Verdict.UNKNOWN),
        (changed(Deed.CANCEL), (row("9001", state=OrderState.CANCELLED),), (), Verdict.DONE),
        (changed(Deed.CANCEL), (row("9001", state=OrderState.FILLED),), (), Verdict.REFUSED),
        (changed(Deed.CANCEL), (row("9001"),), (), Verdict.UNKNOWN),
        (changed(Deed.CANCEL), (), (), Verdict.UNKNOWN),
        (changed(Deed.MODIFY, price=Decimal("25000.0")), (row("9001"),), (), Verdict.DONE),
        (changed(Deed.MODIFY, price=Decimal("25001.0")), (row("9001"),), (), Verdict.UNKNOWN),
        (
            changed(Deed.MODIFY, price=Decimal("25001.0")),
            (row("9001", state=OrderState.FILLED),),
            (),
            Verdict.REFUSED,
        ),
    ],
)
def test_what_a_crash_left_open_is_resolved_from_the_books(
    open_one: Meant, rows: tuple[OrderRow, ...], trades: Any, verdict: Verdict
) -> None:
    """What is open when a desk is opened ends as the books say, in the journal too, and nothing is sent (X1)."""
    scene = Scene({Unsettled: (open_one,), ListOrders: rows, ListTrades: trades})
    (found,) = scene.run(resolve_intents())

    assert found.verdict is verdict
    assert concluded(scene) == [(open_one.intent.key, verdict)]
    assert scene.told() == [Resolution((found,))]
    assert f"{open_one.intent.key}: {verdict.value}" in str(scene.told()[0])
    assert not scene.asked(PlaceOrder, PlaceExit, ModifyOrder, CancelOrder)


def test_what_stays_unknown_is_not_written_again() -> None:
    """An unknown outcome that is unknown still adds no line to the journal."""
    scene = Scene({Unsettled: (meant(verdict=Verdict.UNKNOWN),), ListOrders: (), ListTrades: ()})
    (found,) = scene.run(resolve_intents())

    assert found.verdict is Verdict.UNKNOWN
    assert not concluded(scene)


def test_what_an_earlier_day_left_open_ends_as_unknown() -> None:
    """The books begin anew each morning, so yesterday ends as unknown, and no book is read (X1)."""
    scene = Scene({Unsettled: (meant(ago=86_400, verdict=None),)})
    (found,) = scene.run(resolve_intents())

    assert concluded(scene) == [("t0", Verdict.UNKNOWN)]
    assert "an earlier day" in found.words
    assert scene.told() == [Resolution((found,))]
    assert not scene.asked(ListOrders, ListTrades)


def test_what_its_own_process_has_settled_meanwhile_is_left_as_it_is() -> None:
    """An order that was on its way while the books were read keeps the ending that its sender writes (X1)."""
    scene = Scene({Unsettled: [(meant(verdict=None),), ()], ListOrders: (), ListTrades: ()})

    assert scene.run(resolve_intents()) == ()
    assert concluded(scene) == []
    assert not scene.told()


def test_the_trade_book_is_read_for_missing_orders_only() -> None:
    """An order that the order book shows needs no second book."""
    scene = Scene({Unsettled: (meant(verdict=None),), ListOrders: (row("9001", tag=OrderTag("t0")),)})
    scene.run(resolve_intents())

    assert not scene.asked(ListTrades)


def test_a_smart_order_on_another_instrument_is_not_kept() -> None:
    """A doubt on one instrument is asked for by instrument, and keeps no other from trading."""
    scene = smart_scene(())
    scene.run(place_smart_order(smart(5, SHARE)))

    assert scene.asked(OwnOrders) == [OwnOrders(SHARE.key, smart(5, SHARE).product)]
