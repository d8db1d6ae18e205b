"""One small record in a file, read and written by many processes in turns, that tells when it is not whole."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

from attrs import define, field

from jainam.adapters.os_locks import try_lock, unlock

__all__ = ["Vanished", "WholeRecord", "body_of", "whole"]

_TRIES = 20
_READ_AT_ONCE = 16384
_HEAD = struct.Struct("<8sII")  # a mark, and the length and the checksum of what follows
_MARK = b"jainam1\n"
_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_encode = json.JSONEncoder(separators=(",", ":")).encode


def whole(body: dict[str, Any]) -> bytes:
    """*body* as bytes that tell when they are not all there."""
    text = _encode(body).encode()
    return _HEAD.pack(_MARK, len(text), zlib.crc32(text)) + text


def body_of(content: bytes) -> dict[str, Any] | None:
    """The body that *content* begins with; ``None`` when it was not written whole, or by somebody else."""
    if len(content) < _HEAD.size:
        return None
    mark, length, checksum = _HEAD.unpack_from(content)
    text = content[_HEAD.size : _HEAD.size + length]
    if mark != _MARK or len(text) != length or zlib.crc32(text) != checksum:
        return None
    body: dict[str, Any] = json.loads(text)
    return body


class Vanished(OSError):
    """The file we had open was taken away, or closed over our head; there may be another one in its place."""


@define(eq=False)
class WholeRecord:
    """The record at *path*, which is *first* where there was none; every method but `close` may raise `OSError`.

    A killed process leaves it unlocked, and as it was, as it should be, or visibly in between.
    """

    path: Path
    first: bytes = field(repr=False)
    _handle: int | None = field(default=None, init=False)
    _identity: tuple[int, int] = field(default=(0, 0), init=False, repr=False)

    def open(self) -> None:
        """Have the file open, made beforehand if it is missing: nobody ever sees it empty."""
        if self._handle is not None:
            return
        try:
            self._handle = os.open(self.path, _FLAGS)
        except FileNotFoundError:
            self._make()
            self._handle = os.open(self.path, _FLAGS)
        status = os.fstat(self._handle)
        self._identity = status.st_dev, status.st_ino

    def try_lock(self) -> bool:
        """Have the file for us alone until `unlock`; ``False`` when somebody else has it and does not let go soon."""
        self.open()
        handle = self._handle
        assert handle is not None
        try:
            status = os.fstat(handle)
            is_ours = (status.st_dev, status.st_ino) == self._identity
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
            is_ours = False
        if not is_ours:
            self._handle = None  # it was closed, and its number may be another file's: not ours to touch
            raise Vanished
        if not status.st_nlink:
            self.close()
            raise Vanished
        return any(try_lock(handle) for _ in range(_TRIES))

    def unlock(self) -> None:
        """Let others have the file; a file that was closed meanwhile is unlocked already."""
        if self._handle is not None:
            unlock(self._handle)

    def read(self) -> bytes:
        """What the file holds: the record, and maybe remains of a longer one behind it."""
        assert self._handle is not None
        os.lseek(self._handle, 0, os.SEEK_SET)
        content = os.read(self._handle, _READ_AT_ONCE)
        while len(content) % _READ_AT_ONCE == 0 and (more := os.read(self._handle, _READ_AT_ONCE)):
            content += more
        return content

    def write(self, content: bytes) -> None:
        """Put the record *content* in the place of the one before."""
        assert self._handle is not None
        os.lseek(self._handle, 0, os.SEEK_SET)
        if os.write(self._handle, content) != len(content):
            raise OSError("the record was not written whole")

    def close(self) -> None:
        """Close the file, which unlocks it."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                os.close(handle)

    def _make(self) -> None:
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".jainam-")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.first)
            with contextlib.suppress(FileExistsError):  # somebody else was faster
                os.link(name, self.path)
        finally:
            os.unlink(name)
