"""An XTS exchange to trade against on this machine: a second, independent reading of the protocol.

It imports nothing of the client side. ``Rest`` is the whole of it without a socket; ``running`` and ``serve``
put it on a loopback port and need aiohttp.
"""

from typing import TYPE_CHECKING, Any

from jainam.simulator.answers import Dropped, Outcome, Request, Response, Seen
from jainam.simulator.clock import IST, Clock, ManualClock
from jainam.simulator.exchange import Exchange
from jainam.simulator.faults import FaultRule
from jainam.simulator.limits import JAINAM_LIMITS, Limit
from jainam.simulator.modes import Modes
from jainam.simulator.rest import Rest
from jainam.simulator.settings import SimulatorSettings

if TYPE_CHECKING:
    from jainam.simulator.server import ExchangeServer, running, serve

__all__ = [
    "IST",
    "JAINAM_LIMITS",
    "Clock",
    "Dropped",
    "Exchange",
    "ExchangeServer",
    "FaultRule",
    "Limit",
    "ManualClock",
    "Modes",
    "Outcome",
    "Request",
    "Response",
    "Rest",
    "Seen",
    "SimulatorSettings",
    "running",
    "serve",
]


def __getattr__(name: str) -> Any:
    # The server needs aiohttp, which the core does without.
    if name in {"ExchangeServer", "running", "serve"}:
        from jainam.simulator import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
