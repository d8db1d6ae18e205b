"""How a request is recognised among recorded ones: by what it asks for, not by how its bytes are laid out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from vcr.request import Request

__all__ = ["MATCHERS", "authorization", "header_of", "parsed_body", "parsed_query"]


def parsed_body(ours: Request, recorded: Request) -> None:
    """Both bodies hold the same JSON, whatever the order of its keys; an empty body equals an absent one."""
    assert _document(ours.body) == _document(recorded.body)


def parsed_query(ours: Request, recorded: Request) -> None:
    """Both queries hold the same fields once their escapes are read; an empty query equals an absent one."""
    assert _fields(ours.uri) == _fields(recorded.uri)


def authorization(ours: Request, recorded: Request) -> None:
    """Both requests go out under the same session, tokens having been numbered."""
    assert header_of(ours, "authorization") == header_of(recorded, "authorization")


def header_of(request: Request, name: str) -> str | None:
    """The value of one header as text, in whichever form an HTTP library has left it."""
    value: Any = next((held for key, held in request.headers.items() if str(key).lower() == name), None)
    if isinstance(value, list):
        value = value[0] if value else None
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _document(body: Any) -> Any:
    return json.loads(body) if body else None


def _fields(uri: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(urlsplit(uri).query, keep_blank_values=True))


MATCHERS: dict[str, Callable[[Request, Request], None]] = {
    "parsed_query": parsed_query,
    "parsed_body": parsed_body,
    "authorization": authorization,
}
