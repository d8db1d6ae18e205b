"""Entries of the journal as rows of a table, and the chain of digests that ties each row to all before it.

A row says everything twice: in columns, for whoever looks at the table, and as one JSON value, from which the entry is
read back equal. The digest covers both.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

import cattrs

from jainam.domain.errors import NotConfigured
from jainam.domain.instruments import InstrumentRef, SymbolKey
from jainam.domain.journal import Ending, Intent

__all__ = ["COLUMNS", "NO_DIGEST", "content", "digest", "ending_in", "entry_in", "intent_in", "row", "stamp"]

T = TypeVar("T")

COLUMNS = (
    *("broker", "account", "at", "what", "deed", "key", "tag", "order_id", "symbol", "exchange", "token", "product"),
    *("side", "quantity", "price_type", "price", "trigger_price", "disclosed_quantity", "time_in_force", "is_exit"),
    *("held", "caller", "verdict", "words", "value"),
)
"""What a row holds beside its number and its digest, in the order in which the digest reads it."""

NO_DIGEST = "0" * 64
"""What the first row of all follows."""

_MOST = 2**63 - 1
_REMEMBERED = 10_000  # the same orders of a day are asked for again and again, and no entry ever changes
_converter = cattrs.Converter(detailed_validation=False)
_converter.register_unstructure_hook(Decimal, str)
_converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
_converter.register_unstructure_hook(dt.datetime, dt.datetime.isoformat)
_converter.register_structure_hook(dt.datetime, lambda text, _: dt.datetime.fromisoformat(text))
_encode = json.JSONEncoder(separators=(",", ":")).encode  # in ASCII, so that no text is too strange for a database
# What somebody else put into a row may be anything.
_encode_any = json.JSONEncoder(separators=(",", ":"), default=repr).encode


def row(broker: str, account: str, what: Intent | Ending) -> tuple[object, ...]:
    """The `COLUMNS` of *what* for *account* at *broker*."""
    value = _encode(_converter.unstructure(what))
    at = stamp(what.at)
    if isinstance(what, Ending):
        return (
            *(
                broker,
                account,
                at,
                "ended",
                None,
                _plain(what.key),
                None,
                _plain(what.order_id),
                None,
                None,
                None,
                None,
            ),
            *(None, None, None, None, None, None, None, None),
            *(None, None, what.verdict._value_, _plain(what.words), value),
        )
    key, ref = (what.order.instrument if what.order else None), what.ref
    return (
        *(broker, account, at, "meant", what.deed._value_, _plain(what.key), _plain(what.tag), _plain(what.order_id)),
        *_instrument(key, ref),
        *_terms(what),
        *(int(what.is_exit), _whole(what.held), _plain(what.caller), None, None, value),
    )


def _instrument(key: SymbolKey | None, ref: InstrumentRef | None) -> tuple[object, ...]:
    exchange = key.exchange if key else ref.exchange if ref else None
    return (_plain(key.symbol if key else None), exchange and exchange._value_, _whole(ref.token if ref else None))


def _terms(intent: Intent) -> tuple[object, ...]:
    order = intent.order
    if order is None:
        return (None,) * 8
    return (
        order.product._value_,
        order.side._value_,
        _whole(order.quantity),
        order.price_type._value_,
        f"{order.price:f}",
        f"{order.trigger_price:f}",
        _whole(order.disclosed_quantity),
        order.time_in_force._value_,
    )


def entry_in(what: str, value: str) -> Intent | Ending:
    """The entry whose columns `what` and `value` are these; raises `NotConfigured` when it is none."""
    return intent_in(value) if what == "meant" else ending_in(value)


@lru_cache(_REMEMBERED)
def intent_in(value: str) -> Intent:
    """The intent whose column `value` is this; raises `NotConfigured` when it is none."""
    return _read(value, Intent)


@lru_cache(_REMEMBERED)
def ending_in(value: str) -> Ending:
    """The ending whose column `value` is this; raises `NotConfigured` when it is none."""
    return _read(value, Ending)


def _read(value: str, kind: type[T]) -> T:
    try:
        return _converter.structure(json.loads(value), kind)
    except (ValueError, TypeError, KeyError, ArithmeticError):
        raise NotConfigured(
            "the journal in the database named by JAINAM_DATABASE holds an entry that cannot be read;"
            " run `jainam journal verify` to see which"
        ) from None


def stamp(moment: dt.datetime) -> str:
    """*moment* in UTC to the microsecond; of two such texts the greater is the later."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def content(columns: tuple[object, ...]) -> str:
    """What a digest covers of a row: its columns, told apart whatever is in them."""
    return _encode_any(columns)


def digest(before: str, number: int, content: str) -> str:
    """The digest of row *number*, which follows a row with the digest *before*."""
    return hashlib.sha256(f"{before}{number}{content}".encode()).hexdigest()


def _plain(text: str | None) -> str | None:
    """*text* as every database takes it; what it cannot take is in the value still."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _whole(number: int | None) -> int | None:
    """*number* where a column has room for it; no order that could be sent has more."""
    return number if number is None or -_MOST <= number <= _MOST else None
