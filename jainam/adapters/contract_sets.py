"""What the contract stores say alike: of an empty set, and of a name that a set lacks."""

from __future__ import annotations

from collections.abc import Iterable

from jainam.domain.errors import SymbolNotFound
from jainam.domain.instruments import SymbolKey

__all__ = ["NO_ROWS", "not_found"]

NO_ROWS = "no contracts to store; the ones stored before are kept"


def not_found(
    key: SymbolKey, *, is_empty: bool, elsewhere: Iterable[str] = (), neighbours: Iterable[str] = ()
) -> SymbolNotFound:
    """The error for *key*, with the likeliest mistake as its hint.

    *elsewhere* are exchanges that list this very symbol; *neighbours* a few symbols near it in the alphabet, of which
    those spelled alike are proposed.
    """
    from difflib import get_close_matches  # late: only a mistake needs it

    exchanges = sorted(elsewhere)
    if is_empty:
        hint = "the contract store is empty: run `jainam contracts sync`"
    elif exchanges:
        hint = f"it is listed on {', '.join(exchanges)}"
    elif alike := get_close_matches(key.symbol, neighbours):
        hint = f"did you mean {' or '.join(alike)}?"
    else:
        hint = "check the spelling, or run `jainam contracts sync` if it is newly listed"
    return SymbolNotFound(key.symbol, key.exchange.value, hint)
