"""The steps this machine answers by itself, the same for both runners."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from attrs import define, field

from jainam.domain.orders import OrderTag
from jainam.domain.steps import (
    FindContract,
    ForgetSession,
    KeepSession,
    KnownSession,
    NameContracts,
    NewTag,
    ReplaceContracts,
    Step,
    Tell,
    Waits,
)
from jainam.ports.contracts import Contracts
from jainam.ports.sessions import Sessions

__all__ = ["LocalAnswers", "log"]

log = logging.getLogger("jainam")


@define(eq=False)
class LocalAnswers:
    """What can be said without asking the broker: contracts, sessions, tags, and how patient to be.

    *answers* has a function for each kind of step; *listen* is called with every event that a flow tells of, beside
    the log line it becomes.
    """

    contracts: Contracts
    sessions: Sessions
    tags: Callable[[], OrderTag]
    waits: tuple[float, ...]
    listen: Callable[[object], None] | None = None
    answers: dict[type[Step[Any]], Callable[[Any], Any]] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.answers = {
            FindContract: lambda step: self.contracts.find(step.key),
            NewTag: lambda step: self.tags(),
            Waits: lambda step: self.waits,
            NameContracts: lambda step: self.contracts.named(step.refs),
            ReplaceContracts: lambda step: self.contracts.replace_all(step.contracts),
            KnownSession: lambda step: self.sessions.latest(step.api),
            KeepSession: lambda step: self.sessions.keep(step.session),
            ForgetSession: lambda step: self.sessions.forget(step.api),
            Tell: self._tell,
        }

    def _tell(self, step: Tell) -> None:
        level = logging.WARNING if isinstance(step.event, Exception) else logging.INFO
        log.log(level, "%s", step.event)
        if self.listen is not None:
            self.listen(step.event)
