"""A terminal for tests: it runs commands against an exchange and keeps what they printed apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import frozen
from typer.testing import CliRunner

from jainam.cli.main import app
from jainam.simulator import ExchangeServer, FaultRule, Modes, SimulatorSettings

ORDERS = "/interactive/orders"
BOOK = "/interactive/orders/dealerorderbook"
POSITIONS = "/interactive/portfolio/dealerpositions"
# Keys that would be recognised anywhere.
SETTINGS = SimulatorSettings(
    interactive_key="CANARY-INTERACTIVE-KEY",
    interactive_secret="CANARY-INTERACTIVE-SECRET",
    market_key="CANARY-MARKET-KEY",
    market_secret="CANARY-MARKET-SECRET",
    modes=Modes(rate_limits=False),
)


@frozen
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def data(self) -> Any:
        """What a successful command had to tell."""
        document = self.document
        assert self.code == 0, self
        assert set(document) == {"status", "data"}
        assert document["status"] == "success"
        return document["data"]

    @property
    def error(self) -> Any:
        """The document of a failure."""
        document = self.document
        assert self.code != 0, self
        assert self.err == ""
        assert list(document) == ["status", "error", "message", "hint", "problems", "tag", "order_id", "data"]
        assert document["status"] == "error"
        return document


@frozen
class Terminal:
    """Runs commands as somebody would who has copied the exports of *exchange*."""

    exchange: ExchangeServer

    def __call__(self, *words: str, typed: str | None = None, env: Mapping[str, str | None] | None = None) -> Ran:
        """Run one command."""
        result = CliRunner().invoke(app, list(words), input=typed, env=env, prog_name="jainam")
        return Ran(result.exit_code, result.stdout, result.stderr)

    def place(self, *more: str, **options: str) -> Ran:
        """Place an order, a market purchase of ten RELIANCE unless told otherwise."""
        chosen = {"symbol": "RELIANCE", "exchange": "NSE", "side": "buy", "quantity": "10"} | options
        words = [word for name, value in chosen.items() for word in (f"--{name.replace('_', '-')}", value)]
        return self("order", "place", *words, *more)

    def fault(self, kind: str, method: str | None = None, path: str | None = None, **rule: Any) -> None:
        """Let something go wrong at the exchange."""
        self.exchange.rest.faults.add([FaultRule(kind=kind, method=method, path=path, **rule)])

    def sent(self, method: str = "POST") -> int:
        """How many requests that move an order have arrived."""
        return self.exchange.rest.count(method, ORDERS)

    @contextmanager
    def nothing_sent(self) -> Iterator[None]:
        """Fail when anything that moves an order arrives at the exchange meanwhile."""
        before = [self.sent(method) for method in ("POST", "PUT", "DELETE")]
        yield
        assert [self.sent(method) for method in ("POST", "PUT", "DELETE")] == before
