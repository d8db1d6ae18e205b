"""Processes of one account, as children: they trade with the embedded exchange over HTTP, on one database."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import random
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from contracts.runner_harness import INFY, RELIANCE, SHARES
from fakes.exchange import settings_for
from jainam.adapters.aiohttp_transport import AiohttpTransport
from jainam.adapters.asyncio_desk import AsyncDesk
from jainam.adapters.desk import Desk
from jainam.adapters.environment import Settings
from jainam.adapters.httpx_transport import HttpxAsyncTransport
from jainam.adapters.memory_contracts import MemoryContracts
from jainam.adapters.memory_journal import MemoryJournal
from jainam.adapters.peewee_journal import PeeweeJournal
from jainam.adapters.xts.profiles import JAINAM_PROP
from jainam.domain.errors import JainamError
from jainam.domain.flows import cancel_order, modify_order, place_order, place_smart_order
from jainam.domain.instruments import SymbolKey
from jainam.domain.orders import Changes, Order, OrderId, Placed, SmartOrder
from jainam.domain.pacing import Window
from jainam.domain.reports import SmartOutcome
from jainam.domain.steps import Flow
from jainam.domain.vocabulary import PriceType, Product, Side
from jainam.simulator import Modes, SimulatorSettings

__all__ = ["EXCHANGE", "Child", "desk_in", "hold_at", "journal_in", "started", "trade_for_ever"]

EXCHANGE = SimulatorSettings(modes=Modes(rate_limits=False))
"""An exchange that takes calls as fast as they come."""

HURRIED = evolve(
    JAINAM_PROP,
    limits={name: Window(name, 10_000, 1) for name in JAINAM_PROP.limits},
    orders_per_second=10_000,
)


@frozen
class Child:
    """A process that was started here, and the line to it."""

    process: Any
    line: Connection

    def kill(self) -> None:
        """End it at once, wherever it is."""
        self.process.kill()
        self.process.join()
        self.line.close()


def started(work: Callable[..., None], *arguments: object) -> Child:
    """A child that does *work*, with its end of the line as the last argument."""
    context = _context()
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(*arguments, theirs), daemon=True)  # type: ignore[attr-defined]
    with _imports_as_here():
        process.start()
    theirs.close()
    return Child(process, ours)


def _context() -> BaseContext:
    """Children that are forked from a process without threads, which has imported everything; else slower ones."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@contextlib.contextmanager
def _imports_as_here() -> Iterator[None]:
    """The server that forks is started with the first child, and looks for modules where its environment says."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def settings_in(folder: Path, url: str) -> Settings:
    """Settings of all processes that share *folder*."""
    return evolve(
        settings_for(EXCHANGE, url, database=str(folder / "jainam.sqlite"), timeout=5),
        profile=HURRIED,
        session_file=folder / "session",
        state_folder=folder / "state",
    )


def desk_in(folder: Path, url: str, **parts: Any) -> Desk:
    """A desk on what is in *folder*."""
    return Desk.open(settings_in(folder, url), contracts=MemoryContracts(SHARES), **parts)


def journal_in(folder: Path) -> PeeweeJournal:
    """The journal that all processes in *folder* write."""
    return PeeweeJournal(folder / "jainam.journal.sqlite", HURRIED.name, "*****")


def trade_for_ever(folder: Path, url: str, seed: int, line: Connection) -> None:
    """Place, change and take back orders until killed; tell when it begins. Every other seed does so with asyncio."""
    chance = random.Random(seed)
    if seed % 2:
        asyncio.run(_trade_at_once(folder, url, chance, line))
        return
    with desk_in(folder, url) as desk:
        desk.positions()
        line.send("begins")
        placed: list[OrderId] = []
        while True:
            with contextlib.suppress(JainamError):
                _remember(desk.runner.run(_something(chance, placed)), placed)


async def _trade_at_once(folder: Path, url: str, chance: random.Random, line: Connection) -> None:
    """The same, three orders at a time, over one or the other transport of asyncio."""
    transport = AiohttpTransport(5) if chance.random() < 0.5 else HttpxAsyncTransport(5)
    contracts = MemoryContracts(SHARES)
    async with AsyncDesk.open(settings_in(folder, url), contracts=contracts, transport=transport) as desk:
        await desk.positions()
        line.send("begins")
        placed: list[OrderId] = []
        while True:
            flows = [desk.runner.run(_something(chance, placed)) for _ in range(3)]
            for outcome in await asyncio.gather(*flows, return_exceptions=True):
                if isinstance(outcome, BaseException) and not isinstance(outcome, JainamError):
                    raise outcome
                _remember(outcome, placed)


def _remember(outcome: object, placed: list[OrderId]) -> None:
    found = outcome.placed if isinstance(outcome, SmartOutcome) else outcome
    if isinstance(found, Placed):
        placed.append(found.order_id)


def _something(chance: random.Random, placed: list[OrderId]) -> Flow[Any]:
    """One of the things that can be done, with one of the orders that were *placed* or with a new one."""
    key = chance.choice((RELIANCE, INFY))
    deed = chance.choice(("buy", "buy", "sell", "sell", "rest", "rest", "modify", "cancel", "smart"))
    if deed == "modify" and placed:
        return modify_order(chance.choice(placed[-5:]), Changes(price=Decimal(chance.randint(1190, 1210))))
    if deed == "cancel" and placed:
        return cancel_order(chance.choice(placed[-5:]))
    if deed == "smart":
        return place_smart_order(_smart(key, chance.randint(-5, 5)))
    rests = deed not in ("buy", "sell")
    return place_order(
        Order(
            instrument=key,
            side=Side.SELL if deed == "sell" else Side.BUY,
            product=Product.MIS,
            quantity=chance.randint(1, 5),
            price_type=PriceType.LIMIT if rests else PriceType.MARKET,
            price=Decimal(1200 if rests else 0),
        )
    )


def hold_at(folder: Path, url: str, targets: tuple[int, ...], takes_turns: bool, line: Connection) -> None:
    """Bring one position to each of *targets* when told to go, and tell how that ended.

    Without turns, nothing is shared with the other processes: no lock, and no journal that tells of their orders.
    """
    with desk_in(folder, url, **({} if takes_turns else {"journal": MemoryJournal()})) as desk:
        if not takes_turns:
            desk.runner.locks = None
        desk.positions()
        line.send("ready")
        line.recv()
        try:
            for target in targets:
                desk.place_smart_order(_smart(RELIANCE, target))
        except JainamError as error:
            line.send(f"{type(error).__name__}: {error}")
        else:
            line.send("")


def _smart(key: SymbolKey, target: int) -> SmartOrder:
    return SmartOrder(instrument=key, product=Product.MIS, target=target)
