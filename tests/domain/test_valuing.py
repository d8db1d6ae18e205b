"""What positions are worth at the last price, and what the broker says where there is none (FR2, B-38, B-39)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from fakes.samples import SHARE
from fakes.script import play
from jainam.domain.drafts import read_changes
from jainam.domain.errors import InvalidOrder, OrderRejected
from jainam.domain.market import Quote
from jainam.domain.orders import Changes
from jainam.domain.portfolio import Position
from jainam.domain.steps import ListPositions, NameContracts, ReadQuotes, Tell
from jainam.domain.valuing import Valued, valued_positions
from jainam.domain.vocabulary import PriceType, Product

LONG = Position(
    instrument=SHARE.ref, product=Product.MIS, quantity=10, buy_quantity=15, sell_quantity=5, buy_average=Decimal(100),
    sell_average=Decimal(110), realized=Decimal(50), unrealized=Decimal(20), mtm=None, broker_symbol="RELIANCE",
)  # fmt: skip
CLOSED = evolve(LONG, quantity=0, buy_quantity=5)
QUOTE = Quote(instrument=SHARE.ref, last_price=Decimal(104))


def test_the_last_price_decides() -> None:
    """Realised and open profit are what was sold, less what was bought, and what is held at the last price."""
    valued = Valued(LONG, Decimal(104))

    assert (valued.last_price, valued.pnl) == (Decimal(104), Decimal(5 * 110 - 15 * 100 + 10 * 104))
    assert valued.pnl_percent == Decimal(9)
    assert valued.average_price == 100


def test_without_a_quote_the_broker_is_believed() -> None:
    """The last price is what the broker's open profit comes from, and the profit is the broker's."""
    valued = Valued(LONG)

    assert (valued.last_price, valued.pnl) == (Decimal(102), Decimal(70))


def test_what_nobody_says_is_unknown() -> None:
    """Without a quote and without a valuation there is no price and no profit; zero would be one."""
    valued = Valued(evolve(LONG, realized=None, unrealized=None))

    assert (valued.last_price, valued.pnl, valued.pnl_percent) == (None, None, None)


def test_a_closed_position_keeps_what_it_made() -> None:
    """The realised profit stays, at any price or none, with the price that was paid (B-39)."""
    for price in (None, Decimal(104)):
        valued = Valued(CLOSED, price)
        assert (valued.last_price, valued.pnl, valued.average_price) == (price, Decimal(50), Decimal(100))
        assert valued.pnl_percent is None


def test_rows_that_do_not_add_up_are_the_brokers_business() -> None:
    """When bought less sold is not what is held, as after a conversion, the broker's own profit stands."""
    assert Valued(evolve(LONG, quantity=12), Decimal(104)).pnl == Decimal(70)


def test_positions_come_with_their_prices() -> None:
    """One call prices all of them, the open ones first."""
    found = play(
        valued_positions(),
        (ListPositions(), (CLOSED, LONG)),
        (NameContracts((SHARE.ref,)), {SHARE.ref: SHARE}),
        (ReadQuotes((SHARE.ref,)), (QUOTE,)),
    )

    assert [(row.position.symbol, row.quoted) for row in found] == [("RELIANCE", Decimal(104))] * 2


@pytest.mark.parametrize("answer", [(), OrderRejected("no market data")])
def test_positions_are_there_without_prices(answer: Any) -> None:
    """A position is not lost because nobody can say what it is worth."""
    told = ((Tell(answer), None),) if isinstance(answer, Exception) else ()
    found = play(
        valued_positions(),
        (ListPositions(), (LONG,)),
        (NameContracts((SHARE.ref,)), {}),
        (ReadQuotes((SHARE.ref,)), answer),
        *told,
    )

    assert found == (Valued(LONG),)


def test_terms_that_are_left_out_stay() -> None:
    """Absent, ``None`` and blank change nothing; what is given is read whatever it comes as."""
    assert read_changes({"price": "", "quantity": None}) == Changes()
    assert read_changes({"price": 0, "trigger_price": "0", "quantity": "5.0", "pricetype": "limit"}) == Changes(
        quantity=5, price_type=PriceType.LIMIT, price=Decimal(0), trigger_price=Decimal(0)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 0},
        {"quantity": "x"},
        {"disclosed_quantity": -1},
        {"product": "X"},
        {"price": -1},
        {"trigger_price": "y"},
    ],
)
def test_terms_that_cannot_be_read_are_named(wrong: dict[str, Any]) -> None:
    """Each is named, all in one error, so that nothing is changed by half (FR10)."""
    with pytest.raises(InvalidOrder, match=next(iter(wrong))) as caught:
        read_changes(wrong | {"pricetype": "MARKTE"})

    assert len(caught.value.problems) == 2
