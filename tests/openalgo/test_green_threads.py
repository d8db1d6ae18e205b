"""In production the host is one eventlet worker: green threads, patched locks, and no asyncio (D11)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import eventlet
eventlet.monkey_patch()

import sys, time
from fakes.bridge import TOKEN, Bridge
from jainam.openalgo_bridge.api import order_api
from jainam.openalgo_bridge.api.data import BrokerData

bridge = Bridge()
bridge.attach()
bridge.host.before = lambda request: time.sleep(0.01)
order = {"symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": 1}
pool = eventlet.GreenPool(20)
placed = list(pool.imap(lambda _: order_api.place_order_api(order, TOKEN), range(20)))
assert [reply.status for reply, _, _ in placed] == [200] * 20, placed
assert len({order_id for _, _, order_id in placed}) == 20
smart = order | {"quantity": 0, "position_size": 50}
targets = list(pool.imap(lambda _: order_api.place_smartorder_api(smart, TOKEN), range(5)))
assert order_api.get_open_position("INFY", "NSE", "MIS", TOKEN) == "50"
assert sum(order_id is not None for _, _, order_id in targets) == 1, targets
quotes = list(pool.imap(lambda _: BrokerData(TOKEN).get_quotes("INFY", "NSE")["ltp"], range(5)))
assert len(set(quotes)) == 1
assert order_api.close_all_positions("", TOKEN)[1] == 200
loops = sys.modules.get("asyncio")
assert loops is None or loops._get_running_loop() is None
print("well")
"""


def test_green_threads_trade() -> None:
    """Orders, smart orders, quotes and close-all from twenty green threads are each what they should be."""
    pytest.importorskip("eventlet", reason="eventlet is the host's; install it to run this")
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ran.stdout.strip() == "well", ran.stderr
