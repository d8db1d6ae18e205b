"""The contract store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.vocabulary import Exchange

__all__ = ["Contracts"]


class Contracts(Protocol):
    """The instruments of one broker, by name and by number."""

    def find(self, key: SymbolKey) -> Contract:
        """The contract of *key*; raises `SymbolNotFound`, which says so when the store is empty."""
        ...

    def named(self, refs: Iterable[InstrumentRef]) -> Mapping[InstrumentRef, Contract]:
        """The contracts of those *refs* that are known."""
        ...

    def search(self, text: str, exchange: Exchange | None = None, limit: int = 20) -> tuple[Contract, ...]:
        """Contracts whose symbol or description holds every word of *text*, shortest symbols first."""
        ...

    def replace_all(self, contracts: Iterable[Contract]) -> int:
        """Put *contracts* in the place of all this broker's contracts, at once or not at all; return their number."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
