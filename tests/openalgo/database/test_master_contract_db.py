"""What OpenAlgo's users call about contracts: save a frame, download everything, ask for a token (FR7, FR8)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from contracts.contracts_suite import OPTION, SHARE, SOME
from fakes.contracts import FakeContracts
from fakes.engine import FakeEngine, make_symtoken
from fakes.exchange import settings_for
from jainam.domain.errors import SymbolNotFound, UnexpectedReply
from jainam.domain.instruments import SymbolKey
from jainam.domain.vocabulary import Exchange, Kind
from jainam.openalgo_bridge import wiring
from jainam.openalgo_bridge.database.frames import rows_of_frame
from jainam.openalgo_bridge.database.master_contract_db import (
    here,
    master_contract_download,
    save_master_contract_to_db,
)
from jainam.openalgo_bridge.host import OpenAlgoHost
from jainam.openalgo_bridge.mapping.tokens import get_token_from_symbol
from jainam.simulator import ExchangeServer, running


class Frame:
    """As much of a DataFrame as is asked for: columns, each of which can be made a list."""

    def __init__(self, **columns: list[Any]) -> None:
        self.columns = list(columns)
        self._columns = columns

    def __getitem__(self, name: str) -> Frame:
        return Frame(**{name: self._columns[name]})

    def tolist(self) -> list[Any]:
        (values,) = self._columns.values()
        return values


@define
class LoadingHost:
    """A host with a table of contracts that remembers what it was told."""

    table: FakeEngine
    told: list[tuple[str, Mapping[str, str]]] = field(factory=list)
    released: int = 0
    client: Any = None

    def http_client(self) -> Any:
        return self.client

    def logger(self, name: str) -> logging.Logger:
        return logging.getLogger(name)

    def emit(self, event: str, payload: Mapping[str, str]) -> None:
        self.told.append((event, payload))

    def engine(self) -> Any:
        return self.table

    def release(self) -> None:
        self.released += 1


@pytest.fixture(scope="module")
def exchange() -> Iterator[ExchangeServer]:
    with running() as exchange:
        yield exchange


@pytest.fixture
def host(tmp_path: Path, exchange: ExchangeServer) -> Iterator[LoadingHost]:
    httpx = pytest.importorskip("httpx")
    host = LoadingHost(FakeEngine(tmp_path / "openalgo.db"), client=httpx.Client())
    make_symtoken(host.table)
    settings = settings_for(exchange.rest.settings, exchange.url, database=str(tmp_path / "jainam.sqlite"))
    wiring.attach(host, settings=settings)
    yield host
    here.close()
    host.client.close()
    wiring.attach(OpenAlgoHost())


def whole_frame(**more: list[Any]) -> Frame:
    return Frame(
        symbol=["RELIANCE", "VEDL24APR2652.5CE"],
        brsymbol=["RELIANCE-EQ", "VEDL26APR52.5CE"],
        name=["RELIANCE", "VEDL"],
        exchange=["NSE", "NFO"],
        brexchange=["NSECM", "NSEFO"],
        token=["2885", 2885],
        expiry=["", "24-APR-26"],
        strike=[1.0, 52.5],
        lotsize=[1, 1150.0],
        instrumenttype=["BE", "CE"],
        tick_size=[0.1, 0.05],
        **more,
    )


def test_a_download_fills_both_tables(host: LoadingHost) -> None:
    """The library's store and the host's table have the same contracts, and the browser is told once (D2)."""
    master_contract_download()

    rows = here.opened().contracts.rows()
    symbols = host.table.execute("SELECT symbol, exchange FROM symtoken")
    assert sorted(symbols) == sorted((row[1], row[0]) for row in rows)
    assert len(rows) > 50
    [(event, payload)] = host.told
    assert (event, payload["status"]) == ("master_contract_download", "success")
    assert host.released == 1


def test_a_failed_download_raises_after_it_was_told(host: LoadingHost) -> None:
    """Only silence is success to the host: what stood in the way is told, raised, and leaves both tables (B-62)."""
    master_contract_download()
    before = host.table.execute("SELECT count(*) FROM symtoken")
    trouble = UnexpectedReply("the old ones are kept")
    store = FakeContracts(SOME)
    store.trouble = trouble
    wiring.attach(host, settings=here.settings(), contracts=store)

    with pytest.raises(UnexpectedReply):
        master_contract_download()

    assert host.told[-1] == ("master_contract_download", {"status": "error", "message": "the old ones are kept"})
    assert host.released == 2
    assert host.table.execute("SELECT count(*) FROM symtoken") == before


def test_a_table_that_cannot_be_written_is_told_without_its_place(host: LoadingHost) -> None:
    """A driver's words, which may hold paths, are not shown to people (NFR2)."""
    host.table.execute("DROP TABLE symtoken")
    with pytest.raises(Exception, match="symtoken"):
        master_contract_download()

    assert host.told[-1][1] == {"status": "error", "message": "the contract table cannot be written"}


def test_a_frame_is_saved_and_found(host: LoadingHost) -> None:
    """What a frame says is what the store has, and its tokens are integers (FR7, FR8, AC 1.1.1, AC 1.1.3)."""
    here.opened().contracts.replace_all(SOME)
    assert save_master_contract_to_db(whole_frame()) == 2

    contracts = here.opened().contracts
    assert len(contracts.rows()) == 2
    option = contracts.find(OPTION.key)
    assert (option.kind, option.strike, option.expiry) == (Kind.CALL, Decimal("52.5"), dt.date(2026, 4, 24))
    assert (option.lot_size, option.tick_size, option.name) == (1150, Decimal("0.05"), "VEDL")
    share = contracts.find(SHARE.key)
    assert (share.kind, share.series, share.strike, share.broker_symbol) == (Kind.EQUITY, "BE", None, "RELIANCE-EQ")
    assert get_token_from_symbol("RELIANCE", "NSE") == 2885
    assert type(get_token_from_symbol("VEDL24APR2652.5CE", "NFO")) is int


@pytest.mark.parametrize(
    ("symbol", "where", "words"),
    [
        ("RELAINCE", "NSE", "RELAINCE is not known on NSE: did you mean RELIANCE"),
        ("X", "NYSE", "X is not known on NYSE"),
    ],
)
def test_an_unknown_symbol_is_a_value_error(host: LoadingHost, symbol: str, where: str, words: str) -> None:
    """Symbol and exchange are named, and no placeholder is returned (FR7, AC 1.1.2)."""
    save_master_contract_to_db(whole_frame())

    with pytest.raises(ValueError, match=words) as caught:
        get_token_from_symbol(symbol, where)
    assert isinstance(caught.value, SymbolNotFound)


def test_a_bad_frame_replaces_nothing(host: LoadingHost) -> None:
    """Missing columns and bad rows are named, and the contracts saved before stay."""
    save_master_contract_to_db(whole_frame())

    with pytest.raises(ValueError, match="no column exchange, token, lotsize"):
        save_master_contract_to_db(Frame(symbol=["A"]))
    with pytest.raises(ValueError, match="no contracts to store"):
        save_master_contract_to_db(Frame(symbol=[], exchange=[], token=[], lotsize=[]))
    assert get_token_from_symbol("RELIANCE", "NSE") == 2885


def test_columns_that_may_be_missing() -> None:
    """The least a frame can say is enough, and what it does not say is worked out or left open."""
    least = Frame(symbol=["INFY", "GOLD05FEB26FUT"], exchange=["NSE", "MCX"], token=[1594, 7], lotsize=[1, 1])
    share, future = rows_of_frame(
        Frame(**least._columns, expiry=[None, dt.datetime(2026, 2, 5)], strike=[float("nan")] * 2), "jainam_prop"
    )

    assert share[:9] == ("NSE", "INFY", 1594, "EQ", "INFY", "INFY", "NSECM", 1, "0.0025")
    assert share[9:14] == (None, None, None, None, None)
    assert (future[3], future[6], future[9]) == ("FUT", "MCXFO", "2026-02-05")


def test_more_columns_are_kept() -> None:
    """Whatever an order is checked against can be given."""
    rows = rows_of_frame(
        whole_frame(freeze_quantity=[5, None], price_low=["1.5", 0], series=["EQ", ""], broker=["me"] * 2), "me"
    )

    assert rows[0][11:13] == (5, "1.5")
    assert rows[0][15] == "EQ"
    assert rows[1][11:13] == (None, None)


@pytest.mark.parametrize("expiry", ["24-APR-26", "24-Apr-2026", "2026-04-24", dt.date(2026, 4, 24)])
def test_ways_to_write_an_expiry(expiry: object) -> None:
    """The host's way, the ISO one and dates are the same day."""
    frame = whole_frame()
    frame._columns["expiry"] = ["", expiry]

    assert rows_of_frame(frame, "jainam_prop")[1][9] == "2026-04-24"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("symbol", "", "it needs a symbol and one of NSE"),
        ("exchange", "NYSE", "it needs a symbol and one of NSE"),
        ("token", "x", "its token is no number"),
        ("token", 0, "its token must be a whole number above zero"),
        ("token", None, "its token must be"),
        ("lotsize", 1.5, "its lotsize must be a whole number above zero"),
        ("tick_size", -1, "its tick_size is no number"),
        ("expiry", "31-FEB-26", "its expiry is no date"),
        ("expiry", "", "it needs an expiry"),
        ("strike", "", "it needs a strike"),
        ("instrumenttype", "XX", "its instrumenttype is none of FUT, CE and PE"),
    ],
)
def test_a_bad_row_is_named(column: str, value: object, words: str) -> None:
    """The row, its symbol and what is wrong with it; the first five of many."""
    frame = whole_frame()
    frame._columns[column][1] = value

    with pytest.raises(ValueError, match=rf"cannot be stored: row 2 \(.*\): {words}"):
        rows_of_frame(frame, "jainam_prop")


def test_another_brokers_rows_are_refused_and_many_are_counted() -> None:
    """A frame of another broker is not taken for ours."""
    frame = Frame(symbol=["A"] * 8, exchange=["NSE"] * 8, token=[1] * 8, lotsize=[1] * 8, broker=["zerodha"] * 8)

    with pytest.raises(ValueError, match=r"it belongs to zerodha, not to jainam_prop.* and 3 more"):
        rows_of_frame(frame, "jainam_prop")


def test_a_real_dataframe(host: LoadingHost) -> None:
    """pandas itself, with its own types and its own kinds of nothing."""
    pandas = pytest.importorskip("pandas")
    df = pandas.DataFrame({name: whole_frame()._columns[name] for name in whole_frame().columns})
    df["expiry"] = pandas.to_datetime(df["expiry"], format="%d-%b-%y", errors="coerce")
    df["freeze_quantity"] = pandas.array([1801, None], dtype="Int64")

    assert save_master_contract_to_db(df) == 2
    found = here.opened().contracts.find(SymbolKey("VEDL24APR2652.5CE", Exchange.NFO))
    assert (found.expiry, found.freeze_quantity) == (dt.date(2026, 4, 24), None)
