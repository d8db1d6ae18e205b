"""The steps of the demo. The first sentence of each docstring is the line that introduces the step."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from attrs import define, field
from rich.console import RenderableType
from rich.text import Text

from jainam.adapters.desk import Desk
from jainam.cli import tables
from jainam.cli.output import Output
from jainam.domain.errors import InvalidOrder
from jainam.domain.instruments import Contract
from jainam.domain.orders import Changes, Order, OrderRow, OrderTag
from jainam.domain.vocabulary import Exchange, Kind, OrderState
from jainam.simulator import FaultRule, Request, Rest

__all__ = ["STEPS", "BrokenPromise", "Day"]

ORDERS = "/interactive/orders"


class BrokenPromise(Exception):
    """A step did not show what it said it would."""


@define
class Day:
    """The desk that trades, the exchange it trades on, and what has been shown so far."""

    desk: Desk
    exchange: Rest
    out: Output
    meant: list[OrderTag]
    refused: set[OrderTag] = field(factory=set)
    titles: list[str] = field(factory=list)

    def begin(self, step: Callable[[Day], None]) -> None:
        """Introduce a step in one line."""
        title = (inspect.getdoc(step) or "").partition("\n\n")[0].replace("\n", " ")
        self.titles.append(title)
        self.show("", Text(f"{len(self.titles):2}  {title}", style="bold cyan"))

    def show(self, *views: RenderableType) -> None:
        """Show something to a person who watches."""
        if not self.out.as_json:
            for view in views:
                self.out.say(view)

    def claim(self, holds: bool, words: str) -> None:
        """Go on when what *words* promise holds."""
        if not holds:
            raise BrokenPromise(f"it is not true that {words}")

    # What is looked up at the exchange itself, past the library under show.

    def state(self) -> dict[str, Any]:
        """What the exchange says happened."""
        answer = self.exchange.handle(Request(method="GET", path="/sim/state"))
        found: dict[str, Any] = json.loads(getattr(answer, "body", b"{}"))
        return found

    def sent(self, tag: OrderTag | str = "") -> int:
        """How many requests to place an order have arrived, with *tag* in them."""
        return sum(
            seen.method == "POST" and seen.path == ORDERS and tag in seen.body for seen in self.exchange.requests
        )

    def held(self, contract: Contract) -> int:
        """What the account holds of *contract*."""
        rows = self.state()["positions"]
        return sum(row["Quantity"] for row in rows if row["ExchangeInstrumentID"] == contract.token)

    def summary(self) -> dict[str, int]:
        """The day in numbers, by the exchange's count."""
        state = self.state()
        counts: dict[str, int] = state["tags"]
        return {
            "meant": len(self.meant),
            "at_exchange": len(state["orders"]),
            "refused": len(self.refused),
            "doubled": sum(count - 1 for count in counts.values()),
            "open_positions": sum(bool(row["Quantity"]) for row in state["positions"]),
        }

    def move(self, contract: Contract, share: str) -> None:
        """Let the market move to *share* of the last price."""
        price = near(self.last_price(contract), share, contract)
        segment = contract.broker_exchange
        body = json.dumps({"segment": segment, "token": contract.token, "price": str(price)}).encode()
        self.exchange.handle(Request(method="POST", path="/sim/price", body=body))

    # What the desk does, in short.

    def last_price(self, contract: Contract) -> Decimal:
        """What it traded at last."""
        quote = self.desk.quotes(contract).get(contract.ref)
        if quote is None or quote.last_price is None:
            raise BrokenPromise(f"there is no quote for {contract.symbol}")
        return quote.last_price

    def followed(self, order: Order) -> OrderRow:
        """The row of an order that is placed now."""
        return self.desk.follow(self.desk.place_order(order))

    def equity(self, symbol: str) -> Contract:
        """A share on NSE."""
        return self.desk.contract(symbol, Exchange.NSE)

    def future(self) -> Contract:
        """The NIFTY future that expires next."""
        found = self.desk.find_contracts("NIFTY FUT", Exchange.NFO, 50)
        futures = [each for each in found if each.kind is Kind.FUTURE and each.name == "NIFTY" and each.expiry]
        if not futures:
            raise BrokenPromise("there is no NIFTY future")
        return min(futures, key=lambda each: str(each.expiry))


def near(price: Decimal, share: str, contract: Contract) -> Decimal:
    """*share* of *price*, on a tick."""
    tick = contract.tick_size
    return (price * Decimal(share)) // tick * tick


def log_in(day: Day) -> None:
    """Log in to both interfaces, orders and market data, as a prop-desk dealer."""
    interactive, _ = day.desk.login()
    day.claim(not interactive.is_investor, "the login is a dealer's")
    codes = ", ".join(code for code in interactive.client_codes if code.isalnum())
    day.show(f"Dealer {interactive.user_id}, trading for the desk's own book (pro); its clients are {codes}.")


def load_contracts(day: Day) -> None:
    """Load the master contract: real cash rows, and futures and options for the coming expiries."""
    report = day.desk.load_contracts()
    day.show(tables.contracts_report(report))
    future = day.future()
    day.show(tables.contracts([day.equity("RELIANCE"), future, *day.desk.find_contracts("NIFTY CE", Exchange.NFO, 1)]))
    day.claim(report.total > 1000, "more than a thousand contracts are stored")


def rest_modify_cancel(day: Day) -> None:
    """A limit order below the market rests, is given a new price and quantity, and is cancelled."""
    share = day.equity("RELIANCE")
    last = day.last_price(share)
    order = day.desk.draft(
        symbol="RELIANCE", exchange="NSE", action="BUY", quantity=10, pricetype="LIMIT", price=near(last, "0.97", share)
    )
    resting = day.followed(order)
    price = near(last, "0.98", share)
    day.desk.modify_order(resting.order_id, Changes(quantity=15, price=price))
    modified = day.desk.order(resting.order_id)
    day.desk.cancel_order(resting.order_id)
    cancelled = day.desk.order(resting.order_id)
    day.show(f"RELIANCE trades at {last}.", tables.orders([resting, modified, cancelled]))
    day.claim(resting.is_live and resting.filled == 0, "the order rested")
    day.claim(modified.is_live and (modified.quantity, modified.price) == (15, price), "it was modified")
    day.claim(cancelled.state is OrderState.CANCELLED, "it was cancelled")


def fill(day: Day) -> None:
    """Market orders, a purchase and a sale, fill at once."""
    rows = [
        day.followed(day.desk.draft(symbol=symbol, exchange="NSE", action=side, quantity=quantity))
        for symbol, side, quantity in (("RELIANCE", "BUY", 10), ("HDFCBANK", "SELL", 20))
    ]
    day.show(tables.orders(rows))
    day.claim(all(row.state is OrderState.FILLED for row in rows), "both were filled")


def smart_orders(day: Day) -> None:
    """Smart orders bring a position to a target: open, increase, reduce, reverse, no change, close."""
    future = day.future()
    lot = future.lot_size
    table = tables.grid("", "Case", "Held>", "Target>", "Sent", "Held after>")
    for case, lots in (("open", 1), ("increase", 3), ("reduce", 2), ("reverse", -1), ("no change", -1), ("close", 0)):
        target = lots * lot
        before = day.sent()
        outcome = day.desk.place_smart_order(
            day.desk.draft_smart(
                symbol=future.symbol, exchange="NFO", action="BUY", product="NRML", position_size=target
            )
        )
        after = day.held(future)
        sent = f"{outcome.side} {outcome.quantity}" if outcome.placed else "nothing"
        table.add_row(case, str(outcome.held), str(target), sent, str(after))
        day.claim(after == target, f"{future.symbol} went to {target}")
        day.claim(day.sent() - before == (case != "no change"), f"one order was sent to {case}, or none for no change")
    day.show(f"{future.symbol}, one lot is {lot}.", table)


def refused_here(day: Day) -> None:
    """An order with mistakes is refused before it leaves, and every mistake is named."""
    future = day.future()
    before = len(day.exchange.requests)
    problems: tuple[str, ...] = ()
    try:
        day.desk.draft(
            symbol=future.symbol,
            exchange="NFO",
            action="BUY",
            product="CNC",
            quantity=future.lot_size * 2 - 1,
            pricetype="LIMIT",
            price=near(day.last_price(future), "1", future) + future.tick_size / 2,
            disclosed_quantity=future.lot_size * 3,
        )
    except InvalidOrder as refusal:
        problems = refusal.problems
    day.show(*(Text(f" - {problem}") for problem in problems))
    day.claim(len(problems) >= 4, "four mistakes were named")
    orders = [seen for seen in day.exchange.requests[before:] if seen.path == ORDERS]
    day.claim(not orders, "nothing was sent")


def refused_there(day: Day) -> None:
    """An order beyond the account's money is rejected by the exchange's risk check, in its own words."""
    order = day.desk.draft(symbol="RELIANCE", exchange="NSE", action="BUY", product="CNC", quantity=20000)
    row = day.followed(order)
    day.show(tables.orders([row]), *tables.refusals([row]))
    day.claim(row.state is OrderState.REJECTED and "Margin" in row.reason, "the risk check said no")


def lost_answer(day: Day) -> None:
    """The answer to an order is lost: the order is found by its own tag, and is not sent again."""
    day.exchange.faults.add([FaultRule(kind="lose_answer", method="POST", path=ORDERS)])
    order = day.desk.draft(symbol="SBIN", exchange="NSE", action="BUY", quantity=50)
    placed = day.desk.place_order(order)
    row = day.desk.follow(placed)
    sent, kept = day.sent(placed.tag), day.state()["tags"].get(placed.tag, 0)
    day.show(f"Tag {placed.tag}: sent {sent}×, at the exchange {kept}×, found in the book as {placed.order_id}.")
    day.show(tables.orders([row]))
    day.claim(placed.found, "the order was found in the book")
    day.claim((sent, kept) == (1, 1), "it was sent once and is there once")


def books(day: Day) -> None:
    """The market has moved; the books show orders, trades, positions, holdings and funds."""
    day.move(day.equity("RELIANCE"), "1.01")
    day.move(day.equity("HDFCBANK"), "1.004")
    orders, trades = day.desk.order_book(), day.desk.trade_book()
    positions, holdings, funds = day.desk.positions(), day.desk.holdings(), day.desk.funds()
    day.show(tables.orders(orders, "Orders"), "", tables.trades(trades, "Trades"), "")
    day.show(tables.positions(positions, "Positions"), "", tables.holdings(holdings, "Holdings"), "")
    day.show(tables.funds(funds, "Funds"))
    day.claim({row.tag for row in orders} >= set(day.meant), "every order that was meant is in the book")
    day.claim(len({trade.order_id for trade in trades}) >= 8, "the trade book shows the fills")
    day.claim(sum(row.is_open for row in positions) == 3, "three positions are open")
    day.claim(bool(holdings) and funds.available is not None, "holdings and funds are there")


def close_but_one(day: Day) -> None:
    """Close everything while the exit of one position is refused: it is reported as open, not as closed."""
    token = day.equity("RELIANCE").token
    day.exchange.faults.add(
        [
            FaultRule(
                kind="refuse",
                method="POST",
                path=ORDERS,
                contains=f'"exchangeInstrumentID":{token}',
                description="RMS: orders in this instrument are blocked for the moment",
            )
        ]
    )
    before = len(day.meant)
    report = day.desk.close_all_positions()
    at_exchange = day.state()["tags"]
    day.refused.update(tag for tag in day.meant[before:] if tag not in at_exchange)
    day.show(tables.close_report(report))
    day.claim(report.status == "partial", "it is reported as done in part")
    day.claim([leg.symbol for leg in report.failed] == ["RELIANCE"], "RELIANCE, and nothing else, is reported as open")
    day.claim(day.held(day.equity("RELIANCE")) == 10, "RELIANCE is open at the exchange too")


def close_the_rest(day: Day) -> None:
    """Close again: only what is still open is sent."""
    before = day.sent()
    report = day.desk.close_all_positions()
    day.show(tables.close_report(report))
    day.claim(report.is_complete, "everything is closed")
    day.claim(day.sent() - before == 1, "one order was enough")


def close_nothing(day: Day) -> None:
    """Close a third time: nothing is open, and nothing is sent."""
    before = day.sent()
    report = day.desk.close_all_positions()
    day.show("Nothing to close; orders sent: 0.")
    day.claim(not report.legs and day.sent() == before, "nothing was sent")


def log_out(day: Day) -> None:
    """Log out, and count at the exchange: every order that was meant is there once."""
    day.desk.logout()
    tags = day.state()["tags"]
    day.claim(set(day.meant) == set(tags) | day.refused, "the exchange has the orders that were meant, and no others")
    day.claim(all(count == 1 for count in tags.values()), "no order was doubled")
    day.claim(day.summary()["open_positions"] == 0, "no position is left open")


STEPS: tuple[Callable[[Day], None], ...] = (
    log_in,
    load_contracts,
    rest_modify_cancel,
    fill,
    smart_orders,
    refused_here,
    refused_there,
    lost_answer,
    books,
    close_but_one,
    close_the_rest,
    close_nothing,
    log_out,
)
