"""Prices, and how much may still be traded at them."""

from collections.abc import Iterable
from decimal import Decimal

from attrs import define, field

from jainam.simulator.instruments import Instrument, Key
from jainam.simulator.master import INDEX_PRICES, Master
from jainam.simulator.prices import SPOT_PRICES, starting_price

CENT = Decimal("0.01")


@define
class Trading:
    """The day so far in one instrument."""

    last: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    # None: as much as anyone asks for.
    liquidity: int | None = None
    traded: int = 0
    last_quantity: int = 0

    @property
    def percent_change(self) -> Decimal:
        """Return how far the last price is from the previous close."""
        if not self.close:
            return Decimal(0)
        return ((self.last - self.close) * 100 / self.close).quantize(CENT)


@define
class Market:
    """One day's market; every price starts where the master puts it and moves only when told to."""

    master: Master
    _trading: dict[Key, Trading] = field(factory=dict, init=False)

    def find(self, segment: str, token: int) -> Instrument | None:
        """Return the instrument or index value, if there is one."""
        return self.master.find((segment, token))

    def by_index_name(self, segment: str, name: str) -> Instrument | None:
        """Return the index value called *name*, which some servers accept in place of its number."""
        wanted = name.casefold()
        return next((each for each in self.indices(segment) if each.name.casefold() == wanted), None)

    def indices(self, segment: str) -> Iterable[Instrument]:
        """Return the index values of *segment*."""
        return [index for index in self.master.indices.values() if index.segment == segment]

    def trading(self, instrument: Instrument) -> Trading:
        """Return the day so far in *instrument*."""
        known = self._trading.get(instrument.key)
        if known is None:
            known = self._trading[instrument.key] = self._untouched(instrument)
        return known

    def _untouched(self, instrument: Instrument) -> Trading:
        if instrument.is_index:
            price = INDEX_PRICES[instrument.key]
            return Trading(price, price, price, price, (price * Decimal("0.996")).quantize(CENT))
        price = starting_price(instrument, self.master.day, SPOT_PRICES)
        return Trading(price, price, price, price, instrument.nearest(price * Decimal("0.996")))

    def last(self, instrument: Instrument) -> Decimal:
        """Return the last traded price."""
        return self.trading(instrument).last

    def set_price(self, instrument: Instrument, price: Decimal) -> None:
        """Let the last traded price be *price*; one off the tick or outside the band is a ValueError."""
        if instrument.is_tradable:
            if not instrument.on_tick(price):
                raise ValueError(f"{price} is not a multiple of the tick size {instrument.tick}")
            if instrument.has_band and not instrument.low <= price <= instrument.high:
                raise ValueError(f"{price} is outside the price band {instrument.low}-{instrument.high}")
        trading = self.trading(instrument)
        trading.last = price
        trading.high = max(trading.high, price)
        trading.low = min(trading.low, price)

    def limit_liquidity(self, instrument: Instrument, quantity: int | None) -> None:
        """Let no more than *quantity* be traded from now on, or as much as anyone asks for if None."""
        self.trading(instrument).liquidity = quantity

    def take(self, instrument: Instrument, quantity: int) -> int:
        """Return how much of *quantity* can be traded now, and count it as traded."""
        trading = self.trading(instrument)
        taken = quantity if trading.liquidity is None else min(quantity, trading.liquidity)
        if trading.liquidity is not None:
            trading.liquidity -= taken
        if taken:
            trading.traded += taken
            trading.last_quantity = taken
        return taken
