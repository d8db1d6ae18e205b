"""One simulated broker: its settings, its market, its accounts and who is logged in."""

from typing import Any

from attrs import define, field

from jainam.simulator.account import SEED_HOLDINGS, Account
from jainam.simulator.checks import Refused
from jainam.simulator.clock import Clock
from jainam.simulator.exchange import Exchange
from jainam.simulator.lag import Looks
from jainam.simulator.legs import Legs
from jainam.simulator.limits import Windows
from jainam.simulator.market import Market
from jainam.simulator.master import master_of
from jainam.simulator.modes import Modes
from jainam.simulator.sessions import Sessions
from jainam.simulator.settings import PRO_ALIAS, SimulatorSettings


@define
class World:
    """Everything a request can read or change."""

    settings: SimulatorSettings
    clock: Clock
    sessions: Sessions
    market: Market
    exchange: Exchange
    legs: Legs
    windows: Windows
    modes: Modes = field()
    looks: Looks = field(factory=Looks, init=False)

    @classmethod
    def of(cls, settings: SimulatorSettings, clock: Clock, sessions: Sessions | None = None) -> "World":
        """Return a world in which nothing has happened yet."""
        day = settings.trading_date or clock.now().date()
        market = Market(master_of(day, settings.instruments, settings.master_file))
        ids = [settings.pro_id, *settings.client_ids] if settings.is_dealer else [settings.user_id]
        accounts = {
            client_id: Account(client_id, settings.cash, SEED_HOLDINGS if number == 0 else ())
            for number, client_id in enumerate(ids)
        }
        exchange = Exchange(market, clock, accounts, settings.modes.hold_acknowledgements)
        legs = Legs(exchange)
        exchange.listeners.append(legs.listen)
        windows = Windows(settings.limits)
        return cls(settings, clock, sessions or Sessions(clock), market, exchange, legs, windows, settings.modes)

    def change_modes(self, changes: dict[str, Any]) -> None:
        """Turn some of the switches."""
        self.modes = self.modes.changed(changes)
        self.exchange.hold_acknowledgements = self.modes.hold_acknowledgements

    def account_of(self, client_id: object, missing_code: str, not_mapped_code: str) -> Account:
        """Return the account a request is for, by the clientID rules of XTS protocol reference 2.5."""
        settings = self.settings
        accounts = self.exchange.accounts
        if client_id in (None, ""):
            if not settings.is_dealer:
                return accounts[settings.user_id]
            if self.modes.dealer_requires_client:
                raise Refused(missing_code, "Data Not Available")
            return accounts[settings.pro_id]
        if settings.is_dealer and client_id == PRO_ALIAS:
            return accounts[settings.pro_id]
        # The real id of the PRO account is not one of the dealer's clients.
        if client_id not in (settings.client_ids if settings.is_dealer else (settings.user_id,)):
            raise Refused(not_mapped_code, "Supplied client not mapped under dealer")
        return accounts[str(client_id)]
