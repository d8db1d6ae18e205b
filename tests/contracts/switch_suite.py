"""What every kill switch promises (X10)."""

from __future__ import annotations

import logging

import pytest

from fakes.clock import MORNING
from jainam.domain.guards import Halt
from jainam.ports.switch import Switch

__all__ = ["SwitchSuite"]


class SwitchSuite:
    """Derive, and give a fixture `switch` whose clock stands at `MORNING`."""

    def test_a_new_switch_stops_nothing(self, switch: Switch) -> None:
        """Nobody is stopped before somebody trips it."""
        assert switch.tripped() is None
        assert switch.release("asha") is None

    def test_it_says_who_stopped_entries_when_and_why(self, switch: Switch) -> None:
        """What was said when it was tripped is told to everyone who is stopped."""
        switch.trip("the feed is down ☂", "asha")

        assert switch.tripped() == Halt(reason="the feed is down ☂", by="asha", at=MORNING)
        assert switch.tripped() == switch.tripped()

    def test_it_stays_tripped_until_it_is_released(self, switch: Switch) -> None:
        """Releasing returns what it had been tripped for, once."""
        switch.trip("too fast", "the guard rails")

        assert switch.release("asha") == Halt(reason="too fast", by="the guard rails", at=MORNING)
        assert switch.tripped() is None
        assert switch.release("asha") is None

    def test_the_last_words_count(self, switch: Switch) -> None:
        """Tripped twice, it is tripped once, for the newer reason."""
        switch.trip("first", "asha")
        switch.trip("second", "ravi")

        halt = switch.release("asha")

        assert halt is not None
        assert (halt.reason, halt.by) == ("second", "ravi")
        assert switch.tripped() is None

    def test_a_release_is_on_record(self, switch: Switch, caplog: pytest.LogCaptureFixture) -> None:
        """Who let entries through again is in the log, and nobody who only tried."""
        with caplog.at_level(logging.WARNING, "jainam"):
            switch.release("nobody")
            switch.trip("too fast", "asha")
            switch.release("ravi")

        assert "entries are let through again by ravi" in caplog.messages
        assert not any("nobody" in message for message in caplog.messages)
