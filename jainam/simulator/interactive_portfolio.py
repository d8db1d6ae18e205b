"""The portfolio routes of the interactive API."""

from jainam.simulator.account import Account
from jainam.simulator.answers import Response, empty, express, success
from jainam.simulator.calls import NOT_MAPPED_PORTFOLIO, Call, Route
from jainam.simulator.checks import Fields, Refused
from jainam.simulator.legs import SQUARE_OFF_MODES
from jainam.simulator.orders import ZERO

EMPTY_POSITIONS = "e-portfolio-0005"


def holdings(call: Call) -> Response:
    """Answer the demat account; without a client the server falls over (XTS protocol reference 3.11)."""
    try:
        account = call.portfolio_account()
    except Refused:
        if call.client_id in (None, ""):
            return express(500, "TypeError: Cannot read properties of undefined")
        raise
    style = call.world.modes.empty_books
    if not account.holdings and style != "success":
        raise empty("e-holdings-0005")
    day = call.world.clock.now().date().isoformat()
    return success("s-portfolio-0001", "Success holding", call.portfolio.holdings(account, day))


def positions(call: Call) -> Response:
    """Answer the positions."""
    account = call.shown(call.account(EMPTY_POSITIONS, NOT_MAPPED_PORTFOLIO))
    shown = call.world.modes.ordinary_books_for_dealers or not call.world.settings.is_dealer
    return _positions(call, account if shown else Account(account.client_id, ZERO), dealer=False)


def dealer_positions(call: Call) -> Response:
    """Answer the positions on the dealer's route."""
    if not call.world.settings.is_dealer:
        raise empty(EMPTY_POSITIONS)
    return _positions(call, call.shown(call.portfolio_account()), dealer=True)


def _positions(call: Call, account: Account, dealer: bool) -> Response:
    fields = Fields(call.query, "query")
    view = fields.choice("dayOrNet", SQUARE_OFF_MODES)
    fields.done()
    day_wise = view == "DayWise"
    style = call.world.modes.empty_books
    if not account.positions.view(day_wise) and (style == "error" or (style == "by_route" and not dealer)):
        raise empty(EMPTY_POSITIONS)
    rows = call.portfolio.positions(account, day_wise, call.world.exchange.next_sequence())
    return success("s-portfolio-0001", "Success position", rows)


def convert(call: Call) -> Response:
    """Move a position to another product."""
    call.world.legs.convert(call.portfolio_account(), call.body)
    return success("s-portfolio-0005", "success position convert")


def square_off(call: Call) -> Response:
    """Close one position."""
    account = call.portfolio_account()
    instrument, how = call.world.legs.square_off(account, call.body)
    return success(
        "s-portfolio-0001",
        "Request sent",
        {
            "UserID": call.world.settings.user_id,
            "SqureOffmode": how["mode"],
            "AccountID": account.client_id,
            "ExchangeSegment": instrument.segment,
            "InstrumentID": instrument.token,
            "RMSProduct": how["product"],
            "PositionSquareOffQuantityType": how["kind"],
            "SquareOffQtyValue": how["value"],
            "SquareOffPriceValue": 0,
            "IsOperationSuccess": True,
        },
    )


def square_off_all(call: Call) -> Response:
    """Close every position."""
    call.world.legs.square_off_all(call.portfolio_account(), call.body)
    return success("s-portfolio-0001", "Request sent", {})


ROUTES = {
    ("GET", "/portfolio/positions"): Route(positions),
    ("GET", "/portfolio/dealerpositions"): Route(dealer_positions),
    ("PUT", "/portfolio/positions/convert"): Route(convert),
    ("PUT", "/portfolio/squareoff"): Route(square_off),
    ("PUT", "/portfolio/squareoffall"): Route(square_off_all),
    ("GET", "/portfolio/holdings"): Route(holdings),
}
