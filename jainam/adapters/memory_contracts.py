"""Contracts kept in memory, for as long as the process lives."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nsmallest

from attrs import field, frozen

from jainam.adapters.contract_sets import NO_ROWS, not_found
from jainam.domain.errors import SymbolNotFound
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.listings import Row, contract_of, merged, row_of
from jainam.domain.loads import Change, Load, What, differences, in_order
from jainam.domain.searching import ANY, Terms
from jainam.domain.vocabulary import Exchange
from jainam.ports.contracts import Approve

__all__ = ["MemoryContracts"]

_NEARBY = 20


@frozen
class _Set:
    """One whole set of contracts: whoever holds it reads no mixture. A contract is made when it is first asked for."""

    rows: Mapping[tuple[str, str], Row] = field(factory=dict)
    symbols: Mapping[tuple[str, int], str] = field(factory=dict)
    load: Load | None = None
    generation: int = 0
    changes: tuple[Change, ...] = ()
    made: dict[SymbolKey, Contract] = field(factory=dict)

    def find(self, key: SymbolKey) -> Contract:
        """The contract of *key*."""
        row = self.rows.get((key.exchange._value_, key.symbol))
        if row is None:
            raise self.missing(key)
        return self.made.setdefault(key, contract_of(row))

    def missing(self, key: SymbolKey) -> SymbolNotFound:
        """The error for *key*."""
        listed = sorted(symbol for exchange, symbol in self.rows if exchange == key.exchange)
        place = bisect_left(listed, key.symbol)
        return not_found(
            key,
            is_empty=not self.rows,
            elsewhere=(exchange.value for exchange in Exchange if (exchange.value, key.symbol) in self.rows),
            neighbours=listed[max(place - _NEARBY, 0) : place + _NEARBY],
        )


class MemoryContracts:
    """The *contracts* of one broker in a dict; *now* says when a set was stored."""

    def __init__(
        self,
        contracts: Iterable[Contract] = (),
        *,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._now = now
        self._set = _Set()
        given, _ = merged([map(row_of, contracts)])
        if given:
            self._set = self._set_of(given)

    def find(self, key: SymbolKey) -> Contract:
        """The contract of *key*; raises `SymbolNotFound`, which says so when the store is empty."""
        held = self._set
        try:
            return held.made[key]
        except KeyError:
            return held.find(key)

    def named(self, refs: Iterable[InstrumentRef]) -> Mapping[InstrumentRef, Contract]:
        """The contracts of those *refs* that are known."""
        held = self._set
        return {
            ref: held.made.get(key) or held.find(key)
            for ref in refs
            if (symbol := held.symbols.get((ref.exchange._value_, ref.token))) is not None
            for key in (SymbolKey(symbol, ref.exchange),)
        }

    def search(
        self, text: str = "", exchange: Exchange | None = None, limit: int | None = 20, terms: Terms = ANY
    ) -> tuple[Contract, ...]:
        """Contracts whose symbol or description holds every word of *text*, and that meet *terms*."""
        held, words = self._set, text.upper().split()
        hits = [
            contract
            for row in held.rows.values()
            if exchange in (None, row[0]) and all(word in row[1].upper() or word in row[17].upper() for word in words)
            for contract in (contract_of(row),)
            if terms.are_met_by(contract)
        ]
        most = len(hits) if limit is None else limit
        return tuple(nsmallest(most, hits, key=lambda hit: (len(hit.symbol), hit.symbol, hit.exchange.value)))

    def replace_all(self, contracts: Iterable[Contract]) -> int:
        """Put *contracts* in the place of all of them, at once or not at all; return their number.

        Raises `ValueError` when there are none.
        """
        return self.replace_rows(map(row_of, contracts)).rows

    def replace_rows(self, rows: Iterable[Row], approve: Approve | None = None) -> Load:
        """Put *rows* in the place of all contracts, at once or not at all, if *approve* lets them.

        Of two with one name or one number on an exchange the earlier is kept. Raises `ValueError` when there are none.
        """
        kept, _ = merged([rows])
        if approve is not None:
            approve(Counter(row[0] for row in kept))
        if not kept:
            raise ValueError(NO_ROWS)
        self._set = fresh = self._set_of(kept)
        assert fresh.load is not None, "it was just stored"
        return fresh.load

    def last_load(self) -> Load | None:
        """The set in force; ``None`` before the first."""
        return self._set.load

    def changes(self) -> tuple[Change, ...]:
        """What the last load changed of the set before it."""
        return self._set.changes

    def generation(self) -> int:
        """A number that grows with every set."""
        return self._set.generation

    def numbers(self) -> Iterable[tuple[str, str, int]]:
        """Symbol, exchange and token of every contract of the set in force."""
        return [(row[1], row[0], row[2]) for row in self._set.rows.values()]

    def rows(self) -> Sequence[Row]:
        """Every contract of the set in force, as a plain row."""
        return tuple(self._set.rows.values())

    def close(self) -> None:
        """Nothing to let go of."""

    def _set_of(self, rows: Sequence[Row]) -> _Set:
        before = {key: (row[7], row[8], row[11]) for key, row in self._set.rows.items()}
        changes = list(differences(before, rows)) if before else []
        return _Set(
            {(row[0], row[1]): row for row in rows},
            {(row[0], row[2]): row[1] for row in rows},
            Load(
                loaded_at=self._now(),
                rows=len(rows),
                counts=Counter(row[0] for row in rows),
                changes=Counter(change[0] for change in changes),
            ),
            self._set.generation + 1,
            in_order(
                Change(What(what), SymbolKey(symbol, Exchange(exchange)), was, now)
                for what, exchange, symbol, was, now in changes
            ),
        )
