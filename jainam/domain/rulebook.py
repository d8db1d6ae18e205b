"""What a rule is, and how the rules of a book come together in what one contract asks of its orders (X5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from attrs import evolve, field, frozen

from jainam.domain.instruments import Contract
from jainam.domain.money import MOST, ZERO
from jainam.domain.vocabulary import Exchange, Kind, PriceType, Product, TimeInForce

__all__ = [
    "EVERYTHING",
    "EVERYWHERE",
    "Counting",
    "Demands",
    "QuantityRule",
    "Rule",
    "RuleBook",
    "Topic",
    "on_tick",
]

Word = TypeVar("Word", Product, TimeInForce, PriceType)


class Topic(Enum):
    """What a rule looks at."""

    TRADING = "trading"
    """Nothing of these kinds can be bought or sold."""
    TEST_SYMBOL = "test symbol"
    """Instruments whose name holds one of `Rule.allowed` are not for trading."""
    COUNTING = "counting"
    """Orders wait for a `QuantityRule` of their exchange."""
    EXPIRY = "expiry"
    """A contract ends with its day of expiry."""
    PRODUCT = "product"
    VALIDITY = "validity"
    PRICE_TYPE = "price type"
    """Only the words in `Rule.allowed` are taken."""
    LOT = "lot"
    FREEZE = "freeze quantity"
    TICK = "tick"
    BAND = "band"
    """The numbers are those of the contract."""
    STOP_SIDE = "stop side"
    """The limit of a stop lies at its trigger or beyond it."""
    DISCLOSED_MOST = "most disclosed"
    DISCLOSED_LEAST = "least disclosed"
    """`Rule.share` of the quantity."""


EVERYWHERE = frozenset(Exchange)
EVERYTHING = frozenset(Kind)


@frozen(kw_only=True)
class Rule:
    """One demand of the *exchanges* on instruments of these *kinds*.

    *sentence* is what a trader reads, with names in braces that `jainam.domain.validation` fills in. *source* names
    the document and section that states the rule and *dated* its day, or the day on which we read it.
    """

    name: str
    topic: Topic
    sentence: str
    source: str
    dated: dt.date
    exchanges: AbstractSet[Exchange] = EVERYWHERE
    kinds: AbstractSet[Kind] = EVERYTHING
    allowed: AbstractSet[str] = frozenset()
    share: Decimal = Decimal(0)

    def holds_for(self, exchange: Exchange, kind: Kind) -> bool:
        """True where an order for such an instrument has to keep this rule."""
        return exchange in self.exchanges and kind in self.kinds

    def said(self, contract: Contract | None, **facts: Any) -> str:
        """The sentence, about *contract* and with *facts* in its braces."""
        if contract is not None:
            facts |= {"symbol": contract.symbol, "exchange": contract.exchange}
        return self.sentence.format_map(facts)


class Counting(Enum):
    """What a broker means by a quantity of one."""

    UNITS = "units"
    LOTS = "lots"


@frozen(kw_only=True)
class QuantityRule:
    """How a broker counts on *exchange*; order quantities there are written, sent and shown in its books that way.

    Counted in units, a quantity is a multiple of the master's lot size; counted in lots, any whole number. *largest*
    is the largest single order, counted likewise; without it the master's freeze quantity is the limit.
    """

    exchange: Exchange
    counted_in: Counting
    largest: int | None = None


class Demands(NamedTuple):
    """What one contract asks of its orders; of an order whose contract is not known, what every one is asked.

    ``None`` is among the words that are taken, since one that could not be read has been complained about.
    """

    contract: Contract | None
    products: frozenset[Product | None]
    validities: frozenset[TimeInForce | None]
    price_types: frozenset[PriceType | None]
    barred: tuple[str, ...]
    """Why nothing can be ordered here, whatever its terms."""
    expiry: dt.date | None
    lot: int
    limit: int | None
    """The largest quantity of one order, in what the lot is counted in."""
    tick: Decimal | None
    least: Decimal
    most: Decimal
    """The lowest and the highest price in whole ticks within the band; zero and `MOST` where nothing bounds them."""
    topics: Mapping[Topic, tuple[Rule, ...]]

    def rules_on(self, topic: Topic) -> tuple[Rule, ...]:
        """The rules on *topic*, in the order of the book."""
        return self.topics.get(topic, ())

    def rule_on(self, topic: Topic) -> Rule | None:
        """The rule on *topic* where only one can have the say: the one that was added last."""
        rules = self.topics.get(topic)
        return rules[-1] if rules else None


class _Ground(NamedTuple):
    """What all contracts of one kind on one exchange have in common."""

    topics: Mapping[Topic, tuple[Rule, ...]]
    products: frozenset[Product | None]
    validities: frozenset[TimeInForce | None]
    price_types: frozenset[PriceType | None]
    counting: QuantityRule | None


def on_tick(price: Decimal, tick: Decimal | None, rounding: str) -> Decimal:
    """*price* moved to a multiple of *tick* in the direction of *rounding*; as it is where there is no tick.

    >>> on_tick(Decimal("100.02"), Decimal("0.05"), ROUND_CEILING)
    Decimal('100.05')
    """
    return (price / tick).to_integral_value(rounding) * tick if tick else price


REMEMBERED = 4096
"""Contracts whose demands are kept; a trader who meets more of them in a day pays for gathering them anew."""


@frozen
class RuleBook:
    """The rules that orders are checked against, and how the broker counts where exchanges leave that to it."""

    rules: tuple[Rule, ...]
    quantity_rules: tuple[QuantityRule, ...] = ()
    _grounds: dict[tuple[Exchange, Kind], _Ground] = field(init=False, factory=dict, eq=False, repr=False)
    known: dict[int, Demands] = field(init=False, factory=dict, eq=False, repr=False)
    """What has been gathered, by the identity of the contract, which stands first in it."""

    def without(self, *names: str) -> RuleBook:
        """These rules less those called *names*; raises `ValueError` for a name that no rule has."""
        unknown = set(names) - {rule.name for rule in self.rules}
        if unknown:
            raise ValueError(f"no rule is called {', '.join(sorted(unknown))}")
        return evolve(self, rules=tuple(rule for rule in self.rules if rule.name not in names))

    def including(self, *rules: Rule) -> RuleBook:
        """These rules and *rules*, each in the place of the one of its name."""
        names = {rule.name for rule in rules}
        return evolve(self, rules=(*(rule for rule in self.rules if rule.name not in names), *rules))

    def counting(self, *quantity_rules: QuantityRule) -> RuleBook:
        """The same rules for a broker that counts like this; exchanges that are not named stay as they are."""
        named = {rule.exchange for rule in quantity_rules}
        kept = (rule for rule in self.quantity_rules if rule.exchange not in named)
        return evolve(self, quantity_rules=(*kept, *quantity_rules))

    def holding_for(self, exchange: Exchange, kind: Kind) -> tuple[Rule, ...]:
        """The rules that an order for such an instrument has to keep."""
        return tuple(rule for rule in self.rules if rule.holds_for(exchange, kind))

    def demands(self, contract: Contract | None) -> Demands:
        """What *contract* asks of its orders; gathered once for each contract, since every order wants to know."""
        # By identity, since a contract's own hash takes longer than all the rest. What is kept keeps its contract
        # alive, so no other can have its number; in a copy of this book the numbers mean nothing, hence the `is`.
        found = self.known.get(id(contract))
        if found is None or found[0] is not contract:
            found = self._of_all() if contract is None else self._of(contract)
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            self.known[id(contract)] = found
        return found

    def _of_all(self) -> Demands:
        topics, products, validities, price_types, _ = self._ground(
            (rule for rule in self.rules if rule.exchanges == EVERYWHERE and rule.kinds == EVERYTHING), None
        )
        return Demands(None, products, validities, price_types, (), None, 1, None, None, ZERO, MOST, topics)

    def _of(self, contract: Contract) -> Demands:
        exchange, kind = contract.exchange, contract.kind
        ground = self._grounds.get((exchange, kind))
        if ground is None:
            ground = self._grounds[exchange, kind] = self._ground(self.holding_for(exchange, kind), exchange)
        topics, products, validities, price_types, counting = ground
        barring = [*topics.get(Topic.TRADING, ())]
        barring += (
            rule
            for rule in topics.get(Topic.TEST_SYMBOL, ())
            if any(mark in contract.name or mark in contract.symbol for mark in rule.allowed)
        )
        if counting is None:
            barring += topics.get(Topic.COUNTING, ())
        lot, limit = _counted(contract, counting)
        tick, least, most = _reach(contract, Topic.TICK in topics, Topic.BAND in topics)
        return Demands(
            contract,
            products,
            validities,
            price_types,
            tuple(rule.said(contract) for rule in barring),
            contract.expiry if Topic.EXPIRY in topics else None,
            lot if Topic.LOT in topics else 1,
            limit if Topic.FREEZE in topics else None,
            tick,
            least,
            most,
            topics,
        )

    def _ground(self, rules: Iterable[Rule], exchange: Exchange | None) -> _Ground:
        topics: dict[Topic, tuple[Rule, ...]] = {}
        for rule in rules:
            topics[rule.topic] = (*topics.get(rule.topic, ()), rule)
        return _Ground(
            topics,
            _choices(Product, topics.get(Topic.PRODUCT, ())),
            _choices(TimeInForce, topics.get(Topic.VALIDITY, ())),
            _choices(PriceType, topics.get(Topic.PRICE_TYPE, ())),
            next((rule for rule in self.quantity_rules if rule.exchange is exchange), None),
        )


def _counted(contract: Contract, counting: QuantityRule | None) -> tuple[int, int | None]:
    """The step and the largest of an order's quantity."""
    lot, limit = contract.lot_size, contract.freeze_quantity
    if counting is not None:
        if counting.counted_in is Counting.LOTS:
            lot, limit = 1, None if limit is None else limit // lot
        if counting.largest is not None:
            limit = counting.largest
    return lot, limit


def _reach(contract: Contract, has_tick: bool, has_band: bool) -> tuple[Decimal | None, Decimal, Decimal]:
    """The tick, and the lowest and the highest price in whole ticks within the band."""
    tick = contract.tick_size if has_tick and contract.tick_size else None
    low, high = (contract.price_low, contract.price_high) if has_band else (None, None)
    least = ZERO if low is None else on_tick(low, tick, ROUND_CEILING)
    most = MOST if high is None else on_tick(high, tick, ROUND_FLOOR)
    return tick, least if tick is None else max(least, tick), most


def _choices(words: type[Word], rules: Iterable[Rule]) -> frozenset[Word | None]:
    return frozenset(word for word in words if all(word in rule.allowed for rule in rules)) | {None}
