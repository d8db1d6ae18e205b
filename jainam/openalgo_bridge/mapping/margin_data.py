"""Margin of orders that are not placed yet: what the broker's API cannot be asked reliably (C-26)."""

from __future__ import annotations

__all__ = ["UNSUPPORTED"]

UNSUPPORTED = (
    "The margin of an order cannot be asked for here: XTS documents no fields for such a request, and this broker's"
    " gateway may not know it at all. The funds page shows what margin is left."
)
"""What the host tells a user who asks, with status 501 (protocol 3.14)."""
