"""`make soak`: thousands of days full of faults, and hundreds of kills, held against what the exchange has (X1).

SOAK_EXAMPLES, SOAK_KILLS and SOAK_LOADS (of contracts, X9) say how many, SOAK_SEED where to begin; without it, each
run plays other days.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, seed, settings
from hypothesis.errors import FlakyStrategyDefinition, HypothesisException
from hypothesis.stateful import run_state_machine_as_test
from stateful.days import DAYS, prepared
from stateful.kills import AT_ONCE, Killings, count, kill_some, slow_down
from stateful.loaders import Loads, kill_a_loader
from stateful.machine import Tally, TradingDay
from stateful.processes import EXCHANGE

from jainam.simulator import running

DAYS_AT_A_TIME = 100
KILLS_AT_A_TIME = 20
"""With one exchange and one journal; books that grow longer only slow the processes down."""
STEPS = 25
FAR = 2**32
"""Further than any seed of the same run."""


def main() -> int:
    """Play the days and do the kills that the environment asks for; 1 when anything was not as it should be."""
    logging.disable(logging.CRITICAL)  # faults are meant here, and each is told of
    examples = int(os.environ.get("SOAK_EXAMPLES", "5000"))
    kills = int(os.environ.get("SOAK_KILLS", "500"))
    start = int(os.environ.get("SOAK_SEED") or random.SystemRandom().getrandbits(32))
    print(f"{examples} days and {kills} kills; SOAK_SEED={start} plays the same days again", flush=True)
    began = time.monotonic()
    failures = _play(examples, start)
    killings = Killings()
    failures += _kill(kills, start, killings)
    loads = Loads()
    failures += _kill_loaders(int(os.environ.get("SOAK_LOADS", "200")), start, loads)
    days = [kind.tally for kind in DAYS]
    rows = {
        "days played": sum(day.days for day in days),
        "processes killed": sum(day.kills for day in days) + killings.kills,
        "orders meant": sum(day.meant for day in days) + killings.meant,
        "orders at the exchange": sum(day.at_exchange for day in days) + killings.at_exchange,
        "intents a kill left open": sum(day.left_open for day in days) + killings.left_open,
        "doubled": sum(day.doubled for day in days) + killings.doubled,
        "loaders of contracts killed": loads.kills,
        "  in the middle of a load": loads.cut_off,
        "  look-ups meanwhile": loads.look_ups,
        "  partial sets met": loads.partial,
        "unresolved": sum(day.unresolved for day in days) + killings.unresolved,
    }
    print()
    for name, number in rows.items():
        print(f"{name:<28} {number:>8}")
    print(f"{'seconds':<28} {time.monotonic() - began:>8.0f}")
    for failure in failures:
        print(f"\nFAILED: {failure}")
    return 1 if failures or loads.partial or rows["doubled"] or rows["unresolved"] else 0


def _play(examples: int, start: int) -> list[str]:
    """Play so many days, of each kind its share."""
    failures = []
    for number, (kind, share) in enumerate(DAYS.items()):
        kind.tally = Tally()
        left = round(examples * share / sum(DAYS.values()))
        with prepared(kind):
            while left > 0:
                now = min(left, DAYS_AT_A_TIME)
                left -= now
                start += 1
                failure = _played(kind, now, start + number)
                failures += [failure] if failure else []
                tally = kind.tally
                print(f"{kind.__name__:<16} {tally.days:>5} days, {tally.meant:>6} orders meant", flush=True)
    return failures


def _played(kind: type[TradingDay], examples: int, start: int) -> str:
    """Play *examples* days of one kind; what went wrong, told as briefly as it can be found, if anything did."""
    how = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(start)(kind), settings=how)
    except FlakyStrategyDefinition:
        # Nothing was wrong: the threads of a basket came in another order when Hypothesis went through a day again.
        print(f"{kind.__name__}: a day could not be repeated; other days are played in its place", flush=True)
        return _played(kind, examples, start + FAR)
    except (AssertionError, HypothesisException) as error:
        return "\n".join([f"{kind.__name__}: {error}", *getattr(error, "__notes__", ())])
    return ""


def _kill(kills: int, start: int, tally: Killings) -> list[str]:
    """Kill so many trading processes, some at a time on an exchange and a journal of their own."""
    chance = random.Random(start)
    failures = []
    while tally.kills < kills:
        with tempfile.TemporaryDirectory() as folder, running(EXCHANGE) as exchange:
            slow_down(exchange)
            for _ in range(min(KILLS_AT_A_TIME, kills - tally.kills + AT_ONCE - 1) // AT_ONCE):
                failures += kill_some(exchange, Path(folder), chance, tally)
            count(exchange, Path(folder), tally)
        print(f"{tally.kills:>5} processes killed, {tally.left_open} intents left open by that", flush=True)
    return failures


def _kill_loaders(kills: int, start: int, tally: Loads) -> list[str]:
    """Kill so many loaders of contracts, one after the other on one database."""
    chance, failures = random.Random(start), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        while tally.kills < kills and len(failures) < 5:
            failures += kill_a_loader(Path(folder) / "contracts.db", chance, tally)
    print(f"{tally.kills:>5} loaders killed, {tally.look_ups} look-ups met a whole set each", flush=True)
    return failures


if __name__ == "__main__":
    sys.exit(main())
