"""Instrument masters of any size, as a broker sends them: invented rows in the proportions of a real day."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

__all__ = ["DAY", "masters", "yesterdays"]

DAY = dt.date(2026, 1, 12)
MONTHS = "123456789OND"
NAMES = ("NIFTY", "BANKNIFTY", "RELIANCE", "M&M", "BAJAJ-AUTO", "HDFCBANK", "SBIN", "TCS", "INFY", "360ONE")


def masters(rows: int, seed: int = 7) -> dict[str, str]:
    """About *rows* rows by segment; the same for the same *seed*."""
    chance = random.Random(seed)
    shares = {"NSECM": rows * 9 // 120, "BSECM": rows * 12 // 120}
    options = {"NSEFO": rows * 82 // 120, "BSEFO": rows * 13 // 120, "MCXFO": rows - rows * 116 // 120}
    texts = {segment: "\n".join(_shares(segment, count, chance)) for segment, count in shares.items()}
    return texts | {segment: "\n".join(_derivatives(segment, count, chance)) for segment, count in options.items()}


def yesterdays(texts: dict[str, str]) -> dict[str, str]:
    """The masters of the day before: one contract in twenty was not there yet, and all price bands were others."""
    found = {}
    for segment, text in texts.items():
        lines = []
        for number, line in enumerate(text.split("\n")):
            if number % 20:
                columns = line.split("|")
                columns[8] = "1" + columns[8]
                lines.append("|".join(columns))
        found[segment] = "\n".join(lines)
    return found


def _shares(segment: str, count: int, chance: random.Random) -> Iterator[str]:
    number = {"NSECM": "1", "BSECM": "11"}[segment]
    series = {"NSECM": ("EQ", "EQ", "EQ", "SG", "BE", "N0", "SM", "GS"), "BSECM": ("A", "B", "F", "X", "T")}[segment]
    first = {"NSECM": 1, "BSECM": 500_000}[segment]
    for token in range(first, first + count):
        name, price, kind = f"SHARE{token}", chance.randrange(500, 500_000) / 100, chance.choice(series)
        yield (
            f"{segment}|{token}|8|{name}|{name}-{kind}|{kind}|{name}-{kind}|{number}1001{token:08}"
            f"|{price * 1.2:.2f}|{price * 0.8:.2f}|{chance.randrange(1000, 999_999)}|0.05|1|1|{name}"
            f"|INE{token:06}018|1|1|{name} LIMITED-{kind}|0|-1|-1"
        )


def _derivatives(segment: str, count: int, chance: random.Random) -> Iterator[str]:
    number = {"NSEFO": "2", "BSEFO": "12", "MCXFO": "51"}[segment]
    series = {"NSEFO": ("OPTSTK", "FUTSTK"), "BSEFO": ("IO", "IF"), "MCXFO": ("OPTFUT", "FUTCOM")}[segment]
    tokens = {"NSEFO": 35_000, "BSEFO": 820_000, "MCXFO": 510_000}[segment]
    expiries = [DAY + dt.timedelta(days=days) for days in (1, 8, 15, 22, 43, 71, 99, 162, 260)]
    made, underlying = 0, 0
    while made < count:
        name = NAMES[underlying] if underlying < len(NAMES) else f"STOCK{underlying}"
        underlying += 1
        step = chance.choice([1, 2.5, 5, 10, 50, 100])
        base = round(chance.randrange(100, 400) * step / step) * step
        lot = chance.choice([15, 65, 75, 350, 500, 1150])
        for expiry in expiries:
            code = f"{name}{expiry:%y}{MONTHS[expiry.month - 1]}{expiry:%d}"
            until, day = f"{expiry:%Y-%m-%d}T14:30:00", f"{expiry:%d%b%Y}".upper()
            head = f"{number}{expiry.year % 10}{expiry:%j}"
            for kind, description, shown, more in _family(code, name, day, base, step):
                token = tokens + made
                band = f"{chance.randrange(100, 99_999) / 20:.2f}".rstrip("0").rstrip(".")
                low = chance.choice(["0.05", f"{chance.randrange(100, 9999) / 20:.2f}"])
                is_option = kind == "2"
                struck = f"{more}|{shown}|1|1|{description}" if is_option else f"{shown}|1|1|{description}"
                which = series[0 if is_option else 1]
                yield (
                    f"{segment}|{token}|{kind}|{name}|{description}|{which}|{name}-{which}|{head}{token:08}|{band}|{low}"
                    f"|{lot * 40 + 1}|0.05|{lot}|1|-1|{name if kind != '4' else ''}|{until}|{struck}"
                )
                made += 1
                if made == count:
                    return


def _family(code: str, name: str, day: str, base: float, step: float) -> Iterator[tuple[str, str, str, str]]:
    """One future, one spread, and a hundred and twenty options: type, description, display name, strike and right."""
    yield "1", f"{code}FUT", f"{name} {day}", ""
    yield "4", f"{code}SPD", f"{name} {day} SPD", ""
    for place in range(60):
        strike = f"{base + place * step:g}"
        for right, letters in (("3", "CE"), ("4", "PE")):
            yield "2", f"{code}{strike}{letters}", f"{name} {day} {letters} {strike}", f"{strike}|{right}"
