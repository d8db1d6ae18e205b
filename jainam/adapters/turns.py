"""Waiting for a turn that another process has: how often to ask, how long, and what to say then (X2)."""

from __future__ import annotations

from jainam.domain.errors import NotSent

__all__ = ["PATIENCE", "POLL", "no_lock", "not_our_turn"]

POLL = 0.02
"""Seconds between two questions; an order takes longer."""

PATIENCE = 60.0
"""Seconds after which whoever has the turn is taken for stuck: the longest look-up of an order is much shorter."""


def no_lock() -> None:
    """Nothing was held."""


def not_our_turn(key: tuple[str, ...]) -> NotSent:
    """The error for a turn that never came."""
    return NotSent(f"another process has been busy with {' '.join(key)} for {PATIENCE:g} s; nothing was sent")
