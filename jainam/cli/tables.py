"""Values as tables; nothing here decides anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from rich import box
from rich.table import Table
from rich.text import Text

from jainam.domain.instruments import Contract
from jainam.domain.orders import OrderRow
from jainam.domain.portfolio import Funds, Holding, Position, Profile, Trade
from jainam.domain.reports import CloseReport, ContractsReport
from jainam.domain.vocabulary import OrderState, Side

__all__ = [
    "close_report",
    "contracts",
    "contracts_report",
    "facts",
    "funds",
    "grid",
    "holdings",
    "order",
    "orders",
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


def grid(title: str, *columns: str) -> Table:
    """A table whose columns are aligned to the left, or to the right where the heading ends in `>`.

    When the window is too narrow, the columns that end in `~` break their lines; numbers and symbols stay whole.
    """
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in columns:
        right, breaks = column.endswith(">"), column.endswith("~")
        table.add_column(column.rstrip(">~"), justify="right" if right else "left", no_wrap=not breaks)
    return table


def facts(pairs: Mapping[str, str | Text]) -> Table:
    """Names and values, one pair a line."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in pairs.items():
        table.add_row(name, value if isinstance(value, Text) else Text(value))
    return table


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


def _terms(row: OrderRow) -> str:
    words = [row.price_type.value]
    if row.price_type.has_limit:
        words.append(_price(row.price))
    if row.price_type.is_stop:
        words.append(f"at {_price(row.trigger_price)}")
    return " ".join(words)


def orders(rows: Iterable[OrderRow], title: str = "") -> Table:
    """The order book."""
    table = grid(title, "Time", "Order", "Symbol", "Exch", "Side", "Filled>", "Terms~", "Average>", "Prod", "State~")
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


def trades(rows: Iterable[Trade], title: str = "") -> Table:
    """The trade book."""
    table = grid(title, "Time", "Trade", "Order", "Symbol", "Exch", "Side", "Qty>", "Price>", "Value>", "Prod")
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


def positions(rows: Iterable[Position], title: str = "") -> Table:
    """The net positions."""
    table = grid(title, "Symbol", "Exch", "Prod", "Qty>", "Average>", "Bought>", "Sold>", "P&L>")
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


def holdings(rows: Iterable[Holding], title: str = "") -> Table:
    """The shares in the demat account."""
    table = grid(title, "Symbol", "ISIN", "Qty>", "Saleable>", "Average>", "Last>", "P&L>")
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


def funds(row: Funds, title: str = "") -> Table:
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


def contracts(rows: Iterable[Contract], title: str = "") -> Table:
    """Instruments."""
    table = grid(title, "Symbol", "Exch", "Kind", "Expiry", "Lot>", "Tick>", "Largest>", "Band>", "Description~")
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


def contracts_report(report: ContractsReport, title: str = "") -> Table:
    """What a load of the master contract brought, per segment."""
    table = grid(title, "Segment", "Contracts>")
    for segment, count in report.segments.items():
        table.add_row(segment, str(count) if count else NOTHING)
    table.add_section()
    table.add_row("stored", Text(str(report.total), style="bold"))
    return table


def close_report(report: CloseReport, title: str = "") -> Table:
    """What became of each position that was to be closed."""
    table = grid(title, "Symbol", "Exch", "Prod", "Held>", "Closed>", "Left>", "Orders~", "Outcome~")
    for leg in report.legs:
        outcome = Text("closed", style="green") if leg.is_closed else Text(leg.reason or "still open", style="bold red")
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
