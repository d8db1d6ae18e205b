"""The envelope around every answer: `{type, code, description, result}`, sometimes wrapped (protocol 4.1)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

__all__ = ["is_error", "is_success", "open_envelope", "parsed"]

_DECODER: Any = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _: None)
"""Every number with a point becomes a Decimal, and a bare NaN, which JSON does not know, nothing."""

_scan = _DECODER.scan_once  # `raw_decode` is a wrapper around it that every order would pay for


def parsed(words: str) -> Any:
    """The JSON document in *words*; raises `ValueError` for anything else, half a document included."""
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
        document = parsed(body.decode("utf-8", "replace"))
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
