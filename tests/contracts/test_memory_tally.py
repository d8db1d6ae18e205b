"""What one process remembers keeps the promises."""

from __future__ import annotations

import pytest

from contracts.tally_suite import TallySuite
from jainam.adapters.tally_files import MemoryTally


class TestMemoryTally(TallySuite):
    @pytest.fixture
    def tally(self) -> MemoryTally:
        return MemoryTally()
