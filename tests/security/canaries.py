"""Secrets that sing when they are seen, and an ear for each way in which they might be written down."""

from __future__ import annotations

import base64
import html
import json
import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from attrs import define, field

__all__ = ["ACCESS_TOKEN", "JWT", "KEYS", "Listener", "found_in", "opaque_token", "spellings", "web_token", "words_of"]

# With what escapes change: real secrets of this protocol hold such characters too.
KEYS = {
    "interactive_key": "CANARYikey&0001",
    "interactive_secret": "CANARYisec@$<1>/+=",
    "market_key": "CANARYmkey&0002",
    "market_secret": 'CANARYmsec#%"2"\\/',
}
ACCESS_TOKEN = "CANARYaccess.token-~3"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def web_token(number: int) -> str:
    """A token like a real one: three parts, the app key legible in the second."""
    head = _part({"alg": "HS256", "typ": "JWT"})
    body = _part({"userID": "DEALER01", "publicKey": KEYS["interactive_key"], "iat": 1768192200 + number})
    return f"{head}.{body}.CANARYsignature{number}"


def opaque_token(number: int) -> str:
    """A token of no known form."""
    return f"CANARYtoken+/{number:04d}=="


JWT = [web_token(number) for number in range(4)]
SECRETS = (*KEYS.values(), ACCESS_TOKEN, *(opaque_token(number) for number in range(4)))


def spellings(secret: str) -> set[str]:
    """The ways in which *secret* may stand in a text without having been hidden."""
    escaped = json.dumps(secret)[1:-1]
    found = {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        html.escape(secret, quote=False),
        escaped,
        escaped.replace("/", "\\/"),
        repr(secret)[1:-1],
        repr(secret.encode())[2:-1],
    }
    for before in range(3):  # wherever it begins inside a longer text: the letters that depend on it alone
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            letters = encode(b"?" * before + secret.encode()).decode().rstrip("=")
            found.add(letters[before and before + 1 : -2])
    return found


LOUD = frozenset(
    # "CANARY" itself: whatever escapes are used, the letters stay; and what tells a JWT's three parts.
    {"CANARY", *(spelling for secret in SECRETS for spelling in spellings(secret))}
    | {part[:12] for token in JWT for part in token.split(".")[:2]}
    | {part[-12:] for token in JWT for part in token.split(".")[:2]}
)


def found_in(text: str) -> list[str]:
    """The canaries heard in *text*, each with the words around it."""
    return [
        f"{loud!r} in …{text[max(at - 80, 0) : at + 80]!r}…" for loud in sorted(LOUD) if (at := text.find(loud)) >= 0
    ][:3]


@define(eq=False)
class Listener(logging.Handler):
    """Keeps all that any logger says, at any level."""

    heard: list[str] = field(factory=list)
    loggers: set[str] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        logging.Handler.__init__(self, logging.NOTSET)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the words, their parts, and whatever hangs on them."""
        self.loggers.add(record.name.partition(".")[0])
        self.heard += [record.getMessage(), repr(record.args), repr(record.__dict__)]
        if record.exc_info and record.exc_info[1] is not None:
            self.heard += words_of(record.exc_info[1])

    @classmethod
    @contextmanager
    def everywhere(cls) -> Iterator[Listener]:
        """Listen to all loggers there are, each as talkative as it can be made from outside."""
        listener, root = cls(), logging.getLogger()
        known = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
        before = [(logger, logger.level) for logger in (root, *known)]
        for logger in (root, *known):
            logger.setLevel(logging.DEBUG)
        root.addHandler(listener)
        try:
            yield listener
        finally:
            root.removeHandler(listener)
            for logger, level in before:
                logger.setLevel(level)


def words_of(error: BaseException) -> list[str]:
    """All that an error says, its causes, contexts, notes and attributes included."""
    words = ["".join(traceback.format_exception(error))]
    for each in _with_causes(error):
        words += [str(each), repr(each), repr(each.args), repr(vars(each)), *getattr(each, "__notes__", ())]
    return words


def _with_causes(error: BaseException) -> Iterable[BaseException]:
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and each not in found:
            found.append(each)
            waiting += [each.__cause__, each.__context__]
            if isinstance(each, BaseExceptionGroup):
                waiting += each.exceptions
    return found
