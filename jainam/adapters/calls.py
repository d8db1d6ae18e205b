"""One call to the broker, as far as both runners share it: encode, rehearse, guard, write down, decode."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeGuard, TypeVar

from attrs import define, field

from jainam.adapters.guard import Guard
from jainam.adapters.local import log
from jainam.adapters.record import Record
from jainam.adapters.turns import turn_lost
from jainam.domain.errors import JainamError, OutcomeUnknown, RateLimited, Rehearsed
from jainam.domain.pacing import LimitRefused
from jainam.domain.sessions import Session
from jainam.domain.steps import BrokerStep, CancelOrder, Step
from jainam.ports.codec import Codec
from jainam.ports.locks import Hold
from jainam.ports.sessions import Sessions
from jainam.ports.transport import HttpRequest, HttpResponse

__all__ = ["Calls", "in_flight", "leaves_in_doubt"]

T = TypeVar("T")

_is_logged = log.isEnabledFor


def _ignore(event: object) -> None:
    """Nobody wants to know."""


@define(eq=False)
class Calls:
    """Steps become requests and answers become values; in a rehearsal, nothing that moves an order gets further.

    *tell* hears of calls that the broker refused for their rate, since the pace was kept as far as we know it.
    """

    codec: Codec
    sessions: Sessions
    rehearse: bool = False
    record: Record = field(factory=Record)
    guard: Guard | None = None
    tell: Callable[[object], None] = _ignore

    def prepare(self, step: BrokerStep[Any]) -> tuple[HttpRequest, Session | None]:
        """The request of *step* and the session it goes out under; raises `Rehearsed` in its place in a rehearsal."""
        session = self.sessions.current(step.session_api)
        request = self.codec.encode(step, session)
        if self.rehearse and step.moves_an_order:
            raise Rehearsed(self.codec.describe(request))
        if _is_logged(logging.DEBUG):
            log.debug("%s -> %s", step, self.codec.describe(request))
        return request, session

    def read(self, step: BrokerStep[T], response: HttpResponse, session: Session | None) -> T:
        """The answer to *step*; what breaks the reader itself leaves an order in doubt, so that it is looked up."""
        try:
            answer = self.codec.decode(step, response, session)
        except RateLimited:
            self.tell(LimitRefused(self.codec.windows(step)))
            raise
        except JainamError:
            raise
        except Exception as error:
            if not step.moves_an_order:
                raise
            # Without the error it came from, which may quote the answer.
            raise OutcomeUnknown(f"its answer could not be read ({type(error).__name__})") from None
        if _is_logged(logging.DEBUG):
            log.debug("%s <- HTTP %d, %d bytes", type(step).__name__, response.status, len(response.body))
        return answer

    def leaving(self, step: BrokerStep[Any], turn: Hold | None = None) -> bool:
        """Ask the guard, and write down what is meant; raises `Halted`, and then nothing may leave (X1, X10).

        *turn* is the one that an order was decided in: raises `TurnLost` when another machine may have had it since.
        True when the writing had to wait for a disk or a network.
        """
        if self.guard is not None:
            self.guard.admit(step, self.record.now)
        has_waited = self.record.meant(step)
        if turn is not None and not isinstance(step, CancelOrder) and not turn.is_kept():
            lost = turn_lost()
            self.record.ended(step, lost)
            raise lost
        return has_waited


def leaves_in_doubt(step: Step[Any], error: JainamError | None) -> TypeGuard[BrokerStep[Any]]:
    """True when only the books can tell what became of *step* after *error*, so that it is being looked up."""
    is_lost = isinstance(error, OutcomeUnknown) or (isinstance(error, RateLimited) and not error.of_login)
    return is_lost and isinstance(step, BrokerStep) and step.moves_an_order


def in_flight(step: BrokerStep[Any], stop: BaseException) -> str:
    """Note on *stop*, and in the log, which order was in flight when the program was told to stop; return the words."""
    which = getattr(step, "tag", None) or getattr(step, "order_id", None)
    words = f"{type(step).__name__} {which} was in flight; look it up before sending anything again"
    stop.add_note(words)
    log.warning(words)
    return words
