"""Steps become the requests of the manual."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from xts.support import (
    CODEC,
    CREDENTIALS,
    DEALER,
    INVESTOR,
    MARKET,
    NAMELESS,
    OPTION,
    ORDER,
    PLACE,
    PRO,
    SECRETS,
    TAG,
    TOKEN,
    body_of,
    sample,
)

from jainam.adapters.xts.codec import XtsCodec
from jainam.adapters.xts.credentials import Credentials, client_named
from jainam.adapters.xts.endpoints import ENDPOINTS
from jainam.adapters.xts.profile import BrokerProfile
from jainam.adapters.xts.profiles import FIVEPAISA_XTS, JAINAM_PROP
from jainam.domain.errors import InvalidOrder, LoginExpired, NotConfigured
from jainam.domain.instruments import InstrumentRef, Token
from jainam.domain.orders import Order, OrderId, OrderTag
from jainam.domain.pacing import Window
from jainam.domain.sessions import Api, Session
from jainam.domain.steps import (
    BrokerStep,
    CancelOrder,
    DownloadMaster,
    FindOrder,
    ListHoldings,
    ListOrders,
    ListPositions,
    ListTrades,
    Login,
    Logout,
    ModifyExit,
    ModifyOrder,
    PlaceExit,
    PlaceOrder,
    ReadFunds,
    ReadIndexes,
    ReadProfile,
    ReadQuotes,
)
from jainam.domain.vocabulary import Exchange, Interval, PriceType, Product, Side, TimeInForce
from jainam.domain.watching import ReadCandles, ReadDepth, ReadInterest
from jainam.ports.codec import Codec
from jainam.ports.transport import HttpRequest

MODIFY = ModifyOrder(OrderId("1110000030"), ORDER, OPTION, TAG)
CANCEL = CancelOrder(OrderId("1110000030"))
BASE = "https://smpb.jainam.in:4143"

EVERY_CALL: tuple[BrokerStep[Any], ...] = (
    Login(Api.INTERACTIVE, "/interactive"),
    Login(Api.MARKET_DATA, "/apimarketdata"),
    Logout(Api.INTERACTIVE),
    Logout(Api.MARKET_DATA),
    PLACE,
    PlaceExit(ORDER, OPTION, TAG),
    ModifyExit(OrderId("1110000030"), ORDER, OPTION, TAG),
    MODIFY,
    CANCEL,
    FindOrder(TAG),
    ListOrders(),
    ListTrades(),
    ListPositions(),
    ListHoldings(),
    ReadFunds(),
    ReadProfile(),
    ReadQuotes((OPTION.ref,)),
    ReadDepth(OPTION.ref),
    ReadInterest((OPTION.ref,)),
    ReadCandles(OPTION.ref, Interval.DAY, dt.date(2026, 1, 12), dt.date(2026, 1, 12)),
    DownloadMaster("NSEFO", dt.date(2026, 1, 12)),
    ReadIndexes("NSECM"),
)


def session_for(step: BrokerStep[Any]) -> Session:
    """The dealer's session that *step* goes out under."""
    return DEALER if step.session_api is Api.INTERACTIVE else MARKET


def test_the_codec_is_a_codec() -> None:
    """The class has every method the port asks for."""
    codec: Codec = CODEC

    assert codec.access.market_data == ("/apibinarymarketdata", "/apimarketdata")
    assert codec.access.interactive == ("/interactive",)


def test_every_broker_step_has_an_endpoint() -> None:
    """Whatever a flow may ask the broker for can be encoded, decoded and paced."""
    tabled = {type(step) for step in EVERY_CALL}

    assert tabled == {*ENDPOINTS, Login, Logout}
    assert all(CODEC.windows(step) for step in EVERY_CALL)


@pytest.mark.parametrize("step", EVERY_CALL, ids=lambda step: type(step).__name__)
def test_nothing_but_a_login_goes_out_without_a_session(step: BrokerStep[Any]) -> None:
    """Without a session every call but the login says that there is none."""
    if isinstance(step, Login):
        assert "authorization" not in CODEC.encode(step, None).headers
    else:
        with pytest.raises(LoginExpired, match="not logged in") as caught:
            CODEC.encode(step, None)
        assert caught.value.used is None


@pytest.mark.parametrize("step", EVERY_CALL, ids=lambda step: type(step).__name__)
def test_the_token_goes_bare_and_only_in_its_header(step: BrokerStep[Any]) -> None:
    """The authorization header is the raw token, and neither address nor body repeats it (protocol 2.3)."""
    request = CODEC.encode(step, session_for(step))

    if not isinstance(step, Login):
        assert request.headers["authorization"] == TOKEN
    assert TOKEN not in request.url
    assert TOKEN.encode() not in (request.body or b"")
    assert ("content-type" in request.headers) is (request.body is not None)


@pytest.mark.parametrize(
    ("step", "investor", "dealer"),
    [
        (ListOrders(), "/orders", "/orders/dealerorderbook?clientID=CLIENT01"),
        (FindOrder(TAG), "/orders", "/orders/dealerorderbook?clientID=CLIENT01"),
        (ListTrades(), "/orders/trades", "/orders/dealertradebook?clientID=CLIENT01"),
        (
            ListPositions(),
            "/portfolio/positions?dayOrNet=NetWise",
            "/portfolio/dealerpositions?dayOrNet=NetWise&clientID=CLIENT01",
        ),
        (ListHoldings(), "/portfolio/holdings", "/portfolio/holdings?clientID=CLIENT01"),
        (ReadFunds(), "/user/balance", "/user/balance?clientID=CLIENT01"),
        (ReadProfile(), "/user/profile", "/user/profile?clientID=CLIENT01"),
    ],
)
def test_reads_take_the_route_of_the_account(step: BrokerStep[Any], investor: str, dealer: str) -> None:
    """An investor reads the ordinary books and names nobody; a dealer reads the dealer books and names the client."""
    root = f"{BASE}/interactive"

    assert HttpRequest("GET", root + investor, {"authorization": TOKEN}) == CODEC.encode(step, INVESTOR)
    assert HttpRequest("GET", root + dealer, {"authorization": TOKEN}) == CODEC.encode(step, DEALER)


def test_place_order_sends_the_published_body() -> None:
    """Both published requests come out field by field, for the desk's own book and for a client."""
    pro, client = json.loads(sample("order_place_request"), parse_float=Decimal)
    share = evolve(OPTION, key=evolve(OPTION.key, symbol="RELIANCE", exchange=Exchange.NSE), token=Token(2885))
    stop = Order(
        instrument=share.key,
        side=Side.SELL,
        product=Product.MIS,
        quantity=10,
        price_type=PriceType.SL,
        price=Decimal("1399.5"),
        trigger_price=Decimal(1400),
    )
    labelled = evolve(CODEC, source="WebAPI")

    assert pro == body_of(evolve(PRO, source="WebAPI").encode(PLACE, DEALER))
    assert client == body_of(labelled.encode(PlaceOrder(stop, share, OrderTag("JN000000000000000002")), DEALER))


def test_place_order_is_a_post_below_the_sessions_root() -> None:
    """The address is built from the server, the root the login was made below, and the table."""
    request = CODEC.encode(PLACE, evolve(INVESTOR, root="/1interactive"))

    assert (request.method, request.url) == ("POST", f"{BASE}/1interactive/orders")
    assert "clientID" not in body_of(request)
    assert body_of(request)["apiOrderSource"] == "WEBAPI"


def test_an_exit_is_the_same_request() -> None:
    """That an order closes something changes its place in the queue and not its request."""
    assert CODEC.encode(PLACE, DEALER) == CODEC.encode(PlaceExit(ORDER, OPTION, TAG), DEALER)


def test_modify_sends_the_whole_new_state() -> None:
    """A modification names every term, the total quantity and the order's own tag (protocol 3.4)."""
    request = CODEC.encode(MODIFY, DEALER)

    assert (request.method, request.url) == ("PUT", f"{BASE}/interactive/orders")
    assert body_of(request) == {
        "appOrderID": 1110000030,
        "modifiedProductType": "NRML",
        "modifiedOrderType": "LIMIT",
        "modifiedOrderQuantity": 65,
        "modifiedDisclosedQuantity": 0,
        "modifiedLimitPrice": Decimal("125.35"),
        "modifiedStopPrice": 0,
        "modifiedTimeInForce": "DAY",
        "orderUniqueIdentifier": TAG,
        "clientID": "CLIENT01",
    }


def test_modifying_an_order_without_a_tag_sends_an_empty_one() -> None:
    """An order placed elsewhere may carry no tag; the field is required all the same."""
    assert body_of(CODEC.encode(evolve(MODIFY, tag=None), INVESTOR))["orderUniqueIdentifier"] == ""


def test_cancel_names_the_order_in_the_query() -> None:
    """A cancellation is a DELETE whose query names the order, and for a dealer the client (protocol 3.5)."""
    url = f"{BASE}/interactive/orders?appOrderID=1110000030"

    assert HttpRequest("DELETE", url, {"authorization": TOKEN}) == CODEC.encode(CANCEL, INVESTOR)
    assert CODEC.encode(CANCEL, DEALER).url == f"{url}&clientID=CLIENT01"


@pytest.mark.parametrize("number", ["", "abc", "1&clientID=CLIENT02", "१२३", "-5", "1.0"])
def test_what_is_no_order_number_is_never_sent(number: str) -> None:
    """A mistyped order number is refused here; it can neither break the body nor smuggle in a parameter."""
    for step in (CancelOrder(OrderId(number)), evolve(MODIFY, order_id=OrderId(number))):
        with pytest.raises(InvalidOrder, match="no order number"):
            CODEC.encode(step, DEALER)


def test_logout_ends_the_session_it_names() -> None:
    """Each interface has a logout of its own, and the dealer's names the client (protocol 2.4)."""
    assert CODEC.encode(Logout(Api.INTERACTIVE), DEALER).url == f"{BASE}/interactive/user/session?clientID=CLIENT01"
    assert CODEC.encode(Logout(Api.MARKET_DATA), MARKET).url == f"{BASE}/apibinarymarketdata/auth/logout"


def test_logins_carry_their_own_keys() -> None:
    """Each interface is opened with its own pair of keys, below the root that is tried."""
    interactive = CODEC.encode(Login(Api.INTERACTIVE, "/interactive"), DEALER)
    market = CODEC.encode(Login(Api.MARKET_DATA, "/apimarketdata"), None)

    assert (interactive.method, interactive.url) == ("POST", f"{BASE}/interactive/user/session")
    assert body_of(interactive) == {"appKey": SECRETS[0], "secretKey": SECRETS[1], "source": "WEBAPI"}
    assert "authorization" not in interactive.headers
    assert (market.method, market.url) == ("POST", f"{BASE}/apimarketdata/auth/login")
    assert body_of(market) == {"appKey": SECRETS[2], "secretKey": SECRETS[3], "source": "WEBAPI"}


def test_a_third_party_token_takes_the_place_of_the_source() -> None:
    """A login that a browser has begun is finished with its access token; market data has none (protocol 2.6)."""
    codec = evolve(CODEC, credentials=evolve(CREDENTIALS, access_token="canary-access"))

    body = body_of(codec.encode(Login(Api.INTERACTIVE, "/interactive"), None))
    assert body == {"appKey": SECRETS[0], "secretKey": SECRETS[1], "accessToken": "canary-access"}
    assert "accessToken" not in body_of(codec.encode(Login(Api.MARKET_DATA, "/apimarketdata"), None))


def test_a_dealer_who_names_no_client_sends_nothing() -> None:
    """Without a client a dealer's call is not sent at all: it would mean nobody's account or somebody else's."""
    nobody = evolve(DEALER, client_id="")

    for step in (PLACE, ListPositions()):
        with pytest.raises(NotConfigured, match=r"JAINAM_CLIENT_ID to one of CLIENT01, CLIENT02, or to \*{5}"):
            NAMELESS.encode(step, nobody)


def test_a_session_made_for_another_client_does_not_trade_for_it() -> None:
    """Clients of one login share its session, so only the configured client counts; without one there is no call."""
    assert body_of(CODEC.encode(PLACE, evolve(DEALER, client_id="CLIENT02")))["clientID"] == "CLIENT01"
    with pytest.raises(NotConfigured, match="set JAINAM_CLIENT_ID to one of CLIENT01, CLIENT02"):
        NAMELESS.encode(PLACE, DEALER)


def test_market_data_calls_name_segments_by_number() -> None:
    """Quotes and the index list want numbers, the master the text; none of them names a client (protocol 5)."""
    index = InstrumentRef(Exchange.NSE_INDEX, Token(26000))
    quotes = CODEC.encode(ReadQuotes((OPTION.ref, index)), MARKET)
    indexes = CODEC.encode(ReadIndexes("BSECM"), MARKET)
    master = CODEC.encode(DownloadMaster("NSEFO", dt.date(2026, 1, 12)), MARKET)

    assert quotes.url == f"{BASE}/apibinarymarketdata/instruments/quotes"
    assert body_of(quotes) == {
        "instruments": [
            {"exchangeSegment": 2, "exchangeInstrumentID": 48225},
            {"exchangeSegment": 1, "exchangeInstrumentID": 26000},
        ],
        "xtsMessageCode": 1501,
        "publishFormat": "JSON",
    }
    assert indexes.url == f"{BASE}/apibinarymarketdata/instruments/indexlist?exchangeSegment=11"
    assert (master.method, body_of(master)) == ("POST", {"exchangeSegmentList": ["NSEFO"]})


orders = st.builds(
    Order,
    instrument=st.just(OPTION.key),
    side=st.sampled_from(Side),
    product=st.sampled_from([Product.MIS, Product.NRML, Product.CNC]),
    quantity=st.integers(1, 10**9),
    price_type=st.sampled_from(PriceType),
    price=st.decimals(0, 10**7, places=4, allow_nan=False),
    trigger_price=st.decimals(0, 10**7, places=4, allow_nan=False),
    disclosed_quantity=st.integers(0, 10**6),
    time_in_force=st.sampled_from(TimeInForce),
)
tags = st.text("ABCDEFGHJKMNPQRSTVWXYZ0123456789abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20)
WORDS = {PriceType.MARKET: "MARKET", PriceType.LIMIT: "LIMIT", PriceType.SL: "STOPLIMIT", PriceType.SL_M: "STOPMARKET"}


@given(order=orders, tag=tags, token=st.integers(1, 2**31), client=st.text(min_size=1).filter(client_named))
def test_an_order_survives_its_encoding(order: Order, tag: str, token: int, client: str) -> None:
    """Reading the body back gives every term of the order exactly, whatever the client is called."""
    contract = evolve(OPTION, token=Token(token))
    codec = XtsCodec(profile=JAINAM_PROP, credentials=CREDENTIALS, client_id=client)
    body = body_of(codec.encode(PlaceOrder(order, contract, OrderTag(tag)), DEALER))

    assert body == {
        "exchangeSegment": "NSEFO",
        "exchangeInstrumentID": token,
        "productType": order.product.value,
        "orderType": WORDS[order.price_type],
        "orderSide": order.side.value,
        "timeInForce": order.time_in_force.value,
        "disclosedQuantity": order.disclosed_quantity,
        "orderQuantity": order.quantity,
        "limitPrice": order.price if order.price_type.has_limit else 0,
        "stopPrice": order.trigger_price if order.price_type.is_stop else 0,
        "orderUniqueIdentifier": tag,
        "apiOrderSource": "WEBAPI",
        "clientID": client_named(client),
    }


@given(order=orders, number=st.integers(1, 2**63))
def test_a_modification_survives_its_encoding(order: Order, number: int) -> None:
    """Reading the body back gives every new term exactly."""
    body = body_of(CODEC.encode(ModifyOrder(OrderId(str(number)), order, OPTION, TAG), INVESTOR))

    assert body["appOrderID"] == number
    assert body["modifiedOrderType"] == WORDS[order.price_type]
    assert body["modifiedLimitPrice"] == (order.price if order.price_type.has_limit else 0)
    assert body["modifiedStopPrice"] == (order.trigger_price if order.price_type.is_stop else 0)
    assert body["modifiedOrderQuantity"] == order.quantity
    assert body["modifiedTimeInForce"] == order.time_in_force.value


@pytest.mark.parametrize(
    ("price", "written"),
    [("125.35", b"125.35"), ("0.05", b"0.05"), ("1E+3", b"1000"), ("1E-7", b"0.0000001"), ("100.10", b"100.10")],
)
def test_prices_are_written_as_they_are(price: str, written: bytes) -> None:
    """A price goes out digit by digit: no binary noise and no exponent."""
    request = CODEC.encode(evolve(PLACE, order=evolve(ORDER, price=Decimal(price))), INVESTOR)

    assert b'"limitPrice":' + written + b"," in (request.body or b"")


@pytest.mark.parametrize("exchange", [exchange for exchange in Exchange if not exchange.is_index])
def test_orders_know_the_segment_of_every_exchange(exchange: Exchange) -> None:
    """Each exchange that can be traded on has its segment (protocol 3.2)."""
    segments = {"NSE": "NSECM", "NFO": "NSEFO", "CDS": "NSECD", "BSE": "BSECM", "BFO": "BSEFO", "BCD": "BSECD"}
    order = evolve(ORDER, instrument=evolve(OPTION.key, exchange=exchange))
    body = body_of(CODEC.encode(evolve(PLACE, order=order), INVESTOR))

    assert body["exchangeSegment"] == segments.get(exchange.value, {"MCX": "MCXFO"}.get(exchange.value, "NCDEX"))


# --- limits ------------------------------------------------------------------------------------------------------


def test_orders_count_against_their_segment_and_the_gap() -> None:
    """An order waits for its endpoint, for its exchange segment and for the gap between order calls (D16)."""
    segment = Window("orders NSEFO", 10, 1)
    gap = Window("order calls", 1, 0.1)

    assert CODEC.windows(PLACE) == (Window("place order", 25, 1), segment, gap)
    assert CODEC.windows(PlaceExit(ORDER, OPTION, TAG)) == CODEC.windows(PLACE)
    assert CODEC.windows(MODIFY) == (Window("modify order", 25, 1), segment, gap)
    assert CODEC.windows(CANCEL) == (Window("cancel order", 25, 1), gap)
    assert CODEC.windows(PLACE) is CODEC.windows(PLACE)


def test_without_a_gap_there_is_no_window_for_it() -> None:
    """A gap of zero is allowed and costs nothing."""
    assert evolve(CODEC, call_gap=0).windows(CANCEL) == (Window("cancel order", 25, 1),)


def test_books_share_the_window_of_their_endpoint() -> None:
    """Looking for one order and listing all of them are the same call to the broker."""
    assert CODEC.windows(FindOrder(TAG)) == CODEC.windows(ListOrders()) == (Window("order book", 6, 1),)
    assert CODEC.windows(ListHoldings()) == (Window("holdings", 1, 10),)
    assert CODEC.windows(Login(Api.INTERACTIVE, "/interactive")) != CODEC.windows(Login(Api.MARKET_DATA, "/a"))


def test_a_profile_may_have_several_limits_for_one_call() -> None:
    """All windows of an endpoint and of an exchange segment hold at once, and each segment has its own (X6)."""
    by_minute, in_segment = Window("place order by the minute", 200, 60), Window("orders by the minute", 100, 60)
    profile = evolve(
        CODEC.profile,
        limits={"place order": (Window("place order", 25, 1), by_minute)},
        segment_limits=(in_segment,),
    )
    codec = evolve(CODEC, profile=profile, call_gap=0.2)

    assert codec.windows(PLACE) == (
        Window("place order", 25, 1),
        by_minute,
        Window("orders NSEFO", 10, 1),
        Window("orders by the minute NSEFO", 100, 60),
        Window("order calls", 1, 0.2),
    )
    assert codec.windows(CANCEL) == ()


def test_a_profile_may_leave_a_call_unlimited() -> None:
    """A call whose limit a profile does not name is not held back."""
    free = XtsCodec(profile=BrokerProfile(name="free", base_url=BASE, limits={}), credentials=CREDENTIALS)

    assert free.windows(PLACE) == ()


# --- what people may see -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", EVERY_CALL, ids=lambda step: type(step).__name__)
def test_a_described_request_shows_no_secret(step: BrokerStep[Any]) -> None:
    """The description names method, path and body, and replaces every key, secret and token (NFR4)."""
    codec = evolve(CODEC, credentials=evolve(CREDENTIALS, access_token="canary-access"))
    request = codec.encode(step, session_for(step))
    words = codec.describe(request)

    assert words.startswith(f"{request.method} /")
    assert "canary" not in words
    assert "canary" not in repr(request) + repr(codec) + repr(CREDENTIALS) + repr(step)


def test_a_described_order_reads_like_the_order() -> None:
    """What stays is what a person wants to check: the path, the terms, and for whom."""
    words = PRO.describe(PRO.encode(PLACE, DEALER))

    assert words.startswith('POST /interactive/orders {"exchangeSegment": "NSEFO"')
    assert '"limitPrice": 125.35' in words
    assert '"clientID": "*****"' in words
    assert PRO.describe(PRO.encode(CANCEL, DEALER)) == (
        "DELETE /interactive/orders?appOrderID=1110000030&clientID=*****"
    )


@given(url=st.text(), body=st.none() | st.binary() | st.recursive(st.none(), st.lists).map(lambda x: str(x).encode()))
def test_any_request_can_be_described(url: str, body: bytes | None) -> None:
    """A description never raises, whatever the request is made of."""
    assert CODEC.describe(HttpRequest("GET", url, {}, body)).startswith("GET")


def test_secrets_are_replaced_wherever_they_stand() -> None:
    """Keys of other flows, nested objects, queries and bodies that are no JSON hide their secrets too."""
    nested = json.dumps({"login": [{"UniqueKey": "canary-unique", "note": SECRETS[1]}]}).encode()

    assert "canary" not in CODEC.describe(HttpRequest("POST", f"{BASE}/x?token=canary-a&b=", {}, nested))
    assert CODEC.describe(HttpRequest("POST", f"{BASE}/x?token=canary-a&b=", {}, b"appKey=canary-b")) == (
        "POST /x?token=***&b= <15 bytes>"
    )


def test_short_keys_do_not_eat_words() -> None:
    """A key of one letter is masked in its field and does not turn every such letter into asterisks."""
    short = Credentials(interactive_key="a", interactive_secret="b", market_key="c", market_secret="d")
    codec = XtsCodec(profile=JAINAM_PROP, credentials=short)

    assert codec.describe(codec.encode(Login(Api.MARKET_DATA, "/apimarketdata"), None)) == (
        'POST /apimarketdata/auth/login {"appKey": "***", "secretKey": "***", "source": "WEBAPI"}'
    )


# --- settings ----------------------------------------------------------------------------------------------------


def test_settings_override_the_profile() -> None:
    """Server, market-data root and source may be given; the root is taken with or without its slashes."""
    codec = XtsCodec(
        profile=FIVEPAISA_XTS,
        credentials=CREDENTIALS,
        base_url="http://127.0.0.1:3000/",
        market_data_root="marketdata/",
        source="TWSAPI",
    )

    assert codec.access.market_data == ("/marketdata",)
    request = codec.encode(Login(Api.MARKET_DATA, "/marketdata"), None)
    assert request.url == "http://127.0.0.1:3000/marketdata/auth/login"
    assert body_of(request)["source"] == "TWSAPI"
