"""Close-all tries every leg, sends nothing twice, and calls closed only what it has seen closed (X3, D9)."""

from typing import Any

import pytest
from attrs import evolve

from fakes.closing import Desk
from fakes.samples import FUTURE, INDEX, OPTION, SHARE, TWIN, order, position, smart
from fakes.script import NOW, WAITS, play
from jainam.domain.closing import Exit, close_all_positions
from jainam.domain.errors import (
    BrokerUnavailable,
    InvalidOrder,
    JainamError,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    Rehearsed,
    SymbolNotFound,
    UnexpectedReply,
    WrongCredentials,
)
from jainam.domain.flows import place_smart_order
from jainam.domain.house import House
from jainam.domain.instruments import Contract
from jainam.domain.orders import OrderId, OrderTag
from jainam.domain.portfolio import Position
from jainam.domain.reports import CloseReport, Leg
from jainam.domain.steps import (
    Alone,
    FindContract,
    HouseRules,
    ListOrders,
    ListPositions,
    NameContracts,
    NewTag,
    Now,
    OwnOrders,
    Pause,
    PlaceExit,
    PlaceOrder,
    Tell,
    Waits,
)
from jainam.domain.vocabulary import Exchange, OrderState, Product, Side

DOWN = BrokerUnavailable("bad gateway", status=502)
LOST = OutcomeUnknown("timed out")


def test_close_all_step_by_step() -> None:
    """Both books are read; the exit leaves once; and the book is read again before anything is called closed."""
    books = (
        (Now(), NOW),
        (ListOrders(None), ()),
        (ListPositions(None), (position(75), position(0, OPTION))),
    )
    report = play(
        close_all_positions(),
        *books,
        (NameContracts((FUTURE.ref,)), {FUTURE.ref: FUTURE}),
        (HouseRules(), House()),
        (OwnOrders(FUTURE.key, Product.NRML), ()),
        (Now(), NOW),
        (Tell(Exit("NIFTY30JUN26FUT", Product.NRML, 75, Side.SELL, 75)), None),
        (FindContract(FUTURE.key), FUTURE),
        (HouseRules(), House()),
        (NewTag(), OrderTag("t1")),
        (PlaceExit(order(side=Side.SELL, quantity=75), FUTURE, OrderTag("t1"), 75), OrderId("9001")),
        (Waits(), WAITS),
        (Pause(0), None),
        (ListPositions(None), (position(75),)),
        (Pause(1), None),
        (ListPositions(None), (position(0),)),
    )

    assert report == CloseReport(
        (
            Leg(
                symbol="NIFTY30JUN26FUT",
                exchange=Exchange.NFO,
                product=Product.NRML,
                held=75,
                order_ids=(OrderId("9001"),),
                remaining=0,
            ),
        )
    )
    assert report.status == "complete"


def test_close_alls_take_turns() -> None:
    """Close-alls run one after the other, and each exit takes the turn that smart orders take too (X2, X3)."""
    assert next(close_all_positions()) == Alone(("closing",), None)  # type: ignore[arg-type]

    turns: list[Alone[Any]] = []
    desk = Desk([position(75)])
    desk.scene.entered = turns.append
    desk.close()
    assert turns[1] == next(place_smart_order(smart(0)))


@pytest.mark.parametrize(
    ("held", "sent"),
    [
        ([], []),
        ([position(0)], []),
        ([position(75)], [("NIFTY30JUN26FUT", Side.SELL, 75)]),
        ([position(-75)], [("NIFTY30JUN26FUT", Side.BUY, 75)]),
        (
            [position(75), position(-150, OPTION), position(0, TWIN), position(10, SHARE, product=Product.CNC)],
            [("NIFTY30JUN26FUT", Side.SELL, 75), ("NIFTY17FEB2625700PE", Side.BUY, 150), ("RELIANCE", Side.SELL, 10)],
        ),
        (
            [position(75), position(-150, product=Product.MIS)],
            [("NIFTY30JUN26FUT", Side.SELL, 75), ("NIFTY30JUN26FUT", Side.BUY, 150)],
        ),
        ([position(3675)], [("NIFTY30JUN26FUT", Side.SELL, size) for size in (1800, 1800, 75)]),
    ],
    ids=["none", "closed", "long", "short", "mixed", "two products", "sliced"],
)
def test_every_open_position_is_flattened(held: list[Position], sent: list[tuple[str, Side, int]]) -> None:
    """Long and short, many, one and none: each open position gets its exits, in slices the exchange takes (FR6)."""
    desk = Desk(held)
    report = desk.close()

    assert desk.sent == sent
    assert report.is_complete
    assert report.status == "complete"
    assert [leg.held for leg in report.legs] == [row.quantity for row in held if row.is_open]
    assert not any(row.is_open for row in desk.positions)


def test_only_chosen_positions_are_closed() -> None:
    """A choice of positions leaves the others alone."""
    desk = Desk([position(75), position(10, SHARE)])
    report = desk.close(lambda row: row.instrument == SHARE.ref)

    assert desk.sent == [("RELIANCE", Side.SELL, 10)]
    assert [leg.symbol for leg in report.legs] == ["RELIANCE"]


@pytest.mark.parametrize(
    "error",
    [
        OrderRejected("Order rejected", status=400),
        RateLimited("slow down", "e-apirl-0004", 429),
        NotSent("no route"),
        WrongCredentials("Invalid appKey"),
        LOST,
        DOWN,
    ],
    ids=lambda error: type(error).__name__,
)
def test_one_failure_stops_no_other_leg(error: JainamError) -> None:
    """A leg that fails is reported with its reason; the others are closed, and the whole is partial (FR6, B-29)."""
    desk = Desk([position(10, SHARE), position(75), position(-75, OPTION)], answers={FUTURE.ref: error})
    report = desk.close()

    assert [leg.remaining for leg in report.legs] == [0, 75, 0]
    assert [leg.filled for leg in report.legs] == [10, 0, 75]
    assert report.status == "partial"
    assert not report.is_complete
    (failed,) = report.failed
    assert failed.symbol == "NIFTY30JUN26FUT"
    assert str(getattr(error, "reason", getattr(error, "description", error))) in failed.reason
    assert failed.order_ids == ()
    assert failed.error is not None


def test_exit_in_doubt_names_its_tag() -> None:
    """An exit whose answer was lost is looked up and, when the book does not show it, named as unknown (D4)."""
    report = Desk([position(75)], answers={FUTURE.ref: LOST}).close()

    assert isinstance(report.legs[0].error, OutcomeUnknown)
    assert "order with tag t1: timed out" in report.legs[0].reason


def test_exit_that_failed_though_the_position_is_gone() -> None:
    """What the book shows counts: a leg in doubt whose position is gone is closed."""
    desk = Desk([position(75)], answers={FUTURE.ref: LOST})
    desk.scene.answers[ListPositions] = [(position(75),), (position(0),)]
    report = desk.close()

    assert report.is_complete
    assert report.legs[0].reason == ""


def test_nothing_more_is_sent_after_a_failed_slice() -> None:
    """The first slice that fails ends its leg; what was sent before it is named."""
    desk = Desk([position(3675)])
    taken = desk._take
    desk.scene.answers[PlaceExit] = lambda step: taken(step) if not desk.orders else OrderRejected("no margin")
    report = desk.close()

    assert desk.sent == [("NIFTY30JUN26FUT", Side.SELL, 1800)] * 2
    assert report.legs[0].order_ids == ("1",)
    assert (report.legs[0].filled, report.legs[0].remaining) == (1800, 1875)
    assert report.legs[0].reason == "no margin"
    assert report.status == "partial"


@pytest.mark.parametrize("book", [ListPositions, ListOrders])
@pytest.mark.parametrize("error", [DOWN, NotSent("no route"), LOST, UnexpectedReply("positions")], ids=repr)
def test_unread_book_closes_nothing_and_raises(
    book: type[ListPositions] | type[ListOrders], error: JainamError
) -> None:
    """A position book that cannot be read is an error and not "nothing open"; nor is any exit sent blindly (B-28)."""
    desk = Desk([position(75)])
    desk.scene.answers[book] = error
    with pytest.raises(JainamError) as caught:
        desk.close()

    assert not isinstance(caught.value, OutcomeUnknown)
    assert desk.sent == []


def test_book_that_cannot_be_read_again_calls_nothing_closed() -> None:
    """Without a second look nobody knows what is left: not closed, not failed for sure, and never complete (D9)."""
    desk = Desk([position(75)])
    desk.scene.answers[ListPositions] = [(position(75),), WrongCredentials("Invalid appKey")]
    report = desk.close()

    assert desk.sent == [("NIFTY30JUN26FUT", Side.SELL, 75)]
    assert (report.legs[0].remaining, report.legs[0].filled) == (None, None)
    assert report.legs[0].reason == "the position book could not be read again"
    assert not report.is_complete
    assert report.status == "failed"


def test_second_look_is_patient() -> None:
    """A look that fails, or comes before the fill, is followed by another."""
    desk = Desk([position(75)])
    desk.scene.answers[ListPositions] = [(position(75),), WrongCredentials("gone"), (position(75),), ()]
    report = desk.close()

    assert report.is_complete


def test_risk_rejection_is_reported_in_the_brokers_words() -> None:
    """An exit that was taken and then rejected is no closed position; the leg says why (B-27, D9)."""
    report = Desk([position(75)], fates={FUTURE.ref: OrderState.REJECTED}).close()

    assert report.status == "failed"
    assert report.legs[0].order_ids == ("1",)
    assert report.legs[0].reason == "order 1 was rejected: RMS:Margin Exceeds"


def test_rejection_without_a_reason() -> None:
    """A rejection that gives no reason is reported as such."""
    desk = Desk([position(75)], fates={FUTURE.ref: OrderState.REJECTED})
    taken = desk._take

    def take(step: PlaceExit) -> object:
        answer = taken(step)
        desk.orders[-1] = evolve(desk.orders[-1], reason="")
        return answer

    desk.scene.answers[PlaceExit] = take

    assert desk.close().legs[0].reason == "order 1 was rejected: no reason given"


@pytest.mark.parametrize("book", [(), DOWN], ids=["absent", "unread"])
def test_exit_that_nobody_can_explain(book: object) -> None:
    """A position that stays open, with no row that explains it, is reported as not traded yet."""
    desk = Desk([position(75)], fates={FUTURE.ref: OrderState.OPEN})
    desk.scene.answers[ListOrders] = [(), book]
    report = desk.close()

    assert report.legs[0].reason == "the exit has not traded yet"
    assert report.legs[0].remaining == 75


def test_unknown_instrument_is_a_leg_that_failed() -> None:
    """A position on an instrument that the store does not know is reported under the broker's name, not passed over."""
    desk = Desk([position(75), position(10, SHARE)])
    desk.scene.answers[NameContracts] = {SHARE.ref: SHARE}
    report = desk.close()

    assert desk.sent == [("RELIANCE", Side.SELL, 10)]
    assert [leg.symbol for leg in report.failed] == ["NIFTY26JUNFUT"]
    assert isinstance(report.failed[0].error, SymbolNotFound)
    assert "load the master contract" in report.failed[0].reason


@pytest.mark.parametrize(
    ("held", "problem"),
    [
        (position(76), "lot size"),
        (position(75, product=Product.BO), "product BO cannot be placed"),
        (position(1, INDEX), "an index"),
    ],
    ids=["odd lot", "bracket", "index"],
)
def test_position_that_no_order_can_close(held: Position, problem: str) -> None:
    """What the rules forbid to send is named as the reason, and the leg stays open."""
    report = Desk([held]).close()

    assert isinstance(report.legs[0].error, InvalidOrder)
    assert problem in report.legs[0].reason


def test_rows_of_one_position_are_added_up() -> None:
    """A book that lists one instrument and product twice is closed only when the sum of its rows is zero."""
    desk = Desk([position(75)])
    desk.scene.answers[ListPositions] = [(position(75),), (position(75), position(0))]
    report = desk.close()

    assert report.legs[0].remaining == 75
    assert not report.is_complete


def leg(held: int, remaining: int | None) -> Leg:
    """A leg of which so much was held and is left."""
    return Leg(symbol="X", exchange=Exchange.NFO, product=Product.NRML, held=held, order_ids=(), remaining=remaining)


@pytest.mark.parametrize(
    ("held", "remaining", "filled"),
    [
        (75, 0, 75),
        (75, 25, 50),
        (-75, -25, 50),
        (-75, 0, 75),
        (75, 75, 0),
        (75, 150, 0),
        (-75, -150, 0),
        (75, -75, 75),
        (-75, 150, 75),
        (75, None, None),
    ],
)
def test_filled_is_what_was_closed_of_what_was_held(held: int, remaining: int | None, filled: int | None) -> None:
    """A position that grew meanwhile has nothing closed, and one that was reversed has no more closed than was held."""
    assert leg(held, remaining).filled == filled
    assert leg(held, remaining).is_closed == (remaining == 0)


@pytest.mark.parametrize(
    ("legs", "status"),
    [
        ((), "complete"),
        ((leg(75, 0), leg(-10, 0)), "complete"),
        ((leg(75, 0), leg(75, 75)), "partial"),
        ((leg(75, 25),), "partial"),
        ((leg(75, 75), leg(75, None)), "failed"),
        ((leg(75, 150),), "failed"),
    ],
)
def test_status_sums_the_legs_up(legs: tuple[Leg, ...], status: str) -> None:
    """Complete means seen closed, partial that something was, failed that nothing was (D9)."""
    assert CloseReport(legs).status == status


def test_exits_are_never_entries() -> None:
    """Every order of a close-all goes before waiting entries (X6)."""
    desk = Desk([position(75), position(-150, OPTION)])
    desk.close()

    assert len(desk.scene.asked(PlaceExit)) == 2
    assert not desk.scene.asked(PlaceOrder)


def test_contract_names_the_leg() -> None:
    """A leg is called by the symbol a trader uses."""
    contracts: list[Contract] = [FUTURE, OPTION]
    report = Desk([position(75, contract) for contract in contracts]).close()

    assert [leg.symbol for leg in report.legs] == [contract.symbol for contract in contracts]


def test_each_exit_is_told_before_it_leaves() -> None:
    """The log names every attempt: symbol, product, what is held, and what is sent for it (FR6)."""
    desk = Desk([position(75), position(-150, OPTION)])
    desk.close()

    assert [
        (told.symbol, told.held, told.side, told.quantity) for told in desk.scene.told() if isinstance(told, Exit)
    ] == [
        (FUTURE.symbol, 75, Side.SELL, 75),
        (OPTION.symbol, -150, Side.BUY, 150),
    ]


def test_a_rehearsal_shows_every_slice() -> None:
    """In test mode a position above the freeze quantity shows each order that would go out, not only the first."""
    desk = Desk([position(3750)])
    desk.scene.answers[PlaceExit] = lambda step: Rehearsed(f"sell {step.order.quantity}")
    (leg,) = desk.close().legs

    assert isinstance(leg.error, Rehearsed)
    assert leg.error.request == "sell 1800\nsell 1800\nsell 150"
    assert leg.order_ids == ()
