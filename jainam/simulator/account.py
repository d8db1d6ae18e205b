"""One client's money, holdings, orders and positions."""

from decimal import Decimal

from attrs import define, field, frozen

from jainam.simulator.instruments import Instrument
from jainam.simulator.orders import Fill, Order
from jainam.simulator.positions import Positions


@frozen(kw_only=True)
class Holding:
    """Shares in the client's demat account at the start of the day."""

    isin: str
    nse_token: int
    bse_token: int
    quantity: int
    used: int
    average: Decimal

    def is_of(self, instrument: Instrument) -> bool:
        """Tell whether it is *instrument* that is held."""
        token = {"NSECM": self.nse_token, "BSECM": self.bse_token}.get(instrument.segment)
        return token == instrument.token


SEED_HOLDINGS = (
    Holding(isin="INE002A01018", nse_token=2885, bse_token=500325, quantity=25, used=0, average=Decimal("1288.4")),
    Holding(isin="INE009A01021", nse_token=1594, bse_token=500209, quantity=10, used=4, average=Decimal("1502.15")),
)


@define
class Account:
    """What one client has and did."""

    client_id: str
    cash: Decimal
    holdings: tuple[Holding, ...] = ()
    positions: Positions = field(factory=Positions)
    # Oldest state first; the last is the present one.
    histories: dict[int, list[Order]] = field(factory=dict)
    live: dict[int, Order] = field(factory=dict)
    fills: list[Fill] = field(factory=list)

    def orders(self) -> list[Order]:
        """Return the present state of every order, in the order they came."""
        return [history[-1] for history in self.histories.values()]

    def order(self, app_order_id: int) -> Order | None:
        """Return the present state of one order."""
        history = self.histories.get(app_order_id)
        return history[-1] if history else None

    def record(self, order: Order) -> None:
        """Let *order* be the present state of itself."""
        self.histories.setdefault(order.app_order_id, []).append(order)
        if order.is_live:
            self.live[order.app_order_id] = order
        else:
            self.live.pop(order.app_order_id, None)

    def used(self, holding: Holding) -> int:
        """Return how much of *holding* is spoken for, today's delivery sales among it."""
        sold = sum(
            -position.net
            for position in self.positions.view(day_wise=True)
            if position.product == "CNC" and position.net < 0 and holding.is_of(position.instrument)
        )
        return min(holding.quantity, holding.used + sold)

    def saleable(self, instrument: Instrument) -> int:
        """Return how many shares of *instrument* can be delivered from the holdings."""
        return sum(holding.quantity - self.used(holding) for holding in self.holdings if holding.is_of(instrument))
