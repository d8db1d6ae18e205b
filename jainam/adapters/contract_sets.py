"""What the contract stores have in common: which contracts make a set, and what to say of a name it lacks."""

from __future__ import annotations

from collections.abc import Iterable

from jainam.domain.errors import SymbolNotFound
from jainam.domain.instruments import Contract, SymbolKey
from jainam.domain.listings import Row, merged, row_of

__all__ = ["not_found", "whole_set"]


def whole_set(contracts: Iterable[Contract]) -> list[Row]:
    """*contracts* as rows, without those whose name or number on an exchange an earlier one has; none is an error."""
    kept, _ = merged([map(row_of, contracts)])
    if not kept:
        raise ValueError("no contracts to store; the ones stored before are kept")
    return kept


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
