"""One cattrs converter that reads XTS rows, and the report of the rows it cannot read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import attrs
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

SPELLINGS = 64
"""Ways to write the words of one kind that are remembered: a broker has one or two for each."""
SHOWN = 10
"""Unreadable rows named in one message; ten thousand would help nobody."""


def make_converter() -> Converter:
    """A converter for the classes of `wire`, with the reading rules of protocol 11."""
    converter = Converter(detailed_validation=True)
    for kind, hook in {
        int: _read(_required(integer), plain=int),
        Token: _read(_required(integer), plain=int),
        Decimal: _read(_required(number)),
        OrderId: _read(order_id),
        str: _read(text, plain=str),
        bool: _read(flag),
        Exchange: _read(exchange_of),
        Side: _one_of(SIDES),
        Product: _one_of(PRODUCTS),
        PriceType: _one_of(PRICE_TYPES),
        TimeInForce: _one_of(TIMES_IN_FORCE, TimeInForce.DAY),
        int | None: _read(integer, plain=int),
        Decimal | None: _read(number),
        dt.datetime | None: _read(instant),
    }.items():
        converter.register_structure_hook(kind, hook)
    for row in NAMES:
        converter.register_structure_hook(row, make_dict_structure_fn(row, converter, **_renames(row)))
    return converter


def _renames(row: type) -> dict[str, Any]:
    return {field: override(rename=name) for field, name in NAMES[row].items()}


def _read(hook: Callable[[Any], Value], plain: type | None = None) -> Callable[[Any, Any], Value]:
    """*hook* as cattrs calls it; what is of the *plain* type is taken as it is, which is one call less."""
    if plain is None:
        return lambda value, _: hook(value)
    return lambda value, _: value if type(value) is plain else hook(value)  # type: ignore[return-value]  # as *hook*'s


def _required(hook: Callable[[object], Value | None]) -> Callable[[object], Value]:
    def read(value: object) -> Value:
        found = hook(value)
        if found is None:
            raise ValueError("no value")
        return found

    return read


def _one_of(words: Mapping[str, Value], absent: Value | None = None) -> Callable[[Any, Any], Value]:
    """Read one of *words*, whatever its case; nothing at all means *absent*, where that is given."""

    as_spelt: dict[object, Value] = {}

    def read(value: Any, _: Any) -> Value:
        if type(value) is str and (known := as_spelt.get(value)) is not None:
            return known
        found = words.get(text(value).lower()) if value or absent is None else absent
        if found is None:
            raise ValueError("not a word we know")
        if type(value) is str and len(as_spelt) < SPELLINGS:
            as_spelt[value] = found
        return found

    return read


@cache
def _converter() -> Converter:
    """The converter, made when the first book is read: placing an order needs none."""
    return make_converter()


@cache
def _reader(row: type) -> Callable[[Mapping[str, Any], Any], Any]:
    """What reads a *row* that has every field, as most have, and raises anything at all for another.

    Where no field has a default, cattrs makes one call of it with each value in its place: a quarter less work.
    """
    fields = {each.name: attrs.field(type=each.type) for each in attrs.fields(attrs.resolve_types(row))}
    without_defaults = attrs.make_class(row.__name__, fields, eq=False, repr=False)
    return make_dict_structure_fn(without_defaults, _converter(), _cattrs_detailed_validation=False, **_renames(row))


def read_rows(
    rows: Sequence[Any], kind: type[Row], make: Callable[[Row, Mapping[str, Any]], Value], book: str
) -> tuple[Value, ...]:
    """Every row of *book* as *make* makes it of a *kind*.

    Raises `UnexpectedReply` when any row cannot be read: it names the rows and fields, never their values, and holds
    what the readable rows say in its `rows`, so that one strange row need not hide the others.
    """
    read = _reader(kind)  # type: ignore[arg-type]  # mypy takes no class for hashable
    read_by_name = _converter().get_structure_hook(kind)
    good: list[Value] = []
    bad: list[str] = []
    for index, row in enumerate(rows):
        if type(row) is not dict:
            bad.append(f"expected an object @ {book}[{index}]")
            continue
        known = row if "ExchangeInstrumentID" in row else _respelt(row)
        try:
            found = read(known, kind)
        except Exception:  # noqa: BLE001 - the other meets it again, unless nothing is wrong but a field left out
            try:
                found = read_by_name(known, kind)
            except BaseValidationError as error:
                bad.extend(_named(transform_error(error, path=f"{book}[{index}]"), kind, row))
                continue
        good.append(make(found, row))
    if bad:
        trouble = UnexpectedReply(f"{len(rows) - len(good)} of {len(rows)} {book} cannot be read", _few(bad))
        trouble.rows = tuple(good)
        raise trouble
    return tuple(good)


def _respelt(row: Mapping[str, Any]) -> Mapping[str, Any]:
    if "ExchangeInstrumentId" in row:  # trap 6: two spellings
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
