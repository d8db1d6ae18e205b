"""Which contracts a search by terms is about (FR7)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from fakes.samples import FUTURE, OPTION, SHARE
from jainam.domain.instruments import Contract
from jainam.domain.searching import ANY, Terms

DAY = dt.timedelta(days=1)
assert FUTURE.expiry is not None
assert OPTION.strike is not None


@pytest.mark.parametrize(
    ("terms", "met"),
    [
        (ANY, (FUTURE, OPTION, SHARE)),
        (Terms(prefix=SHARE.symbol), (SHARE,)),
        (Terms(kinds=(OPTION.kind,)), (OPTION,)),
        (Terms(expires_from=FUTURE.expiry, expires_until=FUTURE.expiry), (FUTURE,)),
        (Terms(expires_from=FUTURE.expiry + 400 * DAY), ()),
        (Terms(expires_until=FUTURE.expiry - 400 * DAY), ()),
        (Terms(strike_from=OPTION.strike, strike_until=OPTION.strike), (OPTION,)),
        (Terms(strike_from=OPTION.strike + 1), ()),
        (Terms(strike_until=Decimal(0)), ()),
    ],
)
def test_terms_are_met_or_not(terms: Terms, met: tuple[Contract, ...]) -> None:
    """Ranges hold both of their ends, and what never expires, or has no strike, is in no range of them (FR7)."""
    found = tuple(each for each in (FUTURE, OPTION, SHARE) if terms.are_met_by(each))
    assert found == met
