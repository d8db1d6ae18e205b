"""The last good contracts stay until all of today's have been read and found good enough (X9)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from fakes.samples import FUTURE, INDEX, SHARE
from fakes.script import Scene, outcome_of, play
from jainam.domain.errors import BrokerUnavailable, JainamError, UnexpectedReply
from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.listings import Listing, row_of
from jainam.domain.loading import Loading, SegmentRead, load_contracts
from jainam.domain.loads import Care, Load
from jainam.domain.reports import ContractsReport
from jainam.domain.steps import DownloadMaster, LastLoad, ReadIndexes, ReplaceContracts, Step, Tell
from jainam.domain.vocabulary import Exchange

TODAY = dt.date(2026, 1, 12)
YESTERDAY = dt.datetime(2026, 1, 11, 8, 0, tzinfo=dt.UTC)


def listing(*contracts: Contract, bad: int = 0, **left_out: int) -> Listing:
    """A part of a master with these contracts and so many bad rows."""
    return Listing(
        rows=tuple(map(row_of, contracts)),
        lines=len(contracts) + bad + sum(left_out.values()),
        left_out=left_out,
        unreadable=bad,
        troubles=tuple(f"line {number}: it is bad" for number in range(1, bad + 1)),
    )


def stored(rows: int, **counts: int) -> Load:
    """A set that was stored yesterday."""
    return Load(loaded_at=YESTERDAY, rows=rows, counts=counts)


def shares(count: int, exchange: Exchange = Exchange.NSE) -> tuple[Contract, ...]:
    """So many shares of one exchange."""
    return tuple(evolve(SHARE, key=SymbolKey(f"S{n}", exchange), token=Token(n)) for n in range(1, count + 1))


def test_every_segment_is_read_before_one_row_is_replaced() -> None:
    """Segments, then indices, then one replacement of the whole; how much each brought is told."""
    load = stored(2, NSE=1, NSE_INDEX=1)
    report = play(
        load_contracts(("NSECM", "NSEFO"), ("NSECM",), TODAY),
        (DownloadMaster("NSECM", TODAY), listing(SHARE, spread=3)),
        (Tell(SegmentRead("NSECM", 1, {"spread": 3})), None),
        (DownloadMaster("NSEFO", TODAY), listing()),
        (Tell(SegmentRead("NSEFO", 0)), None),
        (ReadIndexes("NSECM"), listing(INDEX)),
        (Tell(SegmentRead("NSECM indices", 1)), None),
        (LastLoad(), None),
        (Tell(Loading(2)), None),
        (ReplaceContracts([row_of(SHARE), row_of(INDEX)]), load),
    )

    assert report == ContractsReport({"NSECM": 1, "NSEFO": 0, "NSECM indices": 1}, 2, left_out={"spread": 3}, load=load)


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
    scene = Scene({DownloadMaster: listing(), ReadIndexes: listing(INDEX)})
    with pytest.raises(UnexpectedReply, match="the old contracts are kept"):
        scene.run(load_contracts(("NSECM", "NSEFO"), ("NSECM",), TODAY))

    assert not scene.asked(ReplaceContracts)


def test_first_contract_of_a_name_or_a_number_wins() -> None:
    """A name or number that comes twice belongs to its first contract; another exchange's is another name."""
    same_name = evolve(SHARE, token=Token(99999), series="BE")
    same_number = evolve(SHARE, key=SymbolKey("RELIANCEP1", Exchange.NSE))
    found = listing(SHARE, same_name, same_number, FUTURE)
    scene = Scene({DownloadMaster: found, LastLoad: None, ReplaceContracts: stored(2)})
    report = scene.run(load_contracts(("NSECM",), (), TODAY))

    assert scene.asked(ReplaceContracts) == [ReplaceContracts([row_of(SHARE), row_of(FUTURE)])]
    assert (report.segments, report.total, report.left_out) == ({"NSECM": 4}, 2, {"duplicate": 2})


# --- what is good enough -----------------------------------------------------------------------------------------


def refused(found: Listing, before: Load | None, care: Care | None = None) -> tuple[str, ...]:
    """Why the load of one segment was refused; nothing when it was taken."""
    scene = Scene({DownloadMaster: found, LastLoad: before, ReplaceContracts: stored(1)})
    outcome = outcome_of(lambda: scene.run(load_contracts(("NSECM",), (), TODAY, care)))
    if not isinstance(outcome, UnexpectedReply):
        return ()
    assert "the old ones are kept" in outcome.what
    assert not scene.asked(ReplaceContracts)
    return outcome.paths


def test_a_bad_row_in_a_hundred_is_counted_and_named() -> None:
    """One bad row in a hundred is told of and left out; the second refuses the whole load."""
    scene = Scene({DownloadMaster: listing(*shares(99), bad=1), LastLoad: None, ReplaceContracts: stored(99)})
    report = scene.run(load_contracts(("NSECM",), (), TODAY))
    assert (report.unreadable, report.troubles) == (1, ("NSECM: line 1: it is bad",))

    assert refused(listing(*shares(98), bad=2), None) == (
        "2 of 100 rows of the NSECM master cannot be read (first line 1: it is bad)",
    )
    assert not refused(listing(*shares(98), bad=2), None, Care(unreadable=Decimal("0.02")))
    assert refused(listing(*shares(99), bad=1), None, Care(unreadable=Decimal(0)))


def test_bad_rows_of_which_none_is_named_are_refused_too() -> None:
    """A count alone is enough."""
    found = Listing(rows=[row_of(SHARE)], lines=2, unreadable=1)

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
