"""The shared limits hold among real processes, killed and forked ones included (X6, D16)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from fakes.pacers import body, processes
from jainam.domain.pacing import Window


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "pace"


CHILD = """
import sys, time
from pathlib import Path
from jainam.adapters.shared_pacer import SharedPacer
from jainam.domain.pacing import Ticket, Window
path, size = Path(sys.argv[1]), int(sys.argv[2])
orders, all_of_them = Window("orders", 10, 0.1), Window("all", 1000, 60.0)
"""

TRADING = """
from threading import Thread
pacer = SharedPacer(path)

def call(urgent):
    ticket = Ticket((orders, all_of_them), urgent)
    if not pacer.admits(ticket.windows, time.monotonic()):
        while wait := pacer.ask(ticket, time.monotonic()):
            time.sleep(wait)

print("ready", flush=True)
sys.stdin.readline()
entries = [Thread(target=call, args=(False,)) for _ in range(size)]
for entry in entries:
    entry.start()
if not entries:
    time.sleep(0.05)
    asked = time.monotonic()
    call(True)
    print(asked, time.monotonic(), flush=True)
for entry in entries:
    entry.join()
"""

KILLED = """
pacer = SharedPacer(path)
while True:
    now = time.monotonic()
    if pacer.admits((orders, all_of_them), now):
        print(now, flush=True)
"""

FORKED = """
import os
pacer = SharedPacer(path)
assert pacer.admits((orders, all_of_them), 1000.0)
waiting = Ticket((Window("all", 1, 60.0),))
assert pacer.ask(waiting, 1000.0) > 0
child = os.fork()
if child == 0:
    os._exit(0 if pacer.ask(Ticket((orders,)), 1000.0) == 0 and pacer.ask(waiting, 1000.0) > 0 else 1)
assert os.waitpid(child, 0)[1] == 0
assert pacer.ask(Ticket((orders,)), 1000.01) == 0
pacer.leave(waiting)
"""


@contextmanager
def child(code: str, path: Path, size: int = 0) -> Iterator[subprocess.Popen[str]]:
    """Another Python that runs *code*; it is gone in the end."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD + code, path, str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_four_processes_and_an_exit(path: Path) -> None:
    """Four processes with ten entries each keep the limit among them, and an exit passes all but a slot of them."""
    with ExitStack() as stack:
        entries = [stack.enter_context(child(TRADING, path, size=10)) for _ in range(4)]
        exit_process = stack.enter_context(child(TRADING, path))
        assert [line(process) for process in (*entries, exit_process)] == ["ready"] * 5
        for process in (*entries, exit_process):
            assert process.stdin is not None
            process.stdin.close()
        asked, started = map(float, line(exit_process).split())
        assert [process.wait(30) for process in (*entries, exit_process)] == [0] * 5

    _, *times = body(path)["starts"]["all"]
    assert len(times) == 41
    assert min(later - earlier for earlier, later in zip(times, times[10:], strict=False)) > 0.1
    assert sum(asked < time <= started for time in times) <= 2 * 10
    assert sum(time > started for time in times) >= 10


def test_kill_at_any_moment(path: Path) -> None:
    """However a process is killed, the next one goes on without an error and counts every start it made."""
    orders = Window("orders", 10, 0.1)
    for _ in range(4):
        with child(KILLED, path) as process:
            made = [float(line(process)) for _ in range(25)]
            process.kill()
            made += [float(text) for text in (process.stdout or []) if text.endswith("\n")]
        with processes(1, path) as [pacer]:
            now = made[-1]
            while not pacer.admits((orders,), now):
                now += 0.0005
        assert sum(start > now - orders.seconds for start in made) < orders.calls


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_child_is_a_process_of_its_own(path: Path) -> None:
    """Parent and child of a fork count together afterwards, and the child holds no place of its parent's."""
    with child(FORKED, path) as process:
        assert process.wait(10) == 0
    assert len(body(path)["starts"]["orders"]) == 1 + 3
    assert len(body(path)["queue"]) == 1  # the child's; its parent has left
