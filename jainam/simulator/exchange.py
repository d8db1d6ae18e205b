"""The exchange: takes orders, moves them through their statuses, and fills them against one price per instrument.

A purchase at or above the last price and a sale at or below it fill at once at the last price, as far as the
liquidity reaches; what rests is filled at its own limit when the price comes to it.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from attrs import define, evolve, field, frozen

from jainam.simulator.account import Account
from jainam.simulator.checks import Refused
from jainam.simulator.clock import Clock
from jainam.simulator.instruments import Instrument
from jainam.simulator.market import Market
from jainam.simulator.orders import (
    CANCELLED,
    CHANGING,
    FILLED,
    NEW,
    PARTIALLY_FILLED,
    PENDING_CANCEL,
    PENDING_NEW,
    PENDING_REPLACE,
    REJECTED,
    REPLACED,
    Fill,
    Order,
    OrderRequest,
    Terms,
)
from jainam.simulator.risk import Risk

FIRST_APP_ORDER_ID = 1_110_000_030
FIRST_SEQUENCE = 1_110_045_000_000_001
FIRST_EXECUTION = 400_000_829
# The first digits of a 16-digit exchange order id.
EXCHANGE_PREFIXES = {"NSECM": 1_000_000_000_000_000, "NSEFO": 1_300_000_000_000_000}
OTHER_PREFIX = 1_700_000_000_000_000


@frozen
class Event:
    """Something a stream would tell the client: an order's new state, a fill, a position."""

    kind: str
    client_id: str
    what: Any


@define
class Exchange:
    """Every account's orders and the market they meet in."""

    market: Market
    clock: Clock
    accounts: dict[str, Account]
    # While true, new orders, modifications and cancellations wait for acknowledge().
    hold_acknowledgements: bool = False
    listeners: list[Callable[[Event], None]] = field(factory=list)
    _issued: int = field(default=0, init=False)
    _acknowledged: int = field(default=0, init=False)
    _executions: int = field(default=0, init=False)
    _sequence: int = field(default=FIRST_SEQUENCE - 1, init=False)

    @property
    def risk(self) -> Risk:
        """Return the risk check, which sees the same market."""
        return Risk(self.market)

    @property
    def sequence(self) -> int:
        """Return the greatest number given out so far."""
        return self._sequence

    def next_sequence(self) -> int:
        """Return a number greater than any before."""
        self._sequence += 1
        return self._sequence

    # Requests

    def place(self, account: Account, request: OrderRequest, wait: bool = False) -> Order:
        """Take an order in; it is acknowledged, filled or rejected before this returns, unless it has to *wait*."""
        self._issued += 1
        now = self.clock.now()
        order = Order(
            app_order_id=FIRST_APP_ORDER_ID - 1 + self._issued,
            client_id=account.client_id,
            request=request,
            terms=request.terms,
            status=PENDING_NEW,
            generated=now,
            updated=now,
            transacted=now,
            sequence=self.next_sequence(),
        )
        account.record(order)
        self._tell("order", account, order)
        if not wait and not self.hold_acknowledgements:
            self._acknowledge_new(account, order)
        return self._now(account, order)

    def modify(self, account: Account, app_order_id: int, terms: Terms) -> Order:
        """Ask for new *terms*; an order that is final, or filled beyond them, is refused at once."""
        order = self.live_order(account, app_order_id, "modified")
        if terms.quantity <= order.filled:
            raise Refused("e-orders-0007", f"Order quantity must be more than the filled quantity [{order.filled}]")
        order = self._change(account, order, status=PENDING_REPLACE, wanted=terms, before=self._stable(order))
        if not self.hold_acknowledgements:
            self._acknowledge_replace(account, order)
        return self._now(account, order)

    def cancel(self, account: Account, app_order_id: int) -> Order:
        """Ask for the end of an order; one that is final is refused at once."""
        order = self.live_order(account, app_order_id, "cancelled")
        order = self._change(account, order, status=PENDING_CANCEL, before=self._stable(order))
        if not self.hold_acknowledgements:
            self._acknowledge_cancel(account, order)
        return self._now(account, order)

    def live_order(self, account: Account, app_order_id: int, verb: str) -> Order:
        """Return an order that can still be *verb*, or refuse."""
        order = account.order(app_order_id)
        if order is None:
            raise Refused("e-orders-0001", f"Order history not found for AppOrderID [{app_order_id}] given.")
        if not order.is_live:
            raise Refused("e-orders-0007", f"Order is already {order.status} and cannot be {verb}")
        return order

    # What the exchange does by itself

    def acknowledge(self) -> None:
        """Deal with everything that was held back, in the order it came."""
        for account in self.accounts.values():
            for order in list(account.live.values()):
                match order.status:
                    case "PendingNew" if not order.is_waiting:
                        self._acknowledge_new(account, order)
                    case "PendingReplace":
                        self._acknowledge_replace(account, order)
                    case "PendingCancel":
                        self._acknowledge_cancel(account, order)

    def set_price(self, instrument: Instrument, price: Decimal) -> None:
        """Move the last price, which triggers stops and fills what it crosses."""
        self.market.set_price(instrument, price)
        self._match_all(instrument)

    def limit_liquidity(self, instrument: Instrument, quantity: int | None) -> None:
        """Change how much can be traded, which may fill more of what rests."""
        self.market.limit_liquidity(instrument, quantity)
        self._match_all(instrument)

    def fill(self, app_order_id: int, quantity: int | None = None, price: Decimal | None = None) -> Order:
        """Fill a resting order by hand, whatever the market says; more than is left is a ValueError."""
        for account in self.accounts.values():
            order = account.order(app_order_id)
            if order is None:
                continue
            wanted = order.leaves if quantity is None else quantity
            if not order.is_resting or not 0 < wanted <= order.leaves:
                raise ValueError(f"cannot fill {wanted} of an order that is {order.status} with {order.leaves} left")
            at = price if price is not None else order.terms.limit_price or self.market.last(order.instrument)
            return self._filled(account, order, wanted, at)
        raise ValueError(f"no order {app_order_id}")

    def activate(self, account: Account, order: Order, terms: Terms) -> Order:
        """Let a leg that waited for its entry order go to the market."""
        return self._acknowledge_new(account, self._change(account, order, terms=terms))

    # Acknowledgements

    def _acknowledge_new(self, account: Account, order: Order) -> Order:
        shortfall = self.risk.shortfall(account, order.request, order.terms, order.leaves, order.app_order_id)
        if shortfall:
            reason = f"RMS:Margin Exceeds : Margin Shortfall[{shortfall:f}]"
            return self._change(account, order, status=REJECTED, reason=reason)
        self._acknowledged += 1
        first = EXCHANGE_PREFIXES.get(order.instrument.segment, OTHER_PREFIX)
        exchange_id = str(first + 5506 + self._acknowledged)
        if self._outside_band(order.instrument, order.terms):
            reason = "16284 : The order price is outside the price band of the day"
            return self._change(account, order, status=REJECTED, reason=reason, exchange_order_id=exchange_id)
        now = self.clock.now()
        order = self._change(account, order, status=NEW, exchange_order_id=exchange_id, transacted=now)
        return self._match(account, order, resting=False)

    def _acknowledge_replace(self, account: Account, order: Order) -> Order:
        terms = order.wanted or order.terms
        if terms.quantity <= order.filled:
            return self._refused(account, order, "Order quantity must be more than the filled quantity")
        if self._outside_band(order.instrument, terms):
            return self._refused(account, order, "16284 : The order price is outside the price band of the day")
        left = terms.quantity - order.filled
        shortfall = self.risk.shortfall(account, order.request, terms, left, order.app_order_id)
        if shortfall:
            return self._refused(account, order, f"RMS:Margin Exceeds : Margin Shortfall[{shortfall:f}]")
        if order.before == PENDING_NEW:
            order = self._change(account, order, status=PENDING_NEW, terms=terms, wanted=None)
            return self._acknowledge_new(account, order)
        now = self.clock.now()
        order = self._change(account, order, status=REPLACED, terms=terms, wanted=None, transacted=now, reason="")
        return self._match(account, order, resting=False)

    def _acknowledge_cancel(self, account: Account, order: Order) -> Order:
        return self._change(account, order, status=CANCELLED, wanted=None, transacted=self.clock.now())

    def _refused(self, account: Account, order: Order, reason: str) -> Order:
        return self._change(account, order, status=order.before, wanted=None, reason=reason)

    # Matching

    def _outside_band(self, instrument: Instrument, terms: Terms) -> bool:
        if not instrument.has_band:
            return False
        prices = [terms.limit_price] if terms.order_type in {"Limit", "StopLimit"} else []
        prices += [terms.stop_price] if terms.waits_for_stop else []
        return any(not instrument.low <= price <= instrument.high for price in prices)

    def _match_all(self, instrument: Instrument) -> None:
        for account in self.accounts.values():
            for order in list(account.live.values()):
                if order.is_resting and order.instrument.key == instrument.key:
                    self._match(account, self._now(account, order), resting=True)

    def _match(self, account: Account, order: Order, resting: bool) -> Order:
        if order.terms.waits_for_stop:
            if not self._is_triggered(order):
                return order
            # A stop that was just reached meets the market as a new order does.
            order, resting = self._trigger(account, order), False
        last = self.market.last(order.instrument)
        limit = order.terms.limit_price
        is_market = order.terms.order_type == "Market"
        if order.is_live and (is_market or (limit - last) * order.request.sign >= 0):
            quantity = self.market.take(order.instrument, order.leaves)
            if quantity:
                order = self._filled(account, order, quantity, limit if resting and not is_market else last)
        if order.is_live and order.terms.time_in_force == "IOC":
            reason = "IOC order: the quantity that could not be traded is cancelled"
            order = self._change(account, order, status=CANCELLED, reason=reason)
        return order

    def _is_triggered(self, order: Order) -> bool:
        return (self.market.last(order.instrument) - order.terms.stop_price) * order.request.sign >= 0

    def _trigger(self, account: Account, order: Order) -> Order:
        # The type changes and the stop price stays (XTS protocol reference 3.2).
        plain = "Limit" if order.terms.order_type == "StopLimit" else "Market"
        return self._change(account, order, terms=evolve(order.terms, order_type=plain))

    def _filled(self, account: Account, order: Order, quantity: int, price: Decimal) -> Order:
        filled = order.filled + quantity
        done = filled == order.terms.quantity
        pending = order.status in CHANGING
        status = FILLED if done else order.status if pending else PARTIALLY_FILLED
        now = self.clock.now()
        changes: dict[str, Any] = {"filled": filled, "value": order.value + quantity * price, "transacted": now}
        changes["executions"] = order.executions + 1
        if pending and not done:
            changes["before"] = PARTIALLY_FILLED
        order = self._change(account, order, status=status, **changes)
        account.positions.trade(order.instrument, order.terms.product, quantity * order.request.sign, price)
        self._executions += 1
        execution = str(FIRST_EXECUTION - 1 + self._executions)
        fill = Fill(order=order, quantity=quantity, price=price, at=now, execution_id=execution)
        account.fills.append(fill)
        self._tell("trade", account, fill)
        self._tell("position", account, account.positions.of(order.instrument, order.terms.product))
        return self._now(account, order)

    # Keeping

    @staticmethod
    def _stable(order: Order) -> str:
        return order.before if order.status in CHANGING else order.status

    @staticmethod
    def _now(account: Account, order: Order) -> Order:
        return account.histories[order.app_order_id][-1]

    def _change(self, account: Account, order: Order, **changes: Any) -> Order:
        changed = evolve(order, updated=self.clock.now(), sequence=self.next_sequence(), **changes)
        account.record(changed)
        self._tell("order", account, changed)
        return changed

    def _tell(self, kind: str, account: Account, what: object) -> None:
        for listener in self.listeners:
            listener(Event(kind, account.client_id, what))
