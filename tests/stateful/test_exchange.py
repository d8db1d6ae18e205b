"""No sequence of faults and kills doubles, loses or invents an order (X1)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from stateful.days import DAYS, prepared
from stateful.machine import AsyncTradingDay, TradingDay

from jainam.adapters.memory_journal import MemoryJournal
from jainam.domain import placing
from jainam.domain.errors import JainamError, OutcomeUnknown
from jainam.domain.journal import Meant
from jainam.domain.patience import after_sending, sent_once
from jainam.domain.steps import BrokerStep, Flow

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


class OneByOneDay(TradingDay):
    """A day without threads, whose failures come again when they are looked at once more."""

    workers = 1


def resent(step: BrokerStep[Any], failure: JainamError) -> Flow[Any]:
    """What a client does that knows no better: sends again whatever got no answer."""
    if isinstance(failure, OutcomeUnknown):
        return (yield from sent_once(step))
    return (yield from after_sending(step, failure))


def nothing_meant(*_: object) -> tuple[Meant, ...]:
    return ()


@pytest.mark.parametrize(
    ("where", "name", "planted"),
    [(placing, "after_sending", resent), (MemoryJournal, "placed_on", nothing_meant)],
    ids=["a blind resend", "forgetting what was meant"],
)
def test_what_doubles_orders_is_noticed(
    where: object, name: str, planted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that sends twice, or decides without its journal, does not get through its days."""
    monkeypatch.setattr(where, name, planted)
    until_noticed = settings(
        SETTINGS, max_examples=400, derandomize=True, database=None, phases=[Phase.generate], report_multiple_bugs=False
    )

    with pytest.raises(AssertionError):
        run_state_machine_as_test(OneByOneDay, settings=until_noticed)
