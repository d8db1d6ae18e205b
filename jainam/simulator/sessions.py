"""Logins and the tokens they give: many for orders, one at a time for market data."""

import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from attrs import define, field

from jainam.simulator.checks import Refused
from jainam.simulator.clock import Clock
from jainam.simulator.instruments import Key

INTERACTIVE, MARKET = "INTERACTIVE", "MARKETDATA"
LIFETIME = timedelta(hours=24)
BAD_TOKEN_CODES = {INTERACTIVE: "e-token-0001", MARKET: "e-session-0007"}


@define
class Session:
    """One login, with the subscriptions that live as long as it does."""

    token: str = field(repr=False)
    kind: str
    since: datetime
    subscriptions: set[tuple[Key, int]] = field(factory=set)


def _part(value: dict[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


@define
class Sessions:
    """Every login in force."""

    clock: Clock
    _by_token: dict[str, Session] = field(factory=dict, init=False)
    _issued: int = field(default=0, init=False)
    _unique_keys: set[str] = field(factory=set, init=False)
    _looked_up: int = field(default=0, init=False)

    def login(self, kind: str, user_id: str, app_key: str) -> Session:
        """Open a session; one for market data ends the one before it."""
        if kind == MARKET:
            for old in [session for session in self._by_token.values() if session.kind == MARKET]:
                del self._by_token[old.token]
        self._issued += 1
        now = self.clock.now()
        issued_at = int(now.timestamp())
        # The appKey can be read from the token, as it can from a real one (XTS protocol reference 2.1).
        payload: dict[str, object] = {
            "userID": f"{user_id}_{kind}",
            "publicKey": app_key,
            "iat": issued_at,
            "exp": issued_at + int(LIFETIME.total_seconds()),
        }
        token = f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(payload)}.simulated{self._issued:06d}"
        session = self._by_token[token] = Session(token, kind, now)
        return session

    def session(self, kind: str, token: str | None, status: int) -> Session:
        """Return the session a request belongs to, or refuse with *status*."""
        if not token:
            raise Refused("e-token-0002", "Please Provide token to Authenticate", status)
        session = self._by_token.get(token)
        if session is None or session.kind != kind:
            raise Refused(BAD_TOKEN_CODES[kind], "Invalid Token", status)
        if self.clock.now() >= session.since + LIFETIME:
            raise Refused("e-session-0005", "Your session has been expired", status)
        return session

    def logout(self, session: Session) -> None:
        """End one session."""
        self._by_token.pop(session.token, None)

    def expire(self, kind: str | None = None) -> int:
        """End every session, or those of one kind; return how many there were."""
        ended = [token for token, session in self._by_token.items() if kind in (None, session.kind)]
        for token in ended:
            del self._by_token[token]
        return len(ended)

    def new_unique_key(self) -> str:
        """Return a key for one login after a host look-up."""
        self._looked_up += 1
        key = f"SIMUNIQUEKEY{self._looked_up:04d}"
        self._unique_keys.add(key)
        return key

    def spend_unique_key(self, key: str) -> bool:
        """Tell whether *key* was good; it is not from now on."""
        known = key in self._unique_keys
        self._unique_keys.discard(key)
        return known
