"""The store in memory, and the fake made of it, keep what contract stores promise."""

from __future__ import annotations

import pytest

from contracts.contracts_suite import SHARE, ContractsSuite, Opener
from fakes.contracts import FakeContracts
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.errors import NotConfigured


class TestMemoryContracts(ContractsSuite):
    @pytest.fixture
    def opened(self) -> Opener:
        return MemoryContracts

    def test_born_full(self) -> None:
        """A store can be opened with its contracts in it."""
        assert SHARE == MemoryContracts([SHARE]).find(SHARE.key)


class TestFakeContracts(ContractsSuite):
    @pytest.fixture
    def opened(self) -> Opener:
        return FakeContracts

    def test_trouble(self) -> None:
        """A fake told to fail fails, and remembers what it was asked."""
        store = FakeContracts([SHARE])
        store.trouble = NotConfigured("no database")

        with pytest.raises(NotConfigured):
            store.find(SHARE.key)
        with pytest.raises(NotConfigured):
            store.named([SHARE.ref])
        with pytest.raises(NotConfigured):
            store.replace_all([SHARE])

        assert [SHARE.key] == store.asked
