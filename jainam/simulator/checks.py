"""What is refused at once: a request that is no order, and an order the gateway will not pass on."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import define, field, frozen

from jainam.simulator.instruments import CASH_SEGMENTS, SPREAD, Instrument, segment_name
from jainam.simulator.market import Market
from jainam.simulator.orders import ORDER_TYPES, ZERO, OrderRequest, Terms

# No price, quantity or id comes near it.
LARGEST = Decimal(10) ** 15


@frozen
class Refused(Exception):
    """The exchange says no at once, with HTTP 400 unless said otherwise."""

    code: str
    description: str
    status: int = 400
    result: Any = None


def bad_request(problems: list[dict[str, Any]], location: str = "body") -> Refused:
    """Return the refusal of a request with unusable fields."""
    errors = [{"location": location, **problem} for problem in problems]
    return Refused("e-app-001", "Bad Request", 400, {"status": 400, "statusText": "Bad Request", "errors": errors})


def not_found() -> Refused:
    """Return the refusal of an unknown instrument."""
    return Refused("e-instrument-0001", "Instrument not found")


@define
class Fields:
    """Reads fields of a request, gathering every problem before refusing."""

    body: Mapping[str, Any]
    location: str = "body"
    problems: list[dict[str, Any]] = field(factory=list)

    def _problem(self, name: str, message: str, kind: str) -> None:
        self.problems.append({"field": [name], "messages": [f'"{name}" {message}'], "types": [kind]})

    def present(self, name: str) -> bool:
        """Tell whether *name* is given, noting the problem if it is not."""
        if self.body.get(name) in (None, ""):
            self._problem(name, "is required", "any.required")
            return False
        return True

    def text(self, name: str) -> str:
        """Return a required text."""
        return str(self.body[name]) if self.present(name) else ""

    def choice(self, name: str, allowed: Mapping[str, str]) -> str:
        """Return the spelling *allowed* has for a required word, whatever its case."""
        if not self.present(name):
            return ""
        word = allowed.get(str(self.body[name]).upper())
        if word is None:
            self._problem(name, f"must be one of [{', '.join(allowed)}]", "any.allowOnly")
            return ""
        return word

    def number(self, name: str, least: Decimal | None = ZERO, default: Decimal | None = None) -> Decimal:
        """Return a number, given as such or as text."""
        if default is not None and self.body.get(name) in (None, ""):
            return default
        if not self.present(name):
            return ZERO
        value = self.body[name]
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) > LARGEST:
            self._problem(name, "must be a number", "number.base")
            return ZERO
        if least is not None and number < least:
            self._problem(name, f"must be larger than or equal to {least}", "number.min")
        return number

    def whole(self, name: str, least: int = 0, default: int | None = None) -> int:
        """Return a whole number, given as such or as text."""
        number = self.number(name, Decimal(least), None if default is None else Decimal(default))
        if number != number.to_integral_value():
            self._problem(name, "must be an integer", "number.integer")
            return 0
        return int(number)

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a yes or no, given as such or as text."""
        return str(self.body.get(name, default)).casefold() == "true"

    def wrong(self, name: str, message: str) -> None:
        """Note a problem of one's own with *name*."""
        self._problem(name, message, "any.invalid")

    def done(self) -> None:
        """Refuse the request if anything was wrong with it."""
        if self.problems:
            raise bad_request(self.problems, self.location)


SIDES = {"BUY": "BUY", "SELL": "SELL"}
PRODUCTS = {"MIS": "MIS", "NRML": "NRML", "CNC": "CNC"}
LEG_PRODUCTS = {"CO": "CO", "BO": "BO"}
VALIDITIES = {"DAY": "DAY", "IOC": "IOC"}


def instrument_of(market: Market, fields: Fields) -> Instrument:
    """Return the instrument a request names, refusing one that does not exist."""
    given = fields.text("exchangeSegment")
    token = fields.whole("exchangeInstrumentID", 1)
    segment = segment_name(given)
    if given and segment is None:
        fields.wrong("exchangeSegment", "is not a known segment")
    fields.done()
    instrument = market.find(segment or "", token)
    if instrument is None or not instrument.is_tradable:
        raise not_found()
    return instrument


def order_from(market: Market, body: Mapping[str, Any], product: str | None = None, **how: Any) -> OrderRequest:
    """Read a request to place an order, under *product* if the route decides it."""
    fields = Fields(body)
    side = fields.choice("orderSide", SIDES)
    terms = Terms(
        product=product or fields.choice("productType", PRODUCTS),
        order_type=fields.choice("orderType", ORDER_TYPES),
        quantity=fields.whole("orderQuantity", 1),
        disclosed=fields.whole("disclosedQuantity"),
        limit_price=fields.number("limitPrice", None),
        stop_price=fields.number("stopPrice", None, ZERO if product else None),
        time_in_force="DAY" if product else fields.choice("timeInForce", VALIDITIES),
    )
    instrument = instrument_of(market, fields)
    return OrderRequest(
        instrument=instrument,
        side=side,
        terms=checked(instrument, terms),
        tag=str(body.get("orderUniqueIdentifier") or ""),
        **how,
    )


def modification_from(body: Mapping[str, Any], instrument: Instrument, product: str | None) -> Terms:
    """Read the whole new state a modification asks for."""
    fields = Fields(body)
    allowed = {**PRODUCTS, product.upper(): product} if product else PRODUCTS
    terms = Terms(
        product=fields.choice("modifiedProductType", allowed),
        order_type=fields.choice("modifiedOrderType", ORDER_TYPES),
        quantity=fields.whole("modifiedOrderQuantity", 1),
        disclosed=fields.whole("modifiedDisclosedQuantity"),
        limit_price=fields.number("modifiedLimitPrice", None),
        stop_price=fields.number("modifiedStopPrice", None),
        time_in_force=fields.choice("modifiedTimeInForce", VALIDITIES),
    )
    fields.done()
    return checked(instrument, terms)


def checked(instrument: Instrument, terms: Terms) -> Terms:
    """Return *terms* as they are kept, or refuse what the gateway checks: quantity, prices, product."""
    if terms.quantity % instrument.lot:
        raise Refused("e-orders-0007", "Order quantity is not a multiple of lot size")
    largest = instrument.largest_order
    if largest is not None and terms.quantity > largest:
        raise Refused("e-orders-0007", f"Order quantity exceeds the freeze quantity [{instrument.freeze}]")
    if terms.disclosed > terms.quantity:
        raise Refused("e-orders-0007", "Disclosed quantity is more than the order quantity")
    if terms.product == "CNC" and instrument.segment not in CASH_SEGMENTS:
        raise Refused("e-orders-0007", f"Product type CNC is not allowed in {instrument.segment}")
    for name, needed, price in (
        ("Limit", terms.order_type in {"Limit", "StopLimit"}, terms.limit_price),
        ("Stop", terms.waits_for_stop, terms.stop_price),
    ):
        if needed and price <= 0 and instrument.kind != SPREAD:
            raise Refused("e-orders-0007", f"{name} price must be more than zero for a {terms.order_type} order")
        if price < 0 and instrument.kind != SPREAD:
            raise Refused("e-orders-0007", f"{name} price must not be negative")
        if not instrument.on_tick(price):
            raise Refused("e-orders-0007", f"{name} price is not a multiple of tick size [{instrument.tick}]")
    return terms
