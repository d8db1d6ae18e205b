"""`orders`, `trades`, `positions`, `holdings` and `funds`: reading the books."""

from __future__ import annotations

from typing import Annotated

import typer

from jainam.cli import shapes, tables
from jainam.cli.commands import Raw, command, opened
from jainam.cli.output import Output

__all__ = ["add_to"]

PANEL = "Books"


def orders(
    out: Output,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="TAG", show_default=False, help="Only the order with this tag.")
    ] = None,
    raw: Raw = False,
) -> None:
    """Show today's orders, or the one with a tag that an error or the journal names."""
    with opened() as desk:
        rows = [row for row in desk.order_book() if tag in (None, row.tag)]
    nothing = "No orders today." if tag is None else f"No order in today's book carries the tag {tag}."
    view = [tables.orders(rows), *tables.refusals(rows)] if rows else [nothing]
    out.show([shapes.order_row(row, raw) for row in rows], *view)


def trades(out: Output, raw: Raw = False) -> None:
    """Show today's fills, one line each."""
    with opened() as desk:
        rows = desk.trade_book()
    out.show([shapes.trade(row, raw) for row in rows], tables.trades(rows) if rows else "No trades today.")


def positions(out: Output, raw: Raw = False) -> None:
    """Show net positions, those closed today included."""
    with opened() as desk:
        rows = desk.positions()
    out.show([shapes.position(row, raw) for row in rows], tables.positions(rows) if rows else "No positions.")


def holdings(out: Output, raw: Raw = False) -> None:
    """Show the shares in the demat account and what they are worth."""
    with opened() as desk:
        rows = desk.holdings()
    out.show([shapes.holding(row, raw) for row in rows], tables.holdings(rows) if rows else "No holdings.")


def funds(out: Output, raw: Raw = False) -> None:
    """Show the money of the account."""
    with opened() as desk:
        found = desk.funds()
    out.show(shapes.funds(found, raw), tables.funds(found))


def add_to(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    for function in (orders, trades, positions, holdings, funds):
        command(app, function.__name__, panel=PANEL)(function)
