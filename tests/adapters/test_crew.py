"""Several pieces of work at once: all outcomes in order, and nothing begun after trouble."""

from __future__ import annotations

import threading
import time

import pytest

from jainam.adapters import crew
from jainam.adapters.crew import all_of


def test_outcomes_come_in_the_order_of_the_pieces() -> None:
    """Whoever does which piece, and whichever ends first, each outcome stands in the place of its piece."""
    last_is_done = threading.Event()

    def work(piece: int) -> int:
        if piece == 2:
            last_is_done.set()
        elif piece == 0:
            assert last_is_done.wait(5)
        return piece * 10

    assert all_of(work, range(3), workers=2) == (0, 10, 20)


@pytest.mark.parametrize(("workers", "pieces"), [(3, 8), (8, 3), (1, 2)])
def test_no_more_work_than_workers_at_once(workers: int, pieces: int) -> None:
    """The calling thread is one of the workers, and there are never more of them than pieces."""
    names: set[str] = set()
    together = threading.Barrier(min(workers, pieces))

    def work(piece: int) -> None:
        names.add(threading.current_thread().name)
        if piece < together.parties:
            together.wait(5)

    all_of(work, range(pieces), workers=workers)

    assert len(names) == min(workers, pieces)
    assert threading.current_thread().name in names


@pytest.mark.parametrize("is_caller_s", [True, False])
def test_after_a_bug_nothing_more_is_begun(is_caller_s: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks one piece is raised once those under way have ended, whoever met it, and the rest is left alone."""
    both, caller_is_through = threading.Barrier(2), threading.Event()
    begun: list[threading.Thread] = []
    wait_for = crew._wait_for

    def waited(threads: list[threading.Thread]) -> None:
        caller_is_through.set()
        wait_for(threads)

    def work(_: int) -> str:
        begun.append(threading.current_thread())
        both.wait(5)
        is_caller = threading.current_thread() is threading.main_thread()
        if is_caller is is_caller_s:
            raise ZeroDivisionError
        if is_caller:
            next(thread for thread in begun if thread is not threading.main_thread()).join(5)
        else:
            assert caller_is_through.wait(5)
        return "done"

    monkeypatch.setattr(crew, "_wait_for", waited)
    with pytest.raises(ZeroDivisionError):
        all_of(work, range(9), workers=2)

    assert len(begun) == 2


def test_ctrl_c_lets_what_is_under_way_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """When Ctrl-C arrives while the others are waited for, they end before it goes on."""
    both, stopped = threading.Barrier(2), threading.Event()
    begun: list[int] = []
    wait_for = crew._wait_for

    def interrupted(threads: list[threading.Thread]) -> None:
        if not stopped.is_set():
            stopped.set()
            raise KeyboardInterrupt
        wait_for(threads)

    def work(piece: int) -> None:
        begun.append(piece)
        both.wait(5)
        if threading.current_thread() is not threading.main_thread():
            assert stopped.wait(5)

    monkeypatch.setattr(crew, "_wait_for", interrupted)
    with pytest.raises(KeyboardInterrupt):
        all_of(work, range(2), workers=2)

    assert sorted(begun) == [0, 1]
    assert not [thread for thread in threading.enumerate() if thread.name == "jainam_1"]


def test_a_thread_that_cannot_start_leaves_nobody_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the crew is broken up before it is complete, who is there already ends his piece and begins no other."""
    begun: list[int] = []
    both = threading.Barrier(2)
    start = threading.Thread.start

    def started(thread: threading.Thread) -> None:
        if thread.name == "jainam_2":
            both.wait(5)
            raise RuntimeError("can't start new thread")
        start(thread)

    def work(piece: int) -> None:
        begun.append(piece)
        both.wait(5)
        time.sleep(0.05)

    monkeypatch.setattr(threading.Thread, "start", started)
    with pytest.raises(RuntimeError, match="can't start"):
        all_of(work, range(9), workers=3)

    assert begun == [0]
    assert not [thread for thread in threading.enumerate() if thread.name == "jainam_1"]
