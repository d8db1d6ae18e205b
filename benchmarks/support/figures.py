"""Figures: each a ratio of two things measured in the same run, with a limit it must keep."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from attrs import frozen


@frozen
class Figure:
    """One result; a limit of ``None`` is shown for orientation and cannot be missed."""

    name: str
    value: float
    limit: float | None = None
    unit: str = "x"

    @property
    def is_missed(self) -> bool:
        """True when the value is above its limit."""
        return self.limit is not None and self.value > self.limit

    def __str__(self) -> str:
        verdict = "" if self.limit is None else "missed" if self.is_missed else "ok"
        limit = "-" if self.limit is None else f"{self.limit:.2f}{self.unit}"
        return f"{self.name:<66} {self.value:>9.2f}{self.unit:<2} limit {limit:<8} {verdict}".rstrip()


def report(figures: list[Figure]) -> int:
    """Print one line per figure and return the exit code: 1 when a limit is missed."""
    print()
    for figure in figures:
        print(figure)
    return int(any(figure.is_missed for figure in figures))


def cpu_seconds(work: Callable[[], object]) -> float:
    """The processor time of this process that *work* takes."""
    before = time.process_time()
    work()
    return time.process_time() - before


def on_top(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The median seconds of processor time, and of the clock on the wall, that *ours* takes more than *theirs*."""
    ours(), theirs()
    pairs = [(_spent(ours), _spent(theirs)) for _ in range(rounds)]
    return (
        statistics.median(mine[0] - least[0] for mine, least in pairs),
        statistics.median(mine[1] - least[1] for mine, least in pairs),
    )


def _spent(work: Callable[[], object]) -> tuple[float, float]:
    began = time.perf_counter()
    return cpu_seconds(work), time.perf_counter() - began


def side_by_side(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Median seconds of each, and the median of their ratios, measured in turns so that both meet the same machine."""
    ours(), theirs()  # warm caches, connections and code paths
    pairs = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(rounds)]
    return (
        statistics.median(pair[0] for pair in pairs),
        statistics.median(pair[1] for pair in pairs),
        statistics.median(pair[0] / pair[1] for pair in pairs),
    )
