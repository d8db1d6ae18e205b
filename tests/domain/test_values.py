"""Values refuse what they cannot be, and answer for themselves."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from fakes.samples import FUTURE, SHARE, TWIN, holding, order, position, row, smart, trade
from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import InstrumentRef, SymbolKey
from jainam.domain.money import ZERO, money
from jainam.domain.orders import Changes
from jainam.domain.portfolio import Funds
from jainam.domain.vocabulary import Exchange, Kind, OrderState, PriceType, Product, Side, TimeInForce

# --- money -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [(1400.05, "1400.05"), (0.1, "0.1"), (75, "75"), ("1400.50", "1400.50"), (" 5 ", "5"), (Decimal("2.5"), "2.5")],
)
def test_money_is_the_number_its_author_wrote(written: Any, meant: str) -> None:
    """A float is taken by its shortest form, and text digit for digit."""
    assert str(money(written)) == meant


@pytest.mark.parametrize("written", ["", "abc", "1,400", None, True, [], float("nan")])
def test_what_is_no_money_is_nan(written: Any) -> None:
    """What is no number is NaN, which every check refuses by name."""
    assert money(written).is_nan()


# --- orders ------------------------------------------------------------------------------------------------------

BAD_PRICES = [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal("-0.05"), "x", None]


@pytest.mark.parametrize("price", BAD_PRICES, ids=str)
@pytest.mark.parametrize("name", ["price", "trigger_price"])
def test_order_has_finite_prices(name: str, price: Any) -> None:
    """NaN and infinity are named, and never compared (which raises what is no `ValueError`)."""
    with pytest.raises(InvalidOrder, match=f"^{name.replace('_', ' ')} must be a number, zero or more, not "):
        order(**{name: price})


@pytest.mark.parametrize("price", ["1e12", "1E+999999999"])
@pytest.mark.parametrize("name", ["price", "trigger_price"])
def test_order_has_prices_within_reason(name: str, price: str) -> None:
    """A price that would take decimal arithmetic out of its range is refused."""
    with pytest.raises(InvalidOrder, match="is too large to be meant"):
        order(FUTURE, **{name: Decimal(price)})


@pytest.mark.parametrize("quantity", [0, -75, True, 75.0, "75", Decimal(75), None])
def test_order_quantity_is_a_positive_int(quantity: Any) -> None:
    """A quantity is a whole number above zero; truth values and texts are read elsewhere or not at all (B-10, B-14)."""
    with pytest.raises(InvalidOrder, match=f"quantity must be a whole number above zero, not {quantity}"):
        order(quantity=quantity)


@pytest.mark.parametrize("quantity", [-1, True, 1.0, "1", None])
def test_disclosed_quantity_is_an_int(quantity: Any) -> None:
    """A disclosed quantity is a whole number, zero or more."""
    with pytest.raises(InvalidOrder, match="disclosed quantity must be a whole number, zero or more"):
        order(disclosed_quantity=quantity)


def test_order_names_all_its_problems() -> None:
    """An impossible order hears everything at once (FR10)."""
    with pytest.raises(InvalidOrder) as caught:
        order(quantity=0, disclosed_quantity=-1, price="NaN", trigger_price=-1)

    assert len(caught.value.problems) == 4


def test_order_prices_are_decimals() -> None:
    """Prices given as floats and texts are kept as the decimals they mean."""
    good = order(price_type=PriceType.SL, price=25000.1, trigger_price="24999.9")

    assert (good.price, good.trigger_price) == (Decimal("25000.1"), Decimal("24999.9"))


def test_values_do_not_change() -> None:
    """An order that was checked is the order that is sent."""
    with pytest.raises(FrozenInstanceError):
        order().quantity = 150  # type: ignore[misc]


# --- changes -----------------------------------------------------------------------------------------------------


def test_changes_leave_the_rest_as_it_stands() -> None:
    """Only what is named changes, and side and instrument never do (D19)."""
    before = order(price_type=PriceType.LIMIT, price="25000.0", disclosed_quantity=5)
    changes = Changes(price=25000.5, quantity=150)

    assert changes.applied_to(before) == evolve(before, price=Decimal("25000.5"), quantity=150)


def test_every_term_can_change() -> None:
    """Quantity, price type, both prices, product, disclosed quantity and time in force can be given anew."""
    changes = Changes(
        quantity=150,
        price_type=PriceType.SL,
        price=Decimal(2),
        trigger_price=Decimal(1),
        product=Product.MIS,
        disclosed_quantity=0,
        time_in_force=TimeInForce.IOC,
    )

    assert changes.applied_to(order(disclosed_quantity=5)) == order(
        quantity=150,
        price_type=PriceType.SL,
        price=Decimal(2),
        trigger_price=Decimal(1),
        product=Product.MIS,
        time_in_force=TimeInForce.IOC,
    )


@pytest.mark.parametrize(
    "changes", [Changes(), Changes(quantity=0), Changes(price="x"), Changes(trigger_price=float("nan"))], ids=str
)
def test_impossible_changes_are_refused(changes: Changes) -> None:
    """No change at all, and values that no order can have, are invalid."""
    with pytest.raises(InvalidOrder):
        changes.applied_to(order())


# --- smart orders ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["75", 75.0, True, None])
def test_smart_target_is_an_int(target: Any) -> None:
    """A target is a whole number, of either sign."""
    with pytest.raises(InvalidOrder, match="target position must be a whole number"):
        smart(target)


def test_smart_order_names_all_its_problems() -> None:
    """Target and quantity are complained about together; a negative quantity is refused."""
    with pytest.raises(InvalidOrder) as caught:
        smart("75", quantity="10")  # type: ignore[arg-type]
    assert len(caught.value.problems) == 2

    with pytest.raises(InvalidOrder, match="quantity must be zero or more, not -1"):
        smart(0, quantity=-1)


# --- rows --------------------------------------------------------------------------------------------------------


def test_row_knows_its_life() -> None:
    """A row is live as its state says, and only a live, unfilled stop sleeps (protocol 3.2)."""
    stop = row(price_type=PriceType.SL)

    assert (row().is_live, row().is_sleeping_stop) == (True, False)
    assert stop.is_sleeping_stop
    assert not evolve(stop, filled=1).is_sleeping_stop
    assert not evolve(stop, state=OrderState.CANCELLED).is_sleeping_stop


def test_raw_rows_stay_out_of_sight() -> None:
    """The broker's own row is kept, and is part of neither the text nor the equality of ours (NFR4)."""
    known = row(raw={"ClientID": "canary"})

    assert "canary" not in repr(known)
    assert known == row()
    assert known.raw["ClientID"] == "canary"


@pytest.mark.parametrize(("quantity", "average"), [(75, "100.50"), (-75, "101.25"), (0, "0")])
def test_average_price_is_of_the_open_side(quantity: int, average: str) -> None:
    """A long position stands at its buying average, a short one at its selling average, a closed one at nothing."""
    assert position(quantity).average_price == Decimal(average)
    assert position(quantity).is_open == bool(quantity)


def amount(text: str | None) -> Decimal | None:
    """An amount, or none."""
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    ("mtm", "realized", "unrealized", "pnl"),
    [
        ("5", "1", "2", "5"),
        ("0", "1", "2", "0"),
        (None, "1", "2", "3"),
        (None, "1", None, "1"),
        (None, None, "-2", "-2"),
        (None, None, None, None),
    ],
)
def test_pnl_is_the_brokers_or_unknown(
    mtm: str | None, realized: str | None, unrealized: str | None, pnl: str | None
) -> None:
    """Profit and loss is what the broker says, else the sum of its parts, else unknown, which is not zero (FR2)."""
    given = position(75, mtm=amount(mtm), realized=amount(realized), unrealized=amount(unrealized))

    assert given.pnl == amount(pnl)


def test_trade_has_the_value_of_its_fill() -> None:
    """A trade is worth its own quantity at its own price (FR1, B-36)."""
    assert trade(quantity=75, price=Decimal("100.5")).value == Decimal("7537.5")


@pytest.mark.parametrize(
    ("average", "last", "pnl"), [("1400", "1500", "1000"), (None, "1500", None), ("1400", None, None), ("0", "1", "10")]
)
def test_holding_gains_what_two_prices_say(average: str | None, last: str | None, pnl: str | None) -> None:
    """Without both prices the gain is unknown, not zero (FR3, B-40)."""
    shares = holding(SHARE.ref, average_price=amount(average), last_price=amount(last), used_quantity=4)

    assert shares.pnl == amount(pnl)
    assert shares.saleable == 6


def test_unknown_money_is_not_zero() -> None:
    """What the broker did not say of the funds is ``None``."""
    unknown = Funds(available=None, cash=None, collateral=None, utilized=None, realized=None, unrealized=None)

    assert unknown.available is None
    assert unknown.available != ZERO


# --- instruments and words ---------------------------------------------------------------------------------------


def test_instruments_have_two_names() -> None:
    """A contract is found by the trader's name and by the broker's number, each on its exchange."""
    assert str(FUTURE.key) == "NFO:NIFTY30JUN26FUT"
    assert str(FUTURE.ref) == "NFO#62329"
    assert (FUTURE.symbol, FUTURE.exchange) == ("NIFTY30JUN26FUT", Exchange.NFO)
    assert SHARE.ref != TWIN.ref
    assert InstrumentRef(Exchange.NSE, FUTURE.token) != FUTURE.ref
    assert SymbolKey("RELIANCE", Exchange.NSE) == SHARE.key
    assert FUTURE.expiry == dt.date(2026, 6, 30)


def test_words_are_openalgos() -> None:
    """The closed sets are spelled as OpenAlgo spells them (host contract 2.10)."""
    assert " ".join(Exchange) == "NSE NFO CDS BSE BFO BCD MCX NCDEX NSE_INDEX BSE_INDEX"
    assert " ".join(Side) == "BUY SELL"
    assert " ".join(PriceType) == "MARKET LIMIT SL SL-M"
    assert [product for product in Product if product.can_be_placed] == ["CNC", "NRML", "MIS"]
    assert " ".join(Kind) == "EQ FUT CE PE INDEX"


def test_words_know_what_they_mean() -> None:
    """Which exchanges deliver, which price types have a limit or sleep, and what undoes a side."""
    assert [each for each in Exchange if each.is_index] == ["NSE_INDEX", "BSE_INDEX"]
    assert [each for each in Exchange if each.is_cash] == ["NSE", "BSE"]
    assert [each for each in PriceType if each.is_stop] == ["SL", "SL-M"]
    assert [each for each in PriceType if each.has_limit] == ["LIMIT", "SL"]
    assert [each for each in Kind if each.is_option] == ["CE", "PE"]
    assert [each for each in Kind if each.is_derivative] == ["FUT", "CE", "PE"]
    assert [(side.opposite, side.sign) for side in Side] == [("SELL", 1), ("BUY", -1)]


def test_states_are_live_or_final() -> None:
    """Four states are final; everything else can still trade, a state nobody knows included (protocol 3.2)."""
    final = {state.value for state in OrderState if state.is_final}

    assert final == {"filled", "cancelled", "rejected", "expired"}
    assert all(state.is_live is not state.is_final for state in OrderState)
    assert OrderState.UNKNOWN.is_live
