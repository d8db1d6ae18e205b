"""Market orders get a price they will not trade beyond, or are refused, or go out as they are (X7, D18)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from fakes.samples import FUTURE, INDEX, OPTION, SHARE, TWIN, order
from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import Contract, SymbolKey
from jainam.domain.market import Quote
from jainam.domain.orders import Order
from jainam.domain.protection import MarketMode, MarketPolicy, needs_quote, protected, reference_price
from jainam.domain.rules import DEFAULT_RULES, Counting, QuantityRule
from jainam.domain.slabs import HOST_SLABS, INDEX_AND_STOCK_SLABS, Margin, Slab
from jainam.domain.validation import check
from jainam.domain.vocabulary import Exchange, Kind, PriceType, Side
from strategies import contracts

SEND, REFUSE, PROTECT = (MarketPolicy(mode=mode) for mode in MarketMode)
NAMED = (PriceType.LIMIT, PriceType.SL)
UNNAMED = (PriceType.MARKET, PriceType.SL_M)
NOW = dt.datetime(2026, 1, 12, 10, 30, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    """What an earlier test gathered of a contract says nothing about how this one gathers it."""
    DEFAULT_RULES.known.clear()
    DEFAULT_RULES._grounds.clear()


def quoted(last: object, contract: Contract = SHARE, **more: Any) -> Quote:
    """A quote of *contract*, prices written as texts."""
    prices = {name: Decimal(str(value)) for name, value in more.items() if name in ("bid", "ask")}
    price = None if last is None else Decimal(str(last))
    return Quote(instrument=contract.ref, last_price=price, **(more | prices))


def refused(bad: Order, contract: Contract, quote: Quote | None, policy: MarketPolicy = PROTECT, **more: Any) -> str:
    """The one sentence with which *bad* is refused."""
    with pytest.raises(InvalidOrder) as caught:
        protected(bad, contract, quote, policy, **more)
    [problem] = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("contract", "side", "last", "price"),
    [
        (SHARE, Side.BUY, "99.9", "101.9"),
        (SHARE, Side.SELL, "99.9", "97.9"),
        (SHARE, Side.BUY, "100.0", "101.0"),
        (SHARE, Side.SELL, "499.9", "494.9"),
        (SHARE, Side.BUY, "500.0", "502.5"),
        (TWIN, Side.SELL, "1400.05", "1393.00"),
        (FUTURE, Side.BUY, "25000.0", "25125.0"),
        (FUTURE, Side.SELL, "25000.1", "24875.0"),
        (OPTION, Side.BUY, "9.95", "10.45"),
        (OPTION, Side.BUY, "10.00", "10.30"),
        (OPTION, Side.SELL, "100.00", "98.00"),
        (OPTION, Side.BUY, "500.00", "505.00"),
        (OPTION, Side.SELL, "0.10", "0.05"),
        (OPTION, Side.SELL, "0.05", "0.05"),
    ],
    ids=str,
)
def test_market_becomes_a_limit_beyond_the_last_price(contract: Contract, side: Side, last: str, price: str) -> None:
    """The limit lies away from the market by the slab of the price, rounded further away to a tick, above zero."""
    before = order(contract, side=side, disclosed_quantity=0)

    assert protected(before, contract, quoted(last, contract), PROTECT) == evolve(
        before, price_type=PriceType.LIMIT, price=Decimal(price)
    )


def test_stray_prices_do_not_go_along() -> None:
    """A market order may carry prices that mean nothing; the limit order that it becomes has its one price."""
    before = order(SHARE, price=77, trigger_price=78)
    after = protected(before, SHARE, quoted("1400"), PROTECT)

    assert (after.price, after.trigger_price) == (Decimal("1407.0"), Decimal(0))


@pytest.mark.parametrize(
    ("side", "trigger", "last", "price"),
    [
        (Side.BUY, "100.05", "100.00", "102.10"),
        (Side.SELL, "100.00", "100.05", "98.00"),
        (Side.SELL, "9.00", "100.00", "8.55"),
        (Side.SELL, "0.05", "0.10", "0.05"),
    ],
)
def test_stop_market_becomes_a_stop_whose_limit_lies_beyond_its_trigger(
    side: Side, trigger: str, last: str, price: str
) -> None:
    """A stop keeps its trigger, and its limit is measured from there, since that is where it will wake."""
    before = order(OPTION, side=side, price_type=PriceType.SL_M, trigger_price=trigger)
    after = protected(before, OPTION, quoted(last, OPTION), PROTECT)

    assert after == evolve(before, price_type=PriceType.SL, price=Decimal(price))
    check(after, OPTION)


@pytest.mark.parametrize(
    ("side", "last", "use"),
    [
        (Side.BUY, "100.05", "use 100.10 or more"),
        (Side.BUY, "100.08", "use 100.10 or more"),
        (Side.SELL, "100.05", "use 100.00 or less"),
        (Side.SELL, "99.96", "use 99.95 or less"),
        (Side.SELL, "0.05", "use a trigger below 0.05"),
    ],
)
def test_stop_that_the_market_has_passed_is_refused(side: Side, last: str, use: str) -> None:
    """A protective stop never becomes marketable at once; the nearest trigger that still sleeps is named."""
    bad = order(OPTION, side=side, price_type=PriceType.SL_M, trigger_price="100.05")
    deal, where = ("purchase", "above") if side is Side.BUY else ("sale", "below")

    assert refused(bad, OPTION, quoted(last, OPTION)) == (
        f"trigger 100.05 of a stop {deal} is not {where} the last price {last} of {OPTION.symbol}, so it would go to"
        f" the market at once; {use}"
    )


@pytest.mark.parametrize(("side", "where"), [(Side.BUY, "above"), (Side.SELL, "below")])
def test_no_trigger_is_named_that_would_not_pass(side: Side, where: str) -> None:
    """Outside the band, or without ticks, no trigger is named, only the side on which it has to lie."""
    narrow = evolve(OPTION, price_low=Decimal("100.00"), price_high=Decimal("100.10"))
    bad = order(OPTION, side=side, price_type=PriceType.SL_M, trigger_price="100.05")
    last = "100.10" if side is Side.BUY else "100.00"

    assert refused(bad, narrow, quoted(last, OPTION)).endswith(f"; use a trigger {where} {last}")
    smooth = evolve(OPTION, tick_size=Decimal(0))
    assert refused(bad, smooth, quoted(last, OPTION)).endswith(f"; use a trigger {where} {last}")
    wide = evolve(narrow, price_low=Decimal("99.95"), price_high=Decimal("100.15"))
    assert refused(bad, wide, quoted(last, OPTION)).endswith(
        "; use 100.15 or more" if side is Side.BUY else "; use 99.95 or less"
    )


@pytest.mark.parametrize(
    ("quote", "price_type", "problem"),
    [
        (
            None,
            PriceType.MARKET,
            "there is no quote of RELIANCE to protect a MARKET order with; try again, or use LIMIT",
        ),
        (None, PriceType.SL_M, "there is no quote of RELIANCE to protect a SL-M order with; try again, or use SL"),
        (
            quoted("1400", TWIN),
            PriceType.MARKET,
            "there is no quote of RELIANCE to protect a MARKET order with; try again, or use LIMIT",
        ),
        (quoted(None), PriceType.MARKET, "RELIANCE has no last price to protect a MARKET order with; use LIMIT"),
        (quoted(0), PriceType.MARKET, "RELIANCE has no last price to protect a MARKET order with; use LIMIT"),
        (quoted(-1), PriceType.MARKET, "RELIANCE has no last price to protect a MARKET order with; use LIMIT"),
        (quoted("NaN"), PriceType.MARKET, "RELIANCE has no last price to protect a MARKET order with; use LIMIT"),
        (
            quoted(None, bid="99", ask="101"),
            PriceType.MARKET,
            "RELIANCE has no last price to protect a MARKET order with; use LIMIT",
        ),
        (quoted(None), PriceType.SL_M, "RELIANCE has no last price to hold the trigger 1500 against; use SL"),
        (
            quoted("Infinity"),
            PriceType.SL_M,
            "RELIANCE has no last price to hold the trigger 1500 against; use SL",
        ),
    ],
)
def test_no_quote_no_conversion(quote: Quote | None, price_type: PriceType, problem: str) -> None:
    """Without a price of this instrument nothing is sent, and the error says so and what to do."""
    bad = order(SHARE, price_type=price_type, trigger_price=1500)

    assert refused(bad, SHARE, quote) == f"{problem} with a price of your own"


@pytest.mark.parametrize(("seconds", "is_fresh"), [(0, True), (15, True), (16, False), (-15, True), (-16, False)])
def test_old_quote_protects_nothing(seconds: int, is_fresh: bool) -> None:
    """A quote that is too old, or of a time to come, is no quote; where either time is unknown nobody can tell."""
    quote = quoted("1400", at=NOW - dt.timedelta(seconds=seconds))

    if is_fresh:
        assert protected(order(SHARE), SHARE, quote, PROTECT, NOW).price == Decimal("1407.0")
    else:
        assert refused(order(SHARE), SHARE, quote, now=NOW) == (
            f"the quote of RELIANCE is of {'10:29:44' if seconds > 0 else '10:30:16'} and it is 10:30:00, too far apart"
            " to protect a MARKET order with; try again, or use LIMIT with a price of your own"
        )
        patient = evolve(PROTECT, quote_age=dt.timedelta(seconds=16))
        assert protected(order(SHARE), SHARE, quote, patient, NOW).price_type is PriceType.LIMIT
    assert protected(order(SHARE), SHARE, quote, PROTECT).price_type is PriceType.LIMIT
    assert protected(order(SHARE), SHARE, quoted("1400"), PROTECT, NOW).price_type is PriceType.LIMIT


@pytest.mark.parametrize(
    ("side", "last", "bid", "ask", "reference"),
    [
        (Side.BUY, "100", "99", "101", "100"),
        (Side.BUY, "100", "102", "103", "102"),
        (Side.BUY, "100", "99", "200", "100"),
        (Side.BUY, "100", "0", "0", "100"),
        (Side.BUY, "100", "NaN", "90", "100"),
        (Side.SELL, "100", "99", "101", "100"),
        (Side.SELL, "100", "97", "98", "98"),
        (Side.SELL, "100", "1", "101", "100"),
        (Side.SELL, "100", "0", "0", "100"),
        (Side.SELL, "100", "110", "NaN", "100"),
    ],
)
def test_reference_follows_the_market_and_no_absurd_offer(
    side: Side, last: str, bid: str, ask: str, reference: str
) -> None:
    """The last price is the reference, unless the own side of the book stands beyond it already."""
    assert reference_price(side, quoted(last, bid=bid, ask=ask)) == Decimal(reference)


@pytest.mark.parametrize(
    ("side", "last", "price"),
    [
        (Side.BUY, "26950.0", "27000.0"),
        (Side.BUY, "27000.0", "27000.0"),
        (Side.SELL, "22010.0", "22000.0"),
        (Side.SELL, "22000.0", "22000.0"),
    ],
)
def test_limit_stays_within_the_band(side: Side, last: str, price: str) -> None:
    """A price beyond the day's band would be refused, so the limit stops there."""
    assert protected(order(side=side), FUTURE, quoted(last, FUTURE), PROTECT).price == Decimal(price)


@pytest.mark.parametrize(("side", "last"), [(Side.BUY, "27000.1"), (Side.SELL, "21999.9"), (Side.BUY, "21000.0")])
def test_market_outside_the_band_is_no_reference(side: Side, last: str) -> None:
    """Where the market stands outside the band that we know, no price is right; the error says what may be wrong."""
    assert refused(order(side=side), FUTURE, quoted(last, FUTURE)) == (
        f"market price {last} of {FUTURE.symbol} is outside the day's band, 22000.0 to 27000.0;"
        " load the contracts afresh, or use LIMIT with a price of your own"
    )


def test_sale_far_above_the_band_has_no_reference_either() -> None:
    """A sale measured from above the band would have a limit there, which the exchange refuses."""
    assert "market price 28000 " in refused(order(side=Side.SELL), FUTURE, quoted("28000", FUTURE))


@pytest.mark.parametrize(
    ("side", "trigger", "last"), [(Side.BUY, "27000.1", "26000"), (Side.SELL, "21999.9", "22500.0")]
)
def test_trigger_outside_the_band_is_refused(side: Side, trigger: str, last: str) -> None:
    """A stop whose trigger the exchange would refuse has no limit, and hears about the trigger."""
    bad = order(side=side, price_type=PriceType.SL_M, trigger_price=trigger)

    assert refused(bad, FUTURE, quoted(last, FUTURE)) == (
        f"trigger price {trigger} of {FUTURE.symbol} is outside the day's band, 22000.0 to 27000.0;"
        " use a trigger price within it"
    )


def test_stop_without_a_trigger_is_refused() -> None:
    """A stop-market needs a trigger like any stop."""
    bad = order(SHARE, price_type=PriceType.SL_M)

    assert refused(bad, SHARE, quoted("1400")) == "trigger price must be above zero for a SL-M order"


@pytest.mark.parametrize("price_type", UNNAMED)
def test_orders_are_sent_as_they_are_by_default(price_type: PriceType) -> None:
    """Nobody's order is changed or refused unless they asked for it (D18)."""
    before = order(SHARE, price_type=price_type)

    assert protected(before, SHARE, None, MarketPolicy()) is before
    assert not needs_quote(before, MarketPolicy())


@pytest.mark.parametrize(
    ("price_type", "problem"),
    [
        (PriceType.MARKET, "MARKET orders are refused by your market-order policy; use LIMIT with a price"),
        (PriceType.SL_M, "SL-M orders are refused by your market-order policy; use SL with a price"),
    ],
)
def test_market_orders_can_be_refused(price_type: PriceType, problem: str) -> None:
    """A desk may want a price from everybody; no quote is asked for to say so."""
    bad = order(SHARE, price_type=price_type)

    assert refused(bad, SHARE, None, REFUSE) == problem
    assert not needs_quote(bad, REFUSE)


@pytest.mark.parametrize("policy", [SEND, REFUSE, PROTECT], ids=lambda policy: policy.mode)
@pytest.mark.parametrize("price_type", NAMED)
def test_order_that_names_its_price_is_left_alone(price_type: PriceType, policy: MarketPolicy) -> None:
    """LIMIT and SL come back untouched under every policy, and no quote is needed for them."""
    before = order(SHARE, price_type=price_type, price=1, trigger_price=2)

    assert protected(before, SHARE, None, policy) is before
    assert not needs_quote(before, policy)


@pytest.mark.parametrize("price_type", UNNAMED)
def test_only_protection_needs_a_quote(price_type: PriceType) -> None:
    """A quote is read for orders that are going to be given a price, and for no others."""
    assert needs_quote(order(SHARE, price_type=price_type), PROTECT)


def test_refusal_never_keeps_a_position_open() -> None:
    """Where entries at the market are refused, exits are protected; other policies hold for both."""
    assert REFUSE.for_exits == PROTECT
    assert SEND.for_exits is SEND
    assert PROTECT.for_exits is PROTECT


def test_what_cannot_be_ordered_is_refused_first() -> None:
    """An index, or an exchange that waits for a quantity rule, is refused for that and not for want of a slab."""
    goods = evolve(FUTURE, key=SymbolKey("CRUDEOIL19FEB26FUT", Exchange.MCX), price_low=None, price_high=None)
    book = DEFAULT_RULES.counting(QuantityRule(exchange=Exchange.MCX, counted_in=Counting.UNITS))

    assert "is an index and cannot be traded" in refused(order(INDEX), INDEX, quoted("25000", INDEX))
    assert "orders on MCX are refused until" in refused(order(goods), goods, quoted("5700", goods))
    assert protected(order(goods), goods, quoted("5700", goods), PROTECT, rules=book).price == Decimal("5728.5")


def test_missing_slab_is_named() -> None:
    """A policy whose slabs leave an instrument out converts nothing there, and says which."""
    shares_only = evolve(PROTECT, slabs=INDEX_AND_STOCK_SLABS[:1])

    assert refused(order(), FUTURE, quoted("25000", FUTURE), shares_only) == (
        f"no slab of your market-order policy holds for {FUTURE.symbol} on NFO; use LIMIT with a price of your own"
    )


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        (SHARE, "shares"),
        (TWIN, "shares"),
        (evolve(FUTURE, series="FUTIDX"), "index futures"),
        (evolve(FUTURE, series="FUTSTK"), "stock futures"),
        (FUTURE, "stock futures"),
        (evolve(OPTION, series="OPTIDX"), "index options"),
        (evolve(OPTION, series="IO", key=SymbolKey("X", Exchange.BFO)), "index options"),
        (evolve(OPTION, series="OPTSTK", kind=Kind.CALL), "stock options"),
        (evolve(FUTURE, key=SymbolKey("X", Exchange.MCX)), "futures on goods"),
        (evolve(OPTION, key=SymbolKey("X", Exchange.NCDEX)), "options on goods"),
        (evolve(FUTURE, key=SymbolKey("X", Exchange.CDS)), None),
    ],
    ids=str,
)
def test_slabs_tell_instruments_apart(contract: Contract, name: str | None) -> None:
    """An instrument is protected by the slab of its class; one whose series is unknown by the wider."""
    assert next((slab.name for slab in INDEX_AND_STOCK_SLABS if slab.holds_for(contract)), None) == name


@pytest.mark.parametrize(
    ("name", "price", "percent"),
    [
        ("index options", "9.99", "20"),
        ("index options", "10", "10"),
        ("index options", "50", "2.5"),
        ("stock options", "9.99", "40"),
        ("stock options", "19.99", "20"),
        ("stock options", "20", "10"),
        ("stock options", "1000", "5"),
        ("shares", "1", "0.5"),
        ("stock futures", "1000", "1"),
    ],
)
def test_per_cent_depends_on_the_price(name: str, price: str, percent: str) -> None:
    """A bound belongs to the prices above it."""
    slab = next(slab for slab in INDEX_AND_STOCK_SLABS if slab.name == name)

    assert slab.percent(Decimal(price)) == Decimal(percent)


@pytest.mark.parametrize("slab", [*HOST_SLABS, *INDEX_AND_STOCK_SLABS], ids=lambda slab: slab.name)
def test_each_slab_says_who_says_so(slab: Slab) -> None:
    """Every slab has a source and a day, and none is for indices, which are not traded."""
    assert len(slab.source) > 15
    assert dt.date(2015, 1, 1) < slab.dated <= dt.date(2026, 11, 24)
    assert not any(exchange.is_index for exchange in slab.exchanges)


RISING = r"^the margins of a slab rise in price, and the last one has no bound$"
PER_CENT = r"^the per cent of a margin lie between 0 and 100$"


@pytest.mark.parametrize(
    ("margins", "problem"),
    [
        ((), RISING),
        ((Margin(Decimal(10), Decimal(1)),), RISING),
        ((Margin(None, Decimal(1)), Margin(None, Decimal(1))), RISING),
        ((Margin(None, Decimal(1)), Margin(Decimal(10), Decimal(1))), RISING),
        ((Margin(Decimal(10), Decimal(1)), Margin(Decimal(10), Decimal(1)), Margin(None, Decimal(1))), RISING),
        ((Margin(Decimal(20), Decimal(1)), Margin(Decimal(10), Decimal(1)), Margin(None, Decimal(1))), RISING),
        ((Margin(None, Decimal(0)),), PER_CENT),
        ((Margin(None, Decimal(100)),), PER_CENT),
        ((Margin(Decimal(10), Decimal(-1)), Margin(None, Decimal(1))), PER_CENT),
    ],
    ids=str,
)
def test_slab_that_leaves_a_price_out_is_an_error(margins: tuple[Margin, ...], problem: str) -> None:
    """The margins of a slab cover every price once, with a per cent that protects and leaves a price."""
    with pytest.raises(ValueError, match=problem):
        evolve(HOST_SLABS[0], margins=margins)


def test_desk_may_have_slabs_of_its_own() -> None:
    """Bounds that rise, and per cent of any size between the ends, make a slab that is used like ours."""
    own = evolve(
        HOST_SLABS[0],
        margins=(
            Margin(Decimal(10), Decimal("99.5")),
            Margin(Decimal(1400), Decimal("0.5")),
            Margin(None, Decimal("0.1")),
        ),
    )

    for last, price in (("10", "10.1"), ("1399.0", "1406.0"), ("1400.0", "1401.4")):
        assert protected(order(SHARE), SHARE, quoted(last), evolve(PROTECT, slabs=(own,))).price == Decimal(price)


POLICIES = st.sampled_from([PROTECT, evolve(PROTECT, slabs=INDEX_AND_STOCK_SLABS)])
PRICES = st.decimals("0.05", 6_000, places=2)


@given(
    contract=contracts(),
    kind=st.sampled_from([Kind.FUTURE, Kind.CALL]),
    side=st.sampled_from(Side),
    policy=POLICIES,
    last=PRICES,
    bid=st.none() | PRICES,
    ask=st.none() | PRICES,
)
def test_protected_price_lies_where_it_should(
    contract: Contract,
    kind: Kind,
    side: Side,
    policy: MarketPolicy,
    last: Decimal,
    bid: Decimal | None,
    ask: Decimal | None,
) -> None:
    """The limit is no worse than the reference, within the slab and one tick, and passes every check, once for all."""
    contract = evolve(contract, kind=kind, freeze_quantity=None)
    quote = Quote(instrument=contract.ref, last_price=last, bid=bid, ask=ask)
    reference = reference_price(side, quote)
    before = order(contract, side=side)
    slab = next(slab for slab in policy.slabs if slab.holds_for(contract))
    assert reference is not None
    try:
        after = protected(before, contract, quote, policy)
    except InvalidOrder:
        reach = DEFAULT_RULES.demands(contract)
        assert not reach.least <= reference <= reach.most
        return

    check(after, contract)
    distance = (after.price - reference) * side.sign
    assert 0 <= distance <= reference * slab.percent(reference) / 100 + contract.tick_size
    assert after == evolve(before, price_type=PriceType.LIMIT, price=after.price)
    assert protected(after, contract, quote, policy) is after


@given(
    contract=contracts(),
    side=st.sampled_from(Side),
    policy=POLICIES,
    ticks=st.integers(1, 2_000),
    last=PRICES,
)
def test_protected_stop_sleeps_and_passes(
    contract: Contract, side: Side, policy: MarketPolicy, ticks: int, last: Decimal
) -> None:
    """A stop on its own side of the market stays there, with a limit beyond its trigger; one that is not is refused."""
    contract = evolve(contract, kind=Kind.PUT, freeze_quantity=None)
    trigger = ticks * contract.tick_size
    before = order(contract, side=side, price_type=PriceType.SL_M, trigger_price=trigger)
    quote = Quote(instrument=contract.ref, last_price=last)
    slab = next(slab for slab in policy.slabs if slab.holds_for(contract))
    is_passed = (last - trigger) * side.sign >= 0
    in_band = (contract.price_low or 0) <= trigger <= (contract.price_high or 10**6)
    if is_passed or not in_band:
        assert ("go to the market at once" if is_passed else "day's band") in refused(before, contract, quote, policy)
        return
    after = protected(before, contract, quote, policy)

    check(after, contract)
    distance = (after.price - trigger) * side.sign
    assert 0 <= distance <= trigger * slab.percent(trigger) / 100 + contract.tick_size
    assert after == evolve(before, price_type=PriceType.SL, price=after.price)
    assert protected(after, contract, quote, policy) is after
