"""Loading the master contract: every segment is read and looked at before one row is replaced (X9, AC 1.1.3)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from operator import itemgetter

from attrs import field, frozen

from jainam.domain.errors import JainamError, UnexpectedReply
from jainam.domain.listings import Listing, merged
from jainam.domain.loads import Care, concerns
from jainam.domain.patience import patiently
from jainam.domain.reports import ContractsReport
from jainam.domain.steps import (
    DownloadMaster,
    Flow,
    LastLoad,
    ReadIndexes,
    ReplaceContracts,
    Tell,
    Together,
)

__all__ = ["Loading", "SegmentRead", "load_contracts"]


@frozen
class SegmentRead:
    """A segment of the master was read and holds so many contracts; zero where the account may not trade it.

    *left_out* rows are understood and not wanted, by reason; *unreadable* ones are bad, and *troubles* names the first.
    """

    segment: str
    contracts: int
    left_out: dict[str, int] = field(factory=dict)
    unreadable: int = 0
    troubles: tuple[str, ...] = ()


@frozen
class Loading:
    """So many contracts are about to take the place of the ones before."""

    contracts: int


def load_contracts(
    segments: tuple[str, ...], index_segments: tuple[str, ...], today: dt.date, care: Care | None = None
) -> Flow[ContractsReport]:
    """Put today's contracts of *segments* and the indices of *index_segments* in the place of yesterday's.

    All are downloaded at once, as fast as the broker's limits let them. Nothing is replaced when one of them cannot be
    read, when no segment holds any contract, or when *care* finds the whole no match for the set before; the error
    names every reason.
    """
    names = (*segments, *(f"{segment} indices" for segment in index_segments))
    reads: tuple[DownloadMaster | ReadIndexes, ...] = (
        *(DownloadMaster(segment, today) for segment in segments),
        *(ReadIndexes(segment) for segment in index_segments),
    )
    outcomes = yield from Together(tuple(_read(name, read) for name, read in zip(names, reads, strict=True)))
    listings: dict[str, Listing] = {}
    for name, outcome in zip(names, outcomes, strict=True):
        if isinstance(outcome, JainamError):
            raise outcome
        listings[name] = outcome
    if not any(listings[segment].rows for segment in segments):
        raise UnexpectedReply("the instrument master is empty for every segment; the old contracts are kept")
    rows, repeated = merged(listing.rows for listing in listings.values())
    before = yield from LastLoad()
    counts = Counter(map(itemgetter(0), rows))
    if reasons := tuple(concerns(listings, counts, before, care or Care())):
        raise UnexpectedReply("the new contracts were not stored and the old ones are kept", reasons)
    yield from Tell(Loading(len(rows)))
    load = yield from ReplaceContracts(rows)
    return ContractsReport(
        {name: len(listing.rows) for name, listing in listings.items()},
        load.rows,
        left_out=_left_out(listings, repeated),
        unreadable=sum(listing.unreadable for listing in listings.values()),
        troubles=tuple(f"{name}: {words}" for name, listing in listings.items() for words in listing.troubles),
        load=load,
    )


def _read(name: str, read: DownloadMaster | ReadIndexes) -> Flow[Listing]:
    found: Listing = yield from patiently(read)
    yield from Tell(SegmentRead(name, len(found.rows), dict(found.left_out), found.unreadable, found.troubles))
    return found


def _left_out(listings: dict[str, Listing], repeated: int) -> dict[str, int]:
    """How many rows were left out, by reason, over all segments."""
    total: Counter[str] = Counter()
    for listing in listings.values():
        total.update(listing.left_out)
    if repeated:
        total["duplicate"] += repeated
    return dict(total)
