"""OpenAlgo's words and symbols into the broker's, for those who ask one by one; orders are written by the XTS codec.

An unknown word is an error and never a default: a typo must not become a market order (B-12).
"""

from __future__ import annotations

from typing import Any

from jainam.adapters.xts.segments import exchange_of, segment_of
from jainam.adapters.xts.vocabulary import ORDER_TYPES, PRICE_TYPES, PRODUCTS
from jainam.domain.vocabulary import Exchange, PriceType, Product
from jainam.openalgo_bridge.mapping.tokens import lookup_of
from jainam.openalgo_bridge.wiring import broker_of

__all__ = [
    "get_token_from_symbol",
    "map_exchange",
    "map_exchange_type",
    "map_order_type",
    "map_product_type",
    "reverse_map_exchange",
    "reverse_map_order_type",
    "reverse_map_product_type",
]


here = broker_of(__name__)


def get_token_from_symbol(symbol: str, exchange: str) -> int:
    """The broker's number for an instrument, out of the library's own table (FR7).

    Raises a `ValueError` that names *symbol* and *exchange* when it is not there; never a placeholder.
    """
    return lookup_of(here).token_of(symbol, exchange)


def map_exchange_type(exchange: str) -> str:
    """The XTS segment that lists what trades on *exchange*; raises `ValueError` for another word (protocol 3.2).

    >>> map_exchange_type("NFO")
    'NSEFO'
    """
    return segment_of(_word(Exchange, "exchange", exchange))


map_exchange = map_exchange_type


def map_order_type(pricetype: str) -> str:
    """The XTS order type; raises `ValueError` for another word.

    >>> map_order_type("SL-M")
    'STOPMARKET'
    """
    return ORDER_TYPES[_word(PriceType, "pricetype", pricetype)][0]


def map_product_type(product: str) -> str:
    """The XTS product, which has OpenAlgo's name; raises `ValueError` for another word."""
    return str(_word(Product, "product", product))


def reverse_map_exchange(segment: str | int) -> str:
    """The exchange of an XTS segment, by its text or number; raises `ValueError` for one that OpenAlgo has no name for.

    >>> reverse_map_exchange("NSEFO")
    'NFO'
    """
    return exchange_of(segment).value


def reverse_map_order_type(order_type: str) -> str:
    """The price type of an XTS order type; raises `ValueError` for one that OpenAlgo has no name for."""
    found = PRICE_TYPES.get(order_type.strip().lower())
    if found is None:
        raise ValueError(f"order type {order_type!r} is none of {', '.join(PRICE_TYPES)}")
    return found.value


def reverse_map_product_type(product: str) -> str:
    """The product of an XTS product, in either spelling; raises `ValueError` for another word."""
    found = PRODUCTS.get(product.strip().lower())
    if found is None:
        raise ValueError(f"product {product!r} is none of {', '.join(Product)}")
    return found.value


def _word(words: Any, name: str, given: str) -> Any:
    try:
        return words(str(given).strip().upper())
    except ValueError:
        raise ValueError(f"{name} {given!r} is none of {', '.join(words)}") from None
