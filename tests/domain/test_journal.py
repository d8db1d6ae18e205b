"""Intents and endings are found again by their keys, and refuse what could not be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from attrs import evolve

from fakes.clock import MORNING
from fakes.samples import FUTURE, order
from jainam.domain.journal import Deed, Ending, Intent, Meant, Verdict
from jainam.domain.orders import OrderId, OrderTag

PLACE = Intent(deed=Deed.PLACE, at=MORNING, tag=OrderTag("T1"), order=order(), ref=FUTURE.ref)
CANCEL = Intent(deed=Deed.CANCEL, at=MORNING, order_id=OrderId("9001"))


def test_an_order_is_found_by_its_tag() -> None:
    """The key of an order is its tag, whatever number it gets."""
    assert PLACE.key == "T1"
    assert evolve(PLACE, order_id=OrderId("9001")).key == "T1"


@pytest.mark.parametrize(("deed", "key"), [(Deed.MODIFY, "modify 9001"), (Deed.CANCEL, "cancel 9001")])
def test_what_is_done_to_an_order_is_found_by_its_number(deed: Deed, key: str) -> None:
    """The key of any other deed names the deed and the order, whatever its tag is."""
    assert evolve(CANCEL, deed=deed, tag=OrderTag("T1")).key == key


@pytest.mark.parametrize(
    ("intent", "change", "words"),
    [
        (PLACE, {"tag": None}, "to place an order needs the order and its tag"),
        (PLACE, {"tag": ""}, "to place an order needs the order and its tag"),
        (PLACE, {"order": None}, "to place an order needs the order and its tag"),
        (CANCEL, {"order_id": None}, "to cancel an order needs its number"),
        (CANCEL, {"deed": Deed.MODIFY, "order_id": ""}, "to modify an order needs its number"),
    ],
)
def test_what_could_not_be_found_again_is_refused(intent: Intent, change: dict[str, Any], words: str) -> None:
    """An intent that no ending could name is no intent."""
    with pytest.raises(ValueError, match=words):
        evolve(intent, **change)


def test_moments_carry_their_zone() -> None:
    """A time without a zone could be any time of the day, so it is refused."""
    naive = dt.datetime(2026, 1, 12, 10, 15)
    with pytest.raises(ValueError, match="needs its zone"):
        evolve(PLACE, at=naive)
    with pytest.raises(ValueError, match="needs its zone"):
        Ending(key="T1", at=naive, verdict=Verdict.DONE)


@pytest.mark.parametrize("verdict", Verdict)
def test_only_an_unknown_end_leaves_it_unsettled(verdict: Verdict) -> None:
    """Every verdict but *unknown* settles what was meant, and without one it is open."""
    assert not Meant(1, PLACE).is_settled
    ending = Ending(key="T1", at=MORNING, verdict=verdict)
    assert Meant(1, PLACE, ending).is_settled is (verdict is not Verdict.UNKNOWN)


def test_the_number_that_the_broker_gave() -> None:
    """The number of an order is the one its ending tells, else the one it was done to, else unknown."""
    done = Ending(key="T1", at=MORNING, verdict=Verdict.DONE, order_id=OrderId("9002"))
    lost = Ending(key="cancel 9001", at=MORNING, verdict=Verdict.UNKNOWN)

    assert Meant(1, PLACE).order_id is None
    assert Meant(1, PLACE, done).order_id == "9002"
    assert Meant(1, CANCEL).order_id == "9001"
    assert Meant(1, CANCEL, lost).order_id == "9001"
