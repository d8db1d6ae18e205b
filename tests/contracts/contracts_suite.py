"""What every contract store promises; each adapter's test file brings a way to open it and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jainam.domain.errors import SymbolNotFound
from jainam.domain.instruments import Contract, InstrumentRef, SymbolKey, Token
from jainam.domain.listings import row_of
from jainam.domain.loads import Change, What
from jainam.domain.searching import Terms
from jainam.domain.vocabulary import Exchange, Kind
from jainam.ports.contracts import Contracts
from strategies import contract_sets, symbol_keys

Opener = Callable[[], Contracts]
"""Opens an empty store; whoever hands the opener out closes what it opened."""

SHARE = Contract(
    key=SymbolKey("RELIANCE", Exchange.NSE),
    token=Token(2885),
    kind=Kind.EQUITY,
    name="RELIANCE",
    broker_symbol="RELIANCE-EQ",
    broker_exchange="NSECM",
    lot_size=1,
    tick_size=Decimal("0.10"),
    freeze_quantity=67661,
    price_low=Decimal("1178.60"),
    price_high=Decimal("1440.40"),
    series="EQ",
    isin="INE002A01018",
    description="RELIANCE INDUSTRIES LTD-EQ",
)
OPTION = Contract(
    key=SymbolKey("VEDL24APR2652.5CE", Exchange.NFO),
    token=Token(2885),
    kind=Kind.CALL,
    name="VEDL",
    broker_symbol="VEDL26APR52.5CE",
    broker_exchange="NSEFO",
    lot_size=1150,
    tick_size=Decimal("0.05"),
    expiry=dt.date(2026, 4, 24),
    strike=Decimal("52.5"),
    description="VEDL26APR52.5CE",
)
MAHINDRA = evolve(
    SHARE, key=SymbolKey("M&M", Exchange.NSE), token=Token(2031), description="MAHINDRA & MAHINDRA LTD-EQ"
)
AUTO = evolve(SHARE, key=SymbolKey("BAJAJ-AUTO", Exchange.NSE), token=Token(16669), description="BAJAJ AUTO 100%_A")
ABROAD = evolve(SHARE, key=SymbolKey("RELIANCE", Exchange.BSE), token=Token(500325), broker_exchange="BSECM")
SOME = (SHARE, OPTION, MAHINDRA, AUTO, ABROAD)

# Each example opens a store of its own (the fixture only knows how), and each subclass runs the examples anew.
per_example = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors], deadline=None
)


class ContractsSuite:
    """Asks for `opened`."""

    @pytest.fixture
    def opened(self) -> Opener:
        raise NotImplementedError

    @pytest.fixture
    def empty(self, opened: Opener) -> Contracts:
        return opened()

    @pytest.fixture
    def store(self, opened: Opener) -> Contracts:
        store = opened()
        store.replace_all(SOME)
        return store

    @per_example
    @given(st.lists(contract_sets(), min_size=1, max_size=3))
    @example([[SHARE, OPTION]])
    def test_keeps_every_field(self, opened: Opener, sets: list[list[Contract]]) -> None:
        """The last set that was stored is there to the last digit, by name and by number, and nothing else is."""
        store = opened()
        for some in sets:
            assert len(some) == store.replace_all(some)

        for contract in sets[-1]:
            assert repr(contract) == repr(store.find(contract.key))
            assert type(store.find(contract.key).token) is int
        known = {contract.ref: contract for contract in sets[-1]}
        assert known == store.named([contract.ref for some in sets for contract in some])
        for key in {contract.key for some in sets for contract in some} - {contract.key for contract in sets[-1]}:
            with pytest.raises(SymbolNotFound):
                store.find(key)

    @per_example
    @given(contract_sets(), symbol_keys())
    def test_finds_what_is_there(self, opened: Opener, some: list[Contract], key: SymbolKey) -> None:
        """A name is found exactly when a contract has it, on that exchange and no other."""
        store = opened()
        store.replace_all(some)

        try:
            assert key == store.find(key).key
        except SymbolNotFound:
            assert key not in [contract.key for contract in some]

    @per_example
    @given(contract_sets(), st.text("aA1 &-%_'\\", max_size=3), st.sampled_from(Exchange), st.integers(-1, 8))
    def test_searches_as_promised(
        self, opened: Opener, some: list[Contract], text: str, exchange: Exchange, limit: int
    ) -> None:
        """A search gives the contracts with every word in symbol or description, shortest symbols first."""
        store = opened()
        store.replace_all(some)

        words = text.upper().split()
        hits = [one for one in some if all(word in one.symbol or word in one.description.upper() for word in words)]
        hits.sort(key=lambda one: (len(one.symbol), one.symbol, one.exchange))
        assert tuple(hits[: max(limit, 0)]) == store.search(text, limit=limit)
        assert tuple(one for one in hits if one.exchange is exchange) == store.search(text, exchange)

    @per_example
    @given(contract_sets(), st.data())
    def test_searches_by_terms(self, opened: Opener, some: list[Contract], data: st.DataObject) -> None:
        """Prefix, underlying, kind, expiry and strike are asked of every contract, and each of its own field."""
        like = data.draw(st.sampled_from(some))
        terms = data.draw(
            st.builds(
                Terms,
                prefix=st.sampled_from(["", like.symbol[:2], like.symbol]),
                name=st.sampled_from(["", like.name]),
                kinds=st.sampled_from([(), (like.kind,), (Kind.CALL, Kind.PUT)]),
                expires_from=st.sampled_from([None, like.expiry]),
                expires_until=st.sampled_from([None, like.expiry]),
                strike_from=st.sampled_from([None, like.strike]),
                strike_until=st.sampled_from([None, like.strike]),
            )
        )
        store = opened()
        store.replace_all(some)

        found = store.search("", None, None, terms)
        assert set(found) == {one for one in some if terms.are_met_by(one)}
        assert len(found) == len(set(found))

    def test_rows_and_numbers(self, store: Contracts) -> None:
        """The whole set can be had as plain rows, and as names and numbers alone."""
        assert sorted(store.rows()) == sorted(map(row_of, SOME))
        assert sorted(store.numbers()) == sorted((one.symbol, one.exchange, one.token) for one in SOME)

    def test_every_set_has_a_generation(self, empty: Contracts) -> None:
        """It is another one after each load."""
        seen = [empty.generation()]
        for _ in range(3):
            empty.replace_all(SOME)
            seen.append(empty.generation())

        assert seen == sorted(set(seen))

    def test_what_a_load_holds_and_changed(self, empty: Contracts) -> None:
        """Counts by exchange, and what is new, gone or trades otherwise than before (X9)."""
        assert empty.last_load() is None
        empty.replace_all(SOME)
        first = empty.last_load()
        assert first is not None
        assert (first.rows, first.counts, first.changes) == (5, {"NSE": 3, "NFO": 1, "BSE": 1}, {})
        assert empty.changes() == ()

        other = evolve(SHARE, lot_size=2, tick_size=Decimal("0.05"), freeze_quantity=None)
        young = evolve(AUTO, key=SymbolKey("YOUNG", Exchange.NSE), token=Token(5))
        same = evolve(MAHINDRA, tick_size=Decimal("0.100"))
        empty.replace_all([other, OPTION, same, AUTO, young])

        load = empty.last_load()
        assert load is not None
        assert load.changes == {"new": 1, "gone": 1, "lot size": 1, "tick size": 1, "freeze quantity": 1}
        assert load.loaded_at >= first.loaded_at
        assert empty.changes() == (
            Change(What.FREEZE_QUANTITY, SHARE.key, "67661", None),
            Change(What.LOT_SIZE, SHARE.key, "1", "2"),
            Change(What.TICK_SIZE, SHARE.key, "0.10", "0.05"),
            Change(What.GONE, ABROAD.key),
            Change(What.NEW, young.key),
        )

    def test_no_rows_are_no_set(self, store: Contracts) -> None:
        """Nor is a store emptied by a list of rows."""
        with pytest.raises(ValueError, match="no contracts to store"):
            store.replace_rows([])

        assert SHARE == store.find(SHARE.key)

    def test_tokens_repeat_across_exchanges(self, store: Contracts) -> None:
        """One number on two exchanges names two instruments."""
        assert SHARE.token == OPTION.token
        assert {SHARE.ref: SHARE, OPTION.ref: OPTION} == store.named([SHARE.ref, OPTION.ref])

    def test_names_repeat_across_exchanges(self, store: Contracts) -> None:
        """One name on two exchanges names two instruments."""
        assert (SHARE.token, ABROAD.token) == (store.find(SHARE.key).token, store.find(ABROAD.key).token)

    def test_found_again(self, store: Contracts) -> None:
        """What was found once is found the same again."""
        assert store.find(SHARE.key) == store.find(SHARE.key)

    def test_named_leaves_out_what_it_does_not_know(self, store: Contracts) -> None:
        """Unknown numbers are left out, and repeated ones are there once."""
        stranger = InstrumentRef(Exchange.NSE, Token(4))

        assert {SHARE.ref: SHARE} == store.named(iter([SHARE.ref, stranger, SHARE.ref]))
        assert {} == store.named([stranger])
        assert {} == store.named([])

    def test_named_takes_many(self, opened: Opener) -> None:
        """Thousands of numbers can be asked for at once, again and again."""
        many = [evolve(SHARE, key=SymbolKey(f"S{n}", Exchange.NSE), token=Token(n)) for n in range(2500)]
        store = opened()
        store.replace_all(many)

        for _ in range(2):
            assert {one.ref: one for one in many} == store.named([one.ref for one in many])

    def test_named_in_an_empty_store(self, empty: Contracts) -> None:
        """An empty store knows nothing, by number or by word."""
        assert {} == empty.named([SHARE.ref])
        assert () == empty.search("reliance")

    def test_unknown_symbol(self, store: Contracts) -> None:
        """An unknown symbol is a `ValueError` that names symbol and exchange, never a placeholder (FR7)."""
        with pytest.raises(ValueError, match="ZZZ9 is not known on MCX: check the spelling, or run `jainam contracts"):
            store.find(SymbolKey("ZZZ9", Exchange.MCX))

    def test_empty_store_says_so(self, empty: Contracts) -> None:
        """An empty store says that it is empty and how to fill it."""
        with pytest.raises(SymbolNotFound, match="the contract store is empty: run `jainam contracts sync`"):
            empty.find(SHARE.key)

    def test_other_exchanges_are_named(self, store: Contracts) -> None:
        """A symbol that other exchanges list is said to be listed there."""
        with pytest.raises(SymbolNotFound, match="RELIANCE is not known on NFO: it is listed on BSE, NSE"):
            store.find(SymbolKey("RELIANCE", Exchange.NFO))

    @pytest.mark.parametrize("symbol", ["RELAINCE", "RELIANCE-EQ", "RELIANC"])
    def test_similar_symbols_are_proposed(self, store: Contracts, symbol: str) -> None:
        """A misspelt symbol brings up the one that was meant."""
        with pytest.raises(SymbolNotFound, match=r"did you mean RELIANCE\?"):
            store.find(SymbolKey(symbol, Exchange.NSE))

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("reliance", (SHARE, ABROAD)),
            ("INDUSTRIES rel", (SHARE, ABROAD)),
            ("m&m", (MAHINDRA,)),
            ("mahindra", (MAHINDRA,)),
            ("52.5", (OPTION,)),
            ("100%_", (AUTO,)),
            ("100__", ()),
            ("%", (AUTO,)),
            ("_", (AUTO,)),
            ("\\", ()),
            ("reliance nowhere", ()),
            ("' OR '1'='1", ()),
            ("'; DROP TABLE symbol_token; --", ()),
        ],
    )
    def test_search(self, store: Contracts, text: str, wanted: tuple[Contract, ...]) -> None:
        """A search takes every character at its word."""
        assert set(wanted) == set(store.search(text))
        assert SHARE == store.find(SHARE.key)

    def test_search_is_ordered_and_limited(self, store: Contracts) -> None:
        """Shortest symbols come first, then the alphabet decides, then the exchange."""
        assert (MAHINDRA, ABROAD, SHARE, AUTO, OPTION) == store.search("")
        assert (MAHINDRA, ABROAD) == store.search("", limit=2)
        assert (MAHINDRA, SHARE, AUTO) == store.search("", Exchange.NSE)
        assert () == store.search("", limit=0)
        assert () == store.search("", limit=-1)

    def test_nothing_is_no_set(self, store: Contracts) -> None:
        """A store is never emptied by accident."""
        with pytest.raises(ValueError, match="no contracts to store"):
            store.replace_all(iter(()))

        assert SHARE == store.find(SHARE.key)

    def test_failure_keeps_the_old_set(self, store: Contracts) -> None:
        """A set that breaks off while it is read replaces nothing."""

        def broken() -> Iterator[Contract]:
            yield evolve(SHARE, lot_size=9)
            raise LookupError("the master broke off")

        with pytest.raises(LookupError):
            store.replace_all(broken())

        assert SHARE == store.find(SHARE.key)
        assert len(SOME) == len(store.search(""))

    def test_a_set_that_is_not_approved_replaces_nothing(self, store: Contracts) -> None:
        """Whoever approves is told what each exchange has once repeated rows are gone; his error leaves the old set."""
        told: list[dict[str, int]] = []

        def refuse(counts: Mapping[str, int]) -> None:
            told.append(dict(counts))
            raise LookupError("it has shrunk")

        generation = store.generation()
        again = evolve(SHARE, token=Token(77))
        with pytest.raises(LookupError, match="it has shrunk"):
            store.replace_rows((row_of(one) for one in (MAHINDRA, SHARE, again, ABROAD)), refuse)
        assert told == [{"NSE": 2, "BSE": 1}]
        assert (store.generation(), len(store.rows())) == (generation, len(SOME))
        assert OPTION == store.find(OPTION.key)

        assert store.replace_rows(map(row_of, [SHARE, again]), lambda counts: None).counts == {"NSE": 1}
        assert list(store.rows()) == [row_of(SHARE)]

    def test_earlier_of_two_is_kept(self, empty: Contracts) -> None:
        """Of two contracts with one name or one number on one exchange the earlier is kept."""
        same_name = evolve(SHARE, token=Token(77))
        same_number = evolve(SHARE, key=SymbolKey("RELIANCEP1", Exchange.NSE))

        assert 2 == empty.replace_all([SHARE, same_name, same_number, MAHINDRA])
        assert (MAHINDRA, SHARE) == empty.search("")

    def test_replacing_is_seen_at_once(self, store: Contracts) -> None:
        """What was found, named or searched before a replacement is not what comes after it."""
        for _ in range(2):
            store.find(SHARE.key)
            store.named([SHARE.ref, MAHINDRA.ref])
        changed = evolve(SHARE, lot_size=5)

        store.replace_all([changed])

        assert changed == store.find(SHARE.key)
        assert {SHARE.ref: changed} == store.named([SHARE.ref, MAHINDRA.ref])
        assert (changed,) == store.search("reliance")
        with pytest.raises(SymbolNotFound):
            store.find(MAHINDRA.key)

    def test_closing(self, store: Contracts) -> None:
        """A store may be closed more than once."""
        store.close()
        store.close()
