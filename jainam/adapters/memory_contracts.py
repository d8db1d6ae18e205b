"""Contracts kept in memory, for as long as the process lives."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from heapq import nsmallest

from attrs import field, frozen

from jainam.adapters.contract_sets import not_found, whole_set
from jainam.domain.errors import SymbolNotFound
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.vocabulary import Exchange

__all__ = ["MemoryContracts"]

_NEARBY = 20


@frozen
class _Set:
    """One whole set of contracts, never changed: whoever holds it reads no mixture."""

    by_key: Mapping[SymbolKey, Contract] = field(factory=dict)
    by_ref: Mapping[InstrumentRef, Contract] = field(factory=dict)

    def missing(self, key: SymbolKey) -> SymbolNotFound:
        """The error for *key*."""
        listed = sorted(other.symbol for other in self.by_key if other.exchange is key.exchange)
        place = bisect_left(listed, key.symbol)
        return not_found(
            key,
            is_empty=not self.by_key,
            elsewhere=(exchange.value for exchange in Exchange if SymbolKey(key.symbol, exchange) in self.by_key),
            neighbours=listed[max(place - _NEARBY, 0) : place + _NEARBY],
        )


class MemoryContracts:
    """The *contracts* of one broker in a dict."""

    def __init__(self, contracts: Iterable[Contract] = ()) -> None:
        given = tuple(contracts)
        self._set = _set_of(whole_set(given)) if given else _Set()

    def find(self, key: SymbolKey) -> Contract:
        """The contract of *key*; raises `SymbolNotFound`, which says so when the store is empty."""
        held = self._set
        try:
            return held.by_key[key]
        except KeyError:
            raise held.missing(key) from None

    def named(self, refs: Iterable[InstrumentRef]) -> Mapping[InstrumentRef, Contract]:
        """The contracts of those *refs* that are known."""
        by_ref = self._set.by_ref
        return {ref: by_ref[ref] for ref in refs if ref in by_ref}

    def search(self, text: str, exchange: Exchange | None = None, limit: int = 20) -> tuple[Contract, ...]:
        """Contracts whose symbol or description holds every word of *text*, shortest symbols first."""
        words = text.upper().split()
        hits = (
            contract
            for contract in self._set.by_key.values()
            if exchange in (None, contract.exchange)
            and all(word in contract.symbol.upper() or word in contract.description.upper() for word in words)
        )
        return tuple(nsmallest(limit, hits, key=lambda hit: (len(hit.symbol), hit.symbol, hit.exchange.value)))

    def replace_all(self, contracts: Iterable[Contract]) -> int:
        """Put *contracts* in the place of all of them, at once or not at all; return their number.

        Raises `ValueError` when there are none.
        """
        kept = whole_set(contracts)
        self._set = _set_of(kept)
        return len(kept)

    def close(self) -> None:
        """Nothing to let go of."""


def _set_of(contracts: list[Contract]) -> _Set:
    return _Set({contract.key: contract for contract in contracts}, {contract.ref: contract for contract in contracts})
