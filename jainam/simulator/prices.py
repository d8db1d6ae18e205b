"""What everything is worth before anyone trades: fixed spot prices, and a plain model for what derives from them."""

from datetime import date
from decimal import Decimal

from jainam.simulator.instruments import CALL, SPREAD, Instrument

DEFAULT_PRICE = Decimal(100)

# Spot prices where the master does not know the day's band.
SPOT_PRICES: dict[str, Decimal] = {
    name: Decimal(price)
    for name, price in {
        "NIFTY": "25790.4",
        "BANKNIFTY": "59210.15",
        "FINNIFTY": "27480.5",
        "MIDCPNIFTY": "13850.25",
        "SENSEX": "83878.15",
        "BANKEX": "66420.3",
        "SENSEX50": "27396.4",
        "RELIANCE": "1309.5",
        "INFY": "1863.35",
        "TCS": "3207.6",
        "SBIN": "1000.3",
        "HDFCBANK": "937.5",
        "M&M": "3674.4",
        "BAJAJ-AUTO": "9515",
        "ACC": "1741.2",
        "J&KBANK": "101.53",
        "M&MFIN": "368.55",
        "ARE&M": "937.4",
        "GVT&D": "3021.5",
        "NIFTYBEES": "290.14",
        "RADICO": "3162.9",
        "SONACOMS": "489.3",
        "SETFGOLD": "116.42",
        "BSE IT": "36870",
        "CARBON": "3655",
    }.items()
}

INTEREST = Decimal("0.065")
VOLATILITY = Decimal("0.16")
DAYS_A_YEAR = Decimal(365)


def future_price(spot: Decimal, days: int) -> Decimal:
    """Return *spot* carried at a fixed rate for *days*."""
    return spot * (1 + INTEREST * days / DAYS_A_YEAR)


def option_price(spot: Decimal, strike: Decimal, call: bool, days: int) -> Decimal:
    """Return intrinsic value plus a time value that is greatest at the money and shrinks towards expiry."""
    intrinsic = max(Decimal(0), spot - strike if call else strike - spot)
    spread = spot * VOLATILITY * (Decimal(max(days, 1)) / DAYS_A_YEAR).sqrt()
    distance = (strike - spot) / spread
    return intrinsic + Decimal("0.4") * spread / (1 + 4 * distance * distance)


def starting_price(instrument: Instrument, day: date, spots: dict[str, Decimal]) -> Decimal:
    """Return the first last-traded price of *instrument*: the middle of its band, or the model's, on a tick."""
    if instrument.has_band:
        # A band cut off at one tick says little about the price, and its middle nothing.
        modelled = _modelled(instrument, day, spots) if instrument.low <= instrument.tick else None
        if modelled is not None and modelled <= instrument.high:
            return instrument.nearest(modelled)
        return instrument.nearest((instrument.high + instrument.low) / 2)
    if instrument.kind == SPREAD:
        return Decimal(0)
    return instrument.nearest(spots.get(instrument.name, DEFAULT_PRICE))


def _modelled(instrument: Instrument, day: date, spots: dict[str, Decimal]) -> Decimal | None:
    spot = spots.get(instrument.name)
    if spot is None or instrument.strike is None:
        return None
    days = (date.fromisoformat(instrument.expiry[:10]) - day).days
    return option_price(spot, instrument.strike, instrument.option_type == CALL, days)
