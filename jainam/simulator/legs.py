"""Orders of more than one leg, and orders that close positions: cover, bracket, square-off, conversion."""

from typing import Any

from attrs import evolve, frozen

from jainam.simulator.account import Account
from jainam.simulator.checks import Fields, Refused, checked, instrument_of, order_from
from jainam.simulator.exchange import Event, Exchange
from jainam.simulator.instruments import Instrument
from jainam.simulator.orders import SECOND_LEG, Fill, Order, OrderRequest, Terms
from jainam.simulator.positions import Position

OPPOSITE = {"BUY": "SELL", "SELL": "BUY"}
SQUARE_OFF_MODES = {"DAYWISE": "DayWise", "NETWISE": "NetWise"}
QUANTITY_TYPES = {"EXACTQTY": "ExactQty", "PERCENTAGE": "Percentage"}


@frozen
class Legs:
    """Places and ends such orders on one exchange."""

    exchange: Exchange

    def place_cover(self, account: Account, body: dict[str, Any]) -> tuple[Order, Order]:
        """Place an entry and its stop, which waits until the entry is filled."""
        if Fields(body).number("stopPrice") <= 0:
            raise Refused("e-orders-0007", "A cover order needs a stop price")
        entry_body = {**body, "stopPrice": 0}
        request = order_from(self.exchange.market, entry_body, "CO", category="CO", leg="FirstOrderLeg")
        stop = checked(
            request.instrument,
            Terms(
                product="CO",
                order_type="StopMarket",
                quantity=request.terms.quantity,
                stop_price=Fields(body).number("stopPrice"),
            ),
        )
        entry = self.exchange.place(account, request)
        leg = evolve(request, side=OPPOSITE[request.side], terms=stop, leg=SECOND_LEG, entry_id=entry.app_order_id)
        exit_leg = self.exchange.place(account, leg, wait=True)
        self.follow(account, entry)
        return entry, exit_leg

    def listen(self, event: Event) -> None:
        """Let the stop of a cover order go live as soon as its entry is filled."""
        if event.kind == "trade" and isinstance(event.what, Fill):
            self.follow(self.exchange.accounts[event.client_id], event.what.order)

    def follow(self, account: Account, entry: Order) -> None:
        """Bring the waiting stop of *entry* into line with how *entry* ended."""
        for leg in list(account.live.values()):
            if leg.request.entry_id != entry.app_order_id or not leg.is_waiting:
                continue
            if not entry.is_live and entry.filled:
                self.exchange.activate(account, leg, evolve(leg.terms, quantity=entry.filled))
            elif not entry.is_live:
                self.exchange.cancel(account, leg.app_order_id)

    def exit_cover(self, account: Account, app_order_id: int) -> Order:
        """End a cover order: the entry is withdrawn, and what it bought or sold goes at the market."""
        leg = self.exchange.live_order(account, app_order_id, "exited")
        if leg.request.leg != SECOND_LEG:
            raise Refused("e-orders-0007", "Not the exit leg of a cover order")
        entry = account.order(leg.request.entry_id)
        if entry is not None and entry.is_live:
            self.follow(account, self.exchange.cancel(account, entry.app_order_id))
        leg = account.histories[app_order_id][-1]
        if leg.is_live:
            leg = self.exchange.modify(account, app_order_id, evolve(leg.terms, order_type="Market"))
        return leg

    def place_bracket(self, account: Account, body: dict[str, Any]) -> Order:
        """Place the entry of a bracket order; its two exits are checked and left to exit_bracket."""
        fields = Fields(body)
        fields.number("squarOff")
        fields.number("stopLossPrice")
        fields.done()
        request = order_from(self.exchange.market, {**body, "stopPrice": 0}, "BO", category="BO", leg="FirstOrderLeg")
        return self.exchange.place(account, request)

    def modify_bracket(self, account: Account, body: dict[str, Any]) -> Order:
        """Change quantity, limit and stop of a bracket order's entry; what is not given stays."""
        fields = Fields(body)
        app_order_id = fields.whole("appOrderID", 1)
        fields.done()
        order = self.exchange.live_order(account, app_order_id, "modified")
        terms = evolve(
            order.terms,
            quantity=fields.whole("orderQuantity", 1, order.terms.quantity),
            limit_price=fields.number("limitPrice", default=order.terms.limit_price),
        )
        fields.done()
        return self.exchange.modify(account, app_order_id, checked(order.instrument, terms))

    def exit_bracket(self, account: Account, app_order_id: int) -> Order:
        """End a bracket order: the entry is withdrawn, and what it bought or sold goes at the market."""
        entry = account.order(app_order_id)
        if entry is None or entry.request.category != "BO":
            raise Refused("e-orders-0001", f"Order history not found for AppOrderID [{app_order_id}] given.")
        if entry.is_live:
            entry = self.exchange.cancel(account, app_order_id)
        position = account.positions.of(entry.instrument, "BO")
        if entry.filled and position.net * entry.request.sign > 0:
            self._close(account, position, min(entry.filled, abs(position.net)))
        return entry

    def square_off(self, account: Account, body: dict[str, Any]) -> tuple[Instrument, dict[str, Any]]:
        """Send the market order that closes a position, whole or in part."""
        fields = Fields(body)
        mode = fields.choice("squareoffMode", SQUARE_OFF_MODES)
        kind = fields.choice("positionSquareOffQuantityType", QUANTITY_TYPES)
        value = fields.whole("squareOffQtyValue", 1)
        product = fields.text("productType").upper()
        instrument = instrument_of(self.exchange.market, fields)
        position = account.positions.of(instrument, product, day_wise=mode == "DayWise")
        if not position.net:
            raise Refused("e-portfolio-0005", "Data Not Available")
        held = abs(position.net)
        quantity = value if kind == "ExactQty" else held * value // 100 // instrument.lot * instrument.lot
        if quantity > held:
            raise Refused("e-portfolio-0007", f"Square off quantity is more than the position [{held}]")
        if fields.flag("cancelOrders"):
            self.cancel_all(account, instrument)
        self._close(account, position, quantity)
        return instrument, {"mode": mode, "kind": kind, "value": value, "product": product}

    def square_off_all(self, account: Account, body: dict[str, Any]) -> None:
        """Send a market order for every open position."""
        fields = Fields(body)
        mode = fields.choice("squareoffMode", SQUARE_OFF_MODES)
        fields.done()
        for position in account.positions.view(day_wise=mode == "DayWise"):
            if position.net:
                self._close(account, position, abs(position.net))

    def cancel_all(self, account: Account, instrument: Instrument) -> None:
        """Cancel every live order in *instrument*."""
        for order in list(account.live.values()):
            if order.instrument.key == instrument.key:
                self.exchange.cancel(account, order.app_order_id)

    def convert(self, account: Account, body: dict[str, Any]) -> None:
        """Move some of a position from one product to another, at its average price."""
        fields = Fields(body)
        old, new = fields.text("oldProductType").upper(), fields.text("newProductType").upper()
        quantity = fields.whole("targetQty", 1)
        day_wise = fields.flag("isDayWise")
        instrument = instrument_of(self.exchange.market, fields)
        position = account.positions.of(instrument, old, day_wise)
        if old == new or quantity > abs(position.net):
            raise Refused("e-portfolio-0007", f"Cannot convert {quantity} of {abs(position.net)} from {old} to {new}")
        signed = quantity if position.net > 0 else -quantity
        account.positions.trade(instrument, old, -signed, position.open_average)
        account.positions.trade(instrument, new, signed, position.open_average)

    def _close(self, account: Account, position: Position, quantity: int) -> Order:
        terms = Terms(product=position.product, order_type="Market", quantity=quantity)
        side = "SELL" if position.net > 0 else "BUY"
        request = OrderRequest(instrument=position.instrument, side=side, terms=terms, category="SQUAREOFF")
        return self.exchange.place(account, request)
