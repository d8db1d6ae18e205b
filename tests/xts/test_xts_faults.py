"""Answers that are no success become the error that says what to do next."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from xts.support import (
    CODEC,
    DEALER,
    INVESTOR,
    NAMELESS,
    OPTION,
    ORDER,
    PLACE,
    SECRETS,
    TAG,
    TOKEN,
    answer,
    page,
    read,
    refusal,
    sample,
)

from jainam.domain.errors import (
    BrokerError,
    BrokerUnavailable,
    JainamError,
    LoginExpired,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    UnexpectedReply,
    WrongCredentials,
)
from jainam.domain.orders import OrderId
from jainam.domain.sessions import Api
from jainam.domain.steps import (
    BrokerStep,
    CancelOrder,
    FindOrder,
    ListHoldings,
    ListOrders,
    ListPositions,
    ListTrades,
    Login,
    Logout,
    ModifyOrder,
    PlaceExit,
    ReadFunds,
)
from jainam.ports.transport import HttpResponse

MOVES: tuple[BrokerStep[Any], ...] = (
    PLACE,
    PlaceExit(ORDER, OPTION, TAG),
    ModifyOrder(OrderId("1110000030"), ORDER, OPTION, TAG),
    CancelOrder(OrderId("1110000030")),
)
READS: tuple[BrokerStep[Any], ...] = (ListOrders(), FindOrder(TAG), ListPositions(), ReadFunds())
LOGIN = Login(Api.INTERACTIVE, "/interactive")
MARKET_LOGIN = Login(Api.MARKET_DATA, "/apibinarymarketdata")


def error_for(step: BrokerStep[Any], response: HttpResponse) -> JainamError:
    """The error that *response* amounts to."""
    with pytest.raises(JainamError) as caught:
        CODEC.decode(step, response, None if isinstance(step, Login) else DEALER)
    return caught.value


def named(step: object) -> str:
    """The test id of a step."""
    return type(step).__name__


# --- orders ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", MOVES, ids=named)
@pytest.mark.parametrize("status", [200, 400, 404, 422])
def test_a_readable_refusal_of_an_order_is_a_refusal(step: BrokerStep[Any], status: int) -> None:
    """`type: error` refuses the order, with HTTP 200 as well as with 4xx, in the broker's own words."""
    error = error_for(step, HttpResponse(status, sample("order_place_rejected")))

    assert type(error) is OrderRejected
    assert (error.description, error.code, error.status) == (
        "Order quantity is not a multiple of lot size",
        "e-orders-0007",
        status,
    )


@pytest.mark.parametrize("step", MOVES, ids=named)
@pytest.mark.parametrize(
    "response",
    [
        page(502, "Bad Gateway"),
        page(504, "Gateway Time-out"),
        page(500),
        page(404),
        page(400, "The plain HTTP request was sent to HTTPS port"),
        page(200, "OK"),
        refusal("RMS:Margin Exceeds", "e-rms-0001", 500),
        answer({"AppOrderID": 1110000030}, 500),
        answer({"AppOrderID": 1110000030}, 503),
        refusal("whatever", status=408),
        refusal("Request timed out", status=400),
        refusal("Gateway Timeout", status=400),
        refusal("read ETIMEDOUT", status=200),
        refusal("Internal Server Error", status=200),
        HttpResponse(200, b""),
        HttpResponse(200, b'{"type":"success","result":{"AppOrd'),
        HttpResponse(200, b"[]"),
        HttpResponse(200, b'{"result":{"AppOrderID":1}}'),
        HttpResponse(200, b'{"err":true,"data":"?"}'),
        HttpResponse(400, b"only enabled for ctcl"),
        HttpResponse(302, b""),
    ],
    ids=lambda response: f"{response.status}-{response.body[:24]!r}",
)
def test_an_order_without_a_readable_answer_is_in_doubt(step: BrokerStep[Any], response: HttpResponse) -> None:
    """5xx, time-outs, pages, half an answer: the order is looked up, never called refused or not sent (D4)."""
    error = error_for(step, response)

    assert type(error) is OutcomeUnknown
    assert (error.tag, error.order_id) == (None, None)


@pytest.mark.parametrize(
    "result", [None, {}, [], "", {"AppOrderID": None}, {"AppOrderID": ""}, {"AppOrderID": 0}, {"AppOrderID": "x"}]
)
def test_a_success_without_an_order_number_is_in_doubt(result: object) -> None:
    """The gateway took the order but gave no number: only the book knows it."""
    assert type(error_for(PLACE, answer(result))) is OutcomeUnknown


@pytest.mark.parametrize("step", MOVES[2:], ids=named)
@pytest.mark.parametrize("result", [{"AppOrderID": 1}, [], [{"AppOrderID": 1}], "", None])
def test_modify_and_cancel_read_no_result(step: BrokerStep[Any], result: object) -> None:
    """Their success is the whole answer; the result comes in too many shapes to matter (uncertainty 7)."""
    assert CODEC.decode(step, answer(result), DEALER) is None


def test_modify_and_cancel_samples_succeed() -> None:
    """The published answers are successes."""
    read(MOVES[2], "order_modify_ok")
    read(MOVES[3], "order_cancel_ok")
    assert read(PLACE, "order_place_ok") == "1110000030"


def test_field_errors_are_shown() -> None:
    """A `Bad Request` says which fields are meant, as text (protocol 4.1)."""
    error = error_for(PLACE, HttpResponse(400, sample("error_bad_request")))

    assert type(error) is OrderRejected
    assert "Bad Request" in str(error)
    assert "orderQuantity" in str(error)


# --- sessions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [*MOVES, *READS, Logout(Api.INTERACTIVE)], ids=named)
@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(400, sample("error_invalid_token")),
        HttpResponse(200, sample("error_invalid_token_interactive")),
        HttpResponse(400, sample("error_token_missing")),
        HttpResponse(400, sample("error_session_expired")),
        refusal("Token/Authorization not found", "e-x-1"),
        refusal("Your session has been expired", "e-x-1"),
        refusal("token expired", "e-x-1", 200),
        refusal("anything", "e-token-0009"),
        refusal("forbidden", status=403),
        refusal("who are you", status=401),
        HttpResponse(403, b""),
    ],
    ids=lambda response: f"{response.status}-{response.body[-48:]!r}",
)
def test_an_expired_session_is_named(step: BrokerStep[Any], response: HttpResponse) -> None:
    """Every way of saying "log in again" is understood, and the error names the session that was refused (2.7)."""
    error = error_for(step, response)

    assert isinstance(error, LoginExpired)
    assert error.used is DEALER


@pytest.mark.parametrize("status", [401, 403])
def test_a_page_that_wants_a_login_leaves_an_order_in_doubt(status: int) -> None:
    """A gateway's page is no word of the broker's: a read logs in for it, and an order is looked up before all (D4)."""
    assert type(error_for(ListOrders(), page(status, "Who are you?"))) is LoginExpired
    for step in MOVES:
        assert type(error_for(step, page(status, "Who are you?"))) is OutcomeUnknown


def test_a_refusal_about_an_instruments_token_is_no_expired_session() -> None:
    """ "Invalid Token" is matched as a whole sentence: instruments have tokens too."""
    assert type(error_for(PLACE, refusal("Invalid Token for instrument"))) is OrderRejected


@pytest.mark.parametrize("step", [LOGIN, MARKET_LOGIN], ids=["interactive", "market data"])
@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(400, sample("login_error_invalid_key")),
        refusal("Invalid appKey", "e-x-1", 200),
        refusal("Invalid Token"),
        refusal("nope", status=401),
    ],
    ids=lambda response: str(response.status),
)
def test_wrong_keys_are_told_from_everything_else(step: BrokerStep[Any], response: HttpResponse) -> None:
    """A login that the broker refuses for its keys must not be tried again."""
    assert type(error_for(step, response)) is WrongCredentials


def test_other_refusals_of_a_login_stay_the_brokers() -> None:
    """What is wrong with neither keys nor gateway is passed on as it is."""
    assert type(error_for(LOGIN, refusal("User is blocked"))) is BrokerError
    assert type(error_for(LOGIN, refusal("Maintenance", status=503))) is BrokerUnavailable


@pytest.mark.parametrize("step", [LOGIN, MARKET_LOGIN, ListOrders()], ids=named)
@pytest.mark.parametrize("status", [404, 502, 500, 200])
def test_a_gateway_page_is_an_outage_that_keeps_its_status(step: BrokerStep[Any], status: int) -> None:
    """A page names the path and the status: by a 404 the login flow knows to look below the next root (1.3)."""
    error = error_for(step, page(status))

    assert type(error) is BrokerUnavailable
    assert error.status == status
    assert "gateway page" in str(error)
    assert "service unavailable" in str(error)
    assert str(error).count("/") >= 2


def test_a_page_403_on_a_login_is_an_outage() -> None:
    """A login cannot expire: an address that is not let in is the gateway's doing."""
    error = error_for(LOGIN, page(403, "Forbidden"))

    assert isinstance(error, BrokerUnavailable)
    assert error.status == 403


def test_paths_in_messages_are_the_ones_called() -> None:
    """The message names the route of this account, an investor's or a dealer's."""
    assert "GET /interactive/orders/dealerorderbook answered" in str(error_for(ListOrders(), page(502)))
    for session, path in ((INVESTOR, "GET /interactive/orders answered"), (None, "GET /orders answered")):
        with pytest.raises(BrokerUnavailable, match=path):
            CODEC.decode(ListOrders(), page(502), session)
    with pytest.raises(BrokerUnavailable, match="POST /apibinarymarketdata/auth/login answered"):
        CODEC.decode(MARKET_LOGIN, page(404), None)


def test_plain_http_to_an_https_port_is_explained() -> None:
    """The gateway's complaint about plain http becomes the advice to look at the address."""
    error = error_for(LOGIN, page(400, "The plain HTTP request was sent to HTTPS port"))

    assert "this port speaks https" in str(error)


# --- limits and reads --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [*MOVES, *READS, LOGIN], ids=named)
@pytest.mark.parametrize(
    "response",
    [
        *(HttpResponse(status, sample("error_rate_limit")) for status in (429, 400, 200)),
        HttpResponse(200, sample("error_wrapped")),
        page(429, "Too Many Requests"),
        refusal("slow down", status=429),
    ],
    ids=lambda response: f"{response.status}-{response.body[:12]!r}",
)
def test_a_rate_limit_is_known_by_its_code_or_its_status(step: BrokerStep[Any], response: HttpResponse) -> None:
    """429, or the code under any status, wrapped or not (uncertainty 5)."""
    assert type(error_for(step, response)) is RateLimited


@pytest.mark.parametrize("step", READS, ids=named)
def test_reads_tell_an_outage_from_a_strange_answer(step: BrokerStep[Any]) -> None:
    """A broken gateway may be asked again; an answer in no known shape may not."""
    assert type(error_for(step, refusal("down", status=500))) is BrokerUnavailable
    assert type(error_for(step, HttpResponse(500, b""))) is BrokerUnavailable
    assert type(error_for(step, HttpResponse(200, b""))) is UnexpectedReply
    assert type(error_for(step, HttpResponse(200, b'{"type":"success","resu'))) is UnexpectedReply
    assert type(error_for(step, HttpResponse(200, b"{} {}"))) is UnexpectedReply
    assert type(error_for(step, HttpResponse(200, b"[" * 200_000))) is UnexpectedReply


def test_words_of_a_gateway_that_writes_no_page_are_kept() -> None:
    """Plain text under an error status is shown, for it usually says what is wrong."""
    assert "HTTP 400: only enabled for ctcl" in str(error_for(ReadFunds(), HttpResponse(400, b"only enabled for ctcl")))


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (ListOrders(), "error_orderbook_empty"),
        (ListTrades(), "error_tradebook_empty"),
        (ListPositions(), "error_positions_empty"),
        (ListHoldings(), "holdings_empty"),
    ],
    ids=named,
)
@pytest.mark.parametrize("session", [INVESTOR, DEALER], ids=["investor", "dealer"])
def test_nothing_there_is_an_empty_book(step: BrokerStep[Any], name: str, session: object) -> None:
    """A book's own code with `Data Not Available` means that the book is empty (trap 1)."""
    assert CODEC.decode(step, HttpResponse(400, sample(name)), INVESTOR if session is INVESTOR else DEALER) == ()


def test_an_empty_book_holds_no_order_of_ours() -> None:
    """The same answer to the search for one order means that it is not there."""
    assert read(FindOrder(TAG), "error_orderbook_empty", status=400, session=INVESTOR) is None


def test_no_funds_known_is_not_no_funds() -> None:
    """An empty balance leaves every amount unknown, none of them zero."""
    funds = CODEC.decode(ReadFunds(), refusal("Data Not Available", "e-balance-0005"), DEALER)

    assert (funds.available, funds.cash, funds.raw) == (None, None, {})


@pytest.mark.parametrize(
    ("step", "response"),
    [
        (ListPositions(), HttpResponse(400, sample("error_orderbook_empty"))),
        (ListOrders(), HttpResponse(400, sample("error_positions_empty"))),
        (ListOrders(), HttpResponse(400, sample("error_property_validation"))),
        (ListPositions(), HttpResponse(400, sample("error_property_validation"))),
        (ListOrders(), refusal("Order rejected", "e-orders-0005")),
        (ListPositions(), refusal("Supplied client not mapped under dealer", "e-portfolio-00005")),
        (ListPositions(), refusal("Data Not Available", "e-portfolio-00005")),
        (ListOrders(), HttpResponse(400, sample("error_client_not_mapped"))),
        (ListOrders(), HttpResponse(400, sample("error_order_history_not_found"))),
        (ListOrders(), HttpResponse(400, sample("error_instrument_not_found"))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_else_says_not_available_is_an_error(step: BrokerStep[Any], response: HttpResponse) -> None:
    """Another book's code, a missing parameter, a wrong client: none of them says that the book is empty."""
    assert type(error_for(step, response)) is BrokerError


def test_nothing_there_on_the_wrong_route_is_an_error() -> None:
    """A dealer who named no client, or a call without a session, has not read the book of this account."""
    for session in (evolve(DEALER, client_id=""), None):
        with pytest.raises(BrokerError, match="Data Not Available"):
            NAMELESS.decode(ListPositions(), HttpResponse(400, sample("error_positions_empty")), session)


# --- words -------------------------------------------------------------------------------------------------------


def test_the_brokers_words_are_trimmed_and_scrubbed() -> None:
    """A description is one line of at most 300 characters and repeats none of our secrets."""
    words = f"bad\n  {SECRETS[1]} {TOKEN} eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySUQiOiJYIn0.abc-_1 " + "x" * 500
    error = error_for(PLACE, refusal(words, SECRETS[0]))

    assert isinstance(error, OrderRejected)
    assert error.description.startswith("bad *** *** *** xxx")
    assert len(error.description) == 300
    assert error.code == "***"


@pytest.mark.parametrize("status", [200, 302, 404, 502])
@pytest.mark.parametrize("step", [PLACE, ListOrders(), LOGIN], ids=named)
def test_pages_and_texts_repeat_no_secret(step: BrokerStep[Any], status: int) -> None:
    """Whatever a gateway echoes, our messages do not."""
    for response in (page(status, SECRETS[1]), HttpResponse(status, f"{SECRETS[0]} {TOKEN}".encode())):
        error = error_for(step, response)
        assert SECRETS[0] not in str(error)
        assert SECRETS[1] not in str(error)
        assert step is LOGIN or TOKEN not in str(error)


def test_a_refusal_without_words_says_so() -> None:
    """A description that is missing or no text leaves a sentence, not an empty message."""
    for description in ("", None, {"a": 1}):
        response = answer(None, type="error", code=None, description=description)
        assert "gave no reason" in str(error_for(PLACE, response))


@pytest.mark.parametrize("kind", ["", "maybe", None, 1, []], ids=repr)
def test_an_answer_that_says_neither_yes_nor_no_leaves_an_order_in_doubt(kind: object) -> None:
    """Only the word `error` is a refusal of an order; any other word than `success` means looking it up (D4)."""
    assert isinstance(error_for(PLACE, answer(None, type=kind)), OutcomeUnknown)


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=200).filter(lambda body: b'"type"' not in body),
    kind=st.sampled_from(["", "text/html", "x/json"]),
)
def test_any_bytes_become_one_of_our_errors(status: int, body: bytes, kind: str) -> None:
    """No answer whatever raises anything but this library's errors, and none loses an order."""
    for step in (PLACE, ListOrders(), LOGIN, MARKET_LOGIN, ListPositions()):
        error = error_for(step, HttpResponse(status, body, kind))
        assert step is not PLACE or isinstance(error, OutcomeUnknown | RateLimited | LoginExpired)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
EVERY_READ: tuple[BrokerStep[Any], ...] = (
    *READS,
    ListTrades(),
    ListHoldings(),
    LOGIN,
    MARKET_LOGIN,
)


@given(kind=json_values, result=json_values, code=json_values, description=json_values, status=st.integers(200, 599))
def test_any_envelope_becomes_a_value_or_one_of_our_errors(
    kind: object, result: object, code: object, description: object, status: int
) -> None:
    """An envelope filled with anything is read, or refused by one of this library's errors."""
    for word in (kind, "success"):
        response = answer(result, status, type=word, code=code, description=description)
        for step in (*EVERY_READ, PLACE):
            try:
                CODEC.decode(step, response, DEALER)
            except JainamError:
                continue


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_failing_server_has_no_empty_book(status: int) -> None:
    """The words for an empty book under a failing status are a failure, never a flat account (D3)."""
    with pytest.raises(JainamError):
        CODEC.decode(ListPositions(), refusal("Data Not Available", "e-portfolio-0005", status), DEALER)


def test_a_number_beyond_reason_leaves_an_order_in_doubt() -> None:
    """An answer whose number cannot be held is one that cannot be read."""
    body = b'{"type":"success","result":{"AppOrderID":1,"x":1e9999999999999999999}}'
    assert isinstance(error_for(PLACE, HttpResponse(200, body)), OutcomeUnknown)


@pytest.mark.parametrize("result", [{"clientList": [], "positions": [{"Quantity": 5}]}, {"aList": None, "b": {"c": 1}}])
def test_an_empty_list_beside_something_else_is_no_flat_account(result: object) -> None:
    """A container we do not know that holds something is refused, even when an empty list stands beside it (D3)."""
    with pytest.raises(UnexpectedReply):
        CODEC.decode(ListPositions(), answer(result), DEALER)


def test_holdings_in_a_container_we_do_not_know_are_no_empty_account() -> None:
    """A misspelt container that holds shares is refused (FR3)."""
    with pytest.raises(UnexpectedReply):
        CODEC.decode(ListHoldings(), answer({"RMSHoldings": {"holdings": {"INE": {"HoldingQuantity": 5}}}}), DEALER)
