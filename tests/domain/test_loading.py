"""The last good contracts stay until all of today's have been read (X9)."""

import datetime as dt
from typing import Any

import pytest
from attrs import evolve

from fakes.samples import FUTURE, INDEX, SHARE
from fakes.script import Scene, play
from jainam.domain.errors import BrokerUnavailable, JainamError, UnexpectedReply
from jainam.domain.instruments import Token
from jainam.domain.loading import SegmentRead, load_contracts
from jainam.domain.reports import ContractsReport
from jainam.domain.steps import DownloadMaster, ReadIndexes, ReplaceContracts, Step, Tell

TODAY = dt.date(2026, 1, 12)


def test_every_segment_is_read_before_one_row_is_replaced() -> None:
    """Segments, then indices, then one replacement of the whole; how much each brought is told."""
    report = play(
        load_contracts(("NSECM", "NSEFO"), ("NSECM",), TODAY),
        (DownloadMaster("NSECM", TODAY), (SHARE,)),
        (Tell(SegmentRead("NSECM", 1)), None),
        (DownloadMaster("NSEFO", TODAY), ()),
        (Tell(SegmentRead("NSEFO", 0)), None),
        (ReadIndexes("NSECM"), (INDEX,)),
        (Tell(SegmentRead("NSECM indices", 1)), None),
        (ReplaceContracts((SHARE, INDEX)), 2),
    )

    assert report == ContractsReport({"NSECM": 1, "NSEFO": 0, "NSECM indices": 1}, 2)


@pytest.mark.parametrize("error", [BrokerUnavailable("bad gateway"), UnexpectedReply("master", ["row 7"])], ids=repr)
@pytest.mark.parametrize("kind", [DownloadMaster, ReadIndexes])
def test_segment_that_fails_replaces_nothing(
    kind: type[DownloadMaster] | type[ReadIndexes], error: JainamError
) -> None:
    """When one segment cannot be read, the old contracts are kept (X9)."""
    answers: dict[type[Step[Any]], object] = {DownloadMaster: (SHARE,), ReadIndexes: (INDEX,), kind: [(FUTURE,), error]}
    scene = Scene(answers)
    with pytest.raises(type(error)):
        scene.run(load_contracts(("NSECM", "NSEFO"), ("NSECM", "BSECM"), TODAY))

    assert not scene.asked(ReplaceContracts)


def test_empty_master_replaces_nothing() -> None:
    """A master without a single contract is an error, and indices alone are no master (X9)."""
    scene = Scene({DownloadMaster: (), ReadIndexes: (INDEX,)})
    with pytest.raises(UnexpectedReply, match="the old contracts are kept"):
        scene.run(load_contracts(("NSECM", "NSEFO"), ("NSECM",), TODAY))

    assert not scene.asked(ReplaceContracts, ReadIndexes)


def test_first_contract_of_a_name_wins() -> None:
    """A name that comes twice belongs to its first contract; another exchange's is another name."""
    second = evolve(SHARE, token=Token(99999), series="BE")
    scene = Scene({DownloadMaster: (SHARE, second, FUTURE), ReplaceContracts: 2})
    report = scene.run(load_contracts(("NSECM",), (), TODAY))

    assert scene.asked(ReplaceContracts) == [ReplaceContracts((SHARE, FUTURE))]
    assert report == ContractsReport({"NSECM": 3}, 2)
