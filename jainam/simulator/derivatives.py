"""Makes the derivative rows of a trading day: contracts, names and numbers by the exchanges' own rules."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from zlib import crc32

from attrs import define, field, frozen

from jainam.simulator.instruments import CALL, FUTURE, OPTION, PUT, SEGMENT_NUMBERS, SPREAD, Instrument, instrument_from
from jainam.simulator.prices import SPOT_PRICES, future_price, option_price

TUESDAY, THURSDAY = 1, 3
MONTH_LETTERS = "123456789OND"
FUTURE_MONTHS = 3


@frozen(kw_only=True)
class Underlying:
    """What a family of contracts derives from, and how that family is cut."""

    name: str
    segment: str
    lot: int
    # The exchange's limit for one order; NSE publishes one more than it (XTS protocol reference 5.3).
    limit: int
    step: Decimal = field(converter=Decimal)
    spot: Decimal
    future_limit: int | None = None
    index_name: str = ""
    weekly: int = 0
    strikes: int = 20
    future_tick: Decimal = field(default=Decimal("0.1"), converter=Decimal)
    # Composite id of the cash share; -1 for an index.
    cash_id: str = "-1"

    @property
    def is_index(self) -> bool:
        """Tell whether this is an index and not a share."""
        return self.cash_id == "-1"

    @property
    def is_nse(self) -> bool:
        """Tell whether the contracts are NSE's."""
        return self.segment == "NSEFO"

    @property
    def weekday(self) -> int:
        """Return the weekday on which contracts expire."""
        return TUESDAY if self.is_nse else THURSDAY

    @property
    def series(self) -> tuple[str, str]:
        """Return the series of futures and of options."""
        if not self.is_nse:
            return "IF", "IO"
        return ("FUTIDX", "OPTIDX") if self.is_index else ("FUTSTK", "OPTSTK")


def _index(name: str, segment: str, lot: int, limit: int, step: int, index_name: str, **more: object) -> Underlying:
    return Underlying(
        name=name,
        segment=segment,
        lot=lot,
        limit=limit,
        step=Decimal(step),
        index_name=index_name,
        spot=SPOT_PRICES[name],
        **more,  # type: ignore[arg-type]
    )


INDICES = (
    _index("NIFTY", "NSEFO", 65, 1800, 50, "Nifty 50", weekly=4),
    _index("BANKNIFTY", "NSEFO", 30, 900, 100, "Nifty Bank"),
    _index("FINNIFTY", "NSEFO", 60, 1800, 50, "Nifty Fin Service"),
    _index("MIDCPNIFTY", "NSEFO", 120, 2800, 25, "NIFTY MID SELECT"),
    _index("SENSEX", "BSEFO", 20, 1000, 100, "SENSEX", weekly=4, future_limit=500, future_tick="0.05"),
    _index("BANKEX", "BSEFO", 30, 900, 100, "BANKEX", future_limit=600, future_tick="0.05"),
)
# Name, lot, strike step.
SHARES = (
    ("RELIANCE", 500, "10"),
    ("SBIN", 750, "5"),
    ("TCS", 175, "20"),
    ("INFY", 400, "20"),
    ("HDFCBANK", 550, "2.5"),
    ("M&M", 200, "50"),
    ("BAJAJ-AUTO", 75, "100"),
)


def share_underlying(share: Instrument, lot: int, step: Decimal, spot: Decimal, strikes: int = 10) -> Underlying:
    """Return the family of contracts on *share*."""
    return Underlying(
        name=share.name,
        segment="NSEFO",
        lot=lot,
        limit=lot * 40,
        step=step,
        spot=spot,
        index_name=share.name,
        strikes=strikes,
        future_tick=max(share.tick, Decimal("0.05")),
        cash_id=share.instrument_id,
    )


def last_weekday(year: int, month: int, weekday: int) -> date:
    """Return the last *weekday* of a month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    last = following - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def monthly_expiries(day: date, weekday: int, months: int = FUTURE_MONTHS) -> list[date]:
    """Return the next *months* month-end expiries, that of *day* itself included."""
    expiries: list[date] = []
    year, month = day.year, day.month
    while len(expiries) < months:
        expiry = last_weekday(year, month, weekday)
        if expiry >= day:
            expiries.append(expiry)
        year, month = year + month // 12, month % 12 + 1
    return expiries


def weekly_expiries(day: date, weekday: int, weeks: int) -> list[date]:
    """Return the next *weeks* expiries that are a week apart, that of *day* itself included."""
    first = day + timedelta(days=(weekday - day.weekday()) % 7)
    return [first + timedelta(weeks=week) for week in range(weeks)]


def plain(number: Decimal) -> str:
    """Return *number* as a master row writes it: no exponent, no trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@define
class Tokens:
    """Hands out instrument numbers; one contract gets the same number on every day."""

    _used: set[tuple[str, int]] = field(factory=set)

    def take(self, segment: str, description: str, first: int, count: int) -> int:
        """Return a free number for *description* among the *count* from *first*, or the next one above."""
        token = first + crc32(description.encode()) % count
        while (segment, token) in self._used:
            token += 1
        self._used.add((segment, token))
        return token


@define
class DerivativeMaker:
    """Writes rows for one day, numbering around what is already taken."""

    day: date
    tokens: Tokens
    # Where each segment's contracts are numbered, and how many numbers there are.
    ranges: dict[str, tuple[int, int]] = field(
        factory=lambda: {"NSEFO": (35_001, 120_000), "BSEFO": (820_001, 300_000)}, init=False
    )

    def contracts(self, underlyings: Iterable[Underlying]) -> Iterator[Instrument]:
        """Yield every future, spread and option on *underlyings*."""
        for underlying in underlyings:
            months = monthly_expiries(self.day, underlying.weekday)
            for expiry in months:
                yield self.future(underlying, expiry)
            yield self.spread(underlying, months[0], months[1])
            weeks = weekly_expiries(self.day, underlying.weekday, underlying.weekly)
            for expiry in sorted({*months, *weeks}):
                yield from self.options(underlying, expiry)

    def future(self, underlying: Underlying, expiry: date) -> Instrument:
        """Return the future on *underlying* that expires on *expiry*."""
        price = future_price(underlying.spot, (expiry - self.day).days)
        tick = underlying.future_tick
        description = f"{underlying.name}{expiry:%y%b}FUT".upper()
        band = (_on(price * Decimal("1.1"), tick), _on(price * Decimal("0.9"), tick))
        tail = (f"{underlying.name} {_dated(expiry)}", "1", "1", description)
        return self._made(underlying, FUTURE, description, band, tick, expiry, tail)

    def spread(self, underlying: Underlying, near: date, far: date) -> Instrument:
        """Return the calendar spread between two futures on *underlying*."""
        width = _on(underlying.spot / 100, Decimal("0.05"))
        description = f"{underlying.name}{near:%y%b}{far:%y%b}FUT".upper()
        display = f"{underlying.name} {near:%d%b}{far:%d%b} SPD".upper()
        tail = (display, "1", "1", description)
        return self._made(underlying, SPREAD, description, (width, -width), Decimal("0.05"), near, tail)

    def options(self, underlying: Underlying, expiry: date) -> Iterator[Instrument]:
        """Yield calls and puts at the strikes around the price."""
        middle = (underlying.spot / underlying.step).to_integral_value() * underlying.step
        for place in range(-underlying.strikes, underlying.strikes + 1):
            strike = middle + place * underlying.step
            if strike > 0:
                yield self.option(underlying, expiry, strike, CALL)
                yield self.option(underlying, expiry, strike, PUT)

    def option(self, underlying: Underlying, expiry: date, strike: Decimal, kind: int) -> Instrument:
        """Return one option; a weekly's name has the day, a monthly's only the month."""
        is_monthly = expiry == last_weekday(expiry.year, expiry.month, underlying.weekday)
        week = f"{expiry:%y}{MONTH_LETTERS[expiry.month - 1]}{expiry:%d}"
        letters = "CE" if kind == CALL else "PE"
        description = f"{underlying.name}{f'{expiry:%y%b}' if is_monthly else week}{plain(strike)}{letters}".upper()
        price = option_price(underlying.spot, strike, kind == CALL, (expiry - self.day).days)
        tick, reach = Decimal("0.05"), underlying.spot / 25
        band = (_on(price + reach, tick), max(tick, _on(price - reach, tick)))
        display = f"{underlying.name} {_dated(expiry)} {letters} {plain(strike)}"
        tail = (plain(strike), str(kind), display, "1", "1", description)
        return self._made(underlying, OPTION, description, band, tick, expiry, tail)

    def _made(
        self,
        underlying: Underlying,
        kind: int,
        description: str,
        band: tuple[Decimal, Decimal],
        tick: Decimal,
        expiry: date,
        tail: tuple[str, ...],
    ) -> Instrument:
        segment = underlying.segment
        first, count = (9_000_001, 2_000_000) if kind == SPREAD else self.ranges[segment]
        token = self.tokens.take(segment, description, first, count)
        series = underlying.series[kind == OPTION]
        dated = "1001" if kind == SPREAD else f"{expiry.year % 10}{expiry:%j}"
        limit = underlying.limit if kind == OPTION else underlying.future_limit or underlying.limit
        columns = (
            segment,
            str(token),
            str(kind),
            underlying.name,
            description,
            series,
            f"{underlying.name}-{series}",
            f"{SEGMENT_NUMBERS[segment]}{dated}{token:08d}",
            plain(band[0]),
            plain(band[1]),
            str(limit + 1 if underlying.is_nse else limit),
            plain(tick),
            str(underlying.lot),
            "1",
            "-1" if kind == SPREAD else underlying.cash_id,
            "" if kind == SPREAD else underlying.index_name,
            f"{expiry:%Y-%m-%d}T{'14:30:00' if underlying.is_nse else '00:00:00'}",
            *tail,
        )
        return instrument_from("|".join(columns))


def _on(price: Decimal, tick: Decimal) -> Decimal:
    return (price / tick).to_integral_value() * tick


def _dated(expiry: date) -> str:
    return f"{expiry:%d%b%Y}".upper()
