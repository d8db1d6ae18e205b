"""Logging in, the money, and whose account it is."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from xts.support import CODEC, DEALER, NAMELESS, PRO, answer, read, sample

from jainam.adapters.xts.credentials import client_named
from jainam.domain.errors import JainamError, NotConfigured, UnexpectedReply
from jainam.domain.money import ZERO
from jainam.domain.sessions import Api, Session
from jainam.domain.steps import Login, Logout, ReadFunds, ReadProfile

INTERACTIVE = Login(Api.INTERACTIVE, "/interactive")
MARKET_DATA = Login(Api.MARKET_DATA, "/apibinarymarketdata")


def logged_in(result: dict[str, Any], codec: Any = CODEC) -> Session:
    """The session that a login answered with *result* opens."""
    session: Session = codec.decode(INTERACTIVE, answer(result), None)
    return session


def test_a_dealers_session_acts_for_the_configured_client() -> None:
    """The login's own answer says dealer; the client comes from the settings (D13)."""
    session = read(INTERACTIVE, "login_interactive", session=None)

    assert session == Session(
        api=Api.INTERACTIVE,
        token="FAKE.HEADER.DEALER01-INTERACTIVE",
        user_id="DEALER01",
        root="/interactive",
        is_investor=False,
        client_id="CLIENT01",
        client_codes=("CLIENT01", "CLIENT02", "*****"),
    )
    assert "FAKE" not in repr(session)


def test_an_investors_session_names_no_client() -> None:
    """An investor's client id is left out even when one is configured (protocol 2.5)."""
    session = read(INTERACTIVE, "login_interactive_investor", session=None)

    assert (session.is_investor, session.client_id, session.client_codes) == (True, "", ("CLIENT01",))


@pytest.mark.parametrize("name", ["pro", "PRO", " Pro ", "*****"])
def test_pro_means_five_asterisks(name: str) -> None:
    """The desk's own book is called `*****`, and `pro` where asterisks are hard to type."""
    assert client_named(name) == "*****"
    assert (
        read(INTERACTIVE, "login_interactive", session=None, codec=evolve(CODEC, client_id=name)).client_id == "*****"
    )


def test_a_dealer_without_a_client_is_told_the_choices() -> None:
    """The message names the variable, the choices of this login, and both spellings of the desk's own book."""
    with pytest.raises(NotConfigured) as caught:
        read(INTERACTIVE, "login_interactive", session=None, codec=NAMELESS)

    assert str(caught.value) == (
        "this is a dealer's login, and orders need to know for whom: set JAINAM_CLIENT_ID to one of CLIENT01, CLIENT02,"
        " or to ***** for the desk's own (PRO) book (`pro` on the command line)"
    )


def test_a_dealer_whose_login_lists_nobody_is_told_of_the_own_book() -> None:
    """Without client codes in the answer there is one choice left to name."""
    with pytest.raises(NotConfigured, match=r"set JAINAM_CLIENT_ID to \*{5} for the desk's own"):
        logged_in({"token": "t", "userID": "D", "isInvestorClient": False, "clientCodes": None}, NAMELESS)


@pytest.mark.parametrize(
    ("result", "is_investor"),
    [
        ({"isInvestorClient": True}, True),
        ({"isInvestorClient": "true"}, True),
        ({"isInvestorClient": 1}, True),
        ({"isInvestorClient": "false"}, False),
        ({"isInvestorClient": None}, False),
        ({"clientCodes": ["U"]}, True),
        ({"clientCodes": ["U", "V"]}, False),
        ({}, False),
    ],
)
def test_the_login_decides_whose_routes_are_taken(result: dict[str, Any], is_investor: bool) -> None:
    """The flag counts in all its dresses; without it, an account that may act for itself alone is an investor's."""
    assert logged_in({"token": "t", "userID": "U", **result}).is_investor is is_investor


def test_a_market_data_session_is_nobodys_in_particular() -> None:
    """The success carries an `e-` code; the session remembers the root it was made below (trap 2)."""
    session = read(MARKET_DATA, "login_market", session=None, codec=PRO)

    assert session == Session(
        api=Api.MARKET_DATA,
        token="FAKE.HEADER.CLIENT01-MARKETDATA",
        user_id="CLIENT01",
        root="/apibinarymarketdata",
    )


@pytest.mark.parametrize("result", [None, {}, [], "t", {"token": ""}, {"token": None}, {"token": 5}])
@pytest.mark.parametrize("step", [INTERACTIVE, MARKET_DATA], ids=["interactive", "market data"])
def test_a_login_without_a_token_is_no_login(step: Login, result: object) -> None:
    """A success that brings no token opens nothing."""
    with pytest.raises(UnexpectedReply, match="token"):
        CODEC.decode(step, answer(result), None)


def test_both_logouts_succeed() -> None:
    """The published answers end the session; their result is a text or an object and does not matter."""
    read(Logout(Api.INTERACTIVE), "logout_interactive")
    read(Logout(Api.MARKET_DATA), "logout_market")


def test_funds_are_those_of_the_whole_account() -> None:
    """The entry for everything is taken wherever it stands, and kept as it came (trap 9)."""
    funds = read(ReadFunds(), "balance")

    assert (funds.available, funds.cash, funds.collateral) == (Decimal("491855.5"), Decimal(500000), ZERO)
    assert (funds.utilized, funds.realized, funds.unrealized) == (Decimal("8144.5"), ZERO, ZERO)
    assert funds.raw["limitHeader"] == "ALL|ALL|ALL"


def test_amounts_that_are_not_given_are_unknown() -> None:
    """NaN and nothing are not zero."""
    limits = {"cashAvailable": "NaN", "netMarginAvailable": "", "marginUtilized": "1,267.2", "collateral": None}
    entry = {"limitHeader": "ALL|ALL|ALL", "limitObject": {"RMSSubLimits": limits}}
    funds = CODEC.decode(ReadFunds(), answer({"BalanceList": [entry]}), DEALER)

    assert (funds.cash, funds.available, funds.collateral, funds.realized) == (None, None, None, None)
    assert funds.utilized == Decimal("1267.2")


@pytest.mark.parametrize(
    "entries",
    [
        [{"limitHeader": "CASH|NSE|MTF", "limitObject": {"RMSSubLimits": {}}}],
        [None],
        [{"limitHeader": "ALL|ALL|ALL"}],
        [{"limitHeader": "ALL|ALL|ALL", "limitObject": {"RMSSubLimits": None}}],
        [{"limitHeader": "ALL|ALL|ALL", "limitObject": {"RMSSubLimits": {"cashAvailable": "canary"}}}],
    ],
)
def test_a_balance_that_cannot_be_read_is_an_error(entries: list[object]) -> None:
    """A part of the account is not taken for the whole, and a strange amount not for an unknown one."""
    with pytest.raises(UnexpectedReply) as caught:
        CODEC.decode(ReadFunds(), answer({"BalanceList": entries}), DEALER)
    assert "canary" not in str(caught.value)


def test_the_profile_shows_no_personal_data() -> None:
    """The exchanges that are enabled come in our words; name, address and account stay out of every repr."""
    profile = read(ReadProfile(), "profile")

    assert (profile.client_id, profile.is_investor, profile.exchanges) == ("CLIENT01", False, ("NSE", "NFO"))
    assert profile.name == "TEST CLIENT"
    assert profile.raw["PAN"] == "AAAAA0000A"
    for private in ("TEST CLIENT", "AAAAA0000A", "9000000000", "client01@example.test"):
        assert private not in repr(profile)


def test_a_thin_profile_is_still_a_profile() -> None:
    """Servers that omit most of it still say whose account it is; segments without a name of ours keep theirs."""
    details = {"SLBM": {"Enabled": True}, "NSECM": {"Enabled": "true"}, "BSECM": None, "MCXFO": {"Enabled": False}}
    thin = CODEC.decode(ReadProfile(), answer({"ClientId": "C"}), DEALER)
    odd = CODEC.decode(ReadProfile(), answer({"ClientExchangeDetailsList": details}), DEALER)

    assert (thin.client_id, thin.is_investor, thin.exchanges, thin.name) == ("C", None, (), "")
    assert odd.exchanges == ("SLBM", "NSE")


@pytest.mark.parametrize("result", [None, "", [], 5])
def test_a_profile_must_be_an_object(result: object) -> None:
    """Anything else is no profile."""
    with pytest.raises(UnexpectedReply):
        CODEC.decode(ReadProfile(), answer(result), DEALER)


def test_no_error_of_a_login_repeats_what_was_sent() -> None:
    """A server that echoes the keys does not make us repeat them."""
    echo = json.loads(sample("login_error_invalid_key"))
    words = f"{echo['description']}: {CODEC.credentials.interactive_key} {CODEC.credentials.interactive_secret}"
    with pytest.raises(JainamError) as caught:
        CODEC.decode(INTERACTIVE, answer(None, type="error", code=echo["code"], description=words), None)

    assert "canary" not in str(caught.value) + repr(caught.value)
