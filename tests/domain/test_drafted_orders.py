"""An order that is written down loosely is placed as if it had been drafted and placed, and looked at once (FR10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.samples import FUTURE, order
from fakes.script import Scene, outcome_of, play
from jainam.domain.errors import InvalidOrder, SymbolNotFound
from jainam.domain.flows import drafted_order, place_drafted_order, place_order
from jainam.domain.house import House
from jainam.domain.market import Quote
from jainam.domain.orders import OrderId, OrderTag, Placed
from jainam.domain.protection import MarketMode, MarketPolicy
from jainam.domain.steps import BrokerStep, FindContract, Flow, HouseRules, NewTag, PlaceExit, PlaceOrder, ReadQuotes

BUY = order()
BASE = Decimal(25000)
TAG = OrderTag("t1")
FIELDS = {
    "symbol": FUTURE.symbol,
    "exchange": "NFO",
    "action": "BUY",
    "quantity": str(BUY.quantity),
    "product": BUY.product.value,
}
HOUSES = [House(market=MarketPolicy(mode=mode)) for mode in MarketMode]


def test_it_is_looked_at_once() -> None:
    """The contract and the rules are asked for once, and the order leaves under its tag."""
    outcome = play(
        place_drafted_order(FIELDS),
        (FindContract(FUTURE.key), FUTURE),
        (HouseRules(), House()),
        (NewTag(), TAG),
        (PlaceOrder(BUY, FUTURE, TAG), OrderId("9001")),
    )

    assert outcome == Placed(OrderId("9001"), TAG)


@pytest.mark.parametrize(("wrong", "kind"), [({"symbol": "NOSUCH"}, SymbolNotFound), ({"exchange": "X"}, InvalidOrder)])
def test_what_is_wrong_leaves_before_anything_is_sent(wrong: dict[str, str], kind: type[Exception]) -> None:
    """An unknown symbol or word is an error, and no tag is given."""
    desk = scene(House())
    with pytest.raises(kind):
        desk.run(place_drafted_order(FIELDS | wrong))

    assert not desk.asked(NewTag)


@given(
    changed=st.fixed_dictionaries(
        {},
        optional={
            "symbol": st.sampled_from([FUTURE.symbol, "NOSUCH", ""]),
            "action": st.sampled_from(["SELL", "buy ", "HOLD", None]),
            "quantity": st.sampled_from([65, "65", 130.0, 64, 0, -65, True, "many", 10**9, 10**15]),
            "product": st.sampled_from(["NRML", "MIS", "CNC", "X", None]),
            "pricetype": st.sampled_from(["MARKET", "LIMIT", "SL", "SL-M", "limit", "X", None]),
            "price": st.sampled_from(
                [0, 0.0, -0.0, "25000", 25000.0, 25000.03, "", None, -1, False, float("nan"), 1e13]
            ),
            "trigger_price": st.sampled_from([0, "25000.5", 24999.0, None]),
            "disclosed_quantity": st.sampled_from([0, "65", 1, -1, 1.5, None]),
        },
    ),
    house=st.sampled_from(HOUSES),
)
def test_it_is_what_drafting_and_placing_come_to(changed: dict[str, Any], house: House) -> None:
    """Whatever is written and whatever the policy, broker and caller see the same as when it is done in two steps."""

    def in_two() -> Flow[Placed]:
        return (yield from place_order((yield from drafted_order(FIELDS | changed))))

    seen = []
    for flow in (place_drafted_order(FIELDS | changed), in_two()):
        desk = scene(house)
        outcome = outcome_of(lambda desk=desk, flow=flow: desk.run(flow))  # type: ignore[misc]
        told = (type(outcome), str(outcome)) if isinstance(outcome, Exception) else outcome
        seen.append((told, [step for step in desk.steps if isinstance(step, BrokerStep)]))

    assert seen[0] == seen[1]


def scene(house: House) -> Scene:
    """A market that stands at 25,000 and takes every order."""
    return Scene(
        {
            HouseRules: house,
            ReadQuotes: lambda step: tuple(Quote(instrument=ref, last_price=BASE) for ref in step.refs),
            PlaceOrder: OrderId("9001"),
            PlaceExit: OrderId("9001"),
        }
    )
