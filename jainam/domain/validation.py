"""What an instrument demands of an order; every broken rule is named at once, with the nearest value that passes.

The rules themselves, with their sources, are data in `jainam.domain.rules`; here they are applied (FR10, X5).
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, NamedTuple, Protocol

from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import Contract
from jainam.domain.rulebook import Demands, RuleBook, Topic, on_tick
from jainam.domain.rules import DEFAULT_RULES
from jainam.domain.vocabulary import PriceType, Product, Side, TimeInForce

__all__ = ["Terms", "broken_rules", "check"]


class Terms(Protocol):
    """What the rules read of an order; ``None`` is a value that could not be read and has been complained about."""

    @property
    def side(self) -> Side | None: ...
    @property
    def product(self) -> Product | None: ...
    @property
    def price_type(self) -> PriceType | None: ...
    @property
    def time_in_force(self) -> TimeInForce | None: ...
    @property
    def quantity(self) -> int | None: ...
    @property
    def price(self) -> Decimal | None: ...
    @property
    def trigger_price(self) -> Decimal | None: ...
    @property
    def disclosed_quantity(self) -> int | None: ...


def check(order: Terms, contract: Contract, rules: RuleBook = DEFAULT_RULES, today: dt.date | None = None) -> None:
    """Return when *order* may be sent for *contract*; raise `InvalidOrder` with every problem otherwise.

    *today* is the trading date; without it nobody asks whether the contract has expired.

    >>> from jainam.domain.instruments import SymbolKey, Token
    >>> from jainam.domain.orders import Order
    >>> from jainam.domain.vocabulary import Exchange, Kind
    >>> share = Contract(
    ...     key=SymbolKey("SBIN", Exchange.NSE), token=Token(3045), kind=Kind.EQUITY, name="SBIN",
    ...     broker_symbol="SBIN-EQ", broker_exchange="NSECM", lot_size=1, tick_size=Decimal("0.05"),
    ... )
    >>> check(Order(
    ...     instrument=share.key, side=Side.BUY, product=Product.CNC, quantity=1,
    ...     price_type=PriceType.LIMIT, price=Decimal("800.03"),
    ... ), share)
    Traceback (most recent call last):
    ...
    jainam.domain.errors.InvalidOrder: price 800.03 is not a multiple of the tick 0.05 of SBIN; use 800.00 or 800.05
    """
    problems = broken_rules(order, contract, rules, today)
    if problems:
        raise InvalidOrder(problems)


def broken_rules(
    order: Terms, contract: Contract | None, rules: RuleBook = DEFAULT_RULES, today: dt.date | None = None
) -> list[str]:
    """Every rule that *order* breaks, as sentences; those of the instrument only when *contract* is known."""
    # Every order passes here, so one that breaks nothing pays for comparisons alone; the sentences, and the values
    # that would pass, are worked out below.
    asks = rules.known.get(id(contract))  # one call less than `demands`, which says more
    if asks is None or asks[0] is not contract:
        asks = rules.demands(contract)
    _, products, validities, price_types, barred, expiry, lot, limit, tick, least, most, _ = asks
    problems = [*barred]
    if today is not None and expiry is not None and expiry < today:
        problems += _complaint(asks, Topic.EXPIRY, expiry=expiry)
    price_type, quantity = order.price_type, order.quantity
    if order.product not in products:
        problems += _word(asks, Topic.PRODUCT, order.product, _use(*(each for each in Product if each in products)))
    if order.time_in_force not in validities:
        use = _use(*(each for each in TimeInForce if each in validities))
        problems += _word(asks, Topic.VALIDITY, order.time_in_force, use)
    if price_type not in price_types:
        problems += _word(asks, Topic.PRICE_TYPE, price_type, _price_type_instead(order, asks))
    if quantity is not None:
        if quantity % lot:
            use = _use(*_near_quantities(quantity, asks))
            problems += _complaint(asks, Topic.LOT, quantity=quantity, lot=lot, use=use)
        if limit is not None and quantity > limit:
            whole = limit - limit % lot
            use = f"; use at most {whole}" if whole > 0 else ""
            problems += _complaint(asks, Topic.FREEZE, quantity=quantity, use=use)
    if price_type is _LIMIT:
        price = order.price
        if price is not None and (tick is None or price % tick or price < least or price > most):
            problems += _price("price", price, price_type, _Reach(least, most), asks)
    elif price_type is not None and price_type.is_stop:
        problems += _stop(order, price_type, asks)
    if order.disclosed_quantity:
        problems += _disclosed(order.disclosed_quantity, quantity, asks)
    return problems


_LIMIT = PriceType.LIMIT


def _complaint(asks: Demands, topic: Topic, **facts: Any) -> list[str]:
    """The complaint on *topic*; nothing where no rule of the book is on it."""
    rule = asks.rule_on(topic)
    return [] if rule is None else [rule.said(asks.contract, **facts)]


def _word(asks: Demands, topic: Topic, word: Any, use: str) -> list[str]:
    """The complaints of those rules on *topic* that do not take *word*."""
    return [rule.said(asks.contract, word=word, use=use) for rule in asks.rules_on(topic) if word not in rule.allowed]


def _use(*choices: object) -> str:
    """The values that would pass, as the end of a sentence; nothing when there is none nearby."""
    *others, last = [str(choice) for choice in choices] or [""]
    return f"; use {', '.join(others)} or {last}" if others else f"; use {last}" if last else ""


def _price_type_instead(order: Terms, asks: Demands) -> str:
    """A stop-market is told the stop it could be; any other price type, those that are taken."""
    trigger, side = order.trigger_price, order.side
    if order.price_type is PriceType.SL_M and PriceType.SL in asks.price_types and trigger and side is not None:
        return _end(side, _beyond(trigger, side, asks), "SL with a price of ") or "; use SL"
    return _use(*(each for each in PriceType if each in asks.price_types))


def _near_quantities(quantity: int, asks: Demands) -> tuple[int, ...]:
    """*quantity* where it is in whole lots, otherwise the next below and above, as far as they may be sent."""
    lower = quantity - quantity % asks.lot
    near = (quantity,) if lower == quantity else (lower, lower + asks.lot)
    return tuple(each for each in near if each > 0 and (asks.limit is None or each <= asks.limit))


class _Reach(NamedTuple):
    """The prices that would pass, in whole ticks."""

    least: Decimal
    most: Decimal

    def holds(self, price: Decimal) -> bool:
        """True for a price between the ends."""
        return self.least <= price <= self.most


def _beyond(trigger: Decimal, side: Side, asks: Demands) -> _Reach:
    """Where the limit of a stop may lie, whichever value its trigger is told to use."""
    if side is Side.BUY:
        return _Reach(max(min(on_tick(trigger, asks.tick, ROUND_CEILING), asks.most), asks.least), asks.most)
    return _Reach(asks.least, min(max(on_tick(trigger, asks.tick, ROUND_FLOOR), asks.least), asks.most))


def _end(side: Side, reach: _Reach, before: str = "") -> str:
    """The end of *reach* that lies at the trigger of a stop, as the end of a sentence; nothing when nothing passes."""
    bound, further = (reach.least, "more") if side is Side.BUY else (reach.most, "less")
    return f"; use {before}{bound} or {further}" if reach.holds(bound) else ""


def _stop(order: Terms, price_type: PriceType, asks: Demands) -> list[str]:
    """What is wrong with the prices of a stop; the values named for one fit those named for the other."""
    reach = limits = _Reach(asks.least, asks.most)
    price, trigger, side = order.price, order.trigger_price, order.side
    sided = asks.rule_on(Topic.STOP_SIDE)
    problems: list[str] = []
    wrong_side: list[str] = []
    if price_type.has_limit and price is not None:
        if sided is not None and trigger and side is not None:
            limits = _beyond(trigger, side, asks)
            deal, where, is_short = (
                ("purchase", "below", price < trigger) if side is Side.BUY else ("sale", "above", price > trigger)
            )
            if price and is_short:
                facts = {"price": price, "trigger": trigger, "deal": deal, "where": where, "use": _end(side, limits)}
                wrong_side.append(sided.said(asks.contract, **facts))
        problems += _price("price", price, price_type, limits, asks)
    if trigger is not None:
        problems += _price("trigger price", trigger, price_type, reach, asks)
    return problems + wrong_side


def _price(name: str, price: Decimal, price_type: PriceType, reach: _Reach, asks: Demands) -> list[str]:
    """What is wrong with one price, and which prices within *reach* are next to it."""
    if price <= 0:
        return [f"{name} must be above zero for a {price_type} order"]
    if asks.contract is None:
        return []
    problems: list[str] = []
    tick, low, high = asks.tick, asks.contract.price_low, asks.contract.price_high
    facts: dict[str, Any] = {"name": name, "price": price}
    if tick is not None and price % tick:
        lower = on_tick(price, tick, ROUND_FLOOR)
        use = _use(*(each for each in (lower, lower + tick) if reach.holds(each)))
        problems += _complaint(asks, Topic.TICK, **facts, tick=tick, use=use)
    if low is not None and price < low:
        use = f"; use at least {reach.least}" if reach.holds(reach.least) else ""
        problems += _complaint(asks, Topic.BAND, **facts, where="below", use=use)
    if high is not None and price > high:
        use = f"; use at most {reach.most}" if reach.holds(reach.most) else ""
        problems += _complaint(asks, Topic.BAND, **facts, where="above", use=use)
    return problems


def _disclosed(disclosed: int, quantity: int | None, asks: Demands) -> list[str]:
    """What is wrong with a disclosed quantity; the values named fit whichever quantity the order is told to use."""
    strictest = min(asks.rules_on(Topic.DISCLOSED_MOST), key=lambda rule: rule.share, default=None)
    if strictest is not None and strictest.share == 0:
        return [strictest.said(asks.contract, use="; use 0")]
    if quantity is None:
        return []
    facts: dict[str, Any] = {"disclosed": disclosed, "quantity": quantity}
    # Every quantity the order may have once it is mended, and the one it has.
    spans = (quantity, *_near_quantities(quantity if asks.limit is None else min(quantity, asks.limit), asks))
    if strictest is not None and disclosed > strictest.share * quantity:
        use = f"; use at most {math.floor(strictest.share * min(spans))}"
        return [strictest.said(asks.contract, **facts, use=use)]
    floor = asks.rule_on(Topic.DISCLOSED_LEAST)
    if floor is not None and disclosed < floor.share * quantity:
        least = math.ceil(floor.share * max(spans) / asks.lot) * asks.lot
        shown = f"{least} to {min(spans)}, or " if least <= min(spans) else ""
        share = f"{(floor.share * 100).normalize():f} %"
        return [floor.said(asks.contract, **facts, share=share, use=f"; use {shown}0 to disclose it all")]
    return []
