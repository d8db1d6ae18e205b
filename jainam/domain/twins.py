"""Frozen values that are made by the thousand, at the price of those that are not frozen."""

from __future__ import annotations

from typing import Any, TypeVar

import attrs

__all__ = ["twin_of"]

T = TypeVar("T")


def twin_of(kind: type[T]) -> type[T]:
    """A class that is filled as the frozen *kind* is, in half the time; `made.__class__ = kind` makes it a *kind*.

    attrs sets each field of a frozen class by a call, which is a tenth of what a row of the order book costs. Until its
    class is set, what was made must be shown to nobody. Raises `TypeError` for a *kind* that looks at its fields, or
    that has a slot for weak references, with which Python 3.11 lets nothing change its class.

    >>> from attrs import frozen
    >>> @frozen(weakref_slot=False)
    ... class Tick:
    ...     price: int
    >>> made = twin_of(Tick)(5)
    >>> made.__class__ = Tick
    >>> made == Tick(5)
    True
    """
    if "__weakref__" in kind.__slots__:  # type: ignore[attr-defined]
        raise TypeError(f"{kind.__name__} has a slot for weak references")
    fields: dict[str, Any] = {}
    for each in attrs.fields(kind):  # type: ignore[arg-type]
        if each.validator or each.converter or not each.init:
            raise TypeError(f"{kind.__name__}.{each.name} is looked at when it is set")
        fields[each.name] = attrs.field(default=each.default, kw_only=each.kw_only)
    # Python lets an object change its class as long as both have the same slots in the same order.
    return attrs.make_class(kind.__name__, fields, slots=True, weakref_slot=False, eq=False, repr=False)
