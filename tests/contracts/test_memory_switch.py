"""The switch of one process keeps what switches promise."""

from __future__ import annotations

import pytest

from contracts.switch_suite import SwitchSuite
from fakes.clock import FakeClock
from jainam.adapters.switch_files import MemorySwitch


class TestMemorySwitch(SwitchSuite):
    @pytest.fixture
    def switch(self) -> MemorySwitch:
        return MemorySwitch(FakeClock().now)
