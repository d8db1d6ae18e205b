"""Several processes share the limits of a login through one file as if they stood in one queue (X6, D16)."""

from __future__ import annotations

import heapq
import os
import sys
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from fakes.pacers import body, processes
from jainam.adapters import shared_pacer, whole_record
from jainam.adapters.os_locks import try_lock, unlock
from jainam.adapters.shared_pacer import BUSY, GRACE, SharedPacer, this_boot
from jainam.domain.errors import NotConfigured
from jainam.domain.pacing import LimitExceeded, Pace, Ticket, Window
from jainam.ports.pacing import Pacing

ORDERS = Window("orders NSEFO", 10, 1.0)
OTHER_ORDERS = Window("orders BSEFO", 10, 1.0)
GAP = Window("gap", 1, 0.1)
POSITIONS = Window("positions", 1, 1.0)
WINDOWS = (ORDERS, OTHER_ORDERS, GAP, POSITIONS)


@define
class Call:
    """Somebody who wants to start at *arrival*."""

    arrival: float
    windows: tuple[Window, ...]
    urgent: bool = False


calls = st.builds(
    Call,
    st.floats(1000, 1004),
    st.lists(st.sampled_from(WINDOWS), unique=True, min_size=1, max_size=3).map(tuple),
    st.booleans(),
)


def starts(calls: list[Call], pacers: list[Pacing]) -> list[float]:
    """When each of *calls* starts, if they ask the *pacers* in turns and sleep as long as told."""
    order, turns = count(), cycle(pacers)
    queue = [(call.arrival, next(order), place) for place, call in enumerate(calls)]
    heapq.heapify(queue)
    asking = [(Ticket(call.windows, call.urgent), next(turns)) for call in calls]
    started = [0.0] * len(calls)
    while queue:
        now, _, place = heapq.heappop(queue)
        ticket, pacer = asking[place]
        if (not ticket.waited and pacer.admits(ticket.windows, now)) or not (wait := pacer.ask(ticket, now)):
            started[place] = now
        else:
            heapq.heappush(queue, (now + wait, next(order), place))
    return started


class Alone:
    """One `Pace`, asked as a pacer is."""

    def __init__(self) -> None:
        pace = Pace()
        self.admits, self.ask, self.leave, self.close = pace.admits, pace.ask, pace.leave, lambda: None
        self.postpone = pace.postpone


@given(calls=st.lists(calls, max_size=30))
def test_many_processes_wait_as_one_would(calls: list[Call]) -> None:
    """Three processes that share a file let every call start when one process alone would have."""
    with processes(3) as pacers:
        assert starts(calls, [*pacers]) == starts(calls, [Alone()])


@given(storm=st.integers(0, 60), arrival=st.floats(1000, 1003))
def test_exit_waits_for_one_slot_behind_entries_of_all_processes(storm: int, arrival: float) -> None:
    """However many entries wait in other processes, an exit waits for one slot at most, and no window is overfull."""
    entries = [Call(1000, (ORDERS,)) for _ in range(storm)]
    with processes(4) as pacers:
        *others, exit_start = starts([*entries, Call(arrival, (ORDERS,), urgent=True)], [*pacers])

    assert exit_start - arrival <= ORDERS.span + 0.002
    everybody = sorted([*others, exit_start])
    for earlier, later in zip(everybody, everybody[ORDERS.calls :], strict=False):
        assert later - earlier > ORDERS.seconds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "pace"


@pytest.fixture
def pacers(path: Path) -> Iterator[list[SharedPacer]]:
    with processes(2, path) as pacers:
        yield pacers


def test_starts_outlive_their_process(path: Path) -> None:
    """What a process started counts for the next one, and for nobody once its window has passed."""
    with processes(1, path) as [first]:
        assert first.admits((POSITIONS,), 1000.0)
    with processes(1, path) as [second]:
        assert not second.admits((POSITIONS,), 1000.9)
        assert second.admits((POSITIONS,), 1001.1)


def test_time_never_runs_back(pacers: list[SharedPacer]) -> None:
    """A process that looked at the clock before another one started counts its own start from there."""
    first, second = pacers
    assert first.admits((ORDERS, POSITIONS), 1000.5)
    assert second.admits((ORDERS,), 1000.0)
    assert second.ask(Ticket((POSITIONS,)), 1000.1) == pytest.approx(POSITIONS.span)


def test_place_of_the_dead_is_given_up(pacers: list[SharedPacer]) -> None:
    """An exit whose process died holds entries back for as long as it meant to wait, and the grace, and no longer."""
    dead, alive = pacers
    assert dead.admits((POSITIONS,), 1000.0)
    wait = dead.ask(Ticket((POSITIONS,), urgent=True), 1000.5)
    entry = Ticket((POSITIONS,))
    assert alive.ask(entry, 1000.5) > wait
    assert alive.ask(entry, 1000.5 + wait) > 0

    assert alive.ask(entry, 1000.5 + wait + GRACE - 0.01) > 0
    assert alive.ask(entry, 1000.5 + wait + GRACE + 0.01) == 0


def test_who_asks_late_stands_at_the_end(pacers: list[SharedPacer]) -> None:
    """A call that others took for dead goes on waiting, behind those who came meanwhile."""
    first, second = pacers
    assert first.admits((POSITIONS,), 1000.0)
    late, patient = Ticket((POSITIONS,)), Ticket((POSITIONS,))
    assert first.ask(late, 1000.1) > 0
    assert second.ask(patient, 1000.1) > 0
    assert second.ask(patient, 1001.6) == 0
    assert first.ask(late, 1001.7) == pytest.approx(1001.6 + POSITIONS.span - 1001.7)


def test_place_is_kept_by_who_asks_late_but_before_anybody_noticed(pacers: list[SharedPacer]) -> None:
    """A late call that nobody has missed yet keeps its place."""
    first, second = pacers
    assert first.admits((POSITIONS,), 1000.0)
    late = Ticket((POSITIONS,))
    assert first.ask(late, 1000.1) > 0
    assert second.ask(Ticket((POSITIONS,)), 1000.1) > 0
    assert first.ask(late, 1009.0) == 0


def test_leaving_gives_the_place_up_for_all(pacers: list[SharedPacer]) -> None:
    """Somebody who stops waiting is waited for in no process; leaving without a place changes nothing."""
    first, second = pacers
    assert first.admits((POSITIONS,), 1000.0)
    leaver = Ticket((POSITIONS,), urgent=True)
    assert first.ask(leaver, 1000.1) > 0
    assert second.ask(Ticket((ORDERS,)), 1000.1) == 0
    assert second.ask(Ticket((POSITIONS,)), 1000.2) > 1.5
    first.leave(leaver)
    first.leave(leaver)
    first.leave(Ticket((POSITIONS,)))
    assert not leaver.waited
    assert second.ask(Ticket((POSITIONS,)), 1000.2) > 1.5  # behind the other entry
    assert len(body(first.path)["queue"]) == 2


def test_leaving_happens_at_any_time(pacers: list[SharedPacer]) -> None:
    """A call that leaves long after it asked takes nothing with it of what others did meanwhile."""
    first, second = pacers
    assert first.admits((POSITIONS,), 1000.0)
    leaver = Ticket((POSITIONS,))
    assert first.ask(leaver, 1000.1) > 0
    assert second.ask(Ticket((POSITIONS,)), 5000.0) == 0
    first.leave(leaver)

    assert not first.admits((POSITIONS,), 5000.5)


def test_a_call_that_was_held_up_counts_for_all_from_when_it_leaves(pacers: list[SharedPacer], path: Path) -> None:
    """Every process knows the later start; while another one has the file for long, the margin has to do."""
    first, second = pacers
    assert first.admits((POSITIONS,), 1000.0)

    first.postpone((POSITIONS,), 1000.0, 1000.4)

    assert not second.admits((POSITIONS,), 1000.39 + POSITIONS.span)
    assert second.admits((POSITIONS,), 1000.41 + POSITIONS.span)
    other = os.open(path, os.O_RDWR)
    assert try_lock(other)
    second.postpone((POSITIONS,), 1000.41 + POSITIONS.span, 1009.0)
    unlock(other)
    os.close(other)
    assert first.admits((POSITIONS,), 1000.42 + 2 * POSITIONS.span)


def test_busy_file_keeps_nobody(pacers: list[SharedPacer], path: Path) -> None:
    """While another process has the file, nothing starts and nobody blocks: the caller is told to ask again soon."""
    pacer, ticket, waiting = pacers[0], Ticket((ORDERS,)), Ticket((POSITIONS,))
    assert pacer.admits((POSITIONS,), 1000.0)
    assert pacer.ask(waiting, 1000.0) > 0
    other = os.open(path, os.O_RDWR)
    assert try_lock(other)
    assert not pacer.admits((ORDERS,), 1000.0)
    assert pacer.ask(ticket, 1000.0) == BUSY
    pacer.leave(waiting)

    unlock(other)
    os.close(other)
    assert pacer.ask(ticket, 1000.0) == 0
    pacer.leave(waiting)
    assert not body(path)["queue"]


def damaged(content: bytes) -> Iterator[bytes]:
    """*content* as a crash, a full disk or a stranger may leave it."""
    yield b""
    yield b"not ours at all, and long enough to have a head"
    for length in range(1, len(content), 7):
        yield content[:length]
    for place in range(0, len(content), 7):
        yield content[:place] + bytes([content[place] ^ 0x20]) + content[place + 1 :]


def test_damaged_file_counts_as_just_used(path: Path) -> None:
    """Whatever a crash leaves of the file, no window opens before it would have if it had just been filled."""
    with processes(1, path) as [pacer]:
        assert pacer.admits((POSITIONS, ORDERS), 1000.0)
        assert pacer.ask(Ticket((POSITIONS,)), 1000.0) > 0
    for content in damaged(path.read_bytes()):
        path.write_bytes(content)
        with processes(2, path) as [first, second]:
            assert not first.admits((ORDERS,), 1000.5)
            assert not second.admits((ORDERS,), 1000.49 + ORDERS.span)
            assert second.admits((ORDERS,), 1000.51 + ORDERS.span)
            assert first.admits((ORDERS, POSITIONS), 1000.52 + ORDERS.span)


def test_damage_under_our_hands(pacers: list[SharedPacer], path: Path) -> None:
    """Damage between two calls, or before one leaves, is met with the same caution and without an error."""
    first, second = pacers
    assert first.admits((POSITIONS,), 1000.0)
    waiting, leaver = Ticket((POSITIONS,), urgent=True), Ticket((POSITIONS,))
    assert first.ask(waiting, 1000.1) > 0
    assert first.ask(leaver, 1000.1) > 0
    path.write_bytes(b"?" * 200)
    first.leave(leaver)
    assert path.read_bytes() == b"?" * 200

    assert second.ask(Ticket((POSITIONS,)), 1010.0) == pytest.approx(POSITIONS.span)
    assert first.ask(waiting, 1010.1) == pytest.approx(POSITIONS.span - 0.1)
    assert second.ask(Ticket((POSITIONS,)), 1010.2) > POSITIONS.span


def test_restart_of_the_machine_is_a_fresh_start(path: Path) -> None:
    """Times that were written before the machine was started again mean nothing."""
    with processes(1, path) as [before]:
        assert before.admits((POSITIONS,), 1000.0)
        assert before.ask(Ticket((POSITIONS,), urgent=True), 1000.0) > 0
    after = SharedPacer(path, boot="another")
    assert after.admits((POSITIONS,), 30.0)
    assert not after.admits((POSITIONS,), 30.5)
    after.close()


def test_times_far_ahead_are_of_another_clock(pacers: list[SharedPacer]) -> None:
    """Starts that lie minutes ahead stop nobody for minutes; they count as if they had been made just now."""
    first, second = pacers
    assert first.admits((POSITIONS,), 1_700_000_000.0)
    assert not second.admits((POSITIONS,), 1000.0)
    assert second.admits((POSITIONS,), 1001.1)


def test_a_boot_has_a_name() -> None:
    """On Linux every start of the machine has a name of its own; elsewhere the name is empty."""
    assert len(this_boot()) == (36 if sys.platform == "linux" else 0)


def test_file_that_was_taken_away(pacers: list[SharedPacer], path: Path) -> None:
    """Where the file was removed, the processes meet at a new one, as careful as if all windows had been filled."""
    first, second = pacers
    assert first.admits((ORDERS,), 1000.0)
    path.unlink()
    assert not first.admits((ORDERS,), 1000.5)
    assert not second.admits((ORDERS,), 1001.0)
    assert path.exists()
    assert second.admits((ORDERS, POSITIONS), 1002.1)
    assert not first.admits((POSITIONS,), 1002.2)


def test_file_that_was_closed_over_our_head(pacers: list[SharedPacer], path: Path, tmp_path: Path) -> None:
    """A program that closes all files, and opens others under their numbers, has none of those written over."""
    first, second = pacers
    assert first.admits((ORDERS,), 1000.0)
    handle = first._record._handle
    assert handle is not None
    os.close(handle)
    precious = os.open(tmp_path / "precious", os.O_RDWR | os.O_CREAT)
    assert precious == handle
    os.write(precious, b"precious")
    assert not first.admits((ORDERS,), 1000.5)
    assert first.ask(Ticket((ORDERS,)), 1000.5) == pytest.approx(ORDERS.span)
    assert not second.admits((ORDERS,), 1000.6)
    assert (tmp_path / "precious").read_bytes() == b"precious"

    os.close(precious)
    handle = first._record._handle
    assert handle is not None
    os.close(handle)
    assert not first.admits((ORDERS,), 1010.0)
    assert first.admits((ORDERS,), 1011.1)


def test_on_our_own_when_there_is_no_file(pacers: list[SharedPacer], path: Path) -> None:
    """While there can be no file, a process keeps its own limits and says that it is alone; then they meet again."""
    first, second = pacers
    assert first.admits((POSITIONS,), 1000.0)
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("in the way")
    assert not first.admits((POSITIONS,), 1000.5)
    waiting = Ticket((POSITIONS,))
    assert first.ask(waiting, 1000.6) > 0
    first.leave(waiting)
    assert first.admits((POSITIONS,), 1001.1)
    assert [pacer.is_shared for pacer in pacers] == [False, True]
    assert not first.admits((POSITIONS,), 1001.2)

    path.parent.unlink()
    assert not first.admits((ORDERS,), 1005.0)
    assert not second.admits((ORDERS,), 1005.5)
    assert [pacer.is_shared for pacer in pacers] == [True, True]
    assert second.admits((ORDERS,), 1007.0)


@pytest.mark.parametrize("call", ["read", "write", "short write", "fstat"])
def test_on_our_own_when_the_disk_fails(pacers: list[SharedPacer], monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """A disk that can no longer be read or written, or has no room, raises nothing; this process keeps its limits."""
    pacer = pacers[0]
    assert pacer.admits((POSITIONS,), 1000.0)

    def fail(*_: object) -> int:
        if call == "short write":
            return 3
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(f"jainam.adapters.whole_record.os.{call.removeprefix('short ')}", fail)
        assert not pacer.admits((POSITIONS,), 1000.5)
        assert pacer.admits((ORDERS,), 1001.0)
        assert pacer.admits((POSITIONS,), 1001.1)
        assert not pacer.admits((POSITIONS,), 1001.2)
        assert not pacer.is_shared
    assert pacer.ask(Ticket((ORDERS,)), 1001.3) == pytest.approx(ORDERS.span)
    assert pacer.is_shared


def test_lock_that_does_not_open(pacers: list[SharedPacer], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file cannot be unlocked it is closed, which frees it for the others, and the answer stands."""

    def fail(_: int) -> None:
        raise OSError("no lock to give back")

    first, second = pacers
    with monkeypatch.context() as patch:
        patch.setattr(whole_record, "unlock", fail)
        assert first.admits((POSITIONS,), 1000.0)
    assert not second.admits((POSITIONS,), 1000.5)
    assert second.admits((ORDERS,), 1000.5)


def test_interrupted_call_leaves_no_trace(pacers: list[SharedPacer], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a call leaves a pacer that goes on, with the file or without."""

    def interrupt(_: object) -> bytes:
        raise KeyboardInterrupt

    first, second = pacers
    assert first.admits((POSITIONS,), 1000.0)
    ticket = Ticket((POSITIONS,))
    for act in (lambda: first.ask(ticket, 1000.1), lambda: first.admits((ORDERS,), 1000.1)):
        monkeypatch.setattr(shared_pacer, "whole", interrupt)
        with pytest.raises(KeyboardInterrupt):
            act()
        monkeypatch.undo()
    assert second.ask(Ticket((POSITIONS,)), 1001.1) == 0
    assert first.ask(ticket, 1001.2) == pytest.approx(1001.1 + POSITIONS.span - 1001.2)

    monkeypatch.setattr(Pace, "ask", lambda *_: interrupt(None))
    with pytest.raises(KeyboardInterrupt):
        first.ask(ticket, 1001.3)
    monkeypatch.undo()
    assert first.ask(ticket, 1001.4) == pytest.approx(1001.1 + POSITIONS.span - 1001.4)
    assert len(body(first.path)["queue"]) == 1


def test_overfull_windows_are_told_once(path: Path) -> None:
    """A window that others have filled beyond its limit is told of once for as long as it stays overfull."""
    found: list[LimitExceeded] = []
    careful = SharedPacer(path, found.append)
    generous = Window("positions", 3, 1.0)
    with processes(1, path) as [other]:
        for _ in range(3):
            assert other.admits((generous,), 1000.0)
        assert not careful.admits((POSITIONS,), 1000.1)
        assert found == [LimitExceeded(POSITIONS, 3)]
        assert other.admits((ORDERS,), 1000.2)
        assert careful.ask(Ticket((POSITIONS, ORDERS)), 1000.3) > 0
        assert len(found) == 1
        for _ in range(3):
            assert other.ask(Ticket((generous,)), 1005.0) == 0
        assert careful.ask(Ticket((POSITIONS,)), 1005.1) > 0
        assert len(found) == 2
        for _ in range(3):
            assert other.ask(Ticket((generous,)), 1010.0) == 0
        silent = SharedPacer(path)
        assert silent.ask(Ticket((POSITIONS,)), 1010.1) > 0
        silent.close()
    careful.close()


def test_place_that_cannot_hold_the_file(tmp_path: Path) -> None:
    """A path where no file can be is an error at once, which names it and says what to do."""
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(NotConfigured, match=r"limits cannot be shared through .*pace: .*; make its folder writable"):
        SharedPacer(tmp_path / "state" / "pace")


def test_file_is_for_its_owner(pacers: list[SharedPacer], path: Path) -> None:
    """The file and its folder are closed to others, nothing else is left there, and it stays small."""
    for second in range(1000):
        assert pacers[0].admits((ORDERS, POSITIONS), 1000.0 + 2 * second)
    assert [entry.name for entry in path.parent.iterdir()] == ["pace"]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert path.stat().st_size < 1000


def test_long_queue_is_kept_whole(pacers: list[SharedPacer], path: Path) -> None:
    """A file of more than one read is read whole."""
    first, second = pacers
    assert first.admits((POSITIONS,), 1000.0)
    for _ in range(300):
        assert first.ask(Ticket((POSITIONS, ORDERS, GAP)), 1000.0) > 0
    assert second.ask(Ticket((POSITIONS,)), 1000.0) == pytest.approx(301 * POSITIONS.span)
    assert path.stat().st_size > 16384
