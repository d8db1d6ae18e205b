"""What a lock is called where names are short: a file's name, or a number of 64 bits."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache

__all__ = ["file_name", "number"]

_READABLE = 60


@lru_cache(maxsize=1024)
def file_name(key: tuple[str, ...]) -> str:
    """A name for the lock *key* that every file system takes: to be read by people, and one of its own by its end.

    >>> file_name(("smart", "jainam_prop", "NFO", "NIFTY27JAN26FUT"))
    'smart-jainam_prop-NFO-NIFTY27JAN26FUT.8c1adf70541aef8a.lock'
    """
    words = re.sub(r"[^A-Za-z0-9_-]+", "_", "-".join(key))[:_READABLE]
    return f"{words}.{_digest(key).hex()}.lock"


@lru_cache(maxsize=1024)
def number(key: tuple[str, ...]) -> int:
    """The lock *key* as a signed number of 64 bits, as PostgreSQL names its advisory locks."""
    return int.from_bytes(_digest(key), "big", signed=True)


def _digest(key: tuple[str, ...]) -> bytes:
    return hashlib.blake2b(json.dumps(key).encode(), digest_size=8, person=b"jainam locks").digest()
