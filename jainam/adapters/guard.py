"""The guard at the door: asked before every entry, never before an exit (X10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, unquote
from weakref import WeakValueDictionary

from attrs import define, field

from jainam.adapters.clocks import SystemClock
from jainam.adapters.local import log
from jainam.adapters.switch_files import FileSwitch, MemorySwitch
from jainam.adapters.tally_files import FileTally, MemoryTally
from jainam.adapters.xts.credentials import PRO_CLIENT, client_named
from jainam.domain.errors import Halted, NotConfigured
from jainam.domain.guards import DayPnl, Halt, Limits, broken_limits, is_too_much_lost
from jainam.domain.steps import BrokerStep, Traffic
from jainam.ports.switch import Switch, Tally

__all__ = ["Guard", "client_halts", "guard_for", "halt_file_for", "resume_command", "tally_for"]

NOW = SystemClock().now

SHOWN = "`jainam guard` shows every limit"


@define(eq=False)
class Guard:
    """Lets entries through while nothing halts them and no limit is reached; safe to share between threads.

    *login* stops all clients of a login, *client* the one that *client_id* names. A loss trips the client's switch,
    or the login's where there is no client.
    """

    login: Switch
    limits: Limits
    tally: Tally
    client: Switch | None = None
    client_id: str | None = None
    _is_limited: bool = field(init=False, repr=False)
    _known: DayPnl | None = field(default=None, init=False)
    # An entry that provably never left is sent again, and must not count twice. It stays the same step meanwhile.
    _counted: WeakValueDictionary[int, BrokerStep[Any]] = field(factory=WeakValueDictionary, init=False, repr=False)

    @_is_limited.default
    def _any_limit(self) -> bool:
        return self.limits.is_any

    def admit(self, step: BrokerStep[Any], now: Callable[[], dt.datetime]) -> None:
        """Return when *step* may leave; raise `Halted` with the reason when it may not; *now* is asked for limits only.

        Exits always may. With `wants_pnl` on the error, the day's profit and loss has to be learned first.
        """
        if step.traffic is not Traffic.ENTRY:
            return
        if (halt := self.login.tripped()) is not None:
            _refuse(halt, None)
        if self.client is not None and (halt := self.client.tripped()) is not None:
            _refuse(halt, self.client_id)
        if self._is_limited:
            self._hold_limits(step, now())

    def learn(self, pnl: Decimal | None, now: dt.datetime) -> None:
        """Know from now on that the day's profit and loss is *pnl* rupees; ``None`` when the positions do not tell.

        A loss that reaches the limit trips the switch.
        """
        self._known = DayPnl(pnl, now)
        self.tally.keep(self._known)
        if pnl is not None and is_too_much_lost(pnl, self.limits):
            self._trip(pnl)

    def _hold_limits(self, step: Any, now: dt.datetime) -> None:
        broken = broken_limits(step.order, step.contract, self.limits)
        if broken:
            raise Halted(f"{'; '.join(broken)}; {SHOWN}")
        if self.limits.daily_loss is not None:
            self._hold_loss(now)
        if self.limits.orders_per_minute is not None:
            self._count(step, now, self.limits.orders_per_minute)

    def _hold_loss(self, now: dt.datetime) -> None:
        limits = self.limits
        known = self._known
        if known is None or not known.is_fresh(now, limits.pnl_seconds):
            known = self._known = self.tally.latest()
        if known is None or not known.is_fresh(now, limits.pnl_seconds):
            when = f"was last known at {known.at:%H:%M:%S}" if known else "is not known yet"
            raise Halted(
                f"the day's profit and loss {when}, so JAINAM_MAX_DAILY_LOSS ({limits.daily_loss:f} rupees) cannot be"
                f" held; see that the positions can be read, and try again",
                wants_pnl=True,
            )
        if known.amount is None:
            raise Halted(
                f"the broker gives no profit and loss for some position, so JAINAM_MAX_DAILY_LOSS"
                f" ({limits.daily_loss:f} rupees) cannot be held; `jainam positions` shows which, and {SHOWN}"
            )
        if is_too_much_lost(known.amount, limits):
            self._trip(known.amount)
            raise Halted(
                f"{self._loss(known.amount)}; entries stay stopped until the limit is raised or the day is over, and"
                f" {resume_command(self.client_id if self.client else None)} is run"
            )

    def _loss(self, pnl: Decimal) -> str:
        return f"the day's loss of {-pnl:.2f} rupees has reached JAINAM_MAX_DAILY_LOSS ({self.limits.daily_loss:f})"

    def _trip(self, pnl: Decimal) -> None:
        switch = self.client or self.login
        if switch.tripped() is not None:  # somebody's own words stay
            return
        try:
            switch.trip(self._loss(pnl), "the guard rails")
        except NotConfigured as error:  # this process stops by the figure alone, and the others by theirs
            log.error("%s", error)

    def _count(self, step: BrokerStep[Any], now: dt.datetime, limit: int) -> None:
        if self._counted.get(id(step)) is step:
            return
        wait = self.tally.count(now, limit)
        if wait:
            raise Halted(
                f"{limit} entries were sent in the last minute, all that JAINAM_MAX_ORDERS_PER_MINUTE allows; try"
                f" again in {ceil(wait)} seconds"
            )
        self._counted[id(step)] = step


def _refuse(halt: Halt, client_id: str | None) -> NoReturn:
    raise Halted(f"trading is {halt}; {resume_command(client_id)} lets entries through again")


def resume_command(client_id: str | None) -> str:
    """What to type so that entries pass again."""
    return f"`jainam resume --client {_plain(client_id)}`" if client_id else "`jainam resume`"


def guard_for(
    limits: Limits, halt_file: Path | None, client_id: str | None, now: Callable[[], dt.datetime] = NOW
) -> Guard:
    """The guard of one client of a login, or of a login without clients.

    Without *halt_file* switches and counts are this process's alone.
    """
    if halt_file is None:
        client: Switch | None = MemorySwitch(now) if client_id else None
        return Guard(MemorySwitch(now), limits, MemoryTally(), client, client_id)
    return Guard(
        FileSwitch(halt_file, now),
        limits,
        tally_for(halt_file, client_id),
        FileSwitch(halt_file_for(halt_file, client_id), now) if client_id else None,
        client_id,
    )


def tally_for(halt_file: Path, client_id: str | None) -> FileTally:
    """What the processes that trade for *client_id* remember together, in files beside the halt file."""
    path = halt_file_for(halt_file, client_id)
    return FileTally(path.with_name(f"{path.name}.orders"), path.with_name(f"{path.name}.pnl"))


def halt_file_for(halt_file: Path, client_id: str | None) -> Path:
    """The file that stops the entries of *client_id*; without one, the file that stops everybody's.

    >>> halt_file_for(Path("/data/halt"), "A/7").name
    'halt@A%2F7'
    """
    return halt_file.with_name(f"{halt_file.name}@{_in_a_name(client_id)}") if client_id else halt_file


def client_halts(halt_file: Path) -> tuple[str, ...]:
    """The clients whose own halt file is there."""
    head = f"{halt_file.name}@"
    try:
        names = [path.name.removeprefix(head) for path in halt_file.parent.iterdir() if path.name.startswith(head)]
    except FileNotFoundError:
        return ()
    except OSError:
        raise NotConfigured("the folder of the halt file cannot be looked into, which halts every entry") from None
    return tuple(sorted(client_named(unquote(name)) for name in names if "." not in name))


def _plain(client_id: str) -> str:
    return "pro" if client_id == PRO_CLIENT else client_id


def _in_a_name(client_id: str) -> str:
    """*client_id* in letters that any file system takes; without dots, which part the counts from the switches."""
    return quote(_plain(client_id), safe="").replace(".", "%2E")
