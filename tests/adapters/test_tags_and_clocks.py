"""Identifiers never repeat, and clocks tell Indian time."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import re

from jainam.adapters.clocks import AsyncioClock, SystemClock
from jainam.adapters.tags import new_tag


def test_a_tag_is_twenty_letters_and_digits() -> None:
    """A tag fits the identifier field of every XTS server: at most 20 letters and digits (protocol 3.3)."""
    assert all(re.fullmatch(r"J[0-9a-f]{19}", new_tag()) for _ in range(1000))


def test_tags_do_not_repeat() -> None:
    """Ten thousand tags of one moment are ten thousand different ones (X1)."""
    assert len({new_tag(lambda: 1_768_190_400.0) for _ in range(10_000)}) == 10_000


def test_a_forked_child_has_tags_of_its_own() -> None:
    """Processes that fork do not share the numbers their tags are made of, whatever seed the program set (X1)."""
    random.seed(0)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, new_tag(lambda: 1.0).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as told:
        assert told.read() != new_tag(lambda: 1.0)


def test_later_tags_sort_later() -> None:
    """The front of a tag is the time it was made, so books can be read in order."""
    assert new_tag(lambda: 1_768_190_400.0) < new_tag(lambda: 1_768_190_401.0)


def test_the_clock_is_in_india() -> None:
    """Wall time carries the offset of Asia/Kolkata."""
    assert SystemClock().now().utcoffset() == dt.timedelta(hours=5, minutes=30)


def test_sleep_takes_its_time() -> None:
    """Both clocks let time pass and never go back."""
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.001)
    asyncio.run(AsyncioClock().sleep(0.001))

    assert clock.monotonic() - before >= 0.002
