"""`journal show|verify|export`: what was meant is shown without a key and without a network, and doubted aloud (X1)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cli.terminal import Terminal
from security.canaries import KEYS, found_in

from contracts.journal_suite import cancelled, ended, meant, written
from fakes.clock import IST
from fakes.samples import OPTION
from jainam.adapters.clocks import SystemClock
from jainam.adapters.peewee_journal import PeeweeJournal
from jainam.cli import journal as group
from jainam.domain.journal import Verdict
from jainam.domain.vocabulary import Side

SHAPE = [
    *("number", "at", "account", "deed", "tag", "order_id", "symbol", "exchange", "product", "side", "quantity"),
    *("price_type", "price", "trigger_price", "is_exit", "held", "caller", "settled", "verdict", "ended_at", "words"),
]
TODAY = SystemClock().now().replace(hour=10, minute=15, second=0, microsecond=0)
YESTERDAY = TODAY - dt.timedelta(days=1)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The journal's own file, beside the database of the settings."""
    return tmp_path / "new.journal.sqlite"


@pytest.fixture
def alone(exported: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A terminal that knows of no key and no exchange: the database is all that is set."""
    for name in [name for name in os.environ if name.startswith("JAINAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("JAINAM_DATABASE", str(tmp_path / "new.sqlite"))
    return exported


@pytest.fixture
def filled(alone: Terminal, database: Path) -> Terminal:
    """The same with a journal of two days."""
    with closing(PeeweeJournal(database, "jainam_prop", "CLIENT01")) as ours:
        written(ours, meant("T0", at=YESTERDAY), ended("T0", Verdict.DONE, YESTERDAY))
        written(ours, meant("T1", at=TODAY), ended("T1", Verdict.DONE, TODAY + dt.timedelta(seconds=1)))
        written(ours, meant("T2", OPTION, at=TODAY, side=Side.SELL, price="12.50"))
        written(ours, ended("T2", Verdict.REFUSED, TODAY, "RMS: blocked [x]"), cancelled("9001", TODAY))
    return alone


def test_today_is_shown(filled: Terminal) -> None:
    """A line for each thing meant today: what, on what, how much, what became of it, and in whose words."""
    ran = filled("journal", "show")

    assert ran.code == 0
    head, _, *lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert head == "Time What Symbol Exch Side Qty Tag Order Verdict Words"
    assert lines[:3] == [
        "10:15:00 place NIFTY30JUN26FUT NFO BUY 75 T1 9T1 done ·",
        "10:15:00 place NIFTY17FEB2625700PE NFO SELL 75 T2 · refused RMS: blocked [x]",
        "10:15:00 cancel · · · · · 9001 open ·",
    ]
    assert "What became of one of them (9001) is not known here: look for it with `jainam orders`" in ran.out
    assert filled.exchange.requests == []


def test_document(filled: Terminal) -> None:
    """The document has stable names, money as text, times in India, and says what is settled."""
    data = filled("journal", "show", "--json").data

    assert [list(one) for one in data] == [SHAPE] * 3
    first, second, third = data
    assert first == {
        "number": 3, "at": TODAY.isoformat(), "account": "CLIENT01", "deed": "place", "tag": "T1", "order_id": "9T1",
        "symbol": "NIFTY30JUN26FUT", "exchange": "NFO", "product": "NRML", "side": "BUY", "quantity": 75,
        "price_type": "MARKET", "price": "0", "trigger_price": "0", "is_exit": False, "held": None,
        "caller": "a test", "settled": True, "verdict": "done",
        "ended_at": (TODAY + dt.timedelta(seconds=1)).isoformat(), "words": "",
    }  # fmt: skip
    assert (second["price"], second["verdict"], second["words"]) == ("12.50", "refused", "RMS: blocked [x]")
    assert (third["deed"], third["order_id"], third["settled"], third["verdict"]) == ("cancel", "9001", False, None)


def test_other_days(filled: Terminal) -> None:
    """Another day, and every day, can be asked for; in the latter each line has its date."""
    day = f"{YESTERDAY:%Y-%m-%d}"
    assert [one["tag"] for one in filled("journal", "show", "--day", day, "--json").data] == ["T0"]
    assert [one["tag"] for one in filled("journal", "show", "--all", "--json").data] == ["T0", "T1", "T2", None]
    assert f"{YESTERDAY:%d %b %Y} 10:15:00" in filled("journal", "show", "--all").out
    assert filled("journal", "show", "--all", "--day", day).code == 2


def test_days_are_indian(alone: Terminal, database: Path) -> None:
    """A day begins at midnight in India, wherever the clock of the machine is."""
    midnight = dt.datetime(2026, 1, 12, tzinfo=IST)
    with closing(PeeweeJournal(database, "jainam_prop", "")) as journal:
        written(journal, meant("T0", at=midnight - dt.timedelta(microseconds=1)), meant("T1", at=midnight))

    for command in ("show", "export"):
        data = alone("journal", command, "--day", "2026-01-12", "--json").data
        assert [one["tag"] for one in (data if command == "show" else data["entries"])] == ["T1"]


def test_nothing_was_meant(filled: Terminal) -> None:
    """A day without an order is said to be one."""
    ran = filled("journal", "show", "--day", "2026-01-03")
    assert (ran.code, ran.out) == (0, "Nothing was meant on 03 Jan 2026.\n")
    assert filled("journal", "show", "--day", "2026-01-03", "--json").data == []
    assert filled("journal", "show", "--all", "--client", "NOBODY").out == "Nothing was meant.\n"


def test_without_a_journal(alone: Terminal, database: Path) -> None:
    """Where nothing was ever written, that is said, and no empty journal is made to be called whole."""
    for command in ("show", "verify", "export"):
        ran = alone("journal", command)
        assert ran.code == 2
        assert "no journal of the database named by JAINAM_DATABASE" in ran.err.replace("\n", " ")
    assert not database.exists()
    sqlite3.connect(database).close()
    database.touch()
    assert "there is no journal in the database" in alone("journal", "verify", "--json").error["message"]


def test_clients(filled: Terminal, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All clients are shown, each by name; one alone when it is named, by option or setting; other brokers never."""
    with closing(PeeweeJournal(database, "jainam_prop", "*****")) as pro:
        written(pro, meant("P1", at=TODAY))
    with closing(PeeweeJournal(database, "compositedge", "CLIENT01")) as others:
        written(others, meant("C1", at=TODAY))

    def tags(*words: str) -> list[str | None]:
        return [one["tag"] for one in filled("journal", "show", *words, "--json").data]

    assert tags() == ["T1", "T2", None, "P1"]
    shown = filled("journal", "show").out
    assert "Client" in shown.splitlines()[0]
    assert " pro " in shown
    assert tags("--client", "pro") == ["P1"]
    assert tags("--client", "CLIENT01") == ["T1", "T2", None]
    monkeypatch.setenv("JAINAM_CLIENT_ID", "pro")
    assert tags() == ["P1"]
    monkeypatch.setenv("JAINAM_PROFILE", "compositedge")
    assert tags("--client", "CLIENT01") == ["C1"]
    assert filled("journal", "show", "--client", " ").code == 2


def test_whole_journal(filled: Terminal, database: Path) -> None:
    """A whole journal is said to be so, with its newest digest and all that nobody knows the outcome of."""
    with closing(PeeweeJournal(database, "compositedge", "X")) as others:
        written(others, meant("C1", at=YESTERDAY), ended("C1", Verdict.UNKNOWN, YESTERDAY, "no answer"))
        newest = others.verify().newest

    data = filled("journal", "verify", "--json").data
    assert (data["entries"], data["newest"]) == (9, newest)
    assert [(one["account"], one["deed"], one["verdict"]) for one in data["unsettled"]] == [
        ("CLIENT01", "cancel", None),
        ("X", "place", "unknown"),
    ]
    shown = filled("journal", "verify")
    assert shown.code == 0
    assert "9, all as they were written" in shown.out
    assert newest in shown.out
    assert "no answer" in shown.out
    assert "What became of 2 of them (9001, C1) is not known here" in shown.out


def test_nothing_unsettled(alone: Terminal, database: Path) -> None:
    """When the outcome of everything is known, that is said."""
    with closing(PeeweeJournal(database, "jainam_prop", "")) as journal:
        written(journal, meant("T1"), ended("T1", Verdict.NOT_SENT))
    assert "Nothing is unsettled." in alone("journal", "verify").out


def test_broken_journal(filled: Terminal, database: Path) -> None:
    """A rewritten entry is named, with an exit code of its own, and nothing is said of what comes after it."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER order_journal_update")
        connection.execute("UPDATE order_journal SET words = 'filled', value = '{}' WHERE number = 6")

    shown = filled("journal", "verify")
    assert shown.code == 7
    assert "error: entry 6 is not what was written after the entry before it; the 5 entries before it" in shown.err
    assert "keep a copy of the database as it is" in shown.err
    error = filled("journal", "verify", "--json").error
    assert error["error"] == "JournalBroken"
    assert error["data"]["flaw"] == {"number": 6, "words": "is not what was written after the entry before it"}
    shown = filled("journal", "show")
    assert shown.code == 2
    assert "holds an entry that cannot be read; run `jainam journal verify`" in shown.err


def test_export_as_a_table(filled: Terminal) -> None:
    """Every entry is a line, with the names of the columns above, and nothing else is on stdout."""
    ran = filled("journal", "export")

    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert list(rows[0]) == list(group.FIELDS)
    assert [row["number"] for row in rows] == [str(number) for number in range(1, 8)]
    assert [row["what"] for row in rows] == ["meant", "ended", "meant", "ended", "meant", "ended", "meant"]
    assert rows[4]["price"] == "12.50"
    assert rows[5]["words"] == "RMS: blocked [x]"
    assert rows[2]["at"] == TODAY.isoformat()
    assert "value" not in rows[0]
    assert "7 entries" in ran.err


def test_export_as_lines(filled: Terminal) -> None:
    """Every entry is one JSON object on a line of its own, numbers as numbers and prices as text."""
    ran = filled("journal", "export", "--format", "jsonl", "--day", f"{TODAY:%Y-%m-%d}")

    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["number"] for row in rows] == [3, 4, 5, 6, 7]
    assert (rows[2]["quantity"], rows[2]["price"]) == (75, "12.50")
    assert list(rows[0]) == list(group.FIELDS)


def test_export_to_a_file(filled: Terminal, tmp_path: Path) -> None:
    """A file is made and never written over; what went into it is counted."""
    file = tmp_path / "entries.jsonl"
    ran = filled("journal", "export", "-f", "jsonl", "-o", str(file))
    assert (ran.code, ran.out) == (0, f"7 entries are in {file}\n")
    assert len(file.read_text(encoding="utf-8").splitlines()) == 7

    error = filled("journal", "export", "-o", str(file), "--json").error
    assert "is there already; name another" in error["message"]
    assert len(file.read_text(encoding="utf-8").splitlines()) == 7
    other = tmp_path / "entries.csv"
    assert filled("journal", "export", "-o", str(other), "--json").data == {"file": str(other), "entries": 7}
    assert "cannot be written" in filled("journal", "export", "-o", str(tmp_path / "none" / "x.csv")).err


def test_half_an_export_is_none(filled: Terminal, database: Path, tmp_path: Path) -> None:
    """When an entry cannot be read, no file is left that looks like a whole export."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER order_journal_update")
        connection.execute("UPDATE order_journal SET value = '[]' WHERE number = 6")

    assert filled("journal", "export", "-o", str(tmp_path / "entries.csv")).code == 2
    assert not (tmp_path / "entries.csv").exists()


def test_settings_come_from_a_file_too(filled: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file `.env` names the database as it does for other commands; one that is no text is said to be none."""
    monkeypatch.delenv("JAINAM_DATABASE")
    Path(".env").write_text(f"JAINAM_DATABASE={tmp_path / 'new.sqlite'}\n", encoding="utf-8")
    assert len(filled("journal", "show", "--json").data) == 3

    Path(".env").write_bytes(b"\xff\xfe\x00")
    assert "the file .env in this folder cannot be read as text" in filled("journal", "show").err


def test_no_secret_is_in_a_journal(exported: Terminal, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the file nor any way of showing it holds a key, whatever keys the settings hold (NFR4)."""
    variables: dict[str, Any] = {f"JAINAM_{name.upper().replace('_', '_API_')}": value for name, value in KEYS.items()}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JAINAM_CLIENT_ID", "CLIENT01")
    with closing(PeeweeJournal(database, "jainam_prop", "CLIENT01")) as journal:
        written(journal, meant("T1", at=TODAY), ended("T1", Verdict.REFUSED, TODAY, "RMS"))
        told = [repr(journal)]

    for words in (
        ("show",),
        ("show", "--json"),
        ("verify",),
        ("export",),
        ("export", "-f", "jsonl"),
        ("verify", "-vv"),
    ):
        ran = exported("journal", *words)
        assert ran.code == 0
        told += [ran.out, ran.err]
    told.append(database.read_bytes().decode(errors="replace"))
    assert [heard for text in told for heard in found_in(text)] == []


def test_a_wrong_setting_is_named(filled: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What says which journal is meant must be right; all else may be missing."""
    monkeypatch.setenv("JAINAM_PROFILE", "nobody")
    ran = filled("journal", "show")
    assert ran.code == 2
    assert "JAINAM_PROFILE is not one of" in ran.err
