"""A trading day that goes wrong in every way, played against the embedded exchange.

The exchange is the truth: whatever a flow reports is held against what the exchange shows through its control route.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.runner_suite import INFY, RELIANCE, SHARES
from fakes.clock import FakeAsyncClock, FakeClock
from fakes.exchange import AsyncRestTransport, RestTransport, counted_tags, settings_for
from jainam.adapters.asyncio_desk import AsyncDesk
from jainam.adapters.desk import Desk
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import InvalidOrder, JainamError, NotSent, OrderRejected, OutcomeUnknown, RateLimited
from jainam.domain.flows import cancel_all_orders, cancel_order, modify_order, place_order, place_smart_order
from jainam.domain.orders import Changes, Order, OrderTag, Placed, SmartOrder
from jainam.domain.steps import Flow
from jainam.domain.vocabulary import PriceType, Product, Side
from jainam.simulator import FaultRule, Request, Response, Rest, SimulatorSettings

ORDERS = "/interactive/orders"
FAULTS = (
    "refuse", "lose_request", "lose_answer", "gateway", "gateway applied", "rate_limit", "expired_token",
    "malformed", "error_200", "delay", "no connection",
)  # fmt: skip
READS = (
    "/interactive/orders/dealerorderbook",
    "/interactive/portfolio/dealerpositions",
)

faults = st.lists(st.none() | st.sampled_from(FAULTS), max_size=4)
keys = st.sampled_from([RELIANCE, INFY])


class TradingDay(RuleBasedStateMachine):
    """Orders, smart orders, cancellations and close-alls, each with a list of faults for its calls."""

    blocking = True

    @initialize()
    def open_the_desk(self) -> None:
        self.clock = FakeClock()
        simulator = SimulatorSettings(trading_date=self.clock.now().date())
        self.rest = Rest(simulator, self.clock)
        self.transport = RestTransport(self.rest, timeout=10)
        self.meant: list[OrderTag] = []
        self.placed: list[Placed] = []
        contracts = MemoryContracts(SHARES)
        settings = settings_for(simulator)
        if self.blocking:
            desk = Desk.open(
                settings, transport=self.transport, contracts=contracts, clock=self.clock, tags=self.next_tag
            )
            self.desk: Desk | AsyncDesk = desk
        else:
            self.desk = AsyncDesk.open(
                settings,
                transport=AsyncRestTransport(self.transport),
                contracts=contracts,
                clock=FakeAsyncClock(self.clock),
                tags=self.next_tag,
            )
            self.loop = asyncio.Runner()
        self.numbers = counted_tags()

    def teardown(self) -> None:
        if not self.blocking and hasattr(self, "loop"):
            self.loop.close()

    def next_tag(self) -> OrderTag:
        tag = self.numbers()
        self.meant.append(tag)
        return tag

    def run(self, flow: Flow[Any]) -> Any:
        try:
            if isinstance(self.desk, Desk):
                return self.desk.runner.run(flow)
            return self.loop.run(self.desk.runner.run(flow))
        except JainamError as error:
            return error
        finally:
            self.rest.faults.clear()
            self.transport.refusals = 0

    def spoil(self, method: str, path: str, kinds: list[str | None]) -> None:
        """Let the next calls of *method* to *path* go wrong, one kind each; the first `None` lets one pass."""
        for number, kind in enumerate(kinds):
            if kind is None:
                continue
            if kind == "no connection":
                self.transport.refusals = 1 if number == 0 else self.transport.refusals
                continue
            kind, _, applied = kind.partition(" ")
            self.rest.faults.add(
                [
                    FaultRule(
                        kind=kind,
                        method=method,
                        path=path,
                        skip=kinds[:number].count(None),
                        seconds=20 if kind == "delay" else 0,
                        applied=True if applied else None,
                    )
                ]
            )

    def truth(self) -> dict[str, Any]:
        answer = self.rest.handle(Request(method="GET", path="/sim/state"))
        assert isinstance(answer, Response)
        return dict(json.loads(answer.body))

    def order_of(self, tag: str) -> dict[str, Any] | None:
        return next((row for row in self.truth()["orders"] if row["OrderUniqueIdentifier"] == tag), None)

    def held(self, token: int) -> int:
        return sum(row["Quantity"] for row in self.truth()["positions"] if row["ExchangeInstrumentID"] == token)

    def judge(self, outcome: Any, tag: OrderTag) -> None:
        """What was told of an order is what the exchange shows."""
        row = self.order_of(tag)
        match outcome:
            case Placed():
                assert row is not None, "reported as placed, and the exchange never saw it"
                assert str(row["AppOrderID"]) == outcome.order_id
                assert outcome.tag == tag
                self.placed.append(outcome)
            case OrderRejected() | InvalidOrder() | NotSent() | RateLimited():
                assert row is None or row["OrderStatus"] == "Rejected", f"{outcome!r}, and the exchange has it"
            case OutcomeUnknown():
                assert outcome.tag == tag
            case _:
                assert row is None, f"{outcome!r}, and the exchange has the order"

    @rule(key=keys, side=st.sampled_from(Side), quantity=st.integers(1, 50), at_market=st.booleans(),
          kinds=faults, looks=faults)  # fmt: skip
    def place(
        self, key: Any, side: Side, quantity: int, at_market: bool, kinds: list[str | None], looks: list[str | None]
    ) -> None:
        self.spoil("POST", ORDERS, kinds)
        self.spoil("GET", READS[0], looks)
        order = Order(
            instrument=key,
            side=side,
            product=Product.MIS,
            quantity=quantity,
            price_type=PriceType.MARKET if at_market else PriceType.LIMIT,
            price=Decimal(0) if at_market else Decimal(1200 if side is Side.BUY else 2000),
        )
        before = len(self.meant)
        outcome = self.run(place_order(order))
        assert len(self.meant) <= before + 1
        if len(self.meant) > before:
            self.judge(outcome, self.meant[-1])

    @rule(key=keys, wanted=st.integers(-60, 60), kinds=faults, reads=faults, looks=faults)
    def smart(
        self, key: Any, wanted: int, kinds: list[str | None], reads: list[str | None], looks: list[str | None]
    ) -> None:
        self.spoil("POST", ORDERS, kinds)
        self.spoil("GET", READS[1], reads)
        self.spoil("GET", READS[0], looks)
        token = next(contract.token for contract in SHARES if contract.key == key)
        old = self.held(token)

        outcome = self.run(place_smart_order(SmartOrder(instrument=key, product=Product.MIS, target=wanted)))

        new = self.held(token)
        assert min(old, wanted) <= new <= max(old, wanted), f"{old} -> {wanted} ended at {new}"
        if not isinstance(outcome, JainamError) and not outcome.working:
            assert new == wanted, f"reported as done, and {new} is not {wanted}"

    @rule(data=st.data(), kinds=faults, looks=faults)
    def cancel(self, data: st.DataObject, kinds: list[str | None], looks: list[str | None]) -> None:
        if not self.placed:
            return
        placed = data.draw(st.sampled_from(self.placed))
        self.spoil("DELETE", ORDERS, kinds)
        self.spoil("GET", READS[0], looks)

        outcome = self.run(cancel_order(placed.order_id))

        row = self.order_of(placed.tag)
        assert row is not None
        if not isinstance(outcome, JainamError):
            assert row["OrderStatus"] == "Cancelled", "reported as cancelled, and it is not"

    @rule(data=st.data(), price=st.integers(1190, 1250), kinds=faults, looks=faults)
    def modify(self, data: st.DataObject, price: int, kinds: list[str | None], looks: list[str | None]) -> None:
        if not self.placed:
            return
        placed = data.draw(st.sampled_from(self.placed))
        self.spoil("PUT", ORDERS, kinds)
        self.spoil("GET", READS[0], looks)
        before = self.order_of(placed.tag)

        outcome = self.run(modify_order(placed.order_id, Changes(price=Decimal(price))))

        after = self.order_of(placed.tag)
        assert before is not None
        assert after is not None
        if not isinstance(outcome, JainamError):
            assert before["OrderStatus"] not in ("Filled", "Cancelled", "Rejected"), "modified what was over"

    @rule(kinds=faults, reads=faults)
    def cancel_everything(self, kinds: list[str | None], reads: list[str | None]) -> None:
        self.spoil("DELETE", ORDERS, kinds)
        self.spoil("GET", READS[0], reads)

        report = self.run(cancel_all_orders())

        if isinstance(report, JainamError):
            return
        status = {str(row["AppOrderID"]): row["OrderStatus"] for row in self.truth()["orders"]}
        assert [order_id for order_id in report.cancelled if status[order_id] != "Cancelled"] == []
        if report.is_complete:
            assert [each for each in status.values() if each not in ("Filled", "Cancelled", "Rejected")] == []

    @rule(kinds=faults, reads=faults, looks=faults)
    def close_everything(self, kinds: list[str | None], reads: list[str | None], looks: list[str | None]) -> None:
        old = {row["ExchangeInstrumentID"]: row["Quantity"] for row in self.truth()["positions"]}
        self.spoil("POST", ORDERS, kinds)
        self.spoil("GET", READS[1], reads)
        self.spoil("GET", READS[0], looks)

        report = self.run(close_all_positions())

        new = {row["ExchangeInstrumentID"]: row["Quantity"] for row in self.truth()["positions"]}
        for token, quantity in new.items():
            assert 0 <= quantity * (1 if old.get(token, 0) >= 0 else -1) <= abs(old.get(token, 0)), "passed flat"
        if isinstance(report, JainamError):
            return
        if report.is_complete:
            assert not any(new.values()), "reported as closed, and something is open"
        tokens = {contract.symbol: contract.token for contract in SHARES}
        for leg in report.legs:
            if leg.remaining is not None:
                assert leg.remaining == new[tokens[leg.symbol]], "reported another rest than the exchange has"

    @rule()
    def tokens_expire(self) -> None:
        self.rest.world.sessions.expire()

    @rule(key=keys, factor=st.sampled_from([Decimal("0.97"), Decimal("1.03")]))
    def the_market_moves(self, key: Any, factor: Decimal) -> None:
        token = next(contract.token for contract in SHARES if contract.key == key)
        market = self.rest.world.market
        instrument = market.find("NSECM", token)
        assert instrument is not None
        price = (market.last(instrument) * factor).quantize(Decimal(1))
        if instrument.low <= price <= instrument.high:
            self.rest.world.exchange.set_price(instrument, price)

    @invariant()
    def no_tag_is_there_twice(self) -> None:
        if not hasattr(self, "rest"):
            return
        tags = Counter(row["OrderUniqueIdentifier"] for row in self.truth()["orders"])
        assert [tag for tag, times in tags.items() if times > 1] == []
        assert set(tags) <= set(self.meant)


class AsyncTradingDay(TradingDay):
    """The same day for the asyncio desk."""

    blocking = False


__all__ = ["AsyncTradingDay", "TradingDay"]
