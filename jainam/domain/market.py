"""What the market says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from jainam.domain.instruments import InstrumentRef

__all__ = ["Quote"]


@frozen(kw_only=True)
class Quote:
    """The last trade of one instrument and the day around it; ``None`` where the broker sent no number.

    *at* is the moment the broker gives for it, with its zone.
    """

    instrument: InstrumentRef
    last_price: Decimal | None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    previous_close: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    volume: int | None = None
    at: dt.datetime | None = None
    raw: Mapping[str, Any] = field(factory=dict, eq=False, repr=False)
