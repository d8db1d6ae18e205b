"""Everything decided about a simulated exchange before it starts."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

from attrs import field, frozen
from attrs.converters import optional as optional_converter
from attrs.validators import deep_iterable, gt, in_, instance_of, matches_re, optional

from jainam.simulator.limits import JAINAM_LIMITS, Limit
from jainam.simulator.modes import Modes

PRO_ALIAS = "*****"


def _names(names: Iterable[str] | str) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _limits(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    return tuple(limits)


@frozen(kw_only=True)
class SimulatorSettings:
    """An exchange that could be started as it stands."""

    # None: the day the clock shows.
    trading_date: date | None = None
    instruments: int | None = field(default=None, validator=optional(gt(0)))
    master_file: Path | None = field(default=None, converter=optional_converter(Path))

    interactive_key: str = "SIM-INTERACTIVE-KEY"
    interactive_secret: str = field(default="SIM-INTERACTIVE-SECRET", repr=False)
    market_key: str = "SIM-MARKET-KEY"
    market_secret: str = field(default="SIM-MARKET-SECRET", repr=False)

    account: str = field(default="dealer", validator=in_(("dealer", "investor")))
    dealer_id: str = "DEALER01"
    pro_id: str = "PRO1"
    client_ids: tuple[str, ...] = field(default=("CLIENT01", "CLIENT02"), converter=_names)
    cash: Decimal = field(default=Decimal(10000000), converter=Decimal, validator=instance_of(Decimal))

    market_data_roots: tuple[str, ...] = field(
        default=("/apibinarymarketdata",), converter=_names, validator=deep_iterable(matches_re(r"/[A-Za-z0-9/]+"))
    )
    hostlookup: bool = False
    subscription_limit: int = 50
    limits: tuple[Limit, ...] = field(default=JAINAM_LIMITS, converter=_limits)
    modes: Modes = field(factory=Modes)

    @property
    def is_dealer(self) -> bool:
        """Tell whether the login is a dealer's, who names the client in every call."""
        return self.account == "dealer"

    @property
    def user_id(self) -> str:
        """Return the id the login answers with: the dealer's, or the investor's own client id."""
        return self.dealer_id if self.is_dealer else self.client_ids[0]
