"""Reading the books, with every row under the name a trader uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from attrs import evolve

from jainam.domain.changing import find_order, follow
from jainam.domain.errors import JainamError
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.orders import OrderId, OrderRow, Placed
from jainam.domain.patience import patiently
from jainam.domain.planning import held_in
from jainam.domain.portfolio import Funds, Holding, Position, Profile, Trade
from jainam.domain.quoting import quotes
from jainam.domain.steps import (
    FindContract,
    Flow,
    ListHoldings,
    ListOrders,
    ListPositions,
    ListTrades,
    NameContracts,
    ReadFunds,
    ReadProfile,
    Tell,
)
from jainam.domain.vocabulary import Product

if TYPE_CHECKING:
    from jainam.domain.market import Quote

__all__ = [
    "contracts_of", "funds", "holdings", "named", "open_position", "order_book", "positions", "profile", "quotes",
    "trade_book",
]  # fmt: skip


class Listed(Protocol):
    """A row that names its instrument by the broker's number."""

    @property
    def instrument(self) -> InstrumentRef: ...


Row = TypeVar("Row", OrderRow, Trade, Position)


def order_book() -> Flow[tuple[OrderRow, ...]]:
    """Every order of the day, named."""
    return (yield from named((yield from patiently(ListOrders()))))


def order(order_id: OrderId) -> Flow[OrderRow]:
    """One order of the day, named."""
    return (yield from named(((yield from find_order(order_id)),)))[0]


def followed(placed: Placed) -> Flow[OrderRow]:
    """What the exchange made of a placed order, named."""
    return (yield from named(((yield from follow(placed)),)))[0]


def trade_book() -> Flow[tuple[Trade, ...]]:
    """Every fill of the day, named; empty when nothing traded (FR1)."""
    return (yield from named((yield from patiently(ListTrades()))))


def positions() -> Flow[tuple[Position, ...]]:
    """The net positions, closed ones included, named (FR2)."""
    return (yield from named((yield from patiently(ListPositions()))))


def open_position(key: SymbolKey, product: Product) -> Flow[int]:
    """The signed quantity held of one instrument in one product; zero when the book, having been read, has none."""
    contract = yield from FindContract(key)
    return held_in((yield from patiently(ListPositions())), contract.ref, product)


def holdings() -> Flow[tuple[Holding, ...]]:
    """The shares of the account, named and with their last price where a quote could be had (FR3)."""
    return (yield from shares((yield from patiently(ListHoldings()))))


def shares(rows: tuple[Holding, ...]) -> Flow[tuple[Holding, ...]]:
    """*rows* with the symbols that the contract store knows, and their last prices where a quote could be had."""
    contracts = yield from NameContracts(tuple(ref for row in rows for ref in row.listings))
    wanted = [next((ref for ref in row.listings if ref in contracts), None) for row in rows]
    prices: Mapping[InstrumentRef, Quote] = {}
    try:
        prices = yield from quotes(ref for ref in wanted if ref is not None)
    except JainamError as error:  # the shares are still there when nobody can say what they are worth
        yield from Tell(error)
    return tuple(_valued(row, ref, contracts, prices) for row, ref in zip(rows, wanted, strict=True))


def _valued(
    row: Holding,
    ref: InstrumentRef | None,
    contracts: Mapping[InstrumentRef, Contract],
    prices: Mapping[InstrumentRef, Quote],
) -> Holding:
    if ref is None:
        return row
    quote = prices.get(ref)
    return evolve(row, symbol=contracts[ref].symbol, listed_as=ref, last_price=quote.last_price if quote else None)


def funds() -> Flow[Funds]:
    """The money of the account."""
    return (yield from patiently(ReadFunds()))


def profile() -> Flow[Profile]:
    """Who the account belongs to."""
    return (yield from patiently(ReadProfile()))


def contracts_of(rows: Iterable[Listed]) -> Flow[Mapping[InstrumentRef, Contract]]:
    """The contracts that *rows* are about, as far as the contract store knows them."""
    return (yield from NameContracts(tuple(dict.fromkeys(row.instrument for row in rows))))


def named(rows: tuple[Row, ...]) -> Flow[tuple[Row, ...]]:
    """*rows* with the symbols of those that the contract store knows."""
    contracts = yield from contracts_of(rows)
    return tuple(
        evolve(row, symbol=contracts[row.instrument].symbol) if row.instrument in contracts else row for row in rows
    )
