"""The document around every answer: the same whoever reads it, msgspec or json, and whatever came instead of one."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jainam.adapters.xts import envelope
from jainam.adapters.xts.envelope import open_envelope, parsed

NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(json.dumps),
)
DOCUMENTS = st.recursive(
    st.one_of(st.sampled_from(["null", "true", "false"]), NUMBERS, st.text(max_size=8).map(json.dumps)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]"),
        st.dictionaries(st.text(max_size=4), inner, max_size=4).map(
            lambda items: "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=12,
)


def outcome(words: str | bytes) -> object:
    """What is read, told apart by type as well; or that nothing can be."""
    try:
        return repr(parsed(words))
    except ValueError as error:
        return str(error)


def by_json(words: str | bytes) -> object:
    """The same without msgspec."""
    with patch.object(envelope, "_quick", lambda: None):
        return outcome(words)


@given(DOCUMENTS)
@example('{"price": 125.350, "id": 18446744073709551616, "id": 1, "none": NaN, "far": 1E+400}')
def test_msgspec_reads_what_json_reads(document: str) -> None:
    """Every number to the last digit, as an int or a Decimal; what msgspec refuses is read by json after all."""
    pytest.importorskip("msgspec")

    assert outcome(document) == outcome(document.encode()) == by_json(document)


@given(st.one_of(st.binary(max_size=24), DOCUMENTS.map(lambda document: document.encode()[:-1])))
@example(b"\xef\xbb\xbf {} ")
@example(b'["\xff", "\\ud800"]')
@example(b"{} and more")
@example(b"[1E99999999999999999999]")
@example(b"[" * 100_000)
@example(b"[01, 1., .5, +1]")
def test_msgspec_takes_nothing_that_json_refuses(body: bytes) -> None:
    """Half a document, no document, or one with a mark before it: both say the same."""
    pytest.importorskip("msgspec")

    assert outcome(body) == by_json(body)


def test_without_msgspec(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody needs it: json reads the same."""
    monkeypatch.setitem(sys.modules, "msgspec.json", None)
    envelope._quick.cache_clear()
    try:
        assert parsed(b'{"price": 125.350}') == {"price": Decimal("125.350")}
        assert envelope._quick() is None
    finally:
        envelope._quick.cache_clear()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"type": "success", "result": 1}', {"type": "success", "result": 1}),
        (b'{"err": 1, "data": {"type": "error"}}', {"type": "error"}),
        (b'{"result": 1}', None),
        (b'{"data": [1]}', None),
        (b"[]", None),
        (b"<html>", None),
    ],
)
def test_an_envelope_is_one_object_with_a_type(body: bytes, found: dict[str, Any] | None) -> None:
    """Bare, or wrapped as one broker does; anything else is none."""
    assert open_envelope(body) == found
