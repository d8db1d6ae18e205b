"""Names and numbers at the price of a dict: exact, bounded, and never of yesterday for longer than a second (FR7)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from attrs import evolve

from contracts.contracts_suite import ABROAD, OPTION, SHARE, SOME
from fakes.contracts import FakeContracts
from jainam.adapters import token_lookup
from jainam.adapters.token_lookup import TokenLookup
from jainam.domain.errors import SymbolNotFound
from jainam.domain.instruments import Token


class Still:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store() -> FakeContracts:
    return FakeContracts(SOME)


def test_both_ways(store: FakeContracts) -> None:
    """A symbol has its token, a token its symbol, as number or as text, on that exchange and no other."""
    lookup = TokenLookup(store)
    for _ in range(2):
        assert lookup.token_of("RELIANCE", "NSE") == SHARE.token
        assert lookup.token_of("RELIANCE", "BSE") == ABROAD.token
        assert lookup.symbol_of(2885, "NSE") == lookup.symbol_of("2885", "NSE") == "RELIANCE"
        assert lookup.symbol_of("2885", "NFO") == OPTION.symbol


def test_what_was_found_is_not_asked_for_again(store: FakeContracts) -> None:
    """The store is asked once, whichever way is asked afterwards."""
    lookup = TokenLookup(store, monotonic=Still())
    for _ in range(3):
        lookup.token_of("RELIANCE", "NSE")
        lookup.symbol_of("2885", "NSE")

    assert store.asked == [SHARE.key]


@pytest.mark.parametrize(
    "ask",
    [
        lambda lookup: lookup.token_of("ZZZ", "NSE"),
        lambda lookup: lookup.token_of("ZZZ", "NYSE"),
        lambda lookup: lookup.symbol_of(77, "NSE"),
        lambda lookup: lookup.symbol_of("7x", "NSE"),
        lambda lookup: lookup.symbol_of("77", ""),
    ],
)
def test_unknown_ones_are_errors(store: FakeContracts, ask: Callable[[TokenLookup], object]) -> None:
    """Whatever is not there is named in a `ValueError`, today and when it is asked again."""
    lookup = TokenLookup(store)
    for _ in range(2):
        with pytest.raises(SymbolNotFound):
            ask(lookup)


def test_a_later_set_is_noticed_within_a_second(store: FakeContracts) -> None:
    """What is remembered is trusted for a second, and then only as long as no other set is in force."""
    clock = Still()
    lookup = TokenLookup(store, monotonic=clock)
    lookup.token_of("RELIANCE", "NSE")
    store.replace_all([evolve(SHARE, token=Token(9))])
    clock.now += 1

    assert lookup.token_of("RELIANCE", "NSE") == 9
    with pytest.raises(SymbolNotFound):
        lookup.symbol_of(2885, "NSE")


def test_a_miss_brings_a_later_set_to_light(store: FakeContracts) -> None:
    """Whoever asks for what is not remembered learns at once of a set that was stored meanwhile."""
    lookup = TokenLookup(store, monotonic=Still())
    lookup.token_of("RELIANCE", "NSE")
    store.replace_all([evolve(SHARE, token=Token(9)), OPTION])

    assert lookup.token_of(OPTION.symbol, "NFO") == OPTION.token
    assert lookup.token_of("RELIANCE", "NSE") == 9


def test_everything_can_be_remembered(store: FakeContracts) -> None:
    """After it was filled, nothing of the set is asked for any more."""
    lookup = TokenLookup(store, monotonic=Still())
    assert lookup.fill() == len(SOME)

    for contract in SOME:
        assert lookup.token_of(contract.symbol, contract.exchange) == contract.token
        assert lookup.symbol_of(contract.token, contract.exchange) == contract.symbol
        assert lookup.symbol_of(str(contract.token), contract.exchange) == contract.symbol
    assert len(store.asked) == 0


def test_memory_is_bounded(store: FakeContracts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full memory starts over, and everything is still found."""
    monkeypatch.setattr(token_lookup, "_REMEMBERED", 2)
    lookup = TokenLookup(store, monotonic=count(0, 0.001).__next__)

    for _ in range(3):
        assert [lookup.token_of(one.symbol, one.exchange) for one in SOME] == [one.token for one in SOME]
    assert len(store.asked) > len(SOME)
