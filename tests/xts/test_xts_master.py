"""The instrument master: every published row, and the rules for names, limits and what is left out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xts.support import SAMPLES

from jainam.adapters.xts.master import parse_master, survey_master
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import Contract
from jainam.domain.listings import Listing, contract_of
from jainam.domain.symbols import SymbolParts, format_symbol, parse_symbol
from jainam.domain.vocabulary import Exchange, Kind

TODAY = dt.date(2026, 1, 12)
ROWS = tuple(
    line for line in (SAMPLES / "master_rows.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
)
SEGMENTS = ("NSECM", "NSEFO", "NSECD", "BSECM", "BSEFO", "MCXFO")
CURRENT = tuple(row for row in ROWS if (row.split("|")[0] in SEGMENTS and row.count("|") >= 20) or "|16|" in row)
OLD = tuple(row for row in ROWS if row not in CURRENT)

RELIANCE = ROWS[0]
FUTURE = next(row for row in ROWS if row.startswith("NSEFO|49229|"))
OPTION = next(row for row in ROWS if row.startswith("NSEFO|48225|"))
SPREAD = next(row for row in ROWS if row.startswith("NSEFO|12778737|"))


def read(text: str, segment: str, today: dt.date = TODAY) -> Listing:
    """A master that was read to its end."""
    found = survey_master(text, segment, today)
    return Listing(tuple(found.rows), found.lines, found.tally)


def survey(segment: str, today: dt.date = TODAY) -> Listing:
    """All published rows of *segment* in today's format."""
    return read("\n".join(row for row in CURRENT if row.startswith(f"{segment}|")), segment, today)


def contracts(found: Listing) -> tuple[Contract, ...]:
    """What was read, as contracts."""
    return tuple(map(contract_of, found.rows))


def only(row: str, today: dt.date = TODAY) -> Contract:
    """The contract of one row."""
    (contract,) = parse_master(row, row.split("|")[0], today)
    return contract


def changed(row: str, **columns: str) -> str:
    """*row* with other values in its columns, counted from one: ``c11="0"``."""
    cells = row.split("|")
    for name, value in columns.items():
        cells[int(name[1:]) - 1] = value
    return "|".join(cells)


@pytest.mark.parametrize("row", CURRENT, ids=lambda row: "-".join(row.split("|")[:2]))
def test_every_published_row_is_read_or_left_out_for_a_reason(row: str) -> None:
    """A row of today's format becomes one contract whose symbol says what the row says, or is left out by name."""
    cells = row.split("|")
    found = read(row, cells[0], dt.date(2020, 1, 1))

    assert (found.tally.lines, found.tally.unreadable, found.tally.troubles) == (1, 0, [])
    if not found.rows:
        assert sum(found.tally.left_out.values()) == 1
        return
    (contract,) = contracts(found)
    assert (contract.token, contract.name, contract.broker_exchange) == (int(cells[1]), cells[3], cells[0])
    assert contract.tick_size == Decimal(cells[11])
    assert contract.lot_size == int(cells[12])
    assert contract.multiplier == Decimal(cells[13])
    if contract.kind.is_derivative:
        parts = parse_symbol(contract.symbol, contract.exchange)
        assert parts == SymbolParts(
            kind=contract.kind, name=contract.name, expiry=contract.expiry, strike=contract.strike
        )
        assert contract.expiry == dt.date.fromisoformat(cells[16][:10])
        assert contract.broker_symbol == cells[17 if contract.kind is Kind.FUTURE else 19]
        assert contract.description == cells[-1]


@pytest.mark.parametrize("row", OLD, ids=lambda row: "-".join(row.split("|")[:2]))
def test_files_of_older_formats_are_refused(row: str) -> None:
    """Rows of 2019 and 2023 are not read as if they were today's; the message names line and reason (trap 11)."""
    for segment in ("NSECM", "NSEFO", "NSECD"):
        if row.split("|")[0] not in (segment, "1", "2", "3"):
            continue
        with pytest.raises(UnexpectedReply, match=rf"1 of 1 rows of the {segment} master.*first line 1.*: "):
            parse_master(row, segment, dt.date(2019, 1, 1))


def test_there_are_rows_of_every_kind() -> None:
    """The published rows are all taken into account: today's, and the eight of older formats."""
    assert len(OLD) == 8
    assert len(CURRENT) + len(OLD) == len(ROWS) == 118


def test_a_share() -> None:
    """Every column of a cash row that we keep."""
    share = only(RELIANCE)

    assert str(share.key) == "NSE:RELIANCE"
    assert (share.token, share.kind, share.series, share.isin) == (2885, Kind.EQUITY, "EQ", "INE002A01018")
    assert (share.price_low, share.price_high) == (Decimal("1178.6"), Decimal("1440.4"))
    assert (share.broker_symbol, share.description) == ("RELIANCE", "RELIANCE INDUSTRIES LTD-EQ")
    assert (share.expiry, share.strike, share.freeze_quantity) == (None, None, 67661)


def test_a_future_and_an_option() -> None:
    """The two layouts are told apart by the type in column 3, so no display name becomes a strike."""
    future, option = only(FUTURE), only(OPTION)

    assert (future.symbol, future.kind, future.strike) == ("NIFTY27JAN26FUT", Kind.FUTURE, None)
    assert (future.broker_symbol, future.expiry) == ("NIFTY 27JAN2026", dt.date(2026, 1, 27))
    assert (option.symbol, option.kind, option.strike) == ("NIFTY17FEB2625700PE", Kind.PUT, Decimal(25700))
    assert (option.broker_symbol, option.series) == ("NIFTY 17FEB2026 PE 25700", "OPTIDX")


def test_strikes_keep_their_decimals() -> None:
    """A fractional strike goes into symbol and contract as it is written."""
    symbols = [contract.symbol for segment in ("NSEFO", "NSECD") for contract in contracts(survey(segment))]

    assert "MANAPPURAM27JAN26372.5PE" in symbols
    assert "USDINR28JAN2690.25PE" in symbols


def test_names_with_signs_survive() -> None:
    """`&`, `-` and digits belong to the name."""
    symbols = {str(row.key) for segment in SEGMENTS for row in contracts(survey(segment))}

    for name in ("NSE:M&M", "NSE:BAJAJ-AUTO", "NFO:M&M27JAN26FUT", "NFO:BAJAJ-AUTO27JAN269500CE", "BSE:VINEET-RE"):
        assert name in symbols
    assert "BFO:SENSEX5029JAN2626250CE" in symbols


def test_freeze_quantities_by_exchange() -> None:
    """NSE writes one more than it takes, BSE what it takes, and zero is no limit (trap 12)."""
    assert only(OPTION).freeze_quantity == 1800
    assert {row.freeze_quantity for row in contracts(survey("BSEFO"))} == {600, 500, 1000, 900, 1800}
    assert {row.freeze_quantity for row in contracts(survey("BSECM"))} == {None}
    assert only(changed(OPTION, c11="0")).freeze_quantity is None
    assert only(changed(OPTION, c11="1")).freeze_quantity is None
    assert only(changed(OPTION, c11="")).freeze_quantity is None


def test_unknown_price_bands_are_unknown() -> None:
    """A band of zero to zero is none; the ends of a real one are kept apart."""
    band = only(changed(RELIANCE, c9="0", c10="0"))

    assert (band.price_low, band.price_high) == (None, None)
    assert only(OPTION).price_low == Decimal("114.5")


def test_indices_of_bse_are_watched_and_not_traded() -> None:
    """Its SPOT rows are indices under OpenAlgo's names; the prices of goods are left out."""
    indices = [row for row in contracts(survey("BSECM")) if row.kind is Kind.INDEX]

    assert [str(row.key) for row in indices] == [
        "BSE_INDEX:SENSEX",
        "BSE_INDEX:BSEINFORMATIONTECHNOLOGY",
        "BSE_INDEX:BSECARBONEX",
    ]
    assert survey("MCXFO").tally.left_out == {"expired": 1, "spot price": 1}


def test_what_is_left_out_is_counted() -> None:
    """Spreads, test scrips, expired contracts and rows of other segments are no contracts of today."""
    text = "\r\n".join([RELIANCE, FUTURE, OPTION, SPREAD, changed(OPTION, c17="2026-01-11T14:30:00"), "", "  "])
    found = read(text, "NSEFO", TODAY)

    assert [row.symbol for row in contracts(found)] == ["NIFTY27JAN26FUT", "NIFTY17FEB2625700PE"]
    assert found.tally.left_out == {"other segment": 1, "spread": 1, "expired": 1}
    assert (found.tally.lines, found.tally.unreadable) == (5, 0)
    assert survey("NSECM").tally.left_out == {"test scrip": 1}
    assert "RELIANCE" not in repr(found)


def test_a_contract_can_be_traded_on_its_last_day() -> None:
    """What expires today has not expired."""
    assert only(OPTION, dt.date(2026, 2, 17)).expiry == dt.date(2026, 2, 17)
    assert parse_master(OPTION, "NSEFO", dt.date(2026, 2, 18)) == ()


# --- names on the cash market ------------------------------------------------------------------------------------


def series(row: str, *names: str) -> list[str]:
    """The symbols of one share listed in several series, in that order of rows."""
    rows = [changed(row, c2=str(100 + index), c6=name) for index, name in enumerate(names)]
    return [
        f"{contract.symbol} {contract.series}" for contract in parse_master("\n".join(rows), row.split("|")[0], TODAY)
    ]


def test_the_share_series_owns_the_plain_name_on_nse() -> None:
    """EQ comes first, then BE, BZ, SM and ST; whoever comes later is called NAME-SERIES."""
    assert series(RELIANCE, "BE", "N3", "EQ") == ["RELIANCE EQ", "RELIANCE-BE BE", "RELIANCE-N3 N3"]
    assert series(RELIANCE, "ST", "SM", "BZ", "BE")[0] == "RELIANCE BE"
    assert series(RELIANCE, "ST") == ["RELIANCE ST"]


def test_other_series_never_take_the_plain_name_on_nse() -> None:
    """A bond that is alone with its name today may be joined by a share tomorrow."""
    assert series(RELIANCE, "N3") == ["RELIANCE-N3 N3"]
    assert "NSE:771KL42-SG" in {str(row.key) for row in contracts(survey("NSECM"))}


def test_every_group_has_plain_names_on_bse() -> None:
    """Names seldom repeat there; where one does, the share groups come before the others."""
    share = next(row for row in ROWS if row.startswith("BSECM|500325|"))

    assert series(share, "F", "A", "B") == ["RELIANCE A", "RELIANCE-B B", "RELIANCE-F F"]
    assert series(share, "F") == ["RELIANCE F"]


# --- rows that cannot be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("NSEFO|1", "2 columns are no instrument"),
        (changed(OPTION, c1="2"), "column 1 is no segment"),
        (changed(OPTION, c3="9"), "column 3 is no type"),
        (changed(OPTION, c3="1"), "23 columns where this type of instrument has 21"),
        (changed(FUTURE, c3="2"), "21 columns where this type of instrument has 23"),
        (changed(OPTION, c17="undefined"), "column 17 is no date"),
        (changed(OPTION, c18="undefined"), "column 18 holds no number"),
        (changed(OPTION, c18="x"), "not a number"),
        (changed(OPTION, c19="1"), "column 19 is neither call nor put"),
        (changed(OPTION, c2="x"), "not a number"),
        (changed(OPTION, c2=""), "needs a name, a token"),
        (changed(OPTION, c13="0"), "needs a name, a token, a tick and a lot"),
        (changed(OPTION, c12="0"), "needs a name, a token, a tick and a lot"),
        (changed(OPTION, c4=""), "needs a name"),
        (changed(OPTION, c13="1.5"), "not a whole number"),
    ],
)
def test_a_bad_row_says_what_is_wrong(row: str, reason: str) -> None:
    """The first unreadable row is named by its line and its reason."""
    with pytest.raises(
        UnexpectedReply, match=f"1 of 3 rows of the NSEFO master cannot be read .first line 2.*: .*{reason}"
    ):
        parse_master("\n".join([FUTURE, row, FUTURE]), "NSEFO", TODAY)


def test_one_bad_row_in_a_hundred_is_skipped_and_counted() -> None:
    """A file is not thrown away for a slip, but neither is it trusted when more than one row in a hundred is bad."""
    rows = [changed(OPTION, c18=str(20_000 + strike)) for strike in range(99)]

    assert len(parse_master("\n".join([*rows, "?"]), "NSEFO", TODAY)) == 99
    assert read("\n".join([*rows, "?"]), "NSEFO", TODAY).tally.unreadable == 1
    with pytest.raises(UnexpectedReply, match="2 of 101"):
        parse_master("\n".join([*rows, "?", "?"]), "NSEFO", TODAY)


@given(
    name=st.text("ABCXYZ&-0123456789", min_size=1, max_size=12).filter(lambda name: "NSETEST" not in name),
    expiry=st.dates(TODAY, dt.date(2031, 12, 31)),
    strike=st.decimals("0.05", 200_000, places=2),
    right=st.sampled_from(["3", "4"]),
)
def test_a_row_and_its_symbol_say_the_same(name: str, expiry: dt.date, strike: Decimal, right: str) -> None:
    """Name, day, strike and right of any option can be read back from the symbol its row was given."""
    row = changed(OPTION, c4=name, c17=f"{expiry}T14:30:00", c18=str(strike), c19=right)
    contract = only(row)
    parts = SymbolParts(
        kind=Kind.CALL if right == "3" else Kind.PUT, name=contract.name, expiry=expiry, strike=contract.strike
    )

    assert contract.strike == strike
    assert format_symbol(parts) == contract.symbol
    assert contract.exchange is Exchange.NFO
    assert contract.symbol.startswith(name)


@given(text=st.text("NSEFO|0123456789.\n-ABC", max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text whatever raises an error while it is looked at; every row is accounted for."""
    found = read(text, "NSEFO", TODAY)

    assert found.tally.lines == found.tally.contracts + sum(found.tally.left_out.values()) + found.tally.unreadable
    assert len(found.tally.troubles) == min(found.tally.unreadable, 5)
