"""What an account holds, as running sums of what it bought and sold."""

from collections.abc import Iterable
from decimal import Decimal

from attrs import define, evolve, field, frozen

from jainam.simulator.instruments import Instrument, Key
from jainam.simulator.orders import ZERO, Fill

PositionKey = tuple[Key, str]


@define
class Sums:
    """How much was bought and sold, and for how much money."""

    bought: int = 0
    sold: int = 0
    buy_value: Decimal = ZERO
    sell_value: Decimal = ZERO

    def add(self, signed: int, price: Decimal, multiplier: Decimal) -> None:
        """Count a purchase (positive) or a sale (negative)."""
        value = abs(signed) * price * multiplier
        if signed > 0:
            self.bought += signed
            self.buy_value += value
        else:
            self.sold -= signed
            self.sell_value += value

    def take_out(self, signed: int, price: Decimal, multiplier: Decimal) -> None:
        """Count a purchase (positive) or a sale (negative) no more."""
        value = abs(signed) * price * multiplier
        if signed > 0:
            self.bought -= signed
            self.buy_value -= value
        else:
            self.sold += signed
            self.sell_value -= value

    def plus(self, other: "Sums") -> "Sums":
        """Return both together."""
        return Sums(
            self.bought + other.bought,
            self.sold + other.sold,
            self.buy_value + other.buy_value,
            self.sell_value + other.sell_value,
        )


@frozen
class Position:
    """A net position with its averages; it stays in the book at zero once closed."""

    instrument: Instrument
    product: str
    sums: Sums

    @property
    def net(self) -> int:
        """Return the signed quantity."""
        return self.sums.bought - self.sums.sold

    @property
    def buy_average(self) -> Decimal:
        """Return the average price paid, to four places."""
        return self._average(self.sums.buy_value, self.sums.bought)

    @property
    def sell_average(self) -> Decimal:
        """Return the average price received, to four places."""
        return self._average(self.sums.sell_value, self.sums.sold)

    @property
    def open_average(self) -> Decimal:
        """Return the average price of the side that is still open."""
        return self.buy_average if self.net > 0 else self.sell_average if self.net < 0 else ZERO

    @property
    def realized(self) -> Decimal:
        """Return what the closed part brought in."""
        closed = min(self.sums.bought, self.sums.sold)
        return closed * (self.sell_average - self.buy_average) * self.instrument.multiplier

    def unrealized(self, last: Decimal) -> Decimal:
        """Return what closing the rest at *last* would bring in."""
        return self.net * (last - self.open_average) * self.instrument.multiplier

    def _average(self, value: Decimal, quantity: int) -> Decimal:
        if not quantity:
            return ZERO
        return (value / quantity / self.instrument.multiplier).quantize(Decimal("0.0001"))


@define
class Positions:
    """Every position of one account, today's trades apart from what was carried forward."""

    _instruments: dict[PositionKey, Instrument] = field(factory=dict)
    _today: dict[PositionKey, Sums] = field(factory=dict)
    _carried: dict[PositionKey, Sums] = field(factory=dict)

    def trade(self, instrument: Instrument, product: str, signed: int, price: Decimal) -> None:
        """Count one of today's trades."""
        self._sums(self._today, instrument, product).add(signed, price, instrument.multiplier)

    def carry(self, instrument: Instrument, product: str, signed: int, price: Decimal) -> None:
        """Count a position brought in from an earlier day."""
        self._sums(self._carried, instrument, product).add(signed, price, instrument.multiplier)

    def _sums(self, book: dict[PositionKey, Sums], instrument: Instrument, product: str) -> Sums:
        key = instrument.key, product
        self._instruments[key] = instrument
        return book.setdefault(key, Sums())

    def without(self, fills: Iterable[Fill]) -> "Positions":
        """Return these positions as they would be if *fills*, which are in them, were not."""
        today = {key: evolve(sums) for key, sums in self._today.items()}
        for fill in fills:
            order = fill.order
            sums = today[order.instrument.key, order.terms.product]
            sums.take_out(fill.quantity * order.request.sign, fill.price, order.instrument.multiplier)
        traded = {key: sums for key, sums in today.items() if sums != Sums()}
        known = {key: one for key, one in self._instruments.items() if key in traded or key in self._carried}
        return Positions(known, traded, self._carried)

    def view(self, day_wise: bool) -> list[Position]:
        """Return every position of the net view, or of today alone."""
        keys = self._today if day_wise else self._instruments
        return [self.of(self._instruments[key], key[1], day_wise) for key in keys]

    def of(self, instrument: Instrument, product: str, day_wise: bool = False) -> Position:
        """Return the position in *instrument* under *product*, an empty one if there is none."""
        key = instrument.key, product
        today = self._today.get(key, Sums())
        both = today if day_wise else today.plus(self._carried.get(key, Sums()))
        return Position(instrument, product, both)
