"""The contract store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.listings import Row
from jainam.domain.loads import Change, Load
from jainam.domain.searching import ANY, Terms
from jainam.domain.vocabulary import Exchange

__all__ = ["ContractLoads", "ContractLookup", "ContractRows", "Contracts"]

Approve: TypeAlias = Callable[[Mapping[str, int]], None]
"""Raises when a set of so many contracts by exchange must not be stored."""


class ContractLookup(Protocol):
    """Instruments by name, by number and by what they are."""

    def find(self, key: SymbolKey) -> Contract:
        """The contract of *key*; raises `SymbolNotFound`, which says so when the store is empty."""
        ...

    def named(self, refs: Iterable[InstrumentRef]) -> Mapping[InstrumentRef, Contract]:
        """The contracts of those *refs* that are known."""
        ...

    def search(
        self, text: str = "", exchange: Exchange | None = None, limit: int | None = 20, terms: Terms = ANY
    ) -> tuple[Contract, ...]:
        """Contracts whose symbol or description holds every word of *text*, and that meet *terms*.

        The shortest symbols come first; a *limit* of ``None`` gives all.
        """
        ...


class ContractLoads(Protocol):
    """One set of instruments after the other, of which one is in force."""

    def replace_all(self, contracts: Iterable[Contract]) -> int:
        """Put *contracts* in the place of all this broker's contracts, at once or not at all; return their number."""
        ...

    def replace_rows(self, rows: Iterable[Row], approve: Approve | None = None) -> Load:
        """The same for *rows*, which are read once and never all in memory at a time where a database keeps them.

        Of two with one name or one number on an exchange the earlier is kept. *approve* is told how many each exchange
        has before the set is in force; what it raises leaves the one of before in place, as does an error of *rows*.
        Raises `ValueError` when there are none.
        """
        ...

    def last_load(self) -> Load | None:
        """The set in force; ``None`` before the first."""
        ...

    def changes(self) -> tuple[Change, ...]:
        """What the last load changed of the set before it, in the order of `in_order`; nothing when there was none."""
        ...


class ContractRows(Protocol):
    """The whole set in force, for those who keep a picture of it."""

    def generation(self) -> int:
        """A number that is another one once another set is in force, whichever process has stored it."""
        ...

    def numbers(self) -> Iterable[tuple[str, str, int]]:
        """Symbol, exchange and token of every contract of the set in force."""
        ...

    def rows(self) -> Sequence[Row]:
        """Every contract of the set in force, as a plain row."""
        ...


class Contracts(ContractLookup, ContractLoads, ContractRows, Protocol):
    """The instruments of one broker."""

    def close(self) -> None:
        """Let go of files and connections."""
        ...
