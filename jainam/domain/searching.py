"""What a contract can be looked for by, beside words: the same terms for every store."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from attrs import frozen

from jainam.domain.instruments import Contract
from jainam.domain.vocabulary import Kind

__all__ = ["ANY", "Terms"]


@frozen(kw_only=True)
class Terms:
    """What is asked of a contract; what is not given is not asked.

    *prefix* begins the symbol, *name* is that of the underlying or the share itself, *expires_from* to *expires_until*
    and *strike_from* to *strike_until* hold both their ends, and *kinds* are those wanted, none for all of them.

    >>> Terms(name="NIFTY", kinds=(Kind.CALL,), strike_from=Decimal(25000)).name
    'NIFTY'
    """

    prefix: str = ""
    name: str = ""
    kinds: tuple[Kind, ...] = ()
    expires_from: dt.date | None = None
    expires_until: dt.date | None = None
    strike_from: Decimal | None = None
    strike_until: Decimal | None = None

    def are_met_by(self, contract: Contract) -> bool:
        """True when *contract* is one of those that are looked for; what never expires has no expiry to be in range."""
        return (
            contract.symbol.startswith(self.prefix)
            and self.name in ("", contract.name)
            and (not self.kinds or contract.kind in self.kinds)
            and _is_within(contract.expiry, self.expires_from, self.expires_until)
            and _is_within(contract.strike, self.strike_from, self.strike_until)
        )


ANY = Terms()


def _is_within(value: dt.date | Decimal | None, start: dt.date | Decimal | None, end: dt.date | Decimal | None) -> bool:
    if start is None and end is None:
        return True
    if value is None:
        return False
    return (start is None or start <= value) and (end is None or value <= end)  # type: ignore[operator]
