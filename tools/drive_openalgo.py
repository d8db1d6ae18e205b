"""Drive an OpenAlgo that is running, as its users' programs do, and hold what it answers against what the exchange has.

    jainam sim                                            # in one terminal: the exchange that OpenAlgo trades on
    python tools/drive_openalgo.py --key 0123abcd... --url http://127.0.0.1:5000 --exchange http://127.0.0.1:8180

OpenAlgo has to be installed, logged in to the broker and to have its contracts; nothing of it is changed here. Calls go
through its PyPI client (`pip install openalgo`), orders for real: so only an exchange that answers below `/sim` is
traded on, which no broker's does. Ends with 1 when anything was not as it should be.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

BUY = {"action": "BUY", "price_type": "MARKET", "product": "MIS"}
SHARE, OTHER = {"symbol": "RELIANCE", "exchange": "NSE"}, {"symbol": "INFY", "exchange": "NSE"}
ORDERS, BOOK, POSITIONS = (
    "/interactive/orders",
    "/interactive/orders/dealerorderbook",
    "/interactive/portfolio/dealerpositions",
)

CHECKS: list[Check] = []
Check = Callable[["Driver"], None]


def check(one: Check) -> Check:
    """Have *one* be part of the drive, in the order of this file."""
    CHECKS.append(one)
    return one


class Driver:
    """An OpenAlgo at *url* for the owner of *key*, and the exchange behind it."""

    def __init__(self, url: str, key: str, exchange: str) -> None:
        from openalgo import api

        self.client = api(api_key=key, host=url)
        self.sim = httpx.Client(base_url=exchange, timeout=10)
        self.plain = httpx.Client(base_url=f"{url}/api/v1", timeout=60)
        self.key = key

    def state(self) -> dict[str, Any]:
        """What the exchange has."""
        answer: dict[str, Any] = self.sim.get("/sim/state").raise_for_status().json()
        return answer

    def requests(self, method: str, path: str) -> int:
        """How often the exchange was called so."""
        return sum(
            n for call, n in self.state()["requests"].items() if call.casefold() == f"{method} {path}".casefold()
        )

    def held(self, symbol: str) -> int:
        """What the exchange says is held of a share, in whatever product."""
        return sum(row["Quantity"] for row in self.state()["positions"] if row["TradingSymbol"].split("-")[0] == symbol)

    def order(self, order_id: str) -> dict[str, Any]:
        """That order as the exchange has it."""
        return next(row for row in self.state()["orders"] if str(row["AppOrderID"]) == order_id)

    @contextmanager
    def fault(self, **rule: Any) -> Iterator[None]:
        """Something goes wrong at the exchange for so long."""
        self.sim.post("/sim/faults", json=rule).raise_for_status()
        try:
            yield
        finally:
            self.sim.delete("/sim/faults")

    def call(self, name: str, **words: Any) -> Any:
        """What an endpoint answers that the client has no method for; ``None`` where the host has no such endpoint."""
        answer = self.plain.post(f"/{name}", json={"apikey": self.key, **words})
        is_page = "json" not in answer.headers.get("content-type", "")
        return None if answer.status_code == 404 and is_page else answer.json()

    def smart(self, target: int, *, action: str = "BUY", quantity: int = 0, **share: str) -> Any:
        """A smart order at the market."""
        return self.client.placesmartorder(
            **(share or SHARE),
            action=action,
            price_type="MARKET",
            product="MIS",
            quantity=quantity,
            position_size=target,
        )

    def flat(self) -> None:
        """Close everything, so that the next check begins with nothing."""
        good(self.client.closeposition())
        good(self.client.cancelallorder())


def good(answer: Any) -> Any:
    """*answer*, which says that it went well."""
    assert isinstance(answer, dict), f"no answer but {type(answer).__name__}"
    assert answer.get("status") == "success", f"not a success: {answer}"
    return answer


def bad(answer: Any, *words: str, code: int | None = None) -> Any:
    """*answer*, which says that it did not, with those *words* and that HTTP status."""
    assert answer.get("status") == "error", f"told as a success: {answer}"
    for word in words:
        assert word.casefold() in str(answer).casefold(), f"{word!r} is not in {answer}"
    assert code is None or answer.get("code") == code, f"HTTP {answer.get('code')}, not {code}: {answer}"
    return answer


# --- contracts and the market ----------------------------------------------------------------------------------------


@check
def contracts_are_there(d: Driver) -> None:
    """Shares, futures and options can be found by the names that OpenAlgo gives them."""
    assert good(d.client.symbol(**SHARE))["data"]["token"] == "2885"
    assert good(d.client.search(query="NIFTY FUT", exchange="NFO"))["data"]
    assert good(d.client.expiry(symbol="NIFTY", exchange="NFO", instrumenttype="options"))["data"]


@check
def quotes_are_read(d: Driver) -> None:
    """One, many, and one among them that nobody knows."""
    assert good(d.client.quotes(**SHARE))["data"]["ltp"] > 0
    shares = [SHARE, OTHER, {"symbol": "NIFTY", "exchange": "NSE_INDEX"}, {"symbol": "NOSUCH", "exchange": "NSE"}]
    answer = d.call("multiquotes", symbols=shares)
    if answer is not None:
        rows = good(answer)["results"]
        assert sorted(row["symbol"] for row in rows) == sorted(share["symbol"] for share in shares)
        assert all(row["data"]["ltp"] > 0 for row in rows if row["symbol"] != "NOSUCH")


@check
def depth_has_five_levels(d: Driver) -> None:
    """Five on both sides, the best first."""
    data = good(d.client.depth(**SHARE))["data"]
    assert len(data["bids"]) == len(data["asks"]) == 5
    assert data["bids"][0]["price"] >= data["bids"][-1]["price"]
    assert data["ltp"] > 0


@check
def history_comes_in_bars(d: Driver) -> None:
    """Of a minute and of a day, in ascending order, with no bar twice."""
    today = dt.date.today()  # noqa: DTZ011 - the day of the exchange is this machine's
    for interval in ("1m", "D"):
        first = str(today - dt.timedelta(days=10))
        words = {**SHARE, "interval": interval, "start_date": first, "end_date": str(today)}
        bars = good(d.call("history", **words))["data"]
        times = [bar["timestamp"] for bar in bars]
        assert times
        assert times == sorted(set(times))
        assert all(bar["high"] >= bar["low"] > 0 for bar in bars)
    assert "D" in str(good(d.client.intervals())["data"])


@check
def the_ticker_has_the_same_bars(d: Driver) -> None:
    """Asked for by an address, as a chart does it, with texts for days."""
    today = dt.date.today()  # noqa: DTZ011 - the day of the exchange is this machine's
    span = {"interval": "5m", "from": str(today - dt.timedelta(days=5)), "to": str(today), "apikey": d.key}
    answer = d.plain.get("/ticker/NSE:RELIANCE", params=span)
    assert answer.status_code == 200, answer.text
    assert good(answer.json())["data"]


def option_terms(d: Driver) -> dict[str, str]:
    """The last expiry of NIFTY, as the calls about options want to be told of it."""
    expiries = good(d.client.expiry(symbol="NIFTY", exchange="NFO", instrumenttype="options"))["data"]
    expiry = dt.datetime.strptime(expiries[-1], "%d-%b-%y").strftime("%d%b%y").upper()  # noqa: DTZ007
    return {"underlying": "NIFTY", "exchange": "NSE_INDEX", "expiry_date": expiry}


@check
def options_are_read_by_chains(d: Driver) -> None:
    """What OpenAlgo builds from quotes: an option by its offset, and the chain, where the host has them."""
    terms = option_terms(d)
    option = d.call("optionsymbol", strategy="drive", **terms, offset="ATM", option_type="CE")
    if option is not None and "strike_int" not in str(option):  # which the older host wants to be told
        assert good(option)["symbol"].endswith("CE")
    chain = d.call("optionchain", **terms, strike_count=5)
    if chain is not None:
        assert all(row["ce"]["ltp"] > 0 for row in good(chain)["chain"] if row["ce"])


@check
def options_are_valued(d: Driver) -> None:
    """The greeks of an option, of several, and a future made of two, where the host works them out."""
    option = d.call("optionsymbol", strategy="drive", **option_terms(d), offset="ATM", option_type="CE")
    if option is None or "strike_int" in str(option):
        return
    named = {"symbol": good(option)["symbol"], "exchange": "NFO"}
    assert "greeks" in good(d.call("optiongreeks", **named))
    assert good(d.call("multioptiongreeks", symbols=[named]))["data"]
    assert float(good(d.call("syntheticfuture", **option_terms(d)))["synthetic_future_price"]) > 0


# --- orders ----------------------------------------------------------------------------------------------------------


@check
def money_is_told(d: Driver) -> None:
    """Five amounts, as text with two decimals."""
    funds = good(d.client.funds())["data"]
    for name in ("availablecash", "collateral", "m2mrealized", "m2munrealized", "utiliseddebits"):
        assert float(funds[name]) is not None, funds


@check
def an_order_rests_changes_and_goes(d: Driver) -> None:
    """Place, status, modify, cancel, each as the exchange has it."""
    price = round(float(good(d.client.quotes(**SHARE))["data"]["ltp"]) * 0.95)
    terms = {**SHARE, "action": "BUY", "price_type": "LIMIT", "product": "MIS"}
    order_id = good(d.client.placeorder(**terms, quantity=2, price=price))["orderid"]
    assert isinstance(order_id, str)
    status = good(d.client.orderstatus(order_id=order_id))["data"]
    assert (status["order_status"], float(status["price"])) == ("open", price)
    good(d.client.modifyorder(order_id=order_id, **terms, quantity=3, price=price - 1))
    assert d.order(order_id)["LeavesQuantity"] == 3
    good(d.client.cancelorder(order_id=order_id))
    rows = good(d.client.orderbook())["data"]["orders"]
    assert next(row for row in rows if row["orderid"] == order_id)["order_status"] == "cancelled"
    bad(d.client.cancelorder(order_id="1"))


@check
def an_order_fills(d: Driver) -> None:
    """A market order is in the trade book, the positions and the open position."""
    d.flat()
    order_id = good(d.client.placeorder(**SHARE, **BUY, quantity=5))["orderid"]
    trades = [row for row in good(d.client.tradebook())["data"] if row["orderid"] == order_id]
    assert sum(int(row["quantity"]) for row in trades) == 5
    position = next(row for row in good(d.client.positionbook())["data"] if row["symbol"] == SHARE["symbol"])
    assert int(float(position["quantity"])) == d.held("RELIANCE") == 5
    assert float(position["ltp"]) > 0
    assert int(d.client.openposition(**SHARE, product="MIS")["quantity"]) == 5
    d.flat()


@check
def a_bad_order_is_refused_here(d: Driver) -> None:
    """A broken tick is a 400 with the next price that would pass, and nothing is sent."""
    before = d.requests("POST", ORDERS)
    terms = {**SHARE, "action": "BUY", "price_type": "LIMIT", "product": "MIS"}
    bad(d.client.placeorder(**terms, quantity=1, price=1400.03), "tick", code=400)
    assert d.requests("POST", ORDERS) == before


@check
def smart_orders_reach_their_target(d: Driver) -> None:
    """Open, increase, reduce, reverse, close and no change."""
    for target in (10, 15, 4, -6, 0):
        good(d.smart(target))
        assert d.held("RELIANCE") == target, f"{d.held('RELIANCE')} is held, {target} was wanted"
    before = d.requests("POST", ORDERS)
    assert "No action needed" in str(good(d.smart(0))) or "Already Matched" in str(d.smart(0))
    assert d.requests("POST", ORDERS) == before
    good(d.smart(0, action="SELL", quantity=3))  # nothing held and a quantity: the action counts
    assert d.held("RELIANCE") == -3
    d.flat()


@check
def baskets_and_splits_leave(d: Driver) -> None:
    """Every leg has its own outcome."""
    legs = [{**SHARE, "action": "BUY", "quantity": 1, "pricetype": "MARKET", "product": "MIS"}] * 2
    rows = good(d.client.basketorder(orders=[*legs, {**legs[0], "symbol": "NOSUCH"}]))["results"]
    assert sorted(row["status"] for row in rows) == ["error", "success", "success"]
    split = d.client.splitorder(**SHARE, action="SELL", quantity=2, splitsize=1, price_type="MARKET", product="MIS")
    assert [row["status"] for row in good(split)["results"]] == ["success"] * 2
    assert d.held("RELIANCE") == 0


@check
def options_are_ordered_by_their_offset(d: Driver) -> None:
    """One, and a spread of two, each leg with a number of its own, where the host has such orders."""
    terms = {**option_terms(d), "strategy": "drive"}
    option = d.call("optionsymbol", **terms, offset="ATM", option_type="CE")
    if option is None or "strike_int" in str(option):
        return
    leg = {"offset": "ATM", "option_type": "CE", "action": "BUY", "quantity": good(option)["lotsize"]}
    order_id = good(d.call("optionsorder", **terms, **leg, product="NRML", pricetype="MARKET"))["orderid"]
    assert d.order(order_id)["OrderStatus"] == "Filled"
    legs = [{**leg, "product": "NRML"}, {**leg, "product": "NRML", "offset": "OTM1", "action": "SELL"}]
    rows = good(d.call("optionsmultiorder", **terms, legs=legs))["results"]
    assert [row["status"] for row in rows] == ["success"] * 2, rows
    assert all(d.order(row["orderid"])["OrderStatus"] == "Filled" for row in rows)
    d.flat()


@check
def holdings_answer(d: Driver) -> None:
    """Holdings with their statistics."""
    assert "statistics" in good(d.client.holdings())["data"]


@check
def what_the_broker_has_not_is_said(d: Driver) -> None:
    """A margin before the order, and an order that waits for weeks: each an error in words, where the host asks."""
    terms = {**SHARE, "action": "BUY", "product": "MIS", "pricetype": "MARKET", "quantity": "1"}
    margin = d.call("margin", positions=[terms])
    if margin is not None:
        bad(margin, "margin of an order cannot be asked for")
    waiting = d.call(
        "placegttorder",
        strategy="drive", trigger_type="SINGLE", triggerprice_sl=1000, price=1000,
        **{**terms, "product": "CNC", "pricetype": "LIMIT", "quantity": 1},
    )  # fmt: skip
    if waiting is not None:
        bad(waiting, "not supported")


# --- a bad day -------------------------------------------------------------------------------------------------------


@check
def a_close_all_that_fails_says_so(d: Driver) -> None:
    """With one leg refused it is no success; called again it finishes, and a third time it sends nothing."""
    for share in (SHARE, OTHER):
        good(d.client.placeorder(**share, **BUY, quantity=5))
    with d.fault(kind="refuse", method="POST", path=ORDERS, contains='"exchangeInstrumentID":1594', times=9):
        bad(d.client.closeposition(), "INFY")
    assert (d.held("RELIANCE"), d.held("INFY")) == (0, 5)
    good(d.client.closeposition())
    assert d.held("INFY") == 0
    before = d.requests("POST", ORDERS)
    good(d.client.closeposition())
    assert d.requests("POST", ORDERS) == before


@check
def an_order_whose_answer_is_lost_is_found(d: Driver) -> None:
    """It is there once, and OpenAlgo is told its number."""
    before = len(d.state()["orders"])
    with d.fault(kind="lose_answer", method="POST", path=ORDERS):
        order_id = good(d.client.placeorder(**SHARE, **BUY, quantity=1))["orderid"]
    assert len(d.state()["orders"]) == before + 1
    assert d.order(order_id)["OrderStatus"] == "Filled"
    d.flat()


@check
def an_expired_token_is_renewed_once(d: Driver) -> None:
    """Nobody notices but the exchange, which sees one more login."""
    before = d.requests("POST", "/interactive/user/session")
    d.sim.post("/sim/expire-tokens", json={}).raise_for_status()
    good(d.client.funds())
    good(d.client.placeorder(**SHARE, **BUY, quantity=1))
    assert d.requests("POST", "/interactive/user/session") == before + 1
    good(d.client.quotes(**SHARE))
    d.flat()


@check
def a_refusal_with_a_200_is_no_success(d: Driver) -> None:
    """The broker's words reach the caller, and no order has a number."""
    with d.fault(kind="error_200", method="POST", path=ORDERS, description="Margin exceeds"):
        bad(d.client.placeorder(**SHARE, **BUY, quantity=1), "Margin exceeds")
    with d.fault(kind="error_200", method="POST", path=ORDERS, description="Margin exceeds"):
        bad(d.smart(5), "Margin exceeds")
    assert d.held("RELIANCE") == 0


@check
def an_unreadable_position_book_sends_nothing(d: Driver) -> None:
    """A smart order and a close-all end in an error, and the position book does so too."""
    before = d.requests("POST", ORDERS)
    for ask in (lambda: d.smart(5), d.client.closeposition, d.client.positionbook):
        with d.fault(kind="gateway", method="GET", path=POSITIONS, times=50):
            bad(ask())
    assert d.requests("POST", ORDERS) == before


@check
def an_unreadable_order_book_cancels_nothing_in_silence(d: Driver) -> None:
    """A cancel-all that could not look is an error, and not a list of nothing."""
    with d.fault(kind="gateway", method="GET", path=BOOK, times=50):
        bad(d.client.cancelallorder())


def main() -> int:
    """Make every check, print one line for each, and say whether all of them held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:5000", help="where OpenAlgo listens")
    parser.add_argument("--key", required=True, help="the API key that OpenAlgo shows on its page /apikey")
    parser.add_argument("--exchange", default="http://127.0.0.1:8180", help="where `jainam sim` listens")
    parser.add_argument("--only", default="", help="only the checks that have this in their name")
    asked = parser.parse_args()
    try:
        driver = Driver(asked.url, asked.key, asked.exchange)
        driver.state()
    except ImportError:
        print("OpenAlgo's client is missing: pip install openalgo", file=sys.stderr)
        return 2
    except (httpx.HTTPError, ValueError):
        print(f"{asked.exchange} is no `jainam sim`, and nothing else is traded on", file=sys.stderr)
        return 2
    broken = 0
    for one in CHECKS:
        if asked.only not in one.__name__:
            continue
        began = time.perf_counter()
        words = ""
        try:
            one(driver)
        except (AssertionError, KeyError, StopIteration, TypeError, ValueError, httpx.HTTPError) as error:
            broken += 1
            words = f"  {type(error).__name__}: {error}"
        name = one.__name__.replace("_", " ")
        print(f"{'no' if words else 'ok'}  {time.perf_counter() - began:5.1f} s  {name}{words}", flush=True)
    print(f"{broken} of {len(CHECKS)} checks failed" if broken else "all as it should be")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
