"""What differs from one XTS broker to another, as data."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from jainam.domain.errors import NotConfigured
from jainam.domain.pacing import Window

__all__ = ["CHART", "BrokerProfile"]

CHART: Mapping[str, tuple[Window, ...]] = {
    window.name: (window,)
    for window in (
        # The chart that Jainam publishes for desk B (protocol 4.3), as far as we make its calls: a dealer's books count
        # as the ordinary ones. No other broker's was found, so all start from it.
        Window("place order", 25, 1),
        Window("modify order", 25, 1),
        Window("cancel order", 25, 1),
        Window("order book", 6, 1),
        Window("trade book", 40, 2),
        Window("positions", 1, 1),
        Window("holdings", 1, 10),
        Window("balance", 10, 3),
        Window("profile", 1, 5),
        Window("logout", 1, 1),
        # Not on the chart: one call a second and route is what clients of the market-data API keep to, and a login
        # is among the scarcest calls of all (protocol 2.4).
        Window("login", 1, 1),
        Window("market data login", 1, 1),
        Window("market data logout", 1, 1),
        Window("master", 1, 1),
        Window("index list", 1, 1),
        Window("quotes", 1, 1),
        Window("candles", 1, 1),
    )
}
"""How many calls each endpoint takes in how many seconds; all of its windows hold at once."""


def _in_tuples(limits: Mapping[str, Window | tuple[Window, ...]]) -> Mapping[str, tuple[Window, ...]]:
    return {name: (limit,) if isinstance(limit, Window) else tuple(limit) for name, limit in limits.items()}


def _told_apart(_: object, __: object, limits: Mapping[str, tuple[Window, ...]]) -> None:
    """Raise `ValueError` when two limits have one name: starts are counted by it, so each would count twice."""
    known: dict[str, Window] = {}
    for window in (window for windows in limits.values() for window in windows):
        if known.setdefault(window.name, window) != window:
            raise ValueError(f"two different limits are called {window.name!r}; give each a name of its own")


@frozen(kw_only=True)
class BrokerProfile:
    """One XTS broker: where it is, what it lists, and how often it may be asked.

    *limits* has the windows of every call, one or several, each under a name of its own. Orders for an exchange segment
    count against *orders_per_second* too, and against *segment_limits*, which each segment has for itself.

    >>> BrokerProfile(name="slow", base_url="https://xts.example", limits={
    ...     "place order": (Window("place order", 10, 1), Window("place order by the minute", 200, 60)),
    ... }).limits["place order"][1].calls
    200
    """

    name: str
    base_url: str
    servers: Mapping[str, str] = field(factory=dict)
    interactive_roots: tuple[str, ...] = ("/interactive",)
    market_data_roots: tuple[str, ...] = ("/apimarketdata", "/apibinarymarketdata")
    source: str = "WEBAPI"
    segments: tuple[str, ...] = ("NSECM", "NSEFO", "NSECD", "BSECM", "BSEFO", "MCXFO")
    index_segments: tuple[str, ...] = ("NSECM", "BSECM")
    positions_mode: str = "NetWise"
    orders_per_second: int = 10
    segment_limits: tuple[Window, ...] = ()
    limits: Mapping[str, tuple[Window, ...]] = field(
        default=CHART, converter=_in_tuples, validator=_told_apart, repr=False
    )

    def address_of(self, server: str) -> str:
        """The address of one of several servers by its name; raises `NotConfigured` with the choices."""
        address = self.servers.get(server.strip().upper())
        if address is None:
            choices = ", ".join(sorted(self.servers)) or "none: it has one server only"
            raise NotConfigured(f"{self.name} has no server {server}; the choices are {choices}")
        return address
