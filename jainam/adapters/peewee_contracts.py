"""Contracts in SQLite or PostgreSQL, shared by every process that opens the same database.

Each operation opens a connection and closes it, so threads, greenlets and forks have nothing to share. What was read
is remembered; a counter in the database tells within a second when another process has put a new set in its place.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import peewee
from attrs import field, frozen

from jainam.adapters.contract_sets import not_found, whole_set
from jainam.domain.errors import NotConfigured, SymbolNotFound
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey, Token
from jainam.domain.vocabulary import Exchange, Kind

__all__ = ["Load", "PeeweeContracts"]

_BUSY_SECONDS = 10
_REMEMBERED = 10_000
_TRUSTED_SECONDS = 1.0
_TOKENS_AT_ONCE = 500  # an old SQLite takes 999 parameters
_NEARBY = 20


class SymbolToken(peewee.Model):
    """How an instrument is called: the document's table, numbers as OpenAlgo keeps them (D2)."""

    broker = peewee.CharField()
    symbol = peewee.CharField()
    brsymbol = peewee.CharField()
    name = peewee.CharField()
    exchange = peewee.CharField()
    brexchange = peewee.CharField()
    token = peewee.BigIntegerField()
    expiry = peewee.CharField()
    strike = peewee.FloatField(null=True)
    lotsize = peewee.BigIntegerField()
    instrumenttype = peewee.CharField()
    tick_size = peewee.FloatField(null=True)

    class Meta:
        table_name = "symbol_token"
        indexes = ((("broker", "symbol", "exchange"), True), (("broker", "token", "exchange"), True))


class ContractRule(peewee.Model):
    """What an order on it is checked against; decimals are text, for a price is exact."""

    broker = peewee.CharField()
    exchange = peewee.CharField()
    token = peewee.BigIntegerField()
    tick_size = peewee.CharField()
    strike = peewee.CharField(null=True)
    expiry = peewee.CharField(null=True)
    freeze_quantity = peewee.BigIntegerField(null=True)
    price_low = peewee.CharField(null=True)
    price_high = peewee.CharField(null=True)
    multiplier = peewee.CharField()
    series = peewee.CharField()
    isin = peewee.CharField()
    description = peewee.TextField()

    class Meta:
        table_name = "contract_rule"
        primary_key = peewee.CompositeKey("broker", "exchange", "token")


class ContractLoad(peewee.Model):
    """Which set of a broker's contracts is in force; *generation* grows with each."""

    broker = peewee.CharField(primary_key=True)
    generation = peewee.BigIntegerField()
    loaded_at = peewee.CharField()
    rows = peewee.BigIntegerField()

    class Meta:
        table_name = "contract_load"


_TABLES = (SymbolToken, ContractRule, ContractLoad)
_INSERT_SYMBOL = """
    INSERT INTO symbol_token (broker, symbol, brsymbol, name, exchange, brexchange, token, expiry, strike, lotsize,
                              instrumenttype, tick_size)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_RULE = """
    INSERT INTO contract_rule (broker, exchange, token, tick_size, strike, expiry, freeze_quantity, price_low,
                               price_high, multiplier, series, isin, description)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@frozen
class Load:
    """The set of contracts in force: when it was stored, and how many it holds."""

    loaded_at: dt.datetime
    rows: int


@frozen
class _Memory:
    """What was read of one generation; contracts of two generations never meet in one."""

    generation: int = 0
    by_key: dict[SymbolKey, Contract] = field(factory=dict)
    by_ref: dict[InstrumentRef, Contract] = field(factory=dict)

    def keep(self, contract: Contract) -> None:
        """Remember *contract*; a full memory starts over, which costs less than knowing the oldest."""
        if len(self.by_key) >= _REMEMBERED:
            self.by_key.clear()
            self.by_ref.clear()
        self.by_key[contract.key] = contract
        self.by_ref[contract.ref] = contract

    def among(self, refs: Iterable[InstrumentRef]) -> dict[InstrumentRef, Contract]:
        """The contracts of those *refs* that are remembered."""
        return {ref: contract for ref in refs if (contract := self.by_ref.get(ref)) is not None}


class PeeweeContracts:
    """The contracts of *broker* in *database*: a file, or a ``sqlite:///`` or ``postgresql://`` URL.

    *monotonic* and *now* are the clocks: how long a memory may be trusted, and when a set was stored.
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
        self._db: Any  # half of peewee's methods are untyped
        self._db, self._is_sqlite = _database(os.fspath(database))
        with self._connection():
            if self._is_sqlite:
                self._write_ahead()
            if not self._db.table_exists(ContractLoad._meta.table_name):
                with self._writing():
                    for table in _TABLES:
                        peewee.SchemaManager(table, self._db).create_all(safe=True)
        # Written once: peewee takes longer to put it together than SQLite takes to answer it.
        self._one_by_key = self._sql(SymbolToken.symbol == "", SymbolToken.exchange == "")[0], broker
        self._some_by_token = self._sql(SymbolToken.exchange == "", SymbolToken.token.in_([0]))[0]

    def _write_ahead(self) -> None:
        """Put the file into WAL mode, which stays with it: from now on nobody who reads waits for whoever writes.

        SQLite does not wait for the lock that this one change needs, as it does for every other; so we do.
        """
        until = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                if self._db.execute_sql("PRAGMA journal_mode").fetchone() != ("wal",):
                    self._db.execute_sql("PRAGMA journal_mode = wal")
                return
            except peewee.OperationalError:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.01)

    def find(self, key: SymbolKey) -> Contract:
        """The contract of *key*; raises `SymbolNotFound`, which says so when the store is empty."""
        contract = self._memory.by_key.get(key)
        if contract is not None and self._monotonic() < self._trusted_until:
            return contract
        with self._connection():
            if contract is not None and self._is_current(self._memory):
                return contract
            found = self._rows(*self._one_by_key, key.symbol, key.exchange.value)
            if not found:
                raise self._missing(key)
            [(generation, contract)] = found
            self._remember(generation, (contract,))
            return contract

    def named(self, refs: Iterable[InstrumentRef]) -> Mapping[InstrumentRef, Contract]:
        """The contracts of those *refs* that are known."""
        wanted = set(refs)
        memory = self._memory
        known = memory.among(wanted)
        if len(known) == len(wanted) and self._monotonic() < self._trusted_until:
            return known
        with self._connection():
            if not self._is_current(memory):
                known = {}
            while True:
                found = [row for batch in _batches(wanted - known.keys()) for row in self._of_tokens(*batch)]
                generations = {generation for generation, _ in found} | ({memory.generation} if known else set())
                if len(generations) == 1:
                    self._remember(generations.pop(), [contract for _, contract in found])
                if len(generations) <= 1:
                    return known | {contract.ref: contract for _, contract in found}
                known = {}  # the set was replaced between two reads: read all of it anew

    def search(self, text: str, exchange: Exchange | None = None, limit: int = 20) -> tuple[Contract, ...]:
        """Contracts whose symbol or description holds every word of *text*, shortest symbols first."""
        conditions = [
            SymbolToken.symbol.contains(word) | ContractRule.description.contains(word) for word in text.split()
        ]
        if exchange is not None:
            conditions.append(SymbolToken.exchange == exchange.value)
        order = (peewee.fn.LENGTH(SymbolToken.symbol), SymbolToken.symbol, SymbolToken.exchange)
        with self._connection():
            return tuple(contract for _, contract in self._select(*conditions, order_by=order, limit=max(limit, 0)))

    def replace_all(self, contracts: Iterable[Contract]) -> int:
        """Put *contracts* in the place of all this broker's contracts, at once or not at all; return their number.

        Raises `ValueError` when there are none.
        """
        kept = whole_set(contracts)
        symbols = [_symbol_row(self.broker, contract) for contract in kept]
        rules = [_rule_row(self.broker, contract) for contract in kept]
        with self._connection():
            with self._writing():
                # The counter comes first: on PostgreSQL its row is what a second loader waits for.
                generation = self._next_generation(len(kept))
                for table in (SymbolToken, ContractRule):
                    table.delete().where(table.broker == self.broker).execute(self._db)
                self._insert(_INSERT_SYMBOL, symbols)
                self._insert(_INSERT_RULE, rules)
            self._memory = _Memory(generation)
        return len(kept)

    def last_load(self) -> Load | None:
        """When the contracts in force were stored, and how many they are; ``None`` before the first time."""
        query = ContractLoad.select(ContractLoad.loaded_at, ContractLoad.rows).where(ContractLoad.broker == self.broker)
        with self._connection():
            found = list(query.tuples().execute(self._db))
        return Load(dt.datetime.fromisoformat(found[0][0]), found[0][1]) if found else None

    def close(self) -> None:
        """Forget what was read; no connection is open between two operations."""
        self._memory = _Memory()

    @contextmanager
    def _connection(self) -> Iterator[None]:
        with _explained(self._is_sqlite), self._db.connection_context():
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """All that happens here is kept, or nothing; SQLite refuses who reads first and would write while others do."""
        with self._db.atomic("IMMEDIATE") if self._is_sqlite else self._db.atomic():
            yield

    def _is_current(self, memory: _Memory) -> bool:
        """Whether *memory* is of the set in force."""
        query = ContractLoad.select(ContractLoad.generation).where(ContractLoad.broker == self.broker)
        current = list(query.tuples().execute(self._db)) == [(memory.generation,)]
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

    def _select(self, *conditions: Any, order_by: tuple[Any, ...] = (), limit: int | None = None) -> list[_Found]:
        """This broker's contracts that meet all *conditions*."""
        sql, parameters = self._sql(*conditions, order_by=order_by, limit=limit)
        return self._rows(sql, *parameters)

    def _of_tokens(self, exchange: str, tokens: list[Token]) -> list[_Found]:
        """This broker's contracts on *exchange* with one of *tokens*."""
        mark = self._db.param
        sql = self._some_by_token.replace(f"IN ({mark})", f"IN ({', '.join([mark] * len(tokens))})")
        return self._rows(sql, self.broker, exchange, *tokens)

    def _rows(self, sql: str, *parameters: object) -> list[_Found]:
        """Contracts, each with the generation it is of: one statement, so all of one generation."""
        return [(row[0], _contract(*row[1:])) for row in self._db.execute_sql(sql, parameters).fetchall()]

    def _sql(
        self, *conditions: Any, order_by: tuple[Any, ...] = (), limit: int | None = None
    ) -> tuple[str, list[object]]:
        """The statement for `_rows`, and its parameters: the broker's name first, then those of *conditions*."""
        query = (
            ContractLoad.select(ContractLoad.generation, *_COLUMNS)
            .join(SymbolToken, on=(SymbolToken.broker == ContractLoad.broker))
            .join(
                ContractRule,
                on=(
                    (ContractRule.broker == SymbolToken.broker)
                    & (ContractRule.exchange == SymbolToken.exchange)
                    & (ContractRule.token == SymbolToken.token)
                ),
            )
            .where(ContractLoad.broker == self.broker, *conditions)
            .order_by(*order_by)
            .limit(limit)
        )
        sql, parameters = self._db.get_sql_context().sql(query).query()
        return sql, parameters

    def _missing(self, key: SymbolKey) -> SymbolNotFound:
        """The error for *key*; a few index reads find what may have been meant."""
        ours = SymbolToken.select(SymbolToken.symbol).where(
            SymbolToken.broker == self.broker, SymbolToken.exchange == key.exchange.value
        )
        before = ours.where(SymbolToken.symbol < key.symbol).order_by(SymbolToken.symbol.desc()).limit(_NEARBY)
        after = ours.where(SymbolToken.symbol > key.symbol).order_by(SymbolToken.symbol).limit(_NEARBY)
        elsewhere = SymbolToken.select(SymbolToken.exchange).where(
            SymbolToken.broker == self.broker, SymbolToken.symbol == key.symbol
        )
        load = ContractLoad.select(ContractLoad.rows).where(ContractLoad.broker == self.broker)
        return not_found(
            key,
            is_empty=not list(load.tuples().execute(self._db)),
            elsewhere=[exchange for (exchange,) in elsewhere.tuples().execute(self._db)],
            neighbours=[symbol for half in (before, after) for (symbol,) in half.tuples().execute(self._db)],
        )

    def _next_generation(self, rows: int) -> int:
        """The number of the set about to be stored, entered in the load table."""
        now = self._now()
        stamp = {"loaded_at": now.isoformat(), "rows": rows}
        # It starts at the time, so that the counter of a file made anew does not meet what a process remembers.
        first = ContractLoad.insert(broker=self.broker, generation=int(now.timestamp() * 1000), **stamp)
        first.on_conflict_ignore().execute(self._db)
        ours = ContractLoad.broker == self.broker
        ContractLoad.update(generation=ContractLoad.generation + 1, **stamp).where(ours).execute(self._db)
        [(generation,)] = ContractLoad.select(ContractLoad.generation).where(ours).tuples().execute(self._db)
        return int(generation)

    def _insert(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        """Store *rows* with the driver's own bulk call, several times as fast as a query for each."""
        connection = self._db.connection()
        cursor = connection.cursor()
        try:
            cursor.executemany(statement.replace("?", self._db.param), rows)
        except connection.Error as error:
            raise peewee.DatabaseError(*error.args) from error
        finally:
            cursor.close()


_Found = tuple[int, Contract]
_COLUMNS = (
    SymbolToken.symbol,
    SymbolToken.exchange,
    SymbolToken.token,
    SymbolToken.instrumenttype,
    SymbolToken.name,
    SymbolToken.brsymbol,
    SymbolToken.brexchange,
    SymbolToken.lotsize,
    ContractRule.tick_size,
    ContractRule.expiry,
    ContractRule.strike,
    ContractRule.freeze_quantity,
    ContractRule.price_low,
    ContractRule.price_high,
    ContractRule.multiplier,
    ContractRule.series,
    ContractRule.isin,
    ContractRule.description,
)


def _contract(
    symbol: str,
    exchange: str,
    token: int,
    kind: str,
    name: str,
    broker_symbol: str,
    broker_exchange: str,
    lot_size: int,
    tick_size: str,
    expiry: str | None,
    strike: str | None,
    freeze_quantity: int | None,
    price_low: str | None,
    price_high: str | None,
    multiplier: str,
    series: str,
    isin: str,
    description: str,
) -> Contract:
    return Contract(
        key=SymbolKey(symbol, Exchange(exchange)),
        token=Token(token),
        kind=Kind(kind),
        name=name,
        broker_symbol=broker_symbol,
        broker_exchange=broker_exchange,
        lot_size=lot_size,
        tick_size=Decimal(tick_size),
        expiry=None if expiry is None else dt.date.fromisoformat(expiry),
        strike=_decimal(strike),
        freeze_quantity=freeze_quantity,
        price_low=_decimal(price_low),
        price_high=_decimal(price_high),
        multiplier=Decimal(multiplier),
        series=series,
        isin=isin,
        description=description,
    )


def _symbol_row(broker: str, contract: Contract) -> tuple[object, ...]:
    return (
        broker,
        contract.key.symbol,
        contract.broker_symbol,
        contract.name,
        contract.key.exchange._value_,
        contract.broker_exchange,
        contract.token,
        "" if contract.expiry is None else _openalgo_date(contract.expiry),
        None if contract.strike is None else float(contract.strike),
        contract.lot_size,
        contract.kind._value_,
        float(contract.tick_size),
    )


def _rule_row(broker: str, contract: Contract) -> tuple[object, ...]:
    return (
        broker,
        contract.key.exchange._value_,
        contract.token,
        str(contract.tick_size),
        _text(contract.strike),
        None if contract.expiry is None else contract.expiry.isoformat(),
        contract.freeze_quantity,
        _text(contract.price_low),
        _text(contract.price_high),
        str(contract.multiplier),
        contract.series,
        contract.isin,
        contract.description,
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _openalgo_date(day: dt.date) -> str:
    """*day* as OpenAlgo's tables have it, in English whatever the locale: ``28-NOV-24``."""
    month = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")[day.month - 1]
    return f"{day.day:02}-{month}-{day.year % 100:02}"


def _batches(refs: Iterable[InstrumentRef]) -> Iterator[tuple[str, list[Token]]]:
    """The exchanges and tokens of *refs*, never more tokens at once than SQLite takes in one statement."""
    by_exchange = attrgetter("exchange.value")
    for exchange, group in groupby(sorted(refs, key=by_exchange), by_exchange):
        tokens = [ref.token for ref in group]
        for start in range(0, len(tokens), _TOKENS_AT_ONCE):
            yield exchange, tokens[start : start + _TOKENS_AT_ONCE]


def _database(location: str) -> tuple[peewee.Database, bool]:
    """The database at *location*, and whether it is SQLite's."""
    scheme, separator, rest = location.partition("://")
    if separator and scheme in ("postgres", "postgresql"):
        from playhouse.db_url import connect

        return connect(location, unquote_password=True), False  # type: ignore[no-untyped-call,unused-ignore]
    path = rest.removeprefix("/") if separator and scheme == "sqlite" else location
    if path in ("", ":memory:") or (separator and scheme != "sqlite"):
        raise NotConfigured("JAINAM_DATABASE must name a file or a postgresql:// URL")
    with _explained(is_sqlite=True):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    return peewee.SqliteDatabase(path, timeout=_BUSY_SECONDS), True


@contextmanager
def _explained(is_sqlite: bool) -> Iterator[None]:
    """Turn what databases complain about into words that name the setting to look at."""
    try:
        yield
    except peewee.ImproperlyConfigured:
        raise NotConfigured(
            "the database named by JAINAM_DATABASE needs a PostgreSQL driver: pip install psycopg2-binary"
        ) from None
    except (peewee.PeeweeException, OSError) as error:
        # A PostgreSQL driver's message may hold the whole URL, password and all; SQLite's does not name the file.
        reason = str(error.args[-1]) if is_sqlite else type(error).__name__
        raise NotConfigured(f"the database named by JAINAM_DATABASE cannot be used: {reason}") from (
            error if is_sqlite else None
        )
