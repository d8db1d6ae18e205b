"""Who may ask, for whom, and how errors are told."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from simulator.trader import INTERACTIVE, MARKET, PRO, Trader, exchange

from jainam.simulator import ManualClock, Request, Response, Rest, SimulatorSettings

BOOK = f"{INTERACTIVE}/orders/dealerorderbook"
KEYS = {"appKey": "SIM-INTERACTIVE-KEY", "secretKey": "SIM-INTERACTIVE-SECRET", "source": "WEBAPI"}
MARKET_KEYS = {"appKey": "SIM-MARKET-KEY", "secretKey": "SIM-MARKET-SECRET", "source": "WEBAPI"}


@pytest.mark.parametrize(
    ("body", "label"),
    [
        (json.dumps(MARKET_KEYS).encode(), "application/json"),
        (urlencode(MARKET_KEYS).encode(), "application/x-www-form-urlencoded"),
        (urlencode(MARKET_KEYS).encode(), "application/json"),
        (json.dumps(MARKET_KEYS).encode(), "text/plain"),
    ],
)
def test_login_reads_the_body_and_not_its_label(body: bytes, label: str) -> None:
    """JSON and form bodies both log in, whatever they call themselves."""
    request = Request(method="POST", path=f"{MARKET}/auth/login", headers={"content-type": label}, body=body)
    outcome = Rest().handle(request)
    assert isinstance(outcome, Response)
    assert 200 == outcome.status


@pytest.mark.parametrize("path", [f"{INTERACTIVE}/user/session", f"{MARKET}/auth/login"])
def test_wrong_secret_is_refused(path: str) -> None:
    """A wrong secret is HTTP 400 with the known wording, and a missing one is a Bad Request."""
    trader = exchange()
    wrong = trader.refused("POST", path, KEYS | {"secretKey": "WRONG"})
    assert (400, "Invalid appKey or secretKey") == (wrong[0], wrong[2])
    assert "Bad Request" == trader.refused("POST", path, {"appKey": "SIM-INTERACTIVE-KEY"})[2]


def test_interactive_logins_coexist() -> None:
    """A second interactive login leaves the first token good."""
    trader = exchange()
    first = trader.token
    trader.login()
    assert first != trader.token
    trader.token = first
    assert [] == trader.ok("GET", BOOK)


def test_new_market_login_ends_the_one_before() -> None:
    """A second market-data login makes the first token invalid, and its subscriptions are gone."""
    trader = exchange()
    first = trader.market_token
    body = {"instruments": [{"exchangeSegment": 1, "exchangeInstrumentID": 2885}], "xtsMessageCode": 1512}
    trader.ok("POST", f"{MARKET}/instruments/subscription", body)
    trader.login()
    trader.ok("POST", f"{MARKET}/instruments/subscription", body)
    trader.market_token = first
    assert (400, "e-session-0007", "Invalid Token") == trader.refused("GET", f"{MARKET}/config/clientConfig")


def test_tokens_of_one_api_are_no_good_for_the_other() -> None:
    """An interactive token is invalid at the market-data API and the other way round."""
    trader = exchange()
    trader.token, trader.market_token = trader.market_token, trader.token
    assert (400, "e-token-0001", "Invalid Token") == trader.refused("GET", BOOK)
    assert "e-session-0007" == trader.refused("GET", f"{MARKET}/config/clientConfig")[1]


def test_missing_token_is_asked_for() -> None:
    """Without an authorization header the answer says so, and the header is not Bearer."""
    trader = exchange()
    good, trader.token = trader.token, ""
    assert (400, "e-token-0002", "Please Provide token to Authenticate") == trader.refused("GET", BOOK)
    trader.token = f"Bearer {good}"
    assert "Invalid Token" == trader.refused("GET", BOOK)[2]


@pytest.mark.parametrize("status", [400, 200, 401, 403])
def test_auth_failures_come_with_the_status_of_the_installation(status: int) -> None:
    """One live gateway answers auth failures with HTTP 200."""
    trader = exchange(modes={"auth_failure_status": status})
    trader.token = "STALE"
    assert (status, "Invalid Token") == trader.refused("GET", BOOK)[::2]


def test_sessions_end_after_a_day() -> None:
    """A token is good for 24 hours."""
    clock = ManualClock()
    trader = Trader(Rest(SimulatorSettings(), clock))
    trader.login()
    clock.advance(24 * 3600 - 1)
    assert [] == trader.ok("GET", BOOK)
    clock.advance(1)
    assert (400, "e-session-0005", "Your session has been expired") == trader.refused("GET", BOOK)


def test_logout_ends_the_session() -> None:
    """After logging out the token is invalid."""
    trader = exchange()
    trader.ok("DELETE", f"{INTERACTIVE}/user/session", clientID=PRO)
    trader.ok("DELETE", f"{MARKET}/auth/logout")
    assert "Invalid Token" == trader.refused("GET", BOOK)[2]
    assert "Invalid Token" == trader.refused("GET", f"{MARKET}/config/clientConfig")[2]


def test_app_key_can_be_read_from_the_token() -> None:
    """Tokens are JWT-shaped and hold the appKey, as real ones do."""
    from base64 import urlsafe_b64decode

    payload = exchange().token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert ("SIM-INTERACTIVE-KEY", "DEALER01_INTERACTIVE", 86400) == (
        claims["publicKey"],
        claims["userID"],
        claims["exp"] - claims["iat"],
    )


def test_pro_orders_show_the_real_pro_id() -> None:
    """***** is echoed by the place call, and the rows carry the PRO id and the dealer's."""
    trader = exchange()
    result = trader.ok("POST", f"{INTERACTIVE}/orders", trader.order())
    assert PRO == result["ClientID"]
    row = trader.row(result["AppOrderID"])
    assert ("DEALER01", "PRO1") == (row["LoginID"], row["ClientID"])


@pytest.mark.parametrize("client", ["PRO1", "DEALER01", "CLIENT09"])
def test_clients_not_mapped_are_refused(client: str) -> None:
    """The PRO account's real id is not a client of the dealer; order and portfolio routes have a code each."""
    trader = exchange()
    trader.client = client
    text = "Supplied client not mapped under dealer"
    assert (400, "e-trade-00002", text) == trader.refused("GET", BOOK)
    assert (400, "e-trade-00002", text) == trader.refused("POST", f"{INTERACTIVE}/orders", trader.order())
    view = {"dayOrNet": "NetWise"}
    for route in ("dealerpositions", "positions"):
        assert (400, "e-portfolio-00005", text) == trader.refused("GET", f"{INTERACTIVE}/portfolio/{route}", **view)
    assert (400, "e-portfolio-00005", text) == trader.refused("GET", f"{INTERACTIVE}/portfolio/holdings")


def test_dealer_without_a_client_gets_data_not_available() -> None:
    """A missing clientID is told in the words for an empty book, and holdings fall over altogether."""
    trader = exchange()
    trader.client = None
    nothing = "Data Not Available"
    view = {"dayOrNet": "NetWise"}
    assert (400, "e-orders-0005", nothing) == trader.refused("GET", f"{INTERACTIVE}/orders")
    assert (400, "e-tradeBook-0005", nothing) == trader.refused("GET", f"{INTERACTIVE}/orders/trades")
    assert (400, "e-portfolio-0005", nothing) == trader.refused("GET", f"{INTERACTIVE}/portfolio/positions", **view)
    for method, path in (("GET", BOOK), ("POST", f"{INTERACTIVE}/orders"), ("GET", f"{INTERACTIVE}/user/balance")):
        assert (400, "e-property-validation-failed", nothing) == trader.refused(method, path, trader.order())
    outcome = trader.send("GET", f"{INTERACTIVE}/portfolio/holdings")
    assert isinstance(outcome, Response)
    assert (500, True) == (outcome.status, b"<!DOCTYPE html>" in outcome.body)


def test_a_lenient_dealer_desk_takes_the_pro_account() -> None:
    """Where no clientID is required its absence means the PRO account."""
    trader = exchange(modes={"dealer_requires_client": False})
    trader.client = None
    assert "PRO1" == trader.row(trader.place())["ClientID"]


def test_bracket_without_client_needs_the_pro_mark() -> None:
    """The official SDK sends bracket orders without clientID: for PRO that works, otherwise not."""
    trader = exchange()
    trader.client = None
    body = trader.order(squarOff=10, stopLossPrice=10)
    assert "e-property-validation-failed" == trader.refused("POST", f"{INTERACTIVE}/orders/bracket", body)[1]
    order = trader.ok("POST", f"{INTERACTIVE}/orders/bracket", body | {"isProOrder": True})
    assert "PRO1" == order["ClientID"]


def test_investor_needs_no_client() -> None:
    """An investor leaves clientID out, may send its own, and has no dealer's routes."""
    trader = exchange(account="investor")
    row = trader.row(trader.place())
    assert ("CLIENT01", "CLIENT01") == (row["LoginID"], row["ClientID"])
    assert 1 == len(trader.ok("GET", f"{INTERACTIVE}/orders", clientID="CLIENT01"))
    assert "e-trade-00002" == trader.refused("GET", f"{INTERACTIVE}/orders", clientID=PRO)[1]
    assert "e-orders-0005" == trader.refused("GET", BOOK)[1]
    assert "e-portfolio-0005" == trader.refused("GET", f"{INTERACTIVE}/portfolio/dealerpositions")[1]


EMPTY = [
    (f"{INTERACTIVE}/orders", "e-orders-0005", BOOK, []),
    (f"{INTERACTIVE}/orders/trades", "e-tradeBook-0005", f"{INTERACTIVE}/orders/dealertradebook", []),
    (
        f"{INTERACTIVE}/portfolio/positions?dayOrNet=NetWise",
        "e-portfolio-0005",
        f"{INTERACTIVE}/portfolio/dealerpositions?dayOrNet=NetWise",
        {"positionList": []},
    ),
]


@pytest.mark.parametrize(("ordinary", "code", "dealers", "nothing"), EMPTY)
def test_empty_books_depend_on_the_route(ordinary: str, code: str, dealers: str, nothing: Any) -> None:
    """An empty book is HTTP 400 on the ordinary route and a success on the dealer's, unless switched."""
    trader = exchange()
    assert (400, code, "Data Not Available") == trader.refused("GET", ordinary)
    assert nothing == trader.ok("GET", dealers)
    trader.control("POST", "modes", {"empty_books": "error"})
    assert code == trader.refused("GET", dealers)[1]
    trader.control("POST", "modes", {"empty_books": "success"})
    assert nothing == trader.ok("GET", ordinary)


def test_empty_holdings() -> None:
    """An account without holdings answers HTTP 400, or an empty container where books do so."""
    trader = exchange()
    trader.client = "CLIENT01"
    assert (400, "e-holdings-0005", "Data Not Available") == trader.refused("GET", f"{INTERACTIVE}/portfolio/holdings")
    trader.control("POST", "modes", {"empty_books": "success"})
    assert {"Holdings": {}} == trader.ok("GET", f"{INTERACTIVE}/portfolio/holdings")["RMSHoldings"]


def test_ordinary_books_may_be_closed_to_dealers() -> None:
    """Where dealers have no ordinary books, these look empty though the dealer's route has rows."""
    trader = exchange(modes={"ordinary_books_for_dealers": False})
    trader.place()
    for path, code, dealers, _nothing in EMPTY:
        assert code == trader.refused("GET", path)[1]
        assert trader.ok("GET", dealers)


def test_history_lags_where_it_does() -> None:
    """With a lag the history of a new order is not found at first."""
    clock = ManualClock()
    trader = Trader(Rest(SimulatorSettings(), clock))
    trader.login()
    trader.control("POST", "modes", {"history_lag": 1})
    order = trader.place()
    missing = (400, "e-orders-0001", f"Order history not found for AppOrderID [{order}] given.")
    assert missing == trader.refused("GET", f"{INTERACTIVE}/orders", appOrderID=order)
    clock.advance(1)
    assert "Filled" == trader.row(order)["OrderStatus"]


def test_errors_may_be_wrapped() -> None:
    """One gateway wraps its errors in {err, data}, and leaves successes alone."""
    trader = exchange(modes={"wrapped_errors": True})
    _status, answer = trader.answer("GET", f"{INTERACTIVE}/orders")
    assert {
        "err": True,
        "data": {"type": "error", "code": "e-orders-0005", "description": "Data Not Available"},
    } == answer
    assert [] == trader.ok("GET", BOOK)


def test_routes_ignore_case_and_doubled_slashes() -> None:
    """A base address that ends in a slash, and either spelling of a route, lead to the same place."""
    trader = exchange()
    assert [] == trader.ok("GET", "//interactive//orders/DealerOrderBook/")


@pytest.mark.parametrize(
    "path", ["/apimarketdata/instruments/master", "/", "/user/session", "/hostlookup", "/interactivex"]
)
def test_unknown_roots_are_nginx_pages(path: str) -> None:
    """A root that is not configured answers the web server's 404 page."""
    outcome = exchange().send("POST", path, {})
    assert isinstance(outcome, Response)
    assert (404, True) == (outcome.status, b"nginx" in outcome.body)
    assert "text/html" in outcome.headers["content-type"]


def test_unknown_route_is_a_page_of_the_application() -> None:
    """GET /interactive/trades is a known mistake and answers 404."""
    outcome = exchange().send("GET", f"{INTERACTIVE}/trades")
    assert isinstance(outcome, Response)
    assert (404, True) == (outcome.status, b"Cannot GET /interactive/trades" in outcome.body)


def test_several_market_data_roots() -> None:
    """The same routes can be served under more than one root."""
    trader = exchange(market_data_roots=("/apimarketdata", "/apibinarymarketdata"))
    for root in trader.rest.settings.market_data_roots:
        assert trader.ok("GET", f"{root}/instruments/indexlist", exchangeSegment=1)["indexList"]


def test_host_lookup_leads_to_a_login_elsewhere() -> None:
    """The look-up answers another root and a key good for one login there."""
    trader = exchange(hostlookup=True)
    _status, answer = trader.answer("POST", "/hostlookup", {"accesspassword": "2021HostLookUpAccess"})
    assert answer["type"] is True
    found = answer["result"]
    assert found["connectionString"].endswith("/1interactive")
    body = KEYS | {"uniqueKey": found["uniqueKey"]}
    trader.token = trader.ok("POST", "/1interactive/user/session", body)["token"]
    assert [] == trader.ok("GET", "/1interactive/orders/dealerorderbook")
    assert 400 == trader.refused("POST", "/1interactive/user/session", body)[0]
    assert 400 == trader.refused("POST", "/hostlookup", {"AccessPassword": "WRONG"})[0]


def test_calls_that_some_installations_lack() -> None:
    """Margin and profile can be switched off."""
    trader = exchange(modes={"margin_route": False, "profile_route": False})
    outcome = trader.send("POST", f"{INTERACTIVE}/orders/margindetails", {"portfolio": []})
    assert isinstance(outcome, Response)
    assert 404 == outcome.status
    assert "only enabled for ctcl" == trader.refused("GET", f"{INTERACTIVE}/user/profile")[2]


def test_body_that_cannot_be_read_is_a_bad_request() -> None:
    """Broken JSON and broken text are refused, not fallen over."""
    trader = exchange()
    for body in (b'{"exchangeSegment": ', b"\xff\xfe"):
        assert "Bad Request" == trader.refused("POST", f"{INTERACTIVE}/user/session", body)[2]
