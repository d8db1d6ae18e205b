"""Faults, limits and the control route."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator.trader import INTERACTIVE, MARKET, NIFTY_FUTURE, PRO, RELIANCE, Trader, exchange

from jainam.simulator import Dropped, FaultRule, Limit, ManualClock, Modes, Request, Response, Rest, SimulatorSettings

ORDERS = f"{INTERACTIVE}/orders"
BOOK = f"{INTERACTIVE}/orders/dealerorderbook"


def place(trader: Trader, **changes: Any) -> Response | Dropped:
    """Send an order and return what came back, or did not."""
    return trader.send("POST", ORDERS, trader.order(**changes))


def placed(trader: Trader) -> int:
    """Return how many orders the exchange has."""
    return len(trader.ok("GET", BOOK))


@pytest.mark.parametrize(
    ("rule", "status", "said", "applied"),
    [
        ({"kind": "refuse"}, 400, b"e-orders-0007", False),
        ({"kind": "refuse", "code": "e-rms-0001", "description": "no", "status": 500}, 500, b"e-rms-0001", False),
        ({"kind": "gateway"}, 502, b"502 Bad Gateway", False),
        ({"kind": "gateway", "status": 504, "applied": True}, 504, b"<html>", True),
        ({"kind": "gateway", "status": 599}, 599, b"599 Gateway Error", False),
        ({"kind": "rate_limit"}, 429, b"e-apirl-0004", False),
        ({"kind": "rate_limit", "status": 200}, 200, b"e-apirl-0004", False),
        ({"kind": "expired_token"}, 400, b"e-token-0001", False),
        ({"kind": "expired_token", "status": 200}, 200, b"Invalid Token", False),
        ({"kind": "malformed"}, 200, b'{"type":"success"', True),
        ({"kind": "malformed", "applied": False}, 200, b'{"type', False),
        ({"kind": "error_200", "description": "odd"}, 200, b'"description":"odd"', False),
        ({"kind": "delay", "seconds": 0.5}, 200, b"Request sent", True),
    ],
)
def test_faults_answer_as_told(rule: dict[str, Any], status: int, said: bytes, applied: bool) -> None:
    """Each kind spoils one answer its own way, and the order exists or not accordingly."""
    trader = exchange()
    trader.control("POST", "faults", [rule | {"method": "post", "path": ORDERS}])
    outcome = place(trader)
    assert isinstance(outcome, Response)
    assert (status, True) == (outcome.status, said in outcome.body)
    assert rule.get("seconds", 0) == outcome.delay
    assert int(applied) == placed(trader)
    assert 200 == trader.answer("POST", ORDERS, trader.order())[0]


@pytest.mark.parametrize(("kind", "applied"), [("lose_request", False), ("lose_answer", True)])
def test_connections_close_without_an_answer(kind: str, applied: bool) -> None:
    """A lost request does nothing; a lost answer leaves an order behind."""
    trader = exchange()
    trader.control("POST", "faults", {"kind": kind, "path": ORDERS, "seconds": 0.25})
    outcome = place(trader)
    assert isinstance(outcome, Dropped)
    assert (applied, 0.25) == (outcome.applied, outcome.delay)
    assert int(applied) == placed(trader)
    assert 1 == trader.rest.count("POST", ORDERS)


def test_malformed_answer_is_half_of_the_real_one() -> None:
    """The half that arrives is no JSON."""
    trader = exchange()
    trader.control("POST", "faults", {"kind": "malformed"})
    outcome = place(trader)
    assert isinstance(outcome, Response)
    assert not outcome.body.endswith(b"}")


def test_market_data_tokens_expire_in_their_own_code() -> None:
    """An expired token at the market-data API has that API's code."""
    trader = exchange()
    trader.control("POST", "faults", {"kind": "expired_token", "path": f"{MARKET}/*"})
    assert "e-session-0007" == trader.refused("GET", f"{MARKET}/config/clientConfig")[1]


def test_rules_count_their_hits() -> None:
    """A rule lets *skip* requests pass, strikes *times* times, and is gone."""
    trader = exchange()
    trader.control("POST", "faults", [{"kind": "refuse", "path": ORDERS, "skip": 1, "times": 2}])
    assert [200, 400, 400, 200] == [trader.answer("POST", ORDERS, trader.order())[0] for _ in range(4)]
    assert [] == trader.control("GET", "faults")


def test_paths_match_whole_or_by_prefix() -> None:
    """A path is the whole path; with a star at its end it is a beginning."""
    whole, prefix = (
        FaultRule(kind="refuse", path="/Interactive/Orders/"),
        FaultRule(kind="refuse", path="/interactive/*"),
    )
    book = Request(method="GET", path="//interactive/orders/trades")
    orders = Request(method="GET", path="/interactive//orders")
    assert (True, False) == (whole.concerns(orders), whole.concerns(book))
    assert (True, True) == (prefix.concerns(orders), prefix.concerns(book))
    assert not FaultRule(kind="refuse", method="PUT").concerns(book)


def test_a_rule_can_look_for_one_leg() -> None:
    """A rule may ask for a text in the body, whatever blanks the writer left, or in the query."""
    trader = exchange()
    rule = {"kind": "refuse", "contains": '"exchangeInstrumentID":2885', "times": 9}
    trader.control("POST", "faults", [rule, {"kind": "refuse", "contains": "dayOrNet=NetWise"}])
    assert 400 == trader.answer("POST", ORDERS, trader.order(RELIANCE))[0]
    assert 200 == trader.answer("POST", ORDERS, trader.order(NIFTY_FUTURE, orderQuantity=65))[0]
    assert 400 == trader.answer("GET", f"{INTERACTIVE}/portfolio/dealerpositions", dayOrNet="NetWise")[0]
    assert 200 == trader.answer("GET", f"{INTERACTIVE}/portfolio/dealerpositions", dayOrNet="DayWise")[0]


def test_delays_add_to_other_faults() -> None:
    """A delay goes on to the next rule, and its seconds are kept."""
    trader = exchange()
    trader.control("POST", "faults", [{"kind": "delay", "seconds": 1}, {"kind": "gateway", "seconds": 2}])
    outcome = place(trader)
    assert isinstance(outcome, Response)
    assert (3, 502) == (outcome.delay, outcome.status)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "nonsense"},
        {},
        {"kind": "refuse", "mood": 1},
        {"kind": "refuse", "times": 0},
        {"kind": "refuse", "times": "x"},
        {"kind": "delay", "seconds": "x"},
    ],
)
def test_rules_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    """A rule with an unknown field or value changes nothing and says what is known."""
    trader = exchange()
    status, answer = trader.answer("POST", "/sim/faults", [wrong])
    assert 400 == status
    assert answer["error"]
    assert [] == trader.control("GET", "faults")


def test_faults_are_added_replaced_and_cleared() -> None:
    """Rules add up unless told to replace, and can all be taken away."""
    trader = exchange()
    trader.control("POST", "faults", {"faults": [{"kind": "refuse"}, {"kind": "gateway"}]})
    assert ["refuse", "gateway", "delay"] == [
        rule["kind"] for rule in trader.control("POST", "faults", {"kind": "delay"})
    ]
    shown = trader.control("POST", "faults", {"faults": [{"kind": "malformed", "times": 3}], "replace": True})
    assert [("malformed", 3)] == [(rule["kind"], rule["left"]) for rule in shown]
    trader.control("DELETE", "faults")
    assert 200 == trader.answer("POST", ORDERS, trader.order())[0]
    assert 400 == trader.answer("POST", "/sim/faults", {"faults": 7})[0]


# Limits


def limited(**modes: Any) -> tuple[Trader, ManualClock]:
    """Return a trader on an exchange with its limits on, and the clock they go by."""
    clock = ManualClock()
    trader = Trader(Rest(SimulatorSettings(modes=Modes(**modes)), clock))
    trader.login()
    return trader, clock


def test_positions_may_be_read_once_a_second() -> None:
    """The second read within the second is refused with 429, and does not put off the next."""
    trader, clock = limited()
    view = {"dayOrNet": "NetWise"}
    path = f"{INTERACTIVE}/portfolio/dealerpositions"
    trader.ok("GET", path, **view)
    clock.advance(0.9)
    assert (429, "e-apirl-0004") == trader.refused("GET", path, **view)[:2]
    clock.advance(0.1)
    trader.ok("GET", path, **view)


def test_twenty_five_orders_pass_in_a_rolling_second() -> None:
    """The window rolls: as soon as the oldest order is a second old, one more passes."""
    trader, clock = limited()
    for _ in range(25):
        trader.limit(1250)
        clock.advance(0.01)
    assert 429 == trader.refused("POST", ORDERS, trader.order())[0]
    assert 25 == len(trader.ok("GET", BOOK))
    clock.advance(0.755)
    trader.limit(1250)
    assert 429 == trader.refused("POST", ORDERS, trader.order())[0]


def test_book_and_history_have_windows_of_their_own() -> None:
    """Six reads of the book leave six of the history."""
    trader, _clock = limited()
    order = trader.place()
    for _ in range(6):
        trader.ok("GET", ORDERS)
        trader.row(order)
    assert 429 == trader.refused("GET", ORDERS)[0]
    assert 429 == trader.refused("GET", ORDERS, appOrderID=order)[0]


@pytest.mark.parametrize("status", [429, 400, 200])
def test_limit_comes_with_the_status_of_the_installation(status: int) -> None:
    """The code is always e-apirl-0004; the HTTP status is not."""
    trader, _clock = limited(rate_limit_status=status)
    trader.ok("GET", f"{INTERACTIVE}/user/profile")
    assert (status, "e-apirl-0004") == trader.refused("GET", f"{INTERACTIVE}/user/profile")[:2]


def test_orders_per_segment_when_switched_on() -> None:
    """The optional limit counts the orders of each segment by themselves."""
    trader, clock = limited(orders_per_segment=10)
    for _ in range(10):
        trader.limit(1250)
    assert 429 == trader.refused("POST", ORDERS, trader.order())[0]
    trader.place(NIFTY_FUTURE, orderQuantity=65)
    clock.advance(1)
    trader.limit(1250)


def test_limits_can_be_chosen() -> None:
    """A settings' own limits take the place of the chart."""
    rest = Rest(SimulatorSettings(limits=(Limit("GET", BOOK, 1, 60),)))
    trader = Trader(rest)
    trader.login()
    trader.ok("GET", BOOK)
    assert 429 == trader.refused("GET", BOOK)[0]


# Control


def test_state_tells_what_happened() -> None:
    """The state counts requests by method and path and orders by tag, and lists positions and faults."""
    trader = exchange()
    trader.place(orderUniqueIdentifier="A")
    trader.send("GET", "//interactive/orders/dealerorderbook")
    trader.control("POST", "faults", {"kind": "lose_request", "path": ORDERS})
    place(trader)
    trader.control("POST", "faults", {"kind": "refuse", "times": 2})
    state = trader.control("GET", "state")
    assert (2, 1) == (state["requests"][f"POST {ORDERS}"], state["requests"][f"GET {BOOK}"])
    assert {"A": 1} == state["tags"]
    assert [("PRO1", "RELIANCE", 10)] == [
        (row["ClientID"], row["TradingSymbol"], row["Quantity"]) for row in state["positions"]
    ]
    assert ["Filled"] == [row["OrderStatus"] for row in state["orders"]]
    assert ["refuse"] == [rule["kind"] for rule in state["faults"]]
    assert "2026-01-12" == state["date"]


def test_control_is_out_of_reach_of_faults_and_counts() -> None:
    """Control calls are not counted, not struck by faults, and need no token."""
    trader = exchange()
    trader.token = trader.market_token = ""
    trader.control("POST", "faults", {"kind": "gateway", "times": 99})
    before = len(trader.rest.requests)
    trader.control("GET", "state")
    assert before == len(trader.rest.requests)


def test_prices_and_fills_by_hand() -> None:
    """A test can move prices and fill orders, within reason."""
    trader = exchange()
    order = trader.limit(1250)
    assert {"OrderStatus": "PartiallyFilled", "CumulativeQuantity": 4} == trader.control(
        "POST", "fill", {"AppOrderID": order, "quantity": 4, "price": 1249.5}
    )
    assert "Filled" == trader.control("POST", "fill", {"AppOrderID": order})["OrderStatus"]
    for name, wrong in (
        ("fill", {"AppOrderID": order}),
        ("fill", {"AppOrderID": 7}),
        ("price", {"segment": "NSECM", "token": 2885, "price": 1250.03}),
        ("price", {"segment": "NSECM", "token": 2885, "price": 9999}),
        ("price", {"segment": "NSECM", "token": 1, "price": 10}),
        ("price", {"segment": "NSECM", "token": 2885}),
        ("liquidity", {"segment": None, "token": None, "quantity": 5}),
        ("modes", {"no_such": 1}),
        ("modes", {"row_shape": "oldest"}),
        ("modes", {"history_lag": "x"}),
        ("modes", {"rate_limits": 1}),
        ("expire-tokens", {"kind": "all"}),
        ("carry", {"segment": "NSECM", "token": 2885, "quantity": 5, "client": PRO}),
    ):
        assert 400 == trader.answer("POST", f"/sim/{name}", wrong)[0], (name, wrong)
    assert 404 == trader.answer("GET", "/sim/nothing")[0]


def test_index_values_move_freely() -> None:
    """The price of an index is bound to no tick or band."""
    trader = exchange()
    trader.price(26000.37, ("NSECM", 26000))
    market = trader.rest.world.market
    index = market.by_index_name("NSECM", "nifty 50")
    assert index is not None
    assert "26000.37" == str(market.last(index))


def test_tokens_can_be_expired() -> None:
    """Every token, or those of one API, stop being good at once."""
    trader = exchange()
    assert {"expired": 1} == trader.control("POST", "expire-tokens", {"kind": "market"})
    assert [] == trader.ok("GET", BOOK)
    trader.control("POST", "expire-tokens")
    assert "Invalid Token" == trader.refused("GET", BOOK)[2]


def test_modes_are_shown_and_changed() -> None:
    """Modes can be read and turned while the exchange runs."""
    trader = exchange()
    assert "older" == trader.control("POST", "modes", {"row_shape": "older"})["row_shape"]
    assert "older" == trader.control("GET", "modes")["row_shape"]


def test_reset_begins_anew() -> None:
    """A reset forgets orders, faults and counts, and the logins only if asked."""
    trader = exchange()
    trader.place()
    trader.control("POST", "faults", {"kind": "gateway", "times": 9})
    trader.control("POST", "reset")
    assert [] == trader.ok("GET", BOOK)
    assert 1 == len(trader.rest.requests)
    trader.control("POST", "reset", {"sessions": True})
    assert "Invalid Token" == trader.refused("GET", BOOK)[2]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["NSECM", 2885, "*****"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ROUTES = [
    ("POST", ORDERS), ("PUT", ORDERS), ("POST", f"{ORDERS}/cancelall"), ("POST", f"{ORDERS}/cover"),
    ("PUT", f"{ORDERS}/cover"), ("POST", f"{ORDERS}/bracket"), ("PUT", f"{ORDERS}/bracket"),
    ("POST", f"{ORDERS}/margindetails"), ("POST", f"{INTERACTIVE}/user/calculatebrokerage"),
    ("PUT", f"{INTERACTIVE}/portfolio/squareoff"), ("PUT", f"{INTERACTIVE}/portfolio/squareoffall"),
    ("PUT", f"{INTERACTIVE}/portfolio/positions/convert"), ("POST", f"{INTERACTIVE}/user/session"),
    ("POST", f"{MARKET}/instruments/quotes"), ("POST", f"{MARKET}/instruments/subscription"),
    ("PUT", f"{MARKET}/instruments/subscription"), ("POST", f"{MARKET}/instruments/master"),
    ("POST", f"{MARKET}/search/instrumentsbyid"), ("POST", "/sim/faults"), ("POST", "/sim/price"),
]  # fmt: skip
NAMES = [
    *(
        "exchangeSegment",
        "exchangeInstrumentID",
        "productType",
        "orderType",
        "orderSide",
        "orderQuantity",
        "limitPrice",
    ),
    *(
        "stopPrice",
        "appOrderID",
        "instruments",
        "xtsMessageCode",
        "publishFormat",
        "clientID",
        "squareoffMode",
        "token",
    ),
    *("portfolio", "brokerageOrderInformation", "targetQty", "exchangeSegmentList", "price", "segment", "faults"),
]


@given(route=st.sampled_from(ROUTES), body=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8))
@settings(deadline=None)
def test_nonsense_is_answered(route: tuple[str, str], body: dict[str, Any]) -> None:
    """Whatever fields a body has, there is an answer and no crash."""
    trader = exchange()
    base = trader.order() if "orders" in route[1] else {}
    assert isinstance(trader.send(*route, base | body), Response)


# --- books that lag ----------------------------------------------------------------------------------------------

TRADES = f"{INTERACTIVE}/orders/dealertradebook"
POSITIONS = f"{INTERACTIVE}/portfolio/dealerpositions"


def lag(trader: Trader, path: str, **how: Any) -> None:
    """Let the book at *path* be behind from now on."""
    trader.control("POST", "faults", {"kind": "lag", "method": "GET", "path": path, "times": 99} | how)


def test_a_book_lags_by_seconds() -> None:
    """What happened less than so many seconds ago is in no lagging book, and the other books show it."""
    trader = exchange()
    trader.place()
    trader.rest.clock.advance(5)  # type: ignore[attr-defined]
    trader.place(orderSide="SELL", orderQuantity=4)
    lag(trader, BOOK, seconds=2)

    assert (1, 2, 6) == (placed(trader), len(trader.ok("GET", TRADES)), trader.net())
    trader.rest.clock.advance(2)  # type: ignore[attr-defined]
    assert placed(trader) == 2


def test_positions_lag_by_seconds() -> None:
    """A position is shown as it was, with its sums, and a carried one is there at once."""
    trader = exchange()
    trader.place()
    trader.control(
        "POST", "carry", {"segment": "NSECM", "token": 3045, "quantity": 7, "product": "NRML", "client": PRO}
    )
    before = trader.ok("GET", POSITIONS, dayOrNet="NetWise")["positionList"]
    trader.rest.clock.advance(5)  # type: ignore[attr-defined]
    trader.place(orderSide="SELL", orderQuantity=4)
    trader.place(orderQuantity=3)
    lag(trader, POSITIONS, seconds=5)
    after = trader.ok("GET", POSITIONS, dayOrNet="NetWise")["positionList"]

    assert [row | {"SequenceNumber": 0} for row in after] == [row | {"SequenceNumber": 0} for row in before]
    trader.rest.clock.advance(5)  # type: ignore[attr-defined]
    assert trader.net() == 9


def test_an_order_is_shown_in_the_state_it_had() -> None:
    """A lagging order book shows a cancelled order as it was before, and has no order that came later."""
    trader = exchange()
    order = trader.limit(1200)
    trader.rest.clock.advance(5)  # type: ignore[attr-defined]
    trader.ok("DELETE", ORDERS, appOrderID=order)
    lag(trader, BOOK, seconds=1)
    lag(trader, ORDERS, seconds=1)

    assert [row["OrderStatus"] for row in trader.ok("GET", BOOK)] == ["New"]
    assert trader.statuses(order) == ["PendingNew", "New"]


def test_a_book_lags_by_reads() -> None:
    """What happens is in a lagging book after so many reads of that book, whoever set the lag and when."""
    trader = exchange()
    placed(trader)
    trader.place()
    lag(trader, BOOK, reads=2)
    lag(trader, TRADES, reads=1)

    assert [0, 0, 1] == [placed(trader) for _ in range(3)]
    assert [0, 1] == [len(trader.ok("GET", TRADES)) for _ in range(2)]


def test_each_client_has_reads_of_its_own() -> None:
    """Reads of one client's book do not make another's come up to date."""
    trader = exchange()
    trader.place()
    lag(trader, BOOK, reads=1)
    trader.client = "CLIENT01"
    placed(trader)
    trader.client = PRO

    assert [0, 1] == [placed(trader) for _ in range(2)]


def test_a_lag_needs_no_book_to_be_harmless() -> None:
    """A call that reads no book is answered as ever, at once."""
    trader = exchange()
    lag(trader, "*", seconds=60)
    trader.control("POST", "faults", {"kind": "lag", "method": "POST", "path": ORDERS, "seconds": 60})
    outcome = place(trader)

    assert isinstance(outcome, Response)
    assert (200, 0) == (outcome.status, outcome.delay)
    assert trader.control("GET", "state")["orders"]


def test_an_investor_sees_lagging_books_on_the_ordinary_routes() -> None:
    """The ordinary routes lag as the dealer's do."""
    trader = exchange(account="investor")
    trader.place()
    lag(trader, "*", seconds=60)

    for path in (ORDERS, f"{ORDERS}/trades", f"{INTERACTIVE}/portfolio/positions?dayOrNet=NetWise"):
        assert trader.refused("GET", path)[2] == "Data Not Available"
