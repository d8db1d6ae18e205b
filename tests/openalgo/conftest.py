"""A bridge that is wired to the embedded exchange for the length of one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakes.bridge import Bridge
from jainam.openalgo_bridge import wiring


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    made = Bridge()
    made.attach()
    yield made
    wiring.attach(made.host)
