"""No sequence of faults doubles, loses or invents an order (X1)."""

from __future__ import annotations

from hypothesis import settings
from stateful.machine import AsyncTradingDay, TradingDay

SETTINGS = settings(max_examples=50, stateful_step_count=25, deadline=None)

TestTradingDay = TradingDay.TestCase
TestTradingDay.settings = SETTINGS

TestAsyncTradingDay = AsyncTradingDay.TestCase
TestAsyncTradingDay.settings = SETTINGS
