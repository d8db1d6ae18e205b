"""Loading the master contract: every segment is here before one row is replaced, and all or none are (X9, AC 1.1.3)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain

from attrs import field, frozen

from jainam.domain.errors import JainamError, UnexpectedReply
from jainam.domain.listings import Listing, Tally
from jainam.domain.loads import Care, Load, concerns
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

__all__ = ["Loading", "SegmentRead", "SegmentStored", "load_contracts"]


@frozen
class SegmentRead:
    """A segment of the master is here, about so many *rows* of it; zero where the account may not trade it."""

    segment: str
    rows: int


@frozen
class Loading:
    """About so many rows are being looked at, to take the place of the contracts before."""

    rows: int


@frozen
class SegmentStored:
    """So many *contracts* of a segment are in force.

    *left_out* rows are understood and not wanted, by reason; *unreadable* ones are bad, and *troubles* names the first.
    """

    segment: str
    contracts: int
    left_out: dict[str, int] = field(factory=dict)
    unreadable: int = 0
    troubles: tuple[str, ...] = ()


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
    tallies = {name: listing.tally for name, listing in listings.items()}
    before = yield from LastLoad()
    yield from Tell(Loading(sum(listing.lines for listing in listings.values())))
    load = yield from ReplaceContracts(
        # The rows are looked at while they are stored; what is wrong with them undoes the whole.
        chain.from_iterable(listing.rows for listing in listings.values()),
        partial(_approve, segments, tallies, before, care or Care()),
    )
    for name, tally in tallies.items():
        troubles = tuple(tally.troubles)
        yield from Tell(SegmentStored(name, tally.contracts, tally.left_out, tally.unreadable, troubles))
    return ContractsReport(
        {name: tally.contracts for name, tally in tallies.items()},
        load.rows,
        left_out=_left_out(tallies.values(), load.rows),
        unreadable=sum(tally.unreadable for tally in tallies.values()),
        troubles=tuple(f"{name}: {words}" for name, tally in tallies.items() for words in tally.troubles),
        load=load,
    )


def _read(name: str, read: DownloadMaster | ReadIndexes) -> Flow[Listing]:
    found: Listing = yield from patiently(read)
    yield from Tell(SegmentRead(name, found.lines))
    return found


def _approve(
    segments: tuple[str, ...],
    tallies: Mapping[str, Tally],
    before: Load | None,
    care: Care,
    counts: Mapping[str, int],
) -> None:
    """Raise every reason why a set of *counts* by exchange must not take the place of the one *before*."""
    if not any(tallies[segment].contracts for segment in segments):
        raise UnexpectedReply("the instrument master is empty for every segment; the old contracts are kept")
    if reasons := tuple(concerns(tallies, counts, before, care)):
        raise UnexpectedReply("the new contracts were not stored and the old ones are kept", reasons)


def _left_out(tallies: Iterable[Tally], stored: int) -> dict[str, int]:
    """How many rows were left out, by reason, over all segments."""
    total: Counter[str] = Counter()
    contracts = 0
    for tally in tallies:
        total.update(tally.left_out)
        contracts += tally.contracts
    if contracts > stored:
        total["duplicate"] += contracts - stored
    return dict(total)
