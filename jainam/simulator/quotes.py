"""Quote messages: touchline, depth, open interest, last price."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from jainam.simulator.clock import IST
from jainam.simulator.instruments import SEGMENT_NUMBERS, Instrument
from jainam.simulator.market import Market, Trading
from jainam.simulator.orders import ZERO

TOUCHLINE, DEPTH, INDEX, OPEN_INTEREST, LAST_PRICE = 1501, 1502, 1504, 1510, 1512
CODES = (TOUCHLINE, DEPTH, INDEX, 1505, OPEN_INTEREST, LAST_PRICE)
EPOCH = datetime(1980, 1, 1, tzinfo=IST)
LEVELS = 5


def stamp(at: datetime) -> int:
    """Return *at* as seconds since 1 January 1980 in India."""
    return int((at - EPOCH).total_seconds())


def open_interest(instrument: Instrument) -> int:
    """Return the open contracts in a derivative, an amount made up once and for all."""
    return (instrument.token * 37 % 5000 + 100) * instrument.lot


def message(market: Market, instrument: Instrument, code: int, now: datetime, sequence: int) -> dict[str, Any] | None:
    """Return the message *code* about *instrument*, or None where it makes no sense."""
    trading = market.trading(instrument)
    head = {
        "MessageCode": code,
        "MessageVersion": 4,
        "ApplicationType": 0,
        "TokenID": 0,
        "ExchangeSegment": SEGMENT_NUMBERS[instrument.segment],
        "ExchangeInstrumentID": instrument.token,
        "ExchangeTimeStamp": stamp(now),
    }
    body = _body(instrument, trading, code, stamp(now))
    return None if body is None else head | body | {"SequenceNumber": sequence}


def _body(instrument: Instrument, trading: Trading, code: int, at: int) -> dict[str, Any] | None:
    book = {"BookType": 1, "XMarketType": 1}
    last = {"LastTradedPrice": trading.last, "LastTradedQunatity": trading.last_quantity}
    if code == LAST_PRICE:
        return book | last | {"LastUpdateTime": at}
    if code == TOUCHLINE and instrument.is_tradable:
        bid, ask = _level(instrument, trading, -1), _level(instrument, trading, 1)
        return _touchline(instrument, trading, at) | {"AskInfo": ask, "BidInfo": bid} | book
    if code == TOUCHLINE:
        # Index values come with everything nested, and nobody bidding.
        return {"Touchline": _nested(instrument, trading, at)} | book
    if not instrument.is_tradable:
        return None
    if code == DEPTH:
        sides = {
            "Bids": [_level(instrument, trading, -place) for place in range(1, LEVELS + 1)],
            "Asks": [_level(instrument, trading, place) for place in range(1, LEVELS + 1)],
        }
        return sides | {"Touchline": _nested(instrument, trading, at)} | book
    if code == OPEN_INTEREST and instrument.expiry:
        return {
            "XTSMarketType": 1,
            "OpenInterest": open_interest(instrument),
            "UnderlyingIDIndexName": instrument.index_name.upper(),
            "UnderlyingTotalOpenInterest": 0,
        }
    return None


def _nested(instrument: Instrument, trading: Trading, at: int) -> dict[str, Any]:
    return {
        "BidInfo": _level(instrument, trading, -1),
        "AskInfo": _level(instrument, trading, 1),
        **_touchline(instrument, trading, at),
        "BuyBackTotalBuy": 0,
        "BuyBackTotalSell": 0,
    }


def _touchline(instrument: Instrument, trading: Trading, at: int) -> dict[str, Any]:
    depth = sum(_size(instrument, place) for place in range(1, LEVELS + 1)) if instrument.is_tradable else 0
    return {
        "LastTradedPrice": trading.last,
        "LastTradedQunatity": trading.last_quantity,
        "TotalBuyQuantity": depth,
        "TotalSellQuantity": depth,
        "TotalTradedQuantity": trading.traded,
        "AverageTradedPrice": trading.last if trading.traded else 0,
        "LastTradedTime": at,
        "LastUpdateTime": at,
        "PercentChange": trading.percent_change,
        "Open": trading.open,
        "High": trading.high,
        "Low": trading.low,
        "Close": trading.close,
        "TotalValueTraded": None,
    }


def _size(instrument: Instrument, place: int) -> int:
    return instrument.lot * (1 + (instrument.token + place * 7) % 10)


def _level(instrument: Instrument, trading: Trading, place: int) -> dict[str, Any]:
    """Return one level of the book, *place* ticks above the last price or below it."""
    price: Decimal = trading.last + place * instrument.tick
    beyond = instrument.has_band and not instrument.low <= price <= instrument.high
    nobody = not instrument.is_tradable or beyond or (price <= 0 and not instrument.has_band)
    return {
        "Size": 0 if nobody else _size(instrument, abs(place)),
        "Price": ZERO if nobody else price,
        "TotalOrders": 0 if nobody else abs(place),
        "BuyBackMarketMaker": 0,
    }
