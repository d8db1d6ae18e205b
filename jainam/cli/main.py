"""The front door: every command below one name, and every way of failing as an exit code (requirements, "Errors")."""

from __future__ import annotations

import errno
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from jainam import __version__
from jainam.cli import basket, books, contracts, demo, guard, journal, moves, openalgo, orders, session, sim
from jainam.cli.failures import INTERRUPTED, UNEXPECTED, USAGE, Failed, Failure, failure_of
from jainam.cli.output import Output
from jainam.domain.errors import JainamError, Rehearsed

__all__ = ["app", "main"]

# Newer typers carry click inside themselves, older ones use the package; the errors are known by what they inherit.
USAGE_ERRORS: tuple[type[Exception], ...] = tuple(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)

ORDER = (
    *("demo", "sim"),
    *("login", "logout", "profile", "contracts"),
    *("order", "smart", "basket", "cancel-all", "close-all"),
    *("halt", "resume", "guard"),
    *("orders", "trades", "positions", "holdings", "funds", "journal"),
    "openalgo",
)


class CommandLine(TyperGroup):
    """The group at the root, which turns every error into lines or a document, and an exit code."""

    words: tuple[str, ...] = ()

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order in which a newcomer meets them."""
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def main(self, args: Any = None, *more: Any, **options: Any) -> Any:
        """Run one command and end the process with its exit code."""
        self.words = tuple(sys.argv[1:] if args is None else args)
        options["standalone_mode"] = False
        try:
            code = super().main(args, *more, **options)
        except USAGE_ERRORS as error:
            code = self.tell(_usage(error))
        except typer.Abort:  # a question was left unanswered
            code = self.tell(Failure(name="Interrupted", code=INTERRUPTED, message="stopped; nothing was sent"))
        sys.exit(code or 0)

    def invoke(self, ctx: Any) -> Any:
        """Run the command of *ctx* and tell whatever it raises."""
        try:
            return super().invoke(ctx)
        except Rehearsed as rehearsed:  # --dry-run, or JAINAM_TEST_MODE: what was asked for, done
            self.output.rehearsed([rehearsed.request])
            return None
        except JainamError as error:
            failure = failure_of(error)
            trouble: BaseException = error
        except Failed as failed:
            failure = failed.failure
            trouble = failed
        except KeyboardInterrupt as stop:
            failure = _interruption(stop)
            trouble = stop
        except (typer.Exit, typer.Abort):
            raise
        except USAGE_ERRORS:
            raise
        except Exception as error:  # nobody shall see a stack trace who did not ask for it
            if isinstance(error, OSError) and error.errno == errno.EPIPE:  # whoever read our output has gone
                raise
            failure = Failure(
                name="InternalError",
                code=UNEXPECTED,
                message=f"internal error ({type(error).__name__})",
                hint="run again with --debug to see where; look at `jainam orders` before repeating an order",
            )
            trouble = error
        if "--debug" in self.words:
            from rich.traceback import Traceback

            # Without local variables, which may hold keys.
            self.output.stderr.print(
                Traceback.from_exception(type(trouble), trouble, trouble.__traceback__, show_locals=False)
            )
        raise typer.Exit(self.tell(failure))

    @property
    def output(self) -> Output:
        """Where to tell things outside of a command: as a document when the command was asked for one."""
        return Output.open(as_json="--json" in self.words)

    def tell(self, failure: Failure) -> int:
        """Say what went wrong and return its exit code."""
        output = self.output
        if failure.code == INTERRUPTED and output.stderr.is_terminal:
            output.stderr.print()  # behind the ^C, or the question
        output.fail(failure)
        return failure.code


def _usage(error: Any) -> Failure:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "jainam"
    return Failure(
        name="UsageError",
        code=USAGE,
        message=" ".join(error.format_message().split()),
        hint=f"see `{command} --help`",
    )


def _interruption(stop: KeyboardInterrupt) -> Failure:
    notes = "; ".join(getattr(stop, "__notes__", ()))
    return Failure(
        name="Interrupted",
        code=INTERRUPTED,
        message=f"stopped: {notes}" if notes else "stopped",
        hint="look for it with `jainam orders`" if notes else "",
    )


app = typer.Typer(
    cls=CommandLine,
    help=(
        "Trade through Jainam's prop desk and other XTS brokers: each order is sent at most once.\n\n"
        "Start with `jainam demo`. Settings come from JAINAM_* variables or a file .env in this folder."
    ),
    epilog=(
        "Exit codes: 0 done, 2 usage or settings, 3 refused, 4 outcome unknown, 5 login, 6 not sent or no answer,"
        " 7 partly done, 130 stopped."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"jainam {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """The options of the program itself."""


for group in (demo, sim, session, contracts, orders, basket, moves, guard, books, journal, openalgo):
    group.add_to(app)


def main() -> None:
    """Run the command line and end the process."""
    app(prog_name="jainam")


if __name__ == "__main__":
    main()
