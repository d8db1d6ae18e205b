"""The last good contracts stay until all of today's have been read and found good enough (X9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from fakes.samples import FUTURE, INDEX, SHARE
from fakes.script import Scene, outcome_of
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.errors import BrokerUnavailable, JainamError, UnexpectedReply
from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.listings import Listing, Row, Tally, row_of
from jainam.domain.loading import Loading, SegmentRead, SegmentStored, load_contracts
from jainam.domain.loads import Care, Load
from jainam.domain.reports import ContractsReport
from jainam.domain.steps import DownloadMaster, LastLoad, ReadIndexes, ReplaceContracts, Step, Tell
from jainam.domain.vocabulary import Exchange

TODAY = dt.date(2026, 1, 12)
YESTERDAY = dt.datetime(2026, 1, 11, 8, 0, tzinfo=dt.UTC)


def listing(*contracts: Contract, bad: int = 0, **left_out: int) -> Listing:
    """A part of a master with these contracts and so many bad rows."""
    lines = len(contracts) + bad + sum(left_out.values())
    troubles = [f"line {number}: it is bad" for number in range(1, bad + 1)]
    tally = Tally(lines=lines, contracts=len(contracts), left_out=left_out, unreadable=bad, troubles=troubles)
    return Listing(tuple(map(row_of, contracts)), lines, tally)


def stored(rows: int, **counts: int) -> Load:
    """A set that was stored yesterday."""
    return Load(loaded_at=YESTERDAY, rows=rows, counts=counts)


def shares(count: int, exchange: Exchange = Exchange.NSE) -> tuple[Contract, ...]:
    """So many shares of one exchange."""
    return tuple(evolve(SHARE, key=SymbolKey(f"S{n}", exchange), token=Token(n)) for n in range(1, count + 1))


def keeper(kept: list[Row] | None = None) -> Callable[[ReplaceContracts], Load]:
    """A store for a scene; what it holds in the end is in *kept*."""

    def replace(step: ReplaceContracts) -> Load:
        store = MemoryContracts()
        load = store.replace_rows(step.rows, step.approve)
        if kept is not None:
            kept[:] = store.rows()
        return load

    return replace


def test_every_segment_is_read_before_one_row_is_replaced() -> None:
    """Segments, then indices, then one replacement of the whole; how much each brought is told."""
    kept: list[Row] = []
    scene = Scene(
        {
            DownloadMaster: [listing(SHARE, spread=3), listing()],
            ReadIndexes: listing(INDEX),
            LastLoad: None,
            ReplaceContracts: keeper(kept),
        }
    )
    report = scene.run(load_contracts(("NSECM", "NSEFO"), ("NSECM",), TODAY))

    assert kept == [row_of(SHARE), row_of(INDEX)]
    assert [type(step) for step in scene.steps[-6:]] == [LastLoad, Tell, ReplaceContracts, Tell, Tell, Tell]
    assert scene.told() == [
        SegmentRead("NSECM", 4),
        SegmentRead("NSEFO", 0),
        SegmentRead("NSECM indices", 1),
        Loading(5),
        SegmentStored("NSECM", 1, {"spread": 3}),
        SegmentStored("NSEFO", 0),
        SegmentStored("NSECM indices", 1),
    ]
    counts = {"NSECM": 1, "NSEFO": 0, "NSECM indices": 1}
    assert report == ContractsReport(counts, 2, left_out={"spread": 3}, load=report.load)


@pytest.mark.parametrize("error", [BrokerUnavailable("bad gateway"), UnexpectedReply("master", ["row 7"])], ids=repr)
@pytest.mark.parametrize("kind", [DownloadMaster, ReadIndexes])
def test_segment_that_fails_replaces_nothing(
    kind: type[DownloadMaster] | type[ReadIndexes], error: JainamError
) -> None:
    """When one segment cannot be read, the old contracts are kept (X9)."""
    good = {DownloadMaster: listing(SHARE), ReadIndexes: listing(INDEX)}
    answers: dict[type[Step[Any]], object] = {**good, kind: [good[kind], error]}
    scene = Scene(answers)
    with pytest.raises(type(error)):
        scene.run(load_contracts(("NSECM", "NSEFO"), ("NSECM", "BSECM"), TODAY))

    assert not scene.asked(ReplaceContracts)


def test_empty_master_replaces_nothing() -> None:
    """A master without a single contract is an error, and indices alone are no master (X9)."""
    kept: list[Row] = []
    answers: dict[type[Step[Any]], object] = {
        DownloadMaster: listing(),
        ReadIndexes: listing(INDEX),
        LastLoad: None,
        ReplaceContracts: keeper(kept),
    }
    with pytest.raises(UnexpectedReply, match="the old contracts are kept"):
        Scene(answers).run(load_contracts(("NSECM", "NSEFO"), ("NSECM",), TODAY))

    assert not kept


def test_first_contract_of_a_name_or_a_number_wins() -> None:
    """A name or number that comes twice belongs to its first contract; another exchange's is another name."""
    same_name = evolve(SHARE, token=Token(99999), series="BE")
    same_number = evolve(SHARE, key=SymbolKey("RELIANCEP1", Exchange.NSE))
    kept: list[Row] = []
    found = listing(SHARE, same_name, same_number, FUTURE)
    scene = Scene({DownloadMaster: found, LastLoad: None, ReplaceContracts: keeper(kept)})
    report = scene.run(load_contracts(("NSECM",), (), TODAY))

    assert kept == [row_of(SHARE), row_of(FUTURE)]
    assert (report.segments, report.total, report.left_out) == ({"NSECM": 4}, 2, {"duplicate": 2})


# --- what is good enough -----------------------------------------------------------------------------------------


def refused(found: Listing, before: Load | None, care: Care | None = None) -> tuple[str, ...]:
    """Why the load of one segment was refused; nothing when it was taken."""
    kept: list[Row] = []
    scene = Scene({DownloadMaster: found, LastLoad: before, ReplaceContracts: keeper(kept)})
    outcome = outcome_of(lambda: scene.run(load_contracts(("NSECM",), (), TODAY, care)))
    if not isinstance(outcome, UnexpectedReply):
        return ()
    assert "the old ones are kept" in outcome.what
    assert not kept
    return outcome.paths


def test_a_bad_row_in_a_hundred_is_counted_and_named() -> None:
    """One bad row in a hundred is told of and left out; the second refuses the whole load."""
    scene = Scene({DownloadMaster: listing(*shares(99), bad=1), LastLoad: None, ReplaceContracts: keeper()})
    report = scene.run(load_contracts(("NSECM",), (), TODAY))
    assert (report.unreadable, report.troubles) == (1, ("NSECM: line 1: it is bad",))

    assert refused(listing(*shares(98), bad=2), None) == (
        "2 of 100 rows of the NSECM master cannot be read (first line 1: it is bad)",
    )
    assert not refused(listing(*shares(98), bad=2), None, Care(unreadable=Decimal("0.02")))
    assert refused(listing(*shares(99), bad=1), None, Care(unreadable=Decimal(0)))


def test_bad_rows_of_which_none_is_named_are_refused_too() -> None:
    """A count alone is enough."""
    found = Listing([row_of(SHARE)], 2, Tally(lines=2, contracts=1, unreadable=1))

    assert refused(found, None) == ("1 of 2 rows of the NSECM master cannot be read",)


def test_an_exchange_that_has_shrunk_or_gone_is_refused() -> None:
    """Half of yesterday's contracts will do, fewer will not, and an exchange that is gone is named (X9)."""
    assert not refused(listing(*shares(50)), stored(100, NSE=100))
    assert refused(listing(*shares(49)), stored(100, NSE=100)) == ("NSE had 100 contracts and has 49",)
    assert refused(listing(*shares(3)), stored(103, NSE=3, NFO=100)) == ("NFO had 100 contracts and has 0",)
    assert not refused(listing(*shares(49)), stored(100, NSE=100), Care(shrunken=Decimal("0.6")))
    assert not refused(listing(*shares(1)), stored(200, NSE=100, NFO=100), Care(shrunken=Decimal(1)))


def test_an_exchange_that_is_needed_must_list_something() -> None:
    """What the owner needs must be there on the first day as well."""
    care = Care(needed=("NSE", "NFO"))

    assert refused(listing(SHARE), None, care) == ("NFO lists nothing, and it is needed",)
    assert not refused(listing(SHARE, FUTURE), None, care)


def test_every_reason_is_given() -> None:
    """Whoever must look into it is told everything at once."""
    reasons = refused(listing(SHARE, bad=1), stored(9, NSE=5, NFO=4), Care(needed=("BSE",)))

    assert len(reasons) == 4
