"""`login`, `logout` and `profile`: who is trading."""

from __future__ import annotations

import typer

from jainam.adapters.xts.credentials import PRO_CLIENT
from jainam.cli import shapes, tables
from jainam.cli.commands import Raw, command, opened
from jainam.cli.output import Output

__all__ = ["add_to"]

PANEL = "Account"


def login(out: Output) -> None:
    """Log in to both interfaces, and see that the session works."""
    with opened() as desk:
        desk.login()
        orders = desk.order_book()  # a session kept from earlier in the day may have ended; this renews it
        interactive, market_data = desk.login()
    # Not the session's client: that is whoever's program logged in first, and all clients of a login share the session.
    client = "" if interactive.is_investor else desk.settings.client_id or ""
    kind = "investor" if interactive.is_investor else "dealer"
    data = {
        "user_id": interactive.user_id,
        "account": kind,
        "client_id": client,
        "client_codes": list(interactive.client_codes),
        "market_data_user_id": market_data.user_id,
        "orders_today": len(orders),
    }
    pairs = {
        "User": interactive.user_id,
        "Account": kind,
        "Trades for": _plain(client) or interactive.user_id,
        "Clients": ", ".join(_plain(code) for code in interactive.client_codes) or tables.NOTHING,
        "Orders today": str(len(orders)),
    }
    out.show(data, "Logged in.", tables.facts(pairs))


def _plain(client: str) -> str:
    """A client id in letters: five asterisks are the desk's own book."""
    return "pro (the desk's own book)" if client == PRO_CLIENT else client


def logout(out: Output) -> None:
    """End both sessions, at the broker and on this machine."""
    with opened() as desk:
        desk.logout()
    out.show({"logged_out": True}, "Logged out; no session is kept on this machine.")


def profile(out: Output, raw: Raw = False) -> None:
    """Show who the account belongs to and where it may trade."""
    with opened() as desk:
        found = desk.profile()
    out.show(shapes.profile(found, raw), tables.profile(found))


def add_to(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    command(app, "login", panel=PANEL)(login)
    command(app, "logout", panel=PANEL)(logout)
    command(app, "profile", panel=PANEL)(profile)
