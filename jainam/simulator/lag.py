"""Books that show late what has happened: what of an account can be seen from some seconds or some reads ago."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from attrs import define, evolve, field, frozen

from jainam.simulator.account import Account
from jainam.simulator.clock import Clock
from jainam.simulator.orders import Order


@frozen
class Lag:
    """How far a book is behind: what happened less than *seconds* or fewer than *reads* reads ago is not in it yet."""

    seconds: float = 0.0
    reads: int = 0


NO_LAG = Lag()


@define
class Looks:
    """Remembers how far the exchange had come whenever a client's book was read."""

    _seen: defaultdict[tuple[str, str], list[int]] = field(factory=lambda: defaultdict(list), init=False)

    def look(self, client_id: str, path: str, sequence: int, reads: int) -> int:
        """Count a read of the book at *path* at *sequence*; return the sequence of *reads* reads before, 0 for none."""
        seen = self._seen[client_id, path]
        seen.append(sequence)
        return seen[-1 - reads] if reads < len(seen) else 0


def behind(account: Account, lag: Lag, clock: Clock, sequence: int) -> Account:
    """Return *account* as a book shows it that is *lag* behind and has come to *sequence*.

    Positions from earlier days and conversions are in it at once.
    """
    until = clock.now() - timedelta(seconds=lag.seconds)

    def has_arrived(order: Order) -> bool:
        return order.sequence <= sequence and order.updated <= until

    return _as_far_as(account, has_arrived)


def _as_far_as(account: Account, has_arrived: Callable[[Order], bool]) -> Account:
    histories = {
        number: [state for state in states if has_arrived(state)] for number, states in account.histories.items()
    }
    late = [fill for fill in account.fills if not has_arrived(fill.order)]
    return evolve(
        account,
        histories={number: states for number, states in histories.items() if states},
        live={},
        fills=[fill for fill in account.fills if has_arrived(fill.order)],
        positions=account.positions.without(late),
    )
