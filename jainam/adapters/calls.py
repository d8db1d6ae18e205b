"""One call to the broker, as far as both runners share it: encode, rehearse, name what is in flight, decode."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from attrs import define

from jainam.adapters.local import log
from jainam.domain.errors import JainamError, OutcomeUnknown, Rehearsed
from jainam.domain.sessions import Session
from jainam.domain.steps import BrokerStep
from jainam.ports.codec import Codec
from jainam.ports.sessions import Sessions
from jainam.ports.transport import HttpRequest, HttpResponse

__all__ = ["Calls", "in_flight"]

T = TypeVar("T")


@define(eq=False)
class Calls:
    """Steps become requests and answers become values; in a rehearsal, nothing that moves an order gets further."""

    codec: Codec
    sessions: Sessions
    rehearse: bool = False

    def prepare(self, step: BrokerStep[Any]) -> tuple[HttpRequest, Session | None]:
        """The request of *step* and the session it goes out under; raises `Rehearsed` in its place in a rehearsal."""
        session = self.sessions.current(step.session_api)
        request = self.codec.encode(step, session)
        if self.rehearse and step.moves_an_order:
            raise Rehearsed(self.codec.describe(request))
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s -> %s", step, self.codec.describe(request))
        return request, session

    def read(self, step: BrokerStep[T], response: HttpResponse, session: Session | None) -> T:
        """The answer to *step*; what breaks the reader itself leaves an order in doubt, so that it is looked up."""
        try:
            answer = self.codec.decode(step, response, session)
        except JainamError:
            raise
        except Exception as error:
            if not step.moves_an_order:
                raise
            # Without the error it came from, which may quote the answer.
            raise OutcomeUnknown(f"its answer could not be read ({type(error).__name__})") from None
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s <- HTTP %d, %d bytes", type(step).__name__, response.status, len(response.body))
        return answer


def in_flight(step: BrokerStep[Any], stop: BaseException) -> str:
    """Note on *stop*, and in the log, which order was in flight when the program was told to stop; return the words."""
    which = getattr(step, "tag", None) or getattr(step, "order_id", None)
    words = f"{type(step).__name__} {which} was in flight; look it up before sending anything again"
    stop.add_note(words)
    log.warning(words)
    return words
