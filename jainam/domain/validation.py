"""What an instrument demands of an order; every broken rule is named at once, with the nearest value that passes.

Sources: FR10 and X5; freeze quantities and ticks come from the instrument master (protocol 5.3), price types and
their prices from protocol 3.2, trigger sides from the exchanges' stop-loss rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Protocol

from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import Contract
from jainam.domain.vocabulary import PriceType, Product, Side

__all__ = ["Terms", "broken_rules", "check"]


class Terms(Protocol):
    """What the rules read of an order; ``None`` is a value that could not be read and has been complained about."""

    @property
    def side(self) -> Side | None: ...
    @property
    def product(self) -> Product | None: ...
    @property
    def price_type(self) -> PriceType | None: ...
    @property
    def quantity(self) -> int | None: ...
    @property
    def price(self) -> Decimal | None: ...
    @property
    def trigger_price(self) -> Decimal | None: ...
    @property
    def disclosed_quantity(self) -> int | None: ...


def check(order: Terms, contract: Contract) -> None:
    """Return when *order* may be sent for *contract*; raise `InvalidOrder` with every problem otherwise."""
    problems = broken_rules(order, contract)
    if problems:
        raise InvalidOrder(problems)


def broken_rules(order: Terms, contract: Contract | None) -> list[str]:
    """Every rule that *order* breaks, as sentences; those of the instrument only when *contract* is known."""
    problems: list[str] = []
    if contract is not None:
        _tradable(order, contract, problems)
        if order.quantity is not None:
            _quantity(order.quantity, contract, problems)
    if order.price_type is not None:
        _prices(order, order.price_type, contract, problems)
    if order.disclosed_quantity and order.quantity is not None and order.disclosed_quantity > order.quantity:
        problems.append(f"disclosed quantity {order.disclosed_quantity} is more than the quantity {order.quantity}")
    return problems


def _tradable(order: Terms, contract: Contract, problems: list[str]) -> None:
    exchange = contract.key.exchange
    if exchange.is_index:
        problems.append(f"{contract.symbol} is an index and cannot be traded; choose a future or an option on it")
    if order.product is not None:
        if not order.product.can_be_placed:
            problems.append(f"product {order.product} cannot be placed by an ordinary order; use CNC, NRML or MIS")
        elif order.product.is_delivery and not (exchange.is_cash or exchange.is_index):
            problems.append(f"product CNC is for shares; use NRML or MIS on {exchange}")


def _quantity(quantity: int, contract: Contract, problems: list[str]) -> None:
    lot, limit = contract.lot_size, contract.freeze_quantity
    largest = quantity + lot if limit is None else limit - limit % lot
    if quantity % lot:
        lower = quantity - quantity % lot
        choice = _use(value for value in (lower, lower + lot) if 0 < value <= largest)
        problems.append(f"quantity {quantity} is not a multiple of the lot size {lot} of {contract.symbol}{choice}")
    if limit is not None and quantity > limit:
        problems.append(
            f"quantity {quantity} is above the largest single order of {contract.symbol}; use at most {largest}"
        )


def _prices(order: Terms, price_type: PriceType, contract: Contract | None, problems: list[str]) -> None:
    if price_type.has_limit and order.price is not None:
        _price("price", order.price, price_type, contract, problems)
    if price_type.is_stop and order.trigger_price is not None:
        _price("trigger price", order.trigger_price, price_type, contract, problems)
    if price_type.is_stop and price_type.has_limit and order.price and order.trigger_price and order.side is not None:
        if order.side is Side.BUY and order.price < order.trigger_price:
            problems.append(
                f"price {order.price} of a stop purchase is below its trigger {order.trigger_price};"
                f" use {order.trigger_price} or more"
            )
        if order.side is Side.SELL and order.price > order.trigger_price:
            problems.append(
                f"price {order.price} of a stop sale is above its trigger {order.trigger_price};"
                f" use {order.trigger_price} or less"
            )


def _price(name: str, value: Decimal, price_type: PriceType, contract: Contract | None, problems: list[str]) -> None:
    if value <= 0:
        problems.append(f"{name} must be above zero for a {price_type} order")
        return
    if contract is None:
        return
    tick, low, high = contract.tick_size, contract.price_low, contract.price_high
    if tick and value % tick:
        lower = _on_tick(value, tick, ROUND_FLOOR)
        choice = _use(
            price
            for price in (lower, lower + tick)
            if price > 0 and (low is None or price >= low) and (high is None or price <= high)
        )
        problems.append(f"{name} {value} is not a multiple of the tick {tick} of {contract.symbol}{choice}")
    if low is not None and value < low:
        least = _on_tick(low, tick, ROUND_CEILING)
        problems.append(f"{name} {value} is below the day's band of {contract.symbol}; use at least {least}")
    if high is not None and value > high:
        most = _on_tick(high, tick, ROUND_FLOOR)
        problems.append(f"{name} {value} is above the day's band of {contract.symbol}; use at most {most}")


def _on_tick(price: Decimal, tick: Decimal, rounding: str) -> Decimal:
    return (price / tick).to_integral_value(rounding) * tick if tick else price


def _use(choices: Iterable[Decimal | int]) -> str:
    """The values that would pass, as the end of a sentence; nothing when there is none nearby."""
    named = " or ".join(str(choice) for choice in choices)
    return f"; use {named}" if named else ""
