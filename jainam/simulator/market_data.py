"""The session, master and quote routes of the market-data API."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from jainam.simulator.answers import Response, success
from jainam.simulator.calls import Call, Route
from jainam.simulator.candles import INTERVALS, bars, moment
from jainam.simulator.checks import Fields, Refused, not_found
from jainam.simulator.instruments import SEGMENT_NUMBERS, Instrument, segment_name
from jainam.simulator.lookups import ROUTES as LOOKUP_ROUTES
from jainam.simulator.quotes import CODES, message
from jainam.simulator.sessions import MARKET
from jainam.simulator.wire import dump

QUOTE_CODES = {str(code): str(code) for code in CODES}
_TYPES = {
    1: "Futures",
    2: "Options",
    4: "Spread",
    8: "Equity",
    16: "Spot",
    32: "PreferenceShares",
    64: "Debentures",
    128: "Warrants",
    256: "Miscellaneous",
    512: "MutualFund",
}
CONFIG: dict[str, Any] = {
    "exchangeSegments": SEGMENT_NUMBERS,
    "xtsMessageCode": {
        "touchlineEvent": 1501,
        "marketDepthEvent": 1502,
        "indexDataEvent": 1504,
        "candleDataEvent": 1505,
        "openInterestEvent": 1510,
        "instrumentPropertyChangeEvent": 1105,
        "ltpEvent": 1512,
    },
    "publishFormat": ["Binary", "JSON"],
    "broadCastMode": ["Full", "Partial"],
    "instrumentType": {str(number): name for number, name in _TYPES.items()}
    | {name: number for number, name in _TYPES.items()},
}


def login(call: Call) -> Response:
    """Open a market-data session, which ends the one before it."""
    settings = call.world.settings
    fields = Fields(call.body)
    key, secret = fields.text("appKey"), fields.text("secretKey")
    fields.done()
    if (key, secret) != (settings.market_key, settings.market_secret):
        raise Refused("e-user-0004", "Invalid appKey or secretKey")
    session = call.world.sessions.login(MARKET, settings.user_id, key)
    return success(
        # A success whose code begins with e (XTS protocol reference 2.2).
        "e-response-0010",
        "Provided Valid Credentials",
        {
            "token": session.token,
            "userID": settings.user_id,
            "appVersion": "2.0",
            "application_expiry_date": f"31-Dec-{call.world.clock.now().year}",
        },
    )


def logout(call: Call) -> Response:
    """Close the session."""
    call.world.sessions.logout(call.login)
    return success("s-response-0001", "Logged out successfully", {})


def config(call: Call) -> Response:
    """Answer the vocabulary."""
    return success("s-response-0001", "Fetched configurations successfully", CONFIG)


def master(call: Call) -> Response:
    """Answer the rows of the segments asked for as one text; a segment not offered adds none."""
    segments = call.body.get("exchangeSegmentList")
    if not isinstance(segments, list):
        fields = Fields(call.body)
        fields.text("exchangeSegmentList")
        if not fields.problems:
            fields.wrong("exchangeSegmentList", "must be an array")
        fields.done()
    texts = [call.world.market.master.text(segment_name(segment) or "") for segment in segments or []]
    return success("s-response-0001", "Successfully fetched instruments", "\n".join(text for text in texts if text))


def index_list(call: Call) -> Response:
    """Answer the index values of a segment as NAME_TOKEN."""
    fields = Fields(call.query, "query")
    given = fields.text("exchangeSegment")
    fields.done()
    names = [f"{index.name}_{index.token}" for index in call.world.market.indices(segment_name(given) or "")]
    return success("s-response-0001", "Record Found", {"exchangeSegment": given, "indexList": names})


def _asked(call: Call) -> tuple[int, list[dict[str, Any]], list[Instrument]]:
    """Return the message code, the instruments asked for as they are echoed, and those that exist."""
    fields = Fields(call.body)
    code = fields.choice("xtsMessageCode", QUOTE_CODES)
    listed = call.body.get("instruments")
    if not isinstance(listed, list) or not listed:
        fields.wrong("instruments", "must be a filled array")
        listed = []
    fields.done()
    echoes, found = [], []
    for each in listed:
        item = Fields(each if isinstance(each, dict) else {})
        token = item.whole("exchangeInstrumentID")
        segment = segment_name(item.text("exchangeSegment")) or ""
        item.done()
        echoes.append({"exchangeSegment": SEGMENT_NUMBERS.get(segment, 0), "exchangeInstrumentID": str(token)})
        instrument = call.world.market.find(segment, token)
        if instrument is not None:
            found.append(instrument)
    return int(code), echoes, found


def _snapshots(call: Call, code: int, instruments: Iterable[Instrument]) -> list[str]:
    market, exchange, now = call.world.market, call.world.exchange, call.world.clock.now()
    made = (message(market, each, code, now, exchange.next_sequence()) for each in instruments)
    # Each is JSON in a string: it has to be read twice (XTS protocol reference 5.5).
    return [dump(each) for each in made if each is not None]


def quotes(call: Call) -> Response:
    """Answer quotes; instruments that do not exist are silently left out."""
    if call.body.get("publishFormat") in (None, ""):
        fields = Fields(call.body)
        fields.text("publishFormat")
        fields.done()
    code, echoes, found = _asked(call)
    result = {"mdp": code, "quotesList": echoes, "listQuotes": _snapshots(call, code, found)}
    return success("s-quotes-0001", "Get quotes successfully!", result)


def subscribe(call: Call) -> Response:
    """Subscribe and answer the first snapshot; asking twice for the same is an error without one."""
    code, echoes, found = _asked(call)
    held = call.login.subscriptions
    wanted = {(instrument.key, code) for instrument in found}
    if wanted & held:
        raise Refused("e-session-0002", "Instrument Already Subscribed !")
    if len(held | wanted) > call.world.settings.subscription_limit:
        raise Refused("e-session-0004", "Subscription limit exceeded")
    held |= wanted
    result = {"mdp": code, "quotesList": echoes, "listQuotes": _snapshots(call, code, found)}
    return success("s-session-0001", "Instrument subscribed successfully!", result | _remaining(call))


def unsubscribe(call: Call) -> Response:
    """End subscriptions."""
    code, echoes, found = _asked(call)
    call.login.subscriptions.difference_update((instrument.key, code) for instrument in found)
    result = {"mdp": code, "unsubList": echoes}
    return success("s-response-0001", "Instrument subscription deleted!", result | _remaining(call))


def _remaining(call: Call) -> dict[str, int]:
    return {"Remaining_Subscription_Count": call.world.settings.subscription_limit - len(call.login.subscriptions)}


def ohlc(call: Call) -> Response:
    """Answer bars."""
    fields = Fields(call.query, "query")
    given, token = fields.text("exchangeSegment"), fields.text("exchangeInstrumentID")
    interval = fields.choice("compressionValue", INTERVALS)
    now = call.world.clock.now()
    start, end = _moment(fields, "startTime", now), _moment(fields, "endTime", now)
    fields.done()
    segment = segment_name(given) or ""
    market = call.world.market
    instrument = market.find(segment, int(token)) if token.isdecimal() else market.by_index_name(segment, token)
    if instrument is None:
        raise not_found()
    found = bars(market, instrument, start, min(end, now), interval)
    return success(
        "s-instrument-0002",
        "Data found",
        {"exchangeSegment": given, "exchangeInstrumentID": token, "dataReponse": ",".join(found)},
    )


def _moment(fields: Fields, name: str, otherwise: datetime) -> datetime:
    time = moment(fields.text(name))
    if time is None:
        fields.wrong(name, "must be like Jan 02 2026 091500")
    return time or otherwise


ROUTES = {
    ("POST", "/auth/login"): Route(login, needs_token=False),
    ("DELETE", "/auth/logout"): Route(logout),
    ("GET", "/config/clientconfig"): Route(config),
    ("POST", "/instruments/master"): Route(master, needs_token=False),
    ("GET", "/instruments/indexlist"): Route(index_list),
    ("POST", "/instruments/quotes"): Route(quotes),
    ("POST", "/instruments/subscription"): Route(subscribe),
    ("PUT", "/instruments/subscription"): Route(unsubscribe),
    ("GET", "/instruments/ohlc"): Route(ohlc),
    **LOOKUP_ROUTES,
}
