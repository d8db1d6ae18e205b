"""The stores on SQLite and on PostgreSQL keep what contract stores promise."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest

from contracts.contracts_suite import ContractsSuite, Opener
from fakes.postgres import execute
from jainam.adapters.peewee_contracts import PeeweeContracts


class TestPeeweeContracts(ContractsSuite):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Opener]:
        files = (tmp_path / f"contracts{number}.db" for number in count())
        with ExitStack() as stack:
            yield lambda: stack.enter_context(closing(PeeweeContracts(next(files))))


@pytest.fixture(scope="module")
def database(postgres_server: str) -> str:
    """A database for all stores: each has a broker of its own in it."""
    execute(postgres_server, "CREATE DATABASE contracts")
    return f"{postgres_server.rpartition('/')[0]}/contracts"


class TestPeeweeContractsOnServer(ContractsSuite):
    @pytest.fixture
    def opened(self, database: str) -> Iterator[Opener]:
        stores: deque[PeeweeContracts] = deque()

        def one_more() -> PeeweeContracts:
            if len(stores) == AT_ONCE:
                stores.popleft().close()
            stores.append(PeeweeContracts(database, f"broker{next(_brokers)}"))
            return stores[-1]

        yield one_more
        for store in stores:
            store.close()


_brokers = count()
AT_ONCE = 8
"""A property opens a store for each of its examples, and a server has only so many connections."""
