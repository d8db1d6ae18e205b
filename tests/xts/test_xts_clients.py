"""Several clients of one login: a call for one never names another, and no book lends its rows (X10, protocol 2.5)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st
from xts.support import CODEC, CREDENTIALS, DEALER, INVESTOR, MARKET, OPTION, PRO, TAG, answer, row_of, sample
from xts.test_xts_requests import EVERY_CALL, orders, tags

from jainam.adapters.xts.codec import XtsCodec
from jainam.adapters.xts.credentials import PRO_CLIENT, client_named
from jainam.adapters.xts.profiles import PROFILES
from jainam.domain.errors import UnexpectedReply
from jainam.domain.instruments import Token
from jainam.domain.orders import OrderId, OrderTag
from jainam.domain.sessions import Api, Session
from jainam.domain.steps import (
    BrokerStep,
    CancelOrder,
    FindOrder,
    ListHoldings,
    ListOrders,
    ListPositions,
    ListTrades,
    Login,
    ModifyOrder,
    PlaceOrder,
)
from jainam.ports.transport import HttpRequest, HttpResponse

# What could break out of a query or a body, and the desk's own book under each of its names.
CLIENTS = st.one_of(
    st.sampled_from([PRO_CLIENT, "pro", "PRO", "****", "A&clientID=B", 'A","clientID":"B', "A/B?#", "A B", "%2A", "Ä"]),
    st.from_regex(r"[A-Z]{2}[0-9]{1,4}", fullmatch=True),
    st.text(min_size=1, max_size=12),
).filter(client_named)


@st.composite
def steps(draw: st.DrawFn) -> BrokerStep[Any]:
    """Any call of the table, the ones that move an order with any order in them."""
    step: BrokerStep[Any] = draw(st.sampled_from(EVERY_CALL))
    contract = evolve(OPTION, token=Token(draw(st.integers(1, 2**31))))
    order_id, tag = OrderId(str(draw(st.integers(1, 10**18)))), OrderTag(draw(tags))
    match step:
        case PlaceOrder():
            return evolve(step, order=draw(orders), contract=contract, tag=tag)
        case ModifyOrder():
            return evolve(step, order_id=order_id, order=draw(orders), contract=contract, tag=tag)
        case CancelOrder():
            return CancelOrder(order_id)
        case FindOrder():
            return FindOrder(tag)
        case _:
            return step


def named_by(request: HttpRequest) -> list[object]:
    """Every client that *request* names in its query and, however deep, in its body; a second mention counts too."""
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    found: list[object] = [value for key, value in query if key.casefold() == "clientid"]

    def look(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found.extend(value for key, value in pairs if key.casefold() == "clientid")
        return dict(pairs)

    if request.body is not None:
        json.loads(request.body, object_pairs_hook=look)
    return found


@given(
    step=steps(),
    ours=CLIENTS,
    theirs=CLIENTS,
    more=st.lists(CLIENTS, max_size=3),
    profile=st.sampled_from(sorted(PROFILES)),
)
@example(step=ListPositions(), ours="A&clientID=B", theirs="B", more=[], profile="jainam_prop")
@example(step=EVERY_CALL[4], ours='A","clientID":"B', theirs="B", more=[], profile="jainam_prop")
def test_a_call_for_one_client_never_names_another(
    step: BrokerStep[Any], ours: str, theirs: str, more: list[str], profile: str
) -> None:
    """Whatever is asked and whatever the clients are called, a request names the desk's own client once, or nobody."""
    codec = XtsCodec(profile=PROFILES[profile], credentials=CREDENTIALS, client_id=ours)
    # The clients of a login share its session: this one was made while another was configured.
    shared = evolve(DEALER, client_id=client_named(theirs), client_codes=(theirs, ours, *more))
    is_interactive = step.session_api is Api.INTERACTIVE
    names_somebody = is_interactive and not isinstance(step, Login)

    assert named_by(codec.encode(step, shared if is_interactive else MARKET)) == (
        [client_named(ours)] if names_somebody else []
    )
    assert named_by(codec.encode(step, INVESTOR if is_interactive else MARKET)) == []


# --- books -------------------------------------------------------------------------------------------------------

BOOKS: list[tuple[BrokerStep[Any], str, str]] = [
    (ListOrders(), "order_book", "ClientID"),
    (ListTrades(), "trade_book", "ClientID"),
    (ListPositions(), "positions_netwise", "AccountID"),
    (ListHoldings(), "holdings_list", "ClientId"),
]
"""Each book, a published row of it, and the key that says whose row it is."""


def rows_for(step: BrokerStep[Any], name: str, key: str, clients: list[object]) -> list[dict[str, Any]]:
    """Copies of the first row of a sample, one for each of *clients*."""
    if isinstance(step, ListHoldings):
        holdings = json.loads(sample(name))["result"]["RMSHoldingList"][0]["Holdings"]
        row = {"ISIN": "INE000A01000", **next(iter(holdings.values()))}
    else:
        row = row_of(name)
    return [{**row, key: client} for client in clients]


def kept(
    step: BrokerStep[Any],
    name: str,
    key: str,
    clients: list[object],
    session: Session = DEALER,
    codec: XtsCodec = CODEC,
) -> list[object]:
    """Whose rows are left of a book with one row for each of *clients*."""
    rows = rows_for(step, name, key, clients)
    result: object = {"holdingsList": rows} if isinstance(step, ListHoldings) else rows
    return [row.raw[key] for row in codec.decode(step, answer(result), session)]


@pytest.mark.parametrize(("step", "name", "key"), BOOKS, ids=lambda value: getattr(value, "__name__", None))
def test_rows_of_another_client_of_the_login_are_left_out(step: BrokerStep[Any], name: str, key: str) -> None:
    """Should a dealer's book hold rows of another of his clients, a named client's desk does not see them."""
    assert kept(step, name, key, ["CLIENT01", "CLIENT02", "CLIENT01"]) == ["CLIENT01", "CLIENT01"]
    assert kept(step, name, key, ["CLIENT02"]) == []


@pytest.mark.parametrize(("step", "name", "key"), BOOKS)
def test_rows_that_name_nobody_the_login_knows_stay(step: BrokerStep[Any], name: str, key: str) -> None:
    """A row without a client, or with a code the login did not list, may be ours and is never dropped as another's."""
    clients: list[object] = ["CLIENT01", "", None, "DEALER01", "client01", 7]

    assert kept(step, name, key, clients) == clients


@pytest.mark.parametrize(("step", "name", "key"), BOOKS)
def test_the_desk_s_own_book_is_never_sorted_by_client(step: BrokerStep[Any], name: str, key: str) -> None:
    """PRO rows come back under another id than the asterisks, so every row of such a book counts (protocol 2.5)."""
    clients: list[object] = ["PRO1", "CLIENT01", "CLIENT02"]

    assert kept(step, name, key, clients, codec=PRO) == clients
    listed = evolve(DEALER, client_codes=(PRO_CLIENT, "CLIENT01"))
    assert kept(step, name, key, clients, listed, PRO) == clients


@pytest.mark.parametrize(
    "session",
    [
        INVESTOR,
        evolve(DEALER, client_codes=()),
        evolve(DEALER, client_codes=("CLIENT01",)),
        evolve(DEALER, client_codes=("CLIENT02", "CLIENT03")),
    ],
    ids=["investor", "no codes", "one code", "not listed"],
)
def test_where_the_login_cannot_tell_clients_apart_every_row_stays(session: Session) -> None:
    """Without a list that holds the client himself, his rows may come under any name: dropping them would read flat."""
    assert kept(*BOOKS[2], ["CLIENT01", "CLIENT02"], session) == ["CLIENT01", "CLIENT02"]


def test_a_client_s_code_is_his_in_any_case() -> None:
    """A client configured in small letters is not taken for another one by the capitals of the login's list."""
    small = XtsCodec(profile=CODEC.profile, credentials=CREDENTIALS, client_id="client01")

    assert kept(*BOOKS[2], ["CLIENT01", "CLIENT02"], codec=small) == ["CLIENT01"]


def test_another_client_s_unreadable_row_does_not_hide_ours() -> None:
    """What cannot be read of somebody else's position leaves our own book read; of our own, it does not (D3)."""
    ours, theirs = rows_for(*BOOKS[2], ["CLIENT01", "CLIENT02"])

    good = CODEC.decode(ListPositions(), answer([ours, {**theirs, "Quantity": "many"}]), DEALER)
    with pytest.raises(UnexpectedReply, match="1 of 1 positions"):
        CODEC.decode(ListPositions(), answer([{**ours, "Quantity": "many"}, theirs]), DEALER)

    assert len(good) == 1


def test_our_tag_is_ours_under_any_client() -> None:
    """An order is found by its tag, whoever's name its row carries: losing it would leave it unresolved (X1)."""
    row = {**row_of("order_book"), "ClientID": "CLIENT02"}
    found = CODEC.decode(FindOrder(TAG), answer([row]), DEALER)

    assert found is not None
    assert found.order_id == "1110000030"


def test_an_empty_book_of_a_client_is_empty() -> None:
    """ "Nothing there" on the dealer's own route is an empty book, for a client who was configured."""
    nothing = HttpResponse(400, sample("error_positions_empty"))

    assert CODEC.decode(ListPositions(), nothing, evolve(DEALER, client_id="CLIENT02")) == ()
