"""A smart order brings a position to its target, or sends nothing when it cannot know where it stands (FR5, D3)."""

from decimal import Decimal

import pytest

from fakes.samples import FUTURE, OPTION, order, position, row, smart
from fakes.script import NOW, WAITS, Scene, play
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
from jainam.domain.flows import place_smart_order, turn_of
from jainam.domain.house import House
from jainam.domain.orders import OrderId, OrderTag, Placed
from jainam.domain.reports import SmartOutcome, SmartPlan
from jainam.domain.steps import (
    Alone,
    FindContract,
    FindOrder,
    HouseRules,
    ListOrders,
    ListPositions,
    Looks,
    NewTag,
    Now,
    OwnOrders,
    Pause,
    PlaceExit,
    PlaceOrder,
    Tell,
)
from jainam.domain.vocabulary import OrderState, PriceType, Product, Side

TAG = OrderTag("t1")


def scene(held: object, orders: object = ()) -> Scene:
    """A desk that holds *held* units and has those *orders*, and takes whatever is sent."""
    book = (position(held),) if isinstance(held, int) else held
    return Scene(
        {
            ListPositions: book,
            ListOrders: orders,
            PlaceOrder: OrderId("9001"),
            PlaceExit: OrderId("9001"),
        }
    )


def test_smart_order_step_by_step() -> None:
    """Contract, order book, position book, the worked-out plan, and one order for the difference (FR5)."""
    outcome = play(
        place_smart_order(smart(150)),
        (FindContract(FUTURE.key), FUTURE),
        (Looks(), WAITS),
        (Pause(0), None),
        (OwnOrders(FUTURE.key, Product.NRML), ()),
        (Now(), NOW),
        (ListOrders(), (row("8000", pending=25),)),
        (ListPositions(), (position(50), position(999, OPTION), position(999, product=Product.MIS))),
        (
            Tell(
                SmartPlan(
                    symbol="NIFTY30JUN26FUT",
                    product=Product.NRML,
                    current=50,
                    target=150,
                    working=25,
                    delta=100,
                    action=Side.BUY,
                    quantity=75,
                )
            ),
            None,
        ),
        (FindContract(FUTURE.key), FUTURE),
        (HouseRules(), House()),
        (NewTag(), TAG),
        (PlaceOrder(order(quantity=75), FUTURE, TAG, held=50), OrderId("9001")),
    )

    assert outcome == SmartOutcome(
        instrument=FUTURE.key,
        held=50,
        target=150,
        working=("8000",),
        placed=Placed(OrderId("9001"), TAG),
        side=Side.BUY,
        quantity=75,
        reason="",
    )


def test_smart_orders_take_turns() -> None:
    """No two smart orders on one instrument and product work out their difference at the same time (X2)."""
    turns = [next(place_smart_order(smart(75, contract))) for contract in (FUTURE, OPTION)]

    assert turns == [Alone(turn_of(contract.key, Product.NRML), None) for contract in (FUTURE, OPTION)]  # type: ignore[arg-type]


def test_a_stop_that_sleeps_is_not_placed_twice() -> None:
    """The same smart stop order again finds its first stop working, and sends nothing."""
    sleeping = row("8000", price_type=PriceType.SL_M, trigger_price=Decimal(26000), pending=75)
    scene = Scene({ListOrders: (sleeping,), ListPositions: ()})
    again = scene.run(place_smart_order(smart(75, price_type=PriceType.SL_M, trigger_price=Decimal(26000))))

    assert again.placed is None
    assert again.working == ("8000",)
    assert not scene.asked(PlaceOrder)


@pytest.mark.parametrize(
    ("held", "target", "kind"),
    [
        (0, 75, PlaceOrder),
        (75, 150, PlaceOrder),
        (150, 75, PlaceExit),
        (75, 0, PlaceExit),
        (-75, 0, PlaceExit),
        (-150, -75, PlaceExit),
        (75, -75, PlaceOrder),
        (150, -75, PlaceOrder),
        (-75, -150, PlaceOrder),
    ],
)
def test_only_what_reduces_is_an_exit(held: int, target: int, kind: type[PlaceOrder]) -> None:
    """An order that only reduces a position overtakes entries; one that opens or reverses waits its turn (X6)."""
    desk = scene(held)
    outcome = desk.run(place_smart_order(smart(target)))

    assert [type(step) for step in desk.asked(PlaceOrder, PlaceExit)] == [kind]
    assert outcome.quantity == abs(target - held)
    assert outcome.side is (Side.BUY if target > held else Side.SELL)


def test_plain_order_when_there_is_nothing_to_bring_anywhere() -> None:
    """Target zero, no position and a quantity place action × quantity, as an entry (D5)."""
    desk = scene(0)
    outcome = desk.run(place_smart_order(smart(0, side=Side.SELL, quantity=75)))

    assert (outcome.side, outcome.quantity) == (Side.SELL, 75)
    assert len(desk.asked(PlaceOrder)) == 1


@pytest.mark.parametrize(("held", "target"), [(75, 75), (-75, -75), (0, 0)])
def test_no_order_when_the_position_stands(held: int, target: int) -> None:
    """At the target nothing is sent, the plan is told all the same, and the reason has OpenAlgo's words (D5)."""
    desk = scene(held)
    outcome = desk.run(place_smart_order(smart(target)))

    assert (outcome.placed, outcome.side, outcome.quantity) == (None, None, 0)
    assert "No action needed" in outcome.reason
    assert not desk.asked(PlaceOrder, PlaceExit)
    assert desk.told() == [
        SmartPlan(
            symbol="NIFTY30JUN26FUT",
            product=Product.NRML,
            current=held,
            target=target,
            working=0,
            delta=0,
            action=None,
            quantity=0,
        )
    ]


def test_working_orders_are_counted() -> None:
    """What is already on its way to the target is not sent again, and the reason names it."""
    desk = scene(0, (row("8000", quantity=150),))
    outcome = desk.run(place_smart_order(smart(150)))

    assert outcome.placed is None
    assert outcome.working == ("8000",)
    assert outcome.reason == (
        "No action needed: NIFTY30JUN26FUT stands at 0 and order 8000 is still working towards 150"
    )


def test_sleeping_stops_are_not_counted() -> None:
    """A protective stop does not keep a position open that was asked to be closed."""
    stop = row("8000", side=Side.SELL, price_type=PriceType.SL_M, trigger_price=Decimal(24000))
    outcome = scene(75, (stop,)).run(place_smart_order(smart(0)))

    assert (outcome.side, outcome.quantity) == (Side.SELL, 75)


UNREAD = [
    NotSent("no route"),
    OutcomeUnknown("timed out"),
    BrokerUnavailable("bad gateway"),
    RateLimited("slow down"),
    UnexpectedReply("positions"),
    OrderRejected("Data Not Available"),
]


@pytest.mark.parametrize("error", UNREAD, ids=lambda error: type(error).__name__)
def test_unread_positions_place_nothing(error: JainamError) -> None:
    """A position book that cannot be read aborts the order; it is never taken for flat (D3, B-21)."""
    desk = scene(error)
    with pytest.raises(JainamError) as caught:
        desk.run(place_smart_order(smart(75)))

    assert not isinstance(caught.value, OutcomeUnknown), "nothing is in doubt after a read"
    assert not desk.asked(PlaceOrder, PlaceExit, NewTag)


@pytest.mark.parametrize("error", UNREAD, ids=lambda error: type(error).__name__)
def test_unread_orders_place_nothing(error: JainamError) -> None:
    """An order book that cannot be read aborts the order: what works already is unknown (D3)."""
    desk = scene(0, error)
    with pytest.raises(JainamError) as caught:
        desk.run(place_smart_order(smart(75)))

    assert not isinstance(caught.value, OutcomeUnknown)
    assert not desk.asked(PlaceOrder, PlaceExit, NewTag)


def test_unknown_symbol_reads_no_book() -> None:
    """An instrument that nobody knows is named before the broker is asked for anything."""
    desk = Scene({FindContract: SymbolNotFound("NIFTY", "NFO")})
    with pytest.raises(SymbolNotFound):
        desk.run(place_smart_order(smart(75)))

    assert [type(step) for step in desk.steps] == [FindContract]


def test_delta_is_checked_like_any_order() -> None:
    """The order that a smart order comes to is validated before it leaves (AC 1.8.1)."""
    desk = scene(10)
    with pytest.raises(InvalidOrder, match="quantity 65 is not a multiple of the lot size 75"):
        desk.run(place_smart_order(smart(75)))

    assert not desk.asked(PlaceOrder, PlaceExit)


@pytest.mark.parametrize("filled_at", range(1, 8))
def test_order_that_fills_between_the_reads_is_not_sent_again(filled_at: int) -> None:
    """Whenever the earlier order fills, a second smart order for the same target never takes the position past it.

    An order that filled after the position book was read and before the order book was would be in neither.
    """
    steps = 0

    def is_filled() -> bool:
        nonlocal steps
        steps += 1
        return steps >= filled_at

    done = row("8000", state=OrderState.FILLED, pending=0, filled=75)
    desk = Scene(
        {
            ListPositions: lambda _: (position(75 if is_filled() else 0),),
            ListOrders: lambda _: (done if is_filled() else row("8000"),),
            PlaceOrder: OrderId("9001"),
        }
    )

    assert desk.run(place_smart_order(smart(75))).placed is None


def test_lost_answer_is_settled_by_tag() -> None:
    """A smart order whose answer was lost is looked up like any order, and its tag named when it is in doubt (D4)."""
    desk = Scene(
        {
            ListPositions: (),
            ListOrders: (),
            PlaceOrder: OutcomeUnknown("timed out"),
            FindOrder: None,
        }
    )
    with pytest.raises(OutcomeUnknown) as caught:
        desk.run(place_smart_order(smart(75)))

    assert caught.value.tag == "t1"
