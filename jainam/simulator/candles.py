"""Bars made up from nothing but the instrument and the time, so that they are the same whenever asked for."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from zlib import crc32

from jainam.simulator.clock import IST
from jainam.simulator.instruments import Instrument
from jainam.simulator.market import Market
from jainam.simulator.quotes import open_interest
from jainam.simulator.wire import text

INTERVALS = {name: name for name in ("1", "60", "120", "180", "300", "600", "900", "1800", "3600", "D")}
SESSION_START, SESSION_END = time(9, 15), time(15, 30)
MOST_BARS = 20_000


def moment(given: str) -> datetime | None:
    """Read a time like 'Mar 04 2026 091500', or return None."""
    try:
        return datetime.strptime(given, "%b %d %Y %H%M%S").replace(tzinfo=IST)
    except ValueError:
        return None


def bars(market: Market, instrument: Instrument, start: datetime, end: datetime, interval: str) -> Iterator[str]:
    """Yield the bars that begin between *start* and *end*, oldest first, as a server writes them."""
    yielded = 0
    day = start.date()
    while day <= end.date() and yielded < MOST_BARS:
        if day.weekday() < 5:
            for begin, finish in _spans(datetime.combine(day, SESSION_START, IST), interval):
                if start <= begin <= end and yielded < MOST_BARS:
                    yielded += 1
                    yield _bar(market, instrument, begin, finish)
        day += timedelta(days=1)


def _spans(opening: datetime, interval: str) -> Iterator[tuple[datetime, datetime]]:
    closing = datetime.combine(opening.date(), SESSION_END, IST)
    length = closing - opening if interval == "D" else timedelta(seconds=int(interval))
    begin = datetime.combine(opening.date(), time(0), IST) if interval == "D" else opening
    if interval == "D":
        yield begin, closing
        return
    while begin < closing:
        yield begin, min(begin + length, closing)
        begin += length


def _price_at(instrument: Instrument, base: Decimal, at: datetime) -> Decimal:
    """Return a price within half a percent of *base*, fixed by the instrument and the minute."""
    seed = crc32(f"{instrument.segment}{instrument.token}{at:%Y%m%d%H%M%S}".encode())
    return instrument.nearest(base + base * (seed % 1001 - 500) / 100_000)


def _bar(market: Market, instrument: Instrument, begin: datetime, finish: datetime) -> str:
    base = market.trading(instrument).open
    first, last = _price_at(instrument, base, begin), _price_at(instrument, base, finish)
    high = instrument.nearest(max(first, last) + 2 * instrument.tick)
    low = instrument.nearest(min(first, last) - 2 * instrument.tick)
    volume = 0 if instrument.is_index else instrument.lot * (1 + crc32(f"{begin:%H%M%S}".encode()) % 40)
    interest = open_interest(instrument) if instrument.expiry else 0
    # The local time of the bar's last second, written as if it were UTC (XTS protocol reference 5.7).
    wall_clock = int((finish + timedelta(hours=5, minutes=30)).timestamp()) - 1
    prices = "|".join(text(price) for price in (first, max(high, first, last), min(low, first, last), last))
    return f"{wall_clock}|{prices}|{volume}|{interest}|"
