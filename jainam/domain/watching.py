"""Looking at the market: depth, open interest and candles, asked for by symbol (protocol 5.5 and 5.7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import ClassVar

from attrs import evolve, frozen

from jainam.domain.candles import forming_day, gathered, spans
from jainam.domain.errors import InvalidOrder, JainamError, SymbolNotFound
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey
from jainam.domain.market import Candle, Depth, Quote
from jainam.domain.patience import patiently
from jainam.domain.quoting import QUOTES_PER_CALL, quotes
from jainam.domain.sessions import Api
from jainam.domain.steps import BrokerStep, FindContract, Flow, Now, Outcome, Tell
from jainam.domain.vocabulary import Interval

__all__ = [
    "ReadCandles",
    "ReadDepth",
    "ReadInterest",
    "Seen",
    "depth",
    "history",
    "open_interest",
    "seen",
    "seen_each",
]


@frozen
class ReadDepth(BrokerStep["Depth | None"]):
    """The best prices of *ref* on both sides; ``None`` when the broker does not know the instrument."""

    api: ClassVar[Api] = Api.MARKET_DATA
    ref: InstrumentRef


@frozen
class ReadInterest(BrokerStep[Mapping[InstrumentRef, int]]):
    """The open interest of *refs*; instruments without any are missing from the answer."""

    api: ClassVar[Api] = Api.MARKET_DATA
    refs: tuple[InstrumentRef, ...]


@frozen
class ReadCandles(BrokerStep[tuple[Candle, ...]]):
    """The candles of *ref* that began on the days from *first* to *last*; *interval* is no longer than a day."""

    api: ClassVar[Api] = Api.MARKET_DATA
    ref: InstrumentRef
    interval: Interval
    first: dt.date
    last: dt.date


@frozen
class Seen:
    """A quote, with the open interest where the instrument has one; ``None`` when it could not be had."""

    quote: Quote
    interest: int | None = None


def open_interest(contracts: Iterable[Contract]) -> Flow[Mapping[InstrumentRef, int]]:
    """The open interest of those *contracts* that expire; the others have none, and nobody is asked for them."""
    asked = tuple(dict.fromkeys(contract.ref for contract in contracts if contract.kind.is_derivative))
    found: dict[InstrumentRef, int] = {}
    for start in range(0, len(asked), QUOTES_PER_CALL):
        found |= yield from patiently(ReadInterest(asked[start : start + QUOTES_PER_CALL]))
    return found


def seen(key: SymbolKey) -> Flow[Seen]:
    """What the market says of one instrument; raises `SymbolNotFound` when the broker has no quote of it."""
    (outcome,) = yield from seen_each((key,))
    if isinstance(outcome, JainamError):
        raise outcome
    return outcome


def seen_each(keys: Iterable[SymbolKey]) -> Flow[tuple[Outcome[Seen], ...]]:
    """The same for many at once, in their order, each with its own outcome (B-50)."""
    found: list[Outcome[Contract]] = []
    for key in keys:
        try:
            found.append((yield from FindContract(key)))
        except SymbolNotFound as error:
            found.append(error)
    contracts = [contract for contract in found if isinstance(contract, Contract)]
    prices = yield from quotes(contract.ref for contract in contracts)
    interest = yield from _interest(contracts)
    return tuple(
        contract if isinstance(contract, JainamError) else _seen(contract, prices, interest) for contract in found
    )


def _seen(
    contract: Contract, prices: Mapping[InstrumentRef, Quote], interest: Mapping[InstrumentRef, int]
) -> Outcome[Seen]:
    quote = prices.get(contract.ref)
    if quote is None:
        return _unseen(contract)
    return Seen(quote, interest.get(contract.ref))


def _unseen(contract: Contract) -> SymbolNotFound:
    return SymbolNotFound(contract.symbol, contract.exchange.value, "the broker sends no quote of it")


def _interest(contracts: Iterable[Contract]) -> Flow[Mapping[InstrumentRef, int]]:
    """The open interest, or none when it cannot be read: a price is still a price without it."""
    try:
        return (yield from open_interest(contracts))
    except JainamError as error:
        yield from Tell(error)
        return {}


def depth(key: SymbolKey) -> Flow[tuple[Depth, int | None]]:
    """The depth of one instrument, and its open interest; raises `SymbolNotFound` when the broker has none of it."""
    contract = yield from FindContract(key)
    found = yield from patiently(ReadDepth(contract.ref))
    if found is None:
        raise _unseen(contract)
    return found, (yield from _interest((contract,))).get(contract.ref)


def history(key: SymbolKey, interval: Interval, first: dt.date, last: dt.date) -> Flow[tuple[Candle, ...]]:
    """The candles of *key* from *first* to *last*, both included, oldest first and each once.

    All calls succeed, or none of it is returned: a silent gap would be taken for a quiet market. Today's candle of a
    day is put behind the others while it is still forming.
    """
    if first > last:
        raise InvalidOrder([f"the first day, {first}, is after the last, {last}"])
    contract = yield from FindContract(key)
    asked = interval if interval.seconds is not None else Interval.DAY
    now = yield from Now()
    found: dict[dt.datetime, Candle] = {}
    for begin, end in spans(first, min(last, now.date()), asked):
        for candle in (yield from patiently(ReadCandles(contract.ref, asked, begin, end))):
            if begin <= candle.at.date() <= end:
                found[candle.at] = candle
    if asked is Interval.DAY and first <= now.date() <= last:
        yield from _add_today(found, contract, now.date())
    return gathered((found[at] for at in sorted(found)), interval)


def _add_today(found: dict[dt.datetime, Candle], contract: Contract, today: dt.date) -> Flow[None]:
    if any(at.date() == today for at in found):
        return
    quote = (yield from quotes((contract.ref,))).get(contract.ref)
    candle = None if quote is None else forming_day(quote, today)
    if candle is not None:
        interest = (yield from _interest((contract,))).get(contract.ref, 0)
        found[candle.at] = evolve(candle, interest=interest)
