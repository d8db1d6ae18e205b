"""The page on order checks names every rule and slab there is, and its code runs."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from jainam.domain.rules import DEFAULT_RULES
from jainam.domain.slabs import HOST_SLABS
from jainam.domain.vocabulary import Exchange

PAGE = (Path(__file__).parents[2] / "docs" / "order-checks.md").read_text(encoding="utf-8")


def test_every_rule_is_named() -> None:
    """The table of rules is the book, in its order."""
    table = PAGE.partition("| Rule | Where |")[2].partition("\n\n")[0]
    names = [row.split("|")[1].strip() for row in table.splitlines()[2:]]

    assert names == [rule.name for rule in DEFAULT_RULES.rules]


def test_its_code_runs() -> None:
    """The block of Python runs as it stands and leaves the rules it speaks of."""
    [block] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(block, "order-checks.md", "exec"), names)

    rules = names["rules"]
    assert isinstance(rules, type(DEFAULT_RULES))
    assert len(rules.rules) == len(DEFAULT_RULES.rules) - 1
    assert [rule.exchange for rule in rules.quantity_rules] == [Exchange.MCX]


def test_default_slabs_are_those_of_the_table() -> None:
    """The per cent that the page shows are those that protect."""
    table = PAGE.partition("| Price | Shares and futures |")[2].partition("\n\n")[0]
    shown = re.findall(r"([\d.]+) %", table)

    shares, options = HOST_SLABS
    assert [Decimal(percent) for percent in shown[:-1:2]] == [margin.percent for margin in shares.margins]
    assert [Decimal(percent) for percent in (*shown[1::2], shown[-1])] == [margin.percent for margin in options.margins]
