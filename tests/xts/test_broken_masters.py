"""Masters with every kind of damage, each with its verdict: read, read without the bad rows, or refused (X9)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from xts.support import CODEC, MARKET, SAMPLES, answer

from fakes.script import Scene, outcome_of
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.adapters.xts.master import survey_master
from jainam.domain.errors import UnexpectedReply
from jainam.domain.listings import Row, contract_of, row_of
from jainam.domain.loading import load_contracts
from jainam.domain.loads import Load
from jainam.domain.reports import ContractsReport
from jainam.domain.steps import DownloadMaster, LastLoad, ReplaceContracts, Step
from jainam.domain.symbols import SymbolParts, format_symbol, index_symbol, parse_symbol
from jainam.domain.vocabulary import Kind

TODAY = dt.date(2026, 1, 12)
LONG_AGO = dt.date(2020, 1, 1)
PUBLISHED = tuple(
    line for line in (SAMPLES / "master_rows.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
)
OPTION = next(row for row in PUBLISHED if row.startswith("NSEFO|48225|"))
SPREAD = next(row for row in PUBLISHED if row.startswith("NSEFO|12778737|"))
OLD = next(row for row in PUBLISHED if row.startswith("2|96225|"))
GOOD = tuple(
    "|".join([*columns[:1], str(1000 + place), *columns[2:17], str(20_000 + 50 * place), *columns[18:]])
    for place in range(300)
    for columns in (OPTION.split("|"),)
)


def text(*more: str, rows: int = 300) -> str:
    """So many good rows and *more*."""
    return "\n".join([*GOOD[:rows], *more])


def cell(column: int, value: str) -> str:
    """A row of which one column, counted from one, is bad."""
    columns = OPTION.split("|")
    columns[column - 1] = value
    return "|".join(columns)


def stored(count: int) -> Load:
    """A set of so many contracts in force."""
    return Load(loaded_at=dt.datetime(2026, 1, 11, tzinfo=dt.UTC), rows=count, counts={"NFO": count})


def load(master: object) -> ContractsReport | UnexpectedReply:
    """What a load of this one segment comes to, after one that brought three hundred contracts."""
    found = outcome_of(lambda: CODEC.decode(DownloadMaster("NSEFO", TODAY), answer(master), MARKET))
    if isinstance(found, UnexpectedReply):
        return found
    answers: dict[type[Step[Any]], object] = {
        DownloadMaster: found,
        LastLoad: stored(300),
        ReplaceContracts: lambda step: MemoryContracts().replace_rows(step.rows, step.approve),
    }
    scene = Scene(answers)
    outcome = outcome_of(lambda: scene.run(load_contracts(("NSEFO",), (), TODAY)))
    assert isinstance(outcome, ContractsReport | UnexpectedReply)
    return outcome


BAD_CELLS = {
    "a price band of words": cell(9, "n/a"),
    "a strike that is no number": cell(18, "undefined"),
    "a strike that is not finite": cell(18, "Infinity"),
    "a number with forty digits": cell(2, "9" * 40),
    "a number that no database keeps": cell(2, "9223372036854775808"),
    "a lot below zero": cell(13, "-65"),
    "a lot of a part": cell(13, "0.5"),
    "no tick": cell(12, "0"),
    "a tick that is not a number": cell(12, "NaN"),
    "a freeze quantity that no database keeps": cell(11, "9" * 22),
    "a day that is none": cell(17, "2026-02-30T14:30:00"),
    "no day": cell(17, ""),
    "neither call nor put": cell(19, "1"),
    "a multiplier of words": cell(14, "one"),
    "no name": cell(4, ""),
    "half a character": cell(4, "NIF\ud800TY"),
    "the character zero": cell(23, "NIFTY\0"),
    "a column too many": OPTION + "|1",
    "a row that breaks off": OPTION[:60],
    "a page of a gateway": "<html><body>502 Bad Gateway</body></html>",
    "a row of 2019": OLD,
    "an unknown type": cell(3, "99"),
}


@pytest.mark.parametrize("bad", BAD_CELLS.values(), ids=BAD_CELLS.keys())
def test_a_bad_row_among_hundreds_is_named_and_left_out(bad: str) -> None:
    """One is counted and named, and all the good ones are stored; four of them refuse the whole load."""
    once, often = load(text(bad)), load(text(*[bad] * 4))

    assert isinstance(once, ContractsReport)
    assert (once.segments, once.unreadable) == ({"NSEFO": 300}, 1)
    assert once.troubles[0].startswith("NSEFO: line 301")
    assert isinstance(often, UnexpectedReply)
    assert "4 of 304 rows of the NSEFO master cannot be read (first line 301" in str(often)


LEFT_OUT = {
    "spread": SPREAD,
    "test scrip": cell(4, "011NSETEST"),
    "expired": cell(17, "2026-01-11T14:30:00"),
    "other segment": cell(1, "NSECM"),
    "spot price": "|".join(["NSEFO", "7", "16", *OPTION.split("|")[3:22]]),
}


@pytest.mark.parametrize("reason", LEFT_OUT)
def test_what_is_not_wanted_is_no_damage(reason: str) -> None:
    """However many rows are left out by a rule of that name, the rest is stored."""
    found = load(text(*[LEFT_OUT[reason]] * 40))

    assert isinstance(found, ContractsReport)
    assert (found.left_out, found.unreadable) == ({reason: 40}, 0)


@pytest.mark.parametrize(
    ("master", "left_out"),
    [
        (text().replace("\n", "\r\n"), {}),
        (text() + "\n\n", {}),
        ("\n" + text(), {}),
        (text(*GOOD[:5]), {"duplicate": 5}),
        (text(cell(2, "1000")), {"duplicate": 1}),
        (text().replace("|588|", "|5,88|"), {}),
    ],
    ids=[
        "line ends of Windows",
        "empty lines",
        "an empty first line",
        "rows twice",
        "a number twice",
        "grouped digits",
    ],
)
def test_what_can_be_read_is_read(master: str, left_out: dict[str, int]) -> None:
    """Dresses of the same rows change nothing; of two with one name or number the earlier is kept."""
    found = load(master)

    assert isinstance(found, ContractsReport)
    assert found.unreadable == 0
    assert found.left_out == left_out


@pytest.mark.parametrize(
    ("master", "words"),
    [
        ("", "empty for every segment"),
        (None, "empty for every segment"),
        ("\n\n", "empty for every segment"),
        (["row"], "is no text"),
        ({"rows": 1}, "is no text"),
        (text(rows=149), "NFO had 300 contracts and has 149"),
        ("\n".join(OLD for _ in range(50)), "empty for every segment"),
        (text()[: len(text()) // 3], "NFO had 300 contracts and has"),
        ("|".join(GOOD), "empty for every segment"),
        ("\n".join(SPREAD for _ in range(50)), "empty for every segment"),
    ],
    ids=[
        "nothing",
        "null",
        "blank",
        "a list",
        "an object",
        "half of it",
        "2019",
        "cut off",
        "one line",
        "spreads alone",
    ],
)
def test_a_broken_master_is_refused(master: object, words: str) -> None:
    """The error says what is wrong, and the contracts of the day before stay."""
    found = load(master)

    assert isinstance(found, UnexpectedReply)
    assert words in str(found)


# --- there and back ----------------------------------------------------------------------------------------------


def _everything() -> list[Row]:
    found: list[Row] = []
    for segment in ("NSECM", "NSEFO", "NSECD", "BSECM", "BSEFO", "MCXFO"):
        found += survey_master("\n".join(PUBLISHED), segment, LONG_AGO).rows
    return found


@pytest.mark.parametrize("row", _everything(), ids=lambda row: f"{row[0]}-{row[1]}")
def test_row_contract_and_symbol_say_the_same(row: Row) -> None:
    """From a published row to a contract and back, and from its symbol to its parts and back, nothing is lost."""
    contract = contract_of(row)

    assert row_of(contract) == row
    parts = parse_symbol(contract.symbol, contract.exchange)
    assert format_symbol(parts) == contract.symbol
    if contract.kind.is_derivative:
        assert parts == SymbolParts(
            kind=contract.kind, name=contract.name, expiry=contract.expiry, strike=contract.strike
        )
    elif contract.kind is Kind.INDEX:
        assert index_symbol(contract.symbol) == contract.symbol
    else:
        assert contract.symbol in (contract.name, f"{contract.name}-{contract.series}")


def test_published_rows_have_names_and_numbers_of_their_own() -> None:
    """No two of them share a symbol or a token on one exchange."""
    rows = _everything()

    assert len(rows) > 90
    assert len({(row[0], row[1]) for row in rows}) == len({(row[0], row[2]) for row in rows}) == len(rows)
