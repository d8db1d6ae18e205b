"""Money is Decimal from the first byte to the last."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["MOST", "ZERO", "money"]

ZERO = Decimal(0)

MOST = Decimal(10) ** 12
"""No price and no quantity reaches this; what does is a slip, and 1e999999999 would leave the range of arithmetic."""


def money(value: Decimal | int | float | str) -> Decimal:
    """Return *value* as the decimal number its author wrote; a float by its shortest form, so 0.1 is 0.1.

    Text that is no number becomes NaN, which every check refuses by name, instead of an error from the inside.

    >>> money(1400.05)
    Decimal('1400.05')
    """
    if type(value) is Decimal:
        return value
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return Decimal("NaN")
