"""Whoever does what the complaints say, in any order, ends with an order that passes; and nothing ever raises (X5)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import Contract
from jainam.domain.money import MOST
from jainam.domain.orders import Order
from jainam.domain.rules import DEFAULT_RULES, Counting, QuantityRule, RuleBook
from jainam.domain.validation import broken_rules, check
from jainam.domain.vocabulary import Exchange, PriceType, Product, Side, TimeInForce
from strategies import contracts, listed_contracts, orders, tradable_contracts

UNCOUNTED = (Exchange.CDS, Exchange.BCD, Exchange.MCX, Exchange.NCDEX)

FIELDS: dict[str, tuple[str, Any]] = {
    r"product \w+ ": ("product", Product),
    r"\w+ takes no order with validity": ("time_in_force", TimeInForce),
    r"\w+ takes no SL-M order": ("price", Decimal),
    r"quantity ": ("quantity", int),
    r"price ": ("price", Decimal),
    r"trigger price ": ("trigger_price", Decimal),
    r"disclosed quantity |\w+ takes no disclosed quantity": ("disclosed_quantity", int),
}
"""Which field of an order a complaint is about, and what its values are read with."""


def repairs(problem: str) -> list[dict[str, Any]]:
    """The changes that a complaint asks for, one for each value that it names."""
    field, read = next(found for start, found in FIELDS.items() if re.match(start, problem))
    named = problem.partition("; use ")[2]
    if field in ("product", "time_in_force"):
        return [{field: read(word)} for word in re.findall(r"[A-Z]+", named.partition(" on ")[0])]
    also = {"price_type": PriceType.SL} if "SL-M" in problem else {}
    return [{field: read(value), **also} for value in re.findall(r"\d[\d.]*", named)]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Order, Contract, RuleBook]:
    """An order with anything wrong with it, its contract, and rules for a broker that counts in one way or another."""
    contract = draw(tradable_contracts())
    counting = draw(st.sampled_from(Counting))
    book = DEFAULT_RULES.counting(*(QuantityRule(exchange=each, counted_in=counting) for each in UNCOUNTED))
    return draw(orders(contract)), contract, book


@given(case=cases(), data=st.data())
def test_complaints_lead_to_an_order_that_passes(case: tuple[Order, Contract, RuleBook], data: st.DataObject) -> None:
    """Any complaint may be mended first, by any value it names; soon nothing is left to complain about."""
    order, contract, book = case
    for _ in range(12):
        problems = broken_rules(order, contract, book)
        if not problems:
            break
        changes = [change for problem in problems for change in repairs(problem)]
        order = evolve(order, **data.draw(st.sampled_from(changes)))
    check(order, contract, book)


@given(case=cases(), data=st.data())
def test_all_complaints_are_mended_at_once(case: tuple[Order, Contract, RuleBook], data: st.DataObject) -> None:
    """Prices named in one answer go together, so mending each of them once leaves no complaint about a price."""
    order, contract, book = case
    order = evolve(order, price_type=PriceType.SL)
    problems = [one for one in broken_rules(order, contract, book) if re.match("price|trigger", one)]
    for problem in data.draw(st.permutations(problems)):
        if changes := repairs(problem):
            order = evolve(order, **data.draw(st.sampled_from(changes)))

    assert not [one for one in broken_rules(order, contract, book) if re.match("price|trigger", one)]


@given(contract=contracts(), data=st.data())
def test_check_raises_what_is_broken(contract: Contract, data: st.DataObject) -> None:
    """An order passes exactly when it breaks no rule."""
    order = data.draw(orders(contract))
    problems = broken_rules(order, contract)
    if not problems:
        check(order, contract)
        return
    with pytest.raises(InvalidOrder) as caught:
        check(order, contract)
    assert list(caught.value.problems) == problems


@frozen(kw_only=True)
class Loose:
    """The terms of an order that was read as far as possible."""

    side: Side | None
    product: Product | None
    price_type: PriceType | None
    time_in_force: TimeInForce | None
    quantity: int | None
    price: Decimal | None
    trigger_price: Decimal | None
    disclosed_quantity: int | None


AMOUNTS = st.none() | st.decimals(0, MOST, allow_nan=False, allow_infinity=False)
COUNTS = st.none() | st.integers(0, 10**13)
LOOSE = st.builds(
    Loose,
    side=st.none() | st.sampled_from(Side),
    product=st.none() | st.sampled_from(Product),
    price_type=st.none() | st.sampled_from(PriceType),
    time_in_force=st.none() | st.sampled_from(TimeInForce),
    quantity=COUNTS,
    price=AMOUNTS,
    trigger_price=AMOUNTS,
    disclosed_quantity=COUNTS,
)


@given(loose=LOOSE, contract=st.none() | listed_contracts())
def test_strange_input_never_raises(loose: Loose, contract: Contract | None) -> None:
    """Whatever could or could not be read, for whichever contract, the answer is a list of whole sentences."""
    for problem in broken_rules(loose, contract):
        assert re.fullmatch(r"[^{}]{15,}", problem)


@given(contract=st.none() | listed_contracts())
def test_nothing_read_breaks_no_rule(contract: Contract | None) -> None:
    """What could not be read has been complained about, and is not complained about again."""
    nothing = Loose(
        side=None,
        product=None,
        price_type=None,
        time_in_force=None,
        quantity=None,
        price=None,
        trigger_price=None,
        disclosed_quantity=None,
    )

    assert len(broken_rules(nothing, contract)) <= (contract is not None)
