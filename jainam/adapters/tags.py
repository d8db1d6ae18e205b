"""Identifiers for orders: unique without asking anyone, 20 letters and digits, later ones sorting later (X1)."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

from jainam.domain.orders import OrderTag

__all__ = ["new_tag"]

# A source of its own, seeded by the system: a program that seeds the shared one must not repeat its tags. A forked
# child would go on with its parent's numbers, so it starts afresh.
_chance = random.Random()
os.register_at_fork(after_in_child=_chance.seed)
_bits = _chance.getrandbits


def new_tag(seconds: Callable[[], float] = time.time) -> OrderTag:
    """Return `J`, eight hexadecimal digits of time and eleven of chance: 44 bits for the orders of one second."""
    # Without a call of `OrderTag`, which would take as long as making one up.
    return "J%019x" % (int(seconds()) << 44 | _bits(44))  # type: ignore[return-value]
