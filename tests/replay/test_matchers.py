"""Replay is only as good as what it holds apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from replay.matchers import MATCHERS
from replay.tapes import HOST, Scrubber
from vcr.request import Request


def matches(ours: Request, recorded: Request) -> bool:
    try:
        for matcher in MATCHERS.values():
            matcher(ours, recorded)
    except AssertionError:
        return False
    return True


def request(query: str = "", body: bytes | None = None, headers: Mapping[str, Any] | None = None) -> Request:
    return Request("POST", f"{HOST}/interactive/orders{query}", body, dict(headers or {}))


@pytest.mark.parametrize(
    ("ours", "recorded"),
    [
        (request(body=b'{"a":1,"b":[2]}'), request(body=b'{"b": [2], "a": 1}')),
        (request(body=b""), request(body=None)),
        (request("?"), request()),
        (request("?clientID=*****&a=1"), request("?a=1&clientID=%2A%2A%2A%2A%2A")),
        (request(headers={"Authorization": ["token-1"]}), request(headers={"authorization": "token-1"})),
    ],
)
def test_the_same_question_matches(ours: Request, recorded: Request) -> None:
    """The order of keys, escapes, and nothing written as emptiness make no difference."""
    assert matches(ours, recorded)


@pytest.mark.parametrize(
    ("ours", "recorded"),
    [
        (request(body=b'{"orderQuantity":1}'), request(body=b'{"orderQuantity":10}')),
        (request(body=b'{"limitPrice":1}'), request(body=b'{"limitPrice":"1"}')),
        (request(body=b"{}"), request()),
        (request("?appOrderID=1"), request("?appOrderID=2")),
        (request("?clientID="), request()),
        (request(headers={"authorization": "token-1"}), request(headers={"authorization": "token-2"})),
        (request(headers={"authorization": "token-1"}), request()),
    ],
)
def test_another_question_does_not_match(ours: Request, recorded: Request) -> None:
    """Another quantity, another type, another field or another session is another request."""
    assert not matches(ours, recorded)


def test_what_is_scrubbed_stays_as_it_is() -> None:
    """Keys go, tokens are numbered by the answer that brought them, and a second scrubbing changes nothing (NFR4)."""
    scrubber = Scrubber()
    login = Request("POST", "http://127.0.0.1:4711/a", b'{"appKey":"KEY","secretKey":"SECRET","source":"WEBAPI"}', {})
    answer = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": ["application/json"], "Date": ["today"], "Set-Cookie": ["session=SECRET"]},
        "body": {"string": b'{"result":{"token":"SECRET-TOKEN"}}'},
    }
    kept, told = scrubber.request(login), scrubber.response(answer)
    order = scrubber.request(Request("GET", "http://127.0.0.1:4711/b?x=1", None, {"authorization": "SECRET-TOKEN"}))
    stranger = scrubber.request(Request("GET", "http://127.0.0.1:4711/b", None, {"authorization": "SECRET-OTHER"}))

    assert (kept.uri, kept.body) == (f"{HOST}/a", b'{"appKey":"scrubbed","secretKey":"scrubbed","source":"WEBAPI"}')
    assert told["headers"] == {"content-type": ["application/json"]}
    assert told["body"] == {"string": b'{"result":{"token":"token-1"}}'}
    assert (order.uri, order.headers["authorization"]) == (f"{HOST}/b?x=1", "token-1")
    assert stranger.headers["authorization"] == "scrubbed"
    assert Scrubber().response(told) == told
    assert vars(Scrubber().request(order)) == vars(order)
