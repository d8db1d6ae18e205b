"""No sequence of faults and kills doubles, loses or invents an order (X1)."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from stateful.days import DAYS, prepared
from stateful.machine import AsyncTradingDay, TradingDay

SETTINGS = settings(max_examples=50, stateful_step_count=25, deadline=None)
# The rest of them, and more of each, is in `make soak`.
FEW = settings(max_examples=4, stateful_step_count=15, deadline=None)

TestTradingDay = TradingDay.TestCase
TestTradingDay.settings = SETTINGS

TestAsyncTradingDay = AsyncTradingDay.TestCase
TestAsyncTradingDay.settings = SETTINGS


@pytest.mark.parametrize("kind", [kind for kind in DAYS if "InPlace" not in kind.__name__])
def test_other_days_are_no_different(kind: type[TradingDay]) -> None:
    """With a journal in a file, and over HTTP with each of the transports, the same holds (X13)."""
    with prepared(kind):
        run_state_machine_as_test(kind, settings=FEW)
