"""The README: its code runs, its tables are complete, and each of its promises is kept by a test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jainam.adapters.desk import Desk
from jainam.adapters.xts.profiles import PROFILES
from jainam.cli.failures import CODES, DECLINED, INTERRUPTED, PARTLY_DONE, UNEXPECTED
from jainam.cli.sim import environment
from jainam.simulator import Modes, SimulatorSettings, running

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

PROMISES = {
    "Send an order twice": "test_orders.py::test_an_order_whose_answer_is_lost_is_found_and_not_sent_again",
    'Call an order "not sent" that may have left': (
        "test_failures.py::test_an_order_nobody_can_find_ends_with_exit_code_4_and_its_tag"
    ),
    'Read a failure as "flat"': "test_orders.py::test_a_smart_order_sends_nothing_when_the_positions_cannot_be_read",
    "Call a position closed that is not": "test_moves.py::test_a_position_that_stays_open_is_named_with_its_reason",
    "Close the same position twice": "test_moves.py::test_closing_everything_closes_everything_once",
    "Bend an order into shape": "test_failures.py::test_an_order_that_cannot_be_is_refused_before_it_leaves",
    "Act on everything unasked": "test_moves.py::test_where_nobody_can_be_asked_a_yes_is_required",
    "Let your keys out": "test_failures.py::test_secrets_are_never_printed_at_any_level",
    "Send your keys in the clear": "test_failures.py::test_wrong_settings_are_named_and_nothing_is_sent",
}
"""Each promise, and the test of the command line that would break with it."""


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables of a running exchange, today's contracts loaded."""
    settings = SimulatorSettings(modes=Modes(rate_limits=False))
    with running(settings) as server, pytest.MonkeyPatch.context() as patch:
        found = environment(settings, server.url, tmp_path_factory.mktemp("readme") / "contracts.sqlite")
        for name, value in found.items():
            patch.setenv(name, value)
        with Desk.from_environment() as desk:
            desk.load_contracts()
        yield found


@pytest.mark.parametrize("block", BLOCKS, ids=["blocking", "asyncio", "errors"])
def test_its_code_runs(
    block: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every block of Python runs as it stands, with the settings of an exchange, and says something."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})

    printed = capsys.readouterr().out
    assert re.search(r"^\d+ open 0 of 10$|^BUY 50 $", printed, re.MULTILINE), printed


def test_both_faces_take_about_ten_lines() -> None:
    """The blocking example has about ten lines of code, and the other is the same with `await`."""
    blocking, awaiting = ([line for line in block.splitlines() if line.strip()] for block in BLOCKS[:2])

    assert 8 <= len(blocking) <= 11
    assert len(awaiting) - len(blocking) <= 3


def test_each_promise_is_kept_by_a_test() -> None:
    """Every promise about money names a test that exists, and none goes without."""
    made = re.findall(r"^- \*\*(.+?)\.\*\*", README, re.MULTILINE)

    assert made == list(PROMISES)
    for place in PROMISES.values():
        file, _, name = place.partition("::")
        assert f"def {name}(" in (CHECKOUT / "tests" / "cli" / file).read_text(encoding="utf-8")


def test_the_settings_are_complete() -> None:
    """The table has every variable of `.env.example`, and no other."""
    table = README.partition("## Settings")[2].partition("## Other")[0]
    example = (CHECKOUT / ".env.example").read_text(encoding="utf-8")

    rows = [line for line in table.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(JAINAM_\w+)`", row.split("|")[1])}
    assert named == set(re.findall(r"^#?(JAINAM_\w+)=", example, re.MULTILINE))


def test_the_profiles_are_complete() -> None:
    """The section on other brokers names every profile there is."""
    section = README.partition("## Other XTS brokers")[2].partition("## Development")[0]

    assert set(re.findall(r"`([a-z_]+)`", section)) == set(PROFILES)


def test_the_exit_codes_are_complete() -> None:
    """The table has every exit code that a command can end with."""
    table = README.partition("| Exit code")[2].partition("\n\n")[0]

    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert codes == {0, DECLINED, *CODES.values(), PARTLY_DONE, UNEXPECTED, INTERRUPTED}
