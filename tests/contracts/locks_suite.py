"""What all locks promise; each adapter's test file brings a way to open them and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from jainam.ports.locks import Locks

KEY = ("smart", "jainam_prop", "NFO", "NIFTY27JAN26FUT")
ROUNDS = 25

Opener = Callable[[], Locks]
"""Opens the same locks once more, as another process would; whoever hands the opener out closes what it opened."""

HOLDING = """
import sys, time
release = locks.try_hold(tuple(sys.argv[1:]))
print("held" if release else "not held", flush=True)
time.sleep(60)
"""

COUNTING = """
import sys, time
path, rounds, with_lock, *key = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(rounds)):
    release = None
    while with_lock == "yes" and (release := locks.try_hold(tuple(key))) is None:
        time.sleep(0.0002)
    with open(path) as file:
        number = int(file.read())
    time.sleep(0.0002)
    with open(path, "r+") as file:
        file.write(f"{number + 1:06}")
    if release:
        release()
"""

FORKING = """
import os, sys
key = tuple(sys.argv[1:])
release = locks.try_hold(key)
down, up = os.pipe()
child = os.fork()
if child == 0:
    release()
    os.write(up, b"still held" if locks.try_hold(key) is None else b"given back by the child")
    os.read(int(os.environ["WAIT_ON"]), 1)
    os._exit(0)
print(os.read(down, 100).decode(), child, flush=True)
sys.stdin.read()
"""


class LocksSuite:
    @pytest.fixture
    def opened(self) -> Opener:
        """How to open the locks that are tested here."""
        raise NotImplementedError

    @pytest.fixture
    def opening(self) -> str:
        """The statements that open them as `locks` in a process of its own."""
        raise NotImplementedError

    def test_one_holder_at_a_time(self, opened: Opener) -> None:
        """While somebody holds a lock nobody else gets it, here or elsewhere, and afterwards the next one does."""
        ours, theirs = opened(), opened()
        release = ours.try_hold(KEY)
        assert release is not None
        assert release.is_kept()
        assert theirs.try_hold(KEY) is None
        assert ours.try_hold(KEY) is None
        release()

        release = theirs.try_hold(KEY)
        assert release is not None
        assert ours.try_hold(KEY) is None
        release()

    def test_threads_exclude_one_another(self, opened: Opener) -> None:
        """Of many threads that share one object, a single one gets the lock."""
        locks, together = opened(), threading.Barrier(8)

        def attempt(_: int) -> bool:
            together.wait()
            return locks.try_hold(KEY) is not None

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(8))) == 1

    def test_keys_are_independent(self, opened: Opener) -> None:
        """Keys that differ in any word, in where a word ends or in case are different locks."""
        ours, theirs = opened(), opened()
        assert ours.try_hold(KEY) is not None
        others = (
            (*KEY, "NRML"),
            KEY[:-1],
            ("smart", "jainam_prop", "NFO-NIFTY27JAN26FUT"),
            ("smart", "jainam_prop", "NFO", "nifty27jan26fut"),
            ("smart", "jainam_prop/NFO", "NIFTY27JAN26FUT"),
            ("smart", "../jainam_prop", "NFO", "M&M", "निफ्टी" * 30),
            (),
        )
        for other in others:
            assert theirs.try_hold(other) is not None

    def test_release_happens_once(self, opened: Opener) -> None:
        """A release that is called again, from any thread, leaves the lock of the next holder alone."""
        locks = opened()
        first = locks.try_hold(KEY)
        assert first is not None
        first()
        second = locks.try_hold(KEY)
        assert second is not None
        first()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(first).result()
        assert opened().try_hold(KEY) is None
        assert locks.try_hold(KEY) is None

        with ThreadPoolExecutor(1) as pool:
            pool.submit(second).result()
        assert opened().try_hold(KEY) is not None

    def test_closing_gives_back(self, opened: Opener) -> None:
        """What is held when the locks are closed is free, and a release that comes after that does nothing."""
        ours, theirs = opened(), opened()
        release = ours.try_hold(KEY)
        assert release is not None
        assert theirs.try_hold(KEY) is None
        ours.close()
        assert theirs.try_hold(KEY) is not None

        release()
        ours.close()
        assert opened().try_hold(KEY) is None

    def test_the_dead_hold_nothing(self, opened: Opener, opening: str) -> None:
        """A lock whose holder is killed is free at once."""
        locks = opened()
        with _child(opening + HOLDING, *KEY) as holder:
            assert _line(holder) == "held"
            assert locks.try_hold(KEY) is None
            holder.kill()
            holder.wait()
        _until(lambda: locks.try_hold(KEY) is not None)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    def test_forks_leave_the_lock_alone(self, opened: Opener, opening: str) -> None:
        """A forked child neither gives the lock of its parent back nor keeps it when the parent is killed."""
        locks = opened()
        down, up = os.pipe()
        grandchild = 0
        try:
            with _child(opening + FORKING, *KEY, inherits=down) as parent:
                *words, number = _line(parent).split()
                grandchild = int(number)
                assert words == ["still", "held"]
                assert locks.try_hold(KEY) is None
                parent.kill()
                parent.wait()
            _until(lambda: locks.try_hold(KEY) is not None)
            os.kill(grandchild, 0)  # it is alive, or the test showed nothing
        finally:
            os.write(up, b"!")
            os.close(up)
            os.close(down)

    def test_no_update_is_lost(self, opening: str, tmp_path: Path) -> None:
        """Eight processes that count in one file under the lock lose nothing; without the lock they do."""
        assert _counted(opening, tmp_path / "with", with_lock=True) == 8 * ROUNDS
        assert _counted(opening, tmp_path / "without", with_lock=False) < 8 * ROUNDS


def _counted(opening: str, path: Path, *, with_lock: bool) -> int:
    """What is in the file after eight processes have each added one to it, again and again."""
    path.write_text("0")
    arguments = (str(path), str(ROUNDS), "yes" if with_lock else "no", *KEY)
    with ExitStack() as stack:
        children = [stack.enter_context(_child(opening + COUNTING, *arguments)) for _ in range(8)]
        assert [_line(child) for child in children] == ["ready"] * 8
        for child in children:
            assert child.stdin is not None
            child.stdin.close()
        assert [child.wait(30) for child in children] == [0] * 8
    return int(path.read_text())


@contextmanager
def _child(code: str, *arguments: str, inherits: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """Another Python that runs *code*; it is gone in the end."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=() if inherits is None else (inherits,),
        env=os.environ | {"WAIT_ON": str(inherits)},
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def _until(happened: Callable[[], bool]) -> None:
    """Return once *happened*; a server needs a moment to see that somebody is gone."""
    for _ in range(500):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen within five seconds")
