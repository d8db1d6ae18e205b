"""`cancel-all` and `close-all`: everything at once, each part reported."""

from __future__ import annotations

from typing import Annotated

import typer

from jainam.adapters.desk import Desk
from jainam.cli import shapes, tables
from jainam.cli.commands import DryRun, Yes, ask, command, opened, require_consent
from jainam.cli.failures import PARTLY_DONE, Failed, Failure
from jainam.cli.output import Output
from jainam.cli.parts import count
from jainam.domain.closing import Choice
from jainam.domain.errors import Rehearsed, SymbolNotFound
from jainam.domain.instruments import InstrumentRef
from jainam.domain.portfolio import Position
from jainam.domain.reports import CloseReport
from jainam.domain.vocabulary import Exchange, Product

__all__ = ["add_to"]


def cancel_all(out: Output, yes: Yes = False, dry_run: DryRun = False) -> None:
    """Take back every live order; each that could not be is named."""
    require_consent(yes, dry_run)
    with opened(dry_run=dry_run) as desk:
        if not (yes or desk.settings.rehearse):
            live = [row for row in desk.order_book() if row.is_live]
            if live:
                out.stderr.print(tables.orders(live))
                ask(out, f"Cancel {count(len(live), 'order')}?")
        report = desk.cancel_all_orders()
        rehearsing = desk.settings.rehearse
    if rehearsing:
        out.rehearsed([str(failure.error.request) for failure in report.failed if isinstance(failure.error, Rehearsed)])
        return
    data = shapes.cancel_report(report)
    if not report.is_complete:
        problems = tuple(
            f"order {failure.order_id}: {failure.error}" if failure.order_id else str(failure.error)
            for failure in report.failed
        )
        raise _partly(f"{count(len(problems), 'order')} could not be cancelled", problems, data, len(report.cancelled))
    words = f"{count(len(report.cancelled), 'cancellation')} taken." if report.cancelled else "No live orders."
    out.show(data, words)


def close_all(
    out: Output,
    exchange: Annotated[
        Exchange | None, typer.Option("--exchange", "-e", case_sensitive=False, help="Only positions there.")
    ] = None,
    product: Annotated[
        Product | None, typer.Option("--product", case_sensitive=False, help="Only positions of this product.")
    ] = None,
    symbol: Annotated[str | None, typer.Option("--symbol", "-s", help="Only positions in this symbol.")] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Flatten every position with market orders; each that stays open is named."""
    require_consent(yes, dry_run)
    with opened(dry_run=dry_run) as desk:
        choice = _choice(desk, exchange, product, symbol)
        if not (yes or desk.settings.rehearse):
            held = [row for row in desk.positions() if row.is_open and choice(row)]
            if held:
                out.stderr.print(tables.positions(held))
                ask(out, f"Close {count(len(held), 'position')} with market orders?")
        report = desk.close_all_positions(choice)
        rehearsing = desk.settings.rehearse
    data = shapes.close_report(report)
    if rehearsing:
        _rehearsed(out, report)
        return
    if not out.as_json and report.legs:
        out.say(tables.close_report(report))
    loose = tuple(
        f"{leg.symbol} on {leg.exchange}: {tables.not_taken_back(leg.uncancelled)}"
        for leg in report.legs
        if leg.uncancelled
    )
    if not report.is_complete:
        problems = tuple(f"{leg.symbol} on {leg.exchange}: {leg.reason}" for leg in report.failed)
        closed = len(report.legs) - len(problems)
        headline = f"{len(problems)} of {count(len(report.legs), 'position')} not closed"
        raise _partly(headline, (*problems, *loose), data, closed)
    if loose:  # flat now, and perhaps not for long
        raise _partly("everything was closed, and orders are left", loose, data, len(report.legs))
    out.show(data, f"{count(len(report.legs), 'position')} closed." if report.legs else "Nothing to close.")


def _rehearsed(out: Output, report: CloseReport) -> None:
    """Show what would go out; a position for which nothing could be sent is a failure in a rehearsal too."""
    requests = [leg.error.request for leg in report.legs if isinstance(leg.error, Rehearsed)]
    stuck = tuple(f"{leg.symbol}: {leg.reason}" for leg in report.failed if not isinstance(leg.error, Rehearsed))
    if not (stuck and out.as_json):
        out.rehearsed(requests)
    if stuck:
        data = {"rehearsed": True, "requests": requests}
        raise _partly(f"{count(len(stuck), 'position')} would stay open", stuck, data, 0)


def _partly(headline: str, problems: tuple[str, ...], data: object, done: int) -> Failed:
    return Failed(
        Failure(
            name="PartlyDone",
            code=PARTLY_DONE,
            message=f"{headline}: {'; '.join(problems)}",
            headline=headline,
            problems=problems,
            hint=f"{done} done; running it again sends nothing twice"
            if done
            else "running it again sends nothing twice",
            data=data,
        )
    )


def _choice(desk: Desk, exchange: Exchange | None, product: Product | None, symbol: str | None) -> Choice:
    """The positions that the options pick; an unknown symbol is an error, never an empty choice."""
    refs = None if symbol is None else _listings(desk, symbol, exchange)

    def picked(row: Position) -> bool:
        return (
            (exchange is None or row.instrument.exchange is exchange)
            and (product is None or row.product is product)
            and (refs is None or row.instrument in refs)
        )

    return picked


def _listings(desk: Desk, symbol: str, exchange: Exchange | None) -> set[InstrumentRef]:
    exchanges = tuple(Exchange) if exchange is None else (exchange,)
    refs = set()
    for each in exchanges:
        try:
            refs.add(desk.contract(symbol, each).ref)
        except SymbolNotFound:
            continue
    if not refs:
        raise SymbolNotFound(symbol, exchange.value if exchange else "any exchange")
    return refs


def add_to(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    command(app, "cancel-all", panel="Trading")(cancel_all)
    command(app, "close-all", panel="Trading")(close_all)
