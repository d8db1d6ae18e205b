"""Options and futures of an underlying, in the order in which a trader reads them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from attrs import evolve

from fakes.samples import FUTURE, OPTION, SHARE
from jainam.domain.chains import Strike, chain_of, expiries_of, futures_of
from jainam.domain.instruments import Contract
from jainam.domain.vocabulary import Kind

SOON, LATE = dt.date(2026, 2, 17), dt.date(2026, 3, 31)


def option(strike: int, kind: Kind = Kind.CALL, expiry: dt.date = SOON) -> Contract:
    """An option of NIFTY."""
    return evolve(OPTION, strike=Decimal(strike), kind=kind, expiry=expiry)


LISTED = (
    *(option(strike, kind) for strike in (300, 100, 200) for kind in (Kind.PUT, Kind.CALL)),
    option(150, Kind.PUT),
    option(100, expiry=LATE),
    FUTURE,
    SHARE,
)


def test_the_next_chain_has_calls_and_puts_side_by_side() -> None:
    """Strikes rise, and what is not listed at one is left open."""
    chain = chain_of(LISTED)

    assert chain is not None
    assert (chain.expiry, chain.at_the_money) == (SOON, None)
    assert [row.strike for row in chain.strikes] == [100, 150, 200, 300]
    assert chain.strikes[0] == Strike(Decimal(100), option(100), option(100, Kind.PUT))
    assert chain.strikes[1].call is None


def test_another_expiry() -> None:
    """A day can be asked for; one on which nothing expires has no chain."""
    late = chain_of(LISTED, LATE)

    assert late is not None
    assert [row.strike for row in late.strikes] == [100]
    assert chain_of(LISTED, dt.date(2027, 1, 1)) is None
    assert chain_of([SHARE, FUTURE]) is None


@pytest.mark.parametrize(
    ("price", "width", "middle", "strikes"),
    [
        ("210", 1, 200, [150, 200, 300]),
        ("125", 0, 100, [100]),
        ("1", 1, 100, [100, 150]),
        ("999", 1, 300, [200, 300]),
        ("150", None, 150, [100, 150, 200, 300]),
        ("260", 9, 300, [100, 150, 200, 300]),
    ],
)
def test_around_the_money(price: str, width: int | None, middle: int, strikes: list[int]) -> None:
    """The nearest strike is at the money, the lower one of two, and so many on either side are kept."""
    chain = chain_of(LISTED, price=Decimal(price), width=width)

    assert chain is not None
    assert chain.at_the_money == middle
    assert [row.strike for row in chain.strikes] == strikes


def test_expiries_and_futures_come_in_their_order() -> None:
    """The next day first; what never expires is no part of it."""
    near = evolve(FUTURE, expiry=SOON)

    assert expiries_of(LISTED) == (SOON, LATE, dt.date(2026, 6, 30))
    assert futures_of([FUTURE, near, *LISTED[:3]]) == (near, FUTURE)
