"""The settings, read from the environment and nowhere else; all of them are looked at before any is used (FR9).

Nothing here runs at import, and no message ever repeats a value: a mistyped secret is a secret still (NFR4, D10).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from jainam.adapters.xts.credentials import Credentials, client_named
from jainam.adapters.xts.profile import BrokerProfile
from jainam.adapters.xts.profiles import PROFILES, profile_named
from jainam.domain.errors import NotConfigured
from jainam.domain.guards import Limits
from jainam.domain.house import House
from jainam.domain.loads import Care
from jainam.domain.patience import looks_within, spaced
from jainam.domain.protection import MarketMode, MarketPolicy
from jainam.domain.rules import DEFAULT_RULES, Counting, QuantityRule
from jainam.domain.vocabulary import Exchange

__all__ = ["Settings", "journal_of", "read_database", "read_halt_file", "read_limits", "read_settings"]

HOST_NAMES = {
    "JAINAM_INTERACTIVE_API_KEY": "BROKER_API_KEY",
    "JAINAM_INTERACTIVE_API_SECRET": "BROKER_API_SECRET",
    "JAINAM_MARKET_API_KEY": "BROKER_API_KEY_MARKET",
    "JAINAM_MARKET_API_SECRET": "BROKER_API_SECRET_MARKET",
}
"""What OpenAlgo calls the same keys; used where ours are absent (D8)."""

TRADED = {exchange.value: exchange for exchange in Exchange if not exchange.is_index}
"""The exchanges that take orders, by their words."""

COUNTINGS = {counting.value: counting for counting in Counting}
MODES = {mode.value: mode for mode in MarketMode}

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


def _without_password(database: str) -> str:
    return repr(re.sub(r"(?<=://).*@", "***@", database))


@frozen(kw_only=True)
class Settings:
    """Everything a desk needs to know, checked.

    *timeout* and *call_gap* are seconds. *session_file* is ``None`` when sessions are to end with the process.
    With *rehearse*, orders are checked and encoded and nothing that moves an order is sent (NFR6). While *halt_file*
    is there, entries are stopped in every process; ``None`` keeps the switch within this one (X10). An order whose
    answer was lost is looked for during *looking_for* seconds. *caller* is who trades, for the journal, which is
    forced to the disk before an order leaves when *durable*. What processes share besides the database, turns and the
    pace of calls, is in *state_folder*; ``None`` keeps it within this process. *house* is what is asked of every order:
    rules, and what becomes of market orders (X5, X7). *contracts_care* says how good a master must be to replace the
    contracts of the day before (X9).
    """

    profile: BrokerProfile
    base_url: str
    credentials: Credentials = field(repr=False)
    database: str = field(repr=_without_password)
    client_id: str | None = None
    market_data_root: str | None = None
    source: str | None = None
    session_file: Path | None = None
    rehearse: bool = False
    timeout: float = 10.0
    call_gap: float = 0.1
    retries: int = 3
    looking_for: float = 7.0
    caller: str = ""
    state_folder: Path | None = None
    durable: bool = True
    limits: Limits = field(factory=Limits)
    halt_file: Path | None = None
    house: House = field(factory=House, repr=False)
    contracts_care: Care = field(factory=Care)

    def for_client(self, client_id: str) -> Settings:
        """The same login acting for another of its clients, with books, counts and a switch of its own.

        *client_id* is a client code, or `pro` for the desk's own book; the session is shared, since a broker keeps
        one for each login. Raises `NotConfigured` when it names nobody.

        >>> settings.for_client("CLIENT02").client_id           # doctest: +SKIP
        'CLIENT02'
        """
        client = client_named(client_id)
        if not client:
            raise NotConfigured("for whom is missing: give a client code of yours, or pro for the desk's own book")
        return evolve(self, client_id=client)

    @property
    def waits(self) -> tuple[float, ...]:
        """The pause before each try of something that may be tried again (D12)."""
        return tuple(spaced(self.retries))

    @property
    def looks(self) -> tuple[float, ...]:
        """The pause before each look for an order whose answer was lost."""
        return looks_within(self.looking_for)

    @property
    def login_mark(self) -> str:
        """A short name for these keys at this server, the same for all clients of the login; no key can be read off."""
        return _login_mark(self.profile.name, self.base_url, self.credentials)


def read_settings(
    environ: Mapping[str, str] | None = None, *, host_names: bool = False, profile_name: str | None = None
) -> Settings:
    """Read and check the `JAINAM_*` variables; with *host_names*, OpenAlgo's names fill in for absent keys (D8).

    *profile_name*, where the broker has been chosen elsewhere, wins over `JAINAM_PROFILE`. Raises `NotConfigured` with
    every missing and every unusable variable in one message.

    >>> read_settings({})
    Traceback (most recent call last):
    ...
    jainam.domain.errors.NotConfigured: JAINAM_INTERACTIVE_API_KEY is missing; ...
    """
    environ = os.environ if environ is None else environ
    reader = _Reader({**environ, "JAINAM_PROFILE": profile_name} if profile_name else environ, host_names)
    profile = reader.profile()
    credentials = reader.credentials()
    base_url = reader.base_url(profile)
    client_id = client_named(reader.text("JAINAM_CLIENT_ID")) or None
    market_data_root = reader.path("JAINAM_MARKET_DATA_ROOT")
    rehearse = reader.flag("JAINAM_TEST_MODE")
    timeout = reader.number("JAINAM_TIMEOUT", "seconds", Decimal(10), at_least=Decimal("0.1"))
    call_gap = reader.number("JAINAM_CALL_GAP", "milliseconds", Decimal(100))
    retries = reader.number("JAINAM_RETRIES", "retries", Decimal(3), whole=True)
    looking_for = reader.number("JAINAM_LOOKUP", "seconds", Decimal(7))
    durable = reader.flag("JAINAM_JOURNAL_FSYNC", default=True)
    database = reader.database()
    limits = reader.limits()
    halt_file = reader.halt_file(profile, database)
    house = reader.house()
    contracts_care = reader.contracts_care()
    if reader.problems or credentials is None or profile is None:
        raise NotConfigured("; ".join(reader.problems))
    return Settings(
        profile=profile,
        base_url=base_url,
        credentials=credentials,
        database=database,
        client_id=client_id,
        market_data_root=market_data_root,
        source=reader.text("JAINAM_SOURCE"),
        session_file=_session_file(profile.name, base_url, credentials),
        rehearse=rehearse,
        timeout=float(timeout),
        call_gap=float(call_gap / 1000),
        retries=int(retries),
        looking_for=float(looking_for),
        caller=reader.text("JAINAM_CALLER") or Path(sys.argv[0]).name,
        state_folder=_state_folder(database),
        durable=durable,
        limits=limits,
        halt_file=halt_file,
        house=house,
        contracts_care=contracts_care,
    )


def read_limits(environ: Mapping[str, str]) -> Limits:
    """The guard rails of *environ*, which no key is needed for; raises `NotConfigured` for those that are none."""
    reader = _Reader(environ, host_names=False)
    limits = reader.limits()
    if reader.problems:
        raise NotConfigured("; ".join(reader.problems))
    return limits


def read_halt_file(environ: Mapping[str, str]) -> Path:
    """The file that stops entries; whatever else is missing or wrong in *environ* does not matter to it."""
    reader = _Reader(environ, host_names=False)
    halt_file = reader.halt_file(reader.profile(), reader.text("JAINAM_DATABASE") or "")
    if halt_file is None:
        raise NotConfigured("; ".join(reader.problems))
    return halt_file


def read_database(environ: Mapping[str, str]) -> tuple[str, str, str | None]:
    """The database, the profile's name and the client of *environ*, which no key is needed for.

    Raises `NotConfigured` when one of them cannot be read.
    """
    reader = _Reader(environ, host_names=False)
    profile, database = reader.profile(), reader.database()
    if reader.problems or profile is None:
        raise NotConfigured("; ".join(reader.problems))
    return database, profile.name, client_named(reader.text("JAINAM_CLIENT_ID")) or None


class _Reader:
    """Reads one variable after the other and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str], host_names: bool) -> None:
        self.environ = environ
        self.host_names = host_names
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        value = self.environ.get(name, "").strip()
        if not value and self.host_names and name in HOST_NAMES:
            value = self.environ.get(HOST_NAMES[name], "").strip()
        return value or None

    def credentials(self) -> Credentials | None:
        names = tuple(HOST_NAMES)
        values = [self.text(name) for name in names]
        for name, value in zip(names, values, strict=True):
            if value is None:
                other = f" (or {HOST_NAMES[name]})" if self.host_names else ""
                self.problems.append(f"{name}{other} is missing; the broker's API page shows it")
        interactive_key, interactive_secret, market_key, market_secret = values
        if interactive_key is None or interactive_secret is None or market_key is None or market_secret is None:
            return None
        return Credentials(
            interactive_key=interactive_key,
            interactive_secret=interactive_secret,
            market_key=market_key,
            market_secret=market_secret,
            access_token=self.text("JAINAM_ACCESS_TOKEN"),
        )

    def profile(self) -> BrokerProfile | None:
        name = self.text("JAINAM_PROFILE") or "jainam_prop"
        if name not in PROFILES:
            self.problems.append(f"JAINAM_PROFILE is not one of {', '.join(sorted(PROFILES))}")
            return None
        return profile_named(name)

    def base_url(self, profile: BrokerProfile | None) -> str:
        http_allowed = self.flag("JAINAM_ALLOW_HTTP")
        given = self.text("JAINAM_BASE_URL")
        server = self.text("JAINAM_SERVER")
        url = given or (profile.base_url if profile else "")
        if given is None and server is not None and profile is not None:
            if server.upper() not in profile.servers:
                choices = ", ".join(sorted(profile.servers)) or "none: this broker has one server"
                self.problems.append(f"JAINAM_SERVER is not one of the servers of {profile.name} ({choices})")
                return url
            url = profile.servers[server.upper()]
        try:
            parts = urlsplit(url)
        except ValueError:
            self.problems.append("JAINAM_BASE_URL must look like https://host:port")
            return url
        if url and (parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query):
            self.problems.append("JAINAM_BASE_URL must look like https://host:port")
        elif parts.scheme == "http" and not http_allowed:
            self.problems.append(
                "JAINAM_BASE_URL is plain http, over which the keys would travel in clear;"
                " use https, or set JAINAM_ALLOW_HTTP=1 for a server on this machine"
            )
        return url.rstrip("/")

    def path(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and not value.startswith("/"):
            self.problems.append(f"{name} must be a path such as /apimarketdata")
        return value.rstrip("/") if value else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = (self.text(name) or ("1" if default else "0")).lower()
        problem = f"{name} must be 1 or 0"
        if value not in YES | NO and problem not in self.problems:
            self.problems.append(problem)
        return value in YES

    def number(
        self, name: str, unit: str, default: Decimal, *, at_least: Decimal = Decimal(0), whole: bool = False
    ) -> Decimal:
        value = self.text(name)
        if value is None:
            return default
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < at_least or (whole and number != int(number)):
            kind = "whole number" if whole else "number"
            self.problems.append(f"{name} must be a {kind} of {unit}, {at_least} or more")
            return default
        return number

    def database(self) -> str:
        given = self.text("JAINAM_DATABASE")
        if given is not None:
            return given
        folder = _user_folder("data")
        if folder is None:
            self.problems.append("JAINAM_DATABASE is missing, and without the package platformdirs there is no default")
            return ""
        return str(folder / "jainam.sqlite")

    def house(self) -> House:
        mode = MODES.get((self.text("JAINAM_MARKET_ORDERS") or MarketMode.SEND).lower())
        if mode is None:
            self.problems.append(f"JAINAM_MARKET_ORDERS is none of {', '.join(MODES)}")
        age = self.number("JAINAM_QUOTE_AGE", "seconds", Decimal(15), at_least=Decimal(1))
        return House(
            rules=DEFAULT_RULES.counting(*self.quantity_rules()),
            market=MarketPolicy(mode=mode or MarketMode.SEND, quote_age=dt.timedelta(seconds=float(age))),
        )

    def contracts_care(self) -> Care:
        """How good a master must be to replace the one before; both shares are given in per cent."""
        needed = [word.strip().upper() for word in (self.text("JAINAM_CONTRACTS_NEEDED") or "").split(",")]
        listed = tuple(word for word in needed if word)
        if any(word not in {exchange.value for exchange in Exchange} for word in listed):
            self.problems.append(f"JAINAM_CONTRACTS_NEEDED names what is none of {', '.join(Exchange)}")
        return Care(
            unreadable=self.share("JAINAM_CONTRACTS_UNREADABLE", Decimal(1)),
            shrunken=self.share("JAINAM_CONTRACTS_SHRUNKEN", Decimal(50)),
            needed=listed,
        )

    def share(self, name: str, default: Decimal) -> Decimal:
        """A share of one, given in per cent."""
        found = self.number(name, "per cent", default)
        if found > 100:
            self.problems.append(f"{name} must be a number of per cent, 100 or less")
        return found / 100

    def quantity_rules(self) -> tuple[QuantityRule, ...]:
        """How the broker counts where exchanges leave that to it, as in ``MCX=lots,CDS=units:100``."""
        name, found = "JAINAM_QUANTITY_RULES", dict[Exchange, QuantityRule]()
        for number, entry in enumerate((self.text(name) or "").split(","), 1):
            if not entry.strip():
                continue
            listed, _, rest = (part.strip() for part in entry.partition("="))
            counted, colon, largest = (part.strip() for part in rest.partition(":"))
            wrong = []
            if listed.upper() not in TRADED:
                wrong.append(f"begins with none of {', '.join(TRADED)}")
            elif TRADED[listed.upper()] in found:
                wrong.append(f"names {listed.upper()} a second time")
            if counted.lower() not in COUNTINGS:
                wrong.append(f"says neither {' nor '.join(COUNTINGS)}")
            if colon and not (largest.isascii() and largest.isdigit() and int(largest) > 0):
                wrong.append("has no whole number above zero behind its colon, the largest single order")
            if wrong:
                self.problems.append(f"{name}: entry {number} {' and '.join(wrong)} (it looks like MCX=lots:100)")
                continue
            exchange = TRADED[listed.upper()]
            found[exchange] = QuantityRule(
                exchange=exchange,
                counted_in=COUNTINGS[counted.lower()],
                largest=int(largest) if colon else None,
            )
        return tuple(found.values())

    def limits(self) -> Limits:
        return Limits(
            order_value=self.limit("JAINAM_MAX_ORDER_VALUE", "rupees"),
            order_quantity=_whole(self.limit("JAINAM_MAX_ORDER_QUANTITY", "units", whole=True)),
            orders_per_minute=_whole(self.limit("JAINAM_MAX_ORDERS_PER_MINUTE", "orders", whole=True)),
            daily_loss=self.limit("JAINAM_MAX_DAILY_LOSS", "rupees"),
            pnl_seconds=float(self.number("JAINAM_PNL_AGE", "seconds", Decimal(5), at_least=Decimal(1))),
        )

    def limit(self, name: str, unit: str, *, whole: bool = False) -> Decimal | None:
        if self.text(name) is None:
            return None
        return self.number(name, unit, Decimal(1), at_least=Decimal(1), whole=whole)

    def halt_file(self, profile: BrokerProfile | None, database: str) -> Path | None:
        """The file of the kill switch: as given, else beside the database, else in the user's folder."""
        given = self.text("JAINAM_HALT_FILE")
        if given is not None:
            path = Path(given)
            if not path.is_absolute():  # programs started in different folders would look for different files
                self.problems.append("JAINAM_HALT_FILE must be a whole path such as /var/lib/jainam/halt")
                return None
            return path
        if profile is None:
            return None
        file = _database_file(database)
        if file is not None:
            return file.absolute().with_name(f"{file.stem}-{profile.name}.halt")
        folder = _user_folder("data")
        if folder is None:
            self.problems.append(
                "JAINAM_HALT_FILE is missing, and without the package platformdirs there is no default"
            )
            return None
        return folder / f"jainam-{profile.name}.halt"


def journal_of(database: str) -> str:
    """Where the journal of *database* is: in a file of its own beside SQLite's, or in the same database on a server.

    A load of contracts keeps SQLite's file for itself while it is written, and no order should wait for that.

    >>> journal_of("data/jainam.sqlite")
    'data/jainam.journal.sqlite'
    """
    file = _database_file(database)
    return database if file is None else str(file.with_name(f"{file.stem}.journal{file.suffix}"))


def _whole(number: Decimal | None) -> int | None:
    return None if number is None else int(number)


def _database_file(database: str) -> Path | None:
    """The file that *database* is kept in; ``None`` for a server, and for one in memory."""
    scheme, separator, rest = database.partition("://")
    path = rest.removeprefix("/") if separator and scheme == "sqlite" else database
    return None if path in ("", ":memory:") or (separator and scheme != "sqlite") else Path(path)


def _user_folder(kind: str) -> Path | None:
    try:
        import platformdirs
    except ImportError:
        return None
    return platformdirs.user_data_path("jainam") if kind == "data" else platformdirs.user_cache_path("jainam")


def _state_folder(database: str) -> Path | None:
    """Where processes meet that share *database*: beside it when it is a file, else in the user's data folder."""
    file = _database_file(database)
    if file is not None:
        return file.absolute().parent
    return _user_folder("data") if "://" in database and not database.startswith("sqlite") else None


def _login_mark(broker: str, base_url: str, credentials: Credentials) -> str:
    parts = (base_url, credentials.interactive_key, credentials.market_key)
    return f"{broker}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:16]}"


def _session_file(broker: str, base_url: str, credentials: Credentials) -> Path | None:
    """A name for the sessions of these keys at this server; the keys cannot be read off it.

    All clients of the login share it, since a login ends the session of the one before (protocol 2.4).
    """
    folder = _user_folder("cache")
    return None if folder is None else folder / f"sessions-{_login_mark(broker, base_url, credentials)}.json"
