"""The order routes of the interactive API."""

from typing import Any

from jainam.simulator.account import Account
from jainam.simulator.answers import Response, empty, rate_limited, success
from jainam.simulator.calls import NOT_MAPPED, Call, Route
from jainam.simulator.checks import Fields, Refused, instrument_of, modification_from, order_from
from jainam.simulator.orders import Order

CODE = "s-orders-0001"
EMPTY_ORDERS = "e-orders-0005"
EMPTY_TRADES = "e-tradeBook-0005"


def _sent(call: Call, order: Order, code: str = CODE) -> Response:
    return success(
        code,
        "Request sent",
        {
            "AppOrderID": call.rows.app_order_id(order.app_order_id),
            "OrderUniqueIdentifier": order.request.tag,
            # What the client called itself, so ***** for PRO.
            "ClientID": call.client_id or order.client_id,
        },
    )


def _paced(call: Call) -> None:
    most = call.world.modes.orders_per_segment
    segment = str(call.body.get("exchangeSegment"))
    world = call.world
    if most and not world.windows.admits_order(world.settings.user_id, segment, most, world.clock.monotonic()):
        raise rate_limited(world.modes.rate_limit_status)


def place(call: Call) -> Response:
    """Take an order."""
    account = call.account()
    _paced(call)
    order = call.world.exchange.place(account, order_from(call.world.market, call.body))
    return _sent(call, order)


def modify(call: Call) -> Response:
    """Take a modification."""
    account = call.account()
    fields = Fields(call.body)
    app_order_id = fields.whole("appOrderID", 1)
    fields.done()
    order = call.world.exchange.live_order(account, app_order_id, "modified")
    leg_product = order.request.terms.product if order.request.category in {"CO", "BO"} else None
    terms = modification_from(call.body, order.instrument, leg_product)
    return _sent(call, call.world.exchange.modify(account, app_order_id, terms))


def cancel(call: Call) -> Response:
    """Take a cancellation."""
    account = call.account()
    fields = Fields(call.query, "query")
    app_order_id = fields.whole("appOrderID", 1)
    fields.done()
    return _sent(call, call.world.exchange.cancel(account, app_order_id))


def cancel_all(call: Call) -> Response:
    """Cancel what is live in one instrument."""
    account = call.account()
    call.world.legs.cancel_all(account, instrument_of(call.world.market, Fields(call.body)))
    return success(CODE, "Request sent", {})


def book(call: Call) -> Response:
    """Answer the order book, or the history of one order if the query names it."""
    account = call.shown(call.account(EMPTY_ORDERS))
    if "appOrderID" in call.query:
        return _history(call, account)
    orders = account.orders() if _ordinary_books(call) else []
    rows = [call.rows.order(order) for order in orders]
    return _listed(call, rows, CODE, "Success order book", EMPTY_ORDERS)


def dealer_book(call: Call) -> Response:
    """Answer the order book on the dealer's route."""
    account = _dealers(call, EMPTY_ORDERS)
    rows = [call.rows.order(order) for order in account.orders()]
    return _listed(call, rows, CODE, "Success order book", EMPTY_ORDERS, dealer=True)


def trades(call: Call) -> Response:
    """Answer the trade book."""
    account = call.shown(call.account(EMPTY_TRADES))
    rows = [call.rows.trade(fill) for fill in account.fills] if _ordinary_books(call) else []
    return _listed(call, rows, "s-trades-0001", "Success trade book", EMPTY_TRADES)


def dealer_trades(call: Call) -> Response:
    """Answer the trade book on the dealer's route."""
    account = _dealers(call, EMPTY_TRADES)
    rows = [call.rows.trade(fill) for fill in account.fills]
    return _listed(call, rows, "s-dealertrade-0001", "Success trade book", EMPTY_TRADES, dealer=True)


def _ordinary_books(call: Call) -> bool:
    return call.world.modes.ordinary_books_for_dealers or not call.world.settings.is_dealer


def _dealers(call: Call, otherwise: str) -> Account:
    # An investor has nothing on a dealer's route, and is told so in the words for an empty book.
    if not call.world.settings.is_dealer:
        raise empty(otherwise)
    return call.shown(call.account(not_mapped=NOT_MAPPED))


def _listed(
    call: Call, rows: list[dict[str, Any]], code: str, description: str, nothing: str, dealer: bool = False
) -> Response:
    style = call.world.modes.empty_books
    if not rows and (style == "error" or (style == "by_route" and not dealer)):
        raise empty(nothing)
    return success(code, description, rows)


def _history(call: Call, account: Account) -> Response:
    fields = Fields(call.query, "query")
    app_order_id = fields.whole("appOrderID", 1)
    fields.done()
    history = account.histories.get(app_order_id, [])
    age = (call.world.clock.now() - history[0].generated).total_seconds() if history else 0.0
    if not history or age < call.world.modes.history_lag:
        raise Refused("e-orders-0001", f"Order history not found for AppOrderID [{app_order_id}] given.")
    return success(CODE, "Success order history", [call.rows.order(order) for order in history])


def place_cover(call: Call) -> Response:
    """Take a cover order."""
    account = call.account()
    _paced(call)
    entry, leg = call.world.legs.place_cover(account, call.body)
    return success(
        CODE,
        "Request sent",
        {
            "EntryAppOrderID": call.rows.app_order_id(entry.app_order_id),
            "ExitAppOrderID": call.rows.app_order_id(leg.app_order_id),
            "OrderUniqueIdentifier": entry.request.tag,
            "ClientID": call.client_id or entry.client_id,
        },
    )


def exit_cover(call: Call) -> Response:
    """End a cover order."""
    account = call.account()
    fields = Fields(call.body)
    app_order_id = fields.whole("appOrderID", 1)
    fields.done()
    return _sent(call, call.world.legs.exit_cover(account, app_order_id))


def place_bracket(call: Call) -> Response:
    """Take a bracket order; one marked as PRO needs no clientID, and the official SDK sends none."""
    is_pro = call.world.settings.is_dealer and Fields(call.body).flag("isProOrder") and not call.client_id
    account = call.world.exchange.accounts[call.world.settings.pro_id] if is_pro else call.account()
    _paced(call)
    return _sent(call, call.world.legs.place_bracket(account, call.body), "s-bracketorders-0002")


def modify_bracket(call: Call) -> Response:
    """Change a bracket order's entry."""
    account = call.account()
    return _sent(call, call.world.legs.modify_bracket(account, call.body), "s-bracketorders-0002")


def exit_bracket(call: Call) -> Response:
    """End a bracket order."""
    account = call.account()
    fields = Fields(call.query, "query")
    app_order_id = fields.whole("boEntryOrderId", 1)
    fields.done()
    return _sent(call, call.world.legs.exit_bracket(account, app_order_id), "s-bracketorders-0002")


ROUTES = {
    ("POST", "/orders"): Route(place),
    ("PUT", "/orders"): Route(modify),
    ("DELETE", "/orders"): Route(cancel),
    ("GET", "/orders"): Route(book),
    ("POST", "/orders/cancelall"): Route(cancel_all),
    ("GET", "/orders/trades"): Route(trades),
    ("GET", "/orders/dealerorderbook"): Route(dealer_book),
    ("GET", "/orders/dealertradebook"): Route(dealer_trades),
    ("POST", "/orders/cover"): Route(place_cover),
    ("PUT", "/orders/cover"): Route(exit_cover),
    ("POST", "/orders/bracket"): Route(place_bracket),
    ("PUT", "/orders/bracket"): Route(modify_bracket),
    ("DELETE", "/orders/bracket"): Route(exit_bracket),
}
