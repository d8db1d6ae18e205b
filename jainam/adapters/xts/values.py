"""Single values as XTS writes them: numbers in several dresses, dates of two generations (protocol 11)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from jainam.domain.orders import OrderId

__all__ = ["INDIA", "amount_text", "flag", "instant", "integer", "number", "order_id", "text"]

INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30), "IST")
"""A date without a zone means Asia/Kolkata, which has had this offset since 1945."""

_ABSENT = frozenset({"", "nan", "null", "undefined"})
_ENDLESS = 30
"""Digits before or behind the point beyond which a number is nonsense, and costly to turn into an int."""


def number(value: object) -> Decimal | None:
    """The number that *value* is meant to be, ``None`` when it says there is none; raises `ValueError`.

    >>> number("2,853.50"), number("NaN"), number("")
    (Decimal('2853.50'), None, None)
    """
    if type(value) is int:
        return Decimal(value)
    if value is None:
        return None
    if type(value) is str:
        words = value.replace(",", "").strip()
        if words.lower() in _ABSENT:
            return None
        try:
            value = Decimal(words)
        except InvalidOperation:
            raise ValueError("not a number") from None
    if type(value) is not Decimal or not value.is_finite() or abs(value.adjusted()) > _ENDLESS:
        raise ValueError("not a number")
    return value or value.copy_abs()  # -0 is a slip of the server's arithmetic


def integer(value: object) -> int | None:
    """The whole number that *value* is meant to be, ``None`` when there is none; raises `ValueError` for 1.5."""
    if type(value) is int:
        return value
    if type(value) is str and value.isdecimal() and value.isascii() and len(value) <= _ENDLESS:
        return int(value)
    found = number(value)
    if found is None:
        return None
    whole = int(found)
    if whole != found:
        raise ValueError("not a whole number")
    return whole


def order_id(value: object) -> OrderId:
    """An AppOrderID as text, whatever it came as; it never passes through a float (protocol 7, trap 8)."""
    found = value if type(value) is int else integer(value)
    if found is None or found <= 0:
        raise ValueError("not an order number")
    return str(found)  # type: ignore[return-value]  # every order would pay for a call of `OrderId`


def text(value: object) -> str:
    """*value* as text; nothing is the empty text."""
    if type(value) is str:
        return value
    return "" if value is None else str(value)


def flag(value: object) -> bool:
    """True for true, "true", 1 and "1"."""
    return value is True or str(value).lower() in ("true", "1")


def instant(value: object) -> dt.datetime | None:
    """The moment that *value* names; ``None`` for the year 1980, which means none, and for what is no date.

    >>> instant("12-01-2026 10:15:28") == instant("2026-01-12T10:15:28.0000000")
    True
    """
    return _moment(value) if type(value) is str and len(value) >= 10 else None


@lru_cache(maxsize=1 << 14)
def _moment(value: str) -> dt.datetime | None:
    """The moment, remembered: a book is read every few seconds, and names most moments twice."""
    try:
        if value[2] == "-":  # 12-01-2026 10:15:28
            found = dt.datetime.fromisoformat(f"{value[6:10]}-{value[3:5]}-{value[:2]}{value[10:]}")
        else:  # 2026-01-12T10:15:28.2381620, with or without a zone; digits beyond the sixth are dropped
            found = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    if found.year <= 1980:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=INDIA)


def amount_text(amount: Decimal) -> str:
    """*amount* exactly as it is and without an exponent, which is how it goes into JSON.

    >>> amount_text(Decimal("125.35")), amount_text(Decimal("1E+3"))
    ('125.35', '1000')
    """
    words = str(amount)
    return words if "E" not in words else f"{amount:f}"
