"""Turns: how often to ask for one that another process has, how long, and when ours counts as used (X2, X6)."""

from __future__ import annotations

from jainam.domain.errors import NotSent, TurnLost

__all__ = ["NO_LOCK", "PATIENCE", "POLL", "PROMPT", "NoLock", "not_our_turn", "turn_lost"]

POLL = 0.02
"""Seconds between two questions; an order takes longer."""

PATIENCE = 60.0
"""Seconds after which whoever has the turn is taken for stuck: the longest look-up of an order is much shorter."""

PROMPT = 0.002
"""Seconds within which a call that was let through leaves, unless something holds it up that its window has to know."""


class NoLock:
    """The `Hold` of those who share their turns with no other process."""

    def __call__(self) -> None:
        """Nothing was held."""

    def is_kept(self) -> bool:
        """Nobody else can have it."""
        return True


NO_LOCK = NoLock()


def not_our_turn(key: tuple[str, ...]) -> NotSent:
    """The error for a turn that never came."""
    return NotSent(f"another process has been busy with {' '.join(key)} for {PATIENCE:g} s; nothing was sent")


def turn_lost() -> TurnLost:
    """The error for an order that was decided in a turn which another machine may have had since (X2)."""
    return TurnLost("the connection that held this order's turn was lost, and another machine may have traded since")
