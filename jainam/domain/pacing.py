"""Which call may start when: rolling windows, and a queue in which exits overtake entries (NFR7, D16, X6).

Pure arithmetic: the caller says what time it is, sleeps for as long as `Pace.ask` answers, and asks again. A place in
the queue is held by a `Ticket`, never by a promised start time, so an exit that arrives last still goes first.
"""

from __future__ import annotations

from collections import defaultdict, deque

from attrs import define, field, frozen

__all__ = ["Pace", "Ticket", "Window"]

MARGIN = 0.02
"""Seconds a window is kept longer than the broker says, since two calls may travel at different speeds."""


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
        return self.seconds + MARGIN if self.seconds else 0.0


@define(eq=False)
class Ticket:
    """A place in the queue of calls that wait for the same windows."""

    windows: tuple[Window, ...]
    urgent: bool = False
    waited: bool = False


@define
class Pace:
    """The starts of the recent past and the calls that wait for theirs."""

    _starts: dict[str, deque[float]] = field(factory=lambda: defaultdict(deque), init=False)
    _queue: list[Ticket] = field(factory=list, init=False)

    def ask(self, ticket: Ticket, now: float) -> float:
        """Return 0 and record the start when *ticket* may go at *now*; else the seconds after which to ask again."""
        if self.admits(ticket.windows, now):
            return 0.0
        ahead = self._ahead_of(ticket)
        waits = (
            self._free_after(window, sum(window in other.windows for other in ahead), now) for window in ticket.windows
        )
        wait = max(waits, default=0.0)
        if wait > 0:
            if not ticket.waited:
                ticket.waited = True
                self._queue.append(ticket)
            return wait
        self.leave(ticket)
        for window in ticket.windows:
            self._starts[window.name].append(now)
        return 0.0

    def admits(self, windows: tuple[Window, ...], now: float) -> bool:
        """True when nobody waits and all of *windows* have room at *now*; the start is recorded then."""
        if self._queue:
            return False
        starts_of = self._starts
        for window in windows:
            if len(starts_of[window.name]) >= window.calls and self._is_full(window, now):
                return False
        for window in windows:
            starts_of[window.name].append(now)
        return True

    def _is_full(self, window: Window, now: float) -> bool:
        """Whether *window* has no room at *now*, once the starts that it counts no longer are forgotten."""
        starts, horizon = self._starts[window.name], now - window.span
        while starts and starts[0] <= horizon:
            starts.popleft()
        return len(starts) >= window.calls and window.span > 0

    def leave(self, ticket: Ticket) -> None:
        """Give up the place of *ticket*; a ticket that holds none is left as it is."""
        if ticket.waited:
            ticket.waited = False
            self._queue.remove(ticket)

    def _ahead_of(self, ticket: Ticket) -> list[Ticket]:
        """The waiting tickets that go before *ticket*: all urgent ones first, then in the order of arrival."""
        place = self._queue.index(ticket) if ticket.waited else len(self._queue)
        before, after = self._queue[:place], self._queue[place + 1 :]
        if ticket.urgent:
            return [other for other in before if other.urgent]
        return before + [other for other in after if other.urgent]

    def _free_after(self, window: Window, rivals: int, now: float) -> float:
        """Seconds until *window* has room for *rivals* calls and one more; 0 when it has that room now."""
        starts, span = self._starts[window.name], window.span
        if not span:  # a gap of zero holds nobody back, not even behind a rival that waits for another window
            return 0.0
        while starts and starts[0] <= now - span:
            starts.popleft()
        missing = len(starts) + rivals + 1 - window.calls
        if missing <= 0:
            return 0.0
        # Whole rounds of the window pass for every *calls* rivals beyond the starts we know of.
        rounds, rest = divmod(missing - 1, window.calls)
        known = starts[min(rest, len(starts) - 1)] if starts else now
        return max(known + span * (rounds + 1) - now, 0.001)
