"""What differs from one XTS installation to the next, each difference a switch."""

from typing import Any

from attrs import evolve, field, fields_dict, frozen
from attrs.validators import ge, in_, instance_of

_flag = instance_of(bool)


@frozen(kw_only=True)
class Modes:
    """How this installation answers; every switch may be turned while it runs."""

    row_shape: str = field(default="newer", validator=in_(("newer", "older")))
    positions_container: str = field(default="list", validator=in_(("list", "flat")))
    thousands_commas: bool = field(default=False, validator=_flag)
    app_order_id: str = field(default="int", validator=in_(("int", "float", "string")))
    # "by_route": HTTP 400 on ordinary routes, success with [] on dealer routes (XTS protocol reference 3.6).
    empty_books: str = field(default="by_route", validator=in_(("by_route", "error", "success")))
    wrapped_errors: bool = field(default=False, validator=_flag)
    auth_failure_status: int = field(default=400, validator=in_((400, 401, 403, 200)))
    rate_limit_status: int = field(default=429, validator=in_((429, 400, 200)))
    rate_limits: bool = field(default=True, validator=_flag)
    orders_per_segment: int = field(default=0, validator=[instance_of(int), ge(0)])
    holdings_container: str = field(default="object", validator=in_(("object", "list", "flat")))
    history_lag: float = field(default=0.0, converter=float, validator=ge(0))
    dealer_requires_client: bool = field(default=True, validator=_flag)
    ordinary_books_for_dealers: bool = field(default=True, validator=_flag)
    margin_route: bool = field(default=True, validator=_flag)
    profile_route: bool = field(default=True, validator=_flag)
    hold_acknowledgements: bool = field(default=False, validator=_flag)

    def changed(self, changes: dict[str, Any]) -> "Modes":
        """Return these modes with *changes* made; an unknown name or value is a ValueError."""
        unknown = sorted(changes.keys() - fields_dict(Modes).keys())
        if unknown:
            raise ValueError(f"no such mode: {', '.join(unknown)}; known: {', '.join(fields_dict(Modes))}")
        try:
            return evolve(self, **changes)
        except TypeError as error:
            raise ValueError(str(error.args[0])) from error
