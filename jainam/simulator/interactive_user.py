"""The user and status routes of the interactive API."""

from decimal import Decimal
from typing import Any

from jainam.simulator.answers import Response, express, success
from jainam.simulator.calls import MISSING_CLIENT, NOT_MAPPED, Call, Route
from jainam.simulator.checks import Fields, Refused, instrument_of, order_from
from jainam.simulator.instruments import CASH_SEGMENTS, SEGMENT_NUMBERS, segment_name
from jainam.simulator.orders import ZERO
from jainam.simulator.risk import PAISA
from jainam.simulator.sessions import INTERACTIVE
from jainam.simulator.settings import PRO_ALIAS
from jainam.simulator.wire import first_of, text

OFFERED = ("NSECM", "NSEFO", "NSECD", "BSECM", "BSEFO", "MCXFO")


def _exchange_info(segment: str) -> dict[str, Any]:
    products = {"MIS": 1, "NRML": 2} | ({"CNC": 4} if segment in CASH_SEGMENTS else {})
    return {
        "productType": {str(number): name for name, number in products.items()} | products,
        "orderType": ["Limit", "Market", "StopLimit", "StopMarket"],
        "timeInForce": ["DAY", "IOC"],
    }


ENUMS: dict[str, Any] = {
    "socketEvent": [
        *("joined", "error", "warning", "success", "order", "trade", "logout", "position", "tradeConversion"),
        *("marketStatusUpdate", "exchangeAdapterState", "gttOrder", "gttOrderRejection"),
    ],
    "orderSide": ["BUY", "SELL"],
    "orderSource": ["TWSAPI", "WebAPI", "MobileAndroidAPI", "MobileWindowsAPI", "MobileIOSAPI"],
    "positionSqureOffMode": ["DayWise", "NetWise"],
    "positionSquareOffQuantityType": ["Percentage", "ExactQty"],
    "dayOrNet": ["DAY", "NET"],
    "instrumentType": [
        *("Futures", "Options", "Spread", "Equity", "Spot", "PreferenceShares", "Debentures", "Warrants"),
        *("Miscellaneous", "MutualFund"),
    ],
    "exchangeSegment": list(OFFERED),
    "exchangeInfo": {segment: _exchange_info(segment) for segment in ("NSECM", "NSEFO", "BSECM", "BSEFO", "MCXFO")},
}


def login(call: Call) -> Response:
    """Open an interactive session; several may be open at once."""
    settings = call.world.settings
    fields = Fields(call.body)
    key, secret = fields.text("appKey"), fields.text("secretKey")
    fields.done()
    if (key, secret) != (settings.interactive_key, settings.interactive_secret):
        raise Refused("e-user-0004", "Invalid appKey or secretKey")
    session = call.world.sessions.login(INTERACTIVE, settings.user_id, key)
    clients = [*settings.client_ids, PRO_ALIAS] if settings.is_dealer else [settings.user_id]
    return success(
        "s-user-0001",
        "Valid User.",
        {
            "enums": ENUMS,
            "clientCodes": clients,
            "exchangeSegmentArray": [{"key": segment, "value": segment} for segment in OFFERED],
            "token": session.token,
            "userID": settings.user_id,
            "isInvestorClient": not settings.is_dealer,
            "isOneTouchUser": False,
        },
    )


def logout(call: Call) -> Response:
    """Close the session."""
    call.account()
    call.world.sessions.logout(call.login)
    return success("s-user-0001", "successfully logout from all API.", "")


def enums(call: Call) -> Response:
    """Answer the vocabulary that the login answers too."""
    return success("s-user-0001", "Success enums", ENUMS)


def profile(call: Call) -> Response:
    """Answer who the client is."""
    account = call.account()
    if not call.world.modes.profile_route:
        raise Refused("e-user-0005", "only enabled for ctcl")
    client_id = account.client_id
    return success(
        "s-user-0001",
        "User profile",
        {
            "ClientId": client_id,
            "ClientName": "TEST CLIENT",
            "EmailId": f"{client_id.casefold()}@example.test",
            "MobileNo": "9000000000",
            "PAN": "AAAAA0000A",
            "IncludeInAutoSquareoff": True,
            "IncludeInAutoSquareoffBlocked": False,
            "IsProClient": client_id == call.world.settings.pro_id,
            "IsInvestorClient": not call.world.settings.is_dealer,
            "ResidentialAddress": "",
            "OfficeAddress": "",
            "ClientBankInfoList": [
                {
                    "ClientId": client_id,
                    "AccountNumber": "000000000000",
                    "AccountType": "Savings",
                    "BankName": "TEST BANK",
                    "BankBranchName": "TEST",
                    "BankCity": "TEST",
                    "CustomerId": "",
                    "BankCityPincode": "000000",
                    "BankIFSCCode": "TEST0000000",
                }
            ],
            "ClientExchangeDetailsList": {
                segment: {
                    "ClientId": client_id,
                    "ExchangeSegNumber": SEGMENT_NUMBERS[segment],
                    "Enabled": segment != "MCXFO",
                    "ParticipantCode": "",
                }
                for segment in OFFERED
            },
        },
    )


def balance(call: Call) -> Response:
    """Answer the money."""
    account = call.account()
    funds = call.world.exchange.risk.funds(account)
    return success("s-user-0002", "OK", call.portfolio.balance(account, funds))


def margin_details(call: Call) -> Response:
    """Answer what a list of intended orders would tie up."""
    if not call.world.modes.margin_route:
        return express(404, "Cannot POST /interactive/orders/margindetails")
    listed = next((value for value in call.body.values() if isinstance(value, list)), [])
    account = call.world.account_of(
        call.client_id or next((each.get("clientID") for each in listed if isinstance(each, dict)), None),
        MISSING_CLIENT,
        NOT_MAPPED,
    )
    risk = call.world.exchange.risk
    required = ZERO
    for each in listed if all(isinstance(each, dict) for each in listed) else []:
        request = order_from(call.world.market, {"timeInForce": "DAY", "disclosedQuantity": 0, "stopPrice": 0} | each)
        required += risk.required(account, request, request.terms, request.terms.quantity)
    available = risk.funds(account).available
    shortfall = max(ZERO, required - available)
    return success(
        "s-calculatemargin-0001",
        "OK",
        {
            "brokerageDeatils": {
                "IsValid": not shortfall,
                "MarginRequired": text(required),
                "MarginAvailable": text(available),
                "MarginShortfall": text(shortfall),
                "ErrorMessage": "Margin Shortfall" if shortfall else "",
            }
        },
    )


def brokerage(call: Call) -> Response:
    """Answer what some orders would cost: 20 each, and charges in proportion to their value."""
    account = call.account()
    cost = dict.fromkeys(("Brokerage", "STTOrCTT", "ExchangeTurnoverCharges", "GST", "SebiCharges", "StampDuty"), ZERO)
    for each in call.body.get("brokerageOrderInformation") or []:
        fields = Fields(each if isinstance(each, dict) else {})
        instrument_of(call.world.market, fields)
        value = fields.number("orderQty") * fields.number("orderPrice")
        fields.done()
        cost["Brokerage"] += 20
        cost["STTOrCTT"] += (value * Decimal("0.001")).quantize(PAISA)
        cost["ExchangeTurnoverCharges"] += (value * Decimal("0.00035")).quantize(PAISA)
        cost["SebiCharges"] += (value * Decimal("0.000001")).quantize(PAISA)
        cost["StampDuty"] += (value * Decimal("0.00003")).quantize(PAISA)
    cost["GST"] = ((cost["Brokerage"] + cost["ExchangeTurnoverCharges"]) * Decimal("0.18")).quantize(PAISA)
    identity = {"AppOrderID": 0, "OrderUniqueIdentifier": "", "ClientID": account.client_id}
    rest = {"ExchangeCharges": 0, "ClearingCharges": 0, "DPCharges": 0, "Total": sum(cost.values(), ZERO)}
    return success("s-user-0003", "OK", identity | cost | rest)


def exchange_status(call: Call) -> Response:
    """Answer that every market is open; the simulated exchange never closes."""
    status = {"exchangeMarketType": "Normal", "exchangeTradingSession": "Open"}
    rows = [{"exchangeSegment": segment, **status} for segment in OFFERED]
    return success("s-exchange-0001", "Success", {"marketStatus": rows})


def exchange_messages(call: Call) -> Response:
    """Answer the one message of the day."""
    fields = Fields(call.query, "query")
    segment = segment_name(fields.text("exchangeSegment"))
    fields.done()
    message = {
        "ExchangeSegment": segment or "",
        "ExchangeTimeStamp": f"{call.world.clock.now():%Y-%m-%d}T09:15:00",
        "BroadcastMessage": "Market is open",
        "SequenceId": "1",
        "MessageCode": "0",
        "MessageVersion": "1",
        "TokenID": "0",
        "ApplicationType": "0",
        "SequenceNumber": "0",
    }
    return success("s-exchange-0001", "Success", {"messageList": [message]})


def lookup(call: Call) -> Response:
    """Answer where the interactive API is, and a key good for one login there."""
    password = first_of(call.body, "accesspassword", "AccessPassword")
    # A constant that Symphony publishes in its own SDK, no secret of anyone.
    if password != "2021HostLookUpAccess":
        raise Refused("e-hostlookup-0001", "Invalid access password")
    host = call.request.headers.get("host", "127.0.0.1")
    result = {
        "uniqueKey": call.world.sessions.new_unique_key(),
        "connectionString": f"http://{host}/1interactive",
        "timeStamp": "0",
        "remarks": "",
    }
    answer = success("hostlookup", "Hostlookup successful", result)
    # Here type is a boolean, and only here.
    body = answer.body.replace(b'"type":"success"', b'"type":true', 1)
    return Response(status=200, body=body)


def login_after_lookup(call: Call) -> Response:
    """Open an interactive session with the key that the look-up gave."""
    if not call.world.sessions.spend_unique_key(str(call.body.get("uniqueKey"))):
        raise Refused("e-user-0004", "Invalid uniqueKey")
    return login(call)


LOGIN = Route(login, needs_token=False)
LOGIN_AFTER_LOOKUP = Route(login_after_lookup, needs_token=False)
LOOKUP = Route(lookup, needs_token=False)
ROUTES = {
    ("POST", "/user/session"): LOGIN,
    ("DELETE", "/user/session"): Route(logout),
    ("GET", "/user/profile"): Route(profile),
    ("GET", "/user/balance"): Route(balance),
    ("GET", "/user/enums"): Route(enums),
    ("POST", "/user/calculatebrokerage"): Route(brokerage),
    ("POST", "/orders/margindetails"): Route(margin_details),
    ("GET", "/status/exchange"): Route(exchange_status),
    ("GET", "/messages/exchange"): Route(exchange_messages),
}
