"""Several clients under one login: what they share, and that no call for one ever touches another (X10, D13)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import define, evolve, field
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.clock import FakeAsyncClock, FakeClock
from fakes.exchange import AsyncRestTransport, RestTransport, counted_tags, settings_for
from jainam import AsyncDesk, Desk, Exchange, Halted, Order, PriceType, Product, Settings, Side, SmartOrder, SymbolKey
from jainam.adapters.file_locks import FileLocks
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.adapters.record import Record
from jainam.adapters.scoped_locks import ScopedLocks
from jainam.domain.errors import NotConfigured
from jainam.domain.guards import Limits
from jainam.ports.transport import HttpRequest
from jainam.simulator import Modes, Rest, SimulatorSettings

SIMULATOR = SimulatorSettings(modes=Modes(rate_limits=False))
CLIENTS = ("CLIENT01", "CLIENT02", "*****")
KEY = SymbolKey("INFY", Exchange.NSE)
STORE = MemoryContracts()


def named_by(request: HttpRequest) -> set[str]:
    """The clients that *request* names; none where its call knows no clients."""
    fields = dict(parse_qsl(urlsplit(request.url).query)) | json.loads(request.body or b"{}")
    return {value for name, value in fields.items() if name.casefold() == "clientid"}


@define(eq=False)
class Login:
    """An exchange, a login, and a desk for each of its clients; *named* is whom the requests of late have named."""

    settings: Settings = field(factory=lambda: settings_for(SIMULATOR, client_id="CLIENT01"))
    rest: Rest = field(factory=lambda: Rest(SIMULATOR))
    named: set[str] = field(factory=set)
    clock: Any = field(factory=FakeClock)
    transport: RestTransport = field(init=False)
    desks: dict[str, Desk] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.transport = RestTransport(self.rest, before=lambda request: self.named.update(named_by(request)))
        first = Desk.open(
            self.settings, transport=self.transport, contracts=STORE, clock=self.clock, tags=counted_tags()
        )
        if not STORE.search("INFY"):
            first.load_contracts()
        self.desks = {"CLIENT01": first} | {client: first.for_client(client) for client in CLIENTS[1:]}

    def books_of(self, client: str) -> object:
        """What the exchange has of a client."""
        desk = self.desks[client]
        return desk.order_book(), desk.trade_book(), desk.positions()


def order(side: Side, quantity: int, price: str | None = None) -> Order:
    """An order on one share, at the market or at a *price*."""
    terms: dict[str, Any] = {} if price is None else {"price_type": PriceType.LIMIT, "price": Decimal(price)}
    return Order(instrument=KEY, side=side, product=Product.MIS, quantity=quantity, **terms)


DEEDS: dict[str, Callable[[Desk], object]] = {
    "buy": lambda desk: desk.place_order(order(Side.BUY, 10)),
    "rest": lambda desk: desk.place_order(order(Side.BUY, 5, "1700")),
    "smart": lambda desk: desk.place_smart_order(SmartOrder(instrument=KEY, product=Product.MIS, target=-7)),
    "slices": lambda desk: desk.place_sliced(order(Side.SELL, 3)),
    "basket": lambda desk: desk.place_basket([order(Side.SELL, 4), order(Side.BUY, 2)]),
    "cancel all": lambda desk: desk.cancel_all_orders(),
    "close all": lambda desk: desk.close_all_positions(),
    "resolve": lambda desk: desk.resolve(),
    "read": lambda desk: (desk.order_book(), desk.trade_book(), desk.positions(), desk.holdings(), desk.funds()),
}
deeds = st.lists(st.tuples(st.sampled_from(CLIENTS), st.sampled_from(sorted(DEEDS))), min_size=1, max_size=8)


@settings(deadline=None)
@given(deeds)
def test_a_call_for_one_client_never_touches_another(done: list[tuple[str, str]]) -> None:
    """Whatever is done for one client, its requests name him alone and the others' books stay as they are."""
    login = Login()
    for client, deed in done:
        others = {other: login.books_of(other) for other in CLIENTS if other != client}
        login.named.clear()
        DEEDS[deed](login.desks[client])
        login.clock.advance(61)

        assert login.named <= {client}
        assert {other: login.books_of(other) for other in others} == others


@settings(deadline=None)
@given(st.sampled_from(CLIENTS), st.sampled_from(CLIENTS))
def test_each_client_has_books_of_his_own(buyer: str, reader: str) -> None:
    """A purchase stands in the books of the client it was made for, and in no other's."""
    login = Login()
    login.desks[buyer].place_order(order(Side.BUY, 10))

    held = login.desks[reader].open_position("INFY", Exchange.NSE, Product.MIS)
    assert held == (10 if reader == buyer else 0)
    assert len(login.desks[reader].order_book()) == (1 if reader == buyer else 0)
    own = login.desks[reader].runner.local.record.own_orders(KEY, Product.MIS)
    assert own is not None
    assert len(own) == (1 if reader == buyer else 0)


def test_clients_share_one_login() -> None:
    """All desks of a login go by one session, whoever logged in, and one pace."""
    login = Login()
    for client in CLIENTS:
        login.desks[client].positions()

    assert login.rest.count("POST", "/interactive/user/session") == 1
    assert len({id(desk.runner.pacer) for desk in login.desks.values()}) == 1
    assert len({id(desk.runner.calls.sessions) for desk in login.desks.values()}) == 1


def test_a_desk_for_nobody_is_refused() -> None:
    """An empty client code is no way of trading for whoever was configured."""
    with pytest.raises(NotConfigured, match="for whom is missing"):
        Login().desks["CLIENT01"].for_client(" ")


def test_closing_one_desk_leaves_the_others() -> None:
    """What is shared stays open until the first desk closes, and then all of it is closed."""
    login = Login()
    first, second, third = login.desks.values()
    with second:
        second.positions()
    second.close()

    assert third.positions() == ()
    assert not login.transport.closed
    assert third.for_client("pro").settings.client_id == "*****"
    first.close()
    assert login.transport.closed


def test_one_switch_stops_all_clients_and_another_one_of_them() -> None:
    """Without a halt file too, the login's switch is shared by all desks, and a client's by all desks for him (X10)."""
    login = Login(settings=evolve(settings_for(SIMULATOR, client_id="CLIENT01"), limits=Limits(orders_per_minute=2)))
    first, second, _ = login.desks.values()
    again = first.for_client("CLIENT02")
    same = second.for_client("CLIENT01")
    for desk in (second, again):
        desk.place_order(order(Side.BUY, 1))
    with pytest.raises(Halted, match="2 entries were sent in the last minute"):
        again.place_order(order(Side.BUY, 1))
    first.place_order(order(Side.BUY, 1))

    assert same.runner.calls.guard is first.runner.calls.guard
    assert first.runner.calls.guard is not None
    first.runner.calls.guard.login.trip("enough", "a test")
    for desk in (*login.desks.values(), again, same):
        with pytest.raises(Halted, match="enough"):
            desk.place_order(order(Side.BUY, 1))


class Crashed(Record):
    """The record of a process that ended before it could write what became of anything."""

    def ended(self, step: Any, outcome: object) -> None:
        """Nothing is written."""


def test_what_a_crash_left_open_is_looked_up_for_its_client(tmp_path: Path) -> None:
    """A desk for another client finds out what became of that client's orders, and of nobody else's (X1)."""
    settings = settings_for(SIMULATOR, database=str(tmp_path / "jainam.sqlite"), client_id="CLIENT01")
    login = Login(settings=settings)
    calls = login.desks["CLIENT02"].runner.calls
    calls.record = Crashed(calls.record.journal, now=calls.record.now)
    placed = login.desks["CLIENT02"].place_order(order(Side.BUY, 1))
    assert [meant.intent.tag for meant in calls.record.unsettled()] == [placed.tag]
    told: list[object] = []

    with Desk.open(
        settings, transport=login.transport, contracts=STORE, clock=login.clock, listen=told.append
    ) as first:
        assert not told
        with first.for_client("CLIENT02") as desk:
            assert not desk.runner.local.record.unsettled()
    assert "left open by an earlier run" in str(told[-1])
    login.desks["CLIENT01"].close()


def test_clients_of_an_asyncio_desk() -> None:
    """The asyncio desk has the same desks for other clients, closed likewise."""
    rest, named = Rest(SIMULATOR), set[str]()
    transport = RestTransport(rest, before=lambda request: named.update(named_by(request)))
    settings = settings_for(SIMULATOR, client_id="CLIENT01")

    async def trade() -> None:
        async with AsyncDesk.open(
            settings, transport=AsyncRestTransport(transport), contracts=STORE, clock=FakeAsyncClock()
        ) as first:
            await first.load_contracts()
            async with first.for_client("CLIENT02") as second:
                await asyncio.gather(second.positions(), second.order_book())
                await second.place_order(order(Side.BUY, 10))
                assert second.for_client("pro").settings.client_id == "*****"
            assert not transport.closed
            assert named == {"CLIENT02"}
            assert await first.positions() == ()
            first.for_client("CLIENT02")

    asyncio.run(trade())
    assert transport.closed
    assert rest.count("POST", "/interactive/user/session") == 1


# --- turns -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "client", "key", "is_free"),
    [
        ("a", "C1", ("orders", "NSE", "INFY", "MIS"), False),
        ("a", "C2", ("orders", "NSE", "INFY", "MIS"), True),
        ("b", "C1", ("orders", "NSE", "INFY", "MIS"), True),
        ("a", "C2", ("closing",), True),
        ("a", "C2", ("login", "interactive"), False),
        ("b", "C2", ("login", "interactive"), True),
    ],
)
def test_turns_are_taken_by_login_and_client(
    tmp_path: Path, login: str, client: str, key: tuple[str, ...], is_free: bool
) -> None:
    """Brokers and clients that share a folder never wait for each other, but for the login they have in common."""
    first = ScopedLocks(FileLocks(tmp_path), "a", "C1")
    second = ScopedLocks(FileLocks(tmp_path), login)
    for name in (("orders", "NSE", "INFY", "MIS"), ("closing",), ("login", "interactive")):
        assert first.try_hold(name) is not None

    release = second.of_client(client).try_hold(key)
    assert (release is not None) is is_free
    first.close()
    second.close()


def test_desks_take_their_turns_by_client(tmp_path: Path) -> None:
    """The desks of one login, and of another in the same folder, have turns of their own."""
    login = Login(settings=evolve(settings_for(SIMULATOR, client_id="CLIENT01"), state_folder=tmp_path))
    scopes = []
    for desk in login.desks.values():
        assert isinstance(desk.runner.locks, ScopedLocks)
        scopes.append((desk.runner.locks.login, desk.runner.locks.client, desk.runner.client))

    mark = login.settings.login_mark
    assert scopes == [(mark, client, client) for client in CLIENTS]
    login.desks["CLIENT01"].close()
