"""Every one of the 94 defects of the plugin that OpenAlgo has is tested, or explained in docs/peer-bugs.md."""

from __future__ import annotations

import re
from pathlib import Path


def test_all_94_are_accounted_for() -> None:
    """Each has a test here or in a folder beside, or a line with the reason why it cannot occur, and none has both."""
    folder = Path(__file__).parents[1]
    tested = {
        int(number)
        for file in folder.rglob("test_*.py")
        for number in re.findall(r"(?m)^def test_b_(\d\d)_", file.read_text(encoding="utf-8"))
    }
    page = folder.parents[1] / "docs" / "peer-bugs.md"
    explained = {int(number) for number in re.findall(r"(?m)^\| B-(\d\d) \|", page.read_text(encoding="utf-8"))}

    assert tested | explained == set(range(1, 95))
    assert tested & explained == set()


def test_the_page_names_tests_that_are_there() -> None:
    """Every test that the page points to is in the file that it names."""
    root = Path(__file__).parents[3]
    page = (root / "docs" / "peer-bugs.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)` in `(tests/[\w/.]+)`", page)

    assert len(named) > 5
    assert not [test for test, file in named if f"def {test}(" not in (root / file).read_text(encoding="utf-8")]
