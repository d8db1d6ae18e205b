"""The blocking desk: every use case as a method that returns a typed result or raises one of our errors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from attrs import define, field

from jainam.adapters.assembly import Machinery, beside, machinery
from jainam.adapters.clocks import SystemClock
from jainam.adapters.environment import Settings, read_settings
from jainam.adapters.guard import Guard
from jainam.adapters.runner import Runner
from jainam.adapters.tags import new_tag
from jainam.domain import baskets, books, closing, flows, loading, login, watching
from jainam.domain.chains import Chain, chain_of, derivatives_of, expiries_of, futures_of
from jainam.domain.closing import Choice, everything
from jainam.domain.errors import JainamError
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.loads import Care
from jainam.domain.market import Candle, Depth, Quote
from jainam.domain.orders import Cancelled, Changes, Modified, Order, OrderId, OrderRow, OrderTag, Placed, SmartOrder
from jainam.domain.portfolio import Funds, Holding, Position, Profile, Trade
from jainam.domain.reports import (
    BasketReport,
    CancelReport,
    CloseReport,
    ContractsReport,
    Resolved,
    SlicedOrder,
    SmartOutcome,
)
from jainam.domain.searching import ANY, Terms
from jainam.domain.sessions import Api, Session
from jainam.domain.vocabulary import Exchange, Interval, Product
from jainam.ports.clock import Clock
from jainam.ports.contracts import Contracts
from jainam.ports.journal import Journal
from jainam.ports.transport import Transport

__all__ = ["Desk"]


@define(eq=False)
class Desk:
    """A dealing desk at one broker, for one login; safe to share between threads.

    Open one with `Desk.from_environment()` or `Desk.open(settings)`, use it as a context manager, and it logs in when
    it first has to. Every method may raise `NotSent` (nothing left this machine), `BrokerUnavailable`,
    `LoginExpired`, `WrongCredentials` or `RateLimited`; those that move an order may also raise `InvalidOrder`,
    `SymbolNotFound`, `OrderRejected`, `OutcomeUnknown` (look before sending again) and, in test mode, `Rehearsed`.

    >>> with Desk.from_environment() as desk:                                       # doctest: +SKIP
    ...     desk.place_order(desk.draft(symbol="RELIANCE", exchange="NSE", action="BUY", quantity=1))
    """

    settings: Settings
    runner: Runner
    contracts: Contracts
    clock: Clock = field(factory=SystemClock)
    _first: Self | None = field(default=None, repr=False)
    _others: list[Self] = field(factory=list, init=False, repr=False)
    _guards: dict[str, Guard] = field(factory=dict, init=False, repr=False)

    @classmethod
    def from_environment(cls) -> Self:
        """Open a desk as the `JAINAM_*` variables say; raises `NotConfigured` naming every variable that is wrong."""
        return cls.open(read_settings())

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        transport: Transport | None = None,
        contracts: Contracts | None = None,
        journal: Journal | None = None,
        clock: Clock | None = None,
        tags: Callable[[], OrderTag] = new_tag,
        listen: Callable[[object], None] | None = None,
    ) -> Self:
        """Open a desk; *contracts* and *journal* default to the database of the settings, *transport* to httpx.

        For asyncio *transport* is aiohttp where that is installed: an order takes it less than half of httpx's work.
        What an earlier run meant today and lost sight of, as in a crash, is looked up at once (X1); see `resolve`.
        *listen* is called with every event that flows tell of, such as `SegmentRead` while contracts are loaded.
        """
        clock = clock or SystemClock()
        parts = machinery(settings, contracts, clock, tags, listen, journal)
        if transport is None:
            from jainam.adapters.httpx_transport import HttpxTransport

            transport = HttpxTransport(timeout=settings.timeout)
        runner = Runner(
            transport, parts.calls, parts.local, clock, parts.pacer, parts.locks, client=settings.client_id or ""
        )
        desk = cls(settings, runner, parts.local.contracts, clock)
        desk._look_back()
        return desk

    def for_client(self, client_id: str) -> Self:
        """A desk for another client of the same login, with books, journal, limits and a switch of his own (X10).

        *client_id* is a client code, or `pro` for the desk's own book; raises `NotConfigured` when it names nobody. The
        desks share connections, session, pace and contracts: closing this one leaves them, closing the first one closes
        all. No call of one ever names the client of another.

        >>> with desk.for_client("CLIENT02") as other:                                  # doctest: +SKIP
        ...     other.positions()
        """
        if self._first is not None:
            return self._first.for_client(client_id)
        settings, runner = self.settings.for_client(client_id), self.runner
        parts = beside(
            settings, Machinery(runner.calls, runner.local, runner.pacer, runner.locks), self.clock, self._guards
        )
        other = runner.beside(parts.calls, parts.local, parts.locks, settings.client_id or "")
        desk = type(self)(settings, other, self.contracts, self.clock, first=self)
        self._others.append(desk)
        desk._look_back()
        return desk

    def _look_back(self) -> None:
        """Look up what an earlier run lost sight of."""
        if self.runner.local.record.unsettled():
            try:
                self.resolve()
            except JainamError as error:  # the broker may be down; whoever trades such an instrument asks again
                self.runner.local.tell(error)

    def close(self) -> None:
        """Let go of connections and files; the session at the broker stays, for the next desk."""
        if self._first is not None:
            self._first._others = [desk for desk in self._first._others if desk is not self]
            self.runner.leave()
            return
        for desk in self._others:
            desk.close()
        self.runner.transport.close()
        self.contracts.close()
        self.runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def login(self) -> tuple[Session, Session]:
        """Hold a session for both interfaces, kept ones included; returns the interactive and the market-data one."""
        access = self.runner.calls.codec.access
        return (
            self.runner.run(login.log_in(Api.INTERACTIVE, access)),
            self.runner.run(login.log_in(Api.MARKET_DATA, access)),
        )

    def logout(self) -> None:
        """End both sessions, at the broker as far as it listens, and here in any case."""
        self.runner.run(login.log_out())

    def resolve(self) -> tuple[Resolved, ...]:
        """Find out what became of everything that was meant today and lost sight of; nothing is sent (X1)."""
        return self.runner.run(flows.resolve_intents())

    def load_contracts(self, care: Care | None = None) -> ContractsReport:
        """Replace the stored contracts by today's master, all segments or nothing (FR8, X9).

        *care* says how good the master must be, and defaults to the settings; the report counts what was left out.
        """
        profile, today = self.settings.profile, self.clock.now().date()
        return self.runner.run(
            loading.load_contracts(
                profile.segments, profile.index_segments, today, care or self.settings.contracts_care
            )
        )

    def contract(self, symbol: str, exchange: Exchange) -> Contract:
        """The contract of one OpenAlgo symbol; raises `SymbolNotFound` (FR7)."""
        return self.contracts.find(SymbolKey(symbol, exchange))

    def find_contracts(
        self, text: str = "", exchange: Exchange | None = None, limit: int | None = 20, terms: Terms = ANY
    ) -> tuple[Contract, ...]:
        """Contracts whose symbol or description holds every word of *text*, and that meet *terms*; shortest first.

        >>> desk.find_contracts(terms=Terms(prefix="NIFTY", kinds=(Kind.FUTURE,)))      # doctest: +SKIP
        """
        return self.contracts.search(text, exchange, limit, terms)

    def expiries(self, name: str, exchange: Exchange = Exchange.NFO) -> tuple[dt.date, ...]:
        """The days on which futures and options of the underlying *name* expire, the next one first."""
        return expiries_of(self.contracts.search("", exchange, None, derivatives_of(name)))

    def futures(self, name: str, exchange: Exchange = Exchange.NFO) -> tuple[Contract, ...]:
        """The futures of the underlying *name*, the next to expire first."""
        return futures_of(self.contracts.search("", exchange, None, derivatives_of(name)))

    def option_chain(
        self,
        name: str,
        expiry: dt.date | None = None,
        exchange: Exchange = Exchange.NFO,
        *,
        price: Decimal | None = None,
        width: int | None = None,
    ) -> Chain | None:
        """The calls and puts on the underlying *name* that expire on *expiry*, by default the next; ``None`` without.

        With the *price* of the underlying in rupees the strike nearest to it is at the money; with a *width* as well,
        only so many strikes on either side of it are kept.

        >>> index = desk.contract("NIFTY", Exchange.NSE_INDEX)                          # doctest: +SKIP
        >>> price = desk.quotes(index)[index.ref].last_price                            # doctest: +SKIP
        >>> desk.option_chain("NIFTY", price=price, width=5).strikes[5].call.symbol     # doctest: +SKIP
        """
        return chain_of(self.contracts.search("", exchange, None, derivatives_of(name)), expiry, price, width)

    def draft(self, **fields: Any) -> Order:
        """The order that OpenAlgo-style *fields* mean; raises `InvalidOrder` with every problem at once (FR10)."""
        return self.runner.run(flows.drafted_order(fields))

    def draft_smart(self, **fields: Any) -> SmartOrder:
        """The smart order that OpenAlgo-style *fields* mean."""
        return self.runner.run(flows.drafted_smart_order(fields))

    def place_order(self, order: Order) -> Placed:
        """Check *order* and send it at most once (X1); the gateway has taken it when this returns (protocol 3.3)."""
        return self.runner.run(flows.place_order(order))

    def follow(self, placed: Placed) -> OrderRow:
        """The book's row of a placed order once the exchange has answered for it."""
        return self.runner.run(books.followed(placed))

    def place_sliced(self, order: Order) -> SlicedOrder:
        """Send an order above the exchange's largest in slices it takes, until one is refused or in doubt (X3)."""
        return self.runner.run(baskets.place_sliced(order))

    def place_basket(self, orders: Iterable[Order]) -> BasketReport:
        """Send several orders, exits first; one failure stops none of the rest, and each has its own outcome (X3)."""
        return self.runner.run(baskets.place_basket(orders))

    def modify_order(self, order_id: OrderId | str, changes: Changes) -> Modified:
        """Give a live order new terms (D19, protocol 3.4)."""
        return self.runner.run(flows.modify_order(OrderId(order_id), changes))

    def cancel_order(self, order_id: OrderId | str) -> Cancelled:
        """Take an order back (protocol 3.5)."""
        return self.runner.run(flows.cancel_order(OrderId(order_id)))

    def cancel_all_orders(self) -> CancelReport:
        """Take back every live order and report each that could not be."""
        return self.runner.run(flows.cancel_all_orders())

    def place_smart_order(self, smart: SmartOrder) -> SmartOutcome:
        """Bring one net position to its target; nothing is sent when the books cannot be read (FR5, D3)."""
        return self.runner.run(flows.place_smart_order(smart))

    def close_all_positions(self, choice: Choice = everything) -> CloseReport:
        """Flatten every position that *choice* picks and report what is left of each (FR6, X3)."""
        return self.runner.run(closing.close_all_positions(choice))

    def order(self, order_id: OrderId | str) -> OrderRow:
        """One row of the order book."""
        return self.runner.run(books.order(OrderId(order_id)))

    def order_book(self) -> tuple[OrderRow, ...]:
        """Today's orders (protocol 3.6)."""
        return self.runner.run(books.order_book())

    def trade_book(self) -> tuple[Trade, ...]:
        """Today's fills, one row each (FR1, protocol 3.8)."""
        return self.runner.run(books.trade_book())

    def positions(self) -> tuple[Position, ...]:
        """Net positions, closed ones included (FR2, protocol 3.10)."""
        return self.runner.run(books.positions())

    def open_position(self, symbol: str, exchange: Exchange, product: Product) -> int:
        """The signed quantity held; an unreadable book raises and is never zero (D3)."""
        return self.runner.run(books.open_position(SymbolKey(symbol, exchange), product))

    def holdings(self) -> tuple[Holding, ...]:
        """Shares in the demat account with their last price (FR3, protocol 3.11)."""
        return self.runner.run(books.holdings())

    def funds(self) -> Funds:
        """Money of the account (protocol 3.12)."""
        return self.runner.run(books.funds())

    def profile(self) -> Profile:
        """Who the account belongs to (protocol 3.13)."""
        return self.runner.run(books.profile())

    def quotes(self, *contracts: Contract) -> Mapping[InstrumentRef, Quote]:
        """What the market says of *contracts*; those without a quote are absent (protocol 5.5)."""
        return self.runner.run(books.quotes(contract.ref for contract in contracts))

    def depth(self, contract: Contract) -> Depth:
        """The best prices on both sides of *contract*; `SymbolNotFound` when the broker has none (protocol 5.5)."""
        return self.runner.run(watching.depth(contract.key))[0]

    def candles(self, contract: Contract, interval: Interval, first: dt.date, last: dt.date) -> tuple[Candle, ...]:
        """The candles of *contract* on the days from *first* to *last*, oldest first, without a gap (protocol 5.7)."""
        return self.runner.run(watching.history(contract.key, interval, first, last))
