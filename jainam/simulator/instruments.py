"""One instrument, and the master row that says so."""

from decimal import Decimal, InvalidOperation
from math import ceil, floor

from attrs import field, frozen

SEGMENT_NUMBERS = {
    "NSECM": 1,
    "NSEFO": 2,
    "NSECD": 3,
    "NSECO": 4,
    "SLBM": 5,
    "NIFSC": 7,
    "BSECM": 11,
    "BSEFO": 12,
    "BSECD": 13,
    "BSECO": 14,
    "NCDEX": 21,
    "MSECM": 41,
    "MSEFO": 42,
    "MSECD": 43,
    "MCXFO": 51,
}
SEGMENT_NAMES = {number: name for name, number in SEGMENT_NUMBERS.items()}
CASH_SEGMENTS = frozenset({"NSECM", "BSECM", "MSECM"})

FUTURE, OPTION, SPREAD, EQUITY, SPOT = 1, 2, 4, 8, 16
CALL, PUT = 3, 4

Key = tuple[str, int]


def segment_name(value: object) -> str | None:
    """Return the name of a segment given by name, number, or number in text."""
    text = str(value).strip().upper()
    return text if text in SEGMENT_NUMBERS else SEGMENT_NAMES.get(int(text)) if text.isdecimal() else None


@frozen(kw_only=True)
class Instrument:
    """Something that can be quoted and, unless it is a spot rate, traded."""

    segment: str
    token: int
    kind: int
    name: str
    description: str
    series: str
    name_with_series: str
    instrument_id: str
    high: Decimal
    low: Decimal
    freeze: int
    tick: Decimal
    lot: int
    multiplier: Decimal
    display: str
    long_name: str = ""
    isin: str = ""
    underlying: str = ""
    index_name: str = ""
    expiry: str = ""
    strike: Decimal | None = None
    option_type: int = 0
    row: str = field(default="", repr=False, eq=False)
    # Set for index values, which are quoted but are no row of the master.
    is_index: bool = False

    @property
    def key(self) -> Key:
        """Return what tells it apart: tokens repeat across segments."""
        return self.segment, self.token

    @property
    def has_band(self) -> bool:
        """Tell whether the day's price range is known; 0|0 means it is not."""
        return self.high != 0 or self.low != 0

    @property
    def largest_order(self) -> int | None:
        """Return the most that one order may ask for, if that is known."""
        if self.freeze <= 0:
            return None
        # NSE publishes its limit plus one (XTS protocol reference 5.3).
        return self.freeze - 1 if self.segment.startswith("NSE") else self.freeze

    @property
    def is_tradable(self) -> bool:
        """Tell whether orders are taken in it."""
        return self.kind != SPOT and not self.is_index

    def on_tick(self, price: Decimal) -> bool:
        """Tell whether *price* is a multiple of the tick size."""
        return price % self.tick == 0

    def nearest(self, price: Decimal) -> Decimal:
        """Return the tick nearest to *price*, inside the band when there is one."""
        rounded = (price / self.tick).to_integral_value() * self.tick
        if not self.has_band:
            return max(rounded, self.tick)
        # A published band need not lie on a tick itself.
        lowest = ceil(self.low / self.tick) * self.tick
        highest = floor(self.high / self.tick) * self.tick
        return min(max(rounded, lowest), highest)


def instrument_from(row: str) -> Instrument:
    """Read one master row in the current layout, branching on the instrument type in column 3."""
    columns = row.split("|")
    kind = int(columns[2])
    common = {
        "segment": columns[0],
        "token": int(columns[1]),
        "kind": kind,
        "name": columns[3],
        "description": columns[4],
        "series": columns[5],
        "name_with_series": columns[6],
        "instrument_id": columns[7],
        "high": Decimal(columns[8]),
        "low": Decimal(columns[9]),
        "freeze": int(Decimal(columns[10])),
        "tick": Decimal(columns[11]),
        "lot": int(columns[12]),
        "multiplier": Decimal(columns[13]),
        "row": row,
    }
    match kind:
        case 1 | 4:
            special: dict[str, object] = {
                "underlying": columns[14],
                "index_name": columns[15],
                "expiry": columns[16],
                "display": columns[17],
                "long_name": columns[20],
            }
        case 2:
            special = {
                "underlying": columns[14],
                "index_name": columns[15],
                "expiry": columns[16],
                "strike": Decimal(columns[17]),
                "option_type": int(columns[18]),
                "display": columns[19],
                "long_name": columns[22],
            }
        case _:
            special = {
                "display": columns[14],
                "isin": columns[15],
                # The spot rows of MCX are shorter than the cash rows.
                "long_name": columns[18] if len(columns) > 18 else columns[4],
            }
    return Instrument(**common, **special)  # type: ignore[arg-type]


def instruments_from(lines: list[str], source: str) -> tuple[Instrument, ...]:
    """Read every row of *lines* but comments and blanks; a broken one is a ValueError that names its line."""
    found = []
    for number, line in enumerate(lines, 1):
        row = line.strip("\r\n")
        if not row.strip() or row.startswith("#"):
            continue
        try:
            found.append(instrument_from(row))
        except (ValueError, IndexError, InvalidOperation) as error:
            raise ValueError(f"{source}, line {number}: not a master row in the current layout: {row[:80]}") from error
    return tuple(found)
