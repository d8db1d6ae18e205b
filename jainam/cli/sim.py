"""`sim`: the embedded exchange as a program of its own, to practise on from another terminal."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import errno
import importlib
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import platformdirs
import typer

from jainam.adapters.clocks import SystemClock
from jainam.cli.commands import command
from jainam.cli.failures import USAGE, Failed, Failure
from jainam.cli.output import Output

if TYPE_CHECKING:
    from jainam.simulator import FaultRule, SimulatorSettings

__all__ = ["add_to", "environment", "fault_from"]

PORT = 8180
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "*"})


def environment(settings: SimulatorSettings, url: str, database: Path) -> dict[str, str]:
    """The variables that send the other commands to the exchange at *url*, with contracts of their own (D14)."""
    return {
        "JAINAM_BASE_URL": url,
        "JAINAM_ALLOW_HTTP": "1",
        "JAINAM_INTERACTIVE_API_KEY": settings.interactive_key,
        "JAINAM_INTERACTIVE_API_SECRET": settings.interactive_secret,
        "JAINAM_MARKET_API_KEY": settings.market_key,
        "JAINAM_MARKET_API_SECRET": settings.market_secret,
        "JAINAM_CLIENT_ID": "pro" if settings.is_dealer else "",
        "JAINAM_DATABASE": str(database),
    }


def own_database(name: str) -> Path:
    """A database beside the user's own; made here so that a first run finds its folder."""
    return platformdirs.user_cache_path("jainam", ensure_exists=True) / f"{name}.sqlite"


def fault_from(text: str) -> FaultRule:
    """Read a fault such as `POST /interactive/orders lose_answer x2 skip=1`; `ValueError` says what is wrong with it.

    >>> fault_from("GET * delay seconds=0.5").seconds
    0.5
    """
    from jainam.simulator.faults import rule_from

    words = shlex.split(text)
    if len(words) < 3 or words[0].upper() not in METHODS:
        raise ValueError(f"{text!r} does not look like 'POST /interactive/orders lose_answer x1'")
    method, path, kind, *more = words
    rule: dict[str, Any] = {"kind": kind}
    if method != "*":
        rule["method"] = method
    if path != "*":
        rule["path"] = path
    for word in more:
        name, equals, value = word.partition("=")
        if not equals and word[:1] == "x" and word[1:].isdecimal():
            rule["times"] = int(word[1:])
        elif equals:
            rule[name] = int(value) if value.isdecimal() and name != "contains" else value
        else:
            raise ValueError(f"{word!r} is neither x2 (how often) nor name=value")
    return rule_from(rule)


def _faults(texts: list[str]) -> list[FaultRule]:
    try:
        return [fault_from(text) for text in texts]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None


def sim(
    out: Output,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes any.")] = PORT,
    date: Annotated[
        dt.datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Trading date; today when left out.")
    ] = None,
    master: Annotated[
        Path | None,
        typer.Option("--master", exists=True, dir_okay=False, readable=True, help="Instrument master to serve."),
    ] = None,
    instruments: Annotated[
        int | None, typer.Option("--instruments", min=1, help="Invent contracts until there are about this many.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", help="Let something go wrong: 'POST /interactive/orders lose_answer x1'. Repeatable."),
    ] = None,
    limits: Annotated[bool, typer.Option("--limits/--no-limits", help="Enforce the broker's rate limits.")] = True,
    investor: Annotated[bool, typer.Option("--investor", help="An investor's login in place of a dealer's.")] = False,
    exports: Annotated[
        bool, typer.Option("--exports", help='Only print the exports: eval "$(jainam sim --exports)"')
    ] = False,
) -> None:
    """Run the embedded XTS exchange and print the variables that lead to it."""
    from jainam.simulator import Modes, SimulatorSettings  # late: other commands do without the exchange

    rules = _faults(fault or [])
    settings = SimulatorSettings(
        trading_date=None if date is None else date.date(),
        master_file=master,
        instruments=instruments,
        account="investor" if investor else "dealer",
        modes=Modes(rate_limits=limits),
    )
    database = own_database("sim")
    if exports:
        _announce(out, environment(settings, f"http://127.0.0.1:{port}", database), None)
        return

    def ready(url: str, rest: Any) -> None:
        rest.faults.add(rules)
        _announce(out, environment(settings, url, database), rest.world.market.master.day)

    try:
        asyncio.run(_until_told(settings, port, ready))
    except OSError as error:
        raise _cannot_start(error, port) from None
    except ValueError as error:
        raise typer.BadParameter(f"the exchange cannot use these settings: {error}") from None
    out.note("The exchange has stopped; nothing of it is kept.")


def server_module() -> ModuleType:
    """The server of the exchange, which needs aiohttp."""
    try:
        return importlib.import_module("jainam.simulator.server")
    except ModuleNotFoundError as error:
        raise Failed(
            Failure(
                name="NotInstalled",
                code=USAGE,
                message=f"the embedded exchange needs the package {error.name}",
                hint="install it with: pip install 'jainam[sim]'",
            )
        ) from None


async def _until_told(settings: SimulatorSettings, port: int, ready: Callable[[str, Any], None]) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    serve = server_module().serve
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has none, and a thread beside the main one may not set any.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serve(settings, port=port, on_ready=ready)


def _announce(out: Output, variables: dict[str, str], day: dt.date | None) -> None:
    if out.as_json:
        out.show({"url": variables["JAINAM_BASE_URL"], "date": day and day.isoformat(), "environment": variables})
        return
    if day is not None:
        out.say(f"# An XTS exchange for {day:%A, %d %B %Y} listens on {variables['JAINAM_BASE_URL']}; Ctrl-C stops it.")
        if day < SystemClock().now().date():
            out.say("# The other commands live today: contracts that expired before today are not loaded.")
        out.say("# Copy these lines into another terminal, then try: jainam contracts sync")
    for name, value in variables.items():
        out.say(f"export {name}={shlex.quote(value)}")
    out.stdout.file.flush()


def _cannot_start(error: OSError, port: int) -> Failed:
    taken = error.errno == errno.EADDRINUSE
    return Failed(
        Failure(
            name="UsageError",
            code=USAGE,
            message=f"port {port} is taken" if taken else f"port {port} cannot be used ({error.strerror})",
            hint="choose another with --port, or --port 0 for any that is free",
        )
    )


def add_to(app: typer.Typer) -> None:
    """Add this command to *app*."""
    command(app, "sim", panel="Practice")(sim)
