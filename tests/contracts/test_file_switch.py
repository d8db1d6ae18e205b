"""The switch that is a file keeps what switches promise, for every process and whatever becomes of the file."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import jainam
from contracts.switch_suite import SwitchSuite
from fakes.clock import IST, MORNING, FakeClock
from jainam.adapters import switch_files
from jainam.adapters.switch_files import BY_HAND, NOT_LOOKED, UNREADABLE, FileSwitch
from jainam.domain.errors import NotConfigured
from jainam.domain.guards import Halt

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(jainam.__file__).parents[1])}


def switch_in(folder: Path) -> FileSwitch:
    return FileSwitch(folder / "data" / "halt", FakeClock().now)


def failing(number: int) -> Any:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


class TestFileSwitch(SwitchSuite):
    @pytest.fixture
    def switch(self, tmp_path: Path) -> FileSwitch:
        return switch_in(tmp_path)


def test_every_process_is_stopped_at_once(tmp_path: Path) -> None:
    """Whoever looks at the same file is stopped by it and let through again with it."""
    ours, theirs = switch_in(tmp_path), switch_in(tmp_path)
    assert theirs.tripped() is None

    ours.trip("enough", "asha")
    assert theirs.tripped() == Halt(reason="enough", by="asha", at=MORNING)
    theirs.release("ravi")
    assert ours.tripped() is None


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_a_file_that_was_touched_stops_entries(tmp_path: Path, content: bytes) -> None:
    """`touch` is enough: an empty file halts since it was made."""
    switch = switch_in(tmp_path)
    switch.path.parent.mkdir()
    switch.path.write_bytes(content)
    os.utime(switch.path, (MORNING.timestamp(), MORNING.timestamp()))

    assert switch.tripped() == Halt(reason=BY_HAND, at=MORNING)
    assert switch.release("asha") == Halt(reason=BY_HAND, at=MORNING)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe",
        b"[]",
        b"stop!",
        b"7",
        b'{"reason": "x"}',
        b'{"reason": 7, "by": "x", "at": null}',
        b'{"reason": "x", "by": "y", "at": "soon"}',
        b'{"reason": "x", "by": "y", "at": 7}',
    ],
)
def test_a_garbled_file_stops_entries(tmp_path: Path, content: bytes) -> None:
    """What cannot be understood halts like any other halt file."""
    switch = switch_in(tmp_path)
    switch.path.parent.mkdir()
    switch.path.write_bytes(content)

    halt = switch.tripped()

    assert halt is not None
    assert halt.reason == UNREADABLE
    assert switch.release("asha") is not None
    assert switch.tripped() is None


def test_words_without_a_time_are_words(tmp_path: Path) -> None:
    """A file that somebody wrote without saying when still says why."""
    switch = switch_in(tmp_path)
    switch.path.parent.mkdir()
    switch.path.write_text(json.dumps({"reason": "by script", "by": "cron", "at": None}))

    assert switch.tripped() == Halt(reason="by script", by="cron")


def test_a_folder_in_its_place_stops_entries(tmp_path: Path) -> None:
    """Anything of that name halts; a folder has to be taken away by hand, and the error says so without a path."""
    switch = switch_in(tmp_path)
    switch.path.mkdir(parents=True)

    halt = switch.tripped()
    with pytest.raises(NotConfigured, match=r"still stopped.*remove it by hand, `jainam guard` shows where") as caught:
        switch.release("asha")

    assert halt is not None
    assert halt.reason == UNREADABLE
    assert str(tmp_path) not in str(caught.value)
    assert switch.tripped() is not None


def test_a_file_that_may_not_be_read_stops_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's halt file halts, though its words stay his."""
    switch = switch_in(tmp_path)
    switch.trip("secret", "root")
    monkeypatch.setattr(Path, "read_bytes", failing(errno.EACCES))

    halt = switch.tripped()

    assert halt is not None
    assert (halt.reason, halt.by) == (UNREADABLE, "")
    assert halt.at is not None
    assert halt.at.tzinfo == IST


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ENOTDIR])
def test_a_folder_that_cannot_be_looked_into_stops_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Where nobody can see whether the file is there, it is not taken for absent."""
    switch = switch_in(tmp_path)
    monkeypatch.setattr(os, "stat", failing(number))

    assert switch.tripped() == Halt(reason=NOT_LOOKED)


def test_a_folder_that_can_no_longer_be_looked_into_stops_entries_within_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quick look cannot tell "absent" from "not to be seen", so it is believed for a second only."""
    clock = FakeClock(elapsed=100.0)
    switch = FileSwitch(tmp_path / "halt", clock.now, clock.monotonic)
    assert switch.tripped() is None
    monkeypatch.setattr(os, "stat", failing(errno.EACCES))

    clock.advance(0.9)
    assert switch.tripped() is None
    clock.advance(0.2)
    assert switch.tripped() == Halt(reason=NOT_LOOKED)


def test_a_halt_file_that_goes_between_two_looks_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Released by another process while it is being read, it halts nobody."""
    switch = switch_in(tmp_path)
    switch.trip("enough", "asha")
    monkeypatch.setattr(Path, "read_bytes", failing(errno.ENOENT))

    assert switch.tripped() is None
    assert switch.release("asha") == Halt(reason=BY_HAND)


def test_only_its_owner_reads_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    """The file has mode 0600, and no half-written one lies beside it."""
    switch = switch_in(tmp_path)
    switch.trip("enough", "asha")

    assert (switch.path.stat().st_mode & 0o777) == 0o600
    assert list(switch.path.parent.iterdir()) == [switch.path]
    assert json.loads(switch.path.read_bytes()) == {"reason": "enough", "by": "asha", "at": MORNING.isoformat()}


def test_a_full_disk_stops_entries_without_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the words find no room an empty file halts, and the half-written one is taken away."""
    switch = switch_in(tmp_path)
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))

    switch.trip("enough", "asha")

    halt = switch.tripped()
    assert halt is not None
    assert halt.reason == BY_HAND
    assert list(switch.path.parent.iterdir()) == [switch.path]


def test_a_halt_that_cannot_be_made_known_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is left believing that entries are stopped: the error says they are not, and what to do."""
    switch = switch_in(tmp_path)
    monkeypatch.setattr(switch_files, "write_whole", failing(errno.EROFS))
    with pytest.raises(NotConfigured, match=r"could NOT be stopped.*Read-only file system.*JAINAM_HALT_FILE") as caught:
        switch.trip("enough", "asha")

    assert str(tmp_path) not in str(caught.value)
    assert switch.tripped() is None


def test_what_cannot_be_rewritten_halts_as_it_stands(tmp_path: Path) -> None:
    """Something of that name that is not ours to write stops entries without our words."""
    switch = switch_in(tmp_path)
    switch.path.mkdir(parents=True)

    switch.trip("enough", "asha")

    assert switch.tripped() is not None


def test_an_error_without_a_number_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a cause that the system has no words for is told by its kind."""

    def strange(*_: object) -> None:
        raise OSError("canary")

    switch = switch_in(tmp_path)
    switch.trip("enough", "asha")
    monkeypatch.setattr(Path, "unlink", strange)

    with pytest.raises(NotConfigured, match=r"cannot be removed \(OSError\)") as caught:
        switch.release("asha")
    assert "canary" not in str(caught.value)


def test_killed_at_any_moment_it_holds_the_old_words_or_the_new(tmp_path: Path) -> None:
    """A process that is killed while it trips leaves the file as it was or as it was to be, and always there."""
    switch = switch_in(tmp_path)
    switch.trip("w" * 5000 + "0", "before")
    code = (
        "import sys, pathlib; from jainam.adapters.switch_files import FileSwitch;"
        f"switch = FileSwitch(pathlib.Path({str(switch.path)!r}));"
        "print('go', flush=True)\n"
        "for number in range(10**9): switch.trip('w' * 5000 + str(number), 'child')"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=ENVIRONMENT) for _ in range(3)
    ]
    for number, child in enumerate(children):
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.02 + 0.013 * number)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()

        halt = switch.tripped()
        assert halt is not None
        assert halt.reason.startswith("w" * 5000)
        assert halt.by in ("before", "child")
