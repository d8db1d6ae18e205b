"""What market orders are protected with: a quote of their instrument, read for one of them or for many at once (X7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen

from jainam.domain.errors import BrokerUnavailable, JainamError, NotSent, RateLimited, UnexpectedReply
from jainam.domain.house import House
from jainam.domain.instruments import Contract, InstrumentRef
from jainam.domain.orders import Order
from jainam.domain.patience import patiently
from jainam.domain.protection import needs_quote, protected
from jainam.domain.steps import Flow, Now, ReadQuotes

if TYPE_CHECKING:
    from jainam.domain.market import Quote

__all__ = ["NOT_READ", "Market", "as_it_may_go", "market_of", "quotes"]

QUOTES_PER_CALL = 50
"""Instruments a quote request may name (protocol 4.3)."""

FRESH = dt.timedelta(seconds=5)
"""How old a quote that was read for many orders may be when the turn of one comes; then it is read anew."""


@frozen
class Market:
    """What the market said of several instruments at *at*, or the *error* with which reading it ended."""

    at: dt.datetime | None = None
    quotes: Mapping[InstrumentRef, Quote] = field(factory=dict)
    error: JainamError | None = None

    def quote(self, ref: InstrumentRef, now: dt.datetime) -> Quote | None:
        """The quote of *ref*, while it is fresh; raises what reading it ended with."""
        if self.error is not None:
            raise self.error
        return self.quotes.get(ref) if self.at is not None and now - self.at <= FRESH else None


NOT_READ = Market()
"""What is known where nobody has looked."""


def quotes(refs: Iterable[InstrumentRef]) -> Flow[Mapping[InstrumentRef, Quote]]:
    """What the market says of *refs*; instruments without a quote are absent from the answer, not zero."""
    asked = tuple(dict.fromkeys(refs))
    found: dict[InstrumentRef, Quote] = {}
    for start in range(0, len(asked), QUOTES_PER_CALL):
        for quote in (yield from patiently(ReadQuotes(asked[start : start + QUOTES_PER_CALL]))):
            found[quote.instrument] = quote
    return found


def market_of(refs: Iterable[InstrumentRef], house: House) -> Flow[Market]:
    """What the market says of *refs*, where *house* protects orders with it; how that ended, when it cannot be read.

    One call answers for many orders: a call for each would keep the last of them waiting for as many seconds.
    """
    asked = tuple(refs)
    if house.sends_as_is or not asked:
        return NOT_READ
    try:
        found = yield from quotes(asked)
    except JainamError as error:
        return Market(error=_no_quotes("", error))
    return Market((yield from Now()), found)


def as_it_may_go(
    order: Order, contract: Contract, house: House, *, is_exit: bool = False, market: Market = NOT_READ
) -> Flow[Order]:
    """*order* as the market-order policy of *house* lets it go out, measured by *market* where that is fresh.

    Raises `InvalidOrder` when it may not, and `NotSent` when no quote could be read to protect it with.
    """
    policy = house.policy(is_exit=is_exit)
    if not needs_quote(order, policy):
        return protected(order, contract, None, policy, None, house.rules)
    ref = contract.ref
    quote = None if market is NOT_READ else market.quote(ref, (yield from Now()))
    if quote is None:
        try:
            quote = (yield from quotes((ref,))).get(ref)
        except (BrokerUnavailable, NotSent, RateLimited, UnexpectedReply) as error:
            raise _no_quotes(f" of {contract.symbol}", error) from error
    return protected(order, contract, quote, policy, (yield from Now()), house.rules)


def _no_quotes(of: str, error: JainamError) -> NotSent:
    return NotSent(f"no quote{of} could be read to protect market orders with, so nothing was sent: {error}")
