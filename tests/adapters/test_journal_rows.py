"""Entries become rows and are read back equal; a digest covers a row and all before it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.journal_suite import meant
from jainam.adapters.journal_rows import COLUMNS, NO_DIGEST, content, digest, entry_in, row, stamp
from jainam.domain.errors import NotConfigured
from jainam.domain.journal import Ending, Intent
from strategies import endings, intents, moments

texts = st.text(max_size=10)


@given(intents() | endings())
def test_an_entry_reads_back_equal(what: Intent | Ending) -> None:
    """What is read is what was written, to the last digit of a price and the last microsecond."""
    columns = dict(zip(COLUMNS, row("jainam_prop", "CLIENT01", what), strict=True))

    found = entry_in(str(columns["what"]), str(columns["value"]))

    assert found == what
    if isinstance(what, Intent) and isinstance(found, Intent) and what.order is not None:
        assert repr(found.order) == repr(what.order)
    assert found.at.utcoffset() == what.at.utcoffset()


@given(intents() | endings())
def test_a_database_takes_every_row(what: Intent | Ending) -> None:
    """Every column holds text or a number that databases take, and comes back as it went in."""
    columns = row("jainam_prop", "CLIENT01", what)
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(f"SELECT {', '.join('?' * len(columns))}", columns).fetchone() == columns
    assert not any(isinstance(column, str) and "\0" in column for column in columns)


@given(moments(), moments())
def test_stamps_sort_as_moments_do(one: dt.datetime, other: dt.datetime) -> None:
    """Of two stamps the greater is the later moment, whatever the zones, and equal ones are one moment."""
    assert (stamp(one) < stamp(other)) == (one < other)
    assert (stamp(one) == stamp(other)) == (one == other)


@given(st.lists(texts | st.none() | st.integers(), max_size=5), st.lists(texts | st.none() | st.integers(), max_size=5))
def test_rows_that_differ_have_digests_that_differ(one: list[object], other: list[object]) -> None:
    """Not even moving a letter from one column to the next, or a number into a text, gives the same digest."""
    assume(one != other)
    assert digest(NO_DIGEST, 1, content(tuple(one))) != digest(NO_DIGEST, 1, content(tuple(other)))


def test_a_digest_depends_on_what_came_before() -> None:
    """The same row after another row, or under another number, has another digest."""
    says = content(row("jainam_prop", "", meant("T1")))
    first = digest(NO_DIGEST, 1, says)

    assert first == digest(NO_DIGEST, 1, says)
    assert len({first, digest(first, 1, says), digest(NO_DIGEST, 2, says)}) == 3


@pytest.mark.parametrize("value", ["", "[]", "{}", "null", '{"deed": "sell everything"}', '{"key": "T1", "at": 5}'])
@pytest.mark.parametrize("what", ["meant", "ended"])
def test_what_is_no_entry_is_no_entry(what: str, value: str) -> None:
    """A value that nobody here has written is an error that says how to find it, not one from the inside."""
    with pytest.raises(NotConfigured, match="holds an entry that cannot be read; run `jainam journal verify`"):
        entry_in(what, value)
