"""Orders are changed and taken back at most once, and a lost answer is judged by the order's row (D4, D19)."""

from decimal import Decimal
from typing import Any

import pytest
from attrs import asdict, evolve

from fakes.samples import SHARE, order, row
from fakes.script import Scene, play
from jainam.domain.errors import (
    BrokerUnavailable,
    InvalidOrder,
    JainamError,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    SymbolNotFound,
    UnexpectedReply,
)
from jainam.domain.flows import cancel_all_orders, cancel_order, modify_order
from jainam.domain.house import House
from jainam.domain.orders import Cancelled, Changes, Modified, OrderId, OrderRow, OrderTag
from jainam.domain.steps import CancelOrder, HouseRules, ListOrders, ModifyOrder, NameContracts
from jainam.domain.vocabulary import OrderState, PriceType, Product, Side, TimeInForce

ID = OrderId("9001")
ROW = row("9001", SHARE, disclosed_quantity=15, time_in_force=TimeInForce.IOC, quantity=150)
LOST = OutcomeUnknown("timed out")
FINAL = [state for state in OrderState if state.is_final]
LIVE = [state for state in OrderState if state.is_live]


def book(*rows: OrderRow) -> tuple[tuple[Any, object], ...]:
    """The script of one look at the order book."""
    return ((ListOrders(None), rows),)


# --- modify ------------------------------------------------------------------------------------------------------


def test_modification_sends_the_whole_new_state() -> None:
    """The row is read first and every term it holds goes along with the new one (D19)."""
    whole = order(
        SHARE,
        quantity=150,
        price_type=PriceType.LIMIT,
        price=Decimal("25100.5"),
        disclosed_quantity=15,
        time_in_force=TimeInForce.IOC,
    )
    outcome = play(
        modify_order(ID, Changes(price=Decimal("25100.5"))),
        *book(ROW),
        (NameContracts((SHARE.ref,)), {SHARE.ref: SHARE}),
        (HouseRules(), House()),
        (ModifyOrder(ID, whole, SHARE, OrderTag("t1")), None),
    )

    assert outcome == Modified(ID)


@pytest.mark.parametrize("state", FINAL)
def test_final_order_is_not_modified(state: OrderState) -> None:
    """Nothing is sent for an order to which nothing more can happen."""
    scene = Scene({ListOrders: (evolve(ROW, state=state),)})
    with pytest.raises(InvalidOrder, match=f"already {state.value}"):
        scene.run(modify_order(ID, Changes(quantity=75)))

    assert not scene.asked(ModifyOrder)


@pytest.mark.parametrize("state", LIVE)
def test_live_order_is_modified(state: OrderState) -> None:
    """An order in any live state can be given new terms, one with a strange status too."""
    scene = Scene({ListOrders: (evolve(ROW, state=state),), ModifyOrder: None})

    assert scene.run(modify_order(ID, Changes(quantity=75))) == Modified(ID)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (Changes(), "nothing to modify"),
        (Changes(quantity=0), "above zero"),
        (Changes(price=Decimal("NaN")), "price must be a number"),
        (Changes(disclosed_quantity=14), "less than 10 %"),
        (Changes(price=Decimal("25000.05")), "tick"),
        (Changes(price_type=PriceType.SL), "trigger price must be above zero"),
    ],
)
def test_impossible_terms_are_not_sent(changes: Changes, problem: str) -> None:
    """New terms are checked like a new order's (FR10)."""
    scene = Scene({ListOrders: (ROW,)})
    with pytest.raises(InvalidOrder, match=problem):
        scene.run(modify_order(ID, changes))

    assert not scene.asked(ModifyOrder)


def test_unknown_order_is_not_modified() -> None:
    """An order that the book, having been read, does not list cannot be modified."""
    with pytest.raises(InvalidOrder, match="order 9001 is not in today's order book"):
        Scene({ListOrders: (row("9002"),)}).run(modify_order(ID, Changes(quantity=75)))


def test_order_on_an_unknown_instrument_is_not_modified() -> None:
    """Without a contract its new terms cannot be checked, so nothing is sent."""
    with pytest.raises(SymbolNotFound, match="2885"):
        Scene({ListOrders: (ROW,), NameContracts: {}}).run(modify_order(ID, Changes(quantity=75)))


def test_unread_book_modifies_nothing() -> None:
    """A modification that would have to guess the present terms is not sent (D19)."""
    scene = Scene({ListOrders: BrokerUnavailable("bad gateway")})
    with pytest.raises(BrokerUnavailable):
        scene.run(modify_order(ID, Changes(quantity=75)))

    assert not scene.asked(ModifyOrder)


CHANGES = [
    Changes(quantity=75),
    Changes(price=Decimal("25100.5")),
    Changes(price_type=PriceType.MARKET),
    Changes(price_type=PriceType.SL, trigger_price=Decimal("24999.0")),
    Changes(price_type=PriceType.SL_M, trigger_price=Decimal("24999.0")),
    Changes(product=Product.MIS),
    Changes(disclosed_quantity=75),
    Changes(time_in_force=TimeInForce.DAY),
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
@pytest.mark.parametrize("answer", [LOST, BrokerUnavailable("bad gateway"), UnexpectedReply("modify")], ids=repr)
def test_lost_modification_is_never_taken_from_the_old_terms(changes: Changes, answer: JainamError) -> None:
    """While the book shows the old terms, whichever of them was to change, success has not been seen (D19)."""
    scene = Scene({ListOrders: (ROW,), ModifyOrder: answer})
    with pytest.raises(OutcomeUnknown, match="the book still shows the old terms") as caught:
        scene.run(modify_order(ID, changes))

    assert caught.value.order_id == ID
    assert len(scene.asked(ModifyOrder)) == 1


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_lost_modification_is_found_in_the_book(changes: Changes) -> None:
    """A modification whose answer was lost is done once the row shows the new terms (D19)."""
    new = {name: value for name, value in asdict(changes, recurse=False).items() if value is not None}
    scene = Scene({ListOrders: [(ROW,), (ROW,), (evolve(ROW, **new),)], ModifyOrder: LOST})

    assert scene.run(modify_order(ID, changes)) == Modified(ID)
    assert len(scene.asked(ModifyOrder)) == 1


@pytest.mark.parametrize("price_type", [PriceType.SL, PriceType.SL_M])
def test_lost_change_of_a_trigger_is_judged_by_the_trigger(price_type: PriceType) -> None:
    """A stop order's trigger is one of the terms that must be seen (D19)."""
    old = evolve(ROW, price_type=price_type, price=Decimal("25000.0"), trigger_price=Decimal("24990.0"))
    new = evolve(old, trigger_price=Decimal("24995.0"))
    changes = Changes(trigger_price=Decimal("24995.0"))

    assert Scene({ListOrders: [(old,), (old,), (new,)], ModifyOrder: LOST}).run(modify_order(ID, changes))
    with pytest.raises(OutcomeUnknown, match="still shows the old terms"):
        Scene({ListOrders: (old,), ModifyOrder: LOST}).run(modify_order(ID, changes))


def test_order_that_left_the_book_is_in_doubt() -> None:
    """A book that was read and does not show the order is said to have been read, and settles nothing."""
    modify = Scene({ListOrders: [(ROW,), ()], ModifyOrder: LOST})
    cancel = Scene({ListOrders: (), CancelOrder: LOST})
    for flow in (lambda: modify.run(modify_order(ID, Changes(quantity=75))), lambda: cancel.run(cancel_order(ID))):
        with pytest.raises(OutcomeUnknown) as caught:
            flow()
        assert caught.value.evidence == ("not in the order book",) * 4


def test_order_that_ended_before_its_modification() -> None:
    """A lost modification of an order that ended with the old terms is refused."""
    scene = Scene({ListOrders: [(ROW,), (evolve(ROW, state=OrderState.FILLED),)], ModifyOrder: LOST})
    with pytest.raises(OrderRejected, match="was filled before it could be modified"):
        scene.run(modify_order(ID, Changes(quantity=75)))


def test_failed_looks_leave_a_modification_unknown() -> None:
    """When the book cannot be read again nobody knows what became of the modification."""
    scene = Scene({ListOrders: [(ROW,), NotSent("no route")], ModifyOrder: LOST})
    with pytest.raises(OutcomeUnknown, match="order book not read"):
        scene.run(modify_order(ID, Changes(quantity=75)))


def test_modification_that_never_left_is_tried_again() -> None:
    """A modification is resent only while it provably never left (D4)."""
    scene = Scene({ListOrders: (ROW,), ModifyOrder: [NotSent("no route"), None]})
    assert scene.run(modify_order(ID, Changes(quantity=75))) == Modified(ID)

    scene = Scene({ListOrders: (ROW,), ModifyOrder: RateLimited("slow down")})
    with pytest.raises(RateLimited):
        scene.run(modify_order(ID, Changes(quantity=75)))
    assert len(scene.asked(ModifyOrder)) == 1


# --- cancel ------------------------------------------------------------------------------------------------------


def test_cancellation_is_sent_once() -> None:
    """A cancellation that the gateway takes is done; the book is not needed."""
    assert play(cancel_order(ID), (CancelOrder(ID), None)) == Cancelled(ID)


def test_lost_cancellation_is_judged_by_the_row() -> None:
    """A cancellation whose answer was lost is done once the row says so, and not sent again (D4)."""
    gone = evolve(ROW, state=OrderState.CANCELLED)
    scene = Scene({ListOrders: [(ROW,), NotSent("no route"), (gone,)], CancelOrder: LOST})

    assert scene.run(cancel_order(ID)) == Cancelled(ID)
    assert len(scene.asked(CancelOrder)) == 1


@pytest.mark.parametrize("state", [state for state in FINAL if state is not OrderState.CANCELLED])
def test_order_that_ended_before_its_cancellation(state: OrderState) -> None:
    """A lost cancellation of an order that ended otherwise is refused, not reported as done (B-04)."""
    scene = Scene({ListOrders: (evolve(ROW, state=state),), CancelOrder: LOST})
    with pytest.raises(OrderRejected, match=f"was {state.value} before it could be cancelled"):
        scene.run(cancel_order(ID))


@pytest.mark.parametrize("books", [(ROW,), (), BrokerUnavailable("bad gateway")], ids=["live", "", "down"])
def test_cancellation_nobody_saw_is_unknown(books: object) -> None:
    """While the book shows the order live, or cannot be read, a lost cancellation is unknown."""
    scene = Scene({ListOrders: books, CancelOrder: LOST})
    with pytest.raises(OutcomeUnknown) as caught:
        scene.run(cancel_order(ID))

    assert caught.value.order_id == ID
    assert len(scene.asked(CancelOrder)) == 1


# --- cancel all --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(OrderState))
def test_every_live_order_is_taken_back(state: OrderState) -> None:
    """Cancel-all knows every live status, the unknown one included, and leaves final ones alone (B-18)."""
    scene = Scene({ListOrders: (evolve(ROW, state=state),), CancelOrder: None})
    report = scene.run(cancel_all_orders())

    assert report.cancelled == (() if state.value in {"filled", "cancelled", "rejected", "expired"} else (ID,))
    assert report.is_complete


def test_unread_order_book_cancels_nothing_and_says_so() -> None:
    """An order book that cannot be read is an error, not an empty one (B-19)."""
    scene = Scene({ListOrders: BrokerUnavailable("bad gateway")})
    with pytest.raises(BrokerUnavailable):
        scene.run(cancel_all_orders())

    assert len(scene.asked(ListOrders)) == 4


def test_strange_row_keeps_no_other_order_alive() -> None:
    """Live orders that could be read are taken back, and the row that could not be read is reported."""
    strange = UnexpectedReply("order book", ["orders[1].OrderSide"])
    strange.rows = (row("1"), row("2", state=OrderState.FILLED))
    report = Scene({ListOrders: strange, CancelOrder: None}).run(cancel_all_orders())

    assert report.cancelled == ("1",)
    assert [(failure.order_id, failure.error) for failure in report.failed] == [(None, strange)]


def test_book_of_which_nothing_can_be_read_is_an_error() -> None:
    """When no row at all can be read, nothing is cancelled and nothing is claimed."""
    with pytest.raises(UnexpectedReply):
        Scene({ListOrders: UnexpectedReply("order book")}).run(cancel_all_orders())


def test_one_failed_cancellation_stops_no_other() -> None:
    """Each order is taken back by itself; those that fail are reported with their reasons."""
    refusal = OrderRejected("order is already filled")
    scene = Scene(
        {
            ListOrders: (row("1"), row("2", side=Side.SELL), row("3")),
            CancelOrder: lambda step: refusal if step.order_id == "2" else None,
        }
    )
    report = scene.run(cancel_all_orders())

    assert report.cancelled == ("1", "3")
    assert [(failure.order_id, failure.error) for failure in report.failed] == [("2", refusal)]
    assert not report.is_complete


def test_cancellation_in_doubt_is_not_reported_as_done() -> None:
    """An order whose cancellation is unknown counts as failed."""
    scene = Scene({ListOrders: (ROW,), CancelOrder: LOST})
    report = scene.run(cancel_all_orders())

    assert report.cancelled == ()
    assert isinstance(report.failed[0].error, OutcomeUnknown)
