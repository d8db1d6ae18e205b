"""Logging in, and who and how rich the account is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jainam.adapters.xts.books import rows_of
from jainam.adapters.xts.credentials import Caller
from jainam.adapters.xts.segments import exchange_of
from jainam.adapters.xts.values import flag, number, text
from jainam.domain.errors import UnexpectedReply
from jainam.domain.portfolio import Funds, Profile
from jainam.domain.sessions import Api, Session
from jainam.domain.steps import Login, ReadFunds, ReadProfile

__all__ = ["read_funds", "read_interactive_login", "read_market_login", "read_profile"]

TOTAL = "ALL|ALL|ALL"


def read_interactive_login(step: Login, result: Any, caller: Caller) -> Session:
    """The session of a login; raises `NotConfigured` when it is a dealer's and names no client (protocol 2.1, D13)."""
    token, user_id = _token_and_user(result)
    codes = result.get("clientCodes")
    client_codes = tuple(text(code) for code in codes) if isinstance(codes, list) else ()
    is_investor = flag(result["isInvestorClient"]) if "isInvestorClient" in result else client_codes == (user_id,)
    return Session(
        api=Api.INTERACTIVE,
        token=token,
        user_id=user_id,
        root=step.root,
        is_investor=is_investor,
        client_id="" if is_investor else caller.client_for(client_codes),
        client_codes=client_codes,
    )


def read_market_login(step: Login, result: Any, _: Caller) -> Session:
    """The session of a market-data login; no client goes along with its calls (protocol 2.2)."""
    token, user_id = _token_and_user(result)
    return Session(api=Api.MARKET_DATA, token=token, user_id=user_id, root=step.root)


def _token_and_user(result: Any) -> tuple[str, str]:
    if not isinstance(result, dict) or not isinstance(result.get("token"), str) or not result["token"]:
        raise UnexpectedReply("a login without a token", ["result.token"])
    return result["token"], text(result.get("userID"))


def read_funds(_: ReadFunds, result: Any, __: Caller) -> Funds:
    """The money of the whole account, wherever in the list its entry stands (protocol 3.12, trap 9)."""
    entries = rows_of(result, "balance", "BalanceList")
    total = [entry for entry in entries if isinstance(entry, dict) and entry.get("limitHeader") == TOTAL]
    if entries and not total:
        raise UnexpectedReply(f"the balance has no entry for {TOTAL}", ["BalanceList"])
    entry: Mapping[str, Any] = total[0] if total else {}
    limits = entry.get("limitObject")
    money = limits.get("RMSSubLimits") if isinstance(limits, dict) else None
    if total and not isinstance(money, dict):
        raise UnexpectedReply("the balance has no limits", ["BalanceList.limitObject.RMSSubLimits"])
    amounts = {name: _amount(money or {}, name) for name in _FUNDS.values()}
    return Funds(**{ours: amounts[theirs] for ours, theirs in _FUNDS.items()}, raw=entry)


_FUNDS = {
    "available": "netMarginAvailable",
    "cash": "cashAvailable",
    "collateral": "collateral",
    "utilized": "marginUtilized",
    "realized": "RealizedMTM",
    "unrealized": "UnrealizedMTM",
}


def _amount(limits: Mapping[str, Any], name: str) -> Any:
    try:
        return number(limits.get(name))
    except ValueError:
        raise UnexpectedReply("the balance holds what is no number", [f"RMSSubLimits.{name}"]) from None


def read_profile(_: ReadProfile, result: Any, __: Caller) -> Profile:
    """Who the account belongs to, and the exchanges it may trade on (protocol 3.13)."""
    if not isinstance(result, dict):
        raise UnexpectedReply("the profile is no object", ["result"])
    details = result.get("ClientExchangeDetailsList")
    enabled = [
        segment
        for segment, detail in (details if isinstance(details, dict) else {}).items()
        if isinstance(detail, dict) and flag(detail.get("Enabled"))
    ]
    investor = result.get("IsInvestorClient")
    return Profile(
        client_id=text(result.get("ClientId")),
        is_investor=None if investor is None else flag(investor),
        exchanges=tuple(_exchange_name(segment) for segment in enabled),
        name=text(result.get("ClientName")),
        raw=result,
    )


def _exchange_name(segment: str) -> str:
    """Our name for a segment, or the broker's where we have none."""
    try:
        return exchange_of(segment).value
    except ValueError:
        return segment
