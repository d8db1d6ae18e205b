"""What exchanges demand of an order, as data: each rule says where it holds, how it complains and who says so (X5).

A broker or a trader who knows better puts another rule in its place, or takes one out:

>>> from jainam.domain.vocabulary import Exchange, Kind
>>> [rule.name for rule in DEFAULT_RULES.holding_for(Exchange.NFO, Kind.CALL) if rule.topic is Topic.PRICE_TYPE]
['options have no stop-market']
>>> DEFAULT_RULES.without("options have no stop-market").demands(None).rules_on(Topic.PRICE_TYPE)
()
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from jainam.domain.rulebook import EVERYWHERE, Counting, QuantityRule, Rule, RuleBook, Topic
from jainam.domain.vocabulary import Exchange, Kind, PriceType, Product, TimeInForce

__all__ = ["DEFAULT_RULES", "Counting", "QuantityRule", "Rule", "RuleBook", "Topic"]

INDEXES = frozenset({Exchange.NSE_INDEX, Exchange.BSE_INDEX})
DERIVATIVES = frozenset({Exchange.NFO, Exchange.BFO, Exchange.CDS, Exchange.BCD, Exchange.MCX, Exchange.NCDEX})
COUNTED_EITHER_WAY = frozenset({Exchange.CDS, Exchange.BCD, Exchange.MCX, Exchange.NCDEX})
TRADABLE = EVERYWHERE - INDEXES
NO_STOP_MARKET = frozenset(PriceType) - {PriceType.SL_M}

READ = dt.date(2026, 11, 24)
"""The day on which pages without a date of their own were read."""

PROTOCOL = dt.date(2026, 1, 12)
"""The day of the protocol reference's sample rows."""

DEFAULT_RULES = RuleBook(
    (
        Rule(
            name="indices are not traded",
            topic=Topic.TRADING,
            exchanges=INDEXES,
            sentence="{symbol} is an index and cannot be traded; choose a future or an option on it",
            source="OpenAlgo host contract 2.10: the index exchanges list values only",
            dated=PROTOCOL,
        ),
        Rule(
            name="test symbols are not traded",
            topic=Topic.TEST_SYMBOL,
            allowed=frozenset({"NSETEST"}),
            exchanges=TRADABLE,
            sentence="{symbol} is a test symbol of the exchange and not for trading; choose another instrument",
            source="XTS protocol reference 5.3, facts about values: test scrips such as 011NSETEST stand in the master",
            dated=PROTOCOL,
        ),
        Rule(
            name="contracts end with their expiry",
            topic=Topic.EXPIRY,
            exchanges=TRADABLE,
            sentence="{symbol} expired on {expiry}; choose a contract that expires later, or load the contracts afresh",
            source="XTS protocol reference 5.3, column 17: the last day of trading",
            dated=PROTOCOL,
        ),
        Rule(
            name="units or lots is for the broker to say",
            topic=Topic.COUNTING,
            exchanges=COUNTED_EITHER_WAY,
            sentence=(
                "orders on {exchange} are refused until a quantity rule says whether your broker counts them in units"
                " or in lots; ask the broker, and configure the rule for {exchange}"
            ),
            source="XTS protocol reference 8, row 24: not captured for MCX; requirements, issue 3 part 6",
            dated=PROTOCOL,
        ),
        Rule(
            name="ordinary orders have ordinary products",
            topic=Topic.PRODUCT,
            allowed=frozenset({product for product in Product if product.can_be_placed}),
            sentence="product {word} cannot be placed by an ordinary order{use}",
            source="XTS protocol reference 3.2, products: CO, BO and MTF appear on rows only",
            dated=PROTOCOL,
        ),
        Rule(
            name="delivery is for shares",
            topic=Topic.PRODUCT,
            allowed=frozenset({product for product in Product if not product.is_delivery}),
            exchanges=DERIVATIVES,
            sentence="product {word} is for shares{use} on {exchange}",
            source="XTS protocol reference 3.2, products: CNC is for NSECM and BSECM",
            dated=PROTOCOL,
        ),
        Rule(
            name="validity on NSE",
            topic=Topic.VALIDITY,
            allowed=frozenset({TimeInForce.DAY, TimeInForce.IOC}),
            exchanges=frozenset({Exchange.NSE, Exchange.NFO, Exchange.CDS}),
            sentence="{exchange} takes no order with validity {word}{use}",
            source="NSE trading system, order conditions, time conditions: day and IOC; XTS protocol reference 3.2",
            dated=READ,
        ),
        Rule(
            name="validity on BSE",
            topic=Topic.VALIDITY,
            allowed=frozenset({TimeInForce.DAY, TimeInForce.IOC, TimeInForce.EOS}),
            exchanges=frozenset({Exchange.BSE, Exchange.BFO, Exchange.BCD}),
            sentence="{exchange} takes no order with validity {word}{use}",
            source="BSE trading system, order retention: day, session and IOC; XTS protocol reference 3.2",
            dated=READ,
        ),
        Rule(
            name="options have no stop-market",
            topic=Topic.PRICE_TYPE,
            allowed=NO_STOP_MARKET,
            exchanges=frozenset({Exchange.NFO}),
            kinds=frozenset({Kind.CALL, Kind.PUT}),
            sentence="{exchange} takes no {word} order for options{use}",
            source=(
                "NSE F&O: stop-loss orders with market condition withdrawn for index and stock options, refused as"
                " 16052 (SAS Online bulletin 388)"
            ),
            dated=dt.date(2021, 9, 27),
        ),
        Rule(
            name="BSE has no stop-market",
            topic=Topic.PRICE_TYPE,
            allowed=NO_STOP_MARKET,
            exchanges=frozenset({Exchange.BSE, Exchange.BFO, Exchange.BCD}),
            sentence="{exchange} takes no {word} order{use}",
            source=(
                "BSE: stop-loss orders with market condition withdrawn for equity and for equity, currency and"
                " commodity derivatives (Upstox, BSE halts SL-M orders)"
            ),
            dated=dt.date(2023, 10, 9),
        ),
        Rule(
            name="whole lots",
            topic=Topic.LOT,
            sentence="quantity {quantity} is not a multiple of the lot size {lot} of {symbol}{use}",
            source="XTS protocol reference 3.3, orderQuantity; 5.3, column 13",
            dated=PROTOCOL,
            exchanges=TRADABLE,
        ),
        Rule(
            name="largest single order",
            topic=Topic.FREEZE,
            sentence="quantity {quantity} is above the largest single order of {symbol}{use}",
            source=(
                "XTS protocol reference 5.3, FreezeQty: the limit + 1 on NSE, the limit on BSEFO, 0 for none"
                " (the contract holds the limit itself)"
            ),
            dated=PROTOCOL,
            exchanges=TRADABLE,
        ),
        Rule(
            name="whole ticks",
            topic=Topic.TICK,
            sentence="{name} {price} is not a multiple of the tick {tick} of {symbol}{use}",
            source="XTS protocol reference 3.3; 5.3, column 12",
            dated=PROTOCOL,
            exchanges=TRADABLE,
        ),
        Rule(
            name="the day's band",
            topic=Topic.BAND,
            sentence="{name} {price} is {where} the day's band of {symbol}{use}",
            source="XTS protocol reference 5.3, columns 9 and 10",
            dated=PROTOCOL,
            exchanges=TRADABLE,
        ),
        Rule(
            name="a stop's limit lies beyond its trigger",
            topic=Topic.STOP_SIDE,
            sentence="price {price} of a stop {deal} is {where} its trigger {trigger}{use}",
            source="NSE trading system, order conditions, price conditions: stop-loss; BSE and MCX likewise",
            dated=READ,
        ),
        Rule(
            name="no more is disclosed than ordered",
            topic=Topic.DISCLOSED_MOST,
            share=Decimal(1),
            sentence="disclosed quantity {disclosed} is more than the quantity {quantity}{use}",
            source="NSE trading system, order conditions, quantity conditions: disclosed quantity",
            dated=READ,
        ),
        Rule(
            name="disclosed quantity is for cash",
            topic=Topic.DISCLOSED_MOST,
            exchanges=frozenset({Exchange.NFO, Exchange.BFO}),
            sentence="{exchange} takes no disclosed quantity{use}",
            source="NSE and BSE equity derivatives (Zerodha support, What is the disclosed quantity feature)",
            dated=READ,
        ),
        Rule(
            name="a tenth is disclosed",
            topic=Topic.DISCLOSED_LEAST,
            share=Decimal("0.1"),
            exchanges=frozenset({Exchange.NSE, Exchange.BSE, Exchange.CDS, Exchange.BCD}),
            sentence="disclosed quantity {disclosed} is less than {share} of the quantity {quantity}{use}",
            source="NSE and BSE cash and currency (Zerodha support, What is the disclosed quantity feature)",
            dated=READ,
        ),
        Rule(
            name="a quarter is disclosed",
            topic=Topic.DISCLOSED_LEAST,
            share=Decimal("0.25"),
            exchanges=frozenset({Exchange.MCX}),
            sentence="disclosed quantity {disclosed} is less than {share} of the quantity {quantity}{use}",
            source="MCX (Zerodha support, What is the disclosed quantity feature)",
            dated=READ,
        ),
    )
)
"""The rules as the exchanges publish them; what a broker does otherwise is a change to these."""
