"""The rules are data: each has a source and a day, and a broker or a trader can put others in their place (X5)."""

from __future__ import annotations

import copy
import datetime as dt
import doctest
import string
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from fakes.samples import FUTURE, INDEX, OPTION, SHARE, TWIN, order
from jainam.domain import rulebook, rules, validation
from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import Contract, SymbolKey
from jainam.domain.rulebook import REMEMBERED, on_tick
from jainam.domain.rules import DEFAULT_RULES, Counting, QuantityRule, Rule, RuleBook, Topic
from jainam.domain.validation import broken_rules, check
from jainam.domain.vocabulary import Exchange, Kind, PriceType, Product, Side, TimeInForce
from strategies import listed_contracts, orders

UNCOUNTED = (Exchange.CDS, Exchange.BCD, Exchange.MCX, Exchange.NCDEX)
CRUDE = evolve(
    FUTURE,
    key=SymbolKey("CRUDEOIL19FEB26FUT", Exchange.MCX),
    lot_size=100,
    tick_size=Decimal(1),
    freeze_quantity=10_000,
    price_low=None,
    price_high=None,
)


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    """What an earlier test gathered of a contract says nothing about how this one gathers it."""
    DEFAULT_RULES.known.clear()
    DEFAULT_RULES._grounds.clear()


def counted_in(unit: Counting, exchange: Exchange = Exchange.MCX, largest: int | None = None) -> RuleBook:
    """The rules for a broker that counts like this."""
    return DEFAULT_RULES.counting(QuantityRule(exchange=exchange, counted_in=unit, largest=largest))


@pytest.mark.parametrize("rule", DEFAULT_RULES.rules, ids=lambda rule: rule.name)
def test_each_rule_says_who_says_so(rule: Rule) -> None:
    """Every rule has a name of its own, a source, a day, and a sentence about the order or its instrument."""
    facts = {name for _, name, _, _ in string.Formatter().parse(rule.sentence) if name}

    assert [other.name for other in DEFAULT_RULES.rules].count(rule.name) == 1
    assert len(rule.source) > 15
    assert dt.date(2015, 1, 1) < rule.dated <= dt.date(2026, 11, 24)
    assert facts
    assert rule.exchanges
    assert rule.kinds


def test_every_topic_has_a_rule() -> None:
    """Nothing that can be looked at is left without a rule, and every exchange and kind of instrument has some."""
    assert {rule.topic for rule in DEFAULT_RULES.rules} == set(Topic)
    for exchange in Exchange:
        for kind in Kind:
            assert DEFAULT_RULES.holding_for(exchange, kind)


@pytest.mark.parametrize("module", [rulebook, rules, validation], ids=lambda module: module.__name__)
def test_examples_in_the_docstrings_hold(module: Any) -> None:
    """What the docstrings show is what happens."""
    failed, tried = doctest.testmod(module)

    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize("exchange", UNCOUNTED)
def test_uncounted_exchange_refuses(exchange: Exchange) -> None:
    """Where brokers count in units or in lots, nothing is sent until somebody has said which (X5)."""
    elsewhere = evolve(CRUDE, key=SymbolKey("X", exchange))

    [problem] = broken_rules(order(elsewhere), elsewhere)
    assert problem == (
        f"orders on {exchange} are refused until a quantity rule says whether your broker counts them in units"
        f" or in lots; ask the broker, and configure the rule for {exchange}"
    )
    check(order(elsewhere), elsewhere, counted_in(Counting.UNITS, exchange))


def test_rule_of_one_exchange_opens_no_other() -> None:
    """A quantity rule speaks for its own exchange only, and a second one does not undo the first."""
    both = counted_in(Counting.UNITS).counting(QuantityRule(exchange=Exchange.CDS, counted_in=Counting.LOTS))
    again = both.counting(QuantityRule(exchange=Exchange.MCX, counted_in=Counting.LOTS))

    with pytest.raises(InvalidOrder, match="orders on CDS are refused"):
        check(order(CRUDE), evolve(CRUDE, key=SymbolKey("X", Exchange.CDS)), counted_in(Counting.UNITS))
    check(order(CRUDE), CRUDE, both)
    assert [(rule.exchange, rule.counted_in) for rule in again.quantity_rules] == [
        (Exchange.CDS, Counting.LOTS),
        (Exchange.MCX, Counting.LOTS),
    ]


@pytest.mark.parametrize(
    ("unit", "largest", "quantity", "problems"),
    [
        (Counting.UNITS, None, 100, []),
        (Counting.UNITS, None, 10_000, []),
        (Counting.UNITS, None, 1, ["quantity 1 is not a multiple of the lot size 100 of SYMBOL; use 100"]),
        (
            Counting.UNITS,
            None,
            10_100,
            ["quantity 10100 is above the largest single order of SYMBOL; use at most 10000"],
        ),
        (Counting.LOTS, None, 1, []),
        (Counting.LOTS, None, 100, []),
        (
            Counting.LOTS,
            None,
            101,
            ["quantity 101 is above the largest single order of SYMBOL; use at most 100"],
        ),
        (Counting.LOTS, 7, 7, []),
        (
            Counting.LOTS,
            7,
            8,
            ["quantity 8 is above the largest single order of SYMBOL; use at most 7"],
        ),
        (Counting.UNITS, 20_000, 20_000, []),
    ],
)
def test_quantities_are_judged_as_the_broker_counts(
    unit: Counting, largest: int | None, quantity: int, problems: list[str]
) -> None:
    """In units a quantity is whole lots, in lots any number; the freeze quantity is counted likewise."""
    expected = [problem.replace("SYMBOL", CRUDE.symbol) for problem in problems]

    book = counted_in(unit, largest=largest)
    assert broken_rules(order(CRUDE, quantity=quantity), CRUDE, book) == expected


def test_lots_without_a_freeze_quantity_have_no_limit() -> None:
    """Where the master sets no limit, counting in lots sets none either."""
    check(order(CRUDE, quantity=10**6), evolve(CRUDE, freeze_quantity=None), counted_in(Counting.LOTS))


@pytest.mark.parametrize(("today", "is_over"), [((2026, 6, 29), False), ((2026, 6, 30), False), ((2026, 7, 1), True)])
def test_expired_contract_is_not_ordered(today: tuple[int, int, int], is_over: bool) -> None:
    """A contract can be traded up to its last day, and its symbol says nothing about that."""
    problems = broken_rules(order(), FUTURE, today=dt.date(*today))

    assert problems == (
        [f"{FUTURE.symbol} expired on 2026-06-30; choose a contract that expires later, or load the contracts afresh"]
        * is_over
    )


def test_what_never_expires_is_not_asked() -> None:
    """A share has no last day, and a book without that rule does not look at it."""
    late = dt.date(2099, 1, 1)

    assert broken_rules(order(SHARE), SHARE, today=late) == []
    assert broken_rules(order(), FUTURE, DEFAULT_RULES.without("contracts end with their expiry"), late) == []
    with pytest.raises(InvalidOrder, match="expired on 2026-06-30"):
        check(order(), FUTURE, today=late)


BREACHES: list[tuple[str, Any, Contract]] = [
    ("indices are not traded", order(INDEX), INDEX),
    ("test symbols are not traded", order(), evolve(FUTURE, name="011NSETEST")),
    ("units or lots is for the broker to say", order(CRUDE), CRUDE),
    ("ordinary orders have ordinary products", order(product=Product.CO), FUTURE),
    ("delivery is for shares", order(product=Product.CNC), FUTURE),
    ("validity on NSE", order(time_in_force=TimeInForce.GTD), FUTURE),
    ("validity on BSE", order(TWIN, time_in_force=TimeInForce.GTD), TWIN),
    ("options have no stop-market", order(OPTION, price_type=PriceType.SL_M, trigger_price=1), OPTION),
    ("BSE has no stop-market", order(TWIN, price_type=PriceType.SL_M, trigger_price=1), TWIN),
    ("whole lots", order(quantity=76), FUTURE),
    ("largest single order", order(quantity=1875), FUTURE),
    ("whole ticks", order(price_type=PriceType.LIMIT, price="25000.05"), FUTURE),
    ("the day's band", order(price_type=PriceType.LIMIT, price="21999.0"), FUTURE),
    ("the day's band", order(price_type=PriceType.LIMIT, price="27001.0"), FUTURE),
    (
        "a stop's limit lies beyond its trigger",
        order(SHARE, price_type=PriceType.SL, price=10, trigger_price=11),
        SHARE,
    ),
    ("no more is disclosed than ordered", order(SHARE, disclosed_quantity=2), SHARE),
    ("disclosed quantity is for cash", order(disclosed_quantity=75), FUTURE),
    ("a tenth is disclosed", order(SHARE, quantity=100, disclosed_quantity=9), SHARE),
]
"""Each rule, by its name, and an order that breaks it and nothing else."""


NAMES = [name for name, *_ in BREACHES]


@pytest.mark.parametrize(("name", "bad", "contract"), BREACHES, ids=NAMES)
def test_rule_that_is_taken_out_no_longer_holds(name: str, bad: Any, contract: Contract) -> None:
    """Each rule is its own: without it, what broke it passes, and nothing else changes."""
    assert len(broken_rules(bad, contract)) == 1
    assert broken_rules(bad, contract, DEFAULT_RULES.without(name)) == []


@pytest.mark.parametrize(("name", "bad", "contract"), BREACHES, ids=NAMES)
def test_sentence_may_name_the_instrument(name: str, bad: Any, contract: Contract) -> None:
    """Whoever writes a sentence of their own can say which instrument and exchange it is about, in any rule."""
    rule = next(rule for rule in DEFAULT_RULES.rules if rule.name == name)
    book = DEFAULT_RULES.including(evolve(rule, sentence="not {symbol} on {exchange}, we say"))

    assert broken_rules(bad, contract, book) == [f"not {contract.symbol} on {contract.exchange}, we say"]


def test_test_scrip_of_an_uncounted_exchange_is_both() -> None:
    """Two reasons for refusing an instrument are both said."""
    scrip = evolve(CRUDE, name="011NSETEST")

    assert len(broken_rules(order(scrip), scrip)) == 2


def test_rules_on_lots_go_without_their_numbers() -> None:
    """Where nobody asks for whole lots, what may be disclosed is not counted in lots either."""
    share = evolve(SHARE, lot_size=30)
    book = DEFAULT_RULES.without("whole lots")

    assert broken_rules(order(share, quantity=1010, disclosed_quantity=40), share, book) == [
        "disclosed quantity 40 is less than 10 % of the quantity 1010; use 101 to 1010, or 0 to disclose it all"
    ]


@pytest.mark.parametrize(("disclosed", "is_enough"), [(249, False), (250, True), (1000, True)])
def test_a_quarter_is_disclosed_on_mcx(disclosed: int, is_enough: bool) -> None:
    """MCX wants a quarter of the quantity shown where NSE wants a tenth."""
    book = counted_in(Counting.LOTS).without("largest single order")
    problems = broken_rules(order(CRUDE, quantity=1000, disclosed_quantity=disclosed), CRUDE, book)

    assert problems == (
        []
        if is_enough
        else ["disclosed quantity 249 is less than 25 % of the quantity 1000; use 250 to 1000, or 0 to disclose it all"]
    )


def test_goods_have_validities_of_their_own() -> None:
    """MCX takes orders for a day, a session, a date and at once; nobody told us otherwise."""
    for validity in TimeInForce:
        check(order(CRUDE, time_in_force=validity), CRUDE, counted_in(Counting.UNITS))


def test_rule_of_the_same_name_takes_the_place() -> None:
    """A broker's own reading of a rule replaces ours, with its own sentence."""
    shares = next(rule for rule in DEFAULT_RULES.rules if rule.name == "a tenth is disclosed")
    half = evolve(shares, share=Decimal("0.125"), sentence="show {share} of {symbol}{use}", source="the broker's note")
    book = DEFAULT_RULES.including(half)

    assert len(book.rules) == len(DEFAULT_RULES.rules)
    assert broken_rules(order(SHARE, quantity=100, disclosed_quantity=12), SHARE, book) == [
        "show 12.5 % of RELIANCE; use 13 to 100, or 0 to disclose it all"
    ]


def test_rule_that_is_added_has_the_last_word() -> None:
    """A further rule on the same topic is asked as well about words, and instead where there is one number."""
    day = Rule(
        name="day orders only",
        topic=Topic.VALIDITY,
        allowed={TimeInForce.DAY},
        sentence="our desk takes no {word}{use}",
        source="house rule of this desk",
        dated=dt.date(2026, 11, 24),
    )
    tenth = next(rule for rule in DEFAULT_RULES.rules if rule.name == "a tenth is disclosed")
    book = DEFAULT_RULES.including(day, evolve(tenth, name="half is disclosed", share=Decimal("0.5")))
    bad = order(SHARE, quantity=100, disclosed_quantity=49, time_in_force=TimeInForce.IOC)

    assert broken_rules(bad, SHARE, book) == [
        "our desk takes no IOC; use DAY",
        "disclosed quantity 49 is less than 50 % of the quantity 100; use 50 to 100, or 0 to disclose it all",
    ]
    assert broken_rules(evolve(bad, time_in_force=TimeInForce.GTD), SHARE, book)[:2] == [
        "NSE takes no order with validity GTD; use DAY",
        "our desk takes no GTD; use DAY",
    ]


@given(contract=listed_contracts(), data=st.data())
def test_empty_book_asks_nothing(contract: Contract, data: st.DataObject) -> None:
    """Every demand is a rule: without rules any order passes, for any instrument on any day."""
    contract = evolve(contract, tick_size=contract.tick_size or Decimal(1))

    assert broken_rules(data.draw(orders(contract)), contract, RuleBook(()), dt.date(2999, 1, 1)) == []
    assert broken_rules(data.draw(orders(contract)), None, RuleBook(())) == []


def test_price_types_can_be_ruled_out() -> None:
    """A desk that takes limit orders only says so, and names them even to a stop-market."""
    only = Rule(
        name="limit orders only",
        topic=Topic.PRICE_TYPE,
        allowed={PriceType.LIMIT},
        sentence="our desk takes no {word}{use}",
        source="house rule of this desk",
        dated=dt.date(2026, 11, 24),
    )
    book = DEFAULT_RULES.including(only)

    for kind in (PriceType.MARKET, PriceType.SL_M):
        bad = order(SHARE, price_type=kind, trigger_price=100)
        assert broken_rules(bad, SHARE, book) == [f"our desk takes no {kind}; use LIMIT"]


def test_rule_nobody_has_cannot_be_taken_out() -> None:
    """A slip in a rule's name is an error and not a rule that goes on holding unseen."""
    with pytest.raises(ValueError, match="no rule is called tick, whole lot"):
        DEFAULT_RULES.without("whole lot", "whole ticks", "tick")


def test_rules_for_all_are_asked_without_a_contract() -> None:
    """Before the instrument is known, only rules that hold everywhere are asked, those of one exchange are not."""
    bad = order(product=Product.CO, quantity=5, disclosed_quantity=6, time_in_force=TimeInForce.GTD)

    assert broken_rules(bad, None) == [
        "product CO cannot be placed by an ordinary order; use CNC, NRML or MIS",
        "disclosed quantity 6 is more than the quantity 5; use at most 5",
    ]
    assert broken_rules(order(price_type=PriceType.LIMIT, price="0.001"), None) == []
    assert broken_rules(order(price_type=PriceType.SL_M, trigger_price="0.001", quantity=10**7), None) == []
    assert broken_rules(order(price_type=PriceType.SL, price=10, trigger_price=11), None) == [
        "price 10 of a stop purchase is below its trigger 11; use 11 or more"
    ]


def test_demands_are_those_of_the_contract_at_hand() -> None:
    """What was gathered for one contract is never applied to another, whatever its place in memory."""
    book = RuleBook(DEFAULT_RULES.rules)
    check(order(), FUTURE, book)
    book.known[id(OPTION)] = book.known[id(FUTURE)]

    assert book.demands(OPTION).contract is OPTION
    book.known[id(OPTION)] = book.known[id(FUTURE)]
    check(order(OPTION, price_type=PriceType.LIMIT, price="0.05"), OPTION, book)
    twin = copy.deepcopy(book)
    assert twin == book
    assert twin.demands(FUTURE).contract is FUTURE


def test_demands_of_few_contracts_are_kept() -> None:
    """A day's many contracts do not pile up, and the same contract is gathered once."""
    book = RuleBook(DEFAULT_RULES.rules)
    many = [evolve(FUTURE) for _ in range(REMEMBERED + 1)]
    for contract in many[:-1]:
        book.demands(contract)

    assert len(book.known) == REMEMBERED
    assert book.demands(many[0]) is book.demands(many[0])
    assert len(book.known) == REMEMBERED
    book.demands(many[-1])
    assert len(book.known) == 1


@given(
    price=st.decimals("0.0001", 100_000, places=4),
    tick=st.sampled_from([Decimal(text) for text in ("0.0025", "0.05", "0.1", "5")]),
)
def test_ticks_are_the_nearest(price: Decimal, tick: Decimal) -> None:
    """A price moved to a tick is a multiple of it, on the side asked for, and less than a tick away."""
    down, up = on_tick(price, tick, "ROUND_FLOOR"), on_tick(price, tick, "ROUND_CEILING")

    assert down % tick == up % tick == 0
    assert down <= price <= up
    assert up - down == (tick if price % tick else 0)
    assert on_tick(price, None, "ROUND_FLOOR") == price


@pytest.mark.parametrize(
    ("tick", "low", "high", "reach"),
    [
        ("0.05", None, None, ("0.05", "1E+12")),
        ("0.05", "0.01", "9.99", ("0.05", "9.95")),
        ("0.05", "-3", "0.06", ("0.05", "0.05")),
        ("0.05", "1.00", "2.00", ("1.00", "2.00")),
        ("0", "1.03", "2.03", ("1.03", "2.03")),
        ("0", None, None, ("0", "1E+12")),
    ],
)
def test_reach_is_in_whole_ticks_within_the_band(
    tick: str, low: str | None, high: str | None, reach: tuple[str, str]
) -> None:
    """The lowest and the highest price that pass are ticks inside the band, and never zero where there is a tick."""
    contract = evolve(
        OPTION,
        tick_size=Decimal(tick),
        price_low=None if low is None else Decimal(low),
        price_high=None if high is None else Decimal(high),
    )
    demands = DEFAULT_RULES.demands(contract)

    assert (demands.least, demands.most) == tuple(map(Decimal, reach))


def test_rules_that_are_out_leave_no_reach() -> None:
    """Without the rules on ticks and band, prices are bounded by nothing, and only their own complaints are gone."""
    neither = DEFAULT_RULES.without("whole ticks", "the day's band")
    bad = order(price_type=PriceType.LIMIT, price="1.23")

    assert broken_rules(bad, FUTURE, neither) == []
    assert len(broken_rules(bad, FUTURE, DEFAULT_RULES.without("whole ticks"))) == 1
    assert len(broken_rules(bad, FUTURE, DEFAULT_RULES.without("the day's band"))) == 1
    assert broken_rules(
        order(side=Side.SELL, price_type=PriceType.SL, price="1.24", trigger_price="1.23"), FUTURE, neither
    ) == ["price 1.24 of a stop sale is above its trigger 1.23; use 1.23 or less"]
