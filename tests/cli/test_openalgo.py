"""`openalgo install|uninstall|status|doctor` from a terminal: what is printed, and with which exit code it ends."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from cli.terminal import Ran
from typer.testing import CliRunner

import jainam
from fakes.openalgo_trees import Shape, build, contents
from jainam.cli.main import app


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout, whose Python finds this library wherever the tests do."""
    monkeypatch.setenv("PYTHONPATH", str(Path(jainam.__file__).parents[1]))
    return build(tmp_path / "openalgo", Shape()).resolve()


def run(root: Path, *words: str) -> Ran:
    """Run one command on the checkout."""
    name, *more = words
    result = CliRunner().invoke(app, ["openalgo", name, "--openalgo", str(root), *more], prog_name="jainam")
    return Ran(result.exit_code, result.stdout, result.stderr)


def test_a_day_of_an_installation(root: Path) -> None:
    """Install, look, install again, take out: each says in one sentence what there is now."""
    before = contents(root)
    assert "nothing is installed" in run(root, "status").out
    installed = run(root, "install")
    assert installed.code == 0
    assert f"Jainam Prop is in {root}, OpenAlgo 9.9." in installed.out
    assert f"`jainam openalgo doctor --openalgo {root}`" in installed.out
    assert "changed  blueprints/brlogin.py" in installed.out
    assert "all as they were written" in run(root, "status").out
    assert "nothing changed" in run(root, "install").out
    removed = run(root, "uninstall")
    assert removed.code == 0
    assert f"jainam_prop is out of {root}. Every file is as it was." in removed.out
    assert contents(root) == before


def test_two_brokers_from_a_terminal(root: Path) -> None:
    """A second broker stands beside the first, and either goes alone."""
    run(root, "install")
    second = run(root, "install", "--broker", "my_iifl", "--profile", "iifl", "--title", "Mine", "--keep-redirect")
    assert f"doctor --openalgo {root} --broker my_iifl" in second.out
    assert run(root, "status", "--json").data["installed"] == [
        {"name": "jainam_prop", "profile": "jainam_prop", "title": "Jainam Prop"},
        {"name": "my_iifl", "profile": "iifl", "title": "Mine"},
    ]
    assert "/jainam_prop/callback" in (root / ".env").read_text()
    assert "my_iifl stays." in run(root, "uninstall").out
    assert run(root, "uninstall", "--broker", "my_iifl").code == 0


@pytest.mark.parametrize("words", [("install",), ("uninstall",)])
def test_dry_run_shows_the_diff_and_changes_nothing(root: Path, words: tuple[str, ...]) -> None:
    """--dry-run prints what would change, line by line, and no line with a key in it."""
    if words == ("uninstall",):
        run(root, "install")
    held = contents(root)
    shown = run(root, *words, "--dry-run")

    assert shown.code == 0
    assert contents(root) == held
    sign = "+" if words == ("install",) else "-"
    assert f'{sign}    elif broker == "jainam_prop":' in shown.out.splitlines()
    assert "--- a/.env" in shown.out.splitlines()
    assert "CANARY" not in shown.out + shown.err
    data = run(root, *words, "--dry-run", "--json").data
    assert data["dry_run"] is True
    assert data["diff"] == shown.out.splitlines()
    assert {"path": ".env", "change": "changed", "reason": "its brokers"} in data["changes"]


def test_long_lines_are_shown_where_they_differ(root: Path) -> None:
    """Of a built page, which is one line of thousands, the places that change are shown with a little around them."""
    page = next((root / "frontend/dist/assets").glob("*.js"))
    page.write_text("/*" + "x" * 1000 + "*/" + page.read_text())
    lines = run(root, "install", "--dry-run", "--json").data["diff"]
    start = lines.index(f"--- a/{page.relative_to(root).as_posix()}")
    shown = lines[start : lines.index(next(line for line in lines[start + 1 :] if line.startswith("---")))]

    assert max(map(len, shown)) < 250
    assert any("{id:`jainam_prop`,name:`Jainam Prop`,authType:`totp`}" in line for line in shown)
    assert any("case`jainam_prop`:" in line for line in shown)


def test_nothing_to_show(root: Path) -> None:
    """A dry run of what is done already says so."""
    run(root, "install")

    assert "Nothing would change." in run(root, "install", "--dry-run").out


def test_refusal_has_its_code_and_its_reasons(root: Path) -> None:
    """A tree that may not be touched ends with 3, every reason and what to do."""
    (root / "blueprints/brlogin.py").write_text("")
    (root / ".sample.env").write_text("")
    refused = run(root, "install")
    assert refused.code == 3
    assert "2 reasons to change nothing" in refused.err
    error = run(root, "install", "--json").error
    assert error["error"] == "Refused"
    assert [problem.split(":")[0] for problem in error["problems"]] == ["blueprints/brlogin.py", ".sample.env"]
    assert run(root.parent, "status", "--json").error["hint"].startswith("give the folder that holds")
    assert run(root, "uninstall", "--json").error["message"] == "jainam_prop is not installed in this checkout"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--broker", "mine"), "say which of compositedge"),
        (("--broker", "Mine", "--profile", "iifl"), "lower-case letters"),
        (("--profile", "nobody"), "there is no profile 'nobody'"),
        (("--title", "<b>"), "title '<b>' must be"),
    ],
)
def test_words_that_cannot_be_meant_are_usage_errors(root: Path, words: tuple[str, ...], says: str) -> None:
    """A name, profile or title that cannot be ends with 2, and says what can."""
    error = run(root, "install", *words, "--json").error

    assert run(root, "install", *words).code == 2
    assert says in error["message"]


def test_status_of_a_tree_that_somebody_changed(root: Path) -> None:
    """Files that are not as written are named with 7; lines of .env are their owner's, and only mentioned."""
    run(root, "install")
    (root / ".env").write_text((root / ".env").read_text().replace("northxts,", "westxts,northxts,"))
    whole = run(root, "status")
    assert whole.code == 0
    assert ".env (VALID_BROKERS); that is allowed" in whole.out
    guide = root / "docs/bmad/deployment-guide.md"
    guide.unlink()
    (root / "start.sh").write_text("changed\n")
    broken = run(root, "status")
    assert broken.code == 7
    assert "2 files are not as they were written" in broken.err
    error = run(root, "status", "--json").error
    assert error["data"]["changed"] == ["start.sh"]
    assert error["data"]["put_back"] == ["docs/bmad/deployment-guide.md"]


def test_failing_disk_says_how_to_go_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails ends with 7; status calls the installation interrupted, and the next run finishes it."""
    replace = os.replace

    def full(old: str, new: Path) -> None:
        if Path(new).name == "brlogin.py":
            raise OSError(errno.ENOSPC, "No space left on device", str(new))
        replace(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        stopped = run(root, "install")
    assert stopped.code == 7
    assert "brlogin.py: No space left on device" in stopped.err
    assert "interrupted" in run(root, "status", "--json").error["message"]
    assert {each["name"]: each["verdict"] for each in run(root, "doctor", "--json").error["data"]}["Files"] == "failed"
    assert run(root, "install").code == 0
    assert run(root, "status").code == 0


def test_doctor_names_what_is_missing(root: Path) -> None:
    """The doctor ends with 2 while something is missing, and shows every check with its fix and no key."""
    run(root, "install")
    (root / ".env").write_text((root / ".env").read_text().replace("CANARY-SECRET", ""))
    ill = run(root, "doctor")
    assert ill.code == 2
    assert "JAINAM_INTERACTIVE_API_KEY (or BROKER_API_KEY)" in " ".join(ill.out.split())
    assert "cannot work yet: " in ill.err
    checks = run(root, "doctor", "--json").error["data"]
    assert [list(check) for check in checks] == [["name", "verdict", "found", "fix"]] * len(checks)
    assert "CANARY" not in str(checks) + ill.out + ill.err


def test_doctor_is_content(root: Path) -> None:
    """With everything in its place the doctor ends with 0."""
    run(root, "install")
    with (root / ".env").open("a") as file:
        file.write("BROKER_API_KEY='k'\nBROKER_API_KEY_MARKET='m'\nJAINAM_CLIENT_ID='pro'\n")
        file.write("DATABASE_URL='sqlite:///db/openalgo.db'\nHOST_SERVER='http://127.0.0.1:5000'\n")
    well = run(root, "doctor")

    assert well.code == 0, well
    assert "http://127.0.0.1:5000/jainam_prop/callback" in well.out
    assert {check["verdict"] for check in run(root, "doctor", "--json").data} <= {"ok", "warning"}
