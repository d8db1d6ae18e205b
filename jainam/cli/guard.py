"""`halt`, `resume` and `guard`: the kill switch and the limits. No key and no network is needed to stop (X10)."""

from __future__ import annotations

import datetime as dt
import getpass
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from attrs import frozen
from dotenv import dotenv_values
from rich.text import Text

from jainam.adapters.clocks import SystemClock
from jainam.adapters.environment import read_halt_file, read_limits
from jainam.adapters.guard import client_halts, halt_file_for, resume_command, tally_for
from jainam.adapters.switch_files import FileSwitch
from jainam.adapters.xts.credentials import PRO_CLIENT, client_named
from jainam.cli import commands, tables
from jainam.cli.commands import Yes, command
from jainam.cli.failures import DECLINED, USAGE, Failed, Failure
from jainam.cli.output import Output
from jainam.domain.errors import Halted
from jainam.domain.guards import DayPnl, Halt, Limits

__all__ = ["add_to"]

PANEL = "Trading"

Client = Annotated[
    str | None,
    typer.Option("--client", "-c", help="This client alone; pro for the desk's own book.", show_default=False),
]
Shape = dict[str, Any]


@frozen
class _Seen:
    """One switch as it stands."""

    client: str | None
    path: Path
    halt: Halt | None

    @property
    def whose(self) -> str:
        """Whom it stops."""
        if self.client is None:
            return "everybody"
        return "pro (the desk's own book)" if self.client == PRO_CLIENT else self.client

    def shape(self) -> Shape:
        """The switch as JSON."""
        halt = self.halt
        return {
            "client": self.client,
            "halted": halt is not None,
            "reason": halt.reason if halt else None,
            "by": halt.by if halt else None,
            "at": halt.at.isoformat() if halt and halt.at else None,
            "file": str(self.path),
        }


def halt(
    out: Output,
    reason: Annotated[str, typer.Option("--reason", "-r", help="What others are told who are stopped.")] = (
        "no reason was given"
    ),
    client: Client = None,
) -> None:
    """Stop new orders in every process, at once; exits still pass."""
    path = read_halt_file(_environ(out))
    seen = _look(path, _named(client))
    FileSwitch(seen.path).trip(reason, _who())
    seen = _look(path, seen.client)
    words = f"Entries of {seen.whose} are stopped; exits still pass. {_sentence(seen.client)}"
    out.show(seen.shape(), words, f"The halt file is {seen.path}")


def resume(out: Output, client: Client = None, yes: Yes = False) -> None:
    """Let new orders through again, and say what had stopped them."""
    path = read_halt_file(_environ(out))
    seen = _look(path, _named(client))
    if seen.halt is not None:
        _consent(out, yes, f"Entries of {seen.whose} are {seen.halt}. Let them through again?")
    released = FileSwitch(seen.path).release(_who())
    still = [switch for switch in _switches(path, seen.client) if switch.halt is not None]
    views = [
        f"Entries of {seen.whose} pass again; they were {released}."
        if released
        else f"Nothing had stopped entries of {seen.whose}."
    ]
    views += [f"Entries of {other.whose} are still {other.halt}. {_sentence(other.client)}" for other in still]
    data = {
        "client": seen.client,
        "released": None if released is None else _Seen(seen.client, seen.path, released).shape(),
        "still_halted": [other.shape() for other in still],
    }
    out.show(data, *views)


def guard(out: Output, client: Client = None) -> None:
    """Show what stops orders: switches, limits, and how much of them is used."""
    environ = _environ(out)
    limits, path = read_limits(environ), read_halt_file(environ)
    whose = _named(client) or client_named(environ.get("JAINAM_CLIENT_ID")) or None
    switches = _switches(path, whose)
    tally, now = tally_for(path, whose), SystemClock().now()
    pnl = tally.latest()
    orders: int | None = None
    if limits.orders_per_minute is not None:
        try:
            orders = tally.counted(now)
        except Halted as error:
            out.note(str(error))
    data = {
        "halted": any(switch.halt is not None for switch in switches if switch.client in (None, whose)),
        "client": whose,
        "switches": [switch.shape() for switch in switches],
        "limits": {
            "order_value": _amount(limits.order_value),
            "order_quantity": limits.order_quantity,
            "orders_per_minute": limits.orders_per_minute,
            "daily_loss": _amount(limits.daily_loss),
        },
        "orders_in_last_minute": orders,
        "pnl": None if pnl is None else {"amount": _amount(pnl.amount), "at": pnl.at.isoformat()},
    }
    out.show(data, _switch_table(switches), "", _limit_table(limits, orders, pnl, now), "", f"The halt file is {path}")


def _switch_table(switches: list[_Seen]) -> tables.Grid:
    table = tables.grid("Switches", "Entries of", "State", "Since", "By", "Reason~", spare=("By", "Since"))
    for switch in switches:
        halt = switch.halt
        table.add_row(
            switch.whose,
            Text("halted", style="bold red") if halt else Text("pass", style="green"),
            f"{halt.at:%d %b %H:%M:%S}" if halt and halt.at else tables.NOTHING,
            halt.by if halt and halt.by else tables.NOTHING,
            halt.reason if halt else tables.NOTHING,
        )
    return table


def _limit_table(limits: Limits, orders: int | None, pnl: DayPnl | None, now: dt.datetime) -> tables.Grid:
    table = tables.grid("Limits", "Limit", "At most>", "Now>", "Setting", spare=("Setting",))
    known = tables.NOTHING
    if pnl is not None:
        figure = "unknown" if pnl.amount is None else f"{pnl.amount:+,.2f}"
        known = f"{figure} at {pnl.at:%H:%M:%S}" if pnl.at.date() == now.date() else f"{figure} on {pnl.at:%d %b}"
    rows: tuple[tuple[str, Decimal | int | None, str, str], ...] = (
        ("rupees an order", limits.order_value, tables.NOTHING, "JAINAM_MAX_ORDER_VALUE"),
        ("units an order", limits.order_quantity, tables.NOTHING, "JAINAM_MAX_ORDER_QUANTITY"),
        ("entries a minute", limits.orders_per_minute, tables.NOTHING if orders is None else str(orders),
         "JAINAM_MAX_ORDERS_PER_MINUTE"),
        ("rupees lost a day", limits.daily_loss, known, "JAINAM_MAX_DAILY_LOSS"),
    )  # fmt: skip
    for name, most, used, setting in rows:
        table.add_row(
            name,
            "no limit" if most is None else f"{most:,f}" if isinstance(most, Decimal) else f"{most:,}",
            used,
            setting,
        )
    return table


def _switches(path: Path, client: str | None) -> list[_Seen]:
    """Everybody's switch, the one of *client*, and those of other clients that are halted."""
    clients = list(client_halts(path))
    if client is not None and client not in clients:
        clients.insert(0, client)
    return [_look(path, one) for one in (None, *clients)]


def _look(path: Path, client: str | None) -> _Seen:
    own = halt_file_for(path, client)
    return _Seen(client, own, FileSwitch(own).tripped())


def _named(client: str | None) -> str | None:
    """The client that the option means; naming nobody is a mistake and never everybody."""
    if client is None:
        return None
    named = client_named(client)
    if not named:
        raise typer.BadParameter("give a client code, or pro for the desk's own book", param_hint="--client")
    return named


def _sentence(client: str | None) -> str:
    return f"{resume_command(client)} lets them through again."


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a machine that has no name for whoever is at it
        return "somebody"


def _consent(out: Output, yes: bool, question: str) -> None:
    """Return when somebody says yes; end the command when nobody does."""
    if yes:
        return
    if not commands.is_interactive():
        raise Failed(
            Failure(
                name="UsageError",
                code=USAGE,
                message="this needs a yes, and there is nobody to ask",
                hint="add --yes, or look first with `jainam guard`",
            )
        )
    if not typer.confirm(question, err=True):
        out.note("entries stay stopped")
        raise typer.Exit(DECLINED)


def _environ(out: Output) -> Mapping[str, str]:
    """The environment, and the file `.env` for what it does not say; a broken file must keep nobody from stopping."""
    try:
        filed = {
            name: value for name, value in dotenv_values(Path(".env"), interpolate=False).items() if value is not None
        }
    except (OSError, UnicodeDecodeError):
        out.note("the file .env in this folder cannot be read as text and is left out")
        filed = {}
    return {**filed, **os.environ}


def add_to(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    command(app, "halt", panel=PANEL)(halt)
    command(app, "resume", panel=PANEL)(resume)
    command(app, "guard", panel=PANEL)(guard)
