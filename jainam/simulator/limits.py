"""How often each route may be called, in rolling windows."""

from collections import defaultdict, deque
from collections.abc import Iterable

from attrs import define, field, frozen

ROOT = "/interactive"


@frozen
class Limit:
    """At most *calls* in any *seconds* for one method and path."""

    method: str
    path: str
    calls: int
    seconds: float
    # Order book and order history share a path; the second has an appOrderID in its query.
    history: bool = False


def _each(methods: str, path: str, calls: int, seconds: float) -> tuple[Limit, ...]:
    return tuple(Limit(method, ROOT + path, calls, seconds) for method in methods.split())


# The chart published for one Jainam prop desk, XTS protocol reference 4.3.
JAINAM_LIMITS: tuple[Limit, ...] = (
    *_each("POST PUT DELETE", "/orders", 25, 1),
    *_each("POST PUT", "/orders/cover", 25, 1),
    *_each("POST PUT DELETE", "/orders/bracket", 25, 1),
    *_each("POST", "/orders/cancelall", 10, 1),
    *_each("GET", "/orders", 6, 1),
    Limit("GET", ROOT + "/orders", 6, 1, history=True),
    *_each("GET", "/orders/dealerorderbook", 6, 1),
    *_each("GET", "/orders/trades", 40, 2),
    *_each("GET", "/orders/dealertradebook", 40, 2),
    *_each("GET", "/messages/exchange", 1, 3),
    *_each("GET", "/status/exchange", 1, 3),
    *_each("GET", "/portfolio/positions", 1, 1),
    *_each("GET", "/portfolio/dealerpositions", 1, 1),
    *_each("PUT", "/portfolio/positions/convert", 50, 1),
    *_each("GET", "/portfolio/holdings", 1, 10),
    *_each("GET", "/user/balance", 10, 3),
    *_each("GET", "/user/profile", 1, 5),
    *_each("DELETE", "/user/session", 1, 1),
    *_each("GET", "/user/enums", 1, 1),
)


def _table(limits: Iterable[Limit]) -> dict[tuple[str, str, bool], Limit]:
    return {(each.method, each.path, each.history): each for each in limits}


@define
class Windows:
    """Remembers when calls were let through, and says which may follow."""

    _limits: dict[tuple[str, str, bool], Limit] = field(converter=_table)
    _passed: defaultdict[object, deque[float]] = field(factory=lambda: defaultdict(deque), init=False)

    def admits(self, who: str, method: str, path: str, history: bool, now: float) -> bool:
        """Let a call of *who* through if its window has room; a refused call takes no room."""
        limit = self._limits.get((method, path, history))
        return limit is None or self._room((who, limit), limit.calls, limit.seconds, now)

    def admits_order(self, who: str, segment: str, orders: int, now: float) -> bool:
        """Let an order through if fewer than *orders* went to *segment* in the last second."""
        return self._room((who, segment), orders, 1.0, now)

    def _room(self, key: object, calls: int, seconds: float, now: float) -> bool:
        passed = self._passed[key]
        while passed and passed[0] <= now - seconds:
            passed.popleft()
        if len(passed) >= calls:
            return False
        passed.append(now)
        return True
