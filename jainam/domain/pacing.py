"""Which call may start when: rolling windows, and a queue in which exits overtake entries (NFR7, D16, X6).

Pure arithmetic: the caller says what time it is, sleeps for as long as `Pace.ask` answers, and asks again. A place in
the queue is held by a `Ticket`, never by a promised start time, so an exit that arrives last still goes first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict, deque
from collections.abc import Iterable

from attrs import define, field, frozen

__all__ = ["LimitExceeded", "LimitRefused", "Pace", "Ticket", "Window"]

MARGIN = 0.05
"""Seconds a window is kept longer than the broker says.

Between its start and the broker, one call waits for the disk and a new connection, and the next for neither: with 0.02,
one order in 200 that were sent as fast as they may was refused (`benchmarks/close_all.py`).
"""

_MARGIN_OF_GAP = 0.02  # of its length

_SHORTEST_WAIT = 0.001


@frozen
class Window:
    """At most *calls* starts in any *seconds*, counted together for all calls that name the same window."""

    name: str
    calls: int
    seconds: float
    span: float = field(init=False, repr=False, eq=False)
    """How long a start counts against the window."""

    @span.default
    def _span(self) -> float:
        return self.seconds + (self.seconds * _MARGIN_OF_GAP if self.is_gap else MARGIN)

    @property
    def is_gap(self) -> bool:
        """True for what is shorter than a second: our own gap between calls, which no broker counts."""
        return self.seconds < 1

    def __str__(self) -> str:
        return f"{self.name} ({self.calls} in {self.seconds:g} s)"


@frozen
class LimitRefused:
    """The broker called a call one too many although none of *windows* was overfull: its limits are not ours."""

    windows: tuple[Window, ...]

    def __str__(self) -> str:
        kept = ", ".join(str(window) for window in self.windows) or "no limit is known for this call"
        return f"the broker's rate limit was hit although ours were kept: {kept}"


@frozen
class LimitExceeded:
    """*window* was found to hold *starts* calls, more than it may: somebody counts otherwise, or does not count."""

    window: Window
    starts: int

    def __str__(self) -> str:
        return f"{self.starts} calls where {self.window} may start: does every process use the same limits?"


@define(eq=False)
class Ticket:
    """A place in the queue of calls that wait for the same windows."""

    windows: tuple[Window, ...]
    urgent: bool = False
    waited: bool = False


@define
class Pace:
    """The starts of the recent past, oldest first under the name of their window, and the calls that wait for theirs.

    Every waiting call has an earliest start that follows from the starts so far and from the calls that go before it:
    all urgent ones first, then in the order of arrival. A call that comes later may start in a gap between those, so
    who waits for one window holds nobody back at another, and nobody who comes later moves an earlier start.
    """

    starts: dict[str, deque[float]] = field(factory=lambda: defaultdict(deque), init=False)
    queue: list[Ticket] = field(factory=list, init=False)

    def ask(self, ticket: Ticket, now: float) -> float:
        """Return 0 and record the start when *ticket* may go at *now*; else the seconds after which to ask again."""
        if self.admits(ticket.windows, now):
            return 0.0
        earliest = self._earliest(ticket, now)
        if earliest > now:
            if not ticket.waited:
                ticket.waited = True
                self.queue.append(ticket)
            return max(earliest - now, _SHORTEST_WAIT)
        self.leave(ticket)
        for window in ticket.windows:
            self.starts[window.name].append(now)
        return 0.0

    def admits(self, windows: tuple[Window, ...], now: float) -> bool:
        """True when nobody waits and all of *windows* have room at *now*; the start is recorded then."""
        if self.queue:
            return False
        starts_of = self.starts
        for window in windows:
            if len(starts_of[window.name]) >= window.calls and self._is_full(window, now):
                return False
        for window in windows:
            starts_of[window.name].append(now)
        return True

    def _is_full(self, window: Window, now: float) -> bool:
        """Whether *window* has no room at *now*, once the starts that it counts no longer are forgotten."""
        starts, horizon = self.starts[window.name], now - window.span
        while starts and starts[0] <= horizon:
            starts.popleft()
        return len(starts) >= window.calls and window.span > 0

    def postpone(self, windows: Iterable[Window], began: float, now: float) -> None:
        """Count the start recorded at *began* from *now* on where the broker counts it: that call leaves only now."""
        for window in windows:
            if window.is_gap:
                continue
            starts = self.starts[window.name]
            place = bisect_left(starts, began)
            if place < len(starts):  # else it was so long ago that it was forgotten
                del starts[place]
            insort(starts, now)

    def leave(self, ticket: Ticket) -> None:
        """Give up the place of *ticket*; a ticket that holds none is left as it is."""
        if ticket.waited:
            ticket.waited = False
            self.queue.remove(ticket)

    def overfull(self, windows: Iterable[Window], now: float) -> list[LimitExceeded]:
        """Those of *windows* that hold more starts before *now* than the broker allows."""
        found = []
        for window in windows:
            recent = sum(start > now - window.seconds for start in self.starts.get(window.name, ()))
            if recent > window.calls and window.span:
                found.append(LimitExceeded(window, recent))
        return found

    def _ahead_of(self, ticket: Ticket) -> list[Ticket]:
        """The waiting tickets that go before *ticket*: all urgent ones first, then in the order of arrival."""
        place = self.queue.index(ticket) if ticket.waited else len(self.queue)
        if ticket.urgent:
            return [other for other in self.queue[:place] if other.urgent]
        urgent = [other for other in self.queue if other.urgent]
        return urgent + [other for other in self.queue[:place] if not other.urgent]

    def _earliest(self, ticket: Ticket, now: float) -> float:
        """When *ticket* may start, *now* or later, if all that go before it start as early as they may."""
        plans: dict[str, list[float]] = {}
        earliest: dict[tuple[Window, ...], float] = {}
        for other in (*self._ahead_of(ticket), ticket):
            windows = other.windows
            for window in windows:
                if window.name not in plans:
                    plans[window.name] = [start for start in self.starts[window.name] if start + window.span > now]
            # The same windows have no room before the last call that needs them all: no use in looking there again.
            when, tried = earliest.get(windows, now), -1.0
            while when != tried:
                tried = when
                for window in windows:
                    when = _room(plans[window.name], window, when)
            earliest[windows] = when
            for window in windows:
                insort(plans[window.name], when)
        return when


def _room(plan: list[float], window: Window, when: float) -> float:
    """The first moment from *when* on at which one more start fits *window* beside those of the sorted *plan*."""
    calls, span = window.calls, window.span
    if not span:  # a gap of zero holds nobody back, not even behind a rival that waits for another window
        return when
    place = bisect_right(plan, when)
    while True:
        if place >= calls and plan[place - calls] + span > when:
            when = plan[place - calls] + span
        elif place < len(plan) and _crowds(plan, place, calls, span, when):
            when = plan[place]
        else:
            return when
        place = bisect_right(plan, when, place)


def _crowds(plan: list[float], place: int, calls: int, span: float, when: float) -> bool:
    """Whether a start at *when*, before the one at *place*, leaves too little time to one of those after it."""
    for last in range(place, min(place + calls, len(plan))):
        first = last - calls + 1
        if first >= 0 and (when if first == place else plan[first]) + span > plan[last]:
            return True
    return False
