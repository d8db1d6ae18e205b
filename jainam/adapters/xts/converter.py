"""One cattrs converter that reads XTS rows, and the report of the rows it cannot read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from cattrs import BaseValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override

from jainam.adapters.xts.segments import exchange_of
from jainam.adapters.xts.values import flag, instant, integer, number, order_id, text
from jainam.adapters.xts.vocabulary import PRICE_TYPES, PRODUCTS, SIDES, TIMES_IN_FORCE
from jainam.adapters.xts.wire import NAMES
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import Token
from jainam.domain.orders import OrderId
from jainam.domain.vocabulary import Exchange, PriceType, Product, Side, TimeInForce

__all__ = ["make_converter", "read_rows"]

Row = TypeVar("Row")
Value = TypeVar("Value")

SHOWN = 10
"""Unreadable rows named in one message; ten thousand would help nobody."""


def make_converter() -> Converter:
    """A converter for the classes of `wire`, with the reading rules of protocol 11."""
    converter = Converter(detailed_validation=True)
    for kind, hook in {
        int: _required(integer),
        Token: _required(integer),
        Decimal: _required(number),
        OrderId: order_id,
        str: text,
        bool: flag,
        Exchange: exchange_of,
        Side: _one_of(SIDES),
        Product: _one_of(PRODUCTS),
        PriceType: _one_of(PRICE_TYPES),
        TimeInForce: _one_of(TIMES_IN_FORCE, TimeInForce.DAY),
        int | None: integer,
        Decimal | None: number,
        dt.datetime | None: instant,
    }.items():
        converter.register_structure_hook(kind, _without_type(hook))
    for row, names in NAMES.items():
        renames = {field: override(rename=name) for field, name in names.items()}
        converter.register_structure_hook(row, make_dict_structure_fn(row, converter, **renames))  # type: ignore[arg-type]
    return converter


def _without_type(hook: Callable[[Any], Value]) -> Callable[[Any, Any], Value]:
    return lambda value, _: hook(value)


def _required(hook: Callable[[object], Value | None]) -> Callable[[object], Value]:
    def read(value: object) -> Value:
        found = hook(value)
        if found is None:
            raise ValueError("no value")
        return found

    return read


def _one_of(words: Mapping[str, Value], absent: Value | None = None) -> Callable[[object], Value]:
    """Read one of *words*, whatever its case; nothing at all means *absent*, where that is given."""

    def read(value: object) -> Value:
        found = words.get(text(value).lower()) if value or absent is None else absent
        if found is None:
            raise ValueError("not a word we know")
        return found

    return read


@cache
def _converter() -> Converter:
    """The converter, made when the first book is read: placing an order needs none."""
    return make_converter()


def read_rows(
    rows: Sequence[Any], kind: type[Row], make: Callable[[Row, Mapping[str, Any]], Value], book: str
) -> tuple[Value, ...]:
    """Every row of *book* as *make* makes it of a *kind*.

    Raises `UnexpectedReply` when any row cannot be read: it names the rows and fields, never their values, and holds
    what the readable rows say in its `rows`, so that one strange row need not hide the others.
    """
    structure = _converter().structure
    good: list[Value] = []
    bad: list[str] = []
    for index, row in enumerate(rows):
        if type(row) is not dict:
            bad.append(f"expected an object @ {book}[{index}]")
            continue
        try:
            good.append(make(structure(_respelt(row), kind), row))
        except BaseValidationError as error:
            bad.extend(_named(transform_error(error, path=f"{book}[{index}]"), kind, row))
    if bad:
        trouble = UnexpectedReply(f"{len(rows) - len(good)} of {len(rows)} {book} cannot be read", _few(bad))
        trouble.rows = tuple(good)
        raise trouble
    return tuple(good)


def _respelt(row: Mapping[str, Any]) -> Mapping[str, Any]:
    if "ExchangeInstrumentId" in row and "ExchangeInstrumentID" not in row:  # trap 6: two spellings
        return {**row, "ExchangeInstrumentID": row["ExchangeInstrumentId"]}
    return row


def _named(reports: Iterable[str], kind: type, row: Mapping[str, Any]) -> Iterable[str]:
    """The reports with the broker's own field names, and the order they are about."""
    names = NAMES[kind]
    try:
        about = f" (AppOrderID {order_id(row.get('AppOrderID'))})"
    except ValueError:
        about = ""
    for report in reports:
        place, _, field = report.rpartition(".")
        yield f"{place}.{names[field]}{about}"


def _few(reports: Sequence[str]) -> Sequence[str]:
    if len(reports) <= SHOWN:
        return reports
    return [*reports[:SHOWN], f"and {len(reports) - SHOWN} more"]
