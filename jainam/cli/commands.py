"""What every command shares: its common options, the settings it runs with and the desk it opens."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import attrs
import typer
from dotenv import dotenv_values

from jainam.adapters.desk import Desk
from jainam.adapters.environment import Settings, read_settings
from jainam.cli.failures import DECLINED, USAGE, Failed, Failure
from jainam.cli.output import Output, logging_to_stderr
from jainam.domain.errors import NotConfigured

__all__ = ["DryRun", "Raw", "Yes", "ask", "command", "opened", "require_consent", "settings"]

P = ParamSpec("P")

Raw = Annotated[bool, typer.Option("--raw", help="With --json: add the broker's own rows.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything, print what would be sent, and send no order.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def _common(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.", rich_help_panel="Output")] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            metavar="",
            show_default=False,
            help="Log to stderr; -vv logs every call.",
            rich_help_panel="Output",
        ),
    ] = 0,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Like -vv, and show where an error came from.", rich_help_panel="Output"),
    ] = False,
) -> None:
    """The options of every command; only the signature is used."""


def command(
    app: typer.Typer, name: str, *, panel: str | None = None
) -> Callable[[Callable[Concatenate[Output, P], None]], Callable[Concatenate[Output, P], None]]:
    """Register a function as the command *name*, give it the common options, and hand it the `Output` they ask for."""

    def register(function: Callable[Concatenate[Output, P], None]) -> Callable[Concatenate[Output, P], None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        common = list(inspect.signature(_common, eval_str=True).parameters.values())

        def run(**options: Any) -> None:
            as_json, verbose, debug = (options.pop(parameter.name) for parameter in common)
            with logging_to_stderr(2 if debug else verbose):
                function(Output.open(as_json=as_json, debug=debug), **options)  # type: ignore[call-arg]

        parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*own, *common)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__doc__ = function.__doc__
        app.command(name, rich_help_panel=panel)(run)
        return function

    return register


def settings(*, dry_run: bool = False) -> Settings:
    """The settings of the environment, and of a file `.env` in this folder for what the environment does not say."""
    path = Path(".env")
    try:
        filed = {name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None}
    except (OSError, UnicodeDecodeError):
        raise NotConfigured("the file .env in this folder cannot be read as text") from None
    found = read_settings({**filed, **os.environ})
    return attrs.evolve(found, rehearse=True) if dry_run else found


@contextmanager
def opened(*, dry_run: bool = False, listen: Callable[[object], None] | None = None) -> Iterator[Desk]:
    """A desk for one command; with *dry_run* it sends nothing that moves an order."""
    with Desk.open(settings(dry_run=dry_run), listen=listen) as desk:
        yield desk


def is_interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def require_consent(yes: bool, dry_run: bool) -> None:
    """Refuse, before anything is read or sent, to act unasked where nobody can be asked."""
    if not (yes or dry_run or is_interactive()):
        raise Failed(
            Failure(
                name="UsageError",
                code=USAGE,
                message="this needs a yes, and there is nobody to ask",
                hint="add --yes, or look first with --dry-run",
            )
        )


def ask(out: Output, question: str) -> None:
    """Return when the answer is yes; end the command when it is not."""
    if not typer.confirm(question, err=True):
        out.note("nothing was sent")
        raise typer.Exit(DECLINED)
