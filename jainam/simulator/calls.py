"""One request on its way to its route: who asks, with which fields, for which account."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from jainam.simulator.account import Account
from jainam.simulator.answers import Request, Response
from jainam.simulator.checks import Refused
from jainam.simulator.faults import normal
from jainam.simulator.lag import NO_LAG, Lag, behind
from jainam.simulator.portfolio_rows import PortfolioRows
from jainam.simulator.rows import Rows
from jainam.simulator.sessions import Session
from jainam.simulator.wire import Unreadable, read_body
from jainam.simulator.world import World

MISSING_CLIENT = "e-property-validation-failed"
NOT_MAPPED = "e-trade-00002"
NOT_MAPPED_PORTFOLIO = "e-portfolio-00005"


@frozen
class Call:
    """A request whose route is known and whose token is good."""

    world: World
    request: Request
    body: dict[str, Any]
    # None on the routes that need no token.
    session: Session | None
    # How far the book it asks for is behind.
    lag: Lag = NO_LAG

    @property
    def query(self) -> Mapping[str, str]:
        """Return the query fields."""
        return self.request.query

    @property
    def rows(self) -> Rows:
        """Return the writer of order rows."""
        return Rows(self.world.settings.user_id, self.world.modes)

    @property
    def portfolio(self) -> PortfolioRows:
        """Return the writer of portfolio rows."""
        return PortfolioRows(self.world.modes, self.world.market)

    @property
    def login(self) -> Session:
        """Return the session, on a route that needs one."""
        assert self.session is not None
        return self.session

    @property
    def client_id(self) -> Any:
        """Return the clientID given, in the body for POST and PUT and in the query otherwise."""
        return (self.body if self.request.method in {"POST", "PUT"} else self.query).get("clientID")

    def account(self, missing: str = MISSING_CLIENT, not_mapped: str = NOT_MAPPED) -> Account:
        """Return the account the call is for."""
        return self.world.account_of(self.client_id, missing, not_mapped)

    def shown(self, account: Account) -> Account:
        """Return *account* as the book shows it that the call asks for, and count that it was read."""
        world, lag = self.world, self.lag
        now = world.exchange.sequence
        sequence = world.looks.look(account.client_id, normal(self.request.path), now, lag.reads)
        return account if lag == NO_LAG else behind(account, lag, world.clock, sequence)

    def portfolio_account(self) -> Account:
        """Return the account a portfolio call is for; these have a code of their own for a wrong client."""
        return self.account(MISSING_CLIENT, NOT_MAPPED_PORTFOLIO)


@frozen
class Route:
    """What a method and path lead to."""

    handle: Callable[[Call], Response]
    needs_token: bool = True


def body_of(request: Request) -> dict[str, Any]:
    """Return the fields of a request's body, refusing one that cannot be read."""
    try:
        return read_body(request.body)
    except Unreadable as error:
        raise Refused("e-app-001", "Bad Request", 400, {"status": 400, "errors": [str(error)]}) from error
