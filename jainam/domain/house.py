"""What a desk asks of every order beside what the order says: its rules, its market-order policy, the day (X5, X7)."""

from __future__ import annotations

import datetime as dt

from attrs import evolve, field, frozen

from jainam.domain.protection import MarketMode, MarketPolicy
from jainam.domain.rulebook import RuleBook, Topic
from jainam.domain.rules import DEFAULT_RULES
from jainam.domain.vocabulary import PriceType

__all__ = ["House"]

LIMITED = {PriceType.MARKET: PriceType.LIMIT, PriceType.SL_M: PriceType.SL}
"""What a protected order becomes."""


@frozen(kw_only=True)
class House:
    """The rules that orders are checked against, and what becomes of those that name no price.

    *today* is the trading date, against which expiries are held; ``None`` holds none.

    >>> House(market=MarketPolicy(mode=MarketMode.REFUSE)).policy(is_exit=True).mode
    <MarketMode.PROTECT: 'protect'>
    """

    rules: RuleBook = DEFAULT_RULES
    market: MarketPolicy = field(factory=MarketPolicy)
    today: dt.date | None = None
    sends_as_is: bool = field(init=False, repr=False)
    """True when every order goes out as it is, exits too; asked of each one."""
    drafting: RuleBook = field(init=False, repr=False)
    """The rules for an order that the policy has still to make another of: what it will become counts."""

    @sends_as_is.default
    def _sends_as_is(self) -> bool:
        return self.market.mode is MarketMode.SEND

    @drafting.default
    def _for_drafts(self) -> RuleBook:
        if self.market.mode is not MarketMode.PROTECT:
            return self.rules
        widened = []
        for rule in self.rules.rules:
            more = {plain for plain, limited in LIMITED.items() if limited in rule.allowed} - rule.allowed
            if rule.topic is Topic.PRICE_TYPE and more:
                widened.append(evolve(rule, allowed=rule.allowed | more))
        return self.rules.including(*widened)

    def policy(self, *, is_exit: bool) -> MarketPolicy:
        """The market-order policy for an order that closes something, or for one that does not."""
        return self.market.for_exits if is_exit else self.market
