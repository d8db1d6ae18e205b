"""The guard at the door stops entries, lets exits pass, and says which limit was reached by what (X10)."""

from __future__ import annotations

import datetime as dt
import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import MORNING, FakeClock
from fakes.samples import SHARE, order
from jainam.adapters.guard import Guard, client_halts, guard_for, halt_file_for, tally_for
from jainam.adapters.switch_files import FileSwitch, MemorySwitch
from jainam.adapters.tally_files import MemoryTally
from jainam.adapters.xts.credentials import client_named
from jainam.domain.errors import Halted, NotConfigured
from jainam.domain.guards import Limits
from jainam.domain.orders import OrderId, OrderTag
from jainam.domain.steps import CancelOrder, ListPositions, ModifyOrder, PlaceExit, PlaceOrder
from jainam.domain.vocabulary import PriceType


def entry(quantity: int = 10, tag: str = "t1", **terms: Any) -> PlaceOrder:
    usual: dict[str, Any] = {"price_type": PriceType.LIMIT, "price": Decimal(1400)}
    return PlaceOrder(order(SHARE, quantity=quantity, **(usual | terms)), SHARE, OrderTag(tag))


def modification(quantity: int = 10) -> ModifyOrder:
    return ModifyOrder(OrderId("9001"), entry(quantity).order, SHARE, OrderTag("t1"))


def guard(client_id: str | None = None, **limits: Any) -> Guard:
    return guard_for(Limits(**limits), None, client_id, FakeClock().now)


def after(seconds: float) -> dt.datetime:
    return MORNING + dt.timedelta(seconds=seconds)


def refused(door: Guard, step: Any = None, now: dt.datetime = MORNING) -> Halted:
    with pytest.raises(Halted) as caught:
        door.admit(step or entry(), lambda: now)
    return caught.value


# --- the switch --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [entry(), modification()], ids=["order", "modification"])
def test_while_a_switch_is_tripped_entries_stay(step: Any) -> None:
    """An order and a modification are stopped from the moment it is tripped to the moment it is released."""
    door = guard()
    door.admit(step, lambda: MORNING)

    door.login.trip("the feed is down", "asha")
    error = refused(door, step)
    door.login.release("asha")
    door.admit(step, lambda: MORNING)

    assert str(error) == (
        "trading is halted by asha since 12 Jan 10:15:00: the feed is down; `jainam resume` lets entries through again"
    )
    assert not error.wants_pnl


@pytest.mark.parametrize(
    "step",
    [PlaceExit(entry().order, SHARE, OrderTag("t1")), CancelOrder(OrderId("9001")), ListPositions()],
    ids=["exit", "cancellation", "read"],
)
def test_exits_always_pass(step: Any) -> None:
    """Neither a switch nor a limit keeps anybody in; nor do they stop reads."""
    door = guard("CLIENT01", order_quantity=1, order_value=1, orders_per_minute=1, daily_loss=1)
    door.login.trip("enough", "asha")
    assert door.client is not None
    door.client.trip("enough", "asha")
    door.learn(Decimal(-9), MORNING)

    for _ in range(3):
        door.admit(step, lambda: MORNING)

    assert door.tally.counted(MORNING) == 0


@pytest.mark.parametrize(("client", "words"), [("CLIENT01", "CLIENT01"), ("*****", "pro")])
def test_an_entry_needs_both_switches_open(client: str, words: str) -> None:
    """Everybody's switch and the client's own each stop it, and each is told how to be released."""
    door = guard(client)
    assert door.client is not None
    door.client.trip("enough", "asha")
    assert f"`jainam resume --client {words}` lets entries" in str(refused(door))

    door.login.trip("enough", "asha")
    assert "`jainam resume` lets entries" in str(refused(door))
    door.client.release("asha")
    refused(door)
    door.login.release("asha")
    door.admit(entry(), lambda: MORNING)


def test_one_client_s_switch_stops_no_other(tmp_path: Path) -> None:
    """Clients of one login are halted one by one, or all at once."""
    first, second, everybody = (guard_for(Limits(), tmp_path / "halt", client) for client in ("A", "B", None))
    assert first.client is not None
    first.client.trip("enough", "asha")

    refused(first)
    second.admit(entry(), lambda: MORNING)
    everybody.admit(entry(), lambda: MORNING)
    everybody.login.trip("all of you", "asha")
    refused(second)


# --- one order ---------------------------------------------------------------------------------------------------


def test_an_order_beyond_its_limits_is_named_with_all_of_them() -> None:
    """Every limit an order breaks is in one message, for a modification as for an order."""
    door = guard(order_value=50_000, order_quantity=20)

    for step in (entry(100), modification(100)):
        text = str(refused(door, step))
        assert "100 of RELIANCE is above the 20 units of JAINAM_MAX_ORDER_QUANTITY; 100 RELIANCE are worth" in text
        assert text.endswith("; `jainam guard` shows every limit")
    door.admit(entry(20), lambda: MORNING)


# --- the day's loss ----------------------------------------------------------------------------------------------


def test_an_entry_wants_the_day_s_figure_and_goes_when_it_is_known() -> None:
    """Without a figure the error asks for it; once it is learned, the same entry passes for five seconds."""
    door = guard(daily_loss=1000)
    assert refused(door).wants_pnl
    assert "is not known yet, so JAINAM_MAX_DAILY_LOSS (1000 rupees) cannot be held" in str(refused(door))

    door.learn(Decimal("-999.99"), after(1))
    door.admit(entry(), lambda: after(1))
    door.admit(entry(), lambda: after(6))
    late = refused(door, now=after(6.1))

    assert late.wants_pnl
    assert "was last known at 10:15:01" in str(late)


def test_how_old_a_figure_may_be_is_a_setting() -> None:
    """Whoever trades slowly may rely on it for longer."""
    door = guard(daily_loss=1000, pnl_seconds=60)
    door.learn(Decimal(5), MORNING)

    door.admit(entry(), lambda: after(59))
    assert refused(door, now=after(61)).wants_pnl


def test_an_unknown_figure_refuses_and_asks_for_nothing() -> None:
    """When the broker does not tell what a position makes, reading it again would not help, and nothing is assumed."""
    door = guard(daily_loss=1000)
    door.learn(None, MORNING)

    error = refused(door)

    assert not error.wants_pnl
    assert "gives no profit and loss for some position" in str(error)
    assert door.login.tripped() is None


def test_a_loss_at_the_limit_trips_the_switch_for_everybody() -> None:
    """Where there is no client the whole login stops, at once and whether or not anybody places an order."""
    door = guard(daily_loss=1000)

    door.learn(Decimal("-1000.00"), MORNING)

    halt = door.login.tripped()
    assert halt is not None
    assert halt.by == "the guard rails"
    assert halt.reason == "the day's loss of 1000.00 rupees has reached JAINAM_MAX_DAILY_LOSS (1000)"
    assert "trading is halted by the guard rails" in str(refused(door))


def test_a_client_s_loss_stops_that_client(tmp_path: Path) -> None:
    """His own switch trips, in every process that trades for him, and nobody else's."""
    ours, his, other = (guard_for(Limits(daily_loss=1000), tmp_path / "halt", client) for client in ("A", "A", "B"))

    ours.learn(Decimal(-2000), MORNING)
    other.learn(Decimal(0), MORNING)

    assert "--client A" in str(refused(his))
    other.admit(entry(), lambda: MORNING)


def test_resuming_does_not_forget_the_loss() -> None:
    """Released while the figure stands, the first entry trips it again and says what would help."""
    door = guard("A", daily_loss=1000)
    assert door.client is not None
    door.learn(Decimal(-1200), MORNING)
    door.client.release("asha")

    error = refused(door, now=after(1))

    assert "loss of 1200.00 rupees has reached JAINAM_MAX_DAILY_LOSS (1000); entries stay stopped until" in str(error)
    assert "`jainam resume --client A` is run" in str(error)
    assert door.client.tripped() is not None
    assert door.login.tripped() is None


def test_a_person_s_words_are_not_overwritten_by_a_loss() -> None:
    """Who halted by hand finds his own reason, whatever the figure does meanwhile."""
    door = guard(daily_loss=1000)
    door.login.trip("lunch", "asha")
    door.learn(Decimal(-5000), MORNING)

    assert "lunch" in str(door.login.tripped())


def test_what_one_process_learned_another_need_not_read(tmp_path: Path) -> None:
    """The positions may be read once a second, so processes of one client share the figure; clients do not."""
    ours, his, other = (guard_for(Limits(daily_loss=1000), tmp_path / "halt", client) for client in ("A", "A", "B"))
    ours.learn(Decimal(7), MORNING)

    his.admit(entry(), lambda: after(4))
    assert refused(other, now=after(4)).wants_pnl
    assert refused(his, now=after(6)).wants_pnl


def test_a_switch_that_cannot_be_tripped_does_not_let_entries_through(caplog: pytest.LogCaptureFixture) -> None:
    """Where the others cannot be told, the figure itself stops this process, and the log says what failed."""

    class Stuck(MemorySwitch):
        def trip(self, reason: str, by: str) -> None:
            raise NotConfigured("entries could NOT be stopped: no room")

    door = Guard(Stuck(), Limits(daily_loss=1000), MemoryTally())
    with caplog.at_level(logging.ERROR, "jainam"):
        door.learn(Decimal(-1000), MORNING)

    assert "has reached" in str(refused(door))
    assert "entries could NOT be stopped: no room" in caplog.messages


def test_without_a_limit_on_losses_a_figure_changes_nothing() -> None:
    """It is kept for whoever asks, and trips nothing."""
    door = guard()
    door.learn(Decimal(-(10**9)), MORNING)

    door.admit(entry(), lambda: MORNING)
    assert door.tally.latest() is not None


# --- orders per minute -------------------------------------------------------------------------------------------


def test_entries_are_counted_and_the_next_is_told_when() -> None:
    """Orders and modifications count together; the message names the limit and the seconds to wait."""
    door = guard(orders_per_minute=2)
    door.admit(entry(), lambda: MORNING)
    door.admit(modification(), lambda: after(20))

    assert str(refused(door, now=after(30))) == (
        "2 entries were sent in the last minute, all that JAINAM_MAX_ORDERS_PER_MINUTE allows; try again in 30 seconds"
    )
    assert str(refused(door, now=after(59.9))).endswith("try again in 1 seconds")
    door.admit(entry(), lambda: after(60))


def test_an_entry_that_never_left_is_not_counted_twice() -> None:
    """The same step, tried again after no connection was made, is one order; another with its words is another."""
    door = guard(orders_per_minute=2)
    first, second = modification(), modification()
    assert first == second

    for _ in range(4):
        door.admit(first, lambda: MORNING)
    door.admit(second, lambda: MORNING)

    assert door.tally.counted(MORNING) == 2
    refused(door, modification())


def test_what_is_refused_for_another_reason_is_not_counted() -> None:
    """Only what may leave uses up the minute."""
    door = guard(orders_per_minute=1, order_quantity=20, daily_loss=1000)
    refused(door, entry(100))
    refused(door)
    door.learn(Decimal(0), MORNING)

    door.admit(entry(), lambda: MORNING)
    assert door.tally.counted(MORNING) == 1


def test_clients_are_counted_apart(tmp_path: Path) -> None:
    """One client's orders leave the other's minute alone; his own processes share it."""
    first, again, other = (
        guard_for(Limits(orders_per_minute=1), tmp_path / "halt", client) for client in ("A", "A", "B")
    )
    first.admit(entry(), lambda: MORNING)

    other.admit(entry(), lambda: MORNING)
    refused(again)


# --- files -------------------------------------------------------------------------------------------------------

NAMES = st.one_of(
    st.sampled_from(["*****", "pro", "A.orders", "A.pnl", "../x", "A/7", "a b", ".", "Ä", "A@B", "%2E"]),
    st.text(min_size=1, max_size=8),
).filter(client_named)


@given(first=NAMES, second=NAMES)
def test_each_client_has_files_of_his_own(first: str, second: str) -> None:
    """Whatever clients are called, no two share a file, none has everybody's, and all lie beside the halt file."""
    halt = Path("/data/halt")
    ids = {client_named(first), client_named(second)}
    files = [halt, *(halt_file_for(halt, client) for client in ids)]
    tallies = [tally_for(halt, client) for client in (None, *ids)]
    every = [*files, *(tally.orders for tally in tallies), *(tally.pnl for tally in tallies)]

    assert len(set(every)) == 3 * (1 + len(ids))
    assert {file.parent for file in every} == {halt.parent}


@given(clients=st.sets(NAMES.map(client_named), max_size=4))
def test_the_clients_that_are_halted_can_be_listed(clients: set[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """A look into the folder names every halted client, and takes no count for one."""
    halt = tmp_path_factory.mktemp("halts") / "halt"
    FileSwitch(halt).trip("all", "asha")
    tally_for(halt, "X").count(MORNING, 1)
    for client in clients:
        FileSwitch(halt_file_for(halt, client)).trip("enough", "asha")

    assert set(client_halts(halt)) == clients


def test_without_a_folder_nobody_is_halted(tmp_path: Path) -> None:
    """A folder that was never made holds no halts; one that cannot be looked into is not taken for empty."""
    assert client_halts(tmp_path / "none" / "halt") == ()
    (tmp_path / "file").touch()

    with pytest.raises(NotConfigured, match="cannot be looked into"):
        client_halts(tmp_path / "file" / "halt")
