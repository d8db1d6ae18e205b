"""`demo`: a whole trading day on the embedded exchange, each step checking its own claim."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Annotated

import attrs
import typer
from attrs import field, frozen

from jainam.adapters.clocks import IST, SystemClock
from jainam.adapters.desk import Desk
from jainam.adapters.environment import read_settings
from jainam.adapters.memory_journal import MemoryJournal
from jainam.adapters.tags import new_tag
from jainam.cli.commands import command
from jainam.cli.failures import DECLINED, Failed, Failure
from jainam.cli.output import Output
from jainam.cli.sim import environment, own_database, server_module
from jainam.domain.errors import JainamError
from jainam.domain.orders import OrderTag

if TYPE_CHECKING:
    from jainam.cli.trading_day import Day

__all__ = ["add_to"]

MORNING = dt.time(10, 15)


@frozen
class DayClock(SystemClock):
    """The machine's clock, moved to the morning of *day*, as the exchange's is."""

    day: dt.date
    _began: float = field(factory=time.monotonic, init=False)

    def now(self) -> dt.datetime:
        """The time on that day."""
        return dt.datetime.combine(self.day, MORNING, IST) + dt.timedelta(seconds=time.monotonic() - self._began)


def demo(
    out: Output,
    date: Annotated[
        dt.datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Trading date; today when left out.")
    ] = None,
) -> None:
    """Watch a trading day on the embedded exchange: no account, no keys, no money."""
    from jainam.cli.trading_day import Day  # late: other commands do without the exchange
    from jainam.simulator import SimulatorSettings

    day = SystemClock().now().date() if date is None else date.date()
    exchange = SimulatorSettings(trading_date=day)
    database = own_database("demo")
    began = time.monotonic()
    meant: list[OrderTag] = []

    def tags() -> OrderTag:
        meant.append(new_tag())
        return meant[-1]

    with server_module().running(exchange) as server:
        # Of the environment nothing is used, and no session is left behind: this touches nobody's real desk.
        settings = attrs.evolve(read_settings(environment(exchange, server.url, database)), session_file=None)
        # Each demo is the whole of its day: a journal on disk would tell the next one of orders that it never sent.
        with Desk.open(settings, clock=DayClock(day), tags=tags, journal=MemoryJournal()) as desk:
            stage = Day(desk, server.rest, out, meant)
            if not out.as_json:
                out.say(f"An XTS exchange for {day:%A, %d %B %Y} listens on {server.url} until this ends.")
                out.say(f"Contracts go to a database of the demo's own: {database}")
            _perform(stage)
    summary = stage.summary()
    seconds = round(time.monotonic() - began, 1)
    if not out.as_json:
        out.say("")
        out.say(
            f"Orders meant {summary['meant']} · at the exchange {summary['at_exchange']}"
            f" · refused on the way in {summary['refused']} · doubled {summary['doubled']}"
            f" · positions left open {summary['open_positions']} · {seconds} s"
        )
    out.show({"steps": stage.titles, "summary": summary, "seconds": str(seconds), "database": str(database)})


def _perform(stage: Day) -> None:
    """Take every step; the first that does not show what it says ends the day."""
    from jainam.cli.trading_day import STEPS, BrokenPromise

    for step in STEPS:
        stage.begin(step)
        try:
            step(stage)
        except (BrokenPromise, JainamError) as error:
            raise Failed(
                Failure(
                    name="DemoFailed",
                    code=DECLINED,
                    message=f"step {len(stage.titles)} did not show what it promised: {error}",
                    hint="run again with --debug to see every call",
                )
            ) from error


def add_to(app: typer.Typer) -> None:
    """Add this command to *app*."""
    command(app, "demo", panel="Practice")(demo)
