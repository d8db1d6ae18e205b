"""`contracts sync|status|diff|find|chain|expiries`: the master contract. Only `sync` needs keys and a network."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import evolve
from dotenv import dotenv_values
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from jainam.adapters.clocks import IST
from jainam.adapters.environment import read_database
from jainam.adapters.xts.segments import segment_of
from jainam.cli import shapes, tables
from jainam.cli.commands import command, opened, settings
from jainam.cli.output import Output
from jainam.domain.chains import Chain, chain_of, derivatives_of, expiries_of
from jainam.domain.errors import NotConfigured
from jainam.domain.instruments import Contract
from jainam.domain.loading import Loading, SegmentRead
from jainam.domain.loads import Change, Load, What
from jainam.domain.searching import Terms
from jainam.domain.vocabulary import Exchange, Kind

if TYPE_CHECKING:
    from jainam.adapters.peewee_contracts import PeeweeContracts

__all__ = ["add_to"]

On = Annotated[Exchange | None, typer.Option("--exchange", "-e", case_sensitive=False, help="On this exchange only.")]
Listed = Annotated[
    Exchange, typer.Option("--exchange", "-e", case_sensitive=False, help="The exchange that lists them.")
]
Underlying = Annotated[str, typer.Argument(help="The underlying, such as NIFTY.")]
Day = Annotated[
    dt.datetime | None, typer.Option("--expiry", formats=["%Y-%m-%d"], help="Expiring on this day.", show_default=False)
]


def sync(
    out: Output,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take today's contracts although exchanges have shrunk or are gone.")
    ] = False,
) -> None:
    """Load today's contracts in place of the stored ones: all of them or none."""
    found = settings()
    parts = len(found.profile.segments) + len(found.profile.index_segments)
    care = evolve(found.contracts_care, shrunken=Decimal(1), needed=()) if accept else None
    with _progress(out, parts) as listen, opened(listen=listen) as desk:
        report = desk.load_contracts(care)
    out.show(
        shapes.contracts_report(report)
        | {
            "left_out": dict(report.left_out),
            "unreadable": report.unreadable,
            "troubles": list(report.troubles),
            "changes": dict(report.load.changes) if report.load else {},
        },
        tables.contracts_report(report),
        *_remarks(report.left_out, "left out"),
        *([f"{report.unreadable} bad rows, among them {'; '.join(report.troubles)}"] if report.unreadable else []),
        *_remarks(report.load.changes if report.load else {}, "since the last load"),
    )


def _remarks(counts: object, words: str) -> list[str]:
    """What was counted, in a sentence; nothing when nothing was."""
    each = ", ".join(f"{count} {name}" for name, count in dict(counts).items())  # type: ignore[call-overload]
    return [f"{words}: {each}"] if each else []


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
                progress.update(task, advance=1, description=f"{event.segment}: {event.rows} rows")
            elif isinstance(event, Loading):
                progress.update(task, description=f"reading and storing {event.rows} rows")

        yield listen


def status(out: Output) -> None:
    """Show how old the stored contracts are, how many each exchange has, and what the last load changed."""
    with _store() as store:
        load = store.last_load()
    if load is None:
        out.show(None, "No contracts are stored. Run `jainam contracts sync`.")
        return
    local = load.loaded_at.astimezone(IST)
    out.show(_load(load), f"{load.rows} contracts, stored on {local:%d %b %Y at %H:%M}", _counts(load))


def _load(load: Load) -> dict[str, object]:
    return {
        "loaded_at": load.loaded_at.astimezone(IST).isoformat(),
        "total": load.rows,
        "exchanges": dict(load.counts),
        "changes": dict(load.changes),
    }


def _counts(load: Load) -> tables.Grid:
    table = tables.grid("", "Exchange", "Segment", "Contracts>")
    for exchange, count in sorted(load.counts.items()):
        table.add_row(exchange, segment_of(Exchange(exchange)), str(count))
    for what in What:
        if load.changes.get(what.value):
            table.add_row(f"changed: {what.value}", "", str(load.changes[what.value]))
    return table


def diff(
    out: Output,
    exchange: On = None,
    what: Annotated[
        What | None, typer.Option("--what", case_sensitive=False, help="Changes of this kind only.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Show no more than this.")] = 50,
) -> None:
    """Show what the last load changed: new and gone contracts, other lots, ticks and freeze quantities."""
    with _store() as store:
        found = [
            change
            for change in store.changes()
            if exchange in (None, change.key.exchange) and what in (None, change.what)
        ]
    table = tables.grid("", "Change", "Exch", "Symbol", "Was>", "Now>")
    for change in found[:limit]:
        table.add_row(
            change.what.value, change.key.exchange.value, change.key.symbol, change.was or "", change.now or ""
        )
    more = [f"{len(found) - limit} more; --limit shows them"] if len(found) > limit else []
    out.show([_change(change) for change in found[:limit]], table if found else "The last load changed nothing.", *more)


def _change(change: Change) -> dict[str, object]:
    return {
        "what": change.what.value,
        "symbol": change.key.symbol,
        "exchange": change.key.exchange.value,
        "was": change.was,
        "now": change.now,
    }


def find(
    out: Output,
    text: Annotated[list[str] | None, typer.Argument(help="Words of a symbol or a description.")] = None,
    exchange: On = None,
    prefix: Annotated[str, typer.Option("--prefix", help="The symbol begins so.", show_default=False)] = "",
    name: Annotated[str, typer.Option("--name", help="Of this underlying.", show_default=False)] = "",
    kind: Annotated[
        list[Kind] | None, typer.Option("--kind", "-k", case_sensitive=False, help="EQ, FUT, CE, PE or INDEX.")
    ] = None,
    expiry: Day = None,
    strike: Annotated[
        str, typer.Option("--strike", metavar="FROM:TO", help="Struck within this range.", show_default=False)
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Show no more than this.")] = 20,
) -> None:
    """Look a symbol up among the stored contracts."""
    words = " ".join(text or ())
    low, high = _range(strike)
    day = expiry.date() if expiry else None
    terms = Terms(
        prefix=prefix.upper(),
        name=name.upper(),
        kinds=tuple(kind or ()),
        expires_from=day,
        expires_until=day,
        strike_from=low,
        strike_until=high,
    )
    with _store() as store:
        rows = store.search(words, exchange, limit, terms)
    asked = words or "that"
    nothing = f"No contract matches {asked}. Run `jainam contracts sync` when today's are not loaded yet."
    out.show([shapes.contract(row) for row in rows], tables.contracts(rows) if rows else nothing)


def _range(words: str) -> tuple[Decimal | None, Decimal | None]:
    """Both ends of a range of strikes, such as 25000:26000, 25000: or 25000."""
    low, colon, high = words.partition(":")
    try:
        ends = [Decimal(end) if end.strip() else None for end in (low, high)]
    except InvalidOperation:
        raise typer.BadParameter("give it as 25000:26000", param_hint="--strike") from None
    return ends[0], ends[1] if colon else ends[0]


def chain(
    out: Output,
    name: Underlying,
    exchange: Listed = Exchange.NFO,
    expiry: Day = None,
    price: Annotated[
        str, typer.Option("--price", help="Mark the strike nearest to this price.", show_default=False)
    ] = "",
    width: Annotated[
        int | None, typer.Option("--width", "-w", min=0, help="Only so many strikes on either side of it.")
    ] = None,
) -> None:
    """Show the calls and puts of an underlying, by default those that expire next."""
    near, _ = _range(price)
    if width is not None and near is None:
        raise typer.BadParameter("it needs --price, to know which strike is in the middle", param_hint="--width")
    found = chain_of(_options(name, exchange), expiry.date() if expiry else None, near, width)
    if found is None:
        out.show(None, f"{exchange.value} lists no such options on {name.upper()}.")
        return
    out.show(_chain(found), _strikes(found, name.upper()))


def _options(name: str, exchange: Exchange) -> tuple[Contract, ...]:
    with _store() as store:
        return store.search("", exchange, None, Terms(name=name.upper(), kinds=(Kind.CALL, Kind.PUT)))


def _chain(found: Chain) -> dict[str, object]:
    return {
        "expiry": found.expiry.isoformat(),
        "at_the_money": None if found.at_the_money is None else str(found.at_the_money),
        "strikes": [
            {
                "strike": str(row.strike),
                "call": shapes.contract(row.call) if row.call else None,
                "put": shapes.contract(row.put) if row.put else None,
            }
            for row in found.strikes
        ],
    }


def _strikes(found: Chain, name: str) -> tables.Grid:
    table = tables.grid(f"{name}, {found.expiry:%d %b %Y}", "Call", "Strike>", "Put", "Lot>")
    for row in found.strikes:
        mark = " *" if row.strike == found.at_the_money else ""
        lot = (row.call or row.put).lot_size if row.call or row.put else 0  # type: ignore[union-attr]
        table.add_row(
            row.call.symbol if row.call else "", f"{row.strike}{mark}", row.put.symbol if row.put else "", str(lot)
        )
    return table


def expiries(out: Output, name: Underlying, exchange: Listed = Exchange.NFO) -> None:
    """Show on which days options and futures of an underlying expire."""
    with _store() as store:
        listed = store.search("", exchange, None, derivatives_of(name))
    table = tables.grid("", "Expiry", "Future", "Options>")
    shown = []
    for day in expiries_of(listed):
        future = next((one.symbol for one in listed if one.expiry == day and one.kind is Kind.FUTURE), None)
        options = sum(one.expiry == day and one.kind.is_option for one in listed)
        shown.append({"expiry": day.isoformat(), "future": future, "options": options})
        table.add_row(f"{day:%d %b %Y}", future or "", str(options))
    out.show(shown, table if shown else f"{exchange.value} lists nothing on {name.upper()} that expires.")


@contextmanager
def _store() -> Iterator[PeeweeContracts]:
    """The stored contracts of the broker that the settings name."""
    from jainam.adapters.peewee_contracts import PeeweeContracts

    database, broker, _ = read_database(_environ())
    with closing(PeeweeContracts(database, broker)) as store:
        yield store


def _environ() -> dict[str, str]:
    """The variables, and those of a file `.env` in this folder for what they do not say."""
    try:
        filed = {name: value for name, value in dotenv_values(Path(".env"), interpolate=False).items() if value}
    except (OSError, UnicodeDecodeError):
        raise NotConfigured("the file .env in this folder cannot be read as text") from None
    return {**filed, **os.environ}


def add_to(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    group = typer.Typer(help="Load the master contract, and look symbols up in it.", no_args_is_help=True)
    for function in (sync, status, diff, find, chain, expiries):
        command(group, function.__name__)(function)
    app.add_typer(group, name="contracts", rich_help_panel="Account")
