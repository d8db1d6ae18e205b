"""What an order costs with the peers, each in a process of its own so that nothing of theirs mixes with ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.figures import Figure

_SDK = """
import logging, sys, time, types
folder, url, orders = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.insert(0, folder)
from Connect import XTSConnect
sdk = XTSConnect("K", "S", "WEBAPI", root=url)
sdk.token, sdk.userID, sdk.isInvestorClient = "T" * 180, "D", False
def place():
    answer = sdk.place_order(
        exchangeSegment="NSEFO", exchangeInstrumentID=49229, productType="NRML", orderType="LIMIT", orderSide="BUY",
        timeInForce="DAY", disclosedQuantity=0, orderQuantity=65, limitPrice=25790.4, stopPrice=0,
        orderUniqueIdentifier="J1", apiOrderSource="WEBAPI", clientID="*****")
    assert answer["type"] == "success", answer
"""

_PLUGIN = """
import sys, time, types, logging
folder, url, orders = sys.argv[1], sys.argv[2], int(sys.argv[3])
import httpx
client = httpx.Client(timeout=10)
def module(name, **names):
    sys.modules[name] = made = types.ModuleType(name)
    made.__dict__.update(names)
module("utils"); module("database")
module("utils.httpx_client", get_httpx_client=lambda: client)
module("utils.logging", get_logger=logging.getLogger)
module("database.auth_db", get_auth_token=None)
module("database.token_db", get_br_symbol=lambda s, e: s, get_symbol=None, get_token=lambda s, e: 49229)
sys.path.insert(0, folder)
from broker.jainamxts.api import order_api
order_api.INTERACTIVE_URL = url + "/interactive"
def place():
    data = {"symbol": "NIFTY27JAN26FUT", "exchange": "NFO", "action": "BUY", "product": "NRML", "pricetype": "LIMIT",
            "quantity": "65", "price": "25790.4", "trigger_price": "0", "disclosed_quantity": "0"}
    assert order_api.place_order_api(data, "T" * 180)[2]
"""

_MEASURE = """
place()
before = time.process_time()
for _ in range(orders):
    place()
print((time.process_time() - before) / orders * 1e6)
"""


def sdk_figures(folder: Path, url: str, orders: int) -> list[Figure]:
    """Microseconds of processor time that an order costs with the official Python SDK."""
    return _measured("order with the official Python SDK", _SDK, folder, url, orders)


def openalgo_figures(folder: Path, url: str, orders: int) -> list[Figure]:
    """The same with the `jainamxts` plugin of an OpenAlgo checkout, its host's modules stood in for."""
    return _measured("order with OpenAlgo's jainamxts plugin", _PLUGIN, folder, url, orders)


def _measured(name: str, code: str, folder: Path, url: str, orders: int) -> list[Figure]:
    command = [sys.executable, "-c", code + _MEASURE, str(folder), url, str(orders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        print(f"{name}: not measured: {done.stderr.strip().splitlines()[-1]}")
        return []
    return [Figure(name, float(done.stdout), unit="us")]
