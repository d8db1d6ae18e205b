"""Books come as the broker keeps them, each row under the name a trader uses (FR1-FR4)."""

from decimal import Decimal

import pytest
from attrs import evolve

from fakes.samples import FUTURE, SHARE, TWIN, holding, position, row, trade
from fakes.script import Scene, play
from jainam.domain import books
from jainam.domain.errors import BrokerUnavailable, JainamError, LoginExpired, RateLimited, SymbolNotFound
from jainam.domain.instruments import InstrumentRef, SymbolKey, Token
from jainam.domain.market import Quote
from jainam.domain.orders import OrderId, OrderTag, Placed
from jainam.domain.portfolio import Funds, Profile
from jainam.domain.steps import (
    FindContract,
    ListHoldings,
    ListOrders,
    ListPositions,
    ListTrades,
    NameContracts,
    ReadFunds,
    ReadProfile,
    ReadQuotes,
    Tell,
)
from jainam.domain.vocabulary import Exchange, Product

STRANGE = InstrumentRef(Exchange.NFO, Token(1))
DOWN = BrokerUnavailable("bad gateway")


def quote(ref: InstrumentRef, price: str | None) -> Quote:
    """The last price of *ref*."""
    return Quote(instrument=ref, last_price=None if price is None else Decimal(price))


def test_order_book_names_what_it_can() -> None:
    """Rows get their OpenAlgo symbol; one on an unknown instrument stays, without a symbol."""
    strange = evolve(row("2"), instrument=STRANGE)
    read = play(
        books.order_book(),
        (ListOrders(), (row("1"), strange, row("3"))),
        (NameContracts((FUTURE.ref, STRANGE)), {FUTURE.ref: FUTURE}),
    )

    assert [(each.order_id, each.symbol) for each in read] == [
        ("1", "NIFTY30JUN26FUT"),
        ("2", None),
        ("3", "NIFTY30JUN26FUT"),
    ]


def test_trades_and_positions_are_named() -> None:
    """Fills and positions get their names in the same way, closed positions included (FR1, FR2)."""
    scene = Scene({ListTrades: (trade(), trade(SHARE)), ListPositions: (position(0), position(-5, TWIN))})

    assert [each.symbol for each in scene.run(books.trade_book())] == ["NIFTY30JUN26FUT", "RELIANCE"]
    assert [(each.symbol, each.quantity) for each in scene.run(books.positions())] == [
        ("NIFTY30JUN26FUT", 0),
        ("RELIANCE", -5),
    ]


def test_empty_book_is_empty() -> None:
    """A book that was read and holds nothing is an empty tuple (AC 1.4.4)."""
    scene = Scene({ListTrades: (), ListHoldings: ()})

    assert scene.run(books.trade_book()) == ()
    assert scene.run(books.holdings()) == ()


@pytest.mark.parametrize(
    ("flow", "step"),
    [
        (books.order_book, ListOrders),
        (books.trade_book, ListTrades),
        (books.positions, ListPositions),
        (books.holdings, ListHoldings),
        (books.funds, ReadFunds),
        (books.profile, ReadProfile),
    ],
)
def test_unread_book_is_an_error(flow: object, step: type[ListOrders]) -> None:
    """A book that cannot be read is an error after four tries, never an empty one (B-30)."""
    scene = Scene({step: DOWN})
    with pytest.raises(BrokerUnavailable):
        scene.run(flow())  # type: ignore[operator]

    assert len(scene.asked(step)) == 4


def test_open_position_is_the_net_quantity() -> None:
    """The signed quantity of one instrument and product, zero when the book was read and lists none (FR4)."""
    scene = Scene({ListPositions: (position(-50), position(75, product=Product.MIS))})

    assert scene.run(books.open_position(FUTURE.key, Product.NRML)) == -50
    assert scene.run(books.open_position(FUTURE.key, Product.MIS)) == 75
    assert scene.run(books.open_position(SHARE.key, Product.CNC)) == 0


def test_open_position_raises_when_it_cannot_know() -> None:
    """An unread book and an unknown symbol are errors and never zero (D3, B-21)."""
    with pytest.raises(BrokerUnavailable):
        Scene({ListPositions: DOWN}).run(books.open_position(FUTURE.key, Product.NRML))
    with pytest.raises(SymbolNotFound):
        Scene({ListPositions: ()}).run(books.open_position(SymbolKey("NIFTI", Exchange.NFO), Product.NRML))


def test_quotes_are_asked_for_in_fifties() -> None:
    """Each instrument is asked for once, at most fifty in a call; those without a quote are absent (protocol 4.3)."""
    refs = [InstrumentRef(Exchange.NSE, Token(number)) for number in range(120)]
    scene = Scene({ReadQuotes: lambda step: tuple(quote(ref, "1.5") for ref in step.refs if ref.token != 7)})
    found = scene.run(books.quotes(refs + refs))

    calls = [step.refs for step in scene.asked(ReadQuotes) if isinstance(step, ReadQuotes)]
    assert [len(call) for call in calls] == [50, 50, 20]
    assert [ref for call in calls for ref in call] == refs
    assert set(found) == set(refs) - {refs[7]}


def test_no_quotes_need_no_call() -> None:
    """Nothing is asked for nothing."""
    scene = Scene()

    assert scene.run(books.quotes(())) == {}
    assert scene.steps == []


def test_holdings_are_priced_by_quotes() -> None:
    """A holding takes name and price of its first listing that is known; an unknown share stays as it came (FR3)."""
    rows = (
        holding(SHARE.ref, TWIN.ref),
        holding(STRANGE, TWIN.ref),
        holding(STRANGE),
    )
    quotes = (quote(SHARE.ref, "1500.00"),)
    read = Scene({ListHoldings: rows, ReadQuotes: quotes}).run(books.holdings())

    assert [(each.symbol, each.last_price, each.pnl) for each in read] == [
        ("RELIANCE", Decimal("1500.00"), Decimal("1000.00")),
        ("RELIANCE", None, None),
        (None, None, None),
    ]


@pytest.mark.parametrize("error", [DOWN, RateLimited("slow"), LoginExpired("Invalid Token")], ids=repr)
def test_holdings_are_shown_without_prices(error: JainamError) -> None:
    """When no quotes can be had the shares are still listed, without a price, and the failure is told (FR3)."""
    scene = Scene({ListHoldings: (holding(SHARE.ref),), ReadQuotes: error})
    read = scene.run(books.holdings())

    assert [(each.symbol, each.last_price) for each in read] == [("RELIANCE", None)]
    assert scene.steps[-1] == Tell(error)


def test_funds_and_profile_are_passed_on() -> None:
    """Funds and profile are what the broker says, and a missing amount is not zero."""
    money = Funds(
        available=Decimal("1000.50"), cash=None, collateral=None, utilized=None, realized=None, unrealized=None
    )
    person = Profile(client_id="CLIENT1", is_investor=False, exchanges=("NSECM",), name="A. Trader")
    scene = Scene({ReadFunds: money, ReadProfile: person})

    assert scene.run(books.funds()) is money
    assert scene.run(books.profile()) is person
    assert "A. Trader" not in repr(person)


def test_unknown_symbol_asks_no_book() -> None:
    """The store is asked first."""
    scene = Scene({FindContract: SymbolNotFound("X", "NSE")})
    with pytest.raises(SymbolNotFound):
        scene.run(books.open_position(SHARE.key, Product.CNC))

    assert [type(step) for step in scene.steps] == [FindContract]


def test_one_order_is_named_as_the_book_is() -> None:
    """One row of the order book, and the row of a placed order, carry their symbol too."""
    scene = Scene({ListOrders: (row("1"), row("2", SHARE))})

    assert scene.run(books.order(OrderId("2"))).symbol == "RELIANCE"
    assert scene.run(books.followed(Placed(OrderId("1"), OrderTag("t1")))).symbol == "NIFTY30JUN26FUT"
