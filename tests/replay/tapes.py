"""Cassettes as this library keeps them: no port, no secret, nothing that differs from one recording to the next."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import vcr
from attrs import define, field
from replay.matchers import MATCHERS, header_of
from vcr.request import Request

__all__ = ["CASSETTES", "HOST", "tape"]

CASSETTES = Path(__file__).parents[2] / "cassettes"
HOST = "https://xts.example"
MASK = "scrubbed"
SECRETS = frozenset({"appkey", "secretkey", "accesstoken", "uniquekey"})
NUMBERED = re.compile(r"token-\d+")


@define
class Scrubber:
    """Takes keys and secrets out, and numbers tokens in the order in which the exchange gave them out.

    Requests and answers that have been through it come out of it unchanged.
    """

    _tokens: dict[str, str] = field(factory=dict)

    def request(self, request: Request) -> Request:
        """The request as it is kept, and as it is looked for."""
        parts = urlsplit(request.uri)
        query = urlencode(parse_qsl(parts.query, keep_blank_values=True))
        headers = {}
        if (token := header_of(request, "authorization")) is not None:
            headers["authorization"] = self._numbered(token)
        uri = urlunsplit((*urlsplit(HOST)[:2], parts.path, query, ""))
        return Request(request.method, uri, self._body(request.body), headers)

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """The answer as it is kept: status, media type and body."""
        labels = {name.lower(): values for name, values in response["headers"].items()}
        body = response["body"].get("string") or b""
        return {
            "status": response["status"],
            "headers": {"content-type": labels.get("content-type", [])},
            "body": {"string": self._answer(body if isinstance(body, bytes) else body.encode())},
        }

    def _body(self, body: Any) -> bytes | None:
        if not body:
            return None
        document = json.loads(body)
        masked = {name: MASK if name.lower() in SECRETS else value for name, value in document.items()}
        return bytes(body) if masked == document else json.dumps(masked, separators=(",", ":")).encode()

    def _answer(self, body: bytes) -> bytes:
        try:
            token = json.loads(body)["result"]["token"]
        except (ValueError, KeyError, TypeError):
            return body
        if not NUMBERED.fullmatch(token):
            self._tokens.setdefault(token, f"token-{len(self._tokens) + 1}")
        return body.replace(token.encode(), self._numbered(token).encode())

    def _numbered(self, token: str) -> str:
        return token if NUMBERED.fullmatch(token) else self._tokens.get(token, MASK)


def tape(path: Path, record_mode: str) -> Any:
    """The cassette at *path*, to be entered; with the mode ``none`` nothing ever reaches a network."""
    scrubber = Scrubber()
    recorder = vcr.VCR(
        before_record_request=scrubber.request, before_record_response=scrubber.response, record_on_exception=False
    )
    for name, matcher in MATCHERS.items():
        recorder.register_matcher(name, matcher)
    return recorder.use_cassette(str(path), record_mode=record_mode)
