"""What Jainam Prop costs inside OpenAlgo, beside what it has to cost and beside the plugin that OpenAlgo has already.

Run it with `make bench`, or by hand as `python benchmarks/bridge.py`. The plugin is measured where `OPENALGO` names a
checkout; both sides then run on `OPENALGO_PYTHON`, an interpreter that has OpenAlgo's packages and this library's, by
default the one that runs this.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import subprocess
import sys
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from attrs import frozen
from support import bridge_sides
from support.answering import answering
from support.bridge_answers import ORDERS, POSITIONS, prepare
from support.doorkeeper import door
from support.figures import Figure, report, side_by_side

from jainam.adapters.xts.converter import make_converter
from jainam.adapters.xts.envelope import open_envelope
from jainam.adapters.xts.values import INDIA
from jainam.adapters.xts.vocabulary import PRICE_TYPES, PRODUCTS, SIDES, TIMES_IN_FORCE
from jainam.adapters.xts.wire import OrderBookRow
from jainam.domain.instruments import Token
from jainam.domain.orders import OrderId
from jainam.domain.vocabulary import Exchange

PAIRS = 3
"""How often both sides are measured, in turns."""
PLACED = 100
SIDES_SCRIPT = bridge_sides.__file__


@frozen
class Peer:
    """OpenAlgo's existing plugin in a *checkout*, and the *python* that both sides run on."""

    checkout: str
    python: str

    @classmethod
    def given(cls) -> Peer:
        """As the environment says; without a checkout there is only our side."""
        return cls(os.environ.get("OPENALGO", ""), os.environ.get("OPENALGO_PYTHON", sys.executable))

    def run(self, *arguments: str) -> str:
        """What a process of its own prints."""
        command = [self.python, "-W", "ignore", SIDES_SCRIPT, *arguments, self.checkout]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def one_order(folder: Path) -> list[Figure]:
    """A whole order over TLS against a post of the same bytes by the same client, and who came in at the server."""
    data = json.loads((folder / "order.json").read_text())
    with answering() as server:
        with door(server) as entrance, httpx.Client(timeout=120) as client:
            order_api, _ = bridge_sides.bridge(folder, client, entrance.url)
            for _ in repeat(None, PLACED):
                assert order_api.place_order_api(data, bridge_sides.TOKEN)[2]
        with httpx.Client(timeout=120) as client:
            mine, least, ratio = against_raw_posts(folder, client, server, data)
    print(f"one order: {mine / PLACED * 1e6:.0f} us CPU; raw post: {least / PLACED * 1e6:.0f} us")
    return [
        Figure("whole order / raw post of the same bytes by the same client", ratio, 1.15),
        Figure(f"connections that {PLACED} orders opened, counted at the server's door", entrance.entered, 1, ""),
    ]


def against_raw_posts(
    folder: Path, client: httpx.Client, server: str, data: dict[str, Any]
) -> tuple[float, float, float]:
    """Orders through the bridge and posts of what it sends, measured in turns."""
    order_api, _ = bridge_sides.bridge(folder, client, server)
    sent: list[httpx.Request] = []
    client.event_hooks = {"request": [sent.append]}
    order_api.place_order_api(data, bridge_sides.TOKEN)
    client.event_hooks = {}
    url, headers, body = str(sent[0].url), dict(sent[0].headers), sent[0].content

    def ours() -> None:
        for _ in repeat(None, PLACED):
            assert order_api.place_order_api(data, bridge_sides.TOKEN)[2]

    def raw() -> None:
        for _ in repeat(None, PLACED):
            client.post(url, content=body, headers=headers).read()

    return side_by_side(ours, raw, 25)


def one_row(folder: Path) -> list[Figure]:
    """A row of the order book read by the converter, against a constructor that somebody wrote for it by hand."""
    envelope = open_envelope((folder / "orders.json").read_bytes())
    rows: list[dict[str, Any]] = (envelope or {})["result"]
    structure = make_converter().structure
    assert all(structure(row, OrderBookRow) == by_hand(row) for row in rows[:100])
    mine, least, ratio = side_by_side(
        lambda: [structure(row, OrderBookRow) for row in rows], lambda: [by_hand(row) for row in rows], 9
    )
    print(f"one row: {mine / ORDERS * 1e6:.1f} us; by hand: {least / ORDERS * 1e6:.1f} us")
    return [Figure("structuring a row / hand-written frozen attrs constructor", ratio, 2)]


SEGMENTS = {"NSECM": Exchange.NSE, "NSEFO": Exchange.NFO, "BSECM": Exchange.BSE, "BSEFO": Exchange.BFO}
SEGMENTS["MCXFO"] = Exchange.MCX


def by_hand(row: dict[str, Any]) -> OrderBookRow:
    """What the converter makes of *row*, for a row in which all is as it should be."""
    return OrderBookRow(
        order_id=OrderId(str(row["AppOrderID"])),
        segment=SEGMENTS[row["ExchangeSegment"]],
        token=Token(int(row["ExchangeInstrumentID"])),
        side=SIDES[row["OrderSide"].lower()],
        order_type=PRICE_TYPES[row["OrderType"].lower()],
        product=PRODUCTS[row["ProductType"].lower()],
        quantity=int(row["OrderQuantity"]),
        cumulative=int(row["CumulativeQuantity"]),
        leaves=int(row["LeavesQuantity"]),
        price=Decimal(row["OrderPrice"]),
        stop_price=Decimal(row["OrderStopPrice"]),
        average=Decimal(row["OrderAverageTradedPrice"]),
        disclosed=int(row["OrderDisclosedQuantity"]),
        time_in_force=TIMES_IN_FORCE[row["TimeInForce"].lower()],
        status=row["OrderStatus"],
        reason=row["CancelRejectReason"],
        tag=row["OrderUniqueIdentifier"],
        exchange_order_id=row["ExchangeOrderID"],
        generated=moment(row["OrderGeneratedDateTime"]),
        updated=moment(row["LastUpdateDateTime"]),
    )


def moment(words: str) -> dt.datetime:
    """12-01-2026 10:15:28 in India."""
    day = dt.datetime.fromisoformat(f"{words[6:10]}-{words[3:5]}-{words[:2]}{words[10:]}")
    return day.replace(tzinfo=INDIA)


def sides(folder: Path, peer: Peer) -> list[Figure]:
    """Orders and books on our side, and against the plugin where there is one."""
    if not peer.checkout:
        mine = json.loads(peer.run("bridge", str(folder)))
        return shown(mine)
    pairs = [
        (json.loads(peer.run("bridge", str(folder))), json.loads(peer.run("plugin", str(folder)))) for _ in range(PAIRS)
    ]
    mine, theirs = (
        {name: statistics.median(run[side][name] for run in pairs) for name in pairs[0][side]} for side in (0, 1)
    )

    def ratio(name: str) -> float:
        return statistics.median(ours[name] / plugins[name] for ours, plugins in pairs)

    return [
        *shown(mine),
        *(Figure(f"the plugin: {name}", taken, unit="us") for name, taken in theirs.items()),
        Figure("order, all work beyond the HTTP client / the plugin's", ratio("order"), 1),
        Figure("order book by integer ids, CPU per row / the plugin's", ratio("orders"), 0.06),
        Figure("order book by ids in text, CPU per row / the plugin's", ratio("orders_text"), 0.95),
        Figure("position book with prices, CPU per row / the plugin's without", ratio("positions")),
    ]


def shown(mine: dict[str, float]) -> list[Figure]:
    """Our side as it is."""
    return [
        Figure("order beyond the HTTP client", mine["order"], unit="us"),
        Figure("its floor: dict + orjson", mine["floor"], unit="us"),
        Figure("the same with journal and shared pace on this disk", mine["as set up"], unit="us"),
        Figure(f"order book of {ORDERS} rows, per row", mine["orders"], unit="us"),
        Figure(f"position book of {POSITIONS} rows with prices, per row", mine["positions"], unit="us"),
    ]


def importing(peer: Peer, folder: Path) -> list[Figure]:
    """The whole `order_api` imported into a fresh process, ours and the plugin's with what it needs of the host.

    Both have been compiled before, as in any process but the first.
    """
    needed = {"DATABASE_URL": "sqlite://", "API_KEY_PEPPER": "x" * 64, "LOG_TO_FILE": "False"}
    needed |= {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}

    def seconds(module: str, root: str) -> float:
        code = f"import sys, time; sys.path[0] = {root!r}; t = time.process_time(); import {module}"
        command = [peer.python, "-W", "ignore", "-c", f"{code}; print(time.process_time() - t)"]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, env=os.environ | needed)
        return float(ran.stdout.splitlines()[-1])

    ours = "jainam.openalgo_bridge.api.order_api", str(Path(__file__).parents[1])
    theirs = "broker.jainamxts.api.order_api", peer.checkout
    seconds(*ours)
    if not peer.checkout:
        return [Figure("import of order_api", seconds(*ours) * 1e3, unit="ms")]
    seconds(*theirs)
    pairs = [(seconds(*ours), seconds(*theirs)) for _ in range(9)]
    mine, least = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    print(f"import of order_api: {mine * 1e3:.0f} ms; the plugin's: {least * 1e3:.0f} ms")
    return [Figure("import of order_api / the plugin's", statistics.median(a / b for a, b in pairs), 0.3)]


def main() -> int:
    """Measure everything and print it."""
    peer = Peer.given()
    with TemporaryDirectory() as name:
        folder = Path(name)
        if peer.checkout:
            peer.run("prepare", name)
        else:
            prepare(folder)
        figures = [*one_order(folder), *one_row(folder), *sides(folder, peer), *importing(peer, folder)]
    return report(figures)


if __name__ == "__main__":
    sys.exit(main())
