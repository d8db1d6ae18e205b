"""What was meant and what became of it, kept so that a crash forgets neither (X1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Protocol

from jainam.domain.instruments import SymbolKey
from jainam.domain.journal import Ending, Entry, Intent, Meant
from jainam.domain.vocabulary import Product

__all__ = ["Entries", "Journal"]


class Entries(Protocol):
    """What is written of one account at one broker, by all its processes."""

    def latest(self) -> int:
        """The number of the newest entry; 0 when there is none."""
        ...

    def placed_on(self, instrument: SymbolKey, product: Product, since: dt.datetime) -> tuple[Meant, ...]:
        """The orders meant for *instrument* in *product* at or after *since*, oldest first, each tag once.

        Each comes with the newest ending that was written after its newest intent.
        """
        ...

    def unsettled(self, since: dt.datetime) -> tuple[Meant, ...]:
        """What was meant at or after *since* and has no ending, or an unknown one; oldest first, each key once."""
        ...

    def entries_since(self, since: dt.datetime, *, after: int = 0) -> Iterator[Entry]:
        """The entries of *since* and later whose number is above *after*, in the order they were written."""
        ...


class Journal(Entries, Protocol):
    """The entries of one account at one broker: appended, never rewritten, and there for whoever opens it next."""

    @property
    def is_slow(self) -> bool:
        """True when it waits for a disk or a network, so that an event loop must not call it."""
        ...

    def meant(self, intent: Intent) -> int:
        """Write *intent*, which survives anything once this returns; return the number of its entry.

        Raises `Halted` when it cannot be written: what is not in the journal must not leave.
        """
        ...

    def ended(self, ending: Ending) -> int:
        """Write what became of the newest intent with the key of *ending*; return the number of the entry.

        Raises `JainamError` when it cannot be written, which changes nothing about what happened at the broker: the
        caller says so and goes on, and the intent stays open until somebody looks it up.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; nothing that was written is lost."""
        ...
