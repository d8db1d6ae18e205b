"""`basket`: several orders from a file or a pipe, all checked before one is sent."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from attrs import frozen

from jainam.adapters.desk import Desk
from jainam.cli import shapes, tables
from jainam.cli.commands import DryRun, Raw, Yes, ask, command, opened, require_consent
from jainam.cli.failures import REJECTED, USAGE, Failed, Failure
from jainam.cli.orders import Follow
from jainam.cli.output import Output
from jainam.cli.parts import as_the_book_shows, count, rehearsed, require_all
from jainam.domain.errors import InvalidOrder, SymbolNotFound
from jainam.domain.orders import Order

__all__ = ["FIELDS", "add_to"]

FIELDS: Mapping[str, str] = {
    "symbol": "symbol",
    "exchange": "exchange",
    "side": "action",
    "quantity": "quantity",
    "product": "product",
    "type": "pricetype",
    "price": "price",
    "trigger_price": "trigger_price",
    "disclosed": "disclosed_quantity",
}
"""The fields of an order as `order place` calls them, and as the library does; either name is understood."""

NAMES: Mapping[str, str] = {**FIELDS, **{name: name for name in FIELDS.values()}}

Fields = dict[str, Any]


@frozen
class Line:
    """One order of a basket as it was written, and *place*, where that is."""

    place: str
    fields: Fields


def basket(
    out: Output,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A JSON list, or CSV with a line of names; - reads from a pipe.")
    ],
    follow: Follow = True,
    yes: Yes = False,
    dry_run: DryRun = False,
    raw: Raw = False,
) -> None:
    """Check every order of a file, then send them all, exits first; each has its own outcome."""
    require_consent(yes, dry_run)
    lines = _read(_text(file))
    with opened(dry_run=dry_run) as desk:
        orders = _drafted(desk, lines)
        rehearsing = desk.settings.rehearse
        if not (yes or rehearsing):
            out.stderr.print(tables.drafts(orders))
            ask(out, f"Send {count(len(orders), 'order')}?")
        report = desk.place_basket(orders)
        rows = as_the_book_shows(out, desk, report.parts) if follow else {}
    if rehearsing:
        rehearsed(out, report.parts)
        return
    data = shapes.basket(report, rows, raw)
    if not out.as_json:
        out.say(tables.parts(report.parts, rows))
    require_all(report.parts, rows, data)
    out.show(data, f"{count(len(orders), 'order')} taken.")


def _text(file: str) -> str:
    """What is in *file*; it is read as a whole before anything is made of it."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise _unusable(f"{'the pipe' if file == '-' else file} cannot be read: {why}") from None


def _read(text: str) -> list[Line]:
    """The orders that are written down in *text*, JSON or CSV; none at all is a mistake."""
    lines, problems = _json(text) if text.lstrip()[:1] in ("[", "{") else _csv(text)
    for line in lines:
        problems += [
            f"{line.place}: there is no field {name!r}; the fields are {', '.join(FIELDS)}"
            for name in line.fields
            if name not in NAMES
        ]
        twice = [name for name, other in FIELDS.items() if name != other and {name, other} <= line.fields.keys()]
        problems += [f"{line.place}: {name} and {FIELDS[name]} are the same; give one of them" for name in twice]
    if problems:
        raise _unusable(*problems)
    if not lines:
        raise _unusable("there is no order in it")
    return lines


def _json(text: str) -> tuple[list[Line], list[str]]:
    try:
        given = json.loads(text, parse_float=Decimal, object_pairs_hook=_named_once)
    except json.JSONDecodeError as error:
        raise _unusable(f"it is no JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    if not isinstance(given, list):
        raise _unusable("its JSON must be a list of orders")
    lines, problems = [], []
    for number, each in enumerate(given, 1):
        place = f"order {number}"
        if not isinstance(each, dict):
            problems.append(f"{place}: it must be an object with fields such as symbol and quantity")
            continue
        odd = [name for name, value in each.items() if isinstance(value, bool | list | dict)]
        problems += [f"{place}: {name} must be text or a number" for name in odd]
        lines.append(Line(place, each))
    return lines, problems


def _csv(text: str) -> tuple[list[Line], list[str]]:
    rows = csv.reader(io.StringIO(text), strict=True, skipinitialspace=True)
    lines, problems = [], []
    names: list[str] = []
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not names:
                names = row
                _named_once([(name, "") for name in names])
            elif len(row) != len(names):  # a cell that is not there must not become a default: no type means MARKET
                problems.append(f"line {rows.line_num}: it has {count(len(row), 'value')} for {len(names)} names")
            else:
                lines.append(Line(f"line {rows.line_num}", _named_once(list(zip(names, row, strict=True)))))
    except csv.Error as error:
        raise _unusable(f"it is no CSV: {error} in line {rows.line_num}") from None
    return lines, problems


def _named_once(pairs: list[tuple[str, Any]]) -> Fields:
    """Names and values, the names in any case and with either dash; nobody knows which of two values was meant."""
    fields: Fields = {}
    for name, value in pairs:
        plain = name.strip().lower().replace("-", "_")
        if plain in fields:
            raise _unusable(f"it names {plain} twice for one order")
        fields[plain] = value
    return fields


def _drafted(desk: Desk, lines: list[Line]) -> list[Order]:
    """The orders that *lines* mean; raises with all that is wrong with any of them."""
    orders: list[Order] = []
    problems: list[str] = []
    bad = 0
    for line in lines:
        try:
            orders.append(desk.draft(**{NAMES[name]: value for name, value in line.fields.items()}))
        except (InvalidOrder, SymbolNotFound) as error:
            found = error.problems if isinstance(error, InvalidOrder) else (str(error),)
            problems += [f"{line.place}: {problem}" for problem in found]
            bad += 1
    if problems:
        headline = f"{bad} of {count(len(lines), 'order')} cannot be sent as they are"
        raise Failed(
            Failure(
                name="InvalidOrder",
                code=REJECTED,
                message=f"{headline}: {'; '.join(problems)}",
                headline=headline,
                problems=tuple(problems),
                hint="nothing was sent",
            )
        )
    return orders


def _unusable(*problems: str) -> Failed:
    headline = "the basket cannot be used"
    return Failed(
        Failure(
            name="UsageError",
            code=USAGE,
            message=f"{headline}: {'; '.join(problems)}",
            headline=headline if len(problems) > 1 else "",
            problems=problems,
            hint="nothing was sent; see `jainam basket --help`",
        )
    )


def add_to(app: typer.Typer) -> None:
    """Add this command to *app*."""
    command(app, "basket", panel="Trading")(basket)
