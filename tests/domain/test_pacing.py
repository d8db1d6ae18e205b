"""No window ever holds more starts than it may, exits go first, and everybody's turn comes (NFR7, D16, X6)."""

import heapq
from itertools import count, pairwise

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from jainam.domain.pacing import MARGIN, LimitExceeded, LimitRefused, Pace, Ticket, Window

ORDERS = Window("orders NSEFO", 10, 1.0)
GAP = Window("gap", 1, 0.1)
POSITIONS = Window("positions", 1, 1.0)
TRADES = Window("trades", 4, 2.0)
OTHER_ORDERS = Window("orders BSEFO", 10, 1.0)
SHORT_GAP = Window("gap", 1, 0.02)

WINDOWS = st.lists(st.sampled_from([ORDERS, GAP, POSITIONS, TRADES, Window("none", 1, 0.0)]), unique=True, max_size=3)


@define(eq=False)
class Caller:
    """Somebody who arrives at *arrival*, asks, sleeps as long as told, and asks again."""

    ticket: Ticket
    arrival: float
    asks: int = 0
    started: float | None = None


@define
class Day:
    """A simulated clock over one `Pace`."""

    pace: Pace = field(factory=Pace)

    def run(self, callers: list[Caller], late: float = 0.0) -> list[Caller]:
        """Let everybody start; each sleep lasts *late* seconds longer than asked for. Answers them as they started."""
        order = count()
        queue = [(caller.arrival, next(order), caller) for caller in callers]
        heapq.heapify(queue)
        started = []
        while queue:
            now, _, caller = heapq.heappop(queue)
            caller.asks += 1
            assert caller.asks < 500, "somebody's turn never comes"
            wait = self.pace.ask(caller.ticket, now)
            assert wait >= 0
            if wait:
                heapq.heappush(queue, (now + wait + late, next(order), caller))
            else:
                caller.started = now
                started.append(caller)
        return started


def starts_in(started: list[Caller], window: Window) -> list[float]:
    """When the calls that count against *window* started."""
    return [caller.started for caller in started if window in caller.ticket.windows and caller.started is not None]


def crowd(size: int, *windows: Window, urgent: bool = False, at: float = 0.0) -> list[Caller]:
    """So many callers that all arrive at one moment."""
    return [Caller(Ticket(windows, urgent), at) for _ in range(size)]


arrivals = st.lists(
    st.builds(
        lambda windows, urgent, arrival: Caller(Ticket(tuple(windows), urgent), arrival),
        WINDOWS,
        st.booleans(),
        st.floats(0, 5),
    ),
    max_size=40,
)


@given(callers=arrivals, late=st.sampled_from([0.0, 0.0001, 0.05]))
def test_no_window_holds_too_many(callers: list[Caller], late: float) -> None:
    """However callers arrive, no rolling window holds more than its number of starts, and everybody starts (D16)."""
    started = Day().run(callers, late)

    assert len(started) == len(callers)
    for window in (ORDERS, GAP, POSITIONS, TRADES):
        starts = starts_in(started, window)
        assert starts == sorted(starts)
        for earlier, later in zip(starts, starts[window.calls :], strict=False):
            assert later - earlier > window.seconds


@given(callers=arrivals)
def test_waits_are_sufficient(callers: list[Caller]) -> None:
    """Whoever waits as long as told asks a few times for each window that passes, and is never told to spin."""
    for caller in Day().run(callers):
        assert caller.started is not None
        assert caller.asks <= 4 + 20 * (caller.started - caller.arrival)


def test_lone_caller_asks_twice() -> None:
    """With nobody else waiting, the first wait is enough, but for a rounding of the clock."""
    day = Day()
    day.run(crowd(10, ORDERS))
    (caller,) = day.run(crowd(1, ORDERS, at=0.5))

    assert caller.asks <= 3
    assert caller.started is not None
    assert abs(caller.started - (1.0 + MARGIN)) < 0.005


def test_wait_is_for_the_oldest_start() -> None:
    """Of a full window the oldest start is waited for, and one more for each rival ahead."""
    pace, span = Pace(), 1 + MARGIN
    for tenth in range(10):
        assert pace.ask(Ticket((ORDERS,)), tenth / 10) == 0
    waits = [pace.ask(Ticket((ORDERS,)), 0.95) for _ in range(12)]

    assert [round(wait, 6) for wait in waits[:10]] == [round(tenth / 10 + span - 0.95, 6) for tenth in range(10)]
    assert [round(wait, 6) for wait in waits[10:]] == [round(span * 2 + tenth / 10 - 0.95, 6) for tenth in range(2)]


def test_free_windows_let_everybody_through() -> None:
    """As many calls as the window holds start at once, and calls without a window too."""
    assert [caller.started for caller in Day().run(crowd(10, ORDERS) + crowd(5))] == [0.0] * 15


def test_crowd_takes_as_long_as_it_must() -> None:
    """A hundred orders at ten a second take nine windows, not more."""
    started = Day().run(crowd(100, ORDERS))
    last = starts_in(started, ORDERS)[-1]

    assert 9 * (1 + MARGIN) - 1e-9 <= last < 9 * (1 + MARGIN) + 0.1


def test_gap_keeps_calls_apart() -> None:
    """A window of one call keeps each two starts apart (NFR7)."""
    starts = starts_in(Day().run(crowd(5, GAP, ORDERS)), GAP)

    assert all(later - earlier > 0.1 for earlier, later in pairwise(starts))
    assert starts[-1] < 4 * (0.1 + MARGIN) + 0.05


def test_gap_of_zero_is_none() -> None:
    """A window without a length holds nobody back, not even behind somebody who waits for another one (NFR7)."""
    none = Window("gap", 1, 0.0)
    assert [caller.started for caller in Day().run(crowd(20, none))] == [0.0] * 20

    *_, last = callers = [*crowd(3, POSITIONS, none), *crowd(1, TRADES, none, at=0.5)]
    Day().run(callers)
    assert (last.started, last.asks) == (0.5, 1)


@given(entries=st.integers(0, 60), arrival=st.floats(0, 3))
def test_exit_waits_for_one_slot(entries: int, arrival: float) -> None:
    """An exit that arrives behind any number of waiting entries waits for one slot at most (X6)."""
    (exit_call,) = crowd(1, ORDERS, urgent=True, at=arrival)
    Day().run([*crowd(entries, ORDERS), exit_call])

    assert exit_call.started is not None
    assert exit_call.started - arrival <= ORDERS.span + 0.002


@given(entries=st.integers(0, 30), exits=st.integers(1, 15), arrival=st.floats(0, 1))
def test_exits_go_first_and_in_order(entries: int, exits: int, arrival: float) -> None:
    """Exits overtake entries and not one another."""
    first, then = crowd(entries, POSITIONS), crowd(exits, POSITIONS, urgent=True, at=arrival)
    started = Day().run(first + then)
    late = [caller for caller in started if caller.started is not None and caller.started > arrival]

    assert [caller for caller in started if caller.ticket.urgent] == then
    assert [caller for caller in started if not caller.ticket.urgent] == first
    waited = [caller.ticket.urgent for caller in late if caller.arrival < arrival or caller.ticket.urgent]
    assert waited == sorted(waited, reverse=True)


def test_leaving_gives_the_place_up() -> None:
    """Somebody who stops waiting is waited for by nobody; leaving without a place changes nothing."""
    pace = Pace()
    assert pace.ask(Ticket((POSITIONS,)), 0.0) == 0
    patient, leaver, last = Ticket((POSITIONS,)), Ticket((POSITIONS,)), Ticket((POSITIONS,))
    waits = [pace.ask(ticket, 0.1) for ticket in (patient, leaver, last)]
    assert waits == sorted(waits)

    pace.leave(leaver)
    pace.leave(leaver)
    pace.leave(Ticket((POSITIONS,)))
    assert pace.ask(last, 0.1) == waits[1]
    assert pace.ask(patient, 1.5) == 0
    assert pace.ask(last, 3.0) == 0


def test_place_is_kept_while_waiting() -> None:
    """Who waited first goes first, though another asks at the very moment the window opens."""
    pace = Pace()
    pace.ask(Ticket((POSITIONS,)), 0.0)
    first = Ticket((POSITIONS,))
    assert pace.ask(first, 0.5) > 0
    assert pace.ask(Ticket((POSITIONS,)), 1.5) > 0
    assert pace.ask(first, 1.5) == 0


def test_nobody_waits_for_those_before_an_open_window() -> None:
    """When there is room for all who wait and one more, nobody is held back by a rival that has not asked again yet."""
    pace = Pace()
    for _ in range(10):
        pace.ask(Ticket((ORDERS,)), 0.0)
    assert pace.ask(Ticket((ORDERS,)), 0.5) > 0

    assert pace.ask(Ticket((ORDERS,)), 2.0) == 0


@given(callers=arrivals, urgent=st.booleans(), windows=WINDOWS, arrival=st.floats(0, 5))
def test_nobody_waits_for_who_comes_later(
    callers: list[Caller], urgent: bool, windows: list[Window], arrival: float
) -> None:
    """One call more delays no call that goes before it: not one of the same kind, and no exit if it is an entry."""
    first = sorted(callers, key=lambda caller: caller.arrival)
    late = Caller(Ticket(tuple(windows), urgent), max([arrival, *(caller.arrival for caller in callers)]))
    again = [Caller(Ticket(caller.ticket.windows, caller.ticket.urgent), caller.arrival) for caller in first]
    Day().run(first)
    Day().run([*again, late])

    for without, with_it in zip(first, again, strict=True):
        if with_it.ticket.urgent or not urgent:
            assert without.started is not None
            assert with_it.started is not None
            assert with_it.started <= without.started + 0.01


@given(entries=st.integers(1, 60), arrival=st.floats(0, 3))
def test_segments_share_only_the_gap(entries: int, arrival: float) -> None:
    """Orders that wait for their own segment hold an order for another one back by the gap and no more (D16)."""
    storm = crowd(entries, ORDERS, SHORT_GAP)
    (other,) = crowd(1, OTHER_ORDERS, SHORT_GAP, at=arrival)
    day = Day()
    day.run([*storm, other])

    assert other.started is not None
    assert other.started - arrival <= 11 * SHORT_GAP.span + 0.01


def test_shared_gap_is_taken_in_turns() -> None:
    """An order whose segment has no room is not starved by orders of another one that share its gap."""
    storm = crowd(10, ORDERS, at=0.0)
    (patient,) = crowd(1, ORDERS, GAP, at=0.5)
    stream = [Caller(Ticket((OTHER_ORDERS, GAP)), 0.5 + number / 50) for number in range(100)]
    Day().run([*storm, patient, *stream])

    assert patient.started is not None
    assert abs(patient.started - (1 + MARGIN)) < 0.005
    assert [caller.started for caller in stream] == sorted(caller.started or 0 for caller in stream)


@pytest.mark.parametrize(("seconds", "span"), [(0, 0), (0.1, 0.102), (1, 1 + MARGIN), (10, 10 + MARGIN)])
def test_a_gap_of_ours_needs_next_to_no_margin(seconds: float, span: float) -> None:
    """A broker's window is kept longer than it says by as much as calls may be delayed; our own gap hardly at all."""
    assert round(Window("calls", 1, seconds).span, 6) == span


def test_a_call_that_was_held_up_counts_from_when_it_leaves() -> None:
    """A start that turned out later moves in the broker's windows and not in our own gap, also when it is forgotten."""
    pace = Pace()
    assert pace.admits((POSITIONS, GAP), 0.0)

    pace.postpone((POSITIONS, GAP), 0.0, 0.4)

    assert not pace.admits((POSITIONS,), 0.4 + 1)
    assert pace.admits((GAP,), GAP.span + 0.001)
    assert pace.admits((POSITIONS,), 0.401 + POSITIONS.span)
    pace = Pace()
    pace.postpone((POSITIONS,), 0.0, 9.0)
    assert list(pace.starts["positions"]) == [9.0]


def test_of_several_starts_the_one_that_was_held_up_moves() -> None:
    """The starts stay in order, and those before the late one stay where they are."""
    pace = Pace()
    for now in (0.0, 0.1, 0.2):
        assert pace.admits((ORDERS,), now)

    pace.postpone((ORDERS,), 0.1, 0.3)

    assert list(pace.starts["orders NSEFO"]) == [0.0, 0.2, 0.3]


def test_a_call_in_between_keeps_the_later_ones_apart() -> None:
    """A call fits before one that waits only when the window has room for both."""
    pair = Window("pair", 2, 1.0)
    pace = Pace()
    assert pace.ask(Ticket((POSITIONS, pair)), 0.0) == 0
    waiting = Ticket((POSITIONS, pair))
    assert pace.ask(waiting, 0.1) > 0
    assert pace.ask(Ticket((pair,)), 0.2) == 0
    assert pace.ask(waiting, 1 + MARGIN) == 0

    pace = Pace()
    for now in (0.0, 0.5):
        assert pace.ask(Ticket((TRADES, pair)), now) == 0
    assert pace.ask(Ticket((POSITIONS,)), 0.9) == 0
    assert pace.ask(Ticket((POSITIONS, pair)), 1.1) > 0  # to start at 1.92, beside one that starts before
    assert pace.ask(Ticket((pair,)), 1.2) == 0
    assert round(pace.ask(Ticket((pair,)), 1.6), 6) == round(1.2 + pair.span - 1.6, 6)


def test_overfull_windows_are_named() -> None:
    """A window that holds more starts than the broker allows is reported with their number, and a full one is not."""
    pace = Pace()
    pace.starts["positions"].extend([0.0, 0.5, 0.9])
    pace.starts["orders NSEFO"].extend([0.0] * 10)
    none = Window("gap", 1, 0.0)
    pace.starts["gap"].extend([0.9, 0.9])

    assert pace.overfull((POSITIONS, ORDERS, none, TRADES), 0.95) == [LimitExceeded(POSITIONS, 3)]
    assert pace.overfull((POSITIONS,), 1.2) == [LimitExceeded(POSITIONS, 2)]
    assert pace.overfull((POSITIONS,), 1.6) == []


def test_broken_limits_read_as_sentences() -> None:
    """What is told of a limit names it, with its number of calls and its seconds."""
    assert str(LimitExceeded(POSITIONS, 3)) == (
        "3 calls where positions (1 in 1 s) may start: does every process use the same limits?"
    )
    assert str(LimitRefused((ORDERS, GAP))) == (
        "the broker's rate limit was hit although ours were kept: orders NSEFO (10 in 1 s), gap (1 in 0.1 s)"
    )
    assert str(LimitRefused(())).endswith("no limit is known for this call")
