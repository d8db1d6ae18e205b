"""Identifiers for orders: unique without asking anyone, 20 letters and digits, older ones sorting first (X1)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from jainam.domain.orders import OrderTag

__all__ = ["new_tag"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _base36(number: int, width: int) -> str:
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text


def new_tag(milliseconds: Callable[[], float] = time.time) -> OrderTag:
    """Return `J`, eight characters of time and eleven of chance (57 bits): no two machines will ever meet."""
    return OrderTag(f"J{_base36(int(milliseconds() * 1000), 8)}{_base36(secrets.randbits(56), 11)}")
