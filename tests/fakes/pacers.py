"""Pacers that share one file, and what the file says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from jainam.adapters.shared_pacer import SharedPacer
from jainam.adapters.whole_record import body_of


@contextmanager
def processes(number: int, path: Path | None = None) -> Iterator[list[SharedPacer]]:
    """So many pacers that share one file, as so many processes would."""
    with ExitStack() as stack:
        if path is None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "pace"
        pacers = [SharedPacer(path) for _ in range(number)]
        for pacer in pacers:
            stack.callback(pacer.close)
        yield pacers


def body(path: Path) -> dict[str, Any]:
    """What the file says."""
    content = body_of(path.read_bytes())
    assert content is not None
    return content
