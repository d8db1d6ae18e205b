"""Why an installer leaves a tree as it is."""

from __future__ import annotations

from collections.abc import Iterable

from jainam.domain.errors import JainamError

__all__ = ["NotUnderstood", "Refused"]


class Refused(JainamError):
    """Nothing was changed; *problems* lists every reason, *hint* says what helps."""

    def __init__(self, problems: Iterable[str], hint: str) -> None:
        self.problems = tuple(problems)
        self.hint = hint
        super().__init__("; ".join(self.problems))


class NotUnderstood(Exception):
    """A file does not look like any that we know how to change."""
