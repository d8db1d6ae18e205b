"""Tokens by symbol, for the modules that OpenAlgo calls (FR7)."""

from __future__ import annotations

from jainam.adapters.token_lookup import TokenLookup
from jainam.openalgo_bridge.wiring import DEFAULT, Broker, broker_of
from jainam.ports.contracts import Contracts

__all__ = ["get_token_from_symbol", "lookup_of"]

_lookups: dict[str, tuple[Contracts, TokenLookup]] = {}


def get_token_from_symbol(symbol: str, exchange: str, broker: str = DEFAULT) -> int:
    """The integer token of *symbol* on *exchange* in *broker*'s contract table (FR7, AC 1.1.1).

    Raises `ValueError` naming symbol and exchange when it is not there, with what may have been meant; a placeholder
    is never returned.

    >>> get_token_from_symbol("RELIANCE", "NSE")            # doctest: +SKIP
    2885
    """
    return lookup_of(broker_of(f"broker.{broker}.")).token_of(symbol, exchange)


def lookup_of(broker: Broker) -> TokenLookup:
    """Names and numbers of *broker*'s contracts, remembered for as long as its desk is open."""
    contracts = broker.opened().contracts
    known = _lookups.get(broker.name)
    if known is None or known[0] is not contracts:
        known = _lookups[broker.name] = contracts, TokenLookup(contracts)
    return known[1]
