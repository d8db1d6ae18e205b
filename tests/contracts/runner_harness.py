"""A runner on an exchange that is called in place: what its suites are run with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from fakes.clock import FakeClock
from fakes.exchange import RestTransport
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.books import order_book
from jainam.domain.errors import (
    JainamError,
)
from jainam.domain.instruments import Contract, SymbolKey, Token
from jainam.domain.orders import Order
from jainam.domain.steps import Flow
from jainam.domain.vocabulary import Exchange, Kind, PriceType, Product, Side
from jainam.simulator import FaultRule, Rest

RELIANCE = SymbolKey("RELIANCE", Exchange.NSE)
INFY = SymbolKey("INFY", Exchange.NSE)


class Harness(Protocol):
    """A runner on an exchange that is called in place."""

    desk: Any
    rest: Rest
    clock: FakeClock
    transport: RestTransport
    contracts: MemoryContracts

    def run(self, flow: Flow[Any]) -> Any: ...

    def race(self, flows: Sequence[Flow[Any]]) -> list[Any]:
        """What each of *flows* returned or raised, all run at once."""
        ...

    def rehearse(self) -> None:
        """From now on nothing that moves an order is sent."""
        ...


def buy(quantity: int = 10, key: SymbolKey = RELIANCE) -> Order:
    return Order(instrument=key, side=Side.BUY, product=Product.MIS, quantity=quantity)


def resting(price: str = "1200", quantity: int = 10, key: SymbolKey = RELIANCE) -> Order:
    return Order(
        instrument=key,
        side=Side.BUY,
        product=Product.MIS,
        quantity=quantity,
        price_type=PriceType.LIMIT,
        price=Decimal(price),
    )


def share(key: SymbolKey, token: int) -> Contract:
    return Contract(
        key=key,
        token=Token(token),
        kind=Kind.EQUITY,
        name=key.symbol,
        broker_symbol=key.symbol,
        broker_exchange="NSECM",
        lot_size=1,
        tick_size=Decimal("0.05"),
    )


SHARES = (share(RELIANCE, 2885), share(INFY, 1594))


class OnTheExchange:
    """What the suites of runners ask for: a fixture named ``desk`` that yields a `Harness`."""

    def place(self, desk: Harness, fault: str, **more: Any) -> None:
        desk.rest.faults.add([FaultRule(kind=fault, method="POST", path="/interactive/orders", **more)])

    def sent(self, desk: Harness) -> int:
        return desk.rest.count("POST", "/interactive/orders")

    def at_exchange(self, desk: Harness) -> list[str]:
        return [str(row.tag) for row in desk.run(order_book())]


def collect(attempts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each attempt returned or raised."""
    results: list[Any] = []
    for attempt in attempts:
        try:
            results.append(attempt())
        except JainamError as error:
            results.append(error)
    return results
