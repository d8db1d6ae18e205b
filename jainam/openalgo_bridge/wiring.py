"""One desk per broker and process, opened when somebody first needs it (D10, D13).

The host makes new objects for every request and hands a token over each time. Both are ignored but for one thing: a
call without a token has no login, and is refused. The session that counts is the library's own, which all processes of
the host share; so a token that has been superseded meanwhile, in this process or another, still finds the newer one.

What only an open desk needs is imported when one is opened: the host imports the broker's modules while a user waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from attrs import define, evolve, field

from jainam.domain.errors import LoginExpired, NotConfigured
from jainam.openalgo_bridge.host import Host, OpenAlgoHost

if TYPE_CHECKING:
    from jainam.adapters.desk import Desk
    from jainam.adapters.environment import Settings
    from jainam.domain.steps import Flow
    from jainam.openalgo_bridge.logins import SparingLogins
    from jainam.ports.clock import Clock
    from jainam.ports.contracts import Contracts
    from jainam.ports.journal import Journal

__all__ = ["DEFAULT", "Broker", "attach", "broker_of", "desk", "host", "register"]

T = TypeVar("T")

DEFAULT = "jainam_prop"
"""The broker that the bridge's own modules serve, when they are imported by their own names."""


@define
class _Parts:
    """What tests put in the place of what is found out or made otherwise."""

    host: Host = field(factory=OpenAlgoHost)
    settings: Settings | None = None
    clock: Clock | None = None
    contracts: Contracts | None = None
    journal: Journal | None = None


_parts = _Parts()
_brokers: dict[str, Broker] = {}
_lock = threading.Lock()


def attach(
    host: Host,
    *,
    settings: Settings | None = None,
    clock: Clock | None = None,
    contracts: Contracts | None = None,
    journal: Journal | None = None,
) -> None:
    """Serve *host* from now on, with fresh desks; what is not given is read or opened as inside OpenAlgo."""
    global _parts
    with _lock:
        _parts = _Parts(host, settings, clock, contracts, journal)
        brokers = list(_brokers.values())
    for broker in brokers:
        broker.close()


def host() -> Host:
    """The program we were loaded into."""
    return _parts.host


def register(name: str, profile: str) -> Broker:
    """The broker that the host calls *name*, which trades with *profile*; the last word counts."""
    with _lock:
        broker = _brokers.get(name)
        if broker is None:
            broker = _brokers[name] = Broker(name, profile)
        broker.profile = profile
        return broker


def broker_of(module: str) -> Broker:
    """The broker that *module* is for, by its own name: a shim's `broker.<name>.…`, or the bridge's own."""
    package, _, rest = module.partition(".")
    name = rest.partition(".")[0] if package == "broker" else DEFAULT
    known = _brokers.get(name)
    return known if known is not None else register(name, DEFAULT)


def desk(auth: str | None, name: str = DEFAULT) -> Desk:
    """The desk of the broker called *name*, for a caller whose host is logged in."""
    return broker_of(f"broker.{name}.").desk(auth)


@define(eq=False)
class Broker:
    """A broker as the host knows it: its *name* there, and the *profile* it trades with."""

    name: str
    profile: str
    _desk: Desk | None = field(default=None, init=False, repr=False)
    _logins: SparingLogins | None = field(default=None, init=False, repr=False)
    _opening: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    _shown: dict[str, tuple[float, object]] = field(factory=dict, init=False, repr=False)

    def run(self, auth: str | None, flow: Flow[T]) -> T:
        """What *flow* returns, performed by this process's desk; raises what it raises."""
        try:
            found = self.desk(auth)
        except BaseException:
            flow.close()
            raise
        return found.runner.run(flow)

    def shown(self, what: str, auth: str | None, flow: Callable[[], Flow[T]], age: float) -> T:
        """What *flow* returns, or what it returned less than *age* seconds ago, whose age is in the log then (D16).

        For display only, and for what the broker lets nobody read more often: a page must not wait for its next turn.
        """
        found = self.desk(auth)
        kept = self._shown.get(what)
        if kept is not None and (old := found.clock.monotonic() - kept[0]) < age:
            _parts.host.logger("jainam.openalgo").info("%s as they were %.1f s ago", what, old)
            answer: T = kept[1]  # type: ignore[assignment]  # what is kept under a name is what its flow returned
            return answer
        fresh = found.runner.run(flow())
        self._shown[what] = found.clock.monotonic(), fresh
        return fresh

    def desk(self, auth: str | None) -> Desk:
        """The desk of this process; raises `LoginExpired` for callers without a token, `NotConfigured` without keys."""
        if not auth:
            raise LoginExpired("not logged in to the broker: log in from OpenAlgo's broker page")
        return self._desk or self.opened()

    def opened(self) -> Desk:
        """The desk of this process, whoever asks."""
        found = self._desk
        if found is None:
            with self._opening:
                found = self._desk
                if found is None:
                    found = self._desk = self._open()
        return found

    def settings(self) -> Settings:
        """What the environment says, OpenAlgo's names included; raises `NotConfigured` naming every problem (D8)."""
        if _parts.settings is not None:
            return _parts.settings
        from jainam.adapters.environment import read_settings

        return evolve(read_settings(host_names=True, profile_name=self.profile), caller="openalgo")

    def address(self) -> str:
        """Where the broker is; the profile's own address while the environment is not ready to say."""
        try:
            return self.settings().base_url
        except NotConfigured:
            from jainam.adapters.xts.profiles import PROFILES

            known = PROFILES.get(self.profile)
            return known.base_url if known is not None else ""

    def fresh_logins(self, access_token: str | None = None) -> Desk:
        """The desk, which forgets what logins came to so far: somebody asks for one by hand.

        With *access_token*, as a third-party login hands it over, it logs in by that (protocol 2.6).
        """
        if access_token is not None:
            self.close()
            with self._opening:
                settings = self.settings()
                keys = evolve(settings.credentials, access_token=access_token)
                self._desk = self._open(evolve(settings, credentials=keys))
        found = self.opened()
        assert self._logins is not None, "every desk of ours has them"
        self._logins.forget()
        return found

    def close(self) -> None:
        """Let go of the desk; the next caller opens another."""
        with self._opening:
            found, self._desk = self._desk, None
            self._shown.clear()
        if found is not None:
            found.close()

    def _open(self, settings: Settings | None = None) -> Desk:
        from jainam.adapters.clocks import SystemClock
        from jainam.adapters.desk import Desk
        from jainam.openalgo_bridge.host_transport import HostTransport
        from jainam.openalgo_bridge.logins import SparingLogins
        from jainam.openalgo_bridge.logs import keep_quiet

        settings = settings or self.settings()
        keep_quiet(settings.credentials.secrets)
        clock = _parts.clock or SystemClock()
        transport = HostTransport(_parts.host, settings.timeout)
        opened = Desk.open(
            settings,
            transport=transport,
            contracts=_parts.contracts,
            journal=_parts.journal,
            clock=clock,
        )
        self._logins = SparingLogins(opened.runner.calls.codec, clock.monotonic)
        opened.runner.calls.codec = self._logins
        transport.on_lost = self._logins.lost
        return opened
