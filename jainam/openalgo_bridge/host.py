"""What the bridge asks of OpenAlgo, and the one place that imports it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import httpx

__all__ = ["Host", "OpenAlgoHost"]


class Host(Protocol):
    """The program that the broker's modules were loaded into."""

    def http_client(self) -> httpx.Client:
        """The client all brokers share (NFR5); it belongs to the host and is never closed by us."""
        ...

    def logger(self, name: str) -> logging.Logger:
        """A logger whose lines end where the host's own do."""
        ...

    def emit(self, event: str, payload: Mapping[str, str]) -> None:
        """Show *payload* to the browsers that listen for *event*."""
        ...

    def engine(self) -> Any:
        """The SQLAlchemy engine of the host's contract table."""
        ...

    def release(self) -> None:
        """Give back what this thread holds of the host's database."""
        ...


class OpenAlgoHost:
    """OpenAlgo of October 2025 (8a837e549) and of today (60156bc52), which have these five in common.

    Nothing is imported before it is asked for: a broker's modules are loaded before the host is ready (D10).
    """

    def http_client(self) -> httpx.Client:
        """The process-wide client of `utils.httpx_client`."""
        client: httpx.Client = import_module("utils.httpx_client").get_httpx_client()
        return client

    def logger(self, name: str) -> logging.Logger:
        """A logger of `utils.logging`."""
        logger: logging.Logger = import_module("utils.logging").get_logger(name)
        return logger

    def emit(self, event: str, payload: Mapping[str, str]) -> None:
        """An event on the host's Socket.IO server."""
        import_module("extensions").socketio.emit(event, dict(payload))

    def engine(self) -> Any:
        """The engine of `database.symbol`, SQLite or PostgreSQL as the host is set up."""
        return import_module("database.symbol").engine

    def release(self) -> None:
        """Remove the scoped session of `database.symbol`, as background threads must (C-30)."""
        import_module("database.symbol").db_session.remove()
