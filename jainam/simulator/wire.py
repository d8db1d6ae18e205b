"""JSON as an XTS server writes and reads it: exact decimals, and bodies judged by what they hold."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl


def _plain(value: object) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    # The shortest float text is the decimal's own for every amount of fewer than 16 digits.
    return int(value) if value == value.to_integral_value() else float(value)


def dump(value: object) -> str:
    """Return *value* as JSON text; a Decimal becomes a number without binary noise."""
    return json.dumps(value, default=_plain, separators=(",", ":"), ensure_ascii=False)


def text(number: Decimal | int, commas: bool = False, places: int | None = None) -> str:
    """Return *number* as a string field has it."""
    if places is not None:
        return f"{number:,.{places}f}" if commas else f"{number:.{places}f}"
    if isinstance(number, int):
        return f"{number:,}" if commas else str(number)
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


class Unreadable(ValueError):
    """A body is neither JSON nor a form."""


def read_body(body: bytes) -> dict[str, Any]:
    """Return the fields of a JSON or form-encoded body, told apart by its first character and not by its label."""
    try:
        content = body.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8") from error
    if not content:
        return {}
    if content[0] not in "{[":
        return dict(parse_qsl(content, keep_blank_values=True))
    try:
        value = json.loads(content, parse_float=Decimal)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    return value if isinstance(value, dict) else {"items": value}


def compact(body: bytes) -> str:
    """Return *body* without the blanks a JSON writer may put between its parts."""
    content = body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(content), separators=(",", ":"), ensure_ascii=False)
    except ValueError:
        return content


def first_of(mapping: Mapping[str, Any], *names: str) -> Any:
    """Return the first of *names* that is given."""
    return next((mapping[name] for name in names if mapping.get(name) not in (None, "")), None)
