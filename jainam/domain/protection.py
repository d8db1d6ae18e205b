"""Market orders with a price they will not trade beyond, for those who ask for it (X7, D18).

Sent as it is, a market order takes whatever price stands in the book. Protected, it becomes a limit order a few per
cent beyond the last price: it trades at once where there is a market, and rests where the book is empty or absurd.
How many per cent is data, in `jainam.domain.slabs`.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import Contract
from jainam.domain.money import ZERO
from jainam.domain.orders import Order
from jainam.domain.rulebook import Demands, RuleBook, on_tick
from jainam.domain.rules import DEFAULT_RULES
from jainam.domain.slabs import HOST_SLABS, Slab
from jainam.domain.vocabulary import PriceType, Side, Word

if TYPE_CHECKING:
    from jainam.domain.market import Quote

__all__ = [
    "MarketMode",
    "MarketPolicy",
    "needs_quote",
    "protected",
    "reference_price",
]

HUNDRED = Decimal(100)


class MarketMode(Word):
    """What becomes of an order that names no price."""

    SEND = "send"
    """It goes out as it is."""
    REFUSE = "refuse"
    """It does not go out; the trader names a price."""
    PROTECT = "protect"
    """It goes out with a limit."""


@frozen(kw_only=True)
class MarketPolicy:
    """What a desk does with orders that name no price; the first of *slabs* that holds for a contract protects it.

    A quote whose time is further than *quote_age* from now protects nothing.
    """

    mode: MarketMode = MarketMode.SEND
    slabs: tuple[Slab, ...] = HOST_SLABS
    quote_age: dt.timedelta = dt.timedelta(seconds=15)

    @property
    def for_exits(self) -> MarketPolicy:
        """The policy for orders that close a position: where entries are refused, exits are protected."""
        return evolve(self, mode=MarketMode.PROTECT) if self.mode is MarketMode.REFUSE else self


def needs_quote(order: Order, policy: MarketPolicy) -> bool:
    """True when `protected` must be given a quote for *order*."""
    return policy.mode is MarketMode.PROTECT and not order.price_type.has_limit


def protected(
    order: Order,
    contract: Contract,
    quote: Quote | None,
    policy: MarketPolicy,
    now: dt.datetime | None = None,
    rules: RuleBook = DEFAULT_RULES,
) -> Order:
    """*order* as *policy* lets it go out; an order that names its price comes back as it is.

    MARKET becomes LIMIT at the reference price moved away by the slab, SL-M becomes SL with its limit that far beyond
    its trigger; both in whole ticks, rounded away from the market, and within the day's band. Whatever else is wrong
    with *order* is for `jainam.domain.validation.check` to say, afterwards. *now*, with its zone, is held against the
    quote's own time where both are known.

    Raises `InvalidOrder` when the policy refuses the order, when there is no quote that could protect it, and when the
    market has passed the trigger of a stop, which would then be no stop.
    """
    if policy.mode is MarketMode.SEND or order.price_type.has_limit:
        return order
    wanted = "SL" if order.price_type.is_stop else "LIMIT"
    if policy.mode is MarketMode.REFUSE:
        raise _no(f"{order.price_type} orders are refused by your market-order policy; use {wanted} with a price")
    asks = rules.demands(contract)
    if asks.barred:
        raise InvalidOrder(asks.barred)
    instead = f"use {wanted} with a price of your own"
    found = _fresh(order, contract, quote, policy, now, instead)
    slab = next((slab for slab in policy.slabs if slab.holds_for(contract)), None)
    if slab is None:
        raise _no(f"no slab of your market-order policy holds for {contract.symbol} on {contract.exchange}; {instead}")
    if order.price_type.is_stop:
        trigger = _sleeping(order, contract, found, asks)
        _within_band("trigger price", trigger, contract, asks, "use a trigger price within it")
        return evolve(order, price_type=PriceType.SL, price=_limit(order.side, trigger, slab, asks))
    reference = reference_price(order.side, found)
    if reference is None:
        raise _no(f"{contract.symbol} has no last price to protect a MARKET order with; {instead}")
    _within_band("market price", reference, contract, asks, f"load the contracts afresh, or {instead}")
    price = _limit(order.side, reference, slab, asks)
    return evolve(order, price_type=PriceType.LIMIT, price=price, trigger_price=ZERO)


def reference_price(side: Side, quote: Quote) -> Decimal | None:
    """What a protected order is measured from: the last price, or ``None`` where nothing has traded.

    A purchase is measured from the best bid where that is higher, a sale from the best offer where that is lower: the
    market has moved on since it last traded, and whoever stands there means it. A lone absurd price on the other side
    moves nothing.
    """
    last = _usable(quote.last_price)
    own = _usable(quote.bid if side is Side.BUY else quote.ask)
    if last is None or own is None:
        return last
    return max(last, own) if side is Side.BUY else min(last, own)


def _usable(price: Decimal | None) -> Decimal | None:
    """*price* where it is one."""
    return price if price is not None and price.is_finite() and price > 0 else None


def _no(*parts: str) -> InvalidOrder:
    return InvalidOrder(["".join(parts)])


def _fresh(
    order: Order, contract: Contract, quote: Quote | None, policy: MarketPolicy, now: dt.datetime | None, instead: str
) -> Quote:
    """*quote*, if it is one of *contract* and of now."""
    if quote is None or quote.instrument != contract.ref:
        raise _no(
            f"there is no quote of {contract.symbol} to protect a {order.price_type} order with;",
            f" try again, or {instead}",
        )
    if quote.at is not None and now is not None and abs(now - quote.at) > policy.quote_age:
        raise _no(
            f"the quote of {contract.symbol} is of {quote.at:%H:%M:%S} and it is {now:%H:%M:%S}, too far apart to",
            f" protect a {order.price_type} order with; try again, or {instead}",
        )
    return quote


def _sleeping(order: Order, contract: Contract, quote: Quote, asks: Demands) -> Decimal:
    """The trigger of a stop that the market has not passed; exchanges hold it against the last price."""
    trigger, last, is_buy = order.trigger_price, _usable(quote.last_price), order.side is Side.BUY
    if trigger <= 0:
        raise _no(f"trigger price must be above zero for a {order.price_type} order")
    if last is None:
        raise _no(
            f"{contract.symbol} has no last price to hold the trigger {trigger} against;",
            " use SL with a price of your own",
        )
    if trigger > last if is_buy else trigger < last:
        return trigger
    deal, where, further = ("purchase", "above", "more") if is_buy else ("sale", "below", "less")
    use = f"use a trigger {where} {last}"
    if asks.tick is not None:
        rounding, step = (ROUND_FLOOR, asks.tick) if is_buy else (ROUND_CEILING, -asks.tick)
        nearest = on_tick(last, asks.tick, rounding) + step
        if asks.least <= nearest <= asks.most:
            use = f"use {nearest} or {further}"
    raise _no(
        f"trigger {trigger} of a stop {deal} is not {where} the last price {last} of {contract.symbol}, so it would",
        f" go to the market at once; {use}",
    )


def _within_band(name: str, price: Decimal, contract: Contract, asks: Demands, instead: str) -> None:
    if not asks.least <= price <= asks.most:
        raise _no(
            f"{name} {price} of {contract.symbol} is outside the day's band, {asks.least} to {asks.most}; {instead}"
        )


def _limit(side: Side, reference: Decimal, slab: Slab, asks: Demands) -> Decimal:
    """*reference*, which is within the band, moved away from the market by *slab*, in whole ticks and no further."""
    way = reference * slab.percent(reference) / HUNDRED
    if side is Side.BUY:
        return min(on_tick(reference + way, asks.tick, ROUND_CEILING), asks.most)
    return max(on_tick(reference - way, asks.tick, ROUND_FLOOR), asks.least)
