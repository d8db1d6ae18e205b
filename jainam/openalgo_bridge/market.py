"""What the market says, in OpenAlgo's shapes: plain numbers, zero where the broker sent none (host 2.6 to 2.8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from jainam.domain.errors import JainamError
from jainam.domain.instruments import SymbolKey
from jainam.domain.market import Candle, Depth, Level
from jainam.domain.steps import Flow
from jainam.domain.vocabulary import Interval
from jainam.domain.watching import Seen, seen_each
from jainam.openalgo_bridge import requests
from jainam.openalgo_bridge.replies import words_of

__all__ = ["COLUMNS", "depth", "frame", "multiquotes", "quote"]

LEVELS = 5
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume", "oi")
INDIA_AHEAD = dt.timedelta(hours=5, minutes=30)
"""How far the midnight of a trading day lies before that of UTC, at which the host wants the bars of days."""


def quote(seen: Seen) -> dict[str, float]:
    """A quote as the host's services know it."""
    said = seen.quote
    return {
        "ask": _number(said.ask),
        "bid": _number(said.bid),
        "high": _number(said.high),
        "low": _number(said.low),
        "ltp": _number(said.last_price),
        "open": _number(said.open),
        "prev_close": _number(said.previous_close),
        "volume": said.volume or 0,
        "oi": seen.interest or 0,
        "bid_qty": said.bid_quantity or 0,
        "ask_qty": said.ask_quantity or 0,
    }


def depth(found: tuple[Depth, int | None]) -> dict[str, Any]:
    """A depth with five levels on each side; those where nobody stands are zero."""
    book, interest = found
    said = book.quote
    return {
        "bids": _levels(book.bids),
        "asks": _levels(book.asks),
        "high": _number(said.high),
        "low": _number(said.low),
        "ltp": _number(said.last_price),
        "ltq": book.last_quantity or 0,
        "open": _number(said.open),
        "prev_close": _number(said.previous_close),
        "volume": said.volume or 0,
        "oi": interest or 0,
        "totalbuyqty": book.total_buy or 0,
        "totalsellqty": book.total_sell or 0,
    }


def _levels(levels: Sequence[Level]) -> list[dict[str, float]]:
    filled = [
        {"price": _number(level.price), "quantity": level.quantity, "orders": level.orders or 0}
        for level in levels[:LEVELS]
    ]
    return filled + [{"price": 0, "quantity": 0, "orders": 0} for _ in range(LEVELS - len(filled))]


def multiquotes(symbols: Any) -> Flow[list[dict[str, Any]]]:
    """One result for each of *symbols*, in their order: `data`, or `error` with what is wrong with that one (B-50)."""
    asked = list(symbols or ())
    keys = [requests.key_or_error(item) for item in asked]
    found = iter((yield from seen_each(key for key in keys if isinstance(key, SymbolKey))))
    outcomes = [key if isinstance(key, JainamError) else next(found) for key in keys]
    return [_answered(item, outcome) for item, outcome in zip(asked, outcomes, strict=True)]


def _answered(item: Any, outcome: Seen | JainamError) -> dict[str, Any]:
    named = {name: item.get(name) if isinstance(item, dict) else None for name in ("symbol", "exchange")}
    if isinstance(outcome, JainamError):
        return named | {"error": words_of(outcome)}
    return named | {"data": quote(outcome)}


def frame(candles: Iterable[Candle], interval: Interval) -> Any:
    """The DataFrame of OpenAlgo's history service: seconds of the bar's start, floats, whole volumes (2.8)."""
    from pandas import DataFrame

    whole_days = interval.seconds is None
    made = DataFrame([_bar(candle, whole_days) for candle in candles], columns=list(COLUMNS))
    kinds = dict.fromkeys(("timestamp", "volume", "oi"), "int64") | dict.fromkeys(COLUMNS[1:5], "float64")
    return made.astype(kinds)


def _bar(candle: Candle, is_day: bool) -> tuple[int, float, float, float, float, int, int]:
    at = candle.at + INDIA_AHEAD if is_day else candle.at
    prices = float(candle.open), float(candle.high), float(candle.low), float(candle.close)
    return int(at.timestamp()), *prices, candle.volume, candle.interest


def _number(amount: Decimal | None) -> float:
    return 0 if amount is None else float(amount)
