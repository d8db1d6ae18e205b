"""Identifiers for orders: unique without asking anyone, 20 letters and digits, later ones sorting later (X1)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from jainam.domain.orders import OrderTag

__all__ = ["new_tag"]


def new_tag(seconds: Callable[[], float] = time.time) -> OrderTag:
    """Return `J`, eight hexadecimal digits of time and eleven of chance: 44 bits for the orders of one second."""
    return OrderTag(f"J{int(seconds()):08x}{os.urandom(6).hex()[1:]}")
