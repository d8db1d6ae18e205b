"""Steps are values whose text is a log line."""

import pytest

from fakes.samples import FUTURE, SHARE, order
from jainam.domain import steps
from jainam.domain.listings import row_of
from jainam.domain.orders import OrderId, OrderTag
from jainam.domain.sessions import Api, Session
from jainam.domain.steps import (
    Alone,
    BrokerStep,
    CancelOrder,
    FindOrder,
    Flow,
    KeepSession,
    ListOrders,
    Login,
    Logout,
    ModifyExit,
    ModifyOrder,
    NewTag,
    Pause,
    PlaceExit,
    PlaceOrder,
    ReadQuotes,
    ReplaceContracts,
    Step,
    Together,
    Traffic,
)

TAG = OrderTag("t1")


def flow() -> Flow[OrderTag]:
    """Ask for a tag."""
    return (yield from NewTag())


def test_step_yields_itself_and_returns_its_answer() -> None:
    """`yield from` a step asks for it and is its answer."""
    asking = flow()
    assert next(asking) == NewTag()
    with pytest.raises(StopIteration) as done:
        asking.send(TAG)
    assert done.value.value == TAG


@pytest.mark.parametrize(
    "step",
    [
        PlaceOrder(order(), FUTURE, TAG),
        PlaceExit(order(), FUTURE, TAG),
        ModifyOrder(OrderId("9001"), order(), FUTURE, TAG),
        ReplaceContracts((row_of(FUTURE), row_of(SHARE)), print),
        Together((flow(), flow())),
        Alone(("smart", "NFO:X"), flow()),
    ],
    ids=lambda step: type(step).__name__,
)
def test_text_of_a_step_is_one_line(step: Step[object]) -> None:
    """A step names itself and what it is about, without dumping contracts or generators into the log."""
    text = repr(step)

    assert text.startswith(f"{type(step).__name__}(")
    assert "Contract(" not in text
    assert "generator" not in text
    assert len(text) < 450


def test_many_are_told_by_their_number() -> None:
    """A step that carries many things says how many, unless they are still to come."""
    assert repr(ReplaceContracts((row_of(FUTURE), row_of(SHARE)), print)) == "ReplaceContracts()"
    assert repr(Together((flow(),))) == "Together(flows=<1>)"


def test_order_step_names_its_order_and_tag() -> None:
    """Whoever reads the log can find the order in the broker's book (NFR9)."""
    text = repr(PlaceOrder(order(), FUTURE, TAG))

    assert "NIFTY30JUN26FUT" in text
    assert "tag='t1'" in text


def test_no_step_shows_a_token() -> None:
    """A session that travels in a step keeps its token to itself (NFR4)."""
    session = Session(api=Api.INTERACTIVE, token="canary", user_id="U", root="/interactive")

    assert "canary" not in repr(KeepSession(session))


def test_steps_are_equal_by_what_they_ask() -> None:
    """Two steps that ask the same are the same; an exit is no entry, and another tag is another order."""
    assert PlaceOrder(order(), FUTURE, TAG) == PlaceOrder(order(), FUTURE, TAG)
    assert PlaceOrder(order(), FUTURE, TAG) != PlaceExit(order(), FUTURE, TAG)
    assert PlaceOrder(order(), FUTURE, TAG) != PlaceOrder(order(), FUTURE, OrderTag("t2"))
    assert Pause(1) != Pause(2)
    assert Alone(("a",), flow()) == Alone(("a",), flow())
    assert len({ListOrders(), ListOrders(), FindOrder(TAG)}) == 2


def test_traffic_tells_orders_from_reads() -> None:
    """Orders and cancellations leave something in doubt when their answer is lost; reads and logins do not."""
    moving = {
        name
        for name in steps.__all__
        if isinstance(kind := getattr(steps, name), type)
        and issubclass(kind, BrokerStep)
        and kind.traffic in (Traffic.ENTRY, Traffic.EXIT)
    }

    assert moving == {"PlaceOrder", "ModifyExit", "ModifyOrder", "CancelOrder"}
    assert PlaceOrder(order(), FUTURE, TAG).moves_an_order
    assert not ListOrders().moves_an_order
    assert not Login(Api.INTERACTIVE, "/interactive").moves_an_order


def test_exits_are_urgent_traffic() -> None:
    """Exits and cancellations are exits, entries and modifications entries (X6)."""
    assert {PlaceExit.traffic, ModifyExit.traffic, CancelOrder.traffic} == {Traffic.EXIT}
    assert (PlaceOrder.traffic, ModifyOrder.traffic) == (Traffic.ENTRY, Traffic.ENTRY)


def test_call_knows_its_session() -> None:
    """A call goes out under the session of its interface; a login or logout is about the one it names."""
    assert ListOrders().session_api is Api.INTERACTIVE
    assert ReadQuotes(()).session_api is Api.MARKET_DATA
    assert Login(Api.MARKET_DATA, "/apimarketdata").session_api is Api.MARKET_DATA
    assert Logout(Api.MARKET_DATA).session_api is Api.MARKET_DATA
