"""`order place|modify|cancel|show` and `smart`: one instrument at a time."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from attrs import evolve

from jainam.adapters.desk import Desk
from jainam.cli import shapes, tables
from jainam.cli.commands import DryRun, Raw, command, opened
from jainam.cli.failures import REJECTED, Failed, Failure
from jainam.cli.output import Output
from jainam.cli.parts import as_the_book_shows, rehearsed, require_all
from jainam.domain.errors import InvalidOrder, JainamError, SymbolNotFound
from jainam.domain.instruments import Contract
from jainam.domain.money import money
from jainam.domain.orders import Changes, Order, OrderRow, Placed
from jainam.domain.vocabulary import Exchange, OrderState, PriceType

__all__ = ["Follow", "add_to"]

# Everything is read as text and handed to the library, whose checks then name all that is wrong at once.
Symbol = Annotated[
    str, typer.Option("--symbol", "-s", metavar="SYMBOL", help="As OpenAlgo writes it: RELIANCE, NIFTY30DEC25FUT.")
]
On = Annotated[
    str, typer.Option("--exchange", "-e", metavar="EXCHANGE", help="NSE, NFO, BSE, BFO, CDS, BCD, MCX or NCDEX.")
]
ProductName = Annotated[str, typer.Option("--product", metavar="MIS|NRML|CNC", help="Intraday, carried, delivery.")]
Terms = Annotated[str, typer.Option("--type", metavar="MARKET|LIMIT|SL|SL-M", help="How it finds its price.")]
Price = Annotated[str, typer.Option("--price", metavar="RUPEES", show_default=False, help="The limit.")]
Trigger = Annotated[
    str, typer.Option("--trigger-price", metavar="RUPEES", show_default=False, help="Where a stop order wakes.")
]
Disclosed = Annotated[
    str, typer.Option("--disclosed", metavar="UNITS", show_default=False, help="How much the market sees.")
]
OrderNumber = Annotated[str, typer.Argument(metavar="ORDER", help="The broker's order number.")]
Follow = Annotated[bool, typer.Option("--follow/--no-follow", help="Read in the book what the exchange made of it.")]

MOST_UNITS = 10**9
"""Nobody means so many; the library refuses far fewer, with better words."""


def place(
    out: Output,
    symbol: Symbol,
    exchange: On,
    side: Annotated[str, typer.Option("--side", metavar="BUY|SELL", help="Which way.")],
    quantity: Annotated[str, typer.Option("--quantity", "-q", metavar="UNITS", help="Units, not lots.")],
    product: ProductName = "MIS",
    terms: Terms = "MARKET",
    price: Price = "0",
    trigger_price: Trigger = "0",
    disclosed: Disclosed = "0",
    in_slices: Annotated[
        bool, typer.Option("--slice", help="Send what is above the exchange's largest order in several.")
    ] = False,
    follow: Follow = True,
    dry_run: DryRun = False,
    raw: Raw = False,
) -> None:
    """Check one order, send it at most once, and say what became of it."""
    fields = {
        "symbol": symbol,
        "exchange": exchange,
        "action": side,
        "quantity": quantity,
        "product": product,
        "pricetype": terms,
        "price": price,
        "trigger_price": trigger_price,
        "disclosed_quantity": disclosed,
    }
    with opened(dry_run=dry_run) as desk:
        if in_slices:
            sliced(out, desk, of_any_size(desk, fields), follow, raw)
            return
        order = desk.draft(**fields)
        placed = desk.place_order(order)
        row = followed(desk, placed) if follow else None
    out.show(shapes.placed(placed, row, raw), *placed_view(placed, row))


def of_any_size(desk: Desk, fields: dict[str, str]) -> Order:
    """The order that *fields* mean, were it not for its size; raises with all that is wrong with it otherwise."""
    try:
        return desk.draft(**fields)
    except InvalidOrder as too_much:
        contract, quantity = _contract_of(desk, fields), money(fields["quantity"])
        if contract is None or not quantity.is_finite():
            raise
        asks = desk.settings.house.rules.demands(contract)
        largest = 0 if asks.limit is None else asks.limit - asks.limit % asks.lot
        if not 0 < largest < quantity < MOST_UNITS or quantity % asks.lot:
            raise
        try:
            order = desk.draft(**fields | {"quantity": str(largest)})
        except InvalidOrder:
            raise too_much from None
        return evolve(order, quantity=int(quantity))


def _contract_of(desk: Desk, fields: dict[str, str]) -> Contract | None:
    try:
        return desk.contract(fields["symbol"].strip(), Exchange(fields["exchange"].strip().upper()))
    except (SymbolNotFound, ValueError):
        return None


def sliced(out: Output, desk: Desk, order: Order, follow: bool, raw: bool) -> None:
    """Send *order* in slices, and tell what became of each, and of the whole."""
    report = desk.place_sliced(order)
    if desk.settings.rehearse:
        rehearsed(out, report.parts)
        return
    rows = as_the_book_shows(out, desk, report.parts) if follow else {}
    data = shapes.sliced(report, rows, raw)
    if not out.as_json:
        rejected = f", {data['rejected']} rejected" if data["rejected"] else ""
        out.say(tables.parts(report.parts, rows))
        placed = f"{data['placed']} of {order.quantity} units placed"
        out.say(f"{placed}{rejected}, {report.in_doubt} in doubt, {report.left} left.")
    tried = sum(part.order.quantity for part in report.parts)
    unsent = f"{order.quantity - tried} units were not sent after that" if tried < order.quantity else ""
    require_all(report.parts, rows, data, unsent)
    out.show(data)


def followed(desk: Desk, placed: Placed) -> OrderRow:
    """What the book says of *placed*; a row that the exchange has rejected ends the command."""
    row = desk.follow(placed)
    if row.state is OrderState.REJECTED:
        raise Failed(
            Failure(
                name="OrderRejected",
                code=REJECTED,
                message=f"order {row.order_id} was rejected: {row.reason or 'no reason was given'}",
                hint="nothing is working because of it",
                tag=placed.tag,
                order_id=row.order_id,
                data=shapes.placed(placed, row),
            )
        )
    return row


def placed_view(placed: Placed, row: OrderRow | None) -> list[Any]:
    """What a person reads about an order that was taken."""
    found = " (its answer was lost; it was found in the book by its tag)" if placed.found else ""
    return [f"Order {placed.order_id} was taken, tag {placed.tag}{found}.", *([tables.orders([row])] if row else [])]


def modify(
    out: Output,
    order_id: OrderNumber,
    quantity: Annotated[
        int | None, typer.Option("--quantity", "-q", metavar="UNITS", min=1, help="New total, not the rest.")
    ] = None,
    terms: Annotated[
        PriceType | None,
        typer.Option("--type", metavar="MARKET|LIMIT|SL|SL-M", case_sensitive=False, help="New price type."),
    ] = None,
    price: Annotated[str | None, typer.Option("--price", metavar="RUPEES", help="New limit.")] = None,
    trigger_price: Annotated[str | None, typer.Option("--trigger-price", metavar="RUPEES", help="New trigger.")] = None,
    disclosed: Annotated[
        int | None, typer.Option("--disclosed", metavar="UNITS", min=0, help="New disclosed quantity.")
    ] = None,
    dry_run: DryRun = False,
    raw: Raw = False,
) -> None:
    """Give a live order new terms; what is not named stays as it is."""
    changes = Changes(
        quantity=quantity,
        price_type=terms,
        price=None if price is None else money(price),
        trigger_price=None if trigger_price is None else money(trigger_price),
        disclosed_quantity=disclosed,
    )
    with opened(dry_run=dry_run) as desk:
        desk.modify_order(order_id, changes)
        data, view = as_it_stands(desk, order_id, raw)
    out.show(data, f"Order {order_id} was modified.", view)


def cancel(out: Output, order_id: OrderNumber, dry_run: DryRun = False, raw: Raw = False) -> None:
    """Take an order back."""
    with opened(dry_run=dry_run) as desk:
        desk.cancel_order(order_id)
        data, view = as_it_stands(desk, order_id, raw)
    out.show(data, f"The cancellation of order {order_id} was taken.", view)


def as_it_stands(desk: Desk, order_id: str, raw: bool) -> tuple[dict[str, Any], Any]:
    """The row of an order that was just changed; what was taken stays taken when the book cannot be read."""
    try:
        row = desk.order(order_id)
    except JainamError as error:
        words = f"How it stands now could not be read: {error}"
        return {"order_id": order_id, "order": None, "note": words}, words
    return {"order_id": order_id, "order": shapes.order_row(row, raw), "note": None}, tables.orders([row])


def show(out: Output, order_id: OrderNumber, raw: Raw = False) -> None:
    """Show one order in full."""
    with opened() as desk:
        row = desk.order(order_id)
    out.show(shapes.order_row(row, raw), tables.order(row))


def smart(
    out: Output,
    symbol: Symbol,
    exchange: On,
    target: Annotated[
        str, typer.Option("--target", "-t", metavar="UNITS", help="To hold afterwards; negative is short.")
    ],
    product: ProductName = "MIS",
    side: Annotated[
        str, typer.Option("--side", metavar="BUY|SELL", help="With target 0 and nothing held: which way.")
    ] = "BUY",
    quantity: Annotated[
        str, typer.Option("--quantity", "-q", metavar="UNITS", show_default=False, help="And how much.")
    ] = "0",
    terms: Terms = "MARKET",
    price: Price = "0",
    trigger_price: Trigger = "0",
    follow: Follow = True,
    dry_run: DryRun = False,
) -> None:
    """Bring a position to a target: buy or sell the difference, or nothing."""
    with opened(dry_run=dry_run) as desk:
        wanted = desk.draft_smart(
            symbol=symbol,
            exchange=exchange,
            position_size=target,
            action=side,
            quantity=quantity,
            product=product,
            pricetype=terms,
            price=price,
            trigger_price=trigger_price,
        )
        outcome = desk.place_smart_order(wanted)
        row = followed(desk, outcome.placed) if outcome.placed and follow else None
    if outcome.placed is None:
        view: list[Any] = [f"{outcome.reason}."]
    else:
        did = f"{symbol} stood at {outcome.held}, wanted {outcome.target}: {outcome.side} {outcome.quantity}."
        view = [did, *placed_view(outcome.placed, row)]
    out.show(shapes.smart_outcome(outcome, row), *view)


def add_to(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    group = typer.Typer(help="Place, modify, cancel or show one order.", no_args_is_help=True)
    for function in (place, modify, cancel, show):
        command(group, function.__name__)(function)
    app.add_typer(group, name="order", rich_help_panel="Trading")
    command(app, "smart", panel="Trading")(smart)
