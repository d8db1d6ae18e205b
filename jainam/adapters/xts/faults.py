"""What an answer that is no success amounts to: one of the domain's errors, or an empty book (protocol 4)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from jainam.adapters.xts.redaction import scrubbed, trimmed
from jainam.adapters.xts.values import text
from jainam.domain.errors import (
    BrokerError,
    BrokerUnavailable,
    JainamError,
    LoginExpired,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    UnexpectedReply,
    WrongCredentials,
)
from jainam.domain.steps import BrokerStep, Login
from jainam.ports.transport import HttpResponse

__all__ = ["Refusal", "error_of", "is_nothing_there", "page_error"]

RATE_LIMIT = "e-apirl-0004"
NOTHING_THERE = "data not available"

_EXPIRED_CODES = frozenset({"e-session-0005", "e-session-0007"})
_EXPIRED_WORDS = (
    "please provide token",
    "token/authorization not found",
    "session has been expired",
    "session expired",
    "token expired",
    "token has expired",
)
_BAD_KEY_CODES = frozenset({"e-user-0004"})
_BAD_KEY_WORDS = ("invalid appkey", "invalid secretkey", "invalid app key", "invalid secret key", "accesstoken")

# The gateway's own words for not having heard from the system behind it: the order may have got there.
_NO_WORD = re.compile(
    r"tim(?:ed|e)[ -]?out|internal server error|bad gateway|service unavailable|socket hang up"
    r"|no response|not respond|econn|etimedout|connection (?:was |is )?(?:reset|closed|lost|aborted)",
    re.IGNORECASE,
)
_HTTPS_PORT = "plain http request was sent to https port"
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@frozen
class Refusal:
    """An envelope that says no, in the broker's words without secrets."""

    code: str
    description: str

    @classmethod
    def read(cls, envelope: Mapping[str, Any], secrets: tuple[str, ...]) -> Refusal:
        """The refusal in *envelope*, with the field errors of a `Bad Request` as text."""
        description = envelope.get("description")
        words = description if isinstance(description, str) else ""
        result = envelope.get("result")
        errors = result.get("errors") if isinstance(result, dict) else None
        if errors:
            words = f"{words}: {json.dumps(errors, default=str, ensure_ascii=False)}"
        return cls(
            scrubbed(text(envelope.get("code")), secrets),
            trimmed(scrubbed(words, secrets)) or "the broker said no and gave no reason",
        )

    @property
    def is_expired(self) -> bool:
        """True when it means: log in again (protocol 2.7)."""
        code, words = self.code.lower(), self.description.lower()
        return (
            code.startswith("e-token-")
            or code in _EXPIRED_CODES
            or words.rstrip(" .!") == "invalid token"
            or any(phrase in words for phrase in _EXPIRED_WORDS)
        )

    @property
    def is_bad_key(self) -> bool:
        """True when it means that the keys are wrong, in an answer to a login."""
        words = self.description.lower()
        return self.code.lower() in _BAD_KEY_CODES or any(phrase in words for phrase in _BAD_KEY_WORDS)

    @property
    def is_rate_limit(self) -> bool:
        """True when it means: too many calls, whatever the HTTP status says."""
        return self.code.lower() == RATE_LIMIT


def is_nothing_there(refusal: Refusal, codes: tuple[str, ...]) -> bool:
    """True when a book is empty: one of its own *codes*, together with the words (trap 1).

    Both are asked for: the code alone also comes with refusals, and the words alone with a missing client id.
    """
    return refusal.code.lower() in codes and refusal.description.lower().rstrip(" .!") == NOTHING_THERE


def error_of(step: BrokerStep[Any], status: int, refusal: Refusal) -> JainamError:
    """What a readable refusal amounts to."""

    def of(kind: Callable[..., BrokerError]) -> BrokerError:
        return kind(refusal.description, refusal.code, status)

    lost = OutcomeUnknown(f"HTTP {status}: {refusal.description}")
    if step.moves_an_order and (status == 408 or status >= 500):
        return lost
    if status == 429 or refusal.is_rate_limit:
        return of(RateLimited)
    if isinstance(step, Login):
        if refusal.is_bad_key or refusal.is_expired or status in (401, 403):
            return of(WrongCredentials)
    elif refusal.is_expired or status in (401, 403):
        return of(LoginExpired)
    if step.moves_an_order:
        return lost if _NO_WORD.search(refusal.description) else of(OrderRejected)
    return of(BrokerUnavailable if status >= 500 else BrokerError)


def page_error(step: BrokerStep[Any], response: HttpResponse, path: str, secrets: tuple[str, ...]) -> JainamError:
    """What an answer without an envelope amounts to: a gateway's page, half an answer, or something else.

    An order whose answer cannot be read is in doubt, whoever wrote the answer: a page of 404 says that the gateway
    itself refused, but only the order book can say so for certain, and looking there costs one read.
    """
    status = response.status
    words = _page_words(response, path, secrets)
    if status == 429:
        return RateLimited(words, status=status)
    in_doubt = step.moves_an_order and _is_page(response)  # a firewall's 403 gets no better by another login
    if status in (401, 403) and not isinstance(step, Login) and not in_doubt:
        return LoginExpired(words, status=status)
    if step.moves_an_order:
        return OutcomeUnknown(words)
    if _is_page(response) or not 200 <= status < 300:
        return BrokerUnavailable(words, status=status)
    return UnexpectedReply(words)


def _is_page(response: HttpResponse) -> bool:
    return "html" in response.content_type.lower() or response.body.lstrip()[:1] == b"<"


def _page_words(response: HttpResponse, path: str, secrets: tuple[str, ...]) -> str:
    body = response.body[:4096].decode("utf-8", "replace")
    if _HTTPS_PORT in body.lower():
        return f"{path} answered HTTP {response.status}: this port speaks https, and the address begins with http://"
    if _is_page(response):
        title = _TITLE.search(body)
        shown = f" ({trimmed(scrubbed(title[1], secrets))})" if title else ""
        return f"service unavailable: {path} answered with a gateway page, HTTP {response.status}{shown}"
    if 200 <= response.status < 300:  # nobody knows what stands in it, so none of it is shown
        return f"{path} gave an answer that cannot be read, HTTP {response.status}, {len(response.body)} bytes"
    shown = trimmed(scrubbed(body, secrets))
    return f"{path} answered HTTP {response.status}{f': {shown}' if shown else ''}"
