"""A contract store that remembers what it was asked and fails when told to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.errors import JainamError
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.listings import Row
from jainam.domain.loads import Load
from jainam.ports.contracts import Approve

__all__ = ["FakeContracts"]


class FakeContracts(MemoryContracts):
    """Keeps contracts as the real stores do; *trouble*, while it is set, is raised instead of an answer."""

    def __init__(self, contracts: Iterable[Contract] = ()) -> None:
        super().__init__(contracts)
        self.asked: list[SymbolKey] = []
        self.trouble: JainamError | None = None

    def find(self, key: SymbolKey) -> Contract:
        """The contract of *key*."""
        self.asked.append(key)
        self._complain()
        return super().find(key)

    def named(self, refs: Iterable[InstrumentRef]) -> Mapping[InstrumentRef, Contract]:
        """The contracts of those *refs* that are known."""
        self._complain()
        return super().named(refs)

    def replace_rows(self, rows: Iterable[Row], approve: Approve | None = None) -> Load:
        """Put *rows* in the place of all contracts."""
        self._complain()
        return super().replace_rows(rows, approve)

    def _complain(self) -> None:
        if self.trouble is not None:
            raise self.trouble
