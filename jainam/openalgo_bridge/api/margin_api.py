"""The margin calculator of the current OpenAlgo, which knows that a broker may have none (host contract 1.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jainam.openalgo_bridge.mapping.margin_data import UNSUPPORTED

__all__ = ["calculate_margin_api"]


def calculate_margin_api(positions: Sequence[Mapping[str, Any]], auth: str) -> NoReturn:
    """Raises `NotImplementedError` with words for the user, which the host answers as 501; nothing is asked or sent."""
    raise NotImplementedError(UNSUPPORTED)
