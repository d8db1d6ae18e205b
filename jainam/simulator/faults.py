"""A script of things that go wrong, each for the requests it is meant for."""

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import asdict, define, field, fields_dict, frozen
from attrs.validators import ge, in_, instance_of, optional

from jainam.simulator.answers import Request
from jainam.simulator.wire import compact

KINDS = (
    "delay",
    "refuse",
    "lose_request",
    "lose_answer",
    "gateway",
    "rate_limit",
    "expired_token",
    "malformed",
    "error_200",
    "lag",
)
# Kinds in which the request does what it asks for, though its answer goes astray.
APPLIED = frozenset({"delay", "lose_answer", "malformed", "lag"})


def single_slashes(path: str) -> str:
    """Return *path* with no doubled slash, which servers tolerate."""
    while "//" in path:
        path = path.replace("//", "/")
    return path


def normal(path: str) -> str:
    """Return *path* as routes are compared: no doubled slash, none at the end, case ignored."""
    return single_slashes(path).rstrip("/").casefold()


def _capitals(method: str | None) -> str | None:
    return None if method is None else str(method).upper()


@frozen(kw_only=True)
class FaultRule:
    """One thing that goes wrong, with some requests, some number of times."""

    kind: str = field(validator=in_(KINDS))
    # None: any method, any path. A path ending in * stands for every path that begins so.
    method: str | None = field(default=None, converter=_capitals)
    path: str | None = field(default=None, validator=optional(instance_of(str)))
    # A text that must be in the body (its JSON without blanks) or in the query (name=value&name=value).
    contains: str | None = field(default=None, validator=optional(instance_of(str)))
    times: int = field(default=1, validator=[instance_of(int), ge(1)])
    skip: int = field(default=0, validator=[instance_of(int), ge(0)])
    # How long the answer takes; for a lag, how long ago the book was as it is shown.
    seconds: float = field(default=0.0, converter=float, validator=ge(0))
    # For a lag: how many reads of the same book ago it was as it is shown.
    reads: int = field(default=0, validator=[instance_of(int), ge(0)])
    status: int | None = field(default=None, validator=optional(instance_of(int)))
    code: str = "e-orders-0007"
    description: str = "Refused by the exchange"
    # Whether the request takes effect all the same; None leaves it to the kind.
    applied: bool | None = None

    @property
    def is_applied(self) -> bool:
        """Tell whether the request takes effect although its answer goes wrong."""
        return self.kind in APPLIED if self.applied is None else self.applied

    def concerns(self, request: Request) -> bool:
        """Tell whether *request* is one of those it is meant for."""
        if self.method is not None and request.method.upper() != self.method:
            return False
        return self._at(normal(request.path)) and (self.contains is None or self._within(request, self.contains))

    def _at(self, path: str) -> bool:
        if self.path is None:
            return True
        if self.path.endswith("*"):
            return path.startswith(normal(self.path[:-1]))
        return path == normal(self.path)

    @staticmethod
    def _within(request: Request, wanted: str) -> bool:
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        tight = wanted.replace(": ", ":").replace(", ", ",")
        return tight in compact(request.body) or wanted in query


def rule_from(given: Mapping[str, Any]) -> FaultRule:
    """Read a rule from JSON; an unknown name or value is a ValueError that lists the known ones."""
    unknown = sorted(given.keys() - fields_dict(FaultRule).keys())
    if unknown or "kind" not in given:
        wrong = f"no such field: {', '.join(unknown)}" if unknown else "a fault needs a kind"
        raise ValueError(f"{wrong}; fields are {', '.join(fields_dict(FaultRule))}; kinds are {', '.join(KINDS)}")
    try:
        return FaultRule(**given)
    except TypeError as error:
        raise ValueError(str(error.args[0])) from error


@define
class _Live:
    rule: FaultRule
    skipped: int = 0
    hits: int = 0


@define
class Faults:
    """The rules in force, each counting down as it strikes."""

    _live: list[_Live] = field(factory=list)

    def add(self, rules: Iterable[FaultRule]) -> None:
        """Put *rules* in force behind those that are."""
        self._live.extend(_Live(rule) for rule in rules)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._live.clear()

    def striking(self, request: Request) -> tuple[float, FaultRule | None]:
        """Return how long to delay and the one other thing that goes wrong with *request*; rules used up are gone."""
        delay = 0.0
        for live in list(self._live):
            if not live.rule.concerns(request):
                continue
            if live.skipped < live.rule.skip:
                live.skipped += 1
                continue
            live.hits += 1
            if live.hits >= live.rule.times:
                self._live.remove(live)
            if live.rule.kind == "lag":
                return delay, live.rule
            if live.rule.kind != "delay":
                return delay + live.rule.seconds, live.rule
            delay += live.rule.seconds
        return delay, None

    def shown(self) -> list[dict[str, Any]]:
        """Return the rules in force and how often each has yet to strike."""
        return [asdict(live.rule) | {"left": live.rule.times - live.hits} for live in self._live]
