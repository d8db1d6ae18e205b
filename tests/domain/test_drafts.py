"""Fields of any type are read into exactly the order that was meant, or into complaints (FR10, B-12 to B-14)."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.samples import FUTURE, SHARE
from fakes.script import outcome_of
from jainam.domain.drafts import read_draft
from jainam.domain.errors import InvalidOrder, JainamError, SymbolNotFound
from jainam.domain.instruments import SymbolKey
from jainam.domain.orders import Order
from jainam.domain.vocabulary import Exchange, PriceType, Product, Side

FIELDS: dict[str, Any] = {
    "symbol": "NIFTY30JUN26FUT",
    "exchange": "NFO",
    "action": "BUY",
    "quantity": 75,
    "product": "NRML",
    "pricetype": "LIMIT",
    "price": 25000.1,
}
UNKNOWN = SymbolNotFound("NIFTY30JUN26FUT", "NFO")


def problems(**changed: Any) -> tuple[str, ...]:
    """What is wrong with the sample fields once *changed* are put in."""
    return read_draft(FIELDS | changed).problems


def test_fields_become_an_order() -> None:
    """Every field is read, prices as the decimals their author wrote."""
    more = {"trigger_price": "0", "disclosed_quantity": "25", "apikey": "x", "strategy": "y"}
    draft = read_draft(FIELDS | {"symbol": "RELIANCE", "exchange": "NSE"} | more)

    assert draft.order(SHARE) == Order(
        instrument=SHARE.key,
        side=Side.BUY,
        product=Product.NRML,
        quantity=75,
        price_type=PriceType.LIMIT,
        price=Decimal("25000.1"),
        disclosed_quantity=25,
    )


def test_missing_fields_have_the_hosts_defaults() -> None:
    """Absent, ``None`` and blank mean MARKET, MIS and 0 (B-13, B-25)."""
    needed = {"symbol": "RELIANCE", "exchange": "NSE", "action": "SELL", "quantity": 10}
    optional = ("product", "pricetype", "price", "trigger_price", "disclosed_quantity", "position_size")
    orders = {read_draft(needed | dict.fromkeys(optional, blank)).order(SHARE) for blank in (None, "", "  ")} | {
        read_draft(needed).order(SHARE)
    }

    assert orders == {
        Order(instrument=SHARE.key, side=Side.SELL, product=Product.MIS, quantity=10, price_type=PriceType.MARKET)
    }


@pytest.mark.parametrize("field", ["symbol", "exchange", "action", "quantity"])
@pytest.mark.parametrize("blank", [None, "", " "])
def test_required_fields_are_required(field: str, blank: object) -> None:
    """A field without a default must be there (FR10)."""
    assert problems(**{field: blank}) == (f"{field} is required",)


def test_empty_order_hears_everything() -> None:
    """An order without any field is told all that is missing."""
    assert read_draft({}).problems == (
        "symbol is required",
        "exchange is required",
        "action is required",
        "quantity is required",
    )
    assert read_draft({}, quantity_required=False).problems[-1] == "action is required"


@pytest.mark.parametrize(
    ("field", "word", "known"),
    [
        ("exchange", "NYSE", "NSE, NFO"),
        ("action", "HOLD", "BUY, SELL"),
        ("product", "INTRADAY", "CNC, NRML, MIS"),
        ("pricetype", "SL-L", "MARKET, LIMIT, SL, SL-M"),
        ("pricetype", True, "MARKET, LIMIT, SL, SL-M"),
        ("action", 1, "BUY, SELL"),
    ],
)
def test_unknown_word_is_never_a_default(field: str, word: object, known: str) -> None:
    """A word that is none of the known ones is refused and the known ones are named; it never becomes MARKET (B-12)."""
    (problem,) = problems(**{field: word})

    assert problem.startswith(f"{field} {word!r} is not one of ")
    assert known in problem


@pytest.mark.parametrize(
    ("field", "word", "read"),
    [
        ("exchange", " nfo ", Exchange.NFO),
        ("exchange", Exchange.NFO, Exchange.NFO),
        ("action", "sell", Side.SELL),
        ("product", "mis", Product.MIS),
        ("pricetype", "sl-m", PriceType.SL_M),
    ],
)
def test_words_are_read_in_any_case(field: str, word: str, read: object) -> None:
    """Callers write words in lower case too (host contract 1.2)."""
    draft = read_draft(FIELDS | {field: word})

    assert draft.problems == ()
    assert read in (draft.key and draft.key.exchange, draft.side, draft.product, draft.price_type)


@pytest.mark.parametrize("value", [75, "75", 75.0, "75.0", " 75 ", Decimal("75.00"), "7.5e1"])
def test_quantity_may_be_written_in_many_ways(value: object) -> None:
    """Text, whole floats and numbers are one quantity, always an int (B-23)."""
    quantity = read_draft(FIELDS | {"quantity": value}).quantity

    assert quantity == 75
    assert type(quantity) is int


@pytest.mark.parametrize(
    "value", ["75.5", 75.5, "many", "1,000", True, False, math.nan, math.inf, -math.inf, "NaN", "inf", [75], b"75"]
)
def test_quantity_is_a_whole_number(value: object) -> None:
    """What is no whole number is refused by name: no rounding, no truth values, no infinity (B-14)."""
    assert problems(quantity=value) == (f"quantity must be a whole number, not {value!r}",)
    assert f"disclosed_quantity must be a whole number, not {value!r}" in problems(disclosed_quantity=value)
    assert f"position_size must be a whole number, not {value!r}" in problems(position_size=value)


@pytest.mark.parametrize("value", [0, "0", -75, "-75"])
def test_quantity_is_above_zero(value: object) -> None:
    """An order for nothing or less is no order (B-14)."""
    assert problems(quantity=value) == (f"quantity must be a whole number above zero, not {int(str(value))}",)


def test_smart_order_may_have_no_quantity_but_not_less() -> None:
    """A smart order's quantity may be zero or absent; a negative one is named beside the other problems."""
    assert read_draft(FIELDS | {"quantity": "0"}, quantity_required=False).problems == ()
    assert read_draft(FIELDS | {"quantity": None}, quantity_required=False).problems == ()
    assert read_draft(FIELDS | {"quantity": -75, "action": None}, quantity_required=False).problems == (
        "action is required",
        "quantity must be a whole number, zero or more, not -75",
    )


def test_disclosed_quantity_is_not_negative() -> None:
    """A negative disclosed quantity is refused."""
    assert problems(disclosed_quantity="-1") == ("disclosed_quantity must be zero or more, not -1",)


@pytest.mark.parametrize("field", ["price", "trigger_price"])
@pytest.mark.parametrize(
    "value", ["NaN", math.nan, math.inf, "-inf", "sNaN", -1, "-0.05", "much", "1,400.00", True, [1]]
)
def test_prices_are_numbers(field: str, value: object) -> None:
    """A price that is no number, or below zero, is refused by name and never compared (FR10)."""
    assert problems(**{field: value}) == (f"{field} must be a number, zero or more, not {value!r}",)


@pytest.mark.parametrize("field", ["quantity", "disclosed_quantity", "position_size", "price", "trigger_price"])
@pytest.mark.parametrize("value", ["1e12", "1e400", "1E+999999999", 10**15, 1e300])
def test_numbers_beyond_reason_are_refused_at_once(field: str, value: object) -> None:
    """A number that nobody can mean is refused by its size; writing it out would take the machine's memory."""
    assert problems(**{field: value}) == (f"{field} {value!r} is too large to be meant",)


@given(
    fields=st.dictionaries(
        st.sampled_from([*FIELDS, "trigger_price", "disclosed_quantity", "position_size"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text(),
            st.decimals(),
            st.binary(),
            st.lists(st.none()),
        ),
    )
)
def test_reading_never_raises(fields: dict[str, Any]) -> None:
    """Whatever the fields hold, they are read or complained about, and what comes out is an order or `InvalidOrder`."""
    draft = read_draft(fields)
    outcome = outcome_of(lambda: draft.order(None))

    if isinstance(outcome, JainamError):
        assert isinstance(outcome, InvalidOrder)
        assert outcome.problems
    else:
        assert outcome.quantity > 0
        assert outcome.instrument == draft.key


def test_unknown_symbol_alone_is_raised_as_it_is() -> None:
    """When the symbol is all that is wrong, the error says so by its type (FR7)."""
    with pytest.raises(SymbolNotFound) as caught:
        read_draft(FIELDS).order(UNKNOWN)
    assert caught.value is UNKNOWN


def test_unknown_symbol_among_others_is_listed_first() -> None:
    """Beside other problems the unknown symbol is one of them, and rules that need no contract are asked too."""
    with pytest.raises(InvalidOrder) as caught:
        read_draft(FIELDS | {"product": "INTRADAY", "price": 0, "quantity": 10, "disclosed_quantity": 20}).order(
            UNKNOWN
        )

    assert caught.value.problems[0] == str(UNKNOWN)
    assert len(caught.value.problems) == 4


def test_rules_of_the_instrument_join_the_complaints() -> None:
    """Unreadable fields and broken rules are named in one message; what could not be read breaks no rule as well."""
    with pytest.raises(InvalidOrder) as caught:
        read_draft(FIELDS | {"action": "HOLD", "quantity": 76, "price": "25000.05"}).order(FUTURE)
    assert len(caught.value.problems) == 3

    unread = FIELDS | {"product": "X", "pricetype": "X", "quantity": "X", "price": "X", "disclosed_quantity": 5}
    with pytest.raises(InvalidOrder) as caught:
        read_draft(unread).order(SHARE)
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("unread", [{"side": "X"}, {"price": "X"}, {"trigger_price": "X"}], ids=str)
def test_stop_rule_needs_both_prices_and_a_side(unread: dict[str, str]) -> None:
    """Price and trigger are compared only when both and the side could be read."""
    fields = FIELDS | {"pricetype": "SL", "price": 24000, "trigger_price": 25000, "action": "BUY"}
    names = {"side": "action"}
    changed = fields | {names.get(name, name): value for name, value in unread.items()}
    with pytest.raises(InvalidOrder) as caught:
        read_draft(changed).order(FUTURE)

    assert len(caught.value.problems) == 1


def test_key_needs_symbol_and_exchange() -> None:
    """A draft has a key only when both of its parts could be read."""
    assert read_draft(FIELDS).key == SymbolKey("NIFTY30JUN26FUT", Exchange.NFO)
    assert read_draft(FIELDS | {"symbol": ""}).key is None
    assert read_draft(FIELDS | {"exchange": "X"}).key is None


def test_smart_order_is_the_wish_meant() -> None:
    """The host's own close button, all of it text, is a wish for zero (host contract 1.3)."""
    fields = {
        "strategy": "UI Exit Position", "exchange": "NFO", "symbol": "NIFTY30JUN26FUT", "action": "BUY",
        "product": "NRML", "pricetype": "MARKET", "price": "0", "quantity": "0", "position_size": "0",
        "trigger_price": "0", "disclosed_quantity": "0",
    }  # fmt: skip
    wish = read_draft(fields, quantity_required=False).smart_order()

    assert (wish.instrument, wish.product, wish.target, wish.quantity) == (FUTURE.key, Product.NRML, 0, 0)


def test_smart_order_keeps_its_terms() -> None:
    """Prices and quantities of a smart order are read like an order's; the target may be a float (host 1.3)."""
    fields = FIELDS | {"position_size": -150.0, "trigger_price": "24990", "disclosed_quantity": "75"}
    wish = read_draft(fields, quantity_required=False).smart_order()

    assert (wish.target, wish.side, wish.quantity) == (-150, Side.BUY, 75)
    assert (wish.price, wish.trigger_price, wish.disclosed_quantity) == (Decimal("25000.1"), Decimal(24990), 75)


def test_smart_order_needs_a_target() -> None:
    """A missing target is a complaint and never zero; an unreadable one is complained about once (B-25)."""
    with pytest.raises(InvalidOrder) as caught:
        read_draft(FIELDS | {"action": None}).smart_order()
    assert caught.value.problems == ("action is required", "position_size is required")

    with pytest.raises(InvalidOrder) as caught:
        read_draft(FIELDS | {"position_size": "flat"}).smart_order()
    assert caught.value.problems == ("position_size must be a whole number, not 'flat'",)
