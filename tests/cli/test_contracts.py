"""The contract store from a terminal: how old, what changed, and finding options; no key is needed to look."""

from __future__ import annotations

import os

import pytest
from cli.terminal import Terminal

from jainam.adapters.peewee_contracts import PeeweeContracts


@pytest.fixture
def keyless(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal that has the contracts and none of the keys."""
    for side in ("INTERACTIVE", "MARKET"):
        monkeypatch.delenv(f"JAINAM_{side}_API_KEY")
        monkeypatch.delenv(f"JAINAM_{side}_API_SECRET")
    return terminal


def test_a_load_tells_what_was_left_out(exported: Terminal) -> None:
    """Spreads and the like are counted by name, bad rows would be named, and a second load tells what it changed."""
    report = exported("contracts", "sync", "--json").data
    again = exported("contracts", "sync", "--accept")

    assert report["left_out"]["spread"] > 0
    assert (report["unreadable"], report["troubles"], report["changes"]) == (0, [], {})
    assert "left out: " in again.out
    assert "since the last load" not in again.out


def test_the_state_of_the_store(keyless: Terminal) -> None:
    """The time of the load, the contracts of each exchange and what changed."""
    told = keyless("contracts", "status", "--json").data
    shown = keyless("contracts", "status").out

    assert told["total"] == sum(told["exchanges"].values()) > 1000
    assert told["loaded_at"].endswith("+05:30")
    assert "NSEFO" in shown
    assert f"{told['total']} contracts, stored on" in shown


def test_an_empty_store_says_so(exported: Terminal) -> None:
    """Nothing is stored yet, and the command that stores something is named."""
    assert "jainam contracts sync" in exported("contracts", "status").out
    assert exported("contracts", "status", "--json").data is None
    assert "changed nothing" in exported("contracts", "diff").out


def test_what_the_last_load_changed(keyless: Terminal) -> None:
    """Changes are shown by kind and exchange, as many as asked for, and the rest is counted."""
    store = PeeweeContracts(os.environ["JAINAM_DATABASE"])
    rows = list(store.rows())
    store.replace_rows([(*rows[0][:7], 999, *rows[0][8:]), *rows[3:]])
    store.close()

    told = keyless("contracts", "diff", "--json").data
    gone = keyless("contracts", "diff", "--what", "gone", "--limit", "1")
    elsewhere = keyless("contracts", "diff", "--exchange", "MCX").out

    assert [change["what"] for change in told] == ["lot size", "gone", "gone"]
    assert (told[0]["was"], told[0]["now"]) == (str(rows[0][7]), "999")
    assert "1 more; --limit shows them" in gone.out
    assert "changed nothing" in elsewhere
    assert "changed: gone" in keyless("contracts", "status").out


def test_finding_by_more_than_words(keyless: Terminal) -> None:
    """Underlying, kind, expiry, strikes and a prefix narrow a search down."""
    day = keyless("contracts", "expiries", "NIFTY", "--json").data[0]["expiry"]
    terms = ("--name", "nifty", "--kind", "CE", "--expiry", day, "--strike", "25000:26000", "--prefix", "nifty")
    found = keyless("contracts", "find", *terms, "-n", "500", "--json").data

    assert len(found) > 5
    assert {(row["name"], row["kind"], row["expiry"]) for row in found} == {("NIFTY", "CE", day)}
    assert {25000 <= float(row["strike"]) <= 26000 for row in found} == {True}
    one = keyless("contracts", "find", "--name", "NIFTY", "--strike", "25500", "--json").data
    assert {row["strike"] for row in one} == {"25500"}
    assert keyless("contracts", "find", "--strike", "x").code == 2
    assert "No contract matches that" in keyless("contracts", "find", "--prefix", "ZZZ").out


def test_a_chain(keyless: Terminal) -> None:
    """Calls and puts of the next expiry, around a price when one is given."""
    chain = keyless("contracts", "chain", "nifty", "--price", "25790", "--width", "2", "--json").data
    shown = keyless("contracts", "chain", "NIFTY", "--price", "25790", "--width", "2")

    assert chain["at_the_money"] == "25800"
    assert [row["strike"] for row in chain["strikes"]] == ["25700", "25750", "25800", "25850", "25900"]
    assert all(row["call"]["kind"] == "CE" and row["put"]["kind"] == "PE" for row in chain["strikes"])
    assert "25800 *" in shown.out
    assert keyless("contracts", "chain", "NIFTY", "--width", "2").code == 2
    assert "lists no such options" in keyless("contracts", "chain", "ZZZ").out


def test_expiries(keyless: Terminal) -> None:
    """Each day on which something expires, with its future and how many options."""
    days = keyless("contracts", "expiries", "NIFTY", "--json").data

    assert [day["expiry"] for day in days] == sorted(day["expiry"] for day in days)
    assert sum(day["future"] is not None for day in days) == 3
    assert all(day["options"] > 0 for day in days)
    assert "NIFTY" in keyless("contracts", "expiries", "NIFTY").out
    assert "lists nothing on ZZZ" in keyless("contracts", "expiries", "ZZZ").out
