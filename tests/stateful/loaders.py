"""Loaders of contracts are killed at random moments, and whoever looks up meanwhile always meets one whole set (X9)."""

from __future__ import annotations

import random
import time
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from attrs import define
from stateful.processes import started

from jainam.adapters.peewee_contracts import PeeweeContracts
from jainam.domain.listings import Row

__all__ = ["Loads", "kill_a_loader", "load_for_ever"]

SIZES = (700, 800, 900)
"""How many contracts each set has; every contract of a set has that number for its lot."""
LONGEST = 0.15
BEGINS = 30


@define
class Loads:
    """What all kills came to; *cut_off* are those that met a load under way, as far as the loader can tell."""

    kills: int = 0
    look_ups: int = 0
    cut_off: int = 0
    partial: int = 0


def set_of(size: int) -> list[Row]:
    """A set of that size, which can be recognised by any row of it."""
    more = (None, None, None, None, None, "1", "EQ", "", "")
    return [
        ("NSE", f"S{number}", number, "EQ", f"S{number}", f"S{number}", "NSECM", size, "0.05", *more)
        for number in range(1, size + 1)
    ]


def load_for_ever(file: Path, line: Connection) -> None:
    """Store one set after the other until killed; tell when a load begins and when it is done."""
    store = PeeweeContracts(file)
    sets = [set_of(size) for size in SIZES]
    for number in count():
        line.send("begins")
        store.replace_rows(sets[number % len(sets)])
        line.send("done")


def kill_a_loader(file: Path, chance: random.Random, tally: Loads) -> list[str]:
    """Let a loader work on *file* and kill it, looking up all the time; what was met that was no whole set."""
    child = started(load_for_ever, file)
    store = PeeweeContracts(file)
    wrong: list[str] = []
    try:
        for _ in range(2):  # the first load is done, so that there is a set to be kept
            if not child.line.poll(BEGINS):
                return ["a loader did not begin to load"]
            last = child.line.recv()
        until = time.monotonic() + chance.uniform(0, LONGEST)
        while time.monotonic() < until:
            wrong += _look(store, tally)
        child.process.kill()
        child.process.join()
        try:
            while child.line.poll(0):
                last = child.line.recv()
        except EOFError:
            pass  # all that it had said
        tally.cut_off += last == "begins"
        tally.kills += 1
        return wrong + _look(store, tally)
    finally:
        if child.process.is_alive():
            child.process.kill()
            child.process.join()
        child.line.close()
        store.close()


def _look(store: PeeweeContracts, tally: Loads) -> list[str]:
    rows = store.rows()
    load = store.last_load()
    tally.look_ups += 1
    lots = {row[7] for row in rows}
    if lots == {len(rows)} and load is not None and load.rows == sum(load.counts.values()):
        return []
    tally.partial += 1
    return [f"{len(rows)} rows with the lots {sorted(lots)} were met"]
