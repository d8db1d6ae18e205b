"""The envelope around every answer: `{type, code, description, result}`, sometimes wrapped (protocol 4.1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

__all__ = ["is_error", "is_success", "open_envelope", "parsed"]

_DECODER: Any = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _: None)
"""Every number with a point becomes a Decimal, and a bare NaN, which JSON does not know, nothing."""

_scan = _DECODER.scan_once  # `raw_decode` is a wrapper around it that every order would pay for


@cache
def _quick() -> Callable[[str | bytes], Any] | None:
    """msgspec's reader where it is installed: the same documents with the same numbers for half the work.

    It is looked for when the first answer is here, since its import takes longer than many of them.
    """
    try:
        from msgspec.json import Decoder
    except ImportError:
        return None
    return Decoder(float_hook=Decimal).decode


def parsed(words: str | bytes) -> Any:
    """The JSON document in *words*; raises `ValueError` for anything else, half a document included."""
    quick = _quick()
    if quick is not None:
        try:
            return quick(words)
        except Exception:  # noqa: BLE001 - its kinds of error change with its version, and json judges in the end
            pass  # what it refuses may be a NaN, half a character or a mark that others put before the text
    if isinstance(words, bytes):
        words = words.decode("utf-8", "replace")
    words = words.strip("\ufeff \t\r\n")
    try:
        document, end = _scan(words, 0)
    except (ValueError, StopIteration, RecursionError, ArithmeticError):
        document, end = None, -1  # json's own error holds the whole answer; raised out here, ours does not lead to it
    if end != len(words):
        raise ValueError("not one JSON document")
    return document


def open_envelope(body: bytes) -> dict[str, Any] | None:
    """The envelope in *body*, unwrapped; ``None`` when there is none that can be read."""
    try:
        document = parsed(body)
    except ValueError:
        return None
    if type(document) is dict and "type" not in document:
        document = document.get("data")  # `{err, data: {type, code, description}}` at one broker
    if type(document) is not dict or "type" not in document:
        return None
    return document


def is_error(envelope: dict[str, Any]) -> bool:
    """True when `type` says no; a word that says neither yes nor no leaves an order in doubt."""
    kind = envelope["type"]
    return kind is False or (type(kind) is str and kind.lower() == "error")


def is_success(envelope: dict[str, Any]) -> bool:
    """True by the word in `type` and nothing else: neither the HTTP status nor the code says so (traps 1 to 3)."""
    kind = envelope["type"]
    return kind == "success" or kind is True or (type(kind) is str and kind.lower() == "success")
