"""A trading day that goes wrong in every way, played against the embedded exchange.

The exchange is the truth: whatever a flow reports, and whatever the journal keeps, is held against what the exchange
has. The process that trades may be killed at any moment, before or after something is sent or written; the next one
begins with the journal that was left.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from attrs import define, evolve
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from stateful.lives import AsyncLine, Killed, KilledJournal, Life, Line

from contracts.runner_harness import INFY, RELIANCE, SHARES
from fakes.clock import FakeAsyncClock, FakeClock
from fakes.exchange import URL, AsyncRestTransport, RestTransport, counted_tags, settings_for
from jainam.adapters.asyncio_desk import AsyncDesk
from jainam.adapters.desk import Desk
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.adapters.memory_journal import MemoryJournal
from jainam.domain.baskets import place_basket, place_sliced
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import JainamError, OutcomeUnknown
from jainam.domain.flows import (
    cancel_all_orders,
    cancel_order,
    modify_order,
    place_order,
    place_smart_order,
    resolve_intents,
)
from jainam.domain.journal import Deed, Ending, Intent, Meant, Verdict
from jainam.domain.orders import Changes, Order, OrderTag, Placed, SmartOrder
from jainam.domain.steps import Flow
from jainam.domain.vocabulary import PriceType, Product, Side
from jainam.ports.journal import Journal
from jainam.ports.transport import AsyncTransport, Transport
from jainam.simulator import FaultRule, Rest, SimulatorSettings

__all__ = ["AsyncTradingDay", "Tally", "TradingDay"]

ORDERS = "/interactive/orders"
ORDER_BOOK = "/interactive/orders/dealerorderbook"
TRADE_BOOK = "/interactive/orders/dealertradebook"
POSITIONS = "/interactive/portfolio/dealerpositions"
BOOKS = (ORDER_BOOK, TRADE_BOOK, POSITIONS)

FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"kind": "refuse"},
    "refused with a 200": {"kind": "error_200"},
    "said to have timed out": {"kind": "refuse", "description": "Request timed out"},
    "said to have timed out, applied": {"kind": "refuse", "description": "Request timed out", "applied": True},
    "request lost": {"kind": "lose_request"},
    "answer lost": {"kind": "lose_answer"},
    "502": {"kind": "gateway"},
    "504, applied": {"kind": "gateway", "status": 504, "applied": True},
    "429": {"kind": "rate_limit"},
    "too fast, with a 200": {"kind": "rate_limit", "status": 200},
    "token expired": {"kind": "expired_token"},
    "401": {"kind": "expired_token", "status": 401},
    "half an answer": {"kind": "malformed"},
    "half an answer, not applied": {"kind": "malformed", "applied": False},
    "late": {"kind": "delay"},
    "no connection": {},
}
OVER = ("Filled", "Cancelled", "Rejected")
SLICED = evolve(SHARES[1], freeze_quantity=30)
CONTRACTS = (SHARES[0], SLICED)
TOKENS = {contract.key: contract.token for contract in CONTRACTS}

# Two calls of three go well: a day on which everything fails comes to nothing, and shows nothing.
faults = st.lists(st.sampled_from([*[None] * 2 * len(FAULTS), *sorted(FAULTS)]), max_size=4)
keys = st.sampled_from([RELIANCE, INFY])
sides = st.sampled_from(Side)
deaths = st.integers(0, 99).map(lambda chance: None if chance < 80 else chance - 80)
books = st.sampled_from(BOOKS)
lags = st.sampled_from([0.5, 1.5, 4.0])


def all_behind(seconds: float) -> dict[str, float]:
    return dict.fromkeys(BOOKS, seconds)


@define
class Tally:
    """What all days together came to."""

    days: int = 0
    kills: int = 0
    left_open: int = 0
    """Intents that a kill left without an ending."""
    meant: int = 0
    at_exchange: int = 0
    doubled: int = 0
    unresolved: int = 0


class TradingDay(RuleBasedStateMachine):
    """Orders, smart orders, baskets, slices, changes and close-alls, each with a list of faults for its calls."""

    tally = Tally()
    blocking = True
    url = URL
    timeout, late = 10.0, 20.0
    workers = 8
    """How many orders may be under way at once."""

    # --- what differs from one kind of day to the next -----------------------------------------------------------

    def new_exchange(self, simulator: SimulatorSettings) -> Rest:
        return Rest(simulator, self.clock)

    def new_journal(self) -> Journal:
        return MemoryJournal()

    def new_transport(self) -> Transport:
        return RestTransport(self.rest, timeout=self.timeout)

    def new_async_transport(self) -> AsyncTransport:
        return AsyncRestTransport(RestTransport(self.rest, timeout=self.timeout))

    # --- lives ---------------------------------------------------------------------------------------------------

    @initialize(behind=st.dictionaries(books, lags, max_size=2) | lags.map(all_behind))
    def open_the_exchange(self, behind: dict[str, float]) -> None:
        self.clock = FakeClock()
        self.simulator = SimulatorSettings(trading_date=self.clock.now().date())
        self.rest = self.new_exchange(self.simulator)
        self.journal = self.new_journal()
        self.numbers = counted_tags()
        self.lags = behind
        self.placed: list[Placed] = []
        self.endless: set[str] = set()
        self.loop = None if self.blocking else asyncio.Runner()
        self.desk: Desk | AsyncDesk
        self.open_the_desk()
        self.rest.faults.add(self.lagging())
        self.is_halted = False

    def open_the_desk(self) -> None:
        """A new process begins, with the journal of the one before."""
        self.life = Life()
        settings = settings_for(self.simulator, self.url, timeout=self.timeout)
        journal = KilledJournal(self.life, self.journal)
        self.line: Line | AsyncLine
        if self.loop is None:
            self.line = Line(self.life, self.new_transport())
            self.desk = Desk.open(
                settings,
                transport=self.line,
                contracts=MemoryContracts(CONTRACTS),
                journal=journal,
                clock=self.clock,
                tags=self.numbers,
            )
        else:
            self.line = AsyncLine(self.life, self.new_async_transport())
            desk = self.desk = AsyncDesk.open(
                settings,
                transport=self.line,
                contracts=MemoryContracts(CONTRACTS),
                journal=journal,
                clock=FakeAsyncClock(self.clock),
                tags=self.numbers,
            )
            self.loop.run(desk.__aenter__())
        self.desk.runner.workers = self.workers

    def close_the_desk(self) -> None:
        if self.loop is None:
            assert isinstance(self.line, Line)
            self.line.close()
        else:
            assert isinstance(self.line, AsyncLine)
            self.loop.run(self.line.close())

    def run(self, flow: Flow[Any], dies_after: int | None = None) -> Any:
        """What *flow* returns or the error it ends with; ``None`` when the process was killed, and a new one began."""
        self.life.left = dies_after
        try:
            if self.loop is None:
                assert isinstance(self.desk, Desk)
                outcome = self.desk.runner.run(flow)
            else:
                assert isinstance(self.desk, AsyncDesk)
                outcome = self.loop.run(self.desk.runner.run(flow))
        except JainamError as error:
            outcome = error
        except Killed:
            outcome = None
        self.life.left = None
        self.line.refusals = 0
        if self.life.is_over:
            outcome = None
            self.tally.kills += 1
            endless = {meant.intent.key for meant in self.known() if meant.ending is None}
            self.tally.left_open += len(endless - self.endless)
            self.endless |= endless
            self.close_the_desk()
            self.open_the_desk()  # the faults that are left strike its looks
            self.halt(self.is_halted)
        self.rest.faults.clear()
        self.rest.faults.add(self.lagging())
        return outcome

    # --- faults --------------------------------------------------------------------------------------------------

    def spoil(self, method: str, path: str, kinds: list[str | None]) -> None:
        """Let the next calls of *method* to *path* go wrong, one kind each; a ``None`` lets one pass."""
        rules = []
        for number, kind in enumerate(kinds):
            if kind == "no connection":
                self.line.refusals += number == 0
            elif kind is not None:
                seconds = self.late if FAULTS[kind]["kind"] == "delay" else 0
                skip = kinds[:number].count(None)
                rules.append(FaultRule(method=method, path=path, skip=skip, seconds=seconds, **FAULTS[kind]))
        self.rest.faults.clear()
        self.rest.faults.add([*self.spoiled, *rules, *self.lagging()])
        self.spoiled += rules

    spoiled: list[FaultRule]

    @contextlib.contextmanager
    def trouble(self, **calls: list[str | None]) -> Iterator[None]:
        """Each of *calls* has its list of faults, which are over afterwards."""
        routes = {
            "places": ("POST", ORDERS),
            "changes": ("PUT", ORDERS),
            "cancels": ("DELETE", ORDERS),
            "looks": ("GET", ORDER_BOOK),
            "trades": ("GET", TRADE_BOOK),
            "reads": ("GET", POSITIONS),
        }
        self.spoiled = []
        for name, kinds in calls.items():
            self.spoil(*routes[name], kinds)
        reads = [kind for name in ("looks", "trades", "reads") for kind in calls.get(name, ())]
        self.looks_are_clear = not self.lags and not any(reads)
        before, held = self.journal.latest(), {token: self.held(token) for token in TOKENS.values()}
        yield
        self.judge_journal(before)
        if self.is_halted:
            for token, old in held.items():
                new = self.held(token)
                assert min(old, 0) <= new <= max(old, 0), f"entries were stopped, and {old} became {new}"

    def lagging(self) -> list[FaultRule]:
        return [
            FaultRule(kind="lag", method="GET", path=path, times=10**6, seconds=seconds)
            for path, seconds in self.lags.items()
        ]

    # --- the truth -----------------------------------------------------------------------------------------------

    def orders(self) -> list[Any]:
        """Every order that the exchange has."""
        return [order for account in self.rest.world.exchange.accounts.values() for order in account.orders()]

    def order_of(self, tag: str) -> Any:
        found = [order for order in self.orders() if order.request.tag == tag]
        assert len(found) < 2, f"{tag} was sent more than once"
        return found[0] if found else None

    def order_numbered(self, order_id: object) -> Any:
        return next(order for order in self.orders() if str(order.app_order_id) == order_id)

    def held(self, token: int) -> int:
        accounts = self.rest.world.exchange.accounts.values()
        positions = (position for account in accounts for position in account.positions.view(day_wise=False))
        return sum(position.net for position in positions if position.instrument.token == token)

    def known(self) -> list[Meant]:
        """Everything that the journal holds, each key once, with what became of it."""
        found: dict[str, Meant] = {}
        for entry in self.journal.entries_since(self.clock.start):
            if isinstance(entry.what, Intent):
                found.pop(entry.what.key, None)
                found[entry.what.key] = Meant(entry.number, entry.what)
            elif entry.what.key in found:
                found[entry.what.key] = evolve(found[entry.what.key], ending=entry.what)
        return list(found.values())

    # --- judging -------------------------------------------------------------------------------------------------

    def judge(self, outcome: Any, tag: OrderTag) -> None:
        """What was told of an order is what the exchange has."""
        order = self.order_of(tag)
        match outcome:
            case Placed():
                assert order is not None, "reported as placed, and the exchange never saw it"
                assert str(order.app_order_id) == outcome.order_id
                assert outcome.tag == tag
                self.placed.append(outcome)
            case OutcomeUnknown():
                assert outcome.tag == tag
                assert order is None or not self.looks_are_clear, f"{outcome!r}, and the books showed it"
            case _:
                assert order is None or order.status == "Rejected", f"{outcome!r}, and the exchange has it"

    def judge_journal(self, before: int) -> None:
        """What was meant since entry *before* has ended, and as the exchange says."""
        for meant in self.known():
            if meant.number > before:
                self.judge_entry(meant, meant.ending)

    def judge_entry(self, meant: Meant, ending: Ending | None) -> None:
        intent = meant.intent
        if ending is None:
            assert intent.key in self.endless, f"{intent.key} was left open without a crash"
            return
        words = f"the journal calls {intent.key} {ending.verdict.value} ({ending.words}), and at the exchange"
        if intent.deed is Deed.PLACE:
            order = self.order_of(intent.key)
            if ending.verdict is Verdict.DONE:
                assert order is not None, f"{words} there is none"
                assert str(order.app_order_id) == ending.order_id
            elif ending.verdict is not Verdict.UNKNOWN:
                assert order is None or order.status == "Rejected", f"{words} it is {order.status}"
            else:
                assert order is None or not self.looks_are_clear, f"{words} it is {order.status}"
        elif intent.deed is Deed.CANCEL and ending.verdict is Verdict.DONE:
            assert self.order_numbered(intent.order_id).status == "Cancelled", f"{words} it is not"

    # --- what is asked for ---------------------------------------------------------------------------------------

    def an_order(self, key: Any, side: Side, quantity: int, at_market: bool) -> Order:
        return Order(
            instrument=key,
            side=side,
            product=Product.MIS,
            quantity=quantity,
            price_type=PriceType.MARKET if at_market else PriceType.LIMIT,
            price=Decimal(0) if at_market else Decimal(1200 if side is Side.BUY else 2000),
        )

    @rule(key=keys, side=sides, quantity=st.integers(1, 30), at_market=st.booleans(),
          places=faults, looks=faults, trades=faults, dies_after=deaths)  # fmt: skip
    def place(
        self, key: Any, side: Side, quantity: int, at_market: bool, places: list[str | None],
        looks: list[str | None], trades: list[str | None], dies_after: int | None,
    ) -> None:  # fmt: skip
        with self.trouble(places=places, looks=looks, trades=trades):
            before = self.journal.latest()
            outcome = self.run(place_order(self.an_order(key, side, quantity, at_market)), dies_after)
            tags = {meant.intent.key for meant in self.known() if meant.number > before}
            assert len(tags) <= 1, "one order was meant, and more were written down"
            if outcome is not None and tags:
                self.judge(outcome, OrderTag(tags.pop()))
            assert not isinstance(outcome, Placed) or outcome.tag in {placed.tag for placed in self.placed}

    @rule(side=sides, quantity=st.integers(20, 100), places=faults, looks=faults, dies_after=deaths)
    def place_in_slices(
        self, side: Side, quantity: int, places: list[str | None], looks: list[str | None], dies_after: int | None
    ) -> None:
        had = len(self.orders())
        with self.trouble(places=places, looks=looks):
            outcome = self.run(place_sliced(self.an_order(INFY, side, quantity, True)), dies_after)
            sent = sum(order.terms.quantity for order in self.orders()[had:] if order.status != "Rejected")
            assert sent <= quantity, f"{sent} were sent of {quantity}"
            if outcome is None or isinstance(outcome, JainamError):
                return
            assert outcome.placed <= sent <= outcome.placed + outcome.in_doubt, "reported another quantity"
            for number, part in enumerate(outcome.parts):
                # A slice that closes something is tried once more when it was refused for its rate.
                tags = [OrderTag(f"{outcome.tag}{mark:03d}") for mark in (number, 100 + number)]
                self.judge(part.outcome, tags[part.placed is not None and part.placed.tag == tags[1]])

    @rule(legs=st.lists(st.tuples(keys, sides, st.integers(1, 20), st.booleans()), min_size=1, max_size=4),
          places=faults, reads=faults, looks=faults, dies_after=deaths)  # fmt: skip
    def place_a_basket(
        self, legs: list[tuple[Any, Side, int, bool]], places: list[str | None], reads: list[str | None],
        looks: list[str | None], dies_after: int | None,
    ) -> None:  # fmt: skip
        had = len(self.orders())
        with self.trouble(places=places, reads=reads, looks=looks):
            report = self.run(place_basket([self.an_order(*leg) for leg in legs]), dies_after)
            assert len(self.orders()) - had <= len(legs), "more orders than legs"
            if report is None or isinstance(report, JainamError):
                return
            placed = [part.placed for part in report.parts if part.placed is not None]
            for each in placed:
                self.judge(each, each.tag)
            in_doubt = sum(isinstance(part.outcome, OutcomeUnknown) for part in report.parts)
            # An exit that was refused for its rate may have gone out once more, with a tag of its own.
            new = len(self.orders()) - had
            most = len(placed) + in_doubt + self.rejected_since(had)
            assert len(placed) <= new <= most, f"{new} more orders, of which it tells of {len(placed)}"

    def rejected_since(self, had: int) -> int:
        return sum(order.status == "Rejected" for order in self.orders()[had:])

    @rule(key=keys, wanted=st.integers(-30, 30), places=faults, reads=faults, looks=faults, dies_after=deaths)
    def smart(
        self, key: Any, wanted: int, places: list[str | None], reads: list[str | None], looks: list[str | None],
        dies_after: int | None,
    ) -> None:  # fmt: skip
        old = self.held(TOKENS[key])
        with self.trouble(places=places, reads=reads, looks=looks):
            smart = SmartOrder(instrument=key, product=Product.MIS, target=wanted)
            outcome = self.run(place_smart_order(smart), dies_after)
            new = self.held(TOKENS[key])
            assert min(old, wanted) <= new <= max(old, wanted), f"{old} -> {wanted} ended at {new}"
            if outcome is None or isinstance(outcome, JainamError) or outcome.working:
                return
            if outcome.placed is None or not self.order_of(outcome.placed.tag).is_live:
                assert new == wanted, f"reported as done, and {new} is not {wanted}"

    @rule(data=st.data(), cancels=faults, looks=faults, dies_after=deaths)
    def cancel(
        self, data: st.DataObject, cancels: list[str | None], looks: list[str | None], dies_after: int | None
    ) -> None:
        if not self.placed:
            return
        placed = data.draw(st.sampled_from(self.placed))
        with self.trouble(cancels=cancels, looks=looks):
            outcome = self.run(cancel_order(placed.order_id), dies_after)
            status = self.order_of(placed.tag).status
            if outcome is not None and not isinstance(outcome, JainamError):
                assert status == "Cancelled", "reported as cancelled, and it is not"
            if isinstance(outcome, OutcomeUnknown) and self.looks_are_clear:
                assert status not in OVER, f"{outcome!r}, and the book showed that it is {status}"

    @rule(data=st.data(), price=st.integers(1190, 1250), quantity=st.none() | st.integers(1, 30),
          changes=faults, looks=faults, dies_after=deaths)  # fmt: skip
    def modify(
        self, data: st.DataObject, price: int, quantity: int | None, changes: list[str | None],
        looks: list[str | None], dies_after: int | None,
    ) -> None:  # fmt: skip
        if not self.placed:
            return
        placed = data.draw(st.sampled_from(self.placed))
        before = self.order_of(placed.tag)
        with self.trouble(changes=changes, looks=looks):
            wanted = Changes(price=Decimal(price)) if quantity is None else Changes(quantity=quantity)
            outcome = self.run(modify_order(placed.order_id, wanted), dies_after)
            if outcome is None or isinstance(outcome, JainamError):
                return
            assert before.is_live, "modified what was over"
            after, terms = self.order_of(placed.tag), before.terms
            if quantity is not None:
                terms = evolve(terms, quantity=quantity)
            elif terms.order_type == "Limit":  # a market order has no price to modify
                terms = evolve(terms, limit_price=Decimal(price))
            # An exchange may refuse what its gateway took, and says why; terms that a late book shows are sent anew.
            if not after.reason and ORDER_BOOK not in self.lags:
                assert after.terms == terms, "reported as modified, and it is not, or in other ways as well"

    @rule(cancels=faults, looks=faults, dies_after=deaths)
    def cancel_everything(self, cancels: list[str | None], looks: list[str | None], dies_after: int | None) -> None:
        with self.trouble(cancels=cancels, looks=looks):
            report = self.run(cancel_all_orders(), dies_after)
            if report is None or isinstance(report, JainamError):
                return
            for order_id in report.cancelled:
                assert self.order_numbered(order_id).status == "Cancelled", "reported as cancelled, and it is not"
            if report.is_complete and ORDER_BOOK not in self.lags:
                assert [order.status for order in self.orders() if order.is_live] == []

    @rule(places=faults, cancels=faults, reads=faults, looks=faults, dies_after=deaths)
    def close_everything(
        self, places: list[str | None], cancels: list[str | None], reads: list[str | None],
        looks: list[str | None], dies_after: int | None,
    ) -> None:  # fmt: skip
        old = {token: self.held(token) for token in TOKENS.values()}
        with self.trouble(places=places, cancels=cancels, reads=reads, looks=looks):
            report = self.run(close_all_positions(), dies_after)
            new = {token: self.held(token) for token in TOKENS.values()}
            for token, quantity in new.items():
                assert 0 <= quantity * (1 if old[token] >= 0 else -1) <= abs(old[token]), f"{old} became {new}"
            if report is None or isinstance(report, JainamError):
                return
            if report.is_complete and ORDER_BOOK not in self.lags:
                assert not any(new.values()), "reported as closed, and something is open"
            tokens = {contract.symbol: contract.token for contract in CONTRACTS}
            for leg in report.legs:
                if leg.remaining is not None and POSITIONS not in self.lags:
                    assert leg.remaining == new[tokens[leg.symbol]], "reported another rest than the exchange has"

    # --- what happens by itself ----------------------------------------------------------------------------------

    @rule()
    def tokens_expire(self) -> None:
        self.rest.world.sessions.expire()

    @rule(key=keys, factor=st.sampled_from([Decimal("0.97"), Decimal("1.03")]))
    def the_market_moves(self, key: Any, factor: Decimal) -> None:
        market = self.rest.world.market
        instrument = market.find("NSECM", TOKENS[key])
        assert instrument is not None
        price = (market.last(instrument) * factor).quantize(Decimal(1))
        if instrument.low <= price <= instrument.high:
            self.rest.world.exchange.set_price(instrument, price)

    @rule(key=keys, quantity=st.none() | st.integers(0, 20))
    def little_is_offered(self, key: Any, quantity: int | None) -> None:
        instrument = self.rest.world.market.find("NSECM", TOKENS[key])
        assert instrument is not None
        self.rest.world.exchange.limit_liquidity(instrument, quantity)

    @rule(seconds=st.sampled_from([1, 5, 70]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(is_halted=st.booleans())
    def halt(self, is_halted: bool) -> None:
        guard = self.desk.runner.calls.guard
        assert guard is not None
        self.is_halted = is_halted
        if is_halted:
            guard.login.trip("the day is bad", "the machine")
        else:
            guard.login.release("the machine")

    @rule(behind=st.dictionaries(books, lags, min_size=1, max_size=1) | lags.map(all_behind))
    def books_fall_behind(self, behind: dict[str, float]) -> None:
        self.lags |= behind
        self.rest.faults.clear()
        self.rest.faults.add(self.lagging())

    @rule()
    def the_books_catch_up(self) -> None:
        self.lags.clear()
        self.rest.faults.clear()

    # --- what always holds ---------------------------------------------------------------------------------------

    @invariant()
    def each_order_was_meant_and_is_there_once(self) -> None:
        if not hasattr(self, "rest"):
            return
        tags = Counter(order.request.tag for order in self.orders())
        doubled = [tag for tag, times in tags.items() if times > 1]
        assert not doubled, f"{doubled} were sent more than once"
        unwritten = set(tags) - {meant.intent.key for meant in self.known() if meant.intent.deed is Deed.PLACE}
        assert not unwritten, f"{unwritten} were sent, and nobody had written them down"

    def teardown(self) -> None:
        """In the evening all is quiet; a last process finds out whatever can be known."""
        if not hasattr(self, "desk"):
            return
        try:
            self.spend_the_evening()
        finally:
            self.close_the_desk()
            if self.loop is not None:
                self.loop.close()

    def spend_the_evening(self) -> None:
        self.the_books_catch_up()
        self.clock.advance(120)
        self.looks_are_clear = True
        outcome = self.run(resolve_intents())
        assert not isinstance(outcome, JainamError), outcome
        self.endless.clear()
        for meant in self.known():
            self.judge_entry(meant, meant.ending)
        self.count()

    def count(self) -> None:
        tags = Counter(order.request.tag for order in self.orders())
        placed = [meant for meant in self.known() if meant.intent.deed is Deed.PLACE]
        self.tally.days += 1
        self.tally.meant += len(placed)
        self.tally.at_exchange += tags.total()
        self.tally.doubled += sum(times - 1 for times in tags.values())
        self.tally.unresolved += sum(not meant.is_settled and meant.intent.key in tags for meant in placed)


class AsyncTradingDay(TradingDay):
    """The same day for the asyncio desk."""

    blocking = False
