"""The bridge between a fake host and the embedded exchange."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from fakes.clock import FakeClock
from fakes.exchange import settings_for
from fakes.host import FakeHost
from jainam.adapters.desk import Desk
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.openalgo_bridge import wiring
from jainam.simulator import FaultRule, Rest, SimulatorSettings

__all__ = ["ORDERS", "ORDER_BOOK", "POSITIONS", "TOKEN", "Bridge"]

TOKEN = "the host's copy of a token"
ORDERS = "/interactive/orders"
ORDER_BOOK = "/interactive/orders/dealerorderbook"
POSITIONS = "/interactive/portfolio/dealerpositions"


@define(eq=False)
class Bridge:
    """The host, the exchange behind it, and the clock of both."""

    clock: FakeClock = field(factory=FakeClock)
    account: str = "dealer"
    simulator: SimulatorSettings = field(init=False)
    rest: Rest = field(init=False)
    host: FakeHost = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.simulator = SimulatorSettings(trading_date=self.clock.now().date())
        self.rest = Rest(self.simulator, self.clock)
        self.host = FakeHost(self.rest)

    def attach(self, **settings: Any) -> None:
        """Serve a host at this exchange, which has loaded its contracts and logged in."""
        contracts = MemoryContracts()
        wiring.attach(
            self.host, settings=settings_for(self.simulator, **settings), clock=self.clock, contracts=contracts
        )
        self.desk.load_contracts()
        self.desk.login()
        self.host.requests.clear()

    @property
    def desk(self) -> Desk:
        return wiring.broker_of("jainam.openalgo_bridge").opened()

    def fault(self, kind: str, path: str, *, method: str | None = None, times: int = 1, **more: Any) -> None:
        """The next *times* calls of *path* fail in the way that *kind* names."""
        self.rest.faults.add([FaultRule(kind=kind, path=path, method=method, times=times, **more)])
