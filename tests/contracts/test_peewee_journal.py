"""The journal in SQLite and in PostgreSQL keeps what journals promise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest

from contracts.journal_suite import JournalSuite, Opener
from jainam.adapters.peewee_journal import PeeweeJournal

numbers = count()


class TestDurableFile(JournalSuite):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Opener]:
        with ExitStack() as stack:
            yield lambda: stack.enter_context(
                closing(PeeweeJournal(tmp_path / f"journal{next(numbers)}.db", "jainam_prop", ""))
            )


class TestFile(JournalSuite):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Opener]:
        with ExitStack() as stack:
            yield lambda: stack.enter_context(
                closing(PeeweeJournal(tmp_path / f"journal{next(numbers)}.db", "jainam_prop", "", durable=False))
            )


class TestServer(JournalSuite):
    @pytest.fixture
    def opened(self, postgres_url: str) -> Iterator[Opener]:
        # An account for each, for a database for each would take a second for each.
        with ExitStack() as stack:
            yield lambda: stack.enter_context(
                closing(PeeweeJournal(postgres_url, "jainam_prop", f"CLIENT{next(numbers)}"))
            )
