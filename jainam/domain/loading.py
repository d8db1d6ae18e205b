"""Loading the master contract: every segment is read and looked at before one row is replaced (X9, AC 1.1.3)."""

from __future__ import annotations

import datetime as dt

from attrs import frozen

from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import Contract
from jainam.domain.patience import patiently
from jainam.domain.reports import ContractsReport
from jainam.domain.steps import DownloadMaster, Flow, ReadIndexes, ReplaceContracts, Tell

__all__ = ["SegmentRead", "load_contracts"]


@frozen
class SegmentRead:
    """A segment of the master was read and holds so many contracts; zero where the account may not trade it."""

    segment: str
    contracts: int


def load_contracts(segments: tuple[str, ...], index_segments: tuple[str, ...], today: dt.date) -> Flow[ContractsReport]:
    """Put today's contracts of *segments* and the indices of *index_segments* in the place of yesterday's.

    Nothing is replaced when a segment cannot be read, or when no segment holds any contract.
    """
    counts: dict[str, int] = {}
    rows: dict[tuple[str, str], Contract] = {}
    for segment in segments:
        found = yield from patiently(DownloadMaster(segment, today))
        yield from Tell(SegmentRead(segment, len(found)))
        counts[segment] = len(found)
        _add(rows, found)
    if not rows:
        raise UnexpectedReply("the instrument master is empty for every segment; the old contracts are kept")
    for segment in index_segments:
        found = yield from patiently(ReadIndexes(segment))
        name = f"{segment} indices"
        yield from Tell(SegmentRead(name, len(found)))
        counts[name] = len(found)
        _add(rows, found)
    total = yield from ReplaceContracts(tuple(rows.values()))
    return ContractsReport(counts, total)


def _add(rows: dict[tuple[str, str], Contract], found: tuple[Contract, ...]) -> None:
    """Keep the first contract of each name: the codec gives the one that owns a plain symbol first."""
    for contract in found:
        rows.setdefault((contract.key.exchange.value, contract.key.symbol), contract)
