"""An expired session is renewed once, and the flow goes on where it stood (D13)."""

from typing import Any

import pytest

from fakes.samples import FUTURE, order, position, row, smart
from fakes.script import Scene, play, signed_in
from jainam.domain.closing import close_all_positions
from jainam.domain.errors import (
    BrokerUnavailable,
    JainamError,
    LoginExpired,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    UnexpectedReply,
    WrongCredentials,
)
from jainam.domain.flows import place_order, place_smart_order
from jainam.domain.house import House
from jainam.domain.login import Access, LoggedIn, MovedRoot, log_in, log_out
from jainam.domain.orders import OrderId, OrderTag
from jainam.domain.patience import patiently
from jainam.domain.sessions import Api, Session
from jainam.domain.steps import (
    Alone,
    FindContract,
    FindOrder,
    Flow,
    ForgetSession,
    HouseRules,
    KeepSession,
    KnownSession,
    ListOrders,
    ListPositions,
    Login,
    Logout,
    NewTag,
    PlaceOrder,
    ReadQuotes,
    Tell,
    Waits,
)

ACCESS = Access(interactive=("/interactive",), market_data=("/apibinarymarketdata", "/apimarketdata"))


def session(token: str = "old", api: Api = Api.INTERACTIVE, root: str = "/interactive") -> Session:
    """A login that worked."""
    return Session(api=api, token=token, user_id="DEALER1", root=root, is_investor=False, client_id="*****")


OLD, NEW = session("old"), session("new")


def expired(used: Session | None = OLD) -> LoginExpired:
    """The broker's refusal of *used*."""
    error = LoginExpired("Invalid Token", "e-token-0001", 400)
    error.used = used
    return error


RENEWAL: tuple[tuple[Any, object], ...] = (
    (KnownSession(Api.INTERACTIVE), OLD),
    (Login(Api.INTERACTIVE, "/interactive"), NEW),
    (KeepSession(NEW), None),
    (Tell(LoggedIn("interactive", "DEALER1", "*****")), None),
)


# --- a call that finds its session gone ---------------------------------------------------------------------------


def test_fresh_login_midway_keeps_the_tag() -> None:
    """An order refused for its session is sent once more after one login, under the same tag (D13, X1)."""
    sent = PlaceOrder(order(), FUTURE, OrderTag("t1"))
    outcome = play(
        signed_in(place_order(order()), ACCESS),
        (FindContract(FUTURE.key), FUTURE),
        (HouseRules(), House()),
        (NewTag(), OrderTag("t1")),
        (sent, expired()),
        *RENEWAL,
        (sent, OrderId("9001")),
    )

    assert outcome.tag == "t1"


def test_second_refusal_in_a_row_is_the_callers_to_see() -> None:
    """A session that is refused right after its login is not followed by another: never a loop of logins."""
    scene = Scene(
        {
            PlaceOrder: expired(),
            KnownSession: OLD,
            Login: NEW,
            KeepSession: None,
        }
    )
    with pytest.raises(LoginExpired):
        scene.run(signed_in(place_order(order()), ACCESS))

    assert len(scene.asked(Login)) == 1
    assert len(scene.asked(PlaceOrder)) == 2


def test_each_call_may_renew_the_session_once() -> None:
    """A session that expires again later is renewed again."""
    scene = Scene(
        {
            PlaceOrder: [expired(), OutcomeUnknown("timed out")],
            FindOrder: [expired(NEW), row("9001")],
            KnownSession: [OLD, NEW],
            Login: [NEW, session("newer")],
            KeepSession: None,
        }
    )

    assert scene.run(signed_in(place_order(order()), ACCESS)).found
    assert len(scene.asked(Login)) == 2
    assert len(scene.asked(PlaceOrder)) == 2


def test_order_lost_after_a_login_is_looked_up() -> None:
    """When the second sending gets no answer the order is looked up, not sent a third time (D4)."""
    scene = Scene(
        {
            PlaceOrder: [expired(), OutcomeUnknown("timed out")],
            FindOrder: None,
            KnownSession: OLD,
            Login: NEW,
            KeepSession: None,
        }
    )
    with pytest.raises(OutcomeUnknown) as caught:
        scene.run(signed_in(place_order(order()), ACCESS))

    assert caught.value.tag == "t1"
    assert len(scene.asked(PlaceOrder)) == 2


@pytest.mark.parametrize(
    "trouble", [OutcomeUnknown("timed out"), BrokerUnavailable("bad gateway"), UnexpectedReply("login")], ids=repr
)
def test_lost_login_does_not_put_the_order_in_doubt(trouble: JainamError) -> None:
    """An order that waited for a login that failed was never sent: it is not looked up and not called unknown (D4)."""
    scene = Scene({PlaceOrder: expired(), KnownSession: OLD, Login: trouble})
    with pytest.raises(NotSent, match="no session to send it under"):
        scene.run(signed_in(place_order(order()), ACCESS))

    assert not scene.asked(FindOrder)


def test_order_is_sent_once_when_a_login_works_at_last() -> None:
    """While the login fails the order may wait for its next try; nothing of it has left."""
    scene = Scene(
        {
            PlaceOrder: [expired(), expired(), OrderId("9001")],
            KnownSession: OLD,
            Login: [OutcomeUnknown("timed out"), NEW],
            KeepSession: None,
        }
    )

    assert scene.run(signed_in(place_order(order()), ACCESS)).tag == "t1"
    assert len({step.tag for step in scene.steps if isinstance(step, PlaceOrder)}) == 1


@pytest.mark.parametrize("trouble", [WrongCredentials("Invalid appKey"), RateLimited("slow down")], ids=repr)
def test_refused_login_is_the_answer(trouble: JainamError) -> None:
    """Keys that the broker does not know end the flow at once."""
    scene = Scene({PlaceOrder: expired(), KnownSession: OLD, Login: trouble})
    with pytest.raises(type(trouble)):
        scene.run(signed_in(place_order(order()), ACCESS))

    assert len(scene.asked(Login)) == 1


def test_lost_login_is_a_failed_read() -> None:
    """A read whose login got lost is tried again like any read."""
    scene = Scene(
        {
            ListOrders: [expired(), expired(), ()],
            KnownSession: OLD,
            Login: [OutcomeUnknown("timed out"), NEW],
            KeepSession: None,
        }
    )

    assert scene.run(signed_in(read_orders(), ACCESS)) == ()


def test_login_that_stays_lost_is_an_unavailable_broker() -> None:
    """A read that waited for a login in vain says so, and is not called an order that never left."""
    scene = Scene({ListOrders: expired(), KnownSession: OLD, Login: OutcomeUnknown("timed out")})
    with pytest.raises(BrokerUnavailable, match="timed out"):
        scene.run(signed_in(read_orders(), ACCESS))


def read_orders() -> Flow[object]:
    """Read the order book patiently."""
    return (yield from patiently(ListOrders()))


def test_login_for_market_data_is_one_of_its_own() -> None:
    """A refused market-data call renews the market-data session."""
    fresh = session("new", Api.MARKET_DATA, "/apibinarymarketdata")
    play(
        signed_in(ask_quotes(), ACCESS),
        (ReadQuotes(()), expired(None)),
        (KnownSession(Api.MARKET_DATA), None),
        (Login(Api.MARKET_DATA, "/apibinarymarketdata"), fresh),
        (KeepSession(fresh), None),
        (Tell(LoggedIn("market data", "DEALER1", "*****")), None),
        (ReadQuotes(()), ()),
    )


def ask_quotes() -> Flow[object]:
    """Ask for no quotes, once."""
    return (yield from ReadQuotes(()))


@pytest.mark.parametrize("step", [Login(Api.INTERACTIVE, "/interactive"), Logout(Api.INTERACTIVE), Waits()], ids=repr)
def test_only_calls_under_a_session_are_repeated(step: Any) -> None:
    """A login or logout that is refused, and a step that is no call at all, renew nothing."""

    def once() -> Flow[object]:
        return (yield from step)

    with pytest.raises(LoginExpired):
        play(signed_in(once(), ACCESS), (step, expired()))


def test_other_errors_reach_the_flow() -> None:
    """What is no expired session is the flow's to handle."""
    scene = Scene({ListPositions: [BrokerUnavailable("bad gateway"), (position(75),)], ListOrders: ()})

    assert scene.run(signed_in(place_smart_order(smart(75)), ACCESS)).held == 75


def test_nested_flows_are_steps_of_their_own() -> None:
    """What runs under a lock is wrapped by whoever runs it: here an expired session reaches the lock's caller."""
    scene = Scene({ListOrders: expired(), ListPositions: ()})
    with pytest.raises(LoginExpired):
        scene.run(signed_in(close_all_positions(), ACCESS))

    assert not scene.asked(Login)


# --- log_in ------------------------------------------------------------------------------------------------------


def test_login_takes_what_another_process_made() -> None:
    """When somebody else has renewed the session meanwhile, that one is used: a second login would end it (D14)."""
    assert play(log_in(Api.INTERACTIVE, ACCESS, OLD), (KnownSession(Api.INTERACTIVE), NEW)) == NEW


def test_login_without_a_refusal_takes_what_is_there() -> None:
    """Somebody without a session uses the one that is kept."""
    assert play(log_in(Api.INTERACTIVE, ACCESS), (KnownSession(Api.INTERACTIVE), OLD)) == OLD


def test_refused_session_is_not_used_again() -> None:
    """The session that the broker refused is replaced by a fresh one, which is kept and told of."""
    assert play(log_in(Api.INTERACTIVE, ACCESS, OLD), *RENEWAL) == NEW


def test_logins_take_turns() -> None:
    """Logins to one interface share a key, so that many flows with one expired session make one login."""
    assert next(log_in(Api.INTERACTIVE, ACCESS)) == Alone(("login", "interactive"), None)  # type: ignore[arg-type]
    assert next(log_in(Api.MARKET_DATA, ACCESS)) == Alone(("login", "market data"), None)  # type: ignore[arg-type]


def test_missing_root_is_looked_for_elsewhere() -> None:
    """A gateway that answers 404 below the first root is asked below the next (D13)."""
    fresh = session("new", Api.MARKET_DATA, "/apimarketdata")
    play(
        log_in(Api.MARKET_DATA, ACCESS),
        (KnownSession(Api.MARKET_DATA), None),
        (Login(Api.MARKET_DATA, "/apibinarymarketdata"), BrokerUnavailable("Not Found", status=404)),
        (Tell(MovedRoot("market data", "/apibinarymarketdata")), None),
        (Login(Api.MARKET_DATA, "/apimarketdata"), fresh),
        (KeepSession(fresh), None),
        (Tell(LoggedIn("market data", "DEALER1", "*****")), None),
    )


@pytest.mark.parametrize(
    "error",
    [
        BrokerUnavailable("bad gateway", status=502),
        WrongCredentials("Invalid appKey", status=404),
        NotSent("no route"),
        OutcomeUnknown("timed out"),
    ],
    ids=repr,
)
def test_other_failures_look_nowhere_else(error: JainamError) -> None:
    """Only a 404 means that the interface is elsewhere (D13)."""
    scene = Scene({KnownSession: None, Login: error})
    with pytest.raises(type(error)):
        scene.run(log_in(Api.MARKET_DATA, ACCESS))

    assert len(scene.asked(Login)) == 1


def test_interface_that_is_nowhere_is_an_error() -> None:
    """A 404 below the last root is the answer."""
    scene = Scene({KnownSession: None, Login: BrokerUnavailable("Not Found", status=404)})
    with pytest.raises(BrokerUnavailable):
        scene.run(log_in(Api.MARKET_DATA, ACCESS))

    assert [step.root for step in scene.steps if isinstance(step, Login)] == list(ACCESS.market_data)


@pytest.mark.parametrize(
    ("root", "tried"),
    [("/apimarketdata", "/apimarketdata"), ("/gone", "/apibinarymarketdata")],
)
def test_root_that_worked_is_tried_first(root: str, tried: str) -> None:
    """The root of the last session is remembered, unless it is none of ours any more (D13)."""
    used = session("old", Api.MARKET_DATA, root)
    scene = Scene({KnownSession: used, Login: session("new", Api.MARKET_DATA), KeepSession: None})
    scene.run(log_in(Api.MARKET_DATA, ACCESS, used))

    assert scene.asked(Login) == [Login(Api.MARKET_DATA, tried)]


# --- log_out -----------------------------------------------------------------------------------------------------


def test_logout_ends_both_sessions() -> None:
    """Each session is ended at the broker and forgotten here; where there is none, nothing is asked."""
    play(
        log_out(),
        (KnownSession(Api.INTERACTIVE), OLD),
        (Logout(Api.INTERACTIVE), None),
        (ForgetSession(Api.INTERACTIVE), None),
        (KnownSession(Api.MARKET_DATA), None),
    )


@pytest.mark.parametrize("error", [BrokerUnavailable("down"), NotSent("no route"), expired()], ids=repr)
def test_logout_forgets_though_the_broker_is_down(error: JainamError) -> None:
    """What we hold goes in any case, and the broker's failure is told (D14)."""
    scene = Scene({KnownSession: OLD, Logout: error, ForgetSession: None})
    scene.run(signed_in(log_out(), ACCESS))

    assert scene.asked(ForgetSession) == [ForgetSession(Api.INTERACTIVE), ForgetSession(Api.MARKET_DATA)]
    assert scene.told() == [error, error]
    assert not scene.asked(Login)


def test_session_hides_its_token() -> None:
    """A session's token is in no log line (NFR4)."""
    assert "canary" not in repr(session("canary"))
    assert "canary" not in repr(KeepSession(session("canary")))
