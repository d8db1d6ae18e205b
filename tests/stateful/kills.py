"""Trading processes are killed at random moments, and the next one finds out what became of everything (X1).

The exchange runs in the process that kills. It is slow to answer orders, so that many a kill meets one in flight.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from pathlib import Path

from attrs import define
from stateful.processes import Child, desk_in, journal_in, started, trade_for_ever

from jainam.adapters.clocks import SystemClock
from jainam.domain.journal import Deed, Meant, Verdict
from jainam.simulator import ExchangeServer, FaultRule
from jainam.simulator.orders import Order

__all__ = ["AT_ONCE", "Killings", "count", "disagreements", "kill_some", "slow_down"]

ORDERS = "/interactive/orders"
AT_ONCE = 2
"""Processes that trade on one database at the same time."""
LONGEST = 0.3
"""Seconds that a process may trade before it is killed."""
BEGINS = 30
"""Seconds after which a process that has not begun to trade is taken for stuck."""


@define
class Killings:
    """What all kills together came to."""

    kills: int = 0
    left_open: int = 0
    """Intents that a kill left without an ending."""
    meant: int = 0
    at_exchange: int = 0
    doubled: int = 0
    unresolved: int = 0


def slow_down(exchange: ExchangeServer) -> None:
    """Let every change of an order take ten milliseconds on its way back."""
    exchange.rest.faults.add(
        FaultRule(kind="delay", method=method, path=ORDERS, seconds=0.01, times=10**9)
        for method in ("POST", "PUT", "DELETE")
    )


def kill_some(exchange: ExchangeServer, folder: Path, chance: random.Random, tally: Killings) -> list[str]:
    """Let processes trade in *folder* and kill them; returns where the journal and the exchange disagree afterwards."""
    children = [started(trade_for_ever, folder, exchange.url, chance.getrandbits(32)) for _ in range(AT_ONCE)]
    try:
        for child in children:
            if not child.line.poll(BEGINS):
                return ["a process did not begin to trade"]
            child.line.recv()
        _killed(children, chance)
    finally:
        for child in children:
            if child.process.is_alive():
                child.kill()
    tally.kills += len(children)
    _quiet(exchange)
    journal = journal_in(folder)
    try:
        tally.left_open += sum(meant.ending is None for meant in journal.unsettled(_morning()))
        desk_in(folder, exchange.url).close()  # the next process looks up what the killed ones left open
        return disagreements(exchange, folder)
    finally:
        journal.close()


def _killed(children: list[Child], chance: random.Random) -> None:
    for child in children:
        time.sleep(chance.uniform(0, LONGEST / len(children)))
        child.kill()


def _quiet(exchange: ExchangeServer) -> None:
    """What the killed ones sent has arrived."""
    seen = -1
    while seen != len(exchange.requests):
        seen = len(exchange.requests)
        time.sleep(0.03)


def _morning() -> dt.datetime:
    return SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0)


def disagreements(exchange: ExchangeServer, folder: Path) -> list[str]:
    """Where the journal in *folder* and *exchange* tell different stories, each in one sentence."""
    journal = journal_in(folder)
    try:
        known = journal.meant_between(_morning(), SystemClock().now() + dt.timedelta(days=1))
        newest = {meant.intent.key: meant for meant in known}
        audit = journal.verify()
    finally:
        journal.close()
    orders = {order.request.tag: order for order in _orders(exchange)}
    by_number = {str(order.app_order_id): order for order in orders.values()}
    wrong = [f"{tag} is there {times} times" for tag, times in _tags(exchange).items() if times > 1]
    wrong += [f"{tag} is at the exchange, and not in the journal" for tag in orders if tag not in newest]
    if not audit.is_whole:
        wrong.append(f"the journal is not whole: {audit.flaw}")
    for meant in newest.values():
        key = meant.intent.key
        order = orders.get(key) if meant.intent.deed is Deed.PLACE else by_number.get(str(meant.intent.order_id))
        problem = _problem(meant, order)
        if problem:
            wrong.append(f"the journal calls {key} {meant.ending and meant.ending.verdict.value}, and {problem}")
    return wrong


def _problem(meant: Meant, order: Order | None) -> str:
    """What is wrong with what the journal says of *meant*, when the exchange has *order* of it."""
    verdict = meant.ending.verdict if meant.ending else None
    status = order.status if order else None
    if verdict is None:
        return "nobody has looked it up"
    if meant.intent.deed is Deed.PLACE:
        is_there = status not in (None, "Rejected")
        if verdict is Verdict.DONE:
            return "" if status is not None else "it never came to the exchange"
        return f"the exchange has it as {status}" if is_there else ""
    if verdict is Verdict.DONE and meant.intent.deed is Deed.CANCEL:
        return "" if status == "Cancelled" else f"the order is {status}"
    if verdict is Verdict.UNKNOWN:
        return "" if order is not None and order.is_live else f"the order is {status}"
    return ""


def count(exchange: ExchangeServer, folder: Path, tally: Killings) -> None:
    """Add to *tally* what was meant in *folder*, and what *exchange* has of it."""
    journal = journal_in(folder)
    try:
        known = journal.meant_between(_morning(), SystemClock().now() + dt.timedelta(days=1))
        tags = _tags(exchange)
        tally.unresolved += sum(meant.intent.key in tags for meant in journal.unsettled(_morning()))
    finally:
        journal.close()
    tally.meant += len({meant.intent.key for meant in known if meant.intent.deed is Deed.PLACE})
    tally.at_exchange += tags.total()
    tally.doubled += sum(times - 1 for times in tags.values())


def _orders(exchange: ExchangeServer) -> list[Order]:
    return [order for account in exchange.rest.world.exchange.accounts.values() for order in account.orders()]


def _tags(exchange: ExchangeServer) -> Counter[str]:
    return Counter(order.request.tag for order in _orders(exchange))
