"""`journal show|verify|export`: what was meant and what became of it. No key and no network is needed (X1, X12)."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from enum import StrEnum
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from attrs import frozen
from dotenv import dotenv_values
from rich.text import Text

from jainam.adapters.clocks import IST, SystemClock
from jainam.adapters.environment import journal_of, read_database
from jainam.adapters.journal_rows import COLUMNS, row
from jainam.adapters.xts.credentials import PRO_CLIENT, client_named
from jainam.cli import tables
from jainam.cli.commands import command
from jainam.cli.failures import PARTLY_DONE, USAGE, Failed, Failure
from jainam.cli.output import Output
from jainam.domain.errors import NotConfigured
from jainam.domain.journal import Entry, Meant, Verdict
from jainam.domain.vocabulary import Side

if TYPE_CHECKING:
    from jainam.adapters.peewee_journal import PeeweeJournal

__all__ = ["add_to"]

BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
COLOURS = {Verdict.DONE: "green", Verdict.REFUSED: "red", Verdict.NOT_SENT: "dim", Verdict.UNKNOWN: "bold yellow"}
FIELDS = ("number", *(name for name in COLUMNS if name != "value"))
"""What an export says of an entry."""

Day = Annotated[
    dt.datetime | None,
    typer.Option("--day", formats=["%Y-%m-%d"], help="This day in India.", show_default=False),
]
Client = Annotated[
    str | None,
    typer.Option("--client", "-c", help="This client alone; pro for the desk's own book.", show_default=False),
]
Shape = dict[str, Any]


class Format(StrEnum):
    """How entries are written to a file."""

    CSV = "csv"
    JSONL = "jsonl"


@frozen
class _Line:
    """Something that was meant, and whose it was."""

    account: str
    meant: Meant

    @property
    def number(self) -> int:
        """The place in the journal."""
        return self.meant.number


def show(
    out: Output,
    day: Day = None,
    everything: Annotated[bool, typer.Option("--all", help="Every day there is.")] = False,
    client: Client = None,
) -> None:
    """Show what was meant today, and what became of it."""
    if everything and day is not None:
        raise typer.BadParameter("give a day or all of them", param_hint="--all")
    since, until = (BEGINNING, END) if everything else _hours_of(day.date() if day else SystemClock().now().date())
    with _opened(client) as journals:
        lines = _in_order(journals, lambda journal: journal.meant_between(since, until))
    nothing = "Nothing was meant." if everything else f"Nothing was meant on {since:%d %b %Y}."
    out.show([_shape(line) for line in lines], *([_table(lines, everything), *_remark(lines)] if lines else [nothing]))


def verify(out: Output) -> None:
    """See that no entry was rewritten, removed or put in between, and name what nobody knows the outcome of."""
    with _opened(None, every_broker=True) as journals:
        audit = journals[0].verify()
        if audit.flaw is not None:
            sentence = f"entry {audit.flaw.number} {audit.flaw.words}"
            raise Failed(
                Failure(
                    name="JournalBroken",
                    code=PARTLY_DONE,
                    message=f"{sentence}; the {audit.entries} entries before it are whole",
                    hint="keep a copy of the database as it is; compare the day with the broker's order book",
                    data={"entries": audit.entries, "flaw": {"number": audit.flaw.number, "words": audit.flaw.words}},
                )
            )
        lines = _in_order(journals, lambda journal: journal.unsettled(BEGINNING))
    data = {"entries": audit.entries, "newest": audit.newest, "unsettled": [_shape(line) for line in lines]}
    facts = tables.facts({"Entries": f"{audit.entries:,}, all as they were written", "Newest digest": audit.newest})
    out.show(data, facts, *(["", _table(lines, dated=True), *_remark(lines)] if lines else ["Nothing is unsettled."]))


def export(
    out: Output,
    form: Annotated[Format, typer.Option("--format", "-f", help="A table, or one JSON object a line.")] = Format.CSV,
    day: Day = None,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file; without it, stdout.", show_default=False)
    ] = None,
    client: Client = None,
) -> None:
    """Write every entry as it is, or those of a day, for another program to read."""
    since, until = _hours_of(day.date()) if day else (BEGINNING, END)
    with _opened(client) as journals:
        rows = merge(*(_rows(journal, since, until) for journal in journals), key=lambda one: int(one["number"]))
        if out.as_json and file is None:
            out.show({"entries": list(rows)})
            return
        count = _write(form, rows, sys.stdout) if file is None else _write_file(form, rows, file)
    if file is None:
        out.note(f"{count} entries")
    else:
        out.show({"file": str(file), "entries": count}, f"{count} entries are in {file}")


@contextmanager
def _opened(client: str | None, *, every_broker: bool = False) -> Iterator[list[PeeweeJournal]]:
    """The journals there are of *client*, or of the one that the settings name, or of all; at least one."""
    from jainam.adapters.peewee_journal import PeeweeJournal

    named = client_named(client)
    if client is not None and not named:
        raise typer.BadParameter("give a client code, or pro for the desk's own book", param_hint="--client")
    database, broker, acting_for = read_database(_environ())
    place, account = journal_of(database), named or acting_for
    with ExitStack() as stack:

        def journal(broker: str, account: str) -> PeeweeJournal:
            return stack.enter_context(closing(PeeweeJournal(place, broker, account, create=False)))

        first = journal(broker, account or "")
        found = first.accounts()
        if not every_broker:
            found = tuple(one for one in found if one[0] == broker and account in (None, one[1]))
        yield [journal(*one) for one in found] or [first]


def _in_order(journals: list[PeeweeJournal], asked: Callable[[PeeweeJournal], tuple[Meant, ...]]) -> list[_Line]:
    lines = [_Line(journal.account, meant) for journal in journals for meant in asked(journal)]
    return sorted(lines, key=attrgetter("number"))


def _hours_of(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    midnight = dt.datetime.combine(day, dt.time(), IST)
    return midnight, midnight + dt.timedelta(days=1)


def _shape(line: _Line) -> Shape:
    meant, intent, ending, order = line.meant, line.meant.intent, line.meant.ending, line.meant.intent.order
    return {
        "number": meant.number,
        "at": intent.at.astimezone(IST).isoformat(),
        "account": line.account,
        "deed": intent.deed.value,
        "tag": intent.tag,
        "order_id": meant.order_id,
        "symbol": order.instrument.symbol if order else None,
        "exchange": order.instrument.exchange.value if order else None,
        "product": order.product.value if order else None,
        "side": order.side.value if order else None,
        "quantity": order.quantity if order else None,
        "price_type": order.price_type.value if order else None,
        "price": f"{order.price:f}" if order else None,
        "trigger_price": f"{order.trigger_price:f}" if order else None,
        "is_exit": intent.is_exit,
        "held": intent.held,
        "caller": intent.caller,
        "settled": meant.is_settled,
        "verdict": ending.verdict.value if ending else None,
        "ended_at": ending.at.astimezone(IST).isoformat() if ending else None,
        "words": ending.words if ending else None,
    }


def _table(lines: list[_Line], dated: bool) -> tables.Grid:
    accounts = len({line.account for line in lines}) > 1
    headings = ("Time", *(("Client",) if accounts else ()), "What", "Symbol", "Exch", "Side", "Qty>", "Tag", "Order")
    table = tables.grid("", *headings, "Verdict", "Words~", spare=("Tag", "Exch", "Words"))
    for line in lines:
        meant, intent = line.meant, line.meant.intent
        order, ending, at = intent.order, meant.ending, intent.at.astimezone(IST)
        table.add_row(
            f"{at:%d %b %Y %H:%M:%S}" if dated else f"{at:%H:%M:%S}",
            *((_plain(line.account),) if accounts else ()),
            f"{intent.deed.value} (exit)" if intent.is_exit else intent.deed.value,
            order.instrument.symbol if order else tables.NOTHING,
            order.instrument.exchange.value if order else tables.NOTHING,
            Text(order.side.value, style="green" if order.side is Side.BUY else "red") if order else tables.NOTHING,
            str(order.quantity) if order else tables.NOTHING,
            intent.tag or tables.NOTHING,
            meant.order_id or tables.NOTHING,
            Text(ending.verdict.value, style=COLOURS[ending.verdict]) if ending else Text("open", style="bold yellow"),
            Text(ending.words if ending and ending.words else tables.NOTHING),  # brackets in it are no markup
        )
    return table


def _plain(account: str) -> str:
    return "pro" if account == PRO_CLIENT else account or tables.NOTHING


def _remark(lines: list[_Line]) -> list[str]:
    """What to do about those that nobody knows the outcome of."""
    unsettled = [line.meant for line in lines if not line.meant.is_settled]
    if not unsettled:
        return []
    known = [meant.order_id or meant.intent.tag or "" for meant in unsettled]
    which = f"one of them ({known[0]}) is" if len(known) == 1 else f"{len(known)} of them ({', '.join(known)}) is"
    look = "look for it with `jainam orders`, for a tag with `jainam orders --tag TAG`"
    return [f"What became of {which} not known here: {look}, before you send it again."]


def _rows(journal: PeeweeJournal, since: dt.datetime, until: dt.datetime) -> Iterator[Shape]:
    """The entries of *journal*, each as an export writes it."""
    for entry in journal.entries_since(since):
        if entry.what.at < until:
            yield _row(journal, entry)


def _row(journal: PeeweeJournal, entry: Entry) -> Shape:
    columns = dict(zip(COLUMNS, row(journal.broker, journal.account, entry.what), strict=True))
    columns |= {"number": entry.number, "at": entry.what.at.astimezone(IST).isoformat()}
    return {name: columns[name] for name in FIELDS}


def _write(form: Format, rows: Iterator[Shape], file: TextIO) -> int:
    """Write *rows* and return how many there were."""
    table = csv.DictWriter(file, FIELDS, lineterminator="\n")
    if form is Format.CSV:
        table.writeheader()
    count = 0
    for one in rows:
        count += 1
        if form is Format.CSV:
            table.writerow(one)
        else:
            file.write(json.dumps(one, ensure_ascii=False) + "\n")
    return count


def _write_file(form: Format, rows: Iterator[Shape], path: Path) -> int:
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            try:
                return _write(form, rows, file)
            except BaseException:  # half an export looks like a whole one
                path.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise _no_file(path, "is there already; name another") from None
    except OSError as error:
        raise _no_file(path, f"cannot be written: {error.strerror}") from None


def _no_file(path: Path, words: str) -> Failed:
    return Failed(Failure(name="UsageError", code=USAGE, message=f"{path} {words}", hint="nothing was exported"))


def _environ() -> Mapping[str, str]:
    """The environment, and the file `.env` in this folder for what it does not say."""
    try:
        filed = dotenv_values(Path(".env"), interpolate=False)
    except (OSError, UnicodeDecodeError):
        raise NotConfigured("the file .env in this folder cannot be read as text") from None
    return {**{name: value for name, value in filed.items() if value is not None}, **os.environ}


def add_to(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    group = typer.Typer(help="See what was meant to be sent, and what became of it.", no_args_is_help=True)
    command(group, "show")(show)
    command(group, "verify")(verify)
    command(group, "export")(export)
    app.add_typer(group, name="journal", rich_help_panel="Books")
