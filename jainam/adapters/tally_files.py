"""What guard rails remember, in files that all processes of a client share: orders of the last minute, and the P&L."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import struct
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from attrs import define, field

from jainam.adapters.whole_files import write_whole
from jainam.domain.errors import Halted
from jainam.domain.guards import MINUTE, DayPnl, seconds_to_turn, within_minute

__all__ = ["FileTally", "MemoryTally"]

PATIENCE = 1.0
"""Seconds to wait for another process that is counting; it takes microseconds, unless that process was stopped."""

_STAMP = struct.Struct("<d")


@define(eq=False)
class MemoryTally:
    """The `Tally` of `jainam.ports.switch` for this process alone."""

    _stamps: list[float] = field(factory=list, init=False, repr=False)
    _latest: DayPnl | None = field(default=None, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def count(self, now: dt.datetime, limit: int) -> float:
        """Count one more entry, or say how long until one may be."""
        with self._lock:
            wait, self._stamps = _counted_on(self._stamps, now.timestamp(), limit)
        return wait

    def counted(self, now: dt.datetime) -> int:
        """How many entries count."""
        return len(within_minute(self._stamps, now.timestamp()))

    def keep(self, pnl: DayPnl) -> None:
        """Remember *pnl*."""
        self._latest = pnl

    def latest(self) -> DayPnl | None:
        """The profit and loss that was kept last."""
        return self._latest


@define(eq=False)
class FileTally:
    """The same for all processes: stamps in the file *orders*, counted one process at a time; *pnl* written whole.

    Racing processes cannot pass the limit by a single order: each looks and counts while the others wait, and a
    process that is killed meanwhile lets go. A file that holds no whole stamps counts as a full minute of orders.
    """

    orders: Path
    pnl: Path
    _latest: DayPnl | None = field(default=None, init=False)

    def count(self, now: dt.datetime, limit: int) -> float:
        """Count one more entry, or say how long until one may be."""
        moment = now.timestamp()
        try:
            with _alone(self.orders) as handle:
                content = _all_of(handle)
                stamps = _stamps_in(content)
                if stamps is None:
                    stamps = [moment] * limit
                wait, stamps = _counted_on(stamps, moment, limit)
                written = b"".join(map(_STAMP.pack, stamps))
                # In place and never shorter before it is whole: killed between the two, there are stamps too many.
                os.lseek(handle, 0, os.SEEK_SET)
                if os.write(handle, written) != len(written):
                    raise OSError("no room for the count")
                os.ftruncate(handle, len(written))
        except TimeoutError:
            raise Halted(
                "another process is counting its orders and does not finish, so JAINAM_MAX_ORDERS_PER_MINUTE cannot"
                " be held; end the process that hangs"
            ) from None
        except OSError as error:
            raise Halted(
                f"the orders of the last minute cannot be counted ({type(error).__name__}), so"
                f" JAINAM_MAX_ORDERS_PER_MINUTE cannot be held; see that the folder shown by `jainam guard` can be"
                f" written"
            ) from None
        return wait

    def counted(self, now: dt.datetime) -> int:
        """How many entries count; a file that cannot be read raises `Halted`."""
        try:
            stamps = _stamps_in(self.orders.read_bytes())
        except FileNotFoundError:
            return 0
        except OSError:
            stamps = None
        if stamps is None:
            raise Halted("the orders of the last minute cannot be read")
        return len(within_minute(stamps, now.timestamp()))

    def keep(self, pnl: DayPnl) -> None:
        """Let every process know *pnl*; where it cannot be written, this one does."""
        self._latest = pnl
        amount = None if pnl.amount is None else f"{pnl.amount:f}"
        with contextlib.suppress(OSError):
            write_whole(self.pnl, json.dumps({"amount": amount, "at": pnl.at.isoformat()}))

    def latest(self) -> DayPnl | None:
        """The newest of what was kept here and what is on file."""
        filed = self._filed()
        ours = self._latest
        if filed is None or (ours is not None and ours.at >= filed.at):
            return ours
        self._latest = filed
        return filed

    def _filed(self) -> DayPnl | None:
        try:
            words = json.loads(self.pnl.read_bytes())
            amount = None if words["amount"] is None else Decimal(words["amount"])
            found = DayPnl(amount, dt.datetime.fromisoformat(words["at"]))
        except (OSError, ValueError, KeyError, TypeError, ArithmeticError):
            return None
        is_good = found.at.tzinfo is not None and (amount is None or amount.is_finite())
        return found if is_good else None


def _counted_on(stamps: list[float], now: float, limit: int) -> tuple[float, list[float]]:
    """How long to wait, and the stamps to keep, the new one among them when there is nothing to wait for."""
    # Twice the minute: somebody who asked for the time a little earlier still has to find what counts for him.
    kept = [stamp for stamp in stamps if now - 2 * MINUTE < stamp < now + MINUTE]
    wait = seconds_to_turn(kept, now, limit)
    return wait, kept if wait else [*kept, now]


def _stamps_in(content: bytes) -> list[float] | None:
    if len(content) % _STAMP.size:
        return None
    return [stamp for (stamp,) in _STAMP.iter_unpack(content)]


def _all_of(handle: int) -> bytes:
    content = b""
    while part := os.read(handle, 65_536):
        content += part
    return content


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[int]:
    """The file *path*, open for reading and writing and held by nobody else; `TimeoutError` when somebody keeps it."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, flags, 0o600)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _try_hold(handle):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.002)
        yield handle
    finally:
        os.close(handle)  # which lets go of it too


if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30
    """A byte beyond all stamps: Windows lets nobody read what is locked."""

    def _try_hold(handle: int) -> bool:
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _try_hold(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
