"""Every broken rule is named at once, with the nearest value that passes (FR10, X5)."""

import re
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fakes.samples import FUTURE, INDEX, OPTION, SHARE, order
from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import Contract
from jainam.domain.orders import Order
from jainam.domain.validation import broken_rules, check
from jainam.domain.vocabulary import PriceType, Product, Side

PRICES = st.decimals("0.0001", 20_000, places=4)


def limit(price: object, contract: Contract = FUTURE, **terms: Any) -> Order:
    """A limit order at *price*."""
    return order(contract, **({"price_type": PriceType.LIMIT, "price": price} | terms))


def stop(trigger: object, price: object = 0, **terms: Any) -> Order:
    """A stop order on the option: with a limit where a *price* is given."""
    kind = PriceType.SL if price else PriceType.SL_M
    return order(OPTION, price_type=kind, trigger_price=trigger, price=price, **terms)


@pytest.mark.parametrize(
    ("good", "contract"),
    [
        (order(), FUTURE),
        (order(quantity=1800, product=Product.MIS), FUTURE),
        (limit("25000.1"), FUTURE),
        (limit("22000.0"), FUTURE),
        (limit("27000.0"), FUTURE),
        (order(SHARE, product=Product.CNC), SHARE),
        (order(SHARE, quantity=10_000_000), SHARE),
        (stop("100.05", "100.05"), OPTION),
        (stop("100.05", "101.00"), OPTION),
        (stop("100.05", "99.00", side=Side.SELL), OPTION),
        (stop("100.05"), OPTION),
        (order(quantity=150, disclosed_quantity=150), FUTURE),
        (order(price=Decimal("25000.033")), FUTURE),
        (limit("100.003", evolve(SHARE, tick_size=Decimal(0))), evolve(SHARE, tick_size=Decimal(0))),
    ],
    ids=str,
)
def test_good_order_passes(good: Order, contract: Contract) -> None:
    """What the instrument allows is allowed; a price that the price type does not use is not looked at."""
    assert check(good, contract) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("bad", "contract", "problem"),
    [
        (order(INDEX), INDEX, "INDEX is an index and cannot be traded; choose a future or an option on it"),
        (order(product=Product.CNC), FUTURE, "product CNC is for shares; use NRML or MIS on NFO"),
        (order(product=Product.CO), FUTURE, "product CO cannot be placed by an ordinary order; use CNC, NRML or MIS"),
        (order(product=Product.BO), FUTURE, "product BO cannot be placed by an ordinary order; use CNC, NRML or MIS"),
        (order(quantity=10), FUTURE, "quantity 10 is not a multiple of the lot size 75 of FUTURE; use 75"),
        (order(quantity=76), FUTURE, "quantity 76 is not a multiple of the lot size 75 of FUTURE; use 75 or 150"),
        (
            order(quantity=1875),
            FUTURE,
            "quantity 1875 is above the largest single order of FUTURE; use at most 1800",
        ),
        (limit(0), FUTURE, "price must be above zero for a LIMIT order"),
        (limit(25000.05), FUTURE, "price 25000.05 is not a multiple of the tick 0.1 of FUTURE; use 25000.0 or 25000.1"),
        (limit("0.03", OPTION), OPTION, "price 0.03 is not a multiple of the tick 0.05 of OPTION; use 0.05"),
        (limit("21999.9"), FUTURE, "price 21999.9 is below the day's band of FUTURE; use at least 22000.0"),
        (limit("27000.1"), FUTURE, "price 27000.1 is above the day's band of FUTURE; use at most 27000.0"),
        (stop(0), OPTION, "trigger price must be above zero for a SL-M order"),
        (stop(0, "100.00"), OPTION, "trigger price must be above zero for a SL order"),
        (
            stop("100.02"),
            OPTION,
            "trigger price 100.02 is not a multiple of the tick 0.05 of OPTION; use 100.00 or 100.05",
        ),
        (
            stop("100.05", "100.00"),
            OPTION,
            "price 100.00 of a stop purchase is below its trigger 100.05; use 100.05 or more",
        ),
        (
            stop("100.05", "100.10", side=Side.SELL),
            OPTION,
            "price 100.10 of a stop sale is above its trigger 100.05; use 100.05 or less",
        ),
        (order(disclosed_quantity=76), FUTURE, "disclosed quantity 76 is more than the quantity 75"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_broken_rule_is_named(bad: Order, contract: Contract, problem: str) -> None:
    """Each rule, broken alone, gives its one sentence (FR10)."""
    problem = re.sub(r"\b(INDEX|FUTURE|OPTION)\b", contract.symbol, problem)

    assert broken_rules(bad, contract) == [problem]
    with pytest.raises(InvalidOrder) as caught:
        check(bad, contract)
    assert caught.value.problems == (problem,)


def test_all_broken_rules_are_named() -> None:
    """An order that is wrong in every way hears all of it at once (FR10)."""
    bad = order(
        product=Product.CNC,
        quantity=1876,
        price_type=PriceType.SL,
        price=Decimal("27000.05"),
        trigger_price=Decimal("27000.15"),
        disclosed_quantity=2000,
    )
    problems = broken_rules(bad, FUTURE)

    assert [re.split(r" [A-Z]*\d\S*", problem)[0] for problem in problems] == [
        "product CNC is for shares; use NRML or MIS on NFO",
        "quantity",
        "quantity",
        "price",
        "price",
        "trigger price",
        "trigger price",
        "price",
        "disclosed quantity",
    ]


def test_rules_of_the_instrument_wait_for_it() -> None:
    """Without a contract only what holds for every order is asked."""
    bad = order(quantity=76, disclosed_quantity=80, price_type=PriceType.SL, price=0, trigger_price=Decimal("0.001"))

    assert broken_rules(bad, None) == [
        "price must be above zero for a SL order",
        "disclosed quantity 80 is more than the quantity 76",
    ]


@pytest.mark.parametrize(
    ("quantity", "freeze", "named"),
    [(76, 100, ["use 75"]), (140, 100, ["use 75", "use at most 75"]), (400, 200, ["", "use at most 150"])],
)
def test_choice_of_quantities_knows_the_freeze(quantity: int, freeze: int, named: list[str]) -> None:
    """No lot is offered that is above the largest single order."""
    problems = broken_rules(order(quantity=quantity), evolve(FUTURE, freeze_quantity=freeze))

    assert [problem.partition("; ")[2] for problem in problems] == named


@pytest.mark.parametrize(
    ("price", "named"),
    [
        ("100.04", ["use 100.05", "use at least 100.05"]),
        ("100.11", ["use 100.10"]),
        ("100.13", ["use 100.10", "use at most 100.10"]),
        ("90.01", ["", "use at least 100.05"]),
        ("100.05", []),
    ],
)
def test_choice_of_prices_knows_the_band(price: str, named: list[str]) -> None:
    """No price is offered that is outside the band, and a band between two ticks is offered by the tick inside it."""
    narrow = evolve(OPTION, price_low=Decimal("100.045"), price_high=Decimal("100.12"))
    problems = broken_rules(limit(price, OPTION), narrow)

    assert [problem.partition("; ")[2] for problem in problems] == named


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """A future with any lot, tick, freeze quantity of at least a lot, and price band that holds at least one price."""
    lot = draw(st.integers(1, 500))
    low = draw(st.none() | st.decimals("0.0025", 5000, places=4))
    high = (low or Decimal(0)) + draw(st.decimals(10, 5000, places=3))
    return evolve(
        FUTURE,
        lot_size=lot,
        tick_size=Decimal(draw(st.sampled_from(["0.0025", "0.01", "0.05", "0.1", "0.2", "0.5", "1", "5"]))),
        freeze_quantity=draw(st.none() | st.integers(lot, 5000)),
        price_low=low,
        price_high=draw(st.sampled_from([None, high])),
    )


def named_in(problems: list[str]) -> set[str]:
    """The values that the sentences tell to use."""
    return {value for problem in problems for value in re.findall(r"[\d.]+", problem.partition("; use ")[2])}


@given(contract=contracts(), quantity=st.integers(1, 10_000))
def test_named_quantity_passes(contract: Contract, quantity: int) -> None:
    """A quantity that a complaint tells to use is one that passes, and a complaint that can name one does."""
    problems = broken_rules(order(quantity=quantity), contract)
    named = named_in(problems)

    assert bool(named) == bool(problems)
    for value in named:
        check(order(quantity=int(value)), contract)


@given(contract=contracts(), price=PRICES)
@example(contract=evolve(OPTION, price_low=Decimal("0.01")), price=Decimal("0.0001"))
def test_named_price_passes(contract: Contract, price: Decimal) -> None:
    """A price that a complaint tells to use is one that passes, and a complaint that can name one does."""
    assume(contract.price_high is None or contract.price_high >= contract.tick_size)
    problems = broken_rules(limit(price, contract), contract)
    named = named_in(problems)

    assert bool(named) == bool(problems)
    for value in named:
        check(limit(value, contract), contract)


@given(trigger=st.integers(1, 1000), price=st.integers(1, 1000), side=st.sampled_from(Side))
def test_named_stop_price_passes(trigger: int, price: int, side: Side) -> None:
    """The price that a stop order is told to use is one that passes."""
    tick = OPTION.tick_size
    bad = stop(trigger * tick, price * tick, side=side)
    problems = broken_rules(bad, OPTION)

    assert bool(problems) == (price * side.sign < trigger * side.sign)
    for value in named_in(problems):
        check(evolve(bad, price=value), OPTION)


@pytest.mark.parametrize("price", ["999999999999", "0.00000000000000000000000000000000000001", "1E-999999"])
def test_extreme_price_is_an_invalid_order(price: str) -> None:
    """Numbers at the edge of decimal arithmetic are judged like others and never an error from the inside."""
    with pytest.raises(InvalidOrder):
        check(limit(price), FUTURE)
