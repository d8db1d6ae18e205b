"""The store on SQLite keeps what contract stores promise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest

from contracts.contracts_suite import ContractsSuite, Opener
from jainam.adapters.peewee_contracts import PeeweeContracts


class TestPeeweeContracts(ContractsSuite):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Opener]:
        files = (tmp_path / f"contracts{number}.db" for number in count())
        with ExitStack() as stack:
            yield lambda: stack.enter_context(closing(PeeweeContracts(next(files))))
