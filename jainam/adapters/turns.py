"""Turns: how often to ask for one that another process has, how long, and when ours counts as used (X2, X6)."""

from __future__ import annotations

from jainam.domain.errors import NotSent

__all__ = ["PATIENCE", "POLL", "PROMPT", "no_lock", "not_our_turn"]

POLL = 0.02
"""Seconds between two questions; an order takes longer."""

PATIENCE = 60.0
"""Seconds after which whoever has the turn is taken for stuck: the longest look-up of an order is much shorter."""

PROMPT = 0.002
"""Seconds within which a call that was let through leaves, unless something holds it up that its window has to know."""


def no_lock() -> None:
    """Nothing was held."""


def not_our_turn(key: tuple[str, ...]) -> NotSent:
    """The error for a turn that never came."""
    return NotSent(f"another process has been busy with {' '.join(key)} for {PATIENCE:g} s; nothing was sent")
