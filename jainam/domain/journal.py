"""What was meant and what became of it: the two kinds of entries a journal holds (X1)."""

from __future__ import annotations

import datetime as dt

from attrs import frozen

from jainam.domain.instruments import InstrumentRef
from jainam.domain.orders import Order, OrderId, OrderTag
from jainam.domain.vocabulary import Word

__all__ = ["Deed", "Ending", "Entry", "Intent", "Meant", "Verdict"]


class Deed(Word):
    """What was to be done."""

    PLACE = "place"
    MODIFY = "modify"
    CANCEL = "cancel"


class Verdict(Word):
    """What became of it."""

    DONE = "done"
    """The broker took it: an order has its number, a modification or cancellation its effect."""
    REFUSED = "refused"
    """The broker or the exchange said no; nothing works because of it."""
    NOT_SENT = "not sent"
    """It provably never left this machine."""
    UNKNOWN = "unknown"
    """It may have arrived, and nobody could find out."""


@frozen(kw_only=True)
class Intent:
    """Something that is about to leave; it is on disk before it does.

    *tag* names an order to be placed, *order_id* the one to be modified or cancelled. *order* and *ref* are absent
    from a cancellation. *held* is the position, in signed units, that a smart order or an exit was worked out from.
    *caller* is who asked for it: a program or a strategy. Raises `ValueError` when its ending could not be found
    again, or when *at* has no zone.

    >>> Intent(deed=Deed.CANCEL, at=clock.now(), order_id=OrderId("9001")).key      # doctest: +SKIP
    'cancel 9001'
    """

    deed: Deed
    at: dt.datetime
    tag: OrderTag | None = None
    order_id: OrderId | None = None
    order: Order | None = None
    ref: InstrumentRef | None = None
    is_exit: bool = False
    held: int | None = None
    caller: str = ""

    def __attrs_post_init__(self) -> None:
        _with_zone(self.at)
        if self.deed is Deed.PLACE and (not self.tag or self.order is None):
            raise ValueError("the intent to place an order needs the order and its tag")
        if self.deed is not Deed.PLACE and not self.order_id:
            raise ValueError(f"the intent to {self.deed.value} an order needs its number")

    @property
    def key(self) -> str:
        """What its ending is found by: the tag of an order, or the deed and the number of the order it is done to."""
        return str(self.tag) if self.deed is Deed.PLACE else f"{self.deed.value} {self.order_id}"


@frozen(kw_only=True)
class Ending:
    """What became of the newest intent with this *key*; *words* are the reason or the evidence.

    Raises `ValueError` when *at* has no zone.
    """

    key: str
    at: dt.datetime
    verdict: Verdict
    order_id: OrderId | None = None
    words: str = ""

    def __attrs_post_init__(self) -> None:
        _with_zone(self.at)


@frozen
class Entry:
    """One line of the journal; numbers only grow, and no two entries have the same."""

    number: int
    what: Intent | Ending


@frozen
class Meant:
    """An intent, the *number* of its entry, and the newest thing known of it; ``None`` until something is."""

    number: int
    intent: Intent
    ending: Ending | None = None

    @property
    def is_settled(self) -> bool:
        """True when it is known what became of it."""
        return self.ending is not None and self.ending.verdict is not Verdict.UNKNOWN

    @property
    def order_id(self) -> OrderId | None:
        """The number the broker gave the order, or the one it was done to."""
        return (self.ending.order_id if self.ending else None) or self.intent.order_id


def _with_zone(moment: dt.datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError("a moment in the journal needs its zone")
