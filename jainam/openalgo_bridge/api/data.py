"""Quotes, depth and candles, as OpenAlgo's services ask for them (host contract 1.9).

The host makes a new object for every request, from background threads too; nothing here outlives one. Tokens, limits
and connections belong to the desk of this process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jainam.domain.vocabulary import Interval
from jainam.domain.watching import depth, history, seen
from jainam.openalgo_bridge import market, replies, requests
from jainam.openalgo_bridge.wiring import broker_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["BrokerData"]

here = broker_of(__name__)


class BrokerData:
    """The market data of one login; the host looks at how many arguments this takes, and hands over what it has."""

    def __init__(self, auth_token: str, feed_token: str | None = None, user_id: str | None = None) -> None:
        """*auth_token* says that the host is logged in; the other two are not needed, since the library has its own."""
        self._auth = auth_token
        self.timeframe_map = {interval.value: interval.value for interval in Interval}
        """The intervals of `get_history`, by the host's names for them."""

    def get_quotes(self, symbol: str, exchange: str) -> dict[str, float]:
        """The last price of one instrument and the day around it, as numbers (protocol 5.5).

        Keys: ask, bid, high, low, ltp, open, prev_close, volume, oi, bid_qty, ask_qty; zero where the broker sends
        none. Raises `BridgeError` in words for the user.
        """
        key = requests.instrument
        return replies.raised(
            f"quote of {symbol}", lambda: market.quote(here.run(self._auth, seen(key(symbol, exchange))))
        )

    def get_multiquotes(self, symbols: list[dict[str, str]]) -> list[dict[str, Any]]:
        """A result for each `{"symbol", "exchange"}`, in their order: `data` as of `get_quotes`, or `error` (B-50).

        Fifty instruments are asked for at once, as many as the broker takes.
        """
        return replies.raised("quotes", lambda: here.run(self._auth, market.multiquotes(symbols)))

    def get_depth(self, symbol: str, exchange: str) -> dict[str, Any]:
        """The five best prices on both sides, and the quote around them (protocol 5.5).

        Keys: bids and asks (each five of price, quantity, orders), high, low, ltp, ltq, open, prev_close, volume, oi,
        totalbuyqty, totalsellqty. An index has no levels. Raises `BridgeError` in words for the user.
        """
        key = requests.instrument
        return replies.raised(
            f"depth of {symbol}", lambda: market.depth(here.run(self._auth, depth(key(symbol, exchange))))
        )

    def get_history(self, symbol: str, exchange: str, interval: str, start_date: Any, end_date: Any) -> DataFrame:
        """Candles from *start_date* to *end_date*, both included, as a DataFrame (protocol 5.7).

        Columns: timestamp (seconds of the bar's start; of a day, at 00:00 UTC), open, high, low, close, volume, oi.
        Oldest first, each once, today's forming candle included; without trades an empty frame with these columns. The
        days come as dates or as text like 2026-01-12. Raises `BridgeError` in words for the user, and rather that than
        a frame with a gap.
        """
        return replies.raised(
            f"history of {symbol}", lambda: self._history(symbol, exchange, interval, start_date, end_date)
        )

    def _history(self, symbol: str, exchange: str, interval: str, start_date: Any, end_date: Any) -> DataFrame:
        key, length = requests.instrument(symbol, exchange), requests.interval(interval)
        first, last = requests.day("start_date", start_date), requests.day("end_date", end_date)
        frame: DataFrame = market.frame(here.run(self._auth, history(key, length, first, last)), length)
        return frame
