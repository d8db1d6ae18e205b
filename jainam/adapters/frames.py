"""Contracts as a pandas DataFrame, for those who have pandas; nothing else of the library needs it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jainam.domain.errors import NotConfigured
from jainam.domain.instruments import Contract
from jainam.domain.listings import COLUMNS

__all__ = ["contracts_frame"]


def contracts_frame(contracts: Iterable[Contract]) -> Any:
    """One line per contract, one column per field; prices stay `Decimal`, and what is not known is ``None``.

    Raises `NotConfigured` where pandas is not installed.

    >>> contracts_frame(desk.find_contracts("NIFTY", Exchange.NFO)).set_index("symbol")     # doctest: +SKIP
    """
    try:
        import pandas  # late: it takes longer to import than everything else together
    except ImportError:
        raise NotConfigured("a DataFrame needs pandas: pip install 'jainam[pandas]'") from None
    rows = [[_value(contract, name) for name in COLUMNS] for contract in contracts]
    return pandas.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _value(contract: Contract, name: str) -> Any:
    value = getattr(contract, name)
    return value.value if name in ("exchange", "kind") else value
