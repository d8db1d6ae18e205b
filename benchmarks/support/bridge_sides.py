"""The bridge, and OpenAlgo's existing plugin, each in a process of its own of the same kind, where nothing is shared.

`python bridge_sides.py SIDE FOLDER [CHECKOUT]` prints the microseconds of processor time that each piece of work takes,
as JSON. Beyond the HTTP client nothing happens, since every answer is at hand there; the plugin leaves the writing of
its JSON to that client, so it is written there, as httpx does it.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
import time
import types
from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

ORDERS = 500
"""Placed one after the other."""
PLACED = (
    b'{"type":"success","code":"s-orders-0001","description":"Request sent",'
    b'"result":{"AppOrderID":1110000030,"OrderUniqueIdentifier":"J0000000000000000001","ClientID":"*****"}}'
)
TOKEN = "T" * 180


class Answer:
    """As much of an answer of httpx as either side reads."""

    status_code = 200
    headers = {"content-type": "application/json"}

    def __init__(self, content: bytes) -> None:
        self.content = content

    @property
    def text(self) -> str:
        """The body as text, which the plugin hands to its log."""
        return self.content.decode()

    def json(self) -> Any:
        """The document in the body."""
        return json.loads(self.content)


class Client:
    """A client of httpx that sends nothing; *books* has the answer of each path, as in `orders`."""

    is_closed = False

    def __init__(self) -> None:
        self.book = b""
        self.quotes: dict[bytes, bytes] = {}

    def post(self, url: str, headers: Any, json: Any) -> Answer:
        """The answer to an order of the plugin, whose body is written as httpx writes it."""
        _dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        return Answer(PLACED)

    def get(self, url: str, headers: Any) -> Answer:
        """The book that is asked for next."""
        return Answer(self.book)

    def build_request(self, method: str, url: Any, *, content: bytes | None, **more: Any) -> bytes | None:
        """The body, which tells the calls apart."""
        return content

    def send(self, body: bytes | None, **more: Any) -> Answer:
        """The answer to a call of the bridge."""
        if body is None:
            return Answer(self.book)
        if b'"orderSide"' in body:
            return Answer(PLACED)
        return Answer(self.quotes.get(body) or self.quoted(body))

    def quoted(self, content: bytes) -> bytes:
        """Quotes of all instruments that *content* names; asked again, they are at hand."""
        prices = [
            json.dumps(
                {
                    "MessageCode": 1512,
                    "ExchangeSegment": each["exchangeSegment"],
                    "ExchangeInstrumentID": each["exchangeInstrumentID"],
                    "LastTradedPrice": 126.05,
                }
            )
            for each in json.loads(content)["instruments"]
        ]
        result = {"mdp": 1512, "quotesList": [], "listQuotes": prices}
        said = {"type": "success", "code": "s-quotes-0001", "description": "", "result": result}
        self.quotes[content] = json.dumps(said).encode()
        return self.quotes[content]


_dumps = json.dumps


def plugin(folder: Path, checkout: str, client: Client) -> tuple[Any, Any]:
    """The plugin's two modules over *client*, with the host's own look-ups filled as after a login."""
    os.environ["DATABASE_URL"] = f"sqlite:///{folder}/openalgo.db"
    _module("utils", __path__=[f"{checkout}/utils"])
    _module("utils.logging", get_logger=logging.getLogger)
    _module("utils.httpx_client", get_httpx_client=lambda: client)
    _module("database.auth_db", get_auth_token=None)
    _module("turtle", position=None)  # which needs a display (B-31)
    sys.path.insert(0, checkout)
    _module("database.master_contract_status_db", get_status=None)
    cache = import_module("database.token_db_enhanced").get_cache()
    assert cache.load_all_symbols("jainamxts"), "the host's contract table is empty"
    return (import_module("broker.jainamxts.api.order_api"), import_module("broker.jainamxts.mapping.order_data"))


def _module(name: str, **names: Any) -> None:
    sys.modules[name] = made = types.ModuleType(name)
    made.__dict__.update(names)


def bridge(folder: Path, client: Any, url: str = "https://127.0.0.1", **more: Any) -> tuple[Any, Any]:
    """Our two modules over *client*, logged in, with limits that are kept count of and let everything through."""
    from attrs import evolve

    from jainam import Settings
    from jainam.adapters.clocks import SystemClock
    from jainam.adapters.peewee_contracts import PeeweeContracts
    from jainam.adapters.xts.credentials import Credentials
    from jainam.adapters.xts.profiles import JAINAM_PROP
    from jainam.adapters.xts.values import INDIA
    from jainam.domain.pacing import Window
    from jainam.domain.sessions import Api, Session
    from jainam.openalgo_bridge import wiring
    from jainam.openalgo_bridge.api import order_api
    from jainam.openalgo_bridge.mapping import order_data
    from support.masters import DAY

    class Host:
        """A host that has nothing but a client."""

        logger = staticmethod(logging.getLogger)

        def http_client(self) -> Any:
            """The client."""
            return client

    class Ticking(SystemClock):
        """A clock of the contracts' day, on which every call comes 0.2 s after the last, so that nothing waits."""

        def __init__(self) -> None:
            self.monotonic = count(0, 0.2).__next__  # type: ignore[method-assign,assignment]

        def now(self) -> dt.datetime:
            """Late in the morning."""
            return dt.datetime.combine(DAY, dt.time(11), INDIA)

    books = {name: (Window(name, 10**9, window.seconds),) for name, (window,) in JAINAM_PROP.limits.items()}
    keys = Credentials(interactive_key="K", interactive_secret="S", market_key="MK", market_secret="MS")
    given: dict[str, Any] = {"database": ":memory:"} | more
    settings = Settings(
        profile=evolve(JAINAM_PROP, limits=books, orders_per_second=10**9),
        base_url=url,
        credentials=keys,
        client_id="*****",
        call_gap=0,
        **given,
    )
    wiring.attach(Host(), settings=settings, clock=Ticking(), contracts=PeeweeContracts(folder / "ours.db"))  # type: ignore[arg-type]
    desk = wiring.broker_of(order_api.__name__).opened()
    if not more:
        desk.runner.calls.record.journal = None  # what it costs depends on the disk; see orders.py
    for api, root in ((Api.INTERACTIVE, "/interactive"), (Api.MARKET_DATA, "/apibinarymarketdata")):
        session = Session(api=api, token=TOKEN, user_id="D", root=root, is_investor=False, client_id="*****")
        desk.runner.calls.sessions.keep(session)
    return order_api, order_data


def best(work: Callable[[], object], rounds: int) -> float:
    """The microseconds of processor time of the least disturbed of some rounds."""
    work()
    found = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return min(found) * 1e6


def placing(order_api: Any, folder: Path) -> float:
    """What one order takes."""
    data = json.loads((folder / "order.json").read_text())

    def place() -> None:
        for _ in range(ORDERS):
            assert order_api.place_order_api(data, TOKEN)[2]

    return best(place, 9) / ORDERS


def reading(order_api: Any, order_data: Any, client: Client, folder: Path, name: str, rounds: int) -> float:
    """What a row of the order book takes from bytes to OpenAlgo's row, as the host's service calls for it (1.6)."""
    client.book = (folder / name).read_bytes()
    rows: list[Any] = []

    def read() -> None:
        fetched = order_api.get_order_book(TOKEN)
        assert not ("status" in fetched and fetched["status"] == "error"), fetched
        mapped = order_data.map_order_data(order_data=fetched)
        order_data.calculate_order_statistics(mapped)
        rows[:] = order_data.transform_order_data(mapped)

    taken = best(read, rounds) / len(rows or read() or rows)
    assert {"symbol", "orderid"} <= rows[0].keys()
    return taken


def valuing(order_api: Any, order_data: Any, client: Client, folder: Path) -> float:
    """What a row of the position book takes; ours has a price from the market, for which it asks by fifties."""
    client.book = (folder / "positions.json").read_bytes()
    rows: list[Any] = []

    def read() -> None:
        fetched = order_api.get_positions(TOKEN)
        rows[:] = order_data.transform_positions_data(order_data.map_position_data(fetched))

    return best(read, 5) / len(rows or read() or rows)


def floor() -> float:
    """What the least takes that an order can be: one dict through orjson, and its answer."""
    import orjson

    def place() -> None:
        for number in range(ORDERS):
            orjson.dumps(
                {
                    "exchangeSegment": "NSEFO",
                    "exchangeInstrumentID": 49229,
                    "productType": "NRML",
                    "orderType": "LIMIT",
                    "orderSide": "BUY",
                    "timeInForce": "DAY",
                    "disclosedQuantity": 0,
                    "orderQuantity": 65,
                    "limitPrice": 25790.4,
                    "stopPrice": 0,
                    "orderUniqueIdentifier": f"J{number:019d}",
                    "apiOrderSource": "WEBAPI",
                    "clientID": "*****",
                }
            )
            str(orjson.loads(PLACED)["result"]["AppOrderID"])

    return best(place, 9) / ORDERS


def fill_table(folder: Path, checkout: str) -> None:
    """Fill *folder*: the broker's answers and our store, and, where there is a *checkout*, the host's own table."""
    from support.bridge_answers import prepare

    rows = prepare(folder)
    if checkout:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/openalgo.db"
        _module("utils", __path__=[f"{checkout}/utils"])
        _module("utils.logging", get_logger=logging.getLogger)
        sys.path.insert(0, checkout)
        table = import_module("database.symbol")
        table.Base.metadata.create_all(bind=table.engine)
        import_module("jainam.openalgo_bridge.database.symtoken").replace_symtoken(table.engine, rows)
        # Which index SQLite searches by depends on the order in which a run of the host happened to make them. By that
        # of the exchange a query takes twice as long here, and ever longer with more contracts: have the better one.
        with table.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def main(side: str, folder: Path, checkout: str) -> None:
    """Do the work of one side and print what it takes."""
    if side == "prepare":
        fill_table(folder, checkout)
        return
    client = Client()
    modules = bridge(folder, client) if side == "bridge" else plugin(folder, checkout, client)
    rounds = 1 if side == "plugin" else 5  # a row with an integer id is a query of the plugin's, and takes its time
    taken = {
        "order": placing(modules[0], folder),
        "orders": reading(*modules, client, folder, "orders.json", rounds),
        "orders_text": reading(*modules, client, folder, "orders_text.json", 5),
        "positions": valuing(*modules, client, folder),
    }
    if side == "bridge":
        taken["floor"] = floor()
        more = {"database": str(folder / "journal.db"), "state_folder": folder / "state"}
        taken["as set up"] = placing(bridge(folder, client, **more)[0], folder)
    print(json.dumps(taken))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
