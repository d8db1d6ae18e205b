"""What a desk finds among the stored contracts: by terms, and options and futures of one underlying (FR7)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from fakes.exchange import settings_for
from fakes.samples import FUTURE, INDEX, OPTION, SHARE
from jainam import AsyncDesk, Contract, Desk, Exchange, Kind, SymbolKey, Terms, Token
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.simulator import SimulatorSettings

NEAR, FAR = dt.date(2026, 2, 17), dt.date(2026, 6, 30)


def option(strike: int, kind: Kind, expiry: dt.date, token: int) -> Contract:
    """A call or put on NIFTY."""
    symbol = f"NIFTY{expiry:%d%b%y}{strike}{'CE' if kind is Kind.CALL else 'PE'}".upper()
    key = SymbolKey(symbol, Exchange.NFO)
    return evolve(OPTION, key=key, token=Token(token), kind=kind, expiry=expiry, strike=Decimal(strike))


CALLS = [option(strike, Kind.CALL, NEAR, 100 + place) for place, strike in enumerate(range(25500, 26000, 100))]
LATER = option(25700, Kind.PUT, FAR, 200)
SOON = evolve(FUTURE, key=SymbolKey("NIFTY17FEB26FUT", Exchange.NFO), token=Token(300), expiry=NEAR)


@pytest.fixture(params=[Desk, AsyncDesk])
def desk(request: pytest.FixtureRequest) -> Any:
    """A desk of either kind, whose broker is never asked."""
    contracts = MemoryContracts((*CALLS, LATER, FUTURE, SOON, INDEX, SHARE))
    return request.param.open(settings_for(SimulatorSettings()), transport=object(), contracts=contracts)


def test_days_and_futures_come_in_their_order(desk: Desk) -> None:
    """Whatever the case of the name, the next expiry is first, and an underlying nobody lists has none."""
    assert desk.expiries("nifty") == (NEAR, FAR)
    assert desk.futures("NIFTY") == (SOON, FUTURE)
    assert desk.expiries("BANKNIFTY") == desk.futures("NIFTY", Exchange.BFO) == ()


def test_a_chain_is_cut_around_the_money(desk: Desk) -> None:
    """By default the options that expire next, and of them the strikes on either side of the one nearest to a price."""
    chain = desk.option_chain("NIFTY", price=Decimal(25690), width=1)
    assert chain is not None
    assert (chain.expiry, chain.at_the_money) == (NEAR, Decimal(25700))
    assert [(row.strike, row.call, row.put) for row in chain.strikes] == [
        (call.strike, call, None) for call in CALLS[1:4]
    ]


def test_a_chain_of_another_day(desk: Desk) -> None:
    """The day may be chosen; where nothing expires there is no chain, and without a price no strike is at the money."""
    chain = desk.option_chain("NIFTY", FAR)
    assert chain is not None
    assert [(row.call, row.put) for row in chain.strikes] == [(None, LATER)]
    assert chain.at_the_money is None
    assert desk.option_chain("NIFTY", FAR + dt.timedelta(days=1)) is None


def test_contracts_are_found_by_terms(desk: Desk) -> None:
    """Terms and words are asked together; as many as are wanted come, and all of them without a limit."""
    assert desk.find_contracts(terms=Terms(prefix="NIFTY", kinds=(Kind.FUTURE,))) == (SOON, FUTURE)
    assert len(desk.find_contracts("NIFTY", Exchange.NFO, limit=2)) == 2
    assert len(desk.find_contracts("NIFTY", Exchange.NFO, limit=None)) == 8
