"""What becomes of orders that name no price, wherever they come from: sent, refused or protected (X7, D18)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from fakes.samples import FUTURE, OPTION, SHARE, TWIN, order, position, row, smart
from fakes.script import NOW, Scene, play
from jainam.domain import steps
from jainam.domain.baskets import place_basket, place_sliced
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import BrokerUnavailable, InvalidOrder, LoginExpired, NotSent, SymbolNotFound
from jainam.domain.flows import drafted_order, modify_order, place_order, place_smart_order
from jainam.domain.house import House
from jainam.domain.instruments import Contract
from jainam.domain.journal import Deed, Intent, Meant
from jainam.domain.market import Quote
from jainam.domain.orders import Changes, Order, OrderId, OrderTag, Placed
from jainam.domain.protection import MarketMode, MarketPolicy
from jainam.domain.rules import DEFAULT_RULES, Counting, QuantityRule
from jainam.domain.steps import (
    CancelOrder,
    FindContract,
    HouseRules,
    ListOrders,
    ListPositions,
    ModifyOrder,
    NewTag,
    Now,
    OwnOrders,
    PlaceExit,
    PlaceOrder,
    ReadQuotes,
    Step,
)
from jainam.domain.vocabulary import Exchange, OrderState, PriceType, Product, Side

PROTECT = House(market=MarketPolicy(mode=MarketMode.PROTECT))
REFUSE = House(market=MarketPolicy(mode=MarketMode.REFUSE))
TAG = OrderTag("t1")
BOUGHT_AT, SOLD_AT = Decimal("25125.0"), Decimal("24875.0")
"""Half a per cent beyond 25,000, where futures from 500 rupees on are protected."""


def quote(contract: Contract = FUTURE, last: str | None = "25000", **terms: Any) -> Quote:
    """What the market says of *contract*, now."""
    return Quote(instrument=contract.ref, last_price=None if last is None else Decimal(last), at=NOW, **terms)


def limited(price: Decimal, **terms: Any) -> Order:
    """The order of *terms* with the limit *price*."""
    usual: dict[str, Any] = {"price_type": PriceType.LIMIT, "price": price}
    return order(**(usual | terms))


def scene(house: House = PROTECT, **answers: Any) -> Scene:
    """A market where everything asked for stands at 25,000, and a house with a policy; *answers* by the step's name."""
    usual: dict[type[Step[Any]], object] = {
        HouseRules: house,
        ReadQuotes: lambda step: tuple(Quote(instrument=ref, last_price=Decimal(25000)) for ref in step.refs),
        PlaceOrder: OrderId("9001"),
        PlaceExit: OrderId("9001"),
        ListOrders: (),
        ListPositions: (),
    }
    return Scene(usual | {getattr(steps, name): answer for name, answer in answers.items()})


# --- one order ---------------------------------------------------------------------------------------------------


def test_a_protected_order_step_by_step() -> None:
    """A quote is read after the contract and before the checks, and the order leaves with its limit."""
    outcome = play(
        place_order(order()),
        (FindContract(FUTURE.key), FUTURE),
        (HouseRules(), PROTECT),
        (ReadQuotes((FUTURE.ref,)), (quote(),)),
        (Now(), NOW),
        (NewTag(), TAG),
        (PlaceOrder(limited(BOUGHT_AT), FUTURE, TAG, meant=PriceType.MARKET), OrderId("9001")),
    )

    assert outcome == Placed(OrderId("9001"), TAG)


@pytest.mark.parametrize("house", [House(), PROTECT, REFUSE], ids=lambda house: house.market.mode.value)
def test_an_order_with_a_limit_needs_no_quote(house: House) -> None:
    """Whatever the policy, an order that names its price goes out as it is."""
    desk = scene(house)
    desk.run(place_order(limited(Decimal("25000.0"))))

    assert not desk.asked(ReadQuotes)
    assert desk.asked(PlaceOrder) == [PlaceOrder(limited(Decimal("25000.0")), FUTURE, TAG)]


def test_a_refused_market_order_does_not_leave() -> None:
    """Where market orders are refused, no quote is read and no tag is given."""
    desk = scene(REFUSE)
    with pytest.raises(InvalidOrder, match="MARKET orders are refused by your market-order policy; use LIMIT"):
        desk.run(place_order(order()))

    assert [type(step) for step in desk.steps] == [FindContract, HouseRules]


def test_what_the_limit_makes_of_an_order_is_checked() -> None:
    """A protected order is held against the rules as it would leave, and every problem is named."""
    with pytest.raises(InvalidOrder, match="quantity 76 is not a multiple of the lot size 75"):
        scene().run(place_order(order(quantity=76)))


def test_without_a_quote_nothing_leaves() -> None:
    """An instrument that the market says nothing of is not protected, and the error says what to do."""
    desk = scene(ReadQuotes=())
    with pytest.raises(InvalidOrder, match="there is no quote of NIFTY30JUN26FUT"):
        desk.run(place_order(order()))

    assert not desk.asked(PlaceOrder)


def test_a_quote_that_cannot_be_read_says_that_nothing_was_sent() -> None:
    """A market-data interface that is down leaves no order in doubt: it never left (D4)."""
    desk = scene(ReadQuotes=BrokerUnavailable("bad gateway", status=502))
    with pytest.raises(NotSent, match=r"no quote of NIFTY30JUN26FUT could be read.*nothing was sent: bad gateway"):
        desk.run(place_order(order()))

    assert not desk.asked(PlaceOrder)


def test_a_quote_behind_a_lost_login_is_told_as_it_is() -> None:
    """A login that cannot be had is named as such, since whoever trades has to see to it."""
    with pytest.raises(LoginExpired):
        scene(ReadQuotes=LoginExpired("Invalid Token")).run(place_order(order()))


def test_a_stop_keeps_its_trigger_and_gets_a_limit() -> None:
    """SL-M leaves as SL, and the journal is told what was meant."""
    stop = order(side=Side.SELL, price_type=PriceType.SL_M, trigger_price=Decimal("24000.0"))
    desk = scene()
    desk.run(place_order(stop))

    [sent] = desk.asked(PlaceOrder)
    assert isinstance(sent, PlaceOrder)
    assert (sent.order.price_type, sent.order.price, sent.meant) == (PriceType.SL, Decimal("23880.0"), PriceType.SL_M)


# --- smart orders, slices, baskets, modifications ----------------------------------------------------------------


@pytest.mark.parametrize("house", [PROTECT, REFUSE], ids=lambda house: house.market.mode.value)
def test_a_smart_order_that_reduces_is_protected(house: House) -> None:
    """No setting keeps a position open: where entries are refused, exits are protected."""
    desk = scene(house, ListPositions=(position(150),))
    desk.run(place_smart_order(smart(75)))

    assert desk.asked(PlaceExit) == [
        PlaceExit(limited(SOLD_AT, side=Side.SELL), FUTURE, TAG, held=150, meant=PriceType.MARKET)
    ]


def test_a_smart_order_that_opens_is_refused_like_any_entry() -> None:
    """A smart order towards more is an entry."""
    desk = scene(REFUSE)
    with pytest.raises(InvalidOrder, match="refused by your market-order policy"):
        desk.run(place_smart_order(smart(75)))

    assert not desk.asked(PlaceOrder)


def test_slices_share_one_quote() -> None:
    """A large market order is protected once, and all its slices leave with that limit."""
    desk = scene()
    desk.run(place_sliced(order(quantity=3675)))

    sent = [step for step in desk.steps if isinstance(step, PlaceOrder)]
    assert [(step.order.quantity, step.order.price, step.meant) for step in sent] == [
        (1800, BOUGHT_AT, PriceType.MARKET),
        (1800, BOUGHT_AT, PriceType.MARKET),
        (75, BOUGHT_AT, PriceType.MARKET),
    ]
    assert len(desk.asked(ReadQuotes)) == 1


def test_slices_of_an_order_with_a_limit_are_as_meant() -> None:
    """The journal is told of no policy where none had a say."""
    desk = scene()
    desk.run(place_sliced(limited(Decimal("25000.0"), quantity=1875)))

    assert [step.meant for step in desk.steps if isinstance(step, PlaceOrder)] == [None, None]


def test_a_basket_reads_all_its_quotes_at_once() -> None:
    """One call answers for every leg without a price; those that close something are exits still (X3)."""
    legs = (
        order(SHARE, quantity=1, product=Product.MIS),
        limited(Decimal("24990.0")),
        order(side=Side.SELL, quantity=75),
    )
    desk = scene(
        ListPositions=(position(75),),
        ReadQuotes=lambda step: (quote(), quote(SHARE, "1400")),
    )
    report = desk.run(place_basket(legs))

    assert report.is_complete
    assert desk.asked(ReadQuotes) == [ReadQuotes((SHARE.ref, FUTURE.ref))]
    prices = [(type(step), step.order.price) for step in desk.steps if isinstance(step, PlaceOrder)]
    assert prices == [
        (PlaceExit, SOLD_AT),
        (PlaceOrder, Decimal("1407.0")),
        (PlaceOrder, Decimal("24990.0")),
    ]


def test_where_market_orders_are_refused_a_basket_asks_for_its_exits_alone() -> None:
    """Entries that will be refused need no quote; an unknown symbol fails as itself."""
    legs = [
        order(SHARE, quantity=1),
        order(side=Side.SELL, quantity=75),
        order(evolve(SHARE, key=evolve(SHARE.key, symbol="NOBODY"))),
    ]
    desk = scene(REFUSE, ListPositions=(position(75),))
    report = desk.run(place_basket(legs))

    assert [type(part.outcome) for part in report.parts] == [InvalidOrder, Placed, SymbolNotFound]
    assert desk.asked(ReadQuotes) == [ReadQuotes((FUTURE.ref,))]


def test_legs_that_need_a_quote_fail_alone() -> None:
    """When the quotes cannot be read, the legs with a price leave all the same, and nobody asks again and again."""
    desk = scene(ReadQuotes=BrokerUnavailable("bad gateway", status=502))
    report = desk.run(place_basket([order(), limited(Decimal("24990.0")), order(SHARE, quantity=1)]))

    assert [type(part.outcome) for part in report.parts] == [NotSent, Placed, NotSent]
    assert len(desk.asked(ReadQuotes)) == 4  # one patient read, not three


def test_a_quote_that_grew_old_in_the_queue_is_read_again() -> None:
    """Quotes that were read for many orders serve the last of them only while they are fresh."""
    times = [NOW, NOW, NOW + dt.timedelta(seconds=6)]
    desk = scene(Now=times)
    desk.run(place_basket([order()]))

    assert len(desk.asked(ReadQuotes)) == 2


def test_a_modification_is_protected_and_checked_like_an_order() -> None:
    """An order that is changed into a market order gets a limit, and rules of the house hold for it (D19)."""
    resting = row("9001", price=Decimal("24000.0"))
    desk = scene(ListOrders=(resting,), ModifyOrder=None)
    desk.run(modify_order(OrderId("9001"), Changes(price_type=PriceType.MARKET)))

    [sent] = desk.asked(ModifyOrder)
    assert isinstance(sent, ModifyOrder)
    assert (sent.order.price_type, sent.order.price) == (PriceType.LIMIT, BOUGHT_AT)
    with pytest.raises(InvalidOrder, match="refused by your market-order policy"):
        scene(REFUSE, ListOrders=(resting,)).run(modify_order(OrderId("9001"), Changes(price_type=PriceType.MARKET)))


# --- close-all ---------------------------------------------------------------------------------------------------


def meant_exit(**terms: Any) -> Meant:
    """An exit that the journal knows: a market order that left with a limit."""
    sold: dict[str, Any] = {"side": Side.SELL, "price": SOLD_AT}
    usual: dict[str, Any] = {"deed": Deed.PLACE, "at": NOW, "tag": TAG, "is_exit": True}
    return Meant(1, Intent(**(usual | {"order": order(**(sold | terms.pop("order", {})))} | terms)))


@pytest.mark.parametrize("house", [PROTECT, REFUSE], ids=lambda house: house.market.mode.value)
def test_close_all_protects_its_exits_with_one_read(house: House) -> None:
    """All quotes are read at once, and each exit, slice by slice, leaves with its limit."""
    desk = scene(
        house,
        ListPositions=[(position(1875), position(-10, SHARE)), ()],
        ReadQuotes=lambda step: (quote(), quote(SHARE, "1400")),
    )
    report = desk.run(close_all_positions())

    assert report.is_complete
    assert [(step.order.quantity, step.order.price) for step in desk.steps if isinstance(step, PlaceExit)] == [
        (1800, SOLD_AT),
        (75, SOLD_AT),
        (10, Decimal("1407.0")),
    ]
    assert len(desk.asked(ReadQuotes)) == 1


def test_exits_that_cannot_be_protected_are_reported() -> None:
    """Without quotes nothing leaves, every leg says why, and the broker is not asked once for each of them."""
    desk = scene(
        ListPositions=(position(75), position(-10, SHARE)), ReadQuotes=BrokerUnavailable("bad gateway", status=502)
    )
    report = desk.run(close_all_positions())

    assert report.status == "failed"
    assert ["no quote could be read" in leg.reason for leg in report.legs] == [True, True]
    assert not desk.asked(PlaceExit)
    assert len(desk.asked(ReadQuotes)) == 4


def test_an_exit_that_rests_is_reported_as_working() -> None:
    """A protected exit that found nobody to trade with is told with its limit: the position is open still."""
    desk = scene(
        ListPositions=(position(75),),
        ListOrders=[(), (row("9001", side=Side.SELL, price=SOLD_AT),)],
    )
    report = desk.run(close_all_positions())

    assert report.legs[0].reason == f"order 9001 is open at its limit {SOLD_AT}"
    assert report.legs[0].order_ids == (OrderId("9001"),)


def test_the_next_call_counts_a_resting_exit_as_leaving() -> None:
    """A protected exit of ours that rests is neither taken back nor sent a second time (X3)."""
    resting = row("9001", side=Side.SELL, price=SOLD_AT)
    desk = scene(
        ListPositions=(position(75),),
        ListOrders=(resting,),
        OwnOrders=(evolve_at(meant_exit(), minutes=-5),),
    )
    report = desk.run(close_all_positions())

    assert not desk.asked(CancelOrder, PlaceExit)
    assert report.legs[0].order_ids == (OrderId("9001"),)


def evolve_at(meant: Meant, *, minutes: int) -> Meant:
    """*meant* so many minutes later."""
    return evolve(meant, intent=evolve(meant.intent, at=NOW + dt.timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    "own",
    [
        (),
        None,
        (meant_exit(order={"price_type": PriceType.LIMIT}),),
        (meant_exit(order={"price": Decimal("25500.0")}),),
        (meant_exit(tag=OrderTag("t7")),),
        (meant_exit(is_exit=False),),
        (Meant(1, Intent(deed=Deed.MODIFY, at=NOW, tag=TAG, order_id=OrderId("9001"), is_exit=True)),),
    ],
    ids=[
        "not ours",
        "no journal",
        "a limit somebody chose",
        "its limit was changed",
        "another",
        "an entry",
        "a change",
    ],
)
def test_any_other_limit_is_taken_back(own: tuple[Meant, ...] | None) -> None:
    """A target at a price that somebody chose may never trade, so it must not pass for the exit."""
    resting = row("9001", side=Side.SELL, price=SOLD_AT)
    cancelled = evolve(resting, state=OrderState.CANCELLED, pending=0)
    desk = scene(
        House(),
        ListPositions=(position(75),),
        ListOrders=[(resting,), (cancelled,)],
        OwnOrders=[own if own is None else tuple(evolve_at(meant, minutes=-5) for meant in own), ()],
        CancelOrder=None,
    )
    desk.run(close_all_positions())

    assert desk.asked(CancelOrder) == [CancelOrder(OrderId("9001"))]
    assert len(desk.asked(PlaceExit)) == 1


def test_a_limit_on_what_the_store_does_not_know_is_taken_back() -> None:
    """An order on an instrument without a contract cannot be looked up in the journal, so it is in the way."""
    unknown = evolve(TWIN, token=7)  # type: ignore[arg-type]
    resting = row("9001", unknown, side=Side.SELL, quantity=5, price=Decimal("1400.0"))
    desk = scene(ListPositions=(position(5, unknown),), ListOrders=(resting,), CancelOrder=None)
    desk.run(close_all_positions())

    assert desk.asked(CancelOrder) == [CancelOrder(OrderId("9001"))]
    assert not desk.asked(OwnOrders)


# --- rules of the house ------------------------------------------------------------------------------------------


def test_an_expired_contract_is_not_traded() -> None:
    """The day is held against the expiry, on the day itself not yet."""
    last_day = OPTION.expiry
    assert last_day is not None
    buy = order(OPTION, price_type=PriceType.LIMIT, price=Decimal("100.00"))
    scene(House(today=last_day)).run(place_order(buy))
    with pytest.raises(InvalidOrder, match="expired on 2026-02-17"):
        scene(House(today=last_day + dt.timedelta(days=1))).run(place_order(buy))
    with pytest.raises(InvalidOrder, match="expired on 2026-02-17"):
        scene(House(today=NOW.date())).run(
            drafted_order({"symbol": OPTION.symbol, "exchange": "NFO", "action": "BUY", "quantity": 75})
        )


def test_a_draft_is_held_against_the_rules_of_the_house() -> None:
    """What this broker counts in lots is drafted and sliced in lots (X5)."""
    gold = evolve(FUTURE, key=evolve(FUTURE.key, symbol="GOLDM05FEB26FUT", exchange=Exchange.MCX), lot_size=100)
    lots = House(
        rules=DEFAULT_RULES.counting(QuantityRule(exchange=Exchange.MCX, counted_in=Counting.LOTS, largest=10))
    )
    fields = {"symbol": "GOLDM05FEB26FUT", "exchange": "MCX", "action": "BUY", "quantity": 7, "product": "NRML"}
    with pytest.raises(InvalidOrder, match="refused until a quantity rule says"):
        scene(House(), FindContract=gold).run(drafted_order(fields))

    drafted = scene(lots, FindContract=gold).run(drafted_order(fields))
    assert drafted.quantity == 7
    desk = scene(lots, FindContract=gold)
    desk.run(place_sliced(evolve(drafted, quantity=25)))
    assert [step.order.quantity for step in desk.steps if isinstance(step, PlaceOrder)] == [10, 10, 5]


def test_a_draft_that_will_be_protected_is_held_against_what_it_becomes() -> None:
    """Options take no SL-M; where it will leave as SL it may be drafted (X7), and only there."""
    fields = {"symbol": OPTION.symbol, "exchange": "NFO", "action": "SELL", "quantity": 75, "product": "NRML",
              "pricetype": "SL-M", "trigger_price": "90"}  # fmt: skip
    for house in (House(), REFUSE):
        with pytest.raises(InvalidOrder, match="NFO takes no SL-M order for options"):
            scene(house).run(drafted_order(fields))

    assert scene().run(drafted_order(fields)).price_type is PriceType.SL_M
