"""What a desk keeps in its journal, and what it looks for again (X1)."""

from __future__ import annotations

import datetime as dt

from attrs import evolve

from fakes.samples import NOW, order
from fakes.samples import meant as sample
from jainam.adapters.memory_journal import MemoryJournal
from jainam.adapters.record import Record
from jainam.domain.journal import Ending, Intent, Verdict
from jainam.domain.orders import OrderTag


def intent(tag: str, days: float) -> Intent:
    """An order that was meant so many days ago."""
    made = sample(tag=tag).intent
    return evolve(made, at=NOW - dt.timedelta(days=days), order=order())


def test_what_is_open_is_today_s_and_what_earlier_days_left_without_an_ending() -> None:
    """Today's doubts are looked for again and again, an earlier day's once: until somebody has written its ending."""
    journal = MemoryJournal()
    record = Record(journal, now=lambda: NOW)
    for tag, days in (("old", 30), ("left", 1), ("doubted", 1), ("today", 0), ("done", 0)):
        journal.meant(intent(tag, days))
    for tag, verdict in (("doubted", Verdict.UNKNOWN), ("today", Verdict.UNKNOWN), ("done", Verdict.DONE)):
        journal.ended(Ending(key=OrderTag(tag), at=NOW, verdict=verdict))

    assert [meant.intent.tag for meant in record.unsettled()] == ["left", "today"]
    record.conclude("left", Verdict.UNKNOWN)
    assert [meant.intent.tag for meant in record.unsettled()] == ["today"]
