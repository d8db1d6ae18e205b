"""One row of the instrument master, of each of its three layouts, as a plain row of ours (protocol 5.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from jainam.adapters.xts.index_names import index_name
from jainam.adapters.xts.segments import INDEX_EXCHANGES, exchange_of
from jainam.adapters.xts.values import integer, number
from jainam.domain.listings import Row
from jainam.domain.symbols import MONTHS, strike_text
from jainam.domain.vocabulary import Kind

__all__ = ["LAYOUTS", "LeftOut", "RowReader"]

LARGEST = 2**63 - 1
"""The largest whole number that databases keep; a longer one is a slip."""

CALL, PUT, FUTURE, EQUITY, INDEX = (kind.value for kind in (Kind.CALL, Kind.PUT, Kind.FUTURE, Kind.EQUITY, Kind.INDEX))
RIGHTS: Mapping[str, str] = {"3": CALL, "4": PUT}


class LeftOut(Exception):
    """A row that is understood and not wanted; *why* says what it is."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class RowReader:
    """Reads the rows of one *segment* as of *today*; what repeats from row to row is worked out once."""

    def __init__(self, segment: str, today: dt.date) -> None:
        self.segment = segment
        self.exchange = exchange_of(segment)
        self._exchange = self.exchange.value
        self._freezes_late = segment.startswith("NSE")
        self._today = today
        self._expiries: dict[str, tuple[str, str] | None] = {}
        self._strikes: dict[str, tuple[str, str]] = {}
        self._prices: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._freezes: dict[str, int | None] = {}

    def cash(self, columns: list[str]) -> Row:
        """A share, a bond or a unit."""
        return self._unexpiring(columns, self._exchange, columns[3], EQUITY)

    def index(self, columns: list[str]) -> Row:
        """An index that BSE lists among its shares, as series SPOT; it can be watched and not traded (5.3)."""
        exchange = INDEX_EXCHANGES.get(self.segment)
        if exchange is None:
            raise LeftOut("spot price")
        return self._unexpiring(columns, exchange.value, index_name(columns[3], exchange), INDEX)

    def _unexpiring(self, columns: list[str], exchange: str, symbol: str, kind: str) -> Row:
        (
            segment, _, _, name, _, series, _, _, high, low, freeze, tick, lot, multiplier,
            shown, isin, _, _, description, *_,
        ) = columns  # fmt: skip
        return (
            exchange,
            symbol,
            self._token(columns),
            kind,
            name,
            shown,
            segment,
            self._sizes.get(lot) or self._size(lot),
            self._prices.get(tick) or self._price(tick),
            None,
            None,
            self._freezes[freeze] if freeze in self._freezes else self._largest_order(freeze),
            self._band(low, 10),
            self._band(high, 9),
            multiplier if multiplier == "1" else self._number(multiplier, 14),
            series,
            isin,
            description,
        )

    def future(self, columns: list[str]) -> Row:
        """A future; its layout is that of options without strike and right."""
        expires = columns[16]
        expiry, day = self._expiries.get(expires) or self._running(expires)
        name = columns[3]
        return (
            self._exchange,
            f"{name}{day}FUT",
            self._token(columns),
            FUTURE,
            name,
            columns[17],
            self.segment,
            self._size(columns[12]),
            self._price(columns[11]),
            expiry,
            None,
            self._largest_order(columns[10]),
            self._band(columns[9], 10),
            self._band(columns[8], 9),
            self._number(columns[13], 14),
            columns[5],
            "",
            columns[20],
        )

    def option(self, columns: list[str]) -> Row:
        """A call or a put; most rows of a master are one, so this is the text that has to be fast."""
        (
            segment, token, _, name, _, series, _, _, high, low, freeze, tick, lot, multiplier,
            _, _, expires, struck, right, shown, _, _, description,
        ) = columns  # fmt: skip
        letters = RIGHTS.get(right)
        if letters is None:
            raise ValueError("column 19 is neither call nor put")
        expiry, day = self._expiries.get(expires) or self._running(expires)
        strike, written = self._strikes.get(struck) or self._struck(struck)
        return (
            self._exchange,
            f"{name}{day}{written}{letters}",
            int(token) if token[:1] > "0" and token.isdecimal() and len(token) < 18 and name else self._token(columns),
            letters,
            name,
            shown,
            segment,
            self._sizes.get(lot) or self._size(lot),
            self._prices.get(tick) or self._price(tick),
            expiry,
            strike,
            self._freezes[freeze] if freeze in self._freezes else self._largest_order(freeze),
            low if low == "0.05" else self._band(low, 10),
            self._band(high, 9),
            multiplier if multiplier == "1" else self._number(multiplier, 14),
            series,
            "",
            description,
        )

    def _token(self, columns: list[str]) -> int:
        words = columns[1]
        found = int(words) if words.isdecimal() and len(words) < 18 else integer(words)
        if not found or not columns[3] or not 0 < found <= LARGEST:
            raise ValueError(_INCOMPLETE)
        return found

    def _size(self, words: str) -> int:
        """A lot, which is above zero."""
        found = self._sizes.get(words)
        if found is None:
            size = integer(words)
            if size is None or not 0 < size <= LARGEST:
                raise ValueError(_INCOMPLETE)
            found = self._sizes[words] = size
        return found

    def _price(self, words: str) -> str:
        """A price step, which is above zero."""
        found = self._prices.get(words)
        if found is None:
            self._number(words, 12)
            price = number(words)
            if price is None or price <= 0:
                raise ValueError(_INCOMPLETE)
            found = self._prices[words] = str(price)
        return found

    def _number(self, words: str, column: int) -> str:
        """The number in a column, as it is written."""
        if words == "1":
            return words
        found = number(words)
        if found is None:
            raise ValueError(f"column {column} holds no number")
        return str(found)

    def _band(self, words: str, column: int) -> str | None:
        """An end of the day's price band; zero means that the master does not know it."""
        # What is digits, one point and more digits needs no conversion to be known for a number.
        if words[:1] > "0" and words.replace(".", "", 1).isdecimal() and words.isascii() and len(words) < 25:
            return words
        price = number(words)
        return str(price) if price else None

    def _largest_order(self, words: str) -> int | None:
        """The freeze limit: NSE writes the first quantity it refuses, BSE the last it takes, 0 for none (trap 12)."""
        if words not in self._freezes:
            freeze = int(words) if words.isdecimal() and len(words) < 18 else integer(words) or 0
            limit = freeze - 1 if self._freezes_late else freeze
            if limit > LARGEST:
                raise ValueError("column 11 is no quantity")
            self._freezes[words] = limit if limit > 0 else None
        return self._freezes[words]

    def _struck(self, words: str) -> tuple[str, str]:
        """A strike exactly, and as symbols write it."""
        strike = number(words)
        if strike is None:
            raise ValueError("column 18 holds no number")
        found = self._strikes[words] = (str(strike), strike_text(strike))
        return found

    def _running(self, words: str) -> tuple[str, str]:
        """A date that has not passed, as ISO text and as symbols write it; its clock says nothing (5.3)."""
        if words not in self._expiries:
            try:
                day = dt.date.fromisoformat(words[:10])
            except ValueError:
                raise ValueError("column 17 is no date") from None
            written = f"{day.day:02}{MONTHS[day.month - 1]}{day.year % 100:02}"
            self._expiries[words] = None if day < self._today else (day.isoformat(), written)
        found = self._expiries[words]
        if found is None:
            raise LeftOut("expired")
        return found


_INCOMPLETE = "an instrument needs a name, a token, a tick and a lot"


LAYOUTS: Mapping[str, tuple[int, Callable[[RowReader, list[str]], Row], bool]] = {
    # Column 3: how many columns a row has, how to read it, and whether it may own a plain name.
    **dict.fromkeys(("8", "32", "64", "128", "256", "512"), (22, RowReader.cash, True)),
    "16": (22, RowReader.index, True),
    "1": (21, RowReader.future, False),
    "2": (23, RowReader.option, False),
}
