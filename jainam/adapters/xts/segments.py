"""Exchange segments: XTS's texts and numbers for what we call an exchange (protocol 3.2)."""

from __future__ import annotations

from collections.abc import Mapping

from jainam.domain.vocabulary import Exchange

__all__ = ["INDEX_EXCHANGES", "NUMBERS", "exchange_of", "number_of", "segment_of"]

NUMBERS: Mapping[str, int] = {
    "NSECM": 1,
    "NSEFO": 2,
    "NSECD": 3,
    "BSECM": 11,
    "BSEFO": 12,
    "BSECD": 13,
    "NCDEX": 21,
    "MCXFO": 51,
}
"""The segments that list what OpenAlgo has a name for; the interactive API says the text, market data the number."""

_SEGMENTS: Mapping[Exchange, str] = {
    Exchange.NSE: "NSECM",
    Exchange.NSE_INDEX: "NSECM",
    Exchange.NFO: "NSEFO",
    Exchange.CDS: "NSECD",
    Exchange.BSE: "BSECM",
    Exchange.BSE_INDEX: "BSECM",
    Exchange.BFO: "BSEFO",
    Exchange.BCD: "BSECD",
    Exchange.NCDEX: "NCDEX",
    Exchange.MCX: "MCXFO",
}

INDEX_EXCHANGES: Mapping[str, Exchange] = {"NSECM": Exchange.NSE_INDEX, "BSECM": Exchange.BSE_INDEX}
"""Where OpenAlgo lists the indices of a segment of shares."""

_EXCHANGES: Mapping[str, Exchange] = {
    spelling: exchange
    for exchange, segment in _SEGMENTS.items()
    if not exchange.is_index
    for spelling in (segment, str(NUMBERS[segment]))
}


def segment_of(exchange: Exchange) -> str:
    """The segment that lists what trades on *exchange*; an index is listed with the shares.

    >>> segment_of(Exchange.NFO)
    'NSEFO'
    """
    return _SEGMENTS[exchange]


def number_of(exchange: Exchange) -> int:
    """The number of that segment.

    >>> number_of(Exchange.NSE_INDEX)
    1
    """
    return NUMBERS[_SEGMENTS[exchange]]


def exchange_of(segment: object) -> Exchange:
    """The exchange of *segment*, given as text or number; raises `ValueError` for one we have no name for.

    >>> exchange_of("NSEFO") is exchange_of(2) is exchange_of("2")
    True
    """
    exchange = _EXCHANGES.get(str(segment).upper())
    if exchange is None:
        raise ValueError("not a segment we know")
    return exchange
