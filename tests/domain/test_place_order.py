"""An order leaves at most once, and what became of it is found out (X1, D4)."""

from decimal import Decimal

import pytest

from fakes.samples import FUTURE, INDEX, SHARE, order, row
from fakes.script import WAITS, Scene, play
from jainam.domain.errors import (
    BrokerError,
    BrokerUnavailable,
    InvalidOrder,
    JainamError,
    LoginExpired,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    Rehearsed,
    SymbolNotFound,
    UnexpectedReply,
    WrongCredentials,
)
from jainam.domain.flows import drafted_order, drafted_smart_order, follow, place_order
from jainam.domain.house import House
from jainam.domain.journal import Verdict
from jainam.domain.orders import OrderId, OrderTag, Placed
from jainam.domain.steps import (
    Conclude,
    FindContract,
    FindOrder,
    HouseRules,
    ListOrders,
    ListTrades,
    Looks,
    NewTag,
    Pause,
    PlaceExit,
    PlaceOrder,
    Waits,
)
from jainam.domain.vocabulary import OrderState, PriceType, Side

BUY = order()
TAG = OrderTag("t1")
SENT = PlaceOrder(BUY, FUTURE, TAG)
LOST = OutcomeUnknown("timed out")
START = (FindContract(FUTURE.key), FUTURE), (HouseRules(), House()), (NewTag(), TAG)


def test_taken_order_is_placed() -> None:
    """An order that the gateway takes is placed under its number and its tag."""
    assert play(place_order(BUY), *START, (SENT, OrderId("9001"))) == Placed(OrderId("9001"), TAG)


def test_exit_goes_before_entries() -> None:
    """An order that closes something is sent as an exit, which overtakes waiting entries (X6)."""
    play(place_order(BUY, is_exit=True), *START, (PlaceExit(BUY, FUTURE, TAG), OrderId("9001")))


def test_lost_reply_is_looked_up_not_resent() -> None:
    """An order whose reply was lost is found by its tag; no second order is sent (D4)."""
    outcome = play(
        place_order(BUY),
        *START,
        (SENT, LOST),
        (Looks(), WAITS),
        (Pause(0), None),
        (FindOrder(TAG), BrokerUnavailable("bad gateway", status=502)),
        (Pause(1), None),
        (FindOrder(TAG), None),
        (ListTrades(), ()),
        (Pause(2), None),
        (FindOrder(TAG), row("9001")),
        (Conclude(TAG, Verdict.DONE, OrderId("9001")), None),
    )

    assert outcome == Placed(OrderId("9001"), TAG, found=True)


def test_lost_order_that_was_rejected_is_refused() -> None:
    """An order found rejected in the book is refused with the broker's reason, not reported as placed."""
    found = row(state=OrderState.REJECTED, status="Rejected", reason="RMS:Margin Exceeds")
    with pytest.raises(OrderRejected, match="RMS:Margin Exceeds"):
        play(
            place_order(BUY),
            *START,
            (SENT, LOST),
            (Looks(), (0.0,)),
            (Pause(0), None),
            (FindOrder(TAG), found),
            (Conclude(TAG, Verdict.REFUSED, found.order_id, "RMS:Margin Exceeds"), None),
        )


def test_rejection_without_a_reason_still_says_something() -> None:
    """A rejected row without a reason is refused in words of our own."""
    scene = Scene({PlaceOrder: LOST, FindOrder: row(state=OrderState.REJECTED)})
    with pytest.raises(OrderRejected, match="the broker rejected the order"):
        scene.run(place_order(BUY))


@pytest.mark.parametrize("state", [state for state in OrderState if state is not OrderState.REJECTED])
def test_lost_order_that_shows_in_the_book_is_placed(state: OrderState) -> None:
    """Whatever else the book says of a lost order, the gateway did take it."""
    scene = Scene({PlaceOrder: LOST, FindOrder: row("9001", state=state)})

    assert scene.run(place_order(BUY)) == Placed(OrderId("9001"), OrderTag("t1"), found=True)


@pytest.mark.parametrize(
    "failed_look",
    [
        NotSent("no route"),
        LoginExpired("Invalid Token"),
        BrokerUnavailable("bad gateway"),
        RateLimited("slow down"),
        OutcomeUnknown("timed out"),
        UnexpectedReply("order book"),
        WrongCredentials("Invalid appKey"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failed_look_says_nothing_about_the_order(failed_look: JainamError) -> None:
    """When no look at the book succeeds the order is unknown and names its tag, never "not sent" (D4)."""
    scene = Scene({PlaceOrder: LOST, FindOrder: failed_look})
    with pytest.raises(OutcomeUnknown) as caught:
        scene.run(place_order(BUY))

    assert caught.value.tag == "t1"
    assert caught.value.reason == "timed out"
    assert len(caught.value.evidence) == len(scene.asked(FindOrder)) == 4
    assert len(scene.asked(PlaceOrder)) == 1
    assert "check the order book before sending again" in str(caught.value)


def test_order_that_stays_absent_is_unknown() -> None:
    """An order that the book does not show may still arrive: unknown, never sent again (D4)."""
    scene = Scene({PlaceOrder: LOST, FindOrder: None})
    with pytest.raises(OutcomeUnknown, match="in neither the order book nor the trade book yet"):
        scene.run(place_order(BUY))

    assert len(scene.asked(PlaceOrder)) == 1


@pytest.mark.parametrize(
    "answer", [BrokerUnavailable("bad gateway", status=502), UnexpectedReply("order", ["AppOrderID"])], ids=repr
)
def test_unreadable_answer_to_an_order_is_a_lost_one(answer: JainamError) -> None:
    """A broken gateway or an unreadable answer leaves an order in doubt: it is looked up, not called undone (D4)."""
    found = Scene({PlaceOrder: answer, FindOrder: row("9001")})
    assert found.run(place_order(BUY)).found

    lost = Scene({PlaceOrder: answer, FindOrder: None})
    with pytest.raises(OutcomeUnknown) as caught:
        lost.run(place_order(BUY))
    assert caught.value.tag == "t1"
    assert len(lost.asked(PlaceOrder)) == 1


def test_order_that_never_left_is_tried_again_under_its_tag() -> None:
    """While an order provably never left it is tried again after 1, 2 and 4 s, with the same tag (NFR3, D4)."""
    outcome = play(
        place_order(BUY),
        *START,
        (SENT, NotSent("no route")),
        (Waits(), WAITS),
        (Pause(1), None),
        (SENT, NotSent("no route")),
        (Pause(2), None),
        (SENT, NotSent("no route")),
        (Pause(4), None),
        (SENT, OrderId("9001")),
    )

    assert outcome.tag == TAG


def test_order_that_never_leaves_is_not_sent() -> None:
    """An order that could not leave in four tries is reported as not sent, without a look at the book (D4)."""
    scene = Scene({PlaceOrder: NotSent("no route")})
    with pytest.raises(NotSent, match="no route; it never left this machine"):
        scene.run(place_order(BUY))

    assert [step.seconds for step in scene.asked(Pause) if isinstance(step, Pause)] == [1, 2, 4]
    assert len(scene.asked(PlaceOrder)) == 4
    assert not scene.asked(FindOrder)


def test_order_lost_on_a_later_try_is_looked_up() -> None:
    """Once a try may have arrived, no further one is made."""
    scene = Scene({PlaceOrder: [NotSent("no route"), LOST, OrderId("9002")], FindOrder: row("9001")})

    assert scene.run(place_order(BUY)) == Placed(OrderId("9001"), OrderTag("t1"), found=True)
    assert len(scene.asked(PlaceOrder)) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        OrderRejected("Order rejected"),
        WrongCredentials("Invalid appKey"),
        LoginExpired("Invalid Token"),
        BrokerError("Bad Request"),
        Rehearsed("POST /orders"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_refused_order_is_not_sent_again(refusal: JainamError) -> None:
    """An order that was refused is neither sent again nor called unknown (D4)."""
    scene = Scene({PlaceOrder: refusal})
    with pytest.raises(type(refusal)) as caught:
        scene.run(place_order(BUY))

    assert caught.value is refusal
    assert len(scene.asked(PlaceOrder)) == 1


def test_order_that_breaks_a_rule_does_not_leave() -> None:
    """An order is checked against its contract before it gets a tag, and every problem is named (FR10, AC 1.8.1)."""
    scene = Scene()
    wrong = order(quantity=76, price_type=PriceType.LIMIT, price=Decimal("25000.05"))
    with pytest.raises(InvalidOrder) as caught:
        scene.run(place_order(wrong))

    assert len(caught.value.problems) == 2
    assert [type(step) for step in scene.steps] == [FindContract, HouseRules]


def test_unknown_symbol_does_not_leave() -> None:
    """An instrument that the store does not know is never sent under a placeholder (FR7, B-09)."""
    scene = Scene({FindContract: SymbolNotFound("NIFTY", "NFO")})
    with pytest.raises(SymbolNotFound):
        scene.run(place_order(BUY))

    assert [type(step) for step in scene.steps] == [FindContract]


# --- following ---------------------------------------------------------------------------------------------------

PLACED = Placed(OrderId("9001"), TAG)


@pytest.mark.parametrize("state", [state for state in OrderState if state is not OrderState.PENDING])
def test_order_is_followed_until_the_exchange_answers(state: OrderState) -> None:
    """A placed order is looked at again until it is more than pending."""
    resting = row("9001", state=state)
    scene = Scene({ListOrders: [(row("9001", state=OrderState.PENDING),), (resting,)]})

    assert scene.run(follow(PLACED)) == resting
    assert len(scene.asked(ListOrders)) == 2


def test_order_that_stays_pending_is_shown_as_it_stands() -> None:
    """When patience ends the last row is the answer."""
    pending = row("9001", state=OrderState.PENDING)

    assert Scene({ListOrders: (pending,)}).run(follow(PLACED)) == pending


def test_order_that_the_book_shows_late_is_waited_for() -> None:
    """The book may lag behind the gateway's answer; a placed order it does not list yet is no invalid order."""
    resting = row("9001")

    assert Scene({ListOrders: [(), (resting,)]}).run(follow(PLACED)) == resting


def test_failed_look_does_not_hide_the_row_seen_before() -> None:
    """A look that fails after a good one leaves the row that was seen."""
    pending = row("9001", state=OrderState.PENDING)
    scene = Scene({ListOrders: [(pending,), WrongCredentials("gone")]})

    assert scene.run(follow(PLACED)) == pending


def test_placed_order_that_is_never_seen_is_in_doubt() -> None:
    """A placed order that no look could show is unknown, with its number; "nothing was sent" would be a lie."""
    with pytest.raises(OutcomeUnknown) as caught:
        Scene({ListOrders: ()}).run(follow(PLACED))

    assert caught.value.order_id == "9001"
    assert caught.value.tag == TAG
    assert len(caught.value.evidence) == 4


# --- orders from loosely written fields --------------------------------------------------------------------------

FIELDS = {"symbol": "RELIANCE", "exchange": "NSE", "action": "buy", "quantity": "10.0", "product": "MIS"}


def test_drafted_order_is_the_one_meant() -> None:
    """Fields as OpenAlgo hands them over become one order on a known contract."""
    read = Scene().run(drafted_order(FIELDS))

    assert (read.instrument, read.side, read.quantity) == (SHARE.key, Side.BUY, 10)


def test_drafted_order_names_an_unknown_symbol_beside_the_rest() -> None:
    """An unknown symbol is one problem among the others, and the error itself when it is the only one (FR10)."""
    with pytest.raises(SymbolNotFound):
        Scene().run(drafted_order({**FIELDS, "symbol": "RELIANC"}))
    with pytest.raises(InvalidOrder) as caught:
        Scene().run(drafted_order({**FIELDS, "symbol": "RELIANC", "quantity": 0}))
    assert len(caught.value.problems) == 2


def test_drafted_order_without_a_symbol_asks_no_store() -> None:
    """Without a symbol there is nothing to look up."""
    scene = Scene()
    with pytest.raises(InvalidOrder, match="symbol is required"):
        scene.run(drafted_order({**FIELDS, "symbol": None}))
    assert not scene.asked(FindContract)


def test_drafted_smart_order_is_checked_before_any_book_is_read() -> None:
    """A smart order's fields and symbol are judged before the broker is asked for anything (AC 1.8.1)."""
    scene = Scene()
    assert scene.run(drafted_smart_order({**FIELDS, "quantity": "0", "position_size": "-50"})).target == -50
    assert [type(step) for step in scene.steps] == [FindContract]

    with pytest.raises(SymbolNotFound):
        Scene().run(drafted_smart_order({**FIELDS, "symbol": "RELIANC", "position_size": 0}))
    with pytest.raises(InvalidOrder, match="position_size is required"):
        Scene().run(drafted_smart_order(FIELDS))


def test_index_is_no_order() -> None:
    """An index can be watched and not bought, whatever its master row says of ticks."""
    with pytest.raises(InvalidOrder, match="is an index"):
        Scene().run(place_order(order(INDEX, price_type=PriceType.LIMIT, price=Decimal(25000))))
