"""The journal in memory keeps what journals promise."""

from __future__ import annotations

import pytest

from contracts.journal_suite import JournalSuite, Opener
from jainam.adapters.memory_journal import MemoryJournal


class TestMemoryJournal(JournalSuite):
    @pytest.fixture
    def opened(self) -> Opener:
        return MemoryJournal

    def test_never_waits(self) -> None:
        """An event loop may call it."""
        assert not MemoryJournal().is_slow
