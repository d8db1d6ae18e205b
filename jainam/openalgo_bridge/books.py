"""The books: the broker's own rows, which OpenAlgo hands back to us to be made into its own (D17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Generic, TypeVar

from jainam.domain import books, valuing
from jainam.domain.instruments import Contract, InstrumentRef
from jainam.domain.orders import OrderRow
from jainam.domain.patience import patiently
from jainam.domain.portfolio import Holding, Trade
from jainam.domain.steps import Flow, ListOrders
from jainam.domain.valuing import Valued
from jainam.openalgo_bridge import replies, requests, wiring

__all__ = ["Book", "held", "holdings", "native", "open_position", "orders", "positions", "trades"]

Row = TypeVar("Row")

_raw = attrgetter("raw")


class Book(list[Any], Generic[Row]):
    """The broker's rows as they came, and beside them what was read in each: it need not be read a second time."""

    rows: tuple[Row, ...]
    contracts: Mapping[InstrumentRef, Contract] = {}
    """The names of rows that have none themselves."""

    @classmethod
    def of(cls, rows: tuple[Row, ...], raw: Callable[[Row], Any]) -> Book[Row]:
        """The book with these *rows*."""
        book: Book[Row] = cls(map(raw, rows))
        book.rows = rows
        return book


def orders() -> Flow[Book[OrderRow]]:
    """Today's orders; there may be thousands, so that what they are about is looked up once and not in each row."""
    rows = yield from patiently(ListOrders())
    book = Book.of(rows, _raw)
    book.contracts = yield from books.contracts_of(rows)
    return book


def trades() -> Flow[Book[Trade]]:
    """Today's fills."""
    return Book.of((yield from books.trade_book()), _raw)


def positions() -> Flow[Book[Valued]]:
    """The net positions, each with the last price."""
    return Book.of((yield from valuing.valued_positions()), lambda row: row.position.raw)


def holdings() -> Flow[Book[Holding]]:
    """The shares in the demat account, each with the last price."""
    return Book.of((yield from books.holdings()), _raw)


def held(symbol: str, exchange: str, product: str) -> Flow[int]:
    """The signed quantity held of one instrument in one product; an unreadable book raises."""
    return (yield from books.open_position(requests.instrument(symbol, exchange), requests.product(product)))


def native(what: str, ask: Callable[[], Book[Any]]) -> Any:
    """The rows, or the dict by which the host knows that they could not be had: an XTS error has no `status` (B-30)."""
    outcome = replies.attempted(what, ask)
    return replies.error_dict(outcome) if isinstance(outcome, replies.Failure) else outcome


def open_position(ask: Callable[[], int]) -> str:
    """The quantity as text; "0", and an ERROR in the log, when it is not known (FR4, D3)."""
    quantity = replies.attempted("open position", ask)
    logger = wiring.host().logger("jainam.openalgo")
    if isinstance(quantity, replies.Failure):
        logger.error("open position: told as 0 since it is not known: %s", quantity.message)
        return "0"
    logger.info("open position: %s", quantity)
    return str(quantity)
