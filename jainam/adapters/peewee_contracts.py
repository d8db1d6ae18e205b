"""Contracts in SQLite or PostgreSQL, shared by every process that opens the same database.

One connection is kept for questions, and a load has one of its own, so that no order waits for it. What was read is
remembered; a counter in the database tells within a second when another process has put a new set in its place.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import peewee
from attrs import field, frozen

from jainam.adapters.contract_loads import store_set
from jainam.adapters.contract_sets import not_found
from jainam.adapters.contract_tables import (
    COLUMNS_OF_ROW,
    ChangedContract,
    ContractCount,
    ContractDetail,
    ContractSet,
    SymbolToken,
    prepare,
)
from jainam.adapters.databases import Place, settings_named
from jainam.adapters.one_connection import OneConnection
from jainam.domain.errors import SymbolNotFound
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey, Token
from jainam.domain.listings import Row, contract_of, row_of
from jainam.domain.loads import Change, Load, What, in_order
from jainam.domain.searching import ANY, Terms
from jainam.domain.vocabulary import Exchange
from jainam.ports.contracts import Approve

__all__ = ["PeeweeContracts"]

T = TypeVar("T")

_REMEMBERED = 10_000
_TRUSTED_SECONDS = 1.0
_TOKENS_AT_ONCE = 500  # an old SQLite takes 999 parameters
_NEARBY = 20


@frozen
class _Memory:
    """What was read of one generation; contracts of two generations never meet in one."""

    generation: int = 0
    # By symbol and exchange as a tuple: Python hashes and compares one by itself, an object's own methods cost thrice.
    by_key: dict[tuple[str, Exchange], Contract] = field(factory=dict)
    by_ref: dict[InstrumentRef, Contract] = field(factory=dict)

    def keep(self, contract: Contract) -> None:
        """Remember *contract*; a full memory starts over, which costs less than knowing the oldest."""
        if len(self.by_key) >= _REMEMBERED:
            self.by_key.clear()
            self.by_ref.clear()
        key = contract.key
        self.by_key[key.symbol, key.exchange] = contract

    def number(self, contracts: Iterable[Contract]) -> None:
        """Let those of *contracts* that are remembered be found by their number as well, which few ever are."""
        self.by_ref.update(
            (contract.ref, contract) for contract in contracts if (contract.symbol, contract.exchange) in self.by_key
        )

    def among(self, refs: Iterable[InstrumentRef]) -> dict[InstrumentRef, Contract]:
        """The contracts of those *refs* that are remembered."""
        return {ref: contract for ref in refs if (contract := self.by_ref.get(ref)) is not None}


class PeeweeContracts:
    """The contracts of *broker* in *database*: a file, or a ``sqlite:///`` or ``postgresql://`` URL.

    *monotonic* and *now* are the clocks: how long a memory may be trusted, and when a set was stored. Raises
    `NotConfigured` when the database cannot be used.

    >>> PeeweeContracts("/var/lib/jainam/jainam.sqlite", "jainam_prop").find(key)       # doctest: +SKIP
    Contract(key=SymbolKey(symbol='RELIANCE', exchange=<Exchange.NSE: 'NSE'>), token=2885, ...)
    """

    def __init__(
        self,
        database: str | os.PathLike[str],
        broker: str = "jainam_prop",
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self.broker = broker
        self._monotonic = monotonic
        self._now = now
        self._memory = _Memory()
        self._trusted_until = 0.0
        self._place = Place.named(os.fspath(database))
        self._is_file = self._place.is_file
        # It must not refer to us: then whoever drops the store closes the connection.
        self._connection = OneConnection(self._place, partial(prepare, is_file=self._is_file))
        # Written once: peewee takes longer to put it together than SQLite takes to answer it.
        self._one_by_key = self._do(lambda db: _sql(db, SymbolToken.symbol == "", SymbolToken.exchange == "")[0])
        self._some_by_token = self._do(
            lambda db: _sql(db, SymbolToken.exchange == "", SymbolToken.token.in_([0]))[0].replace(
                f"IN ({db.param})", "IN ({})"
            )
        )

    # --- look-up -----------------------------------------------------------------------------------------------------

    def find(self, key: SymbolKey) -> Contract:
        """The contract of *key*; raises `SymbolNotFound`, which says so when the store is empty."""
        contract = self._memory.by_key.get((key.symbol, key.exchange))
        if contract is not None and self._monotonic() < self._trusted_until:
            return contract
        found = self._do(lambda db: self._found(db, key, contract))
        if isinstance(found, SymbolNotFound):
            raise found
        return found

    def named(self, refs: Iterable[InstrumentRef]) -> Mapping[InstrumentRef, Contract]:
        """The contracts of those *refs* that are known."""
        wanted = set(refs)
        known = self._memory.among(wanted)
        if len(known) == len(wanted) and self._monotonic() < self._trusted_until:
            return known
        return self._do(lambda db: self._named(db, wanted))

    def search(
        self, text: str = "", exchange: Exchange | None = None, limit: int | None = 20, terms: Terms = ANY
    ) -> tuple[Contract, ...]:
        """Contracts whose symbol or description holds every word of *text*, and that meet *terms*."""
        conditions = [
            SymbolToken.symbol.contains(word) | ContractDetail.description.contains(word) for word in text.split()
        ]
        if exchange is not None:
            conditions.append(SymbolToken.exchange == exchange.value)
        conditions += _conditions(terms, self._is_file)
        # The alphabet of PostgreSQL's owner is not everybody's.
        symbol = (
            SymbolToken.symbol if self._is_file else peewee.NodeList((SymbolToken.symbol, peewee.SQL('COLLATE "C"')))
        )
        order = (peewee.fn.LENGTH(SymbolToken.symbol), symbol, SymbolToken.exchange)
        most = None if limit is None else max(limit, 0)

        def search(db: Any) -> tuple[Contract, ...]:
            sql, parameters = _sql(db, *conditions, order_by=order, limit=most)
            parameters[0] = self.broker
            return tuple(contract_of(row[1:]) for row in db.execute_sql(sql, parameters).fetchall())

        return self._do(search)

    # --- loads -------------------------------------------------------------------------------------------------------

    def replace_all(self, contracts: Iterable[Contract]) -> int:
        """Put *contracts* in the place of all this broker's contracts, at once or not at all; return their number.

        Raises `ValueError` when there are none.
        """
        return self.replace_rows(map(row_of, contracts)).rows

    def replace_rows(self, rows: Iterable[Row], approve: Approve | None = None) -> Load:
        """Put *rows* in the place of all this broker's contracts, at once or not at all, if *approve* lets them.

        They go into the database as they are read. Of two with one name or one number on an exchange the earlier is
        kept. Raises `ValueError` when there are none.
        """
        loader = OneConnection(self._place, partial(prepare, is_file=self._is_file))
        try:
            with settings_named(self._is_file):
                generation = loader.do(lambda db: store_set(db, self._is_file, self.broker, rows, approve, self._now()))
        finally:
            loader.close()
        self._memory = _Memory(generation)
        load = self.last_load()
        assert load is not None, "it was just stored"
        return load

    def last_load(self) -> Load | None:
        """The set in force: when it was stored, and what it holds; ``None`` before the first."""
        found = self._do(self._last_load)
        if found is None:
            return None
        (loaded_at, rows), counts, changes = found
        return Load(
            loaded_at=dt.datetime.fromisoformat(loaded_at), rows=rows, counts=dict(counts), changes=dict(changes)
        )

    def changes(self) -> tuple[Change, ...]:
        """What the last load changed of the set before it, by exchange and symbol."""
        table = ChangedContract
        query = table.select(table.what, table.exchange, table.symbol, table.was, table.now)
        query = query.where(table.broker == self.broker)
        return in_order(
            Change(What(what), SymbolKey(symbol, Exchange(exchange)), was, now)
            for what, exchange, symbol, was, now in self._do(lambda db: list(query.tuples().execute(db)))
        )

    def generation(self) -> int:
        """A number that grows with every set, whichever process has stored it; 0 before the first."""
        found = self._do(lambda db: db.execute_sql(_GENERATION.replace("?", db.param), (self.broker,)).fetchone())
        return 0 if found is None else int(found[0])

    def numbers(self) -> Iterable[tuple[str, str, int]]:
        """Symbol, exchange and token of every contract of the set in force."""
        found: list[tuple[str, str, int]] = self._do(
            lambda db: db.execute_sql(_NUMBERS.replace("?", db.param), (self.broker,)).fetchall()
        )
        return found

    def rows(self) -> Sequence[Row]:
        """Every contract of the set in force, as a plain row."""

        def rows(db: Any) -> list[Row]:
            sql, parameters = _sql(db, order_by=(SymbolToken.id,))
            parameters[0] = self.broker
            return [row[1:] for row in db.execute_sql(sql, parameters)]

        return self._do(rows)

    def close(self) -> None:
        """Forget what was read, and let go of the connection."""
        self._memory = _Memory()
        self._connection.close()

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None:  # a database was named that could not be used, else
            connection.close()

    # --- questions to the database -----------------------------------------------------------------------------------

    def _do(self, work: Callable[[Any], T]) -> T:
        try:
            return self._connection.do(work)
        except (peewee.PeeweeException, OSError):
            with settings_named(self._is_file):  # here, since a look-up should not pay for what seldom happens
                raise

    def _found(self, db: Any, key: SymbolKey, remembered: Contract | None) -> Contract | SymbolNotFound:
        if remembered is not None and self._is_current(db, self._memory):
            return remembered
        asked = self._one_by_key, (self.broker, key.symbol, key.exchange._value_)
        # By the driver itself where it can: peewee's way there costs as much as SQLite's answer.
        row = (db.connection().execute(*asked) if self._is_file else db.execute_sql(*asked)).fetchone()
        if row is None:
            return self._missing(db, key)
        contract = contract_of(row[1:])
        self._remember(row[0], (contract,))
        return contract

    def _named(self, db: Any, wanted: set[InstrumentRef]) -> dict[InstrumentRef, Contract]:
        memory = self._memory
        known = memory.among(wanted) if self._is_current(db, memory) else {}
        while True:
            rows = [row for batch in _batches(wanted - known.keys()) for row in self._of_tokens(db, *batch)]
            found = [contract_of(row[1:]) for row in rows]
            generations = {row[0] for row in rows} | ({memory.generation} if known else set())
            if len(generations) == 1:
                generation = generations.pop()
                self._remember(generation, found)
                if self._memory.generation == generation:
                    self._memory.number(found)
            if len(generations) <= 1:
                return known | {contract.ref: contract for contract in found}
            known = {}  # the set was replaced between two reads: read all of it anew

    def _is_current(self, db: Any, memory: _Memory) -> bool:
        """Whether *memory* is of the set in force."""
        query = ContractSet.select(ContractSet.generation).where(ContractSet.broker == self.broker)
        current = list(query.tuples().execute(db)) == [(memory.generation,)]
        if current:
            self._trusted_until = self._monotonic() + _TRUSTED_SECONDS
        return current

    def _remember(self, generation: int, contracts: Iterable[Contract]) -> None:
        """Keep *contracts*, just read, unless another thread has met a later set by now."""
        memory = self._memory
        if generation < memory.generation:
            return
        if generation > memory.generation:
            memory = _Memory(generation)
        for contract in contracts:
            memory.keep(contract)
        self._memory = memory
        self._trusted_until = self._monotonic() + _TRUSTED_SECONDS

    def _of_tokens(self, db: Any, exchange: str, tokens: list[Token]) -> list[Any]:
        """This broker's rows on *exchange* with one of *tokens*, each behind its generation."""
        sql = self._some_by_token.format(", ".join([db.param] * len(tokens)))
        rows: list[Any] = db.execute_sql(sql, (self.broker, exchange, *tokens)).fetchall()
        return rows

    def _missing(self, db: Any, key: SymbolKey) -> SymbolNotFound:
        """The error for *key*; a few index reads find what may have been meant."""
        ours = SymbolToken.select(SymbolToken.symbol).where(
            SymbolToken.broker == self.broker, SymbolToken.exchange == key.exchange.value
        )
        before = ours.where(SymbolToken.symbol < key.symbol).order_by(SymbolToken.symbol.desc()).limit(_NEARBY)
        after = ours.where(SymbolToken.symbol > key.symbol).order_by(SymbolToken.symbol).limit(_NEARBY)
        elsewhere = SymbolToken.select(SymbolToken.exchange).where(
            SymbolToken.broker == self.broker, SymbolToken.symbol == key.symbol
        )
        load = ContractSet.select(ContractSet.rows).where(ContractSet.broker == self.broker)
        return not_found(
            key,
            is_empty=not list(load.tuples().execute(db)),
            elsewhere=[exchange for (exchange,) in elsewhere.tuples().execute(db)],
            neighbours=[symbol for half in (before, after) for (symbol,) in half.tuples().execute(db)],
        )

    def _last_load(self, db: Any) -> tuple[Any, Any, Any] | None:
        with db.atomic():  # of one moment
            query = ContractSet.select(ContractSet.loaded_at, ContractSet.rows)
            found = list(query.where(ContractSet.broker == self.broker).tuples().execute(db))
            if not found:
                return None
            counts = ContractCount.select(ContractCount.exchange, ContractCount.rows)
            changes = ChangedContract.select(ChangedContract.what, peewee.fn.COUNT(ChangedContract.id))
            return (
                found[0],
                list(counts.where(ContractCount.broker == self.broker).tuples().execute(db)),
                list(
                    changes.where(ChangedContract.broker == self.broker)
                    .group_by(ChangedContract.what)
                    .tuples()
                    .execute(db)
                ),
            )


_GENERATION = "SELECT generation FROM contract_set WHERE broker = ?"
_NUMBERS = "SELECT symbol, exchange, token FROM symbol_token WHERE broker = ?"


def _sql(db: Any, *conditions: Any, order_by: tuple[Any, ...] = (), limit: int | None = None) -> tuple[str, list[Any]]:
    """The statement for plain rows, each behind its generation, and its parameters: the broker's name is the first."""
    query = (
        ContractSet.select(ContractSet.generation, *COLUMNS_OF_ROW)
        .join(SymbolToken, on=(SymbolToken.broker == ContractSet.broker))
        .join(ContractDetail, on=(ContractDetail.id == SymbolToken.id))
        .where(ContractSet.broker == "", *conditions)
        .order_by(*order_by)
        .limit(limit)
    )
    sql, parameters = db.get_sql_context().sql(query).query()
    return sql, list(parameters)


def _conditions(terms: Terms, is_file: bool) -> list[Any]:
    """*terms* in the database's words."""
    found: list[Any] = []
    if terms.prefix:
        found.append(peewee.fn.SUBSTR(SymbolToken.symbol, 1, len(terms.prefix)) == terms.prefix)
        if is_file:  # what the index can find; elsewhere the alphabet may be another
            found.append(SymbolToken.symbol >= terms.prefix)
            found.append(SymbolToken.symbol < terms.prefix + "\U0010ffff")
    if terms.name:
        found.append(SymbolToken.name == terms.name)
    if terms.kinds:
        found.append(SymbolToken.instrumenttype.in_([kind.value for kind in terms.kinds]))
    for column, from_, until in (
        (ContractDetail.expiry, _iso(terms.expires_from), _iso(terms.expires_until)),
        (SymbolToken.strike, _float(terms.strike_from), _float(terms.strike_until)),
    ):
        if from_ is not None:
            found.append(column >= from_)
        if until is not None:
            found.append(column <= until)
    return found


def _iso(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _float(number: Decimal | None) -> float | None:
    return None if number is None else float(number)


def _batches(refs: Iterable[InstrumentRef]) -> Iterator[tuple[str, list[Token]]]:
    """The exchanges and tokens of *refs*, never more tokens at once than SQLite takes in one statement."""
    by_exchange = attrgetter("exchange.value")
    for exchange, group in groupby(sorted(refs, key=by_exchange), by_exchange):
        tokens = [ref.token for ref in group]
        for start in range(0, len(tokens), _TOKENS_AT_ONCE):
            yield exchange, tokens[start : start + _TOKENS_AT_ONCE]
