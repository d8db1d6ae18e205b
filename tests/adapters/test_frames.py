"""Contracts as a DataFrame, where pandas is installed."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from contracts.contracts_suite import OPTION, SHARE
from jainam.adapters.frames import contracts_frame
from jainam.domain.errors import NotConfigured
from jainam.domain.listings import COLUMNS


class StandIn:
    """As much of pandas as is asked for."""

    @staticmethod
    def DataFrame(rows: list[list[Any]], *, columns: list[str], dtype: type) -> list[dict[str, Any]]:
        assert dtype is object
        return [dict(zip(columns, row, strict=True)) for row in rows]


def test_one_line_per_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each field has its column, to the last digit, and words are plain text."""
    monkeypatch.setitem(sys.modules, "pandas", StandIn)
    share, option = contracts_frame([SHARE, OPTION])

    assert tuple(share) == COLUMNS
    assert (share["exchange"], share["kind"], share["price_low"]) == ("NSE", "EQ", SHARE.price_low)
    assert type(share["exchange"]) is str
    assert (option["strike"], option["expiry"], option["freeze_quantity"]) == (OPTION.strike, OPTION.expiry, None)


def test_pandas_itself() -> None:
    """The real one takes the same."""
    pytest.importorskip("pandas")
    frame = contracts_frame([SHARE, OPTION])

    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["token"]) == [SHARE.token, OPTION.token]
    assert len(contracts_frame([])) == 0


def test_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is missing, the message says what to install."""
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(NotConfigured, match=r"pip install 'jainam\[pandas\]'"):
        contracts_frame([SHARE])
