"""Errors say what to do next, survive pickling, and are caught where they should be."""

import copy
import pickle

import pytest

from jainam.domain import errors
from jainam.domain.errors import (
    BrokerError,
    BrokerUnavailable,
    Halted,
    InvalidOrder,
    JainamError,
    LoginExpired,
    NotConfigured,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    Rehearsed,
    SymbolNotFound,
    TurnLost,
    UnexpectedReply,
    WrongCredentials,
)
from jainam.domain.orders import OrderId, OrderTag

EVERY = [
    (InvalidOrder(["quantity is required", "action is required"]), "quantity is required; action is required"),
    (SymbolNotFound("RELIANC", "NSE"), "RELIANC is not known on NSE: check the spelling or load the master contract"),
    (SymbolNotFound("X", "NFO", "the store is empty"), "X is not known on NFO: the store is empty"),
    (NotConfigured("JAINAM_SERVER: use A, B or C"), "JAINAM_SERVER: use A, B or C"),
    (Halted("the kill switch is on"), "the kill switch is on"),
    (Halted("the day's loss is not known", wants_pnl=True), "the day's loss is not known"),
    (Rehearsed("POST /orders {}"), "test mode: checked and encoded, not sent: POST /orders {}"),
    (NotSent("no route"), "no route"),
    (TurnLost("another machine may have traded"), "another machine may have traded"),
    (OutcomeUnknown("timed out"), "timed out"),
    (
        OutcomeUnknown("timed out", OrderTag("t1")),
        "order with tag t1: timed out; check the order book before sending again",
    ),
    (
        OutcomeUnknown("timed out", OrderTag("t1"), OrderId("9001"), ["not there", "not read"]),
        "order 9001: timed out (not there; not read); check the order book before sending again",
    ),
    (BrokerError("Bad Request"), "Bad Request"),
    (OrderRejected("Order rejected", "e-orders-0005", 400), "Order rejected [e-orders-0005]"),
    (LoginExpired("Invalid Token", "e-token-0001"), "Invalid Token [e-token-0001]"),
    (WrongCredentials("Invalid appKey"), "Invalid appKey"),
    (RateLimited("limit", "e-apirl-0004", 429), "limit [e-apirl-0004]"),
    (BrokerUnavailable("bad gateway", status=502), "bad gateway"),
    (UnexpectedReply("order book"), "order book"),
    (UnexpectedReply("order book", ["row 0: side", "row 1"]), "order book: row 0: side; row 1"),
]


@pytest.mark.parametrize(("error", "text"), EVERY, ids=[type(error).__name__ for error, _ in EVERY])
def test_error_says_what_happened(error: JainamError, text: str) -> None:
    """The text of an error is a sentence for the person who has to act."""
    assert str(error) == text


@pytest.mark.parametrize("error", [error for error, _ in EVERY], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("travel", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy], ids=["pickle", "copy"])
def test_error_travels_between_processes(error: JainamError, travel: object) -> None:
    """An error that crosses a process border keeps its type, its text and what it knows."""
    arrived = travel(error)  # type: ignore[operator]

    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)


def test_session_does_not_travel_with_the_error() -> None:
    """The session that was refused holds a token, which stays in this process (NFR4)."""
    error = LoginExpired("Invalid Token")
    error.used = object()  # type: ignore[assignment]

    assert pickle.loads(pickle.dumps(error)).used is None


def test_every_error_is_ours() -> None:
    """One except clause catches them all, and every public name is an error."""
    kinds = [getattr(errors, name) for name in errors.__all__]

    assert all(issubclass(kind, JainamError) for kind in kinds)
    assert {type(error) for error, _ in EVERY} | {JainamError} == set(kinds)


@pytest.mark.parametrize("kind", [InvalidOrder, SymbolNotFound, NotConfigured])
def test_mistakes_of_the_caller_are_value_errors(kind: type[JainamError]) -> None:
    """What a caller can mend by other values is a `ValueError` too (FR7, FR9)."""
    assert issubclass(kind, ValueError)


@pytest.mark.parametrize("kind", [OrderRejected, LoginExpired, WrongCredentials, RateLimited, BrokerUnavailable])
def test_answers_of_the_broker_are_broker_errors(kind: type[JainamError]) -> None:
    """Whatever the broker itself said has its words, its code and the HTTP status."""
    error = kind("no", "e-1", 400)

    assert isinstance(error, BrokerError)
    assert (error.description, error.code, error.status) == ("no", "e-1", 400)


@pytest.mark.parametrize("kind", [NotSent, OutcomeUnknown, UnexpectedReply, Halted, Rehearsed])
def test_silence_is_no_answer(kind: type[JainamError]) -> None:
    """What the broker did not say is no `BrokerError`, and what never left is no doubt."""
    assert not issubclass(kind, BrokerError)
    assert not issubclass(NotSent, OutcomeUnknown)
