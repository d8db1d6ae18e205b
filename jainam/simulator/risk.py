"""How much money an order ties up, and whether the account has it.

The rule: delivery and carried cash pay in full, intraday cash a fifth, a bought option its premium, a future or
a sold option 15 % of its notional value (a sold option's is taken at the strike). What closes a position needs
nothing.
"""

from decimal import Decimal

from attrs import frozen

from jainam.simulator.account import Account
from jainam.simulator.instruments import CASH_SEGMENTS, OPTION, Instrument
from jainam.simulator.market import Market
from jainam.simulator.orders import ZERO, OrderRequest, Terms

PAISA = Decimal("0.01")
INTRADAY_SHARE = Decimal("0.2")
NOTIONAL_SHARE = Decimal("0.15")
INTRADAY_PRODUCTS = frozenset({"MIS", "CO", "BO"})


def margin_for(instrument: Instrument, product: str, signed: int, price: Decimal) -> Decimal:
    """Return what opening *signed* units at *price* ties up."""
    quantity = abs(signed) * instrument.multiplier
    if instrument.kind == OPTION:
        if signed > 0:
            return quantity * price
        return quantity * (instrument.strike or ZERO) * NOTIONAL_SHARE
    if instrument.segment in CASH_SEGMENTS:
        return quantity * abs(price) * (INTRADAY_SHARE if product in INTRADAY_PRODUCTS else 1)
    return quantity * abs(price) * NOTIONAL_SHARE


@frozen
class Funds:
    """An account's money at this moment."""

    cash: Decimal
    realized: Decimal
    unrealized: Decimal
    utilized: Decimal
    premium: Decimal

    @property
    def available(self) -> Decimal:
        """Return what is free for new orders."""
        return self.cash + self.realized - self.utilized


@frozen
class Risk:
    """The risk check in front of the exchange."""

    market: Market

    def funds(self, account: Account, besides: int | None = None) -> Funds:
        """Return *account*'s money, leaving the order *besides* out of what is tied up."""
        realized = unrealized = utilized = premium = ZERO
        for position in account.positions.view(day_wise=False):
            realized += position.realized
            if not position.net:
                continue
            unrealized += position.unrealized(self.market.last(position.instrument))
            if position.product == "CNC" and position.net < 0:
                continue
            tied = margin_for(position.instrument, position.product, position.net, position.open_average)
            utilized += tied
            premium += tied if position.instrument.kind == OPTION and position.net > 0 else ZERO
        for order in account.live.values():
            if order.app_order_id != besides and not order.is_waiting:
                utilized += self.required(account, order.request, order.terms, order.leaves)
        return Funds(account.cash, realized.quantize(PAISA), unrealized.quantize(PAISA), utilized, premium)

    def required(self, account: Account, request: OrderRequest, terms: Terms, quantity: int) -> Decimal:
        """Return what *quantity* units of a request tie up beyond what closes a position."""
        instrument = request.instrument
        net = account.positions.of(instrument, terms.product).net
        closing = max(0, -net * request.sign)
        if terms.product == "CNC" and request.sign < 0:
            closing += account.saleable(instrument)
        opening = max(0, quantity - closing)
        price = terms.limit_price or terms.stop_price or self.market.last(instrument)
        return margin_for(instrument, terms.product, opening * request.sign, price)

    def shortfall(
        self, account: Account, request: OrderRequest, terms: Terms, quantity: int, besides: int | None = None
    ) -> Decimal:
        """Return how much money is missing for a request, zero if none is."""
        required = self.required(account, request, terms, quantity)
        if not required:
            return ZERO
        return max(ZERO, required - self.funds(account, besides).available).quantize(PAISA)
