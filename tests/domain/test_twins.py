"""What a twin makes cannot be told from what the class itself makes."""

from __future__ import annotations

import attrs
import pytest
from attrs import field, frozen
from attrs.exceptions import FrozenInstanceError
from attrs.validators import instance_of

from fakes.samples import OPTION
from jainam.domain.instruments import Contract
from jainam.domain.listings import contract_of, row_of
from jainam.domain.twins import twin_of


def test_a_twin_becomes_the_class() -> None:
    """It is equal, has the same hash and is shown alike, and is frozen like any other."""
    made = contract_of(row_of(OPTION))

    assert type(made) is Contract
    assert made == OPTION
    assert hash(made) == hash(OPTION)
    assert repr(made) == repr(OPTION)
    with pytest.raises(FrozenInstanceError):
        made.lot_size = 1  # type: ignore[misc]
    assert attrs.evolve(made, lot_size=1).lot_size == 1


def test_defaults_are_those_of_the_class() -> None:
    """Fields that are left out have what they have otherwise, made afresh where that is made."""

    @frozen(weakref_slot=False)
    class Basket:
        name: str
        most: int = 5
        parts: list[int] = field(factory=list)

    twin = twin_of(Basket)
    made, other = twin("a"), twin("a", parts=[1])
    made.__class__ = other.__class__ = Basket

    assert made == Basket("a")
    assert other == Basket("a", 5, [1])
    assert made.parts is not twin("b").parts


@frozen(weakref_slot=False)
class Checked:
    number: int = field(validator=instance_of(int))


@frozen(weakref_slot=False)
class Read:
    number: int = field(converter=int)


@frozen(weakref_slot=False)
class Derived:
    number: int = field(init=False, default=1)


@pytest.mark.parametrize("kind", [Checked, Read, Derived])
def test_a_class_that_looks_at_its_fields_has_no_twin(kind: type[object]) -> None:
    """A twin would let pass what the class refuses."""
    with pytest.raises(TypeError, match=f"{kind.__name__}.number is looked at when it is set"):
        twin_of(kind)


def test_a_class_with_weak_references_has_no_twin() -> None:
    """It is said at once, since some versions of Python would let it work."""

    @frozen
    class Referred:
        number: int

    with pytest.raises(TypeError, match="Referred has a slot for weak references"):
        twin_of(Referred)
