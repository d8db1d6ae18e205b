"""The instruments of a trading day: real cash rows, and derivatives published or generated for it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from itertools import count, islice
from pathlib import Path

from attrs import frozen

from jainam.simulator.derivatives import INDICES, SHARES, DerivativeMaker, Tokens, Underlying, share_underlying
from jainam.simulator.instruments import SPOT, Instrument, Key, instrument_from, instruments_from
from jainam.simulator.prices import SPOT_PRICES

# The day for which sample derivative rows were published.
PUBLISHED_DAY = date(2026, 1, 12)

_INDEX_VALUES: dict[str, tuple[tuple[str, int, str], ...]] = {
    "NSECM": (
        ("NIFTY 50", 26000, "25790.4"),
        ("NIFTY BANK", 26001, "59210.15"),
        ("NIFTY FIN SERVICE", 26034, "27480.5"),
        ("NIFTY MID SELECT", 26121, "13850.25"),
        ("INDIA VIX", 26002, "11.35"),
    ),
    "BSECM": (("SENSEX", 26065, "83878.15"), ("BANKEX", 26118, "66420.3"), ("SNSX50", 26106, "27396.4")),
}
INDEX_PRICES = {
    (segment, token): Decimal(price) for segment, values in _INDEX_VALUES.items() for _name, token, price in values
}


@frozen
class Master:
    """What can be traded on one day, row by row, and the index values beside it."""

    day: date
    instruments: dict[Key, Instrument]
    indices: dict[Key, Instrument]
    _texts: dict[str, str]

    def text(self, segment: str) -> str:
        """Return the rows of *segment* as the master answer has them; nothing for a segment not offered."""
        return self._texts.get(segment, "")

    def find(self, key: Key) -> Instrument | None:
        """Return the instrument or index value at *key*."""
        # An index value comes before a spot row of the same number: it has a name to ask by and a price.
        return self.indices.get(key) or self.instruments.get(key)


def _packaged(name: str) -> tuple[Instrument, ...]:
    return instruments_from((files("jainam.simulator") / "data" / name).read_text("utf-8").splitlines(), name)


def _index_instrument(segment: str, name: str, token: int) -> Instrument:
    return Instrument(
        segment=segment,
        token=token,
        kind=SPOT,
        name=name,
        description=name,
        series="INDEX",
        name_with_series=f"{name}-INDEX",
        instrument_id=f"{1 if segment == 'NSECM' else 11}1001{token:08d}",
        high=Decimal(0),
        low=Decimal(0),
        freeze=0,
        tick=Decimal("0.05"),
        lot=1,
        multiplier=Decimal(1),
        display=name,
        long_name=name,
        is_index=True,
    )


@lru_cache(maxsize=8)
def master_of(day: date, wanted: int | None = None, master_file: Path | None = None) -> Master:
    """Return the master of *day*: *master_file*'s rows, or ours, extended to about *wanted* rows."""
    if master_file is not None:
        rows = instruments_from(master_file.read_text("utf-8").splitlines(), str(master_file))
    else:
        rows = _own_rows(day, wanted)
    lines: dict[str, list[str]] = {}
    for instrument in rows:
        lines.setdefault(instrument.segment, []).append(instrument.row)
    indices = [
        _index_instrument(segment, name, token)
        for segment, values in _INDEX_VALUES.items()
        for name, token, _price in values
    ]
    return Master(
        day,
        {instrument.key: instrument for instrument in rows},
        {index.key: index for index in indices},
        {segment: "\n".join(parts) for segment, parts in lines.items()},
    )


def _own_rows(day: date, wanted: int | None) -> tuple[Instrument, ...]:
    cash = _packaged("cash_rows.txt")
    published = _packaged(f"derivative_rows_{day}.txt") if day == PUBLISHED_DAY else ()
    rows = [*cash, *published]
    names = {(instrument.segment, instrument.description) for instrument in published}
    maker = DerivativeMaker(day, Tokens({instrument.key for instrument in rows}))
    generated = (each for each in maker.contracts(_families(cash)) if (each.segment, each.description) not in names)
    rows.extend(generated)
    if wanted is not None:
        rows.extend(islice(_invented(maker), max(0, wanted - len(rows))))
    return tuple(rows)


def _families(cash: tuple[Instrument, ...]) -> Iterator[Underlying]:
    yield from INDICES
    shares = {share.name: share for share in cash if share.segment == "NSECM" and share.series == "EQ"}
    for name, lot, step in SHARES:
        yield share_underlying(shares[name], lot, Decimal(step), SPOT_PRICES[name])


def _invented(maker: DerivativeMaker) -> Iterator[Instrument]:
    """Yield invented shares, each followed by its contracts, for as long as rows are wanted."""
    for number in count(1):
        name = f"SHARE{number:04d}"
        token = maker.tokens.take("NSECM", name, 100_001, 300_000)
        price = Decimal(100 + number * 37 % 4900)
        band = f"{price + price / 10:f}|{price - price / 10:f}"
        share = instrument_from(
            f"NSECM|{token}|8|{name}|{name}-EQ|EQ|{name}-EQ|11001{token:08d}|{band}"
            f"|100000|0.05|1|1|{name}|INE{number:06d}010|1|1|{name} LIMITED-EQ|0|-1|-1"
        )
        yield share
        step = Decimal("2.5") if price < 500 else Decimal(20)
        yield from maker.contracts([share_underlying(share, 25 * (1 + number % 60), step, price, strikes=25)])
