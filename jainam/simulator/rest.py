"""The whole exchange as one pure function: a request in, an answer or a dropped connection out."""

from threading import RLock

from attrs import define, evolve, field

from jainam.simulator import interactive_orders, interactive_portfolio, interactive_user, market_data
from jainam.simulator.answers import (
    GATEWAY_TITLES,
    Dropped,
    Outcome,
    Request,
    Response,
    Seen,
    express,
    failure,
    nginx,
    rate_limited,
)
from jainam.simulator.calls import Call, Route, body_of
from jainam.simulator.checks import Refused
from jainam.simulator.clock import Clock, ManualClock, opening
from jainam.simulator.control import ROOT as CONTROL_ROOT
from jainam.simulator.control import Control
from jainam.simulator.faults import FaultRule, Faults, normal
from jainam.simulator.lag import NO_LAG, Lag
from jainam.simulator.limits import ROOT as INTERACTIVE_ROOT
from jainam.simulator.sessions import BAD_TOKEN_CODES, INTERACTIVE, MARKET, Session
from jainam.simulator.settings import SimulatorSettings
from jainam.simulator.world import World

CLUSTER_ROOT = "/1interactive"
LOOKUP_PATH = "/hostlookup"
INTERACTIVE_ROUTES = interactive_user.ROUTES | interactive_orders.ROUTES | interactive_portfolio.ROUTES
CLUSTER_ROUTES = INTERACTIVE_ROUTES | {("POST", "/user/session"): interactive_user.LOGIN_AFTER_LOOKUP}


@define
class Rest:
    """Answers requests, one at a time, and remembers every one that arrived."""

    settings: SimulatorSettings = field(factory=SimulatorSettings)
    # Without a clock it is a quarter past ten on the trading date, and stays so.
    clock: Clock = field()
    faults: Faults = field(factory=Faults, init=False)
    requests: list[Seen] = field(factory=list, init=False)
    world: World = field(init=False)
    _turn: RLock = field(factory=RLock, init=False, repr=False)

    @clock.default
    def _(self) -> Clock:
        day = self.settings.trading_date
        return ManualClock() if day is None else ManualClock(opening(day))

    def __attrs_post_init__(self) -> None:
        self.world = World.of(self.settings, self.clock)

    def reset(self, keep_sessions: bool = True) -> None:
        """Begin anew, with nobody's orders, faults or counts."""
        with self._turn:
            self.faults.clear()
            self.requests.clear()
            self.world = World.of(self.settings, self.clock, self.world.sessions if keep_sessions else None)

    def count(self, method: str, path: str) -> int:
        """Return how many requests with *method* arrived at *path*, dropped ones among them."""
        wanted = normal(path)
        return sum(1 for seen in self.requests if seen.method == method.upper() and normal(seen.path) == wanted)

    def handle(self, request: Request) -> Outcome:
        """Answer one request, or say that its connection closes without an answer."""
        with self._turn:
            path = normal(request.path)
            if path == CONTROL_ROOT or path.startswith(f"{CONTROL_ROOT}/"):
                return Control(self).handle(request, path)
            query = "&".join(f"{name}={value}" for name, value in request.query.items())
            shown = request.body.decode("utf-8", "replace") or query
            self.requests.append(Seen(request.method.upper(), request.path, shown))
            delay, rule = self.faults.striking(request)
            if rule is None or rule.kind == "lag":
                lag = NO_LAG if rule is None else Lag(rule.seconds, rule.reads)
                return evolve(self._answer(request, path, lag), delay=delay)
            return self._spoiled(rule, request, path, delay)

    def _spoiled(self, rule: FaultRule, request: Request, path: str, delay: float) -> Outcome:
        answer = self._answer(request, path) if rule.is_applied else None
        modes = self.world.modes
        match rule.kind:
            case "lose_request" | "lose_answer":
                return Dropped(applied=rule.is_applied, delay=delay)
            case "gateway":
                status = rule.status or 502
                spoiled = nginx(status, GATEWAY_TITLES.get(status, "Gateway Error"))
            case "malformed":
                body = answer.body if answer is not None else b'{"type":"success"}'
                spoiled = Response(status=rule.status or 200, body=body[: len(body) // 2])
            case "rate_limit":
                spoiled = failure(rate_limited(rule.status or modes.rate_limit_status), modes.wrapped_errors)
            case "expired_token":
                kind = INTERACTIVE if "interactive" in path else MARKET
                status = rule.status or modes.auth_failure_status
                spoiled = failure(Refused(BAD_TOKEN_CODES[kind], "Invalid Token", status), modes.wrapped_errors)
            case _:
                status = 200 if rule.kind == "error_200" else rule.status or 400
                spoiled = failure(Refused(rule.code, rule.description, status), modes.wrapped_errors)
        return evolve(spoiled, delay=delay)

    def _answer(self, request: Request, path: str, lag: Lag = NO_LAG) -> Response:
        found = self._root_of(path)
        if found is None:
            return nginx(404, "Not Found")
        kind, root, routes = found
        inner = path.removeprefix(root)
        route = routes.get((request.method.upper(), inner))
        if route is None:
            return express(404, f"Cannot {request.method.upper()} {request.path}")
        try:
            return self._called(route, kind, inner, request, lag)
        except Refused as refused:
            return failure(refused, self.world.modes.wrapped_errors)

    def _root_of(self, path: str) -> tuple[str, str, dict[tuple[str, str], Route]] | None:
        roots: list[tuple[str, str, dict[tuple[str, str], Route]]] = [
            (INTERACTIVE, INTERACTIVE_ROOT, INTERACTIVE_ROUTES)
        ]
        if self.settings.hostlookup:
            roots.append((INTERACTIVE, CLUSTER_ROOT, CLUSTER_ROUTES))
            roots.append((INTERACTIVE, LOOKUP_PATH, {("POST", ""): interactive_user.LOOKUP}))
        roots += [(MARKET, normal(root), market_data.ROUTES) for root in self.settings.market_data_roots]
        return next((each for each in roots if path == each[1] or path.startswith(f"{each[1]}/")), None)

    def _called(self, route: Route, kind: str, inner: str, request: Request, lag: Lag) -> Response:
        world = self.world
        session: Session | None = None
        if route.needs_token:
            token = request.headers.get("authorization")
            session = world.sessions.session(kind, token, world.modes.auth_failure_status)
        if world.modes.rate_limits and kind == INTERACTIVE:
            history = request.method == "GET" and "appOrderID" in request.query
            passes = world.windows.admits(
                world.settings.user_id, request.method, INTERACTIVE_ROOT + inner, history, self.clock.monotonic()
            )
            if not passes:
                raise rate_limited(world.modes.rate_limit_status)
        return route.handle(Call(world, request, body_of(request), session, lag))
