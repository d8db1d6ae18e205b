"""Single values in every dress XTS gives them (protocol 11)."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xts.support import row_of

from jainam.adapters.xts.converter import SPELLINGS, make_converter
from jainam.adapters.xts.segments import NUMBERS, exchange_of, number_of, segment_of
from jainam.adapters.xts.values import INDIA, amount_text, flag, instant, integer, number, order_id, text
from jainam.adapters.xts.wire import NAMES, OrderBookRow, PositionRow
from jainam.domain.vocabulary import Exchange, PriceType, Product


@given(st.decimals(-(10**9), 10**9, places=2))
def test_a_number_survives_every_dress(value: Decimal) -> None:
    """Plain, as text, with thousands commas and with blanks, it is the same number."""
    for dress in (value, str(value), f"{value:,}", f" {value} "):
        assert number(dress) == value


@pytest.mark.parametrize("value", ["", " ", None, "NaN", "nan", "null", "undefined"])
def test_a_missing_number_is_missing(value: object) -> None:
    """What is not there is not zero."""
    assert number(value) is None
    assert integer(value) is None


def test_minus_nothing_is_nothing() -> None:
    """A negative zero loses its sign, which would only puzzle people."""
    assert str(number("-0.00")) == "0.00"


@pytest.mark.parametrize(
    "value", ["x", "1.2.3", True, [], {}, 1.5, Decimal("Infinity"), "inf", "1e99", Decimal("1e-99"), "9" * 40]
)
def test_what_is_no_number_is_refused(value: object) -> None:
    """Words, containers, floats and numbers beyond reason are not guessed at."""
    with pytest.raises(ValueError, match="not a number"):
        number(value)


@given(st.integers(-(10**15), 10**15))
def test_a_whole_number_survives_every_dress(value: int) -> None:
    """75, "75", 75.0, "75.00" and "1,500" are whole; 1.5 is not."""
    for dress in (value, str(value), f"{value:,}", Decimal(value), f"{value}.00", Decimal(f"{value}.0")):
        assert integer(dress) == value
    with pytest.raises(ValueError, match="whole"):
        integer(f"{value}.5")


@given(st.integers(1, 2**63))
def test_an_order_number_survives_every_dress(value: int) -> None:
    """As number, as text, and as a number with a point behind it, digit for digit."""
    for document in (f"{value}", f'"{value}"', f"{value}.0", f'"{value}.0"'):
        assert order_id(json.loads(document, parse_float=Decimal)) == str(value)


@pytest.mark.parametrize("value", [0, -1, "", None, "X_30000001", "1.5", True])
def test_what_is_no_order_number_is_refused(value: object) -> None:
    """Zero, nothing and words are no order."""
    with pytest.raises(ValueError):
        order_id(value)


moments = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1))


@given(moments)
def test_dates_of_both_generations_are_moments_in_india(moment: dt.datetime) -> None:
    """Day first or ISO, with seven digits of fraction or none, without a zone it is the time in India."""
    second = moment.replace(microsecond=0, tzinfo=INDIA)

    assert instant(moment.strftime("%d-%m-%Y %H:%M:%S")) == second
    assert instant(moment.strftime("%Y-%m-%dT%H:%M:%S")) == second
    assert instant(moment.strftime("%Y-%m-%dT%H:%M:%S+05:30")) == second
    assert instant(f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}7") == moment.replace(tzinfo=INDIA)


@pytest.mark.parametrize(
    "value",
    ["01-01-1980 00:00:00", "1980-01-01T00:00:00", "", None, 1452680130, "soon", "31-02-2026 10:00:00", "0001-01-01"],
)
def test_no_date_is_no_date(value: object) -> None:
    """The year 1980, nothing, and what is no day at all mean that there is none."""
    assert instant(value) is None


def test_india_is_five_and_a_half_hours_ahead() -> None:
    """The zone of a date without one is India's."""
    assert INDIA.utcoffset(None) == dt.timedelta(hours=5, minutes=30)


@pytest.mark.parametrize(("value", "meant"), [(True, True), ("true", True), (1, True), ("1", True), ("True", True)])
def test_flags_that_are_up(value: object, meant: bool) -> None:
    """Every dress of yes."""
    assert flag(value) is meant


@pytest.mark.parametrize("value", [False, "false", 0, "", None, "yes"])
def test_flags_that_are_down(value: object) -> None:
    """Everything else is no."""
    assert not flag(value)


def test_texts() -> None:
    """Nothing is the empty text, and a number the text of its digits."""
    assert (text(None), text(7), text("x")) == ("", "7", "x")


@given(st.decimals(0, 10**9, allow_nan=False, allow_infinity=False))
def test_amounts_are_written_exactly(amount: Decimal) -> None:
    """What is written reads back as the same number, without an exponent."""
    written = amount_text(amount)

    assert Decimal(written) == amount
    assert "e" not in written.lower()


@pytest.mark.parametrize("segment", NUMBERS)
def test_segments_are_read_as_text_and_as_number(segment: str) -> None:
    """Text, number and number in a text name the same exchange, and it names them."""
    exchange = exchange_of(segment)

    assert exchange_of(NUMBERS[segment]) is exchange_of(str(NUMBERS[segment])) is exchange
    assert exchange_of(segment.lower()) is exchange
    assert (segment_of(exchange), number_of(exchange)) == (segment, NUMBERS[segment])


def test_indices_are_listed_with_the_shares() -> None:
    """An index has its shares' segment, and the segment means the shares."""
    assert (segment_of(Exchange.NSE_INDEX), number_of(Exchange.BSE_INDEX)) == ("NSECM", 11)
    assert exchange_of("NSECM") is Exchange.NSE


@pytest.mark.parametrize("segment", ["SLBM", 5, "", None, 61])
def test_other_segments_are_refused(segment: object) -> None:
    """What we have no name for is not taken for something else."""
    with pytest.raises(ValueError, match="segment"):
        exchange_of(segment)


def test_every_field_of_a_row_has_a_key() -> None:
    """The table of names covers its classes, so no field is looked for under a name of ours."""
    for kind, names in NAMES.items():
        assert {field.name for field in kind.__attrs_attrs__} == set(names)  # type: ignore[attr-defined]


def test_converters_are_made_alike() -> None:
    """A second converter reads as the first does."""
    row = make_converter().structure(row_of("positions_netwise"), PositionRow)

    assert (row.product, row.quantity, row.segment) == (Product.NRML, 65, Exchange.NFO)


def test_words_are_read_in_every_spelling() -> None:
    """However many ways a broker finds to write a word, each is read, the first time and the next."""
    converter, row = make_converter(), row_of("order_book") | {"OrderPrice": 125, "OrderAverageTradedPrice": 125}
    spellings = ["".join(letters) for letters in product(*((low, low.upper()) for low in "stoplim"))]
    assert len(spellings) > SPELLINGS
    spelt = [{**row, "OrderType": f"{word}IT"} for word in spellings] * 2

    assert {converter.structure(each, OrderBookRow).order_type for each in spelt} == {PriceType.SL}
