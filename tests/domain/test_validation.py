"""Every broken rule is named at once, with the nearest value that passes (FR10, X5)."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fakes.samples import FUTURE, INDEX, OPTION, SHARE, TWIN, order
from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import Contract, SymbolKey
from jainam.domain.orders import Order
from jainam.domain.rules import DEFAULT_RULES
from jainam.domain.validation import broken_rules, check
from jainam.domain.vocabulary import Exchange, Kind, PriceType, Product, Side, TimeInForce
from strategies import contracts

PRICES = st.decimals("0.0001", 20_000, places=4)


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    """What an earlier test gathered of a contract says nothing about how this one gathers it."""
    DEFAULT_RULES.known.clear()
    DEFAULT_RULES._grounds.clear()


def limit(price: object, contract: Contract = FUTURE, **terms: Any) -> Order:
    """A limit order at *price*."""
    return order(contract, **({"price_type": PriceType.LIMIT, "price": price} | terms))


def stop(trigger: object, price: object = 0, contract: Contract = OPTION, **terms: Any) -> Order:
    """A stop order on the option: with a limit where a *price* is given."""
    kind = PriceType.SL if price else PriceType.SL_M
    return order(contract, price_type=kind, trigger_price=trigger, price=price, **terms)


def at(exchange: Exchange, contract: Contract = FUTURE, **terms: Any) -> Contract:
    """*contract*, listed on another exchange."""
    return evolve(contract, key=SymbolKey(contract.symbol, exchange), **terms)


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
        (stop("25000.0", contract=FUTURE), FUTURE),
        (stop("1400.0", contract=SHARE), SHARE),
        (order(SHARE, quantity=150, disclosed_quantity=150), SHARE),
        (order(SHARE, quantity=150, disclosed_quantity=15), SHARE),
        (order(time_in_force=TimeInForce.IOC), FUTURE),
        (order(TWIN, time_in_force=TimeInForce.EOS), TWIN),
        (order(SHARE, product=Product.MIS), SHARE),
        (order(price=Decimal("25000.033")), FUTURE),
        (stop("27000.0", "27000.0", FUTURE), FUTURE),
        (stop("22000.0", "22000.0", FUTURE, side=Side.SELL), FUTURE),
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
        (order(product=Product.CO), FUTURE, "product CO cannot be placed by an ordinary order; use NRML or MIS"),
        (
            order(SHARE, product=Product.BO),
            SHARE,
            "product BO cannot be placed by an ordinary order; use CNC, NRML or MIS",
        ),
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
        (stop(0, contract=FUTURE), FUTURE, "trigger price must be above zero for a SL-M order"),
        (stop(0, "100.00"), OPTION, "trigger price must be above zero for a SL order"),
        (
            stop("25000.02", contract=FUTURE),
            FUTURE,
            "trigger price 25000.02 is not a multiple of the tick 0.1 of FUTURE; use 25000.0 or 25000.1",
        ),
        (
            stop("27000.1", contract=FUTURE),
            FUTURE,
            "trigger price 27000.1 is above the day's band of FUTURE; use at most 27000.0",
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
        (
            order(SHARE, quantity=75, disclosed_quantity=76),
            SHARE,
            "disclosed quantity 76 is more than the quantity 75; use at most 75",
        ),
        (
            order(SHARE, quantity=151, disclosed_quantity=15),
            SHARE,
            "disclosed quantity 15 is less than 10 % of the quantity 151; use 16 to 151, or 0 to disclose it all",
        ),
        (
            order(TWIN, quantity=1000, disclosed_quantity=99),
            TWIN,
            "disclosed quantity 99 is less than 10 % of the quantity 1000; use 100 to 1000, or 0 to disclose it all",
        ),
        (order(disclosed_quantity=75), FUTURE, "NFO takes no disclosed quantity; use 0"),
        (order(disclosed_quantity=75), at(Exchange.BFO), "BFO takes no disclosed quantity; use 0"),
        (order(time_in_force=TimeInForce.GTD), FUTURE, "NFO takes no order with validity GTD; use DAY or IOC"),
        (order(SHARE, time_in_force=TimeInForce.EOS), SHARE, "NSE takes no order with validity EOS; use DAY or IOC"),
        (order(TWIN, time_in_force=TimeInForce.GTD), TWIN, "BSE takes no order with validity GTD; use DAY, IOC or EOS"),
        (
            stop("100.05"),
            OPTION,
            "NFO takes no SL-M order for options; use SL with a price of 100.05 or more",
        ),
        (
            stop("100.05", side=Side.SELL),
            evolve(OPTION, kind=Kind.CALL),
            "NFO takes no SL-M order for options; use SL with a price of 100.05 or less",
        ),
        (
            stop("1400.05", contract=TWIN),
            TWIN,
            "BSE takes no SL-M order; use SL with a price of 1400.05 or more",
        ),
        (
            stop("25000.0", contract=FUTURE),
            at(Exchange.BFO),
            "BFO takes no SL-M order; use SL with a price of 25000.0 or more",
        ),
        (
            order(SHARE),
            evolve(SHARE, name="011NSETEST", key=SymbolKey("011NSETEST", Exchange.NSE)),
            "011NSETEST is a test symbol of the exchange and not for trading; choose another instrument",
        ),
        (
            order(),
            evolve(FUTURE, name="071NSETEST"),
            "FUTURE is a test symbol of the exchange and not for trading; choose another instrument",
        ),
        (
            order(),
            evolve(FUTURE, key=SymbolKey("021NSETEST30JUN26FUT", Exchange.NFO)),
            "021NSETEST30JUN26FUT is a test symbol of the exchange and not for trading; choose another instrument",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_broken_rule_is_named(bad: Order, contract: Contract, problem: str) -> None:
    """Each rule, broken alone, gives its one sentence (FR10)."""
    problem = re.sub(r"\b(INDEX|FUTURE|OPTION)\b", lambda _: contract.symbol, problem)

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
        time_in_force=TimeInForce.GTD,
    )
    problems = broken_rules(bad, FUTURE)

    assert [re.split(r" [A-Z]*\d\S*", problem)[0] for problem in problems] == [
        "product CNC is for shares; use NRML or MIS on NFO",
        "NFO takes no order with validity GTD; use DAY or IOC",
        "quantity",
        "quantity",
        "price",
        "price",
        "trigger price",
        "trigger price",
        "price",
        "NFO takes no disclosed quantity; use",
    ]


def test_reasons_pile_up() -> None:
    """An instrument that cannot be ordered hides nothing that is wrong with the order besides."""
    scrip = evolve(OPTION, key=SymbolKey("011NSETEST30JUN26PE", Exchange.NFO), name="011NSETEST")
    bad = stop("100.05", contract=scrip, product=Product.CO, time_in_force=TimeInForce.GTD)

    assert broken_rules(bad, scrip, today=scrip.expiry + dt.timedelta(days=1) if scrip.expiry else None) == [
        "011NSETEST30JUN26PE is a test symbol of the exchange and not for trading; choose another instrument",
        (
            "011NSETEST30JUN26PE expired on 2026-02-17; choose a contract that expires later, or load the contracts"
            " afresh"
        ),
        "product CO cannot be placed by an ordinary order; use NRML or MIS",
        "NFO takes no order with validity GTD; use DAY or IOC",
        "NFO takes no SL-M order for options; use SL with a price of 100.05 or more",
    ]


def test_rules_of_the_instrument_wait_for_it() -> None:
    """Without a contract only what holds for every order is asked."""
    bad = order(quantity=76, disclosed_quantity=80, price_type=PriceType.SL, price=0, trigger_price=Decimal("0.001"))

    assert broken_rules(bad, None) == [
        "price must be above zero for a SL order",
        "disclosed quantity 80 is more than the quantity 76; use at most 76",
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


@pytest.mark.parametrize(
    ("band", "price", "problem"),
    [
        (("100.01", "100.04"), "100.02", "price 100.02 is not a multiple of the tick 0.05 of OPTION"),
        (("100.03", "100.04"), "100.02", "price 100.02 is below the day's band of OPTION"),
        (("100.03", "100.04"), "100.05", "price 100.05 is above the day's band of OPTION"),
        (("100.00", "100.01"), "100.02", "price 100.02 is above the day's band of OPTION; use at most 100.00"),
    ],
)
def test_nothing_is_named_where_nothing_passes(band: tuple[str, str], price: str, problem: str) -> None:
    """A band that holds no price has no value to offer, and its complaints end without one."""
    low, high = map(Decimal, band)
    problems = broken_rules(limit(price, OPTION), evolve(OPTION, price_low=low, price_high=high))

    assert problems[-1] == problem.replace("OPTION", OPTION.symbol)


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, "100.00"), (Side.SELL, "100.10")])
def test_no_stop_price_is_named_where_nothing_passes(side: Side, price: str) -> None:
    """The limit of a stop has no valid value either when the band holds no price."""
    empty = evolve(OPTION, price_low=Decimal("100.01"), price_high=Decimal("100.04"))

    assert broken_rules(stop("100.05", price, side=side), empty)[-1].endswith(" its trigger 100.05")
    assert broken_rules(stop("100.05", side=side), empty)[0].endswith("; use SL")


@pytest.mark.parametrize(
    ("side", "trigger", "named"),
    [
        (Side.BUY, "100.02", "use SL with a price of 100.05 or more"),
        (Side.SELL, "100.02", "use SL with a price of 100.00 or less"),
        (Side.BUY, "80.00", "use SL with a price of 90.00 or more"),
        (Side.SELL, "80.00", "use SL with a price of 90.00 or less"),
        (Side.BUY, "120.00", "use SL with a price of 110.00 or more"),
        (Side.SELL, "120.00", "use SL with a price of 110.00 or less"),
        (Side.BUY, "0", "use MARKET, LIMIT or SL"),
    ],
)
def test_stop_market_is_told_the_stop_it_could_be(side: Side, trigger: str, named: str) -> None:
    """The limit named for a stop-market fits whatever its trigger is told to use."""
    banded = evolve(OPTION, price_low=Decimal("89.96"), price_high=Decimal("110.04"))

    assert broken_rules(stop(trigger, side=side), banded)[0].endswith(f"; {named}")


@pytest.mark.parametrize(
    ("side", "trigger", "price", "named"),
    [
        (Side.BUY, "100.03", "100.04", ["use 100.05", "use 100.00 or 100.05"]),
        (Side.SELL, "100.03", "100.02", ["use 100.00", "use 100.00 or 100.05"]),
        (Side.BUY, "100.03", "100.01", ["use 100.05", "use 100.00 or 100.05", "use 100.05 or more"]),
        (Side.BUY, "100.05", "80.00", ["use at least 100.05", "use 100.05 or more"]),
        (Side.SELL, "100.05", "120.00", ["use at most 100.05", "use 100.05 or less"]),
        (Side.BUY, "100.05", "120.00", ["use at most 110.00"]),
        (Side.SELL, "100.05", "80.00", ["use at least 90.00"]),
    ],
)
def test_values_named_for_a_stop_fit_each_other(side: Side, trigger: str, price: str, named: list[str]) -> None:
    """Any price named goes with any trigger named, so that both can be mended at once."""
    banded = evolve(OPTION, price_low=Decimal("90.00"), price_high=Decimal("110.00"))
    problems = broken_rules(stop(trigger, price, side=side), banded)

    assert [problem.partition("; ")[2] for problem in problems] == named


@pytest.mark.parametrize(
    ("quantity", "lot", "freeze", "disclosed", "named"),
    [
        (1000, 30, None, 40, ["use 990 or 1020", "use 120 to 990, or 0 to disclose it all"]),
        (1000, 30, None, 1010, ["use 990 or 1020", "use at most 990"]),
        (1000, 100, 500, 60, ["use at most 500", "use 100 to 500, or 0 to disclose it all"]),
        (6000, 100, 500, 60, ["use at most 500", "use 0 to disclose it all"]),
        (1000, 100, 450, 1001, ["use at most 400", "use at most 400"]),
        (40, 50, None, 3, ["use 50", "use 0 to disclose it all"]),
        (50, 50, None, 3, ["use 50 to 50, or 0 to disclose it all"]),
        (10, 1, 1, 11, ["use at most 1", "use at most 1"]),
        (40, 50, 45, 3, ["", "use 0 to disclose it all"]),
    ],
)
def test_disclosed_quantity_named_fits_the_quantity_named(
    quantity: int, lot: int, freeze: int | None, disclosed: int, named: list[str]
) -> None:
    """What may be disclosed is said in whole lots, of whichever quantity the order is told to use."""
    share = evolve(SHARE, lot_size=lot, freeze_quantity=freeze)
    problems = broken_rules(order(share, quantity=quantity, disclosed_quantity=disclosed), share)

    assert [problem.partition("; ")[2] for problem in problems] == named


def test_no_quantity_is_named_below_one_lot() -> None:
    """Where the largest order is smaller than a lot, no quantity is offered, least of all zero."""
    assert broken_rules(order(quantity=150), evolve(FUTURE, freeze_quantity=50)) == [
        f"quantity 150 is above the largest single order of {FUTURE.symbol}"
    ]


@pytest.mark.parametrize("make", [limit, lambda price: stop(price, contract=FUTURE), lambda price: stop(100, price)])
@pytest.mark.parametrize("price", ["999999999999", "0.00000000000000000000000000000000000001", "1E-999999"])
def test_extreme_price_is_an_invalid_order(price: str, make: Any) -> None:
    """Numbers at the edge of decimal arithmetic are judged like others and never an error from the inside."""
    with pytest.raises(InvalidOrder):
        check(make(price), FUTURE)
