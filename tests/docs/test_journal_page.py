"""What the page on the journal says is what the journal does."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.journal_suite import DAYBREAK, meant, written
from jainam.adapters.peewee_journal import PeeweeJournal
from jainam.domain.journal import Verdict

PAGE = (Path(__file__).parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")


def test_every_verdict_is_explained() -> None:
    """The table of verdicts has a line for each, and one for what has none."""
    lines = re.findall(r"^\| `([a-z ]+)` \|", PAGE, re.MULTILINE)
    assert lines == [*(verdict.value for verdict in Verdict), "open"]


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The example prints what is unsettled of that client."""
    monkeypatch.chdir(tmp_path)
    with closing(PeeweeJournal("jainam.journal.sqlite", "jainam_prop", "CLIENT01")) as journal:
        written(journal, meant("T1"))
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    names: dict[str, Any] = {"morning": DAYBREAK}
    exec(code, names)

    assert capsys.readouterr().out == "1 T1 None\n"
