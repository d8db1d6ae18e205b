"""Symbol to token and back at the price of a dict, for callers that ask for nothing else of a contract."""

from __future__ import annotations

import time
from collections.abc import Callable

from jainam.domain.errors import SymbolNotFound
from jainam.domain.instruments import InstrumentRef, SymbolKey, Token
from jainam.domain.vocabulary import Exchange
from jainam.ports.contracts import Contracts

__all__ = ["TokenLookup"]

_REMEMBERED = 20_000
_TRUSTED_SECONDS = 1.0
_EXCHANGES = {exchange.value: exchange for exchange in Exchange}


class TokenLookup:
    """The names and numbers of *contracts*; *monotonic* says how long what is remembered may be trusted.

    What was asked for is remembered until a later set is in force, which is noticed within a second. `token_of` and
    `symbol_of` are functions and not methods, since that halves what a look-up costs.

    >>> lookup.token_of("RELIANCE", "NSE"), lookup.symbol_of("2885", "NSE")     # doctest: +SKIP
    (2885, 'RELIANCE')
    """

    token_of: Callable[[str, str], int]
    """The token of a symbol on an exchange; raises `SymbolNotFound`, a `ValueError` that names both (FR7)."""
    symbol_of: Callable[[int | str, str], str]
    """The symbol of a token, given as number or text, on an exchange; raises `SymbolNotFound`."""
    fill: Callable[[], int]
    """Remember the whole set in force, however large, and say how many contracts it has."""

    def __init__(self, contracts: Contracts, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        tokens: dict[tuple[str, str], int] = {}
        symbols: dict[tuple[int | str, str], str] = {}
        generation, until, most = -1, 0.0, _REMEMBERED

        def is_fresh() -> bool:
            """Forget what is of an earlier set."""
            nonlocal generation, until, most
            current = contracts.generation()
            if current != generation:
                tokens.clear()
                symbols.clear()
                generation, most = current, _REMEMBERED
            until = monotonic() + _TRUSTED_SECONDS
            return True

        def keep(symbol: str, exchange: str, token: int) -> None:
            if len(tokens) >= most:  # starting over costs less than knowing the oldest
                tokens.clear()
                symbols.clear()
            tokens[symbol, exchange] = token
            symbols[token, exchange] = symbols[str(token), exchange] = symbol

        def token_of(symbol: str, exchange: str) -> int:
            if monotonic() < until or is_fresh():
                try:
                    return tokens[symbol, exchange]
                except KeyError:
                    is_fresh()
            found = contracts.find(SymbolKey(symbol, _exchange(symbol, exchange))).token
            keep(symbol, exchange, found)
            return found

        def symbol_of(token: int | str, exchange: str) -> str:
            if monotonic() < until or is_fresh():
                try:
                    return symbols[token, exchange]
                except KeyError:
                    is_fresh()
            ref = InstrumentRef(_exchange(str(token), exchange), Token(_number(token, exchange)))
            contract = contracts.named([ref]).get(ref)
            if contract is None:
                raise SymbolNotFound(f"token {token}", exchange, "run `jainam contracts sync` if it is newly listed")
            keep(contract.symbol, exchange, contract.token)
            return contract.symbol

        def fill() -> int:
            nonlocal most
            is_fresh()
            exchanges: dict[str, str] = {}
            for symbol, listed, token in contracts.numbers():
                exchange = exchanges.setdefault(listed, listed)  # one text for all that have it
                tokens[symbol, exchange] = token
                symbols[token, exchange] = symbol
            most = max(most, len(tokens) + _REMEMBERED)
            return len(tokens)

        self.token_of, self.symbol_of, self.fill = token_of, symbol_of, fill


def _exchange(symbol: str, exchange: str) -> Exchange:
    found = _EXCHANGES.get(exchange)
    if found is None:
        raise SymbolNotFound(symbol, str(exchange), f"the exchanges are {', '.join(_EXCHANGES)}")
    return found


def _number(token: int | str, exchange: str) -> int:
    words = str(token).strip()
    if not (words.isascii() and words.isdecimal()):
        raise SymbolNotFound(f"token {token}", exchange, "a token is a whole number")
    return int(words)
