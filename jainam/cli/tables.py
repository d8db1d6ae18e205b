"""Values as tables; nothing here decides anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from attrs import define, field
from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from jainam.cli.shapes import outcome_of
from jainam.domain.instruments import Contract
from jainam.domain.orders import Order, OrderRow, OrderTag
from jainam.domain.portfolio import Funds, Holding, Position, Profile, Trade
from jainam.domain.reports import CloseReport, ContractsReport, Part
from jainam.domain.vocabulary import OrderState, Side

__all__ = [
    "Grid",
    "close_report",
    "contracts",
    "contracts_report",
    "drafts",
    "facts",
    "funds",
    "grid",
    "holdings",
    "not_taken_back",
    "order",
    "orders",
    "parts",
    "positions",
    "profile",
    "refusals",
    "trades",
]

NOTHING = "·"
COLOURS = {
    OrderState.FILLED: "green",
    OrderState.REJECTED: "bold red",
    OrderState.CANCELLED: "dim",
    OrderState.EXPIRED: "dim",
}


@define
class Grid:
    """A table that leaves *spare* columns out, the first one first, when the window is too narrow for all of them.

    Columns are aligned to the left, or to the right where the heading ends in `>`; those that end in `~` may break
    their lines. What was left out is said below.
    """

    title: str
    headings: tuple[str, ...]
    spare: tuple[str, ...] = ()
    rows: list[tuple[str | Text, ...]] = field(factory=list)
    total: tuple[str | Text, ...] = ()

    def add_row(self, *cells: str | Text) -> None:
        """Add a line."""
        self.rows.append(cells)

    def without(self, left_out: tuple[str, ...]) -> Table:
        """The table without some of its columns."""
        table = Table(
            title=self.title or None,
            title_justify="left",
            title_style="bold",
            caption=f"left out to fit the window: {', '.join(left_out)}" if left_out else None,
            caption_justify="left",
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        kept = [place for place, heading in enumerate(self.headings) if heading.rstrip(">~") not in left_out]
        for heading in (self.headings[place] for place in kept):
            table.add_column(
                heading.rstrip(">~"),
                justify="right" if heading.endswith(">") else "left",
                no_wrap=not heading.endswith("~"),
                overflow="fold",
            )
        for row in self.rows:
            table.add_row(*(_as_it_is(row[place]) for place in kept))
        if self.total:
            table.add_section()
            table.add_row(*(_as_it_is(cell) for cell in self.total))
        return table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The fullest table that fits."""
        for count in range(len(self.spare) + 1):
            table = self.without(self.spare[:count])
            if Measurement.get(console, options.update(max_width=1000), table).maximum <= options.max_width:
                break
        yield table


def grid(title: str, *headings: str, spare: tuple[str, ...] = ()) -> Grid:
    """An empty table."""
    return Grid(title, headings, spare)


def facts(pairs: Mapping[str, str | Text]) -> Table:
    """Names and values, one pair a line."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in pairs.items():
        table.add_row(name, _as_it_is(value))
    return table


def _as_it_is(cell: str | Text) -> Text:
    """Without markup: brokers write brackets into their reasons."""
    return cell if isinstance(cell, Text) else Text(cell)


def _money(value: Decimal | None) -> str:
    return NOTHING if value is None else f"{value:,.2f}"


def _price(value: Decimal | None) -> str:
    """A price with at least two digits behind the point, and every digit it has."""
    if value is None or not value:
        return NOTHING
    text = f"{value.normalize():f}"
    places = len(text.partition(".")[2])
    return f"{value:.2f}" if places < 2 else f"{value:.{min(places, 4)}f}"


def _gain(value: Decimal | None) -> Text:
    if value is None:
        return Text(NOTHING)
    return Text(f"{value:+,.2f}" if value else "0.00", style="green" if value > 0 else "red" if value < 0 else "")


def _side(side: Side) -> Text:
    return Text(side.value, style="green" if side is Side.BUY else "red")


def _clock(moment: dt.datetime | None) -> str:
    return NOTHING if moment is None else f"{moment:%H:%M:%S}"


def _symbol(name: str | None, otherwise: object) -> Text:
    return Text(name) if name else Text(str(otherwise), style="yellow")


def _state(state: OrderState) -> Text:
    return Text(state.value, style=COLOURS.get(state, "yellow"))


def _terms(row: OrderRow | Order) -> str:
    words = [row.price_type.value]
    if row.price_type.has_limit:
        words.append(_price(row.price))
    if row.price_type.is_stop:
        words.append(f"at {_price(row.trigger_price)}")
    return " ".join(words)


def orders(rows: Iterable[OrderRow], title: str = "") -> Grid:
    """The order book."""
    table = grid(
        title,
        *("Time", "Order", "Symbol", "Exch", "Side", "Filled>", "Terms~", "Average>", "Prod", "State~"),
        spare=("Time", "Exch", "Prod", "Average"),
    )
    for row in rows:
        table.add_row(
            _clock(row.placed_at),
            row.order_id,
            _symbol(row.symbol, row.instrument),
            row.instrument.exchange.value,
            _side(row.side),
            f"{row.filled}/{row.quantity}",
            _terms(row),
            _price(row.average_price),
            row.product.value,
            _state(row.state),
        )
    return table


def drafts(rows: Iterable[Order], title: str = "") -> Grid:
    """Orders that have not been sent."""
    table = grid(title, "Symbol", "Exch", "Side", "Qty>", "Terms~", "Prod", spare=("Exch",))
    for row in rows:
        table.add_row(
            row.instrument.symbol,
            row.instrument.exchange.value,
            _side(row.side),
            str(row.quantity),
            _terms(row),
            row.product.value,
        )
    return table


def parts(rows: Iterable[Part], book: Mapping[OrderTag, OrderRow], title: str = "") -> Grid:
    """What became of each of several orders; *book* has the rows of those that were placed, by their tags."""
    table = grid(
        title,
        *("#>", "Symbol", "Exch", "Side", "Qty>", "Terms~", "Prod", "Order", "Tag", "Outcome~"),
        spare=("Exch", "Prod", "Terms"),
    )
    for number, part in enumerate(rows, 1):
        order, placed = part.order, part.placed
        row = None if placed is None else book.get(placed.tag)
        table.add_row(
            str(number),
            order.instrument.symbol,
            order.instrument.exchange.value,
            _side(order.side),
            str(order.quantity),
            _terms(order),
            order.product.value,
            NOTHING if placed is None else placed.order_id,
            (getattr(part.outcome, "tag", None) or NOTHING),
            _outcome(part, row),
        )
    return table


def _outcome(part: Part, row: OrderRow | None) -> Text:
    if part.placed is None:
        return Text(f"{outcome_of(part, row)}: {part.outcome}", style="bold red")
    if row is None:
        return Text("placed", style="green")
    return Text(f"{row.state.value}: {row.reason}", style=COLOURS[row.state]) if row.reason else _state(row.state)


def refusals(rows: Iterable[OrderRow]) -> list[Text]:
    """A line for each rejected order, with the broker's reason."""
    return [
        Text(f"{row.order_id} {row.state.value}: {row.reason}", style="red")
        for row in rows
        if row.state is OrderState.REJECTED and row.reason
    ]


def order(row: OrderRow) -> Table:
    """One order, in full."""
    pairs: dict[str, str | Text] = {
        "Order": row.order_id,
        "State": _state(row.state),
        "Instrument": Text.assemble(_symbol(row.symbol, row.instrument), f" on {row.instrument.exchange.value}"),
        "Side": _side(row.side),
        "Filled": f"{row.filled} of {row.quantity}, {row.pending} pending",
        "Terms": f"{_terms(row)}, {row.time_in_force.value}, {row.product.value}",
        "Average": _price(row.average_price),
        "Tag": row.tag or NOTHING,
        "Exchange id": row.exchange_order_id or NOTHING,
        "Placed": _clock(row.placed_at),
        "Updated": _clock(row.updated_at),
    }
    if row.reason:
        pairs["Reason"] = row.reason
    return facts(pairs)


def trades(rows: Iterable[Trade], title: str = "") -> Grid:
    """The trade book."""
    table = grid(
        title,
        *("Time", "Trade", "Order", "Symbol", "Exch", "Side", "Qty>", "Price>", "Value>", "Prod"),
        spare=("Trade", "Exch", "Prod", "Value"),
    )
    for row in rows:
        table.add_row(
            _clock(row.traded_at),
            row.trade_id,
            row.order_id,
            _symbol(row.symbol, row.instrument),
            row.instrument.exchange.value,
            _side(row.side),
            str(row.quantity),
            _price(row.price),
            _money(row.value),
            row.product.value,
        )
    return table


def positions(rows: Iterable[Position], title: str = "") -> Grid:
    """The net positions."""
    table = grid(
        title, "Symbol", "Exch", "Prod", "Qty>", "Average>", "Bought>", "Sold>", "P&L>", spare=("Bought", "Sold")
    )
    for row in rows:
        table.add_row(
            _symbol(row.symbol, row.broker_symbol),
            row.instrument.exchange.value,
            row.product.value,
            Text(f"{row.quantity:+d}" if row.quantity else "0", style="bold" if row.is_open else "dim"),
            _price(row.average_price),
            str(row.buy_quantity),
            str(row.sell_quantity),
            _gain(row.pnl),
        )
    return table


def holdings(rows: Iterable[Holding], title: str = "") -> Grid:
    """The shares in the demat account."""
    table = grid(title, "Symbol", "ISIN", "Qty>", "Saleable>", "Average>", "Last>", "P&L>", spare=("ISIN",))
    for row in rows:
        table.add_row(
            _symbol(row.symbol, NOTHING),
            row.isin,
            str(row.quantity),
            str(row.saleable),
            _price(row.average_price),
            _price(row.last_price),
            _gain(row.pnl),
        )
    return table


def funds(row: Funds, title: str = "") -> Grid:
    """The money of the account."""
    table = grid(title, "Available>", "Cash>", "Collateral>", "Utilized>", "Realized>", "Unrealized>")
    table.add_row(
        _money(row.available),
        _money(row.cash),
        _money(row.collateral),
        _money(row.utilized),
        _gain(row.realized),
        _gain(row.unrealized),
    )
    return table


def profile(row: Profile) -> Table:
    """Who the account belongs to."""
    kind = {True: "investor", False: "dealer", None: NOTHING}[row.is_investor]
    return facts(
        {
            "Client": row.client_id or NOTHING,
            "Name": row.name or NOTHING,
            "Account": kind,
            "Exchanges": ", ".join(row.exchanges) or NOTHING,
        }
    )


def contracts(rows: Iterable[Contract], title: str = "") -> Grid:
    """Instruments."""
    table = grid(
        title,
        "Symbol",
        "Exch",
        "Kind",
        "Expiry",
        "Lot>",
        "Tick>",
        "Largest>",
        "Band>",
        "Description~",
        spare=("Description", "Kind"),
    )
    for row in rows:
        band = NOTHING if row.price_low is None else f"{_price(row.price_low)}-{_price(row.price_high)}"
        table.add_row(
            row.symbol,
            row.exchange.value,
            row.kind.value,
            NOTHING if row.expiry is None else f"{row.expiry:%d %b %y}",
            str(row.lot_size),
            _price(row.tick_size),
            NOTHING if row.freeze_quantity is None else str(row.freeze_quantity),
            band,
            row.description or row.name,
        )
    return table


def contracts_report(report: ContractsReport, title: str = "") -> Grid:
    """What a load of the master contract brought, per segment."""
    table = grid(title, "Segment", "Contracts>")
    for segment, count in report.segments.items():
        table.add_row(segment, str(count) if count else NOTHING)
    table.total = ("stored", Text(str(report.total), style="bold"))
    return table


def not_taken_back(order_ids: Sequence[str]) -> str:
    """What to know of live orders on a position that was closed, and that could not be cancelled."""
    which = f"order {order_ids[0]}" if len(order_ids) == 1 else f"orders {', '.join(order_ids)}"
    return f"{which} could not be taken back and may still trade"


def close_report(report: CloseReport, title: str = "") -> Grid:
    """What became of each position that was to be closed."""
    table = grid(title, "Symbol", "Exch", "Prod", "Held>", "Closed>", "Left>", "Orders~", "Outcome~")
    for leg in report.legs:
        outcome = Text("closed", style="green") if leg.is_closed else Text(leg.reason or "still open", style="bold red")
        if leg.uncancelled:
            outcome.append(f"; {not_taken_back(leg.uncancelled)}", style="bold red")
        table.add_row(
            leg.symbol,
            leg.exchange.value,
            leg.product.value,
            f"{leg.held:+d}",
            NOTHING if leg.filled is None else str(leg.filled),
            NOTHING if leg.remaining is None else f"{leg.remaining:+d}" if leg.remaining else "0",
            ", ".join(leg.order_ids) or NOTHING,
            outcome,
        )
    return table
