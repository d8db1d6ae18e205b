"""`halt`, `resume` and `guard`: stopping needs no key, no network and no yes; going on needs a yes (X10)."""

from __future__ import annotations

import datetime as dt
import errno
import getpass
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.terminal import Terminal

from jainam.adapters.clocks import SystemClock
from jainam.adapters.guard import halt_file_for, tally_for
from jainam.adapters.switch_files import BY_HAND, FileSwitch
from jainam.cli import commands
from jainam.domain.guards import DayPnl

SWITCH = {"client", "halted", "reason", "by", "at", "file"}


@pytest.fixture
def alone(exported: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A terminal that knows of no key and no exchange: the database is all that is set."""
    for name in [name for name in os.environ if name.startswith("JAINAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("JAINAM_DATABASE", str(tmp_path / "new.sqlite"))
    return exported


@pytest.fixture
def halt_file(tmp_path: Path) -> Path:
    """The switch beside that database."""
    return tmp_path / "new-jainam_prop.halt"


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at the terminal and can be asked."""
    monkeypatch.setattr(commands, "is_interactive", lambda: True)


def test_halting_takes_one_word(alone: Terminal, halt_file: Path) -> None:
    """Without a key, a network or a question, entries are stopped for every process that looks."""
    ran = alone("halt")

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Entries of everybody are stopped; exits still pass. `jainam resume` lets them through again.",
        f"The halt file is {halt_file}",
    ]
    halt = FileSwitch(halt_file).tripped()
    assert halt is not None
    assert (halt.reason, halt.by) == ("no reason was given", getpass.getuser())
    assert alone.exchange.requests == []
    assert not (halt_file.parent / "new.sqlite").exists()


def test_halting_tells_the_others_why(alone: Terminal, halt_file: Path) -> None:
    """The reason is kept for whoever is stopped, and shown as a document on request."""
    data = alone("halt", "--reason", "the feed is down", "--json").data

    assert set(data) == SWITCH
    assert (data["client"], data["halted"], data["reason"]) == (None, True, "the feed is down")
    assert data["file"] == str(halt_file)
    assert dt.datetime.fromisoformat(data["at"]).tzinfo is not None


@pytest.mark.parametrize(
    ("written", "client", "plain"), [("CLIENT01", "CLIENT01", "CLIENT01"), ("pro", "*****", "pro")]
)
def test_one_client_is_halted_alone(alone: Terminal, halt_file: Path, written: str, client: str, plain: str) -> None:
    """Only his file is made; the words name him and how he goes on."""
    ran = alone("halt", "--client", written)

    assert f"`jainam resume --client {written}` lets them through again" in ran.out
    assert not halt_file.exists()
    assert FileSwitch(halt_file_for(halt_file, client)).tripped() is not None
    assert alone("halt", "--client", written, "--json").data["client"] == client


@pytest.mark.parametrize("name", ["halt", "resume", "guard"])
def test_a_client_that_names_nobody_is_not_everybody(alone: Terminal, halt_file: Path, name: str) -> None:
    """An empty name is wrong usage, and nothing is stopped or released by it."""
    ran = alone(name, "--client", " ")

    assert ran.code == 2
    assert "give a client code, or pro" in ran.err
    assert not halt_file.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"JAINAM_TIMEOUT": "soon", "JAINAM_SERVER": "Z", "JAINAM_MAX_ORDER_VALUE": "many"},
        {"JAINAM_BASE_URL": "http://plain"},
    ],
)
def test_no_other_setting_keeps_anybody_from_stopping(
    alone: Terminal, halt_file: Path, broken: dict[str, str | None]
) -> None:
    """Whatever else is wrong with the settings, entries can be stopped and let through."""
    assert alone("halt", env=broken).code == 0
    assert halt_file.exists()
    assert alone("resume", "--yes", env=broken).code == 0
    assert not halt_file.exists()


def test_the_settings_file_says_where(alone: Terminal, tmp_path: Path) -> None:
    """What `.env` names counts like the environment; one that is no text is left out, and said to be."""
    named = tmp_path / "elsewhere" / "halt"
    (tmp_path / ".env").write_text(f"JAINAM_HALT_FILE={named}\n")
    assert alone("halt").code == 0
    assert named.exists()

    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    ran = alone("halt")
    assert ran.code == 0
    assert "is left out" in ran.err
    assert (tmp_path / "new-jainam_prop.halt").exists()


def test_where_the_switch_is_not_known_nobody_is_told_it_is_set(alone: Terminal) -> None:
    """A profile that does not exist has no desks to stop: the command fails and says why."""
    ran = alone("halt", env={"JAINAM_PROFILE": "nobody"})

    assert ran.code == 2
    assert "JAINAM_PROFILE is not one of" in ran.err


def test_a_halt_that_cannot_be_written_is_no_success(alone: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code and the words say that entries were not stopped."""

    def full(*_: object, **__: object) -> Any:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr("jainam.adapters.switch_files.write_whole", full)
    ran = alone("halt", env={"JAINAM_HALT_FILE": "/proc/none/halt"})

    assert ran.code == 2
    assert "entries could NOT be stopped" in ran.err
    assert "/proc" not in ran.err


def test_a_machine_without_names_can_halt(alone: Terminal, halt_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system cannot say who is at it, somebody is."""

    def nameless() -> str:
        raise OSError("no user")

    monkeypatch.setattr(getpass, "getuser", nameless)
    alone("halt")

    halt = FileSwitch(halt_file).tripped()
    assert halt is not None
    assert halt.by == "somebody"


# --- going on ----------------------------------------------------------------------------------------------------


def test_going_on_needs_a_yes(alone: Terminal, halt_file: Path, watched: None) -> None:
    """Whoever is asked is told what stopped entries; anything but a yes leaves them stopped."""
    alone("halt", "--reason", "too fast")

    refused = alone("resume", typed="n\n")
    assert refused.code == 1
    assert "too fast. Let them through again?" in refused.err
    assert "entries stay stopped" in refused.err
    assert halt_file.exists()

    agreed = alone("resume", typed="y\n")
    assert agreed.code == 0
    assert "Entries of everybody pass again; they were halted by" in agreed.out
    assert not halt_file.exists()


def test_where_nobody_can_be_asked_entries_stay_stopped(alone: Terminal, halt_file: Path) -> None:
    """Without a terminal and without `--yes` it is wrong usage."""
    alone("halt")

    ran = alone("resume")

    assert ran.code == 2
    assert "add --yes, or look first with `jainam guard`" in ran.err
    assert halt_file.exists()


def test_going_on_says_what_was_released_and_what_was_not(alone: Terminal) -> None:
    """Everybody's switch and a client's are released apart, and what still stops somebody is named."""
    alone("halt", "--reason", "all of you")
    alone("halt", "--reason", "only you", "--client", "CLIENT01")

    data = alone("resume", "--yes", "--json").data
    assert (data["client"], data["released"]["reason"]) == (None, "all of you")
    assert [(row["client"], row["reason"]) for row in data["still_halted"]] == [("CLIENT01", "only you")]
    assert set(data["still_halted"][0]) == SWITCH

    alone("halt")
    words = alone("resume", "--yes", "--client", "CLIENT01").out
    assert "Entries of CLIENT01 pass again" in words
    assert "Entries of everybody are still halted" in words


def test_nothing_to_release_is_said_and_asked_of_nobody(alone: Terminal) -> None:
    """Going on when nothing was stopped is no error."""
    assert alone("resume").out == "Nothing had stopped entries of everybody.\n"
    data = alone("resume", "--client", "pro", "--json").data
    assert data == {"client": "*****", "released": None, "still_halted": []}


# --- looking -----------------------------------------------------------------------------------------------------


def test_the_guard_shows_switches_and_limits(alone: Terminal, halt_file: Path) -> None:
    """Every switch with its reason, every limit with its setting, and where the file is; nobody is asked anything."""
    halt_file.touch()
    alone("halt", "--client", "pro", "--reason", "too fast")

    ran = alone("guard", env={"JAINAM_MAX_ORDER_VALUE": "250000.50"})

    assert ran.code == 0
    for words in (
        *("everybody", BY_HAND, "pro (the desk's own book)", "too fast"),
        *("250,000.50", "no limit", "JAINAM_MAX_DAILY_LOSS", f"The halt file is {halt_file}"),
    ):
        assert words in ran.out
    assert alone.exchange.requests == []


def test_the_guard_s_document_keeps_its_shape(alone: Terminal, halt_file: Path) -> None:
    """The same keys whether or not anything is set, halted or known."""
    data = alone("guard", "--json").data

    assert data == {
        "halted": False,
        "client": None,
        "switches": [{"client": None, "halted": False, "reason": None, "by": None, "at": None, "file": str(halt_file)}],
        "limits": {"order_value": None, "order_quantity": None, "orders_per_minute": None, "daily_loss": None},
        "orders_in_last_minute": None,
        "pnl": None,
    }


def test_the_guard_shows_what_is_used_up(alone: Terminal, halt_file: Path) -> None:
    """The configured client's orders of the last minute and last known profit and loss, beside their limits."""
    now = SystemClock().now()
    tally = tally_for(halt_file, "*****")
    for _ in range(3):
        tally.count(now, 9)
    tally.keep(DayPnl(Decimal("-1500.25"), now))
    env = {"JAINAM_CLIENT_ID": "pro", "JAINAM_MAX_ORDERS_PER_MINUTE": "1000", "JAINAM_MAX_DAILY_LOSS": "5000"}

    data = alone("guard", "--json", env=env).data
    assert (data["client"], data["orders_in_last_minute"]) == ("*****", 3)
    assert data["pnl"] == {"amount": "-1500.25", "at": now.isoformat()}
    assert data["limits"] == {
        "order_value": None, "order_quantity": None, "orders_per_minute": 1000, "daily_loss": "5000",
    }  # fmt: skip
    assert [switch["client"] for switch in data["switches"]] == [None, "*****"]
    shown = alone("guard", env=env).out
    assert f"-1,500.25 at {now:%H:%M:%S}" in shown
    assert "1,000" in shown
    other = alone("guard", "--json", "--client", "CLIENT01", env=env).data
    assert (other["client"], other["orders_in_last_minute"], other["pnl"]) == ("CLIENT01", 0, None)


def test_another_client_s_halt_is_shown_and_halts_no_other(alone: Terminal) -> None:
    """The document says halted only of the client that was asked about; the switches name them all."""
    alone("halt", "--client", "CLIENT02")

    data = alone("guard", "--json", "--client", "CLIENT01").data
    assert data["halted"] is False
    assert [(switch["client"], switch["halted"]) for switch in data["switches"]] == [
        (None, False), ("CLIENT01", False), ("CLIENT02", True),
    ]  # fmt: skip
    assert alone("guard", "--json", "--client", "CLIENT02").data["halted"] is True


def test_an_old_or_unknown_figure_says_so(alone: Terminal, halt_file: Path) -> None:
    """Yesterday's profit and loss has its day, and one that the broker did not tell is no zero."""
    yesterday = SystemClock().now() - dt.timedelta(days=1)
    tally_for(halt_file, None).keep(DayPnl(Decimal(5), yesterday))
    assert f"+5.00 on {yesterday:%d %b}" in alone("guard").out

    tally_for(halt_file, None).keep(DayPnl(None, SystemClock().now()))
    assert "unknown at " in alone("guard").out
    assert alone("guard", "--json").data["pnl"]["amount"] is None


def test_a_count_that_cannot_be_read_is_said(alone: Terminal, halt_file: Path) -> None:
    """A garbled count is a remark and no number."""
    tally_for(halt_file, None).orders.write_bytes(b"garbled")

    ran = alone("guard", "--json", env={"JAINAM_MAX_ORDERS_PER_MINUTE": "5"})

    assert ran.data["orders_in_last_minute"] is None
    assert "cannot be read" in ran.err


def test_wrong_limits_are_named(alone: Terminal) -> None:
    """All of them at once, by their settings, with the exit code of wrong settings."""
    ran = alone("guard", env={"JAINAM_MAX_ORDER_VALUE": "many", "JAINAM_MAX_DAILY_LOSS": "-1"})

    assert ran.code == 2
    assert "JAINAM_MAX_ORDER_VALUE" in ran.err
    assert "JAINAM_MAX_DAILY_LOSS" in ran.err
    assert "many" not in ran.err
