"""Guard rails stop what adds risk or cannot be judged, and let out what only takes risk away (X10)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from fakes.clock import IST, MORNING
from fakes.samples import FUTURE, SHARE, order, position, row
from jainam.domain.guards import (
    MINUTE,
    DayPnl,
    Halt,
    Limits,
    broken_limits,
    day_pnl,
    is_reducing,
    is_too_much_lost,
    order_value,
    seconds_to_turn,
    within_minute,
)
from jainam.domain.planning import Working, closing_order, working_in
from jainam.domain.vocabulary import PriceType, Product, Side

UNITS = st.integers(-500, 500)
SIDES = st.sampled_from(Side)
WORKING = st.builds(Working, st.integers(0, 300), st.integers(0, 300))
LIMIT = {"price_type": PriceType.LIMIT, "price": Decimal(1400)}


# --- what reduces ------------------------------------------------------------------------------------------------


@given(
    held=UNITS,
    side=SIDES,
    quantity=st.integers(1, 600),
    working=WORKING,
    filled=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_an_order_that_reduces_never_opens_anything(
    held: int, side: Side, quantity: int, working: Working, filled: tuple[float, float]
) -> None:
    """Whatever part of the working orders of its side fills too, the position ends between flat and where it was."""
    if not is_reducing(order(SHARE, side=side, quantity=quantity), held, working):
        return
    alongside = int(working.towards(-held) * filled[0])
    left = held + side.sign * (quantity + alongside)

    assert held != 0
    assert abs(left) < abs(held)
    assert left * held >= 0


@given(held=UNITS, side=SIDES, quantity=st.integers(1, 600), working=WORKING)
def test_whatever_reduces_is_let_out(held: int, side: Side, quantity: int, working: Working) -> None:
    """An order against the position that leaves it on its side even when everything fills is never kept in."""
    against = held != 0 and side.sign == (-1 if held > 0 else 1)
    stays = abs(held) - quantity - working.towards(-held) >= 0

    assert is_reducing(order(SHARE, side=side, quantity=quantity), held, working) is (against and stays)


@given(held=UNITS, quantity=st.integers(1, 600), working=WORKING, less=st.integers(1, 600))
def test_a_part_of_what_reduces_reduces(held: int, quantity: int, working: Working, less: int) -> None:
    """Sending less of an exit is an exit too."""
    side = Side.SELL if held > 0 else Side.BUY
    if less <= quantity and is_reducing(order(SHARE, side=side, quantity=quantity), held, working):
        assert is_reducing(order(SHARE, side=side, quantity=less), held, working)


@given(held=UNITS.filter(bool), working=WORKING)
def test_every_closing_order_reduces(held: int, working: Working) -> None:
    """What a close-all would send passes as an exit when somebody sends it by hand."""
    exit_order = closing_order(position(held, SHARE), SHARE, working)

    assert exit_order is None or is_reducing(exit_order, held, working)


def test_a_sleeping_stop_does_not_keep_its_owner_in() -> None:
    """A stop for the whole position leaves the way out open, as `working_in` has it; a resting sale counts."""
    terms: dict[str, Any] = {"side": Side.SELL, "quantity": 75}
    stop = row(price_type=PriceType.SL_M, trigger_price=Decimal(24000), **terms)
    resting = row("9002", **terms)
    leave = order(side=Side.SELL, quantity=75)

    assert is_reducing(leave, 75, working_in([stop], FUTURE.ref, Product.NRML))
    assert not is_reducing(leave, 75, working_in([stop, resting], FUTURE.ref, Product.NRML))


# --- the day's profit and loss -----------------------------------------------------------------------------------


def test_the_day_s_figure_is_the_sum_of_every_row() -> None:
    """Closed positions count as well as open ones; a broker's total goes before its parts."""
    rows = [
        position(75, mtm=Decimal("-100.50"), realized=Decimal(7), unrealized=None),
        position(0, SHARE, realized=Decimal("40.25"), unrealized=None),
        position(-10, SHARE, realized=Decimal(1), unrealized=Decimal("-2.75")),
    ]

    assert day_pnl(rows) == Decimal("-62.00")
    assert day_pnl([]) == 0


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"realized": Decimal(5)},
        {"unrealized": Decimal(5)},
        {"mtm": Decimal("NaN")},
    ],
    ids=["no figure", "of the closed part only", "of the open part only", "no number"],
)
def test_one_open_position_without_a_figure_makes_the_day_unknown(terms: dict[str, Any]) -> None:
    """What one position makes or loses is not taken for zero."""
    assert day_pnl([position(0, SHARE, mtm=Decimal(9)), position(75, **terms)]) is None


def test_a_closed_position_without_a_figure_makes_the_day_unknown() -> None:
    """A loss that was taken counts, so its absence does too."""
    assert day_pnl([position(0, SHARE)]) is None
    assert day_pnl([position(0, SHARE, unrealized=Decimal(0))]) is None


@pytest.mark.parametrize(
    ("pnl", "is_too_much"), [("-999.99", False), ("-1000", True), ("-1000.01", True), ("5000", False)]
)
def test_a_loss_at_the_limit_is_too_much(pnl: str, is_too_much: bool) -> None:
    """The limit itself is reached, not only what lies beyond it."""
    assert is_too_much_lost(Decimal(pnl), Limits(daily_loss=1000)) is is_too_much
    assert not is_too_much_lost(Decimal(pnl), Limits())


@pytest.mark.parametrize(("seconds", "is_fresh"), [(0, True), (5, True), (5.001, False), (-5, True), (-6, False)])
def test_a_figure_is_fresh_for_a_few_seconds(seconds: float, is_fresh: bool) -> None:
    """An older one is not relied upon, nor one from a clock that ran ahead."""
    assert DayPnl(Decimal(1), MORNING).is_fresh(MORNING + dt.timedelta(seconds=seconds), 5) is is_fresh


# --- one order ---------------------------------------------------------------------------------------------------


def test_an_order_is_worth_quantity_times_price_times_multiplier() -> None:
    """The value is what changes hands; a currency or commodity contract multiplies it."""
    usd = evolve(FUTURE, multiplier=Decimal(1000))

    assert order_value(order(SHARE, quantity=10, **LIMIT), SHARE) == 14_000
    assert order_value(
        order(usd, quantity=75, price_type=PriceType.SL, price=Decimal("84.5"), trigger_price=84), usd
    ) == (75 * Decimal("84.5") * 1000)


@pytest.mark.parametrize("price_type", [PriceType.MARKET, PriceType.SL_M])
def test_an_order_without_a_price_counts_with_the_top_of_the_band(price_type: PriceType) -> None:
    """A market order may trade anywhere in the day's band, whatever price it was given; without a band nobody knows."""
    terms: dict[str, Any] = {"price_type": price_type, "price": Decimal(1), "trigger_price": Decimal(24000)}

    assert order_value(order(**terms), FUTURE) == 75 * 27_000
    assert order_value(order(SHARE, **terms), SHARE) is None


def test_each_broken_limit_is_a_sentence_with_both_figures() -> None:
    """All that is too much is said at once: the limit by the name of its setting, and the order's own figure."""
    limits = Limits(order_value=100_000, order_quantity=50)

    quantity, value = broken_limits(order(SHARE, quantity=100, **LIMIT), SHARE, limits)

    assert quantity == "quantity 100 of RELIANCE is above the 50 units of JAINAM_MAX_ORDER_QUANTITY"
    assert value == "100 RELIANCE are worth 140000.00 rupees: above the 100000 of JAINAM_MAX_ORDER_VALUE"
    (market,) = broken_limits(order(), FUTURE, Limits(order_value="2000000"))
    assert "worth 2025000.00 rupees, at 27000.0, the top of the day's band:" in market
    assert broken_limits(order(SHARE, quantity=50, **LIMIT), SHARE, limits) == []


def test_an_order_whose_value_nobody_knows_is_refused() -> None:
    """A market order in a contract without a band is told to name a price; without a limit on values it passes."""
    (sentence,) = broken_limits(order(SHARE), SHARE, Limits(order_value=Decimal(10) ** 9))

    assert "a MARKET order in RELIANCE has no price" in sentence
    assert "(1000000000 rupees); use a LIMIT order" in sentence
    assert broken_limits(order(SHARE), SHARE, Limits(order_quantity=10)) == []


@given(
    quantity=st.integers(1, 10**6),
    price=st.decimals("0.05", 10**5, places=2),
    value=st.integers(1, 10**9),
    most=st.integers(1, 10**6),
)
@example(quantity=10, price=Decimal(100), value=1000, most=10)
def test_what_passes_is_within_every_limit(quantity: int, price: Decimal, value: int, most: int) -> None:
    """An order breaks a limit exactly when its figure is above it; the limit itself may be used up."""
    asked = order(SHARE, quantity=quantity, price_type=PriceType.LIMIT, price=price)
    broken = broken_limits(asked, SHARE, Limits(order_value=value, order_quantity=most))

    assert len(broken) == (quantity > most) + (quantity * price > value)


def test_limits_know_whether_there_are_any() -> None:
    """Without a limit the guard has nothing to look at."""
    assert not Limits(pnl_seconds=9).is_any
    for limits in (Limits(order_value=1), Limits(order_quantity=1), Limits(orders_per_minute=1), Limits(daily_loss=1)):
        assert limits.is_any


# --- orders per minute -------------------------------------------------------------------------------------------


@given(
    gaps=st.lists(st.floats(-20, 40), max_size=60),
    limit=st.integers(1, 8),
)
def test_no_minute_holds_more_than_the_limit(gaps: list[float], limit: int) -> None:
    """However orders come, and though some asked for the time a little before others, no 60 seconds hold too many."""
    stamps: list[float] = []
    now = 1_000_000.0
    for gap in gaps:
        now = max(now + gap, max(stamps, default=0.0) - 20)
        if not seconds_to_turn(stamps, now, limit):
            stamps.append(now)

    for start in stamps:
        assert len([stamp for stamp in stamps if start <= stamp < start + MINUTE]) <= limit


@given(stamps=st.lists(st.floats(0, 120), max_size=12), limit=st.integers(1, 5))
def test_after_the_wait_it_is_one_s_turn(stamps: list[float], limit: int) -> None:
    """The seconds that are named are enough, and an order is kept out only while the minute is full."""
    wait = seconds_to_turn(stamps, 120.0, limit)

    assert (wait > 0) is (len(within_minute(stamps, 120.0)) >= limit)
    assert seconds_to_turn(stamps, 120.0 + wait + 1e-6, limit) == 0


def test_a_stamp_of_a_clock_that_was_set_back_does_not_count() -> None:
    """Orders from an hour ahead would otherwise keep entries out for an hour."""
    assert within_minute([3600.0, 61.0, 59.9, 0.0, -60.0, -59.9], 0.0) == [-59.9, 0.0, 59.9]
    assert seconds_to_turn([3600.0], 0.0, 1) == 0


def test_a_limit_of_none_at_all_lets_nothing_through() -> None:
    """No orders a minute means none."""
    assert seconds_to_turn([], 0.0, 0) == MINUTE


# --- words -------------------------------------------------------------------------------------------------------


def test_a_halt_says_who_when_and_why() -> None:
    """Whoever is kept out learns whom to ask."""
    at = dt.datetime(2026, 1, 12, 9, 31, 4, tzinfo=IST)

    assert str(Halt(reason="the feed is down", by="asha", at=at)) == (
        "halted by asha since 12 Jan 09:31:04: the feed is down"
    )
    assert str(Halt(reason="why not")) == "halted: why not"
