"""Options and futures of one underlying, in the order in which a trader reads them."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable
from decimal import Decimal

from attrs import frozen

from jainam.domain.instruments import Contract
from jainam.domain.searching import Terms
from jainam.domain.vocabulary import Kind

__all__ = ["Chain", "Strike", "chain_of", "derivatives_of", "expiries_of", "futures_of"]


@frozen
class Strike:
    """What is listed at one *strike*; ``None`` where nothing is."""

    strike: Decimal
    call: Contract | None = None
    put: Contract | None = None


@frozen
class Chain:
    """The options of one *expiry*, lowest strike first; *at_the_money* is the one nearest to a price, if given."""

    expiry: dt.date
    strikes: tuple[Strike, ...]
    at_the_money: Decimal | None = None


def derivatives_of(name: str) -> Terms:
    """What to look for to have all futures and options of the underlying *name*."""
    return Terms(name=name.upper(), kinds=(Kind.FUTURE, Kind.CALL, Kind.PUT))


def expiries_of(contracts: Iterable[Contract]) -> tuple[dt.date, ...]:
    """The days on which any of *contracts* expires, the next one first."""
    return tuple(sorted({contract.expiry for contract in contracts if contract.expiry is not None}))


def futures_of(contracts: Iterable[Contract]) -> tuple[Contract, ...]:
    """The futures among *contracts*, the next to expire first."""
    futures = [contract for contract in contracts if contract.kind is Kind.FUTURE and contract.expiry is not None]
    return tuple(sorted(futures, key=lambda future: (future.expiry, future.symbol)))


def chain_of(
    contracts: Iterable[Contract],
    expiry: dt.date | None = None,
    price: Decimal | None = None,
    width: int | None = None,
) -> Chain | None:
    """The chain of the options among *contracts* that expire on *expiry*, by default the next; ``None`` without any.

    With a *price* the strike nearest to it is at the money, the lower one of two; with a *width* as well, only so many
    strikes on either side of it are kept.

    >>> chain_of(options, price=Decimal(25790), width=5).at_the_money       # doctest: +SKIP
    Decimal('25800')
    """
    options = [contract for contract in contracts if contract.kind.is_option and contract.strike is not None]
    days = expiries_of(options)
    day = expiry or (days[0] if days else None)
    found: dict[Decimal, dict[Kind, Contract]] = {}
    for option in options:
        if option.expiry == day and option.strike is not None:
            found.setdefault(option.strike, {})[option.kind] = option
    if day is None or not found:
        return None
    strikes = sorted(found)
    nearest = None if price is None else _nearest(strikes, price)
    if nearest is not None and width is not None:
        strikes = strikes[max(nearest - width, 0) : nearest + width + 1]
    return Chain(
        day,
        tuple(Strike(strike, found[strike].get(Kind.CALL), found[strike].get(Kind.PUT)) for strike in strikes),
        None if nearest is None else sorted(found)[nearest],
    )


def _nearest(strikes: list[Decimal], price: Decimal) -> int:
    """The place of the strike nearest to *price*."""
    place = bisect_left(strikes, price)
    around = [near for near in (place - 1, place) if 0 <= near < len(strikes)]
    return min(around, key=lambda near: abs(strikes[near] - price))
