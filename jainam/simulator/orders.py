"""An order as the exchange keeps it, and what it came from."""

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from jainam.simulator.instruments import Instrument

ZERO = Decimal(0)

PENDING_NEW = "PendingNew"
NEW = "New"
PENDING_REPLACE = "PendingReplace"
REPLACED = "Replaced"
PENDING_CANCEL = "PendingCancel"
PARTIALLY_FILLED = "PartiallyFilled"
FILLED = "Filled"
CANCELLED = "Cancelled"
REJECTED = "Rejected"
FINAL = frozenset({FILLED, CANCELLED, REJECTED, "Expired"})
SECOND_LEG = "SecondOrderLeg"
RESTING = frozenset({NEW, REPLACED, PARTIALLY_FILLED})
CHANGING = frozenset({PENDING_REPLACE, PENDING_CANCEL})

ORDER_TYPES = {"MARKET": "Market", "LIMIT": "Limit", "STOPLIMIT": "StopLimit", "STOPMARKET": "StopMarket"}


@frozen(kw_only=True)
class Terms:
    """What of an order can be changed by a modification."""

    product: str
    order_type: str
    quantity: int
    disclosed: int = 0
    limit_price: Decimal = ZERO
    stop_price: Decimal = ZERO
    time_in_force: str = "DAY"

    @property
    def waits_for_stop(self) -> bool:
        """Tell whether nothing happens until the stop price is reached."""
        return self.order_type in {"StopLimit", "StopMarket"}


@frozen(kw_only=True)
class OrderRequest:
    """A checked request to trade."""

    instrument: Instrument
    side: str
    terms: Terms
    tag: str = ""
    category: str = "NORMAL"
    leg: str = "SingleOrderLeg"
    entry_id: int = 0

    @property
    def sign(self) -> int:
        """Return 1 for a purchase, -1 for a sale."""
        return 1 if self.side == "BUY" else -1


@frozen(kw_only=True)
class Order:
    """One state of an order; a change makes a new one and the old stays in its history."""

    app_order_id: int
    client_id: str
    request: OrderRequest
    terms: Terms
    status: str
    generated: datetime
    updated: datetime
    transacted: datetime
    sequence: int
    exchange_order_id: str = ""
    filled: int = 0
    executions: int = 0
    value: Decimal = ZERO
    reason: str = ""
    # What a modification under way would change it to.
    wanted: Terms | None = None
    # The status to go back to if a modification or cancellation is refused.
    before: str = NEW

    @property
    def instrument(self) -> Instrument:
        """Return what is traded."""
        return self.request.instrument

    @property
    def leaves(self) -> int:
        """Return how much is still to be filled; nothing once the order is final."""
        return 0 if self.status in FINAL else self.terms.quantity - self.filled

    @property
    def average(self) -> Decimal:
        """Return the average price of what was filled, to four places."""
        return (self.value / self.filled).quantize(Decimal("0.0001")) if self.filled else ZERO

    @property
    def is_live(self) -> bool:
        """Tell whether anything can still happen to it."""
        return self.status not in FINAL

    @property
    def is_waiting(self) -> bool:
        """Tell whether it is a second leg that waits for its entry to be filled."""
        return self.request.leg == SECOND_LEG and self.status == PENDING_NEW

    @property
    def is_resting(self) -> bool:
        """Tell whether the exchange holds it and may fill it."""
        return (self.before if self.status in CHANGING else self.status) in RESTING


@frozen(kw_only=True)
class Fill:
    """One execution, with the order as it was just after."""

    order: Order
    quantity: int
    price: Decimal
    at: datetime
    execution_id: str
