"""The arithmetic of positions reaches its target and never passes it."""

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from fakes.samples import FUTURE, SHARE, TWIN, order, position, row, smart
from jainam.domain.orders import Order
from jainam.domain.planning import Working, closing_order, held_in, order_towards, slices, working_in
from jainam.domain.vocabulary import OrderState, PriceType, Product, Side

QUANTITIES = st.integers(-100_000, 100_000)
SOME = st.integers(0, 100_000)
NONE = Working()


def signed(planned: Order | None) -> int:
    """What an order adds to the position when it fills."""
    return 0 if planned is None else planned.side.sign * planned.quantity


@pytest.mark.parametrize(
    ("target", "held", "quantity", "side", "wanted"),
    [
        (0, 0, 75, Side.BUY, (Side.BUY, 75)),
        (0, 0, 75, Side.SELL, (Side.SELL, 75)),
        (0, 0, 0, Side.BUY, None),
        (150, 150, 75, Side.BUY, None),
        (-150, -150, 75, Side.BUY, None),
        (0, 150, 75, Side.BUY, (Side.SELL, 150)),
        (0, -150, 75, Side.SELL, (Side.BUY, 150)),
        (150, 0, 75, Side.SELL, (Side.BUY, 150)),
        (-150, 0, 75, Side.BUY, (Side.SELL, 150)),
        (150, 75, 0, Side.BUY, (Side.BUY, 75)),
        (75, 150, 0, Side.BUY, (Side.SELL, 75)),
        (-75, 75, 0, Side.BUY, (Side.SELL, 150)),
        (75, -75, 0, Side.BUY, (Side.BUY, 150)),
        (-150, -75, 0, Side.BUY, (Side.SELL, 75)),
        (-75, -150, 0, Side.BUY, (Side.BUY, 75)),
    ],
)
def test_truth_table(target: int, held: int, quantity: int, side: Side, wanted: tuple[Side, int] | None) -> None:
    """A smart order does what OpenAlgo's own table says, the plain order of D5 included (FR5, D5, host 1.3)."""
    planned = order_towards(smart(target, quantity=quantity, side=side), held, NONE)

    assert (planned and (planned.side, planned.quantity)) == wanted


def test_order_towards_keeps_the_terms() -> None:
    """The order has the wish's product, price type and prices, and discloses no more than it is."""
    wish = smart(
        75, product=Product.MIS, price_type=PriceType.SL, price=25010, trigger_price=25000, disclosed_quantity=100
    )

    assert order_towards(wish, 0, NONE) == order(
        product=Product.MIS,
        price_type=PriceType.SL,
        price=Decimal(25010),
        trigger_price=Decimal(25000),
        disclosed_quantity=75,
    )


@given(target=QUANTITIES, held=QUANTITIES)
def test_order_towards_reaches_the_target(target: int, held: int) -> None:
    """The planned order, applied to what is held, gives what is wanted (FR5)."""
    assert held + signed(order_towards(smart(target), held, NONE)) == target


@given(target=QUANTITIES, held=QUANTITIES, buys=SOME, sells=SOME, filled=st.floats(0, 1))
def test_order_towards_never_passes_the_target(target: int, held: int, buys: int, sells: int, filled: float) -> None:
    """Whatever works already, and however much of it fills, our order takes the position no further than the target."""
    planned = signed(order_towards(smart(target), held, Working(buys, sells)))
    same_way = buys if target > held else -sells
    ends = held + planned + int(filled * same_way)

    if target == held:
        assert planned == 0
    elif planned > 0:
        assert held < ends <= target
    elif planned < 0:
        assert target <= ends < held
    else:
        assert abs(same_way) >= abs(target - held)


@given(held=QUANTITIES, buys=SOME, sells=SOME)
def test_closing_order_leaves_nothing(held: int, buys: int, sells: int) -> None:
    """A position, its closing order and what works towards flat come to zero, unless what works is already too much."""
    planned = signed(closing_order(position(held), FUTURE, Working(buys, sells)))
    working = -sells if held > 0 else buys

    if abs(working) >= abs(held):
        assert planned == 0
    else:
        assert held + planned + working == 0


@given(held=QUANTITIES)
def test_closing_order_is_a_plain_market_order(held: int) -> None:
    """An exit is a MARKET order against the position in its own product (FR6)."""
    assume(held)
    assert closing_order(position(held, product=Product.MIS), FUTURE, NONE) == order(
        side=Side.SELL if held > 0 else Side.BUY, product=Product.MIS, quantity=abs(held)
    )


@given(lots=st.integers(1, 400), lot=st.integers(1, 100), freeze=st.none() | st.integers(0, 2000))
def test_slices_are_what_the_exchange_takes(lots: int, lot: int, freeze: int | None) -> None:
    """Slices are whole lots, none above the freeze quantity, together the order, and as few as can be (X3)."""
    assume(freeze is None or freeze >= lot)
    whole = order(quantity=lots * lot)
    parts = [part.quantity for part in slices(whole, evolve(FUTURE, lot_size=lot, freeze_quantity=freeze))]
    largest = whole.quantity if freeze is None else freeze // lot * lot

    assert sum(parts) == whole.quantity
    assert all(part % lot == 0 and 0 < part <= largest for part in parts)
    assert len(parts) == -(-whole.quantity // largest)


def test_slice_of_a_small_order_is_the_order() -> None:
    """An order that needs no slicing is passed on as it is."""
    whole = order(quantity=1800)

    assert [part is whole for part in slices(whole, FUTURE)] == [True]


def test_odd_quantity_is_sliced_to_the_last_unit() -> None:
    """A position that is no whole number of lots keeps its odd rest in the last slice, where the check will name it."""
    assert [part.quantity for part in slices(order(quantity=1810), FUTURE)] == [1800, 10]


def test_held_is_an_exact_match() -> None:
    """Only rows of that instrument in that product count, and the number decides, not the name (FR4, B-22)."""
    rows = [
        position(75),
        position(10, SHARE),
        position(20, TWIN),
        position(150, product=Product.MIS),
        position(-25),
    ]

    assert held_in(rows, FUTURE.ref, Product.NRML) == 50
    assert held_in(rows, SHARE.ref, Product.NRML) == 10
    assert held_in(rows, SHARE.ref, Product.CNC) == 0


@pytest.mark.parametrize("state", list(OrderState))
def test_live_orders_work(state: OrderState) -> None:
    """What is pending on live orders counts, a strange status included; what is over does not."""
    working = working_in([row("1", state=state, quantity=150, filled=75, pending=75)], FUTURE.ref, Product.NRML)

    assert working == (Working(75, 0, ("1",)) if state.is_live else Working())


def test_both_directions_are_counted_apart() -> None:
    """Purchases and sales do not cancel out, and other instruments and products are left out."""
    rows = [
        row("1", pending=75),
        row("2", side=Side.SELL, pending=50),
        row("3", SHARE),
        row("4", product=Product.MIS),
        row("5", pending=25),
    ]
    working = working_in(rows, FUTURE.ref, Product.NRML)

    assert working == Working(100, 50, ("1", "2", "5"))
    assert (working.towards(1), working.towards(-1)) == (100, 50)


@pytest.mark.parametrize("price_type", [PriceType.SL, PriceType.SL_M])
def test_sleeping_stops_do_not_work(price_type: PriceType) -> None:
    """A stop that sleeps is no way to a target; one that has begun to fill is (protocol 3.2)."""
    asleep = row("1", price_type=price_type, side=Side.SELL)
    awake = evolve(asleep, filled=25, pending=50)

    assert working_in([asleep], FUTURE.ref, Product.NRML) == Working()
    assert working_in([awake], FUTURE.ref, Product.NRML) == Working(0, 50, ("1",))
