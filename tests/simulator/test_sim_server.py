"""The exchange over a real socket."""

import asyncio
import http.client
import json
import subprocess
import sys
import time
from datetime import date
from typing import Any

import pytest

import jainam.simulator
from jainam.simulator import ExchangeServer, ManualClock, Modes, Rest, SimulatorSettings, running, serve
from jainam.simulator.server import RunningClock

DAY = date(2026, 1, 12)
KEYS = {"appKey": "SIM-INTERACTIVE-KEY", "secretKey": "SIM-INTERACTIVE-SECRET"}


def call(url: str, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    """Return status and JSON of one call on a connection of its own."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        headers = {"Authorization": token} if token else {}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def login(server: ExchangeServer) -> str:
    """Return a token."""
    token = call(server.url, "POST", "/interactive/user/session", KEYS)[1]["result"]["token"]
    assert isinstance(token, str)
    return token


def order(tag: str) -> dict[str, Any]:
    """Return a market order."""
    return {
        "exchangeSegment": "NSECM",
        "exchangeInstrumentID": 2885,
        "productType": "MIS",
        "orderType": "MARKET",
        "orderSide": "BUY",
        "timeInForce": "DAY",
        "disclosedQuantity": 0,
        "orderQuantity": 10,
        "limitPrice": 0,
        "stopPrice": 0,
        "orderUniqueIdentifier": tag,
        "clientID": "*****",
    }


def test_a_session_over_the_wire() -> None:
    """Logging in, trading and reading back work over HTTP, raw stars and doubled slash included."""
    with running(SimulatorSettings(trading_date=DAY)) as server:
        assert server.url.startswith("http://127.0.0.1:")
        token = login(server)
        assert 200 == call(server.url, "POST", "//interactive/orders", order("W1"), token)[0]
        for client in ("*****", "%2A%2A%2A%2A%2A"):
            path = f"/interactive/orders/dealerorderbook?clientID={client}"
            [row] = call(server.url, "GET", path, token=token)[1]["result"]
            assert ("W1", "Filled") == (row["OrderUniqueIdentifier"], row["OrderStatus"])
        assert ["POST", "POST", "GET", "GET"] == [seen.method for seen in server.requests]
        assert {"tags": {"W1": 1}}.items() <= call(server.url, "GET", "/sim/state")[1].items()


@pytest.mark.parametrize(("kind", "orders"), [("lose_request", 0), ("lose_answer", 1)])
def test_connections_are_cut(kind: str, orders: int) -> None:
    """A lost request or answer closes the connection; what arrived is counted all the same."""
    with running(SimulatorSettings(trading_date=DAY)) as server:
        token = login(server)
        call(server.url, "POST", "/sim/faults", [{"kind": kind, "path": "/interactive/orders"}])
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            call(server.url, "POST", "/interactive/orders", order("L1"), token)
        assert 1 == server.rest.count("POST", "/interactive/orders")
        assert orders == call(server.url, "GET", "/sim/state")[1]["tags"].get("L1", 0)


def test_delayed_answer_holds_nobody_else_up() -> None:
    """While one answer waits, the exchange answers others."""
    with running(SimulatorSettings(trading_date=DAY)) as server:
        call(
            server.url, "POST", "/sim/faults", [{"kind": "delay", "seconds": 0.2, "path": "/interactive/user/session"}]
        )
        slow = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
        begun = time.monotonic()
        slow.request("POST", "/interactive/user/session", json.dumps(KEYS))
        while not server.requests:
            time.sleep(0.001)
        assert 400 == call(server.url, "GET", "/interactive/orders")[0]
        assert time.monotonic() - begun < 0.2
        assert 200 == slow.getresponse().status
        assert time.monotonic() - begun >= 0.2
        slow.close()


def test_pages_of_the_gateway_are_html() -> None:
    """A gateway fault arrives as a page with its status."""
    with running(SimulatorSettings(trading_date=DAY)) as server:
        call(server.url, "POST", "/sim/faults", [{"kind": "gateway", "status": 503}])
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/interactive/orders")
        answer = connection.getresponse()
        assert (503, True) == (answer.status, b"<html>" in answer.read())
        assert "text/html" in (answer.getheader("content-type") or "")
        connection.close()


def test_two_exchanges_do_not_know_each_other() -> None:
    """Each running exchange has its port, orders and clock."""
    clock = ManualClock()
    with running(SimulatorSettings(trading_date=DAY), clock=clock) as one, running() as two:
        assert one.url != two.url
        token = login(one)
        assert 400 == call(two.url, "GET", "/interactive/orders/dealerorderbook?clientID=*****", token=token)[0]
        assert one.rest.clock is clock


def test_port_in_use_is_an_error() -> None:
    """A port that is taken is an OSError, from the block and from the command line's way in."""
    with running(SimulatorSettings(trading_date=DAY)) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError), running(port=port):
            pass
        with pytest.raises(OSError):
            asyncio.run(serve(port=port))


def test_serving_until_cancelled() -> None:
    """serve() tells where it listens and stops when it is cancelled."""
    urls: list[str] = []

    async def serve_a_while() -> None:
        listening = asyncio.Event()

        def ready(url: str, rest: Rest) -> None:
            assert isinstance(rest, Rest)
            urls.append(url)
            listening.set()

        settings = SimulatorSettings(modes=Modes(rate_limits=False))
        task = asyncio.create_task(serve(settings, on_ready=ready, clock=ManualClock()))
        await listening.wait()
        status, _answer = await asyncio.to_thread(call, urls[0], "GET", "/sim/state")
        assert 200 == status
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        silent = asyncio.create_task(serve())
        await asyncio.sleep(0.01)
        silent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await silent

    asyncio.run(serve_a_while())
    with pytest.raises(OSError):
        call(urls[0], "GET", "/sim/state")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "example.test"])
def test_only_loopback_is_served(host: str) -> None:
    """Any other address is refused before a socket is opened."""
    with pytest.raises(ValueError, match="127"):
        asyncio.run(serve(host=host))


def test_running_clock_moves_from_the_morning_of_its_day() -> None:
    """With a trading date the clock runs from a quarter past ten that day, otherwise it is the machine's."""
    with running(SimulatorSettings(trading_date=DAY)) as server:
        assert (DAY, 10, 15) == (
            server.rest.clock.now().date(),
            server.rest.clock.now().hour,
            server.rest.clock.now().minute,
        )
    clock = RunningClock()
    assert clock.now() <= clock.now()
    assert clock.monotonic() <= clock.monotonic()


def test_core_needs_no_http_library() -> None:
    """Importing the exchange does not import aiohttp; an unknown name is still an error."""
    code = "import sys, jainam.simulator as s; s.Rest(); sys.exit('aiohttp' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = jainam.simulator.no_such_thing


def test_settings_show_no_secret() -> None:
    """The secrets are not in the settings' repr, and roots may be given as one text."""
    settings = SimulatorSettings(market_data_roots="/apimarketdata", master_file="x.txt")
    assert "SECRET" not in repr(settings)
    assert ("/apimarketdata",) == settings.market_data_roots
