"""`openalgo install|uninstall|status|doctor`: this library's brokers in an OpenAlgo checkout (X15, FR11–FR13)."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import typer
from rich.table import Table
from rich.text import Text

from jainam.adapters.xts.profiles import PROFILES
from jainam.cli import tables
from jainam.cli.commands import command
from jainam.cli.failures import PARTLY_DONE, REJECTED, USAGE, Failed, Failure
from jainam.cli.output import Output

if TYPE_CHECKING:
    from jainam.openalgo_bridge.install.installer import Installer, Status
    from jainam.openalgo_bridge.install.plan import Plan

__all__ = ["add_to"]

COLOURS = {"ok": "green", "warning": "yellow", "failed": "bold red"}

Folder = Annotated[
    Path, typer.Option("--openalgo", help="The folder that holds OpenAlgo's app.py.", show_default="this folder")
]
Broker = Annotated[str, typer.Option("--broker", help="Its name in OpenAlgo: the folder and the login address.")]
Python = Annotated[
    Path | None,
    typer.Option("--python", help="The Python that runs OpenAlgo; without it, a .venv there.", show_default=False),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the diff, and change nothing.")]
WhileRunning = Annotated[
    bool, typer.Option("--while-running", help="Do not ask whether OpenAlgo runs; for when another program answers.")
]


def install(
    out: Output,
    openalgo: Folder = Path(),
    broker: Broker = "jainam_prop",
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="The XTS broker it trades with.", show_default="the one of that name"),
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", help="What the broker page shows.", show_default="made of the name")
    ] = None,
    keep_redirect: Annotated[
        bool, typer.Option("--keep-redirect", help="Leave REDIRECT_URL, and so the broker in use, as it is.")
    ] = False,
    python: Python = None,
    while_running: WhileRunning = False,
    dry_run: DryRun = False,
) -> None:
    """Put a broker into an OpenAlgo checkout; again after an update of OpenAlgo or of this library."""
    from jainam.openalgo_bridge.install.installer import Installer
    from jainam.openalgo_bridge.install.plugin import Plugin

    if profile is None and broker not in PROFILES:
        choices = ", ".join(sorted(PROFILES))
        raise typer.BadParameter(f"say which of {choices} {broker} trades with", param_hint="--profile")
    try:
        plugin = Plugin(
            name=broker,
            profile=profile or broker,
            selected=not keep_redirect,
            **({"title": title} if title is not None else {}),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    with _told():
        installer = Installer.at(openalgo, python=python, while_running=while_running)
        plan = installer.install(plugin, dry_run=dry_run)
    done = (
        f"{plugin.title} is in {installer.tree.root}, OpenAlgo {installer.tree.version}."
        f" Put the keys into its .env, restart it, and look with `jainam openalgo doctor --openalgo {_path(installer)}"
        f"{'' if broker == 'jainam_prop' else f' --broker {broker}'}`."
    )
    _tell(out, plan, dry_run, done if plan.changes else f"{plugin.title} was installed already; nothing changed.")


def uninstall(
    out: Output,
    openalgo: Folder = Path(),
    broker: Broker = "jainam_prop",
    while_running: WhileRunning = False,
    dry_run: DryRun = False,
) -> None:
    """Take a broker out of an OpenAlgo checkout; the last one leaves every file as it was before the first."""
    from jainam.openalgo_bridge.install.installer import Installer

    with _told():
        installer = Installer.at(openalgo, while_running=while_running)
        plan = installer.uninstall(broker, dry_run=dry_run)
    left = ", ".join(plugin.name for plugin in plan.done.plugins)
    done = f"{broker} is out of {installer.tree.root}."
    _tell(out, plan, dry_run, f"{done} {left} stays." if left else f"{done} Every file is as it was.")


def status(out: Output, openalgo: Folder = Path()) -> None:
    """Show what is installed in an OpenAlgo checkout, and whether its files are as they were written."""
    from jainam.openalgo_bridge.install.installer import Installer

    with _told():
        found = Installer.at(openalgo).status()
    data = _shape(found)
    if not found.is_whole:
        astray = [f"{path} was changed" for path in found.changed]
        astray += [f"{path} is what it was before the installation" for path in found.put_back]
        raise Failed(
            Failure(
                name="NotWhole",
                code=PARTLY_DONE,
                message="an installation was interrupted" if found.unfinished else "; ".join(astray),
                headline=f"{len(astray)} files are not as they were written" if len(astray) > 1 else "",
                problems=tuple(astray),
                hint="`jainam openalgo install` finishes it, `jainam openalgo uninstall` takes it out",
                data=data,
            )
        )
    if not found.plugins:
        out.show(data, f"OpenAlgo {found.openalgo}: nothing is installed.")
        return
    names = ", ".join(f"{each.title} ({each.name}, profile {each.profile})" for each in found.plugins)
    facts = {"OpenAlgo": found.openalgo, "Installed": names, "By": f"jainam {found.version}"}
    facts |= {"Files": f"{found.written}, all as they were written"}
    facts |= {"Edited": f"{', '.join(found.edited)}; that is allowed"} if found.edited else {}
    out.show(data, tables.facts(facts))


def doctor(out: Output, openalgo: Folder = Path(), broker: Broker = "jainam_prop", python: Python = None) -> None:
    """Look for what keeps a broker from working in OpenAlgo, and say what helps."""
    from jainam.openalgo_bridge.install.doctor import Verdict, examine
    from jainam.openalgo_bridge.install.installer import Installer

    with _told():
        checks = examine(Installer.at(openalgo, python=python), broker)
    data = [attrs.asdict(check) for check in checks]
    table = Table("", "", "", box=None, show_header=False, pad_edge=False)
    for check in checks:
        table.add_row(Text(check.verdict, style=COLOURS[check.verdict]), Text(check.name), Text(check.found))
        if check.fix:
            table.add_row("", "", Text(f"→ {check.fix}"))
    failed = [check for check in checks if check.verdict is Verdict.FAILED]
    if failed:
        if not out.as_json:
            out.say(table)
        raise Failed(
            Failure(
                name="NotReady",
                code=USAGE,
                message=f"{broker} cannot work yet: {', '.join(check.name for check in failed)}",
                hint=failed[0].fix,
                problems=tuple(f"{check.name}: {check.found}" for check in failed),
                data=data,
            )
        )
    out.show(data, table)


@contextmanager
def _told() -> Iterator[None]:
    """Refusals of the installer end the command with what they say."""
    from jainam.openalgo_bridge.install.refusals import Refused

    try:
        yield
    except Refused as refused:
        many = len(refused.problems) > 1
        raise Failed(
            Failure(
                name="Refused",
                code=REJECTED,
                message=str(refused),
                headline=f"{len(refused.problems)} reasons to change nothing" if many else "",
                problems=refused.problems,
                hint=refused.hint,
            )
        ) from None
    except OSError as error:
        what = f"{error.filename or 'a file'}: {error.strerror or 'it cannot be used'}"
        raise Failed(
            Failure(
                name="PartlyDone",
                code=PARTLY_DONE,
                message=f"stopped at {what}",
                hint="see to it that this user may write there, and run the same command again, which finishes it",
            )
        ) from None


def _tell(out: Output, plan: Plan, dry_run: bool, done: str) -> None:
    from jainam.openalgo_bridge.install.diffs import diff_of

    changes = [
        {"path": each.path, "change": _kind(each.before, each.after), "reason": each.reason} for each in plan.changes
    ]
    data: dict[str, Any] = {"dry_run": dry_run, "changes": changes, "notes": list(plan.notes)}
    if dry_run:
        diff = diff_of(plan)
        out.show(data | {"diff": diff}, *(diff or ["Nothing would change."]))
    else:
        out.show(data, *(f"{each['change']:8} {each['path']}" for each in changes), done)
    if not out.as_json:
        for note in plan.notes:
            out.note(note)


def _path(installer: Installer) -> str:
    return shlex.quote(str(installer.tree.root))


def _kind(before: bytes | None, after: bytes | None) -> str:
    return "added" if before is None else "removed" if after is None else "changed"


def _shape(found: Status) -> dict[str, Any]:
    plugins = [{"name": each.name, "profile": each.profile, "title": each.title} for each in found.plugins]
    return {
        "openalgo": found.openalgo,
        "installed": plugins,
        "version": found.version,
        "unfinished": found.unfinished,
        "files": found.written,
        "changed": list(found.changed),
        "put_back": list(found.put_back),
        "edited": list(found.edited),
    }


def add_to(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    group = typer.Typer(help="Put this library's brokers into OpenAlgo.", no_args_is_help=True)
    commands: tuple[Callable[..., None], ...] = (install, uninstall, status, doctor)
    for function in commands:
        command(group, function.__name__)(function)
    app.add_typer(group, name="openalgo", rich_help_panel="OpenAlgo")
