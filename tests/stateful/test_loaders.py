"""A loader that is killed leaves the old contracts or the new ones, and look-ups meanwhile meet no mixture (X9)."""

from __future__ import annotations

import random
from pathlib import Path

from stateful.loaders import Loads, kill_a_loader

from jainam.adapters.peewee_contracts import PeeweeContracts


def test_killed_loaders_leave_whole_sets(tmp_path: Path) -> None:
    """After each of some kills, and all the time before, one whole set is in force; then a load goes on as ever."""
    chance, tally, file = random.Random(3), Loads(), tmp_path / "contracts.db"
    for _ in range(8):
        assert kill_a_loader(file, chance, tally) == []

    assert (tally.kills, tally.partial) == (8, 0)
    assert tally.look_ups > 8
    assert tally.cut_off > 0
    assert PeeweeContracts(file).last_load() is not None
