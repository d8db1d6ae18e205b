"""What people may see of a request and of the broker's words: everything but secrets (NFR4)."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote

from jainam.ports.transport import HttpRequest

__all__ = ["described", "scrubbed", "trimmed"]

MASK = "***"
LONGEST = 300
SHORTEST = 4
"""A shorter text is no secret worth the name, and replacing it would eat innocent words."""

_SECRET_KEYS = frozenset(
    {"appkey", "secretkey", "accesstoken", "token", "uniquekey", "authorization", "accesspassword"}
)
_HOST = re.compile(r"^[^:/?#]+://[^/?#]*")
# A token names the app key in clear (protocol 2.1), so it goes even when it is not one of ours, or cut short.
_TOKEN = re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]*)*")


def described(request: HttpRequest, secrets: Iterable[str]) -> str:
    """Method, path, query and body of *request* with every secret replaced; never raises."""
    path, _, query = _HOST.sub("", request.url).partition("?")
    words = f"{request.method} {path}"
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        words += "?" + "&".join(f"{name}={_shown(name, value)}" for name, value in pairs)
    if request.body:
        words += f" {_body(request.body)}"
    return scrubbed(words, (*secrets, request.headers.get("authorization", "")))


def _shown(name: str, value: str) -> str:
    return MASK if name.lower() in _SECRET_KEYS else quote(value, safe="*")


def _body(body: bytes) -> str:
    try:
        return json.dumps(_masked(json.loads(body)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return f"<{len(body)} bytes>"


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: MASK if name.lower() in _SECRET_KEYS else _masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value


def scrubbed(words: str, secrets: Iterable[str]) -> str:
    """*words* without any of *secrets* and without anything that looks like a token."""
    for secret in sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True):
        words = _spellings(secret).sub(MASK, words)
    return _TOKEN.sub(MASK, words)


@lru_cache(maxsize=64)
def _spellings(secret: str) -> re.Pattern[str]:
    """What finds *secret* as it stands, escaped the way of JSON, HTML or an address, and inside of base64."""
    letters = "".join(letter if letter.isalnum() and letter.isascii() else _escapes(letter) for letter in secret)
    return re.compile("|".join((letters, *_in_base64(secret.encode()))))


def _escapes(letter: str) -> str:
    """The spellings of one letter; what was escaped may have been escaped once more, hence the backslashes."""
    code = ord(letter)
    found = {
        re.escape(letter),
        re.escape(html.escape(letter)),
        r"\+" if letter == " " else re.escape(quote(letter)),
        f"(?i:u{code:04x})",
        f"(?i:{''.join(f'%{byte:02x}' for byte in letter.encode())})",
        f"&#0*{code};",
        f"&#x(?i:0*{code:x});",
    }
    return rf"(?:\\|%5[Cc])*(?:{'|'.join(sorted(found, key=len, reverse=True))})"


def _in_base64(secret: bytes) -> Iterable[str]:
    """The letters of *secret* in base64 that depend on nothing around it, for each place where it can begin."""
    for before in range(3):
        whole = b64encode(bytes(before) + secret).decode()
        # Six bits a letter: those at either end are shared with what stands beside the secret.
        sure = whole[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        if len(sure) >= 2 * SHORTEST:
            yield re.escape(sure).replace(r"\+", "[+-]").replace("/", "[/_]")


def trimmed(words: str) -> str:
    """*words* in one line and of a length that fits a message."""
    line = " ".join(words.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
