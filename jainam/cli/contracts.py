"""`contracts sync` and `contracts find`: the master contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from jainam.cli import shapes, tables
from jainam.cli.commands import command, opened, settings
from jainam.cli.output import Output
from jainam.domain.loading import SegmentRead
from jainam.domain.vocabulary import Exchange

__all__ = ["add_to"]


def sync(out: Output) -> None:
    """Load today's contracts in place of the stored ones: all of them or none."""
    profile = settings().profile
    parts = len(profile.segments) + len(profile.index_segments)
    with _progress(out, parts) as listen, opened(listen=listen) as desk:
        report = desk.load_contracts()
    out.show(shapes.contracts_report(report), tables.contracts_report(report))


@contextmanager
def _progress(out: Output, parts: int) -> Iterator[Callable[[object], None]]:
    """A bar on stderr that moves with every segment; on a terminal only."""
    if out.as_json or not out.stderr.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out.stderr, transient=True) as progress:
        task = progress.add_task("logging in", total=parts)

        def listen(event: object) -> None:
            if isinstance(event, SegmentRead):
                progress.update(task, advance=1, description=f"{event.segment}: {event.contracts} contracts")

        yield listen


def find(
    out: Output,
    text: Annotated[list[str], typer.Argument(help="Words of a symbol or a description.")],
    exchange: Annotated[
        Exchange | None, typer.Option("--exchange", "-e", case_sensitive=False, help="On this exchange only.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Show no more than this.")] = 20,
) -> None:
    """Look a symbol up among the stored contracts."""
    words = " ".join(text)
    with opened() as desk:
        rows = desk.find_contracts(words, exchange, limit)
    nothing = f"No contract matches {words}. Run `jainam contracts sync` when today's are not loaded yet."
    out.show([shapes.contract(row) for row in rows], tables.contracts(rows) if rows else nothing)


def add_to(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    group = typer.Typer(help="Load the master contract, and look symbols up in it.", no_args_is_help=True)
    command(group, "sync")(sync)
    command(group, "find")(find)
    app.add_typer(group, name="contracts", rich_help_panel="Account")
