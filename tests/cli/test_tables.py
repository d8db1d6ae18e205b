"""Tables lose nothing, however narrow the window."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from jainam.cli import tables


def printed(width: int) -> str:
    """A table with a long row, in a window of that width."""
    screen = io.StringIO()
    table = tables.grid("", "Time", "Order", "Symbol", "Filled>", "Terms~", "State~", spare=("Time", "Filled"))
    table.add_row("10:15:00", "1110000030", "NIFTY01DEC2624800CE", "1800/1800", "LIMIT 1270.20", "partially filled")
    Console(file=screen, width=width).print(table)
    return screen.getvalue()


@pytest.mark.parametrize(("width", "left_out"), [(100, ""), (79, "Time"), (70, "Time, Filled"), (50, "Time, Filled")])
def test_a_narrow_window_leaves_spare_columns_out_and_says_which(width: int, left_out: str) -> None:
    """Columns that can be missed go first, by name; what stays is whole, and no letter becomes an ellipsis."""
    shown = printed(width)

    assert ("left out to fit the window: " + left_out in " ".join(shown.split())) is bool(left_out)
    assert "…" not in shown
    for words in ("1110000030", "NIFTY01DEC2624800CE"):
        assert words in shown
    assert ("10:15:00" in shown) is not bool(left_out)


def test_an_order_book_fits_an_ordinary_terminal() -> None:
    """In eighty columns an order's number, symbol, terms and state stay on one line."""
    screen = io.StringIO()
    table = tables.orders([])
    cells = ("10:15:00", "1110000030", "NIFTY24NOV26FUT", "NFO", "SELL", "195/195", "LIMIT 25790.40", "25790.40")
    table.add_row(*cells, "NRML", "cancelled")

    Console(file=screen, width=80).print(table)

    assert len(screen.getvalue().splitlines()) == 4


def test_what_a_broker_writes_is_shown_as_it_is() -> None:
    """A reason in brackets is text and no markup, which would vanish or break the table."""
    screen = io.StringIO()
    table = tables.grid("", "Symbol", "Reason~")
    table.add_row("INFY", "RMS [bold]blocked[/] [/nothing]")
    table.total = ("all [1]", "x")
    Console(file=screen, width=80).print(table)

    assert "RMS [bold]blocked[/] [/nothing]" in screen.getvalue()
    assert "all [1]" in screen.getvalue()
