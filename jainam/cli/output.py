"""Where a command's words go: one JSON document or tables on stdout, everything else on stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from attrs import frozen
from rich.console import Console, RenderableType
from rich.text import Text

from jainam.cli.failures import Failure

__all__ = ["Output", "logging_to_stderr", "write_document"]

WIDE = 200
"""Columns of a table that goes to a file or a pipe, where nothing has to fit a window."""


def _console(stream: TextIO) -> Console:
    fits_window = stream.isatty() or "COLUMNS" in os.environ
    return Console(file=stream, width=None if fits_window else WIDE, highlight=False, emoji=False)


@frozen
class Output:
    """What a command says; *as_json* turns tables into one document and silences the rest."""

    as_json: bool
    debug: bool
    stdout: Console
    stderr: Console

    @classmethod
    def open(cls, *, as_json: bool = False, debug: bool = False) -> Output:
        """The output of a command that starts now."""
        return cls(as_json, debug, _console(sys.stdout), _console(sys.stderr))

    def show(self, data: Any, *views: RenderableType) -> None:
        """Print *data* as the document of a success, or the *views* of it for people."""
        if self.as_json:
            write_document({"status": "success", "data": data})
            return
        for view in views:
            self.say(view)

    def rehearsed(self, requests: list[str]) -> None:
        """Print the requests that would have gone out."""
        view = ["Nothing was sent. What would go out:", *requests] if requests else ["Nothing would be sent."]
        self.show({"rehearsed": True, "requests": requests}, *view)

    def say(self, view: RenderableType) -> None:
        """Print one thing for people; text as it is, with no markup in it and no line broken."""
        if isinstance(view, str):
            view = Text(view)
        self.stdout.print(view, soft_wrap=isinstance(view, Text))

    def note(self, words: str) -> None:
        """Print a remark beside the result."""
        self.stderr.print(Text(words), soft_wrap=True)

    def fail(self, failure: Failure) -> None:
        """Say what went wrong."""
        if self.as_json:
            write_document(failure.document())
            return
        first, *rest = failure.lines()
        self.stderr.print(Text(first, style="bold red"), soft_wrap=True)
        for line in rest:
            self.stderr.print(Text(line), soft_wrap=True)


def write_document(document: dict[str, Any]) -> None:
    """Print *document* as the only thing on stdout; indented for a person, on one line for a program."""
    indent = 2 if sys.stdout.isatty() else None
    print(json.dumps(document, ensure_ascii=False, indent=indent, default=str), flush=True)


@contextmanager
def logging_to_stderr(verbosity: int) -> Iterator[None]:
    """Let the library's log lines show: none, what happens (1), or every call with its secrets replaced (2)."""
    logger = logging.getLogger("jainam")
    before = logger.level
    handler: logging.Handler = logging.NullHandler()  # without one, Python prints warnings by itself
    if verbosity:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
        logger.setLevel(logging.INFO if verbosity == 1 else logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
