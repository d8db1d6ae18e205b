"""The contracts of OpenAlgo's existing plugin, in a process of its own, beside ours in another of the same kind.

OPENALGO names a checkout, and OPENALGO_PYTHON an interpreter that has what it needs (pandas, SQLAlchemy, pytz) and
attrs; the default is the one that runs this.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["theirs"]

_COMMON = """
import json, logging, os, sys, time, types
checkout, ours, folder = sys.argv[1:4]
os.environ["DATABASE_URL"] = "sqlite:///" + folder + "/openalgo.db"
def module(name, **names):
    sys.modules[name] = made = types.ModuleType(name)
    made.__dict__.update(names)
def texts(name):
    with open(folder + "/" + name) as file:
        return json.load(file)
def peak():
    with open("/proc/self/status") as file:  # getrusage counts what our parent had, too
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
def held_from_here():
    with open("/proc/self/clear_refs", "w") as file:  # what reading the texts took for a while is not room to spare
        file.write("5")
    return peak()
def now_held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
def said(**figures):
    print(json.dumps(figures))
def host_pragmas():  # that every connection of OpenAlgo's has, where its version sets any
    if os.path.getsize(checkout + "/database/__init__.py"):
        exec(compile(open(checkout + "/database/__init__.py").read(), "__init__.py", "exec"), {})
quiet = logging.getLogger("quiet")
quiet.disabled = True
"""
_PLUGIN = """
import sqlalchemy, pandas
from sqlalchemy.pool import NullPool
sent = {}
class Answer:
    status_code = 200
    def __init__(self, text):
        self.text = text
    def json(self):
        return {"result": self.text}
class Client:
    def post(self, url, headers, content):
        return Answer(sent[json.loads(content)["exchangeSegmentList"][0]])
    def get(self, url, headers):
        return Answer({"indexList": []})
module("utils"); module("database"); module("extensions", socketio=types.SimpleNamespace(emit=lambda *told: None))
module("utils.httpx_client", get_httpx_client=Client)
module("utils.logging", get_logger=lambda name: quiet)
module("database.auth_db", get_auth_token=None)
def engine_of(url):
    return sqlalchemy.create_engine(url, poolclass=NullPool)
module("database.engine_factory", create_db_engine=engine_of)
host_pragmas()
spec = types.ModuleType("database.symbol")
sys.modules["database.symbol"] = spec
exec(compile(open(checkout + "/database/symbol.py").read(), "symbol.py", "exec"), spec.__dict__)
spec.Base.metadata.create_all(bind=spec.engine)
sys.path.insert(0, checkout)
from broker.jainamxts.database import master_contract_db as plugin
os.chdir(folder)
spent = 0
def timed(function):
    def run(*arguments):
        global spent
        began = time.process_time()
        try:
            return function(*arguments)
        finally:
            spent += time.process_time() - began
    return run
plugin.delete_symtoken_table = timed(plugin.delete_symtoken_table)
plugin.copy_from_dataframe = timed(plugin.copy_from_dataframe)
sent = texts("yesterday.json")
if sys.argv[4] == "fresh":
    sent = texts("today.json")
    before, began = held_from_here(), time.process_time()
    plugin.master_contract_download()
    said(seconds=time.process_time() - began, megabytes=peak() - before)
else:
    plugin.master_contract_download()
    sent, spent = texts("today.json"), 0
    plugin.master_contract_download()
    said(seconds=spent)
"""
_OURS = """
sys.path.insert(0, ours)
import datetime as dt
from jainam.adapters.peewee_contracts import PeeweeContracts
from jainam.adapters.xts.master import survey_master
from jainam.domain.listings import merged
day = dt.date.fromisoformat(sys.argv[5])
store = PeeweeContracts(folder + "/ours.db")
today = texts("today.json")
before, began = held_from_here(), time.process_time()
store.replace_rows(row for segment, text in today.items() for row in survey_master(text, segment, day).rows)
said(seconds=time.process_time() - began, megabytes=peak() - before)
"""
_TABLE = """
sys.path.insert(0, ours)
import datetime as dt, sqlite3, subprocess
import sqlalchemy
from sqlalchemy.pool import NullPool
module("utils"); module("utils.logging", get_logger=lambda name: quiet)
host_pragmas()
spec = types.ModuleType("database.symbol")
exec(compile(open(checkout + "/database/symbol.py").read(), "symbol.py", "exec"), spec.__dict__)
spec.Base.metadata.create_all(bind=spec.engine)
from jainam.adapters.xts.master import survey_master
from jainam.domain.listings import merged
from jainam.openalgo_bridge.database.symtoken import replace_symtoken
day = dt.date.fromisoformat(sys.argv[5])
def rows(name):
    return merged([survey_master(text, segment, day).rows for segment, text in texts(name).items()])[0]
READER = '''
import sqlite3, sys
connection, seen = sqlite3.connect(sys.argv[1], timeout=30), set()
print("reading", flush=True)
while True:
    seen.add(connection.execute("SELECT count(*) FROM symtoken").fetchone()[0])
    try:
        sys.stdin.readable() and open(sys.argv[2]).close()
        break
    except OSError:
        pass
print(sorted(seen))
'''
with sqlite3.connect(folder + "/openalgo.db") as connection:
    connection.execute("PRAGMA journal_mode = wal")
yesterday, today = rows("yesterday.json"), rows("today.json")
replace_symtoken(spec.engine, yesterday)
reader = subprocess.Popen([sys.executable, "-c", READER, folder + "/openalgo.db", folder + "/over"],
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
reader.stdout.readline()
began = time.process_time()
replace_symtoken(spec.engine, today)
spent = time.process_time() - began
open(folder + "/over", "w").close()
seen = json.loads(reader.stdout.readline())
reader.wait()
strange = [row[:1] + ("X" + row[1],) + row[2:] for row in today]
began = time.process_time()
replace_symtoken(spec.engine, strange)
said(seconds=spent, strangers=time.process_time() - began, partial=len(set(seen) - {len(yesterday), len(today)}))
"""
_CACHE = """
import pytz, sqlalchemy
sys.path.insert(0, checkout)
module("utils"); sys.modules["utils"].__path__ = [checkout + "/utils"]
module("utils.logging", get_logger=lambda name: quiet)
module("database"); sys.modules["database"].__path__ = [checkout + "/database"]
from database import token_db_enhanced as theirs
from database.symbol import SymToken
SymToken.query.first()
cache = theirs.get_cache()
before, began = now_held(), time.process_time()
assert cache.load_all_symbols("jainamxts")
seconds, megabytes = time.process_time() - began, now_held() - before
some = [(data.symbol, data.exchange) for data in list(cache.symbols.values())[:2000]]
best = 9
for _ in range(15):
    began = time.perf_counter()
    for symbol, exchange in some:
        theirs.get_token(symbol, exchange)
    best = min(best, (time.perf_counter() - began) / len(some))
said(seconds=seconds, megabytes=megabytes, look_up=best)
"""
_INDEX = """
sys.path.insert(0, ours)
from jainam.adapters.peewee_contracts import PeeweeContracts
from jainam.adapters.token_lookup import TokenLookup
store = PeeweeContracts(folder + "/ours.db")
lookup = TokenLookup(store)
store.generation()
before, began = now_held(), time.process_time()
lookup.fill()
seconds, megabytes = time.process_time() - began, now_held() - before
some = [(symbol, exchange) for symbol, exchange, _ in list(store.numbers())[:2000]]
best = 9
for _ in range(15):
    began = time.perf_counter()
    for symbol, exchange in some:
        lookup.token_of(symbol, exchange)
    best = min(best, (time.perf_counter() - began) / len(some))
said(seconds=seconds, megabytes=megabytes, look_up=best)
"""
_SCRIPTS = {"plugin": _PLUGIN, "ours": _OURS, "table": _TABLE, "cache": _CACHE, "index": _INDEX}


def theirs(script: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """What a process of its own measured in *folder*, where the masters are."""
    ran = subprocess.run(
        [
            os.environ.get("OPENALGO_PYTHON", sys.executable),
            "-W",
            "ignore",
            "-c",
            _COMMON + _SCRIPTS[script],
            os.environ["OPENALGO"],
            str(Path(__file__).parents[2]),
            str(folder),
            *(arguments or ("", "")),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found
