"""Steps into XTS requests, XTS answers into values: the table, the faults and the session's rules put together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

from attrs import field, frozen

from jainam.adapters.xts.credentials import Caller, Credentials, client_named
from jainam.adapters.xts.endpoints import ENDPOINTS, Endpoint, endpoint_of
from jainam.adapters.xts.envelope import is_error, is_success, open_envelope
from jainam.adapters.xts.faults import Refusal, error_of, is_nothing_there, page_error
from jainam.adapters.xts.orders import quoted
from jainam.adapters.xts.profile import BrokerProfile
from jainam.adapters.xts.redaction import described
from jainam.adapters.xts.segments import segment_of
from jainam.domain.errors import JainamError, LoginExpired, OutcomeUnknown, UnexpectedReply
from jainam.domain.login import Access
from jainam.domain.pacing import Window
from jainam.domain.sessions import Session
from jainam.domain.steps import BrokerStep, Login, ModifyOrder, PlaceOrder
from jainam.domain.vocabulary import Exchange
from jainam.ports.transport import HttpRequest, HttpResponse

__all__ = ["XtsCodec"]

T = TypeVar("T")

_line_of = ENDPOINTS.get
"""One call less than `endpoint_of`, which knows the calls of a session too."""

_WITH_SEGMENT = (PlaceOrder, ModifyOrder)
"""The calls that also count against the limit of an exchange segment; a cancellation does not name one."""

ORDER_CALLS = ("place order", "modify order", "cancel order")
"""The limits that the exchange's own limit and the gap stand beside; a cancellation does not know its segment."""


@lru_cache(maxsize=64)
def _client_field(client_id: str) -> str:
    return f',"clientID":{quoted(client_id)}'


@lru_cache(maxsize=64)
def _client_parameter(client_id: str) -> str:
    return f"clientID={quote(client_id, safe='')}"


def _roots(given: str | None, usual: tuple[str, ...]) -> tuple[str, ...]:
    return usual if not given else ("/" + given.strip("/"),)


@frozen(kw_only=True)
class XtsCodec:
    """The `Codec` of XTS brokers (`jainam.ports.codec`).

    *profile* says which broker it is; *base_url*, *market_data_root* and *source* override it. *client_id* is for
    whom a dealer acts (`pro` or ``*****`` for the desk's own book); an investor's is never sent. *call_gap* is the
    least number of seconds between two calls that move orders (NFR7).
    """

    profile: BrokerProfile
    credentials: Credentials = field(repr=False)
    base_url: str | None = None
    client_id: str | None = None
    call_gap: float = 0.1
    market_data_root: str | None = None
    source: str | None = None
    access: Access = field(init=False, repr=False)
    _base: str = field(init=False, repr=False)
    _caller: Caller = field(init=False, repr=False)
    _windows: Mapping[str, tuple[Window, ...]] = field(init=False, repr=False, eq=False)
    _segment_windows: Mapping[type, Mapping[Exchange, tuple[Window, ...]]] = field(init=False, repr=False, eq=False)

    @access.default
    def _access(self) -> Access:
        return Access(
            interactive=self.profile.interactive_roots,
            market_data=_roots(self.market_data_root, self.profile.market_data_roots),
        )

    @_base.default
    def _default_base(self) -> str:
        return (self.base_url or self.profile.base_url).rstrip("/")  # one broker's ends in a slash (trap 27)

    @_caller.default
    def _default_caller(self) -> Caller:
        return Caller(
            credentials=self.credentials,
            client_id=client_named(self.client_id),
            source=self.source or self.profile.source,
            positions_mode=self.profile.positions_mode,
        )

    @_windows.default
    def _all_windows(self) -> Mapping[str, tuple[Window, ...]]:
        return {
            name: (*windows, *self._gap()) if name in ORDER_CALLS else windows
            for name, windows in self.profile.limits.items()
        }

    def _gap(self) -> tuple[Window, ...]:
        return (Window("order calls", 1, self.call_gap),) if self.call_gap > 0 else ()

    @_segment_windows.default
    def _windows_of_segments(self) -> Mapping[type, Mapping[Exchange, tuple[Window, ...]]]:
        of_each = (Window("orders", self.profile.orders_per_second, 1), *self.profile.segment_limits)
        segments = {
            exchange: tuple(
                Window(f"{window.name} {segment_of(exchange)}", window.calls, window.seconds) for window in of_each
            )
            for exchange in Exchange
        }
        return {
            kind: {exchange: (*windows, *segment, *self._gap()) for exchange, segment in segments.items()}
            for kind, endpoint in ENDPOINTS.items()
            if issubclass(kind, _WITH_SEGMENT) and (windows := self.profile.limits.get(endpoint.window))
        }

    def encode(self, step: BrokerStep[Any], session: Session | None) -> HttpRequest:
        """The request for *step* under *session*.

        Raises `LoginExpired` without a session, `NotConfigured` for a dealer without a client, and `InvalidOrder` for
        an order number that is none.
        """
        endpoint = _line_of(type(step)) or endpoint_of(step)
        if isinstance(step, Login):
            return self._request(endpoint, step.root + endpoint.path, endpoint.writes(step, self._caller), {})
        if session is None:
            raise LoginExpired("not logged in")
        fields = endpoint.writes(step, self._caller)
        headers = {"authorization": session.token}  # the bare token, no "Bearer" (protocol 2.3)
        if session.is_investor or not endpoint.names_client:
            return self._request(endpoint, session.root + endpoint.path, fields, headers)
        # Never the client of the session, which may have been made for another of the same login.
        client_id = self._caller.client_id or self._caller.client_for(session.client_codes)
        if endpoint.has_body:
            fields += _client_field(client_id)
        else:
            fields = f"{fields}{'&' if fields else ''}{_client_parameter(client_id)}"
        return self._request(endpoint, session.root + endpoint.dealer_path, fields, headers)

    def _request(self, endpoint: Endpoint, path: str, fields: str, headers: dict[str, str]) -> HttpRequest:
        if endpoint.has_body:
            headers["content-type"] = "application/json"
            return HttpRequest(endpoint.method, self._base + path, headers, f"{{{fields}}}".encode())
        query = f"?{fields}" if fields else ""
        return HttpRequest(endpoint.method, f"{self._base}{path}{query}", headers)

    def decode(self, step: BrokerStep[T], response: HttpResponse, session: Session | None) -> T:
        """The answer to *step*, or the error it amounts to; `LoginExpired` names the *session* that was refused."""
        envelope = open_envelope(response.body)
        endpoint = _line_of(type(step)) or endpoint_of(step)
        if envelope is None:
            raise self._named(
                page_error(step, response, self._path(endpoint, step, session), self._secrets(session)), session
            )
        if is_success(envelope) and (response.status < 500 or not step.moves_an_order):
            try:
                reader = self._caller if endpoint.has_body else self._reader(endpoint, session)
                answer: T = endpoint.reads(step, envelope.get("result"), reader)
                return answer
            except UnexpectedReply as error:
                if step.moves_an_order:
                    raise OutcomeUnknown(str(error)) from error
                raise
        if step.moves_an_order and not is_error(envelope):
            raise OutcomeUnknown(f"HTTP {response.status}: an answer that says neither yes nor no")
        refusal = Refusal.read(envelope, self._secrets(session))
        # A server that fails, or wants a login, says nothing about a book, whatever its words (D3).
        speaks = response.status < 500 and response.status not in (401, 403)
        if speaks and is_nothing_there(refusal, endpoint.empty) and self._asked_rightly(session):
            nothing: T = endpoint.reads(step, None, self._caller)
            return nothing
        raise self._named(error_of(step, response.status, refusal), session)

    def _reader(self, endpoint: Endpoint, session: Session | None) -> Caller:
        """Who reads the answer of *endpoint*: for a book, somebody who can tell the login's clients apart."""
        if session is None or session.is_investor or not endpoint.names_client:
            return self._caller
        return self._caller.among(session.client_codes)

    def _named(self, error: JainamError, session: Session | None) -> JainamError:
        """*error*, which names the *session* when that is what was refused."""
        if isinstance(error, LoginExpired):
            error.used = session
        return error

    def _asked_rightly(self, session: Session | None) -> bool:
        """True when the call went where this account's book is; elsewhere "nothing there" means nothing (style 5)."""
        return session is not None and (session.is_investor or bool(self._caller.client_id))

    def _path(self, endpoint: Endpoint, step: BrokerStep[Any], session: Session | None) -> str:
        if isinstance(step, Login):
            return f"{endpoint.method} {step.root}{endpoint.path}"
        if session is None:
            return f"{endpoint.method} {endpoint.path}"
        path = endpoint.path if session.is_investor else endpoint.dealer_path
        return f"{endpoint.method} {session.root}{path}"

    def _secrets(self, session: Session | None) -> tuple[str, ...]:
        ours = self.credentials.secrets
        return ours if session is None else (*ours, session.token)

    def windows(self, step: BrokerStep[Any]) -> tuple[Window, ...]:
        """The limits that *step* counts against: its endpoint's, its exchange segment's, and the gap (D16)."""
        segments = self._segment_windows.get(type(step))
        if segments is not None:
            exchange: Exchange = step.order.instrument.exchange  # type: ignore[attr-defined]
            return segments[exchange]
        return self._windows.get(endpoint_of(step).window, ())

    def describe(self, request: HttpRequest) -> str:
        """The request for people: method, path and body, with every secret replaced."""
        return described(request, self.credentials.secrets)
