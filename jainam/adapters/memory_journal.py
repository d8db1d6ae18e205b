"""A journal that lasts as long as the process: for trials, and for the tests of everything above it."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

from attrs import define, field

from jainam.domain.instruments import SymbolKey
from jainam.domain.journal import Deed, Ending, Entry, Intent, Meant
from jainam.domain.vocabulary import Product

__all__ = ["MemoryJournal"]


@define(eq=False)
class MemoryJournal:
    """The `Journal` of `jainam.ports.journal` in a list; any number of threads may write to it at once.

    >>> journal = MemoryJournal()
    >>> journal.latest()
    0
    """

    is_slow = False
    _entries: list[Entry] = field(factory=list, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def meant(self, intent: Intent) -> int:
        """Keep *intent*; return the number of its entry."""
        return self._append(intent)

    def ended(self, ending: Ending) -> int:
        """Keep *ending*; return the number of its entry."""
        return self._append(ending)

    def latest(self) -> int:
        """The number of the newest entry; 0 when there is none."""
        return len(self._entries)

    def placed_on(self, instrument: SymbolKey, product: Product, since: dt.datetime) -> tuple[Meant, ...]:
        """The orders meant for *instrument* in *product* at or after *since*, oldest first, each tag once."""
        return tuple(
            meant
            for meant in self._meant(since)
            if meant.intent.deed is Deed.PLACE
            and meant.intent.order is not None
            and meant.intent.order.instrument == instrument
            and meant.intent.order.product is product
        )

    def unsettled(self, since: dt.datetime) -> tuple[Meant, ...]:
        """What was meant at or after *since* and has no ending, or an unknown one; oldest first, each key once."""
        return tuple(meant for meant in self._meant(since) if not meant.is_settled)

    def entries_since(self, since: dt.datetime, *, after: int = 0) -> Iterator[Entry]:
        """The entries of *since* and later whose number is above *after*, in the order they were written."""
        return iter([entry for entry in self._entries[max(after, 0) :] if entry.what.at >= since])

    def close(self) -> None:
        """Nothing is open."""

    def _append(self, what: Intent | Ending) -> int:
        with self._lock:
            number = len(self._entries) + 1
            self._entries.append(Entry(number, what))
            return number

    def _meant(self, since: dt.datetime) -> list[Meant]:
        found: dict[str, Meant] = {}
        for entry in list(self._entries):
            match entry.what:
                case Intent() as intent:
                    found.pop(intent.key, None)  # meant again, it takes its new place
                    found[intent.key] = Meant(entry.number, intent)
                case Ending(key=key) as ending if key in found:
                    meant = found[key]
                    found[key] = Meant(meant.number, meant.intent, ending)
        return [meant for meant in found.values() if meant.intent.at >= since]
