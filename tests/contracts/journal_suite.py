"""What every journal promises; each adapter's test file brings a way to open it and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.clock import MORNING
from fakes.samples import FUTURE, OPTION, SHARE, TWIN, order
from jainam.adapters.memory_journal import MemoryJournal
from jainam.domain.instruments import Contract
from jainam.domain.journal import Deed, Ending, Entry, Intent, Meant, Verdict
from jainam.domain.orders import OrderId, OrderTag
from jainam.domain.vocabulary import Product
from jainam.ports.journal import Journal
from strategies import endings, intents

Opener = Callable[[], Journal]
"""Opens an empty journal; whoever hands the opener out closes what it opened."""

DAYBREAK = dt.datetime.combine(MORNING.date(), dt.time(), MORNING.tzinfo)
NRML = Product.NRML
SECOND = dt.timedelta(seconds=1)

# Each example opens a journal of its own (the fixture only knows how), and each subclass runs the examples anew.
per_example = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors], deadline=None
)


def meant(tag: str, contract: Contract = FUTURE, at: dt.datetime = MORNING, **terms: Any) -> Intent:
    """The intent to place an order with that tag."""
    return Intent(
        deed=Deed.PLACE, at=at, tag=OrderTag(tag), order=order(contract, **terms), ref=contract.ref, caller="a test"
    )


def cancelled(order_id: str, at: dt.datetime = MORNING) -> Intent:
    """The intent to cancel that order."""
    return Intent(deed=Deed.CANCEL, at=at, order_id=OrderId(order_id))


def ended(key: str, verdict: Verdict, at: dt.datetime = MORNING, words: str = "") -> Ending:
    """What became of the intent with that key."""
    number = OrderId(f"9{key}") if verdict is Verdict.DONE else None
    return Ending(key=key, at=at, verdict=verdict, order_id=number, words=words)


def written(journal: Journal, *whats: Intent | Ending) -> list[int]:
    """The numbers of the entries that now hold *whats*."""
    return [journal.meant(what) if isinstance(what, Intent) else journal.ended(what) for what in whats]


class JournalSuite:
    """Asks for `opened`."""

    @pytest.fixture
    def opened(self) -> Opener:
        raise NotImplementedError

    @pytest.fixture
    def journal(self, opened: Opener) -> Journal:
        return opened()

    def test_empty(self, journal: Journal) -> None:
        """Before anything is meant there is nothing, and its newest number is zero."""
        assert journal.latest() == 0
        assert journal.placed_on(FUTURE.key, NRML, DAYBREAK) == ()
        assert journal.unsettled(DAYBREAK) == ()
        assert list(journal.entries_since(DAYBREAK)) == []

    def test_numbers_grow(self, journal: Journal) -> None:
        """Each entry has a number above all before it, and the newest number is known."""
        numbers = []
        for what in (meant("T1"), meant("T2"), ended("T1", Verdict.DONE), cancelled("9001")):
            numbers += written(journal, what)
            assert journal.latest() == numbers[-1]

        assert numbers == sorted(set(numbers))
        assert numbers[0] > 0

    def test_numbers_of_many_writers(self, journal: Journal) -> None:
        """Threads that write at once get numbers of their own, and every entry is there in their order."""
        with ThreadPoolExecutor(8) as pool:
            numbers = list(pool.map(lambda number: journal.meant(meant(f"T{number}")), range(80)))

        found = {entry.number: entry.what for entry in journal.entries_since(DAYBREAK)}
        assert list(found) == sorted(set(numbers))
        assert [getattr(found[number], "tag", None) for number in numbers] == [f"T{number}" for number in range(80)]

    def test_orders_of_an_instrument(self, journal: Journal) -> None:
        """Orders are found by instrument, product and day, and no other deed and no other day is among them."""
        yesterday = DAYBREAK - SECOND
        written(
            journal,
            meant("T0", at=yesterday),
            meant("T1", at=DAYBREAK),
            meant("T2", product=Product.MIS),
            meant("T3", OPTION),
            meant("T4", SHARE, product=Product.MIS),
            meant("T5", TWIN, product=Product.MIS),
            cancelled("9001"),
            Intent(deed=Deed.MODIFY, at=MORNING, order_id=OrderId("9001"), order=order(), ref=FUTURE.ref),
            meant("T6"),
        )

        def tags(contract: Contract, product: Product, since: dt.datetime = DAYBREAK) -> list[str | None]:
            return [found.intent.tag for found in journal.placed_on(contract.key, product, since)]

        assert tags(FUTURE, NRML) == ["T1", "T6"]
        assert tags(FUTURE, NRML, yesterday) == ["T0", "T1", "T6"]
        assert tags(FUTURE, Product.MIS) == ["T2"]
        assert tags(OPTION, NRML) == ["T3"]
        assert tags(SHARE, Product.MIS) == ["T4"]
        assert tags(TWIN, Product.MIS) == ["T5"]
        assert tags(TWIN, NRML) == []

    def test_newest_ending_counts(self, journal: Journal) -> None:
        """An order comes once, with the newest thing known of it; one nobody heard of comes without."""
        numbers = written(
            journal,
            first := meant("T1"),
            second := meant("T2"),
            ended("T1", Verdict.UNKNOWN, words="no answer"),
            last := ended("T1", Verdict.DONE, words="found in the book"),
        )

        assert journal.placed_on(FUTURE.key, NRML, DAYBREAK) == (
            Meant(numbers[0], first, last),
            Meant(numbers[1], second),
        )

    def test_meant_again_is_open_again(self, journal: Journal) -> None:
        """A tag that never left and is meant once more is open until it ends once more, and takes its new place."""
        written(
            journal, meant("T1"), meant("T2"), ended("T1", Verdict.NOT_SENT), again := meant("T1", at=MORNING + SECOND)
        )

        found = journal.placed_on(FUTURE.key, NRML, DAYBREAK)
        assert [one.intent.tag for one in found] == ["T2", "T1"]
        assert (found[1].number, found[1].intent, found[1].ending) == (journal.latest(), again, None)
        assert [one.intent.tag for one in journal.unsettled(DAYBREAK)] == ["T2", "T1"]

        written(journal, ended("T1", Verdict.DONE))
        assert [one.intent.tag for one in journal.unsettled(DAYBREAK)] == ["T2"]

    @pytest.mark.parametrize("verdict", Verdict)
    def test_unsettled_by_verdict(self, journal: Journal, verdict: Verdict) -> None:
        """What has no ending or an unknown one is unsettled; what is done, refused or never left is not."""
        written(journal, known := meant("T1"), open_ := cancelled("9001"), ended("T1", verdict))

        unsettled = [found.intent for found in journal.unsettled(DAYBREAK)]
        assert unsettled == ([known, open_] if verdict is Verdict.UNKNOWN else [open_])

    def test_unsettled_knows_every_deed(self, journal: Journal) -> None:
        """Two deeds on one order, and the order of the same number as tag, are three things."""
        modify = Intent(deed=Deed.MODIFY, at=MORNING, order_id=OrderId("9001"), order=order(), ref=FUTURE.ref)
        written(journal, meant("9001"), modify, cancelled("9001"))
        written(journal, ended(modify.key, Verdict.DONE))

        assert [found.intent.deed for found in journal.unsettled(DAYBREAK)] == [Deed.PLACE, Deed.CANCEL]

    def test_unsettled_of_the_day(self, journal: Journal) -> None:
        """What was meant before *since* is not asked about, and what is meant again after it is."""
        yesterday = MORNING - dt.timedelta(days=1)
        written(journal, meant("T1", at=yesterday), meant("T2", at=yesterday), meant("T2"))

        assert [found.intent.tag for found in journal.unsettled(DAYBREAK)] == ["T2"]
        assert [found.intent.tag for found in journal.unsettled(yesterday)] == ["T1", "T2"]

    def test_ending_without_an_intent(self, journal: Journal) -> None:
        """The ending of something never meant here is kept, and makes nothing of itself."""
        number = journal.ended(stray := ended("T1", Verdict.DONE))

        assert list(journal.entries_since(DAYBREAK)) == [Entry(number, stray)]
        assert journal.unsettled(DAYBREAK) == ()

    def test_entries(self, journal: Journal) -> None:
        """Entries come in the order they were written, from a moment on and above a number."""
        whats: list[Intent | Ending] = [
            meant("T1", at=DAYBREAK - SECOND),
            meant("T2"),
            ended("T2", Verdict.REFUSED),
            meant("T3", at=DAYBREAK),
        ]
        numbers = written(journal, *whats)
        entries = [Entry(number, what) for number, what in zip(numbers, whats, strict=True)]

        assert list(journal.entries_since(DAYBREAK - SECOND)) == entries
        assert list(journal.entries_since(DAYBREAK)) == entries[1:]
        assert list(journal.entries_since(DAYBREAK, after=numbers[1])) == entries[2:]
        assert list(journal.entries_since(DAYBREAK, after=journal.latest())) == []
        assert list(journal.entries_since(DAYBREAK, after=-1)) == entries[1:]

    def test_moments_are_compared_as_such(self, journal: Journal) -> None:
        """A moment is the same in every zone, to the microsecond."""
        written(journal, meant("T1"), meant("T2", at=(MORNING + dt.timedelta(microseconds=1)).astimezone(dt.UTC)))

        in_new_york = MORNING.astimezone(dt.timezone(-dt.timedelta(hours=5)))
        assert len(list(journal.entries_since(in_new_york))) == 2
        later = in_new_york + dt.timedelta(microseconds=1)
        assert [found.intent.tag for found in journal.unsettled(later)] == ["T2"]

    @per_example
    @given(st.lists(intents() | endings(), min_size=1, max_size=12), st.datetimes(timezones=st.just(dt.UTC)))
    def test_agrees_with_the_list(self, opened: Opener, whats: list[Intent | Ending], since: dt.datetime) -> None:
        """Whatever is written reads back equal, and every question is answered as a plain list of it would."""
        journal, plain = opened(), MemoryJournal()
        numbers = written(journal, *whats)
        written(plain, *whats)

        def by_place(found: tuple[Meant, ...]) -> list[Meant]:
            return [Meant(numbers.index(one.number) + 1, one.intent, one.ending) for one in found]

        assert [entry.what for entry in journal.entries_since(since)] == [
            entry.what for entry in plain.entries_since(since)
        ]
        assert by_place(journal.unsettled(since)) == list(plain.unsettled(since))
        for what in whats:
            if isinstance(what, Intent) and what.order is not None:
                terms = (what.order.instrument, what.order.product, since)
                assert by_place(journal.placed_on(*terms)) == list(plain.placed_on(*terms))

    def test_closing(self, journal: Journal) -> None:
        """A journal may be closed more than once."""
        written(journal, meant("T1"))
        journal.close()
        journal.close()
