"""Settings are read from the environment, all at once, and no message repeats a value."""

from __future__ import annotations

import builtins
import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from jainam.adapters.environment import HOST_NAMES, Settings, journal_of, read_halt_file, read_limits, read_settings
from jainam.domain.errors import NotConfigured
from jainam.domain.guards import Limits
from jainam.domain.house import House
from jainam.domain.loads import Care
from jainam.domain.protection import MarketMode, MarketPolicy
from jainam.domain.rules import DEFAULT_RULES, Counting, QuantityRule
from jainam.domain.vocabulary import Exchange

KEYS = {
    "JAINAM_INTERACTIVE_API_KEY": "FAKE-INTERACTIVE-KEY",
    "JAINAM_INTERACTIVE_API_SECRET": "FAKE$INTERACTIVE#SECRET",
    "JAINAM_MARKET_API_KEY": "FAKE-MARKET-KEY",
    "JAINAM_MARKET_API_SECRET": "FAKE-MARKET-SECRET",
}


def read(**more: str) -> Settings:
    return read_settings(KEYS | more)


def problems(environ: dict[str, str], *, host_names: bool = False) -> str:
    with pytest.raises(NotConfigured) as caught:
        read_settings(environ, host_names=host_names)
    return str(caught.value)


@pytest.mark.parametrize("name", sorted(KEYS))
def test_each_missing_key_is_named(name: str) -> None:
    """A missing credential is an error that names its variable and no other (FR9, AC 1.2.2)."""
    text = problems({key: value for key, value in KEYS.items() if key != name})

    assert f"{name} is missing" in text
    assert [other for other in KEYS if other != name and f"{other} is missing" in text] == []


def test_every_problem_is_in_one_message() -> None:
    """All that is missing or unusable is named at once."""
    text = problems({"JAINAM_SERVER": "Z", "JAINAM_TIMEOUT": "soon", "JAINAM_ALLOW_HTTP": "perhaps"})

    assert [name for name in (*KEYS, "JAINAM_SERVER", "JAINAM_TIMEOUT", "JAINAM_ALLOW_HTTP") if name not in text] == []


def test_no_value_is_repeated() -> None:
    """A wrong setting is named without its value, since a secret may have slipped into the wrong variable (NFR4)."""
    canary = "CANARY-SECRET"
    names = ("JAINAM_SERVER", "JAINAM_TIMEOUT", "JAINAM_BASE_URL", "JAINAM_MARKET_DATA_ROOT", "JAINAM_PROFILE",
             "JAINAM_CALL_GAP", "JAINAM_RETRIES", "JAINAM_TEST_MODE")  # fmt: skip

    for name in names:
        assert canary not in problems(KEYS | {name: canary})


def test_no_secret_is_in_a_repr() -> None:
    """Settings may be printed: keys and secrets do not show."""
    settings = read(JAINAM_ACCESS_TOKEN="FAKE-ACCESS-TOKEN")

    assert [value for value in (*KEYS.values(), "FAKE-ACCESS-TOKEN") if value in repr(settings)] == []


def test_defaults() -> None:
    """Without further settings it is desk B of the prop desks, ten seconds, 100 ms between orders, three retries."""
    settings = read()

    assert settings.profile.name == "jainam_prop"
    assert settings.base_url == "https://smpb.jainam.in:4143"
    assert (settings.timeout, settings.call_gap, settings.waits) == (10.0, 0.1, (0, 1, 2, 4))
    assert not settings.rehearse
    assert settings.client_id is None
    assert settings.database.endswith("jainam.sqlite")


@pytest.mark.parametrize(
    ("database", "journal"),
    [
        ("jainam.sqlite", "jainam.journal.sqlite"),
        ("/data/my.contracts.db", "/data/my.contracts.journal.db"),
        ("contracts", "contracts.journal"),
        ("sqlite:////data/jainam.sqlite", "/data/jainam.journal.sqlite"),
        ("postgresql://me@db.example/x", "postgresql://me@db.example/x"),
        (":memory:", ":memory:"),
    ],
)
def test_the_journal_has_a_file_of_its_own(database: str, journal: str) -> None:
    """SQLite lets one writer in at a time, so an order would wait for a load of contracts in the same file (X1)."""
    assert journal_of(database) == journal


@pytest.mark.parametrize(("server", "port"), [("A", "6543"), ("b", "4143"), ("C", "14543")])
def test_a_server_of_the_desk_is_chosen_by_its_letter(server: str, port: str) -> None:
    """`JAINAM_SERVER` picks the prop desk (protocol 1.3)."""
    assert read(JAINAM_SERVER=server).base_url.endswith(f":{port}")


def test_a_base_url_wins_over_the_server() -> None:
    """`JAINAM_BASE_URL` overrides everything, and loses its last slash."""
    settings = read(JAINAM_SERVER="A", JAINAM_BASE_URL="https://xts.example:3000/")

    assert settings.base_url == "https://xts.example:3000"


def test_plain_http_is_refused() -> None:
    """Keys must not travel in clear: a plain-http root needs `JAINAM_ALLOW_HTTP=1` (D7)."""
    url = "http://127.0.0.1:8180"

    assert "JAINAM_ALLOW_HTTP=1" in problems(KEYS | {"JAINAM_BASE_URL": url})
    assert read(JAINAM_BASE_URL=url, JAINAM_ALLOW_HTTP="1").base_url == url


@pytest.mark.parametrize(
    "url", ["ftp://xts.example", "xts.example", "https://", "https://me:word@xts.example", "https://[x"]
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    """A base URL is a scheme, a host and perhaps a port."""
    assert "JAINAM_BASE_URL must look like" in problems(KEYS | {"JAINAM_BASE_URL": url})


@pytest.mark.parametrize(("written", "meant"), [("pro", "*****"), ("PRO", "*****"), ("*****", "*****"), ("C7", "C7")])
def test_the_pro_account_may_be_written_as_pro(written: str, meant: str) -> None:
    """Shells expand asterisks, so `pro` stands for the five of them (D13)."""
    assert read(JAINAM_CLIENT_ID=written).client_id == meant


def test_the_other_settings() -> None:
    """Gap in milliseconds, timeout in seconds, test mode, retries, roots and sources are taken as given."""
    settings = read(
        JAINAM_CALL_GAP="0", JAINAM_TIMEOUT="2.5", JAINAM_TEST_MODE="true", JAINAM_RETRIES="0",
        JAINAM_MARKET_DATA_ROOT="/apimarketdata/", JAINAM_SOURCE="TWSAPI", JAINAM_DATABASE="here.sqlite",
    )  # fmt: skip

    assert (settings.call_gap, settings.timeout, settings.rehearse, settings.waits) == (0, 2.5, True, (0,))
    assert (settings.market_data_root, settings.source) == ("/apimarketdata", "TWSAPI")
    assert settings.database == "here.sqlite"


def test_market_orders_are_sent_unless_something_else_is_set() -> None:
    """The market-order policy and the age of its quotes are settings; by default orders go out as they are (X7)."""
    assert read().house == House()
    policy = read(JAINAM_MARKET_ORDERS="Protect", JAINAM_QUOTE_AGE="7.5").house.market

    assert policy == MarketPolicy(mode=MarketMode.PROTECT, quote_age=dt.timedelta(seconds=7.5))


def test_quantity_rules_are_read() -> None:
    """Exchanges that leave it to the broker are counted as the setting says; the others stay as they are (X5)."""
    rules = read(JAINAM_QUANTITY_RULES=" mcx = lots , CDS=units:100,").house.rules

    assert rules == DEFAULT_RULES.counting(
        QuantityRule(exchange=Exchange.MCX, counted_in=Counting.LOTS),
        QuantityRule(exchange=Exchange.CDS, counted_in=Counting.UNITS, largest=100),
    )


def test_all_that_is_wrong_with_house_rules_is_in_one_message() -> None:
    """Each entry that cannot be read is told by its number and by what is wrong with it, never by its value."""
    text = problems(
        KEYS
        | {
            "JAINAM_MARKET_ORDERS": "CANARY",
            "JAINAM_QUOTE_AGE": "0.5",
            "JAINAM_QUANTITY_RULES": "MCX=lots,CANARY=some,MCX=units,CDS=lots:many,BCD=lots:0,NSE_INDEX=units,NCDEX",
        }
    )

    assert "CANARY" not in text
    for words in (
        "JAINAM_MARKET_ORDERS is none of send, refuse, protect",
        "JAINAM_QUOTE_AGE must be a number of seconds, 1 or more",
        "entry 2 begins with none of NSE, NFO, CDS, BSE, BFO, BCD, MCX, NCDEX and says neither units nor lots",
        "entry 3 names MCX a second time",
        "entry 4 has no whole number above zero behind its colon",
        "entry 5 has no whole number above zero",
        "entry 6 begins with none of",
        "entry 7 says neither units nor lots",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("name", "value"),
    [("JAINAM_RETRIES", "1.5"), ("JAINAM_RETRIES", "-1"), ("JAINAM_CALL_GAP", "NaN"), ("JAINAM_TIMEOUT", "0")],
)
def test_numbers_out_of_range_are_refused(name: str, value: str) -> None:
    """A number that cannot be meant is an error, not a default."""
    assert f"{name} must be a" in problems(KEYS | {name: value})


def test_an_unknown_profile_lists_the_known_ones() -> None:
    """Another broker is chosen by name, and a wrong name is told the right ones (X11)."""
    assert "jainam_prop" in problems(KEYS | {"JAINAM_PROFILE": "nobody"})
    assert read(JAINAM_PROFILE="compositedge").base_url == "https://xts.compositedge.com"


def test_a_broker_with_one_server_has_no_letters() -> None:
    """A letter for a broker without desks is named as wrong."""
    assert "one server" in problems(KEYS | {"JAINAM_PROFILE": "compositedge", "JAINAM_SERVER": "A"})


def test_host_names_fill_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside OpenAlgo its own four names are the fallback, and ours win (D8)."""
    environ = {host: f"HOST-{host}" for host in HOST_NAMES.values()} | {"JAINAM_MARKET_API_KEY": "OURS"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    settings = read_settings(host_names=True)

    assert settings.credentials.interactive_key == "HOST-BROKER_API_KEY"
    assert settings.credentials.market_key == "OURS"
    assert "(or BROKER_API_KEY) is missing" in problems({}, host_names=True)
    assert "BROKER_API_KEY" not in problems({})


def test_session_files_of_different_logins_differ() -> None:
    """Each login at each server has a session file of its own, whose name gives no key away (D14)."""
    files = {
        read().session_file,
        read(JAINAM_MARKET_API_KEY="OTHER").session_file,
        read(JAINAM_SERVER="A").session_file,
    }

    assert len(files) == 3
    assert all(isinstance(file, Path) and "FAKE" not in str(file) for file in files)


def test_clients_of_one_login_share_its_session_file() -> None:
    """A login ends the session of the one before, so two programs for two clients must not each have one (2.4)."""
    assert read(JAINAM_CLIENT_ID="pro").session_file == read(JAINAM_CLIENT_ID="CLIENT02").session_file


def test_without_platformdirs_the_database_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing says which folder is the user's, the database is asked for and sessions stay in memory."""
    real_import = builtins.__import__

    def no_platformdirs(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "platformdirs":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "platformdirs", raising=False)
    monkeypatch.setattr(builtins, "__import__", no_platformdirs)

    assert "JAINAM_DATABASE is missing" in problems(dict(KEYS))
    assert read(JAINAM_DATABASE="here.sqlite").session_file is None


# --- guard rails (X10) -------------------------------------------------------------------------------------------

RAILS = {
    "JAINAM_MAX_ORDER_VALUE": "100000.50",
    "JAINAM_MAX_ORDER_QUANTITY": "500",
    "JAINAM_MAX_ORDERS_PER_MINUTE": "30",
    "JAINAM_MAX_DAILY_LOSS": "25000",
}


def test_no_guard_rail_is_set_by_itself() -> None:
    """Nobody's orders are limited who did not ask for it; the kill switch is there all the same."""
    settings = read()

    assert not settings.limits.is_any
    assert settings.halt_file is not None


def test_guard_rails_are_read_with_the_rest_and_without() -> None:
    """Values in rupees, units and orders; the command that shows them needs no key."""
    limits = Limits(
        order_value=Decimal("100000.50"), order_quantity=500, orders_per_minute=30, daily_loss=25000, pnl_seconds=10
    )

    assert read(**RAILS, JAINAM_PNL_AGE="10").limits == limits
    assert read_limits(RAILS | {"JAINAM_PNL_AGE": "10"}) == limits
    assert type(limits.order_quantity) is type(read(**RAILS).limits.order_quantity) is int


@pytest.mark.parametrize("name", sorted(RAILS))
@pytest.mark.parametrize("value", ["0", "-1", "many", "NaN", "Infinity", "0.5"])
def test_a_guard_rail_that_is_none_is_refused(name: str, value: str) -> None:
    """A limit that would let nothing or everything through was not meant; it never falls back to "no limit"."""
    for text in (problems(KEYS | {name: value}), _limits_problems({name: value})):
        assert f"{name} must be a" in text
        assert "1 or more" in text


def _limits_problems(environ: dict[str, str]) -> str:
    with pytest.raises(NotConfigured) as caught:
        read_limits(environ)
    return str(caught.value)


def test_every_wrong_guard_rail_is_named_at_once() -> None:
    """All of them are in the one message, beside whatever else is wrong."""
    text = problems(dict.fromkeys(RAILS, "many") | {"JAINAM_HALT_FILE": "halt", "JAINAM_PNL_AGE": "0"})

    assert [name for name in (*KEYS, *RAILS, "JAINAM_HALT_FILE", "JAINAM_PNL_AGE") if name not in text] == []
    assert "many" not in text


@pytest.mark.parametrize(
    ("database", "file"),
    [
        ("/data/trades.sqlite", "/data/trades-jainam_prop.halt"),
        ("sqlite:////data/trades.db", "/data/trades-jainam_prop.halt"),
        ("sqlite:///data/trades.db", str(Path("data/trades-jainam_prop.halt").absolute())),
        ("here.sqlite", str(Path("here-jainam_prop.halt").absolute())),
    ],
)
def test_the_halt_file_lies_beside_the_database(database: str, file: str) -> None:
    """Who shares a database shares a switch, whichever folder a program was started in; each broker has its own."""
    assert str(read(JAINAM_DATABASE=database).halt_file) == file
    assert str(read_halt_file({"JAINAM_DATABASE": database})) == file
    assert str(read_halt_file({"JAINAM_DATABASE": database, "JAINAM_PROFILE": "iifl"})) == file.replace(
        "jainam_prop", "iifl"
    )


@pytest.mark.parametrize("database", ["postgresql://me:canary@db/x", "postgres://db/x", ":memory:"])
def test_a_database_without_a_folder_has_its_halt_file_in_the_user_s(database: str) -> None:
    """The switch of such a desk is the default one, of this machine."""
    settings = read(JAINAM_DATABASE=database)

    assert settings.halt_file == read_halt_file({}) == read().halt_file
    assert "canary" not in str(settings.halt_file)
    assert settings.halt_file is not None
    assert settings.halt_file.name == "jainam-jainam_prop.halt"


def test_a_halt_file_is_used_as_it_is_named() -> None:
    """One file may stop several desks; it is found whatever else is missing or wrong."""
    environ = {"JAINAM_HALT_FILE": "/run/halt", "JAINAM_PROFILE": "nobody", "JAINAM_TIMEOUT": "soon"}

    assert read(JAINAM_HALT_FILE="/run/halt").halt_file == read_halt_file(environ) == Path("/run/halt")


@pytest.mark.parametrize("value", ["halt", "./halt", "~/halt"])
def test_a_halt_file_that_depends_on_the_folder_is_refused(value: str) -> None:
    """Programs started in different folders would look for different files."""
    for environ in ({"JAINAM_HALT_FILE": value}, KEYS | {"JAINAM_HALT_FILE": value}):
        with pytest.raises(NotConfigured, match="JAINAM_HALT_FILE must be a whole path"):
            read_halt_file(environ)
    assert "JAINAM_HALT_FILE must be a whole path" in problems(KEYS | {"JAINAM_HALT_FILE": value})


def test_where_the_halt_file_would_be_is_not_guessed() -> None:
    """A broker nobody knows has no desks that could be stopped."""
    with pytest.raises(NotConfigured, match="JAINAM_PROFILE is not one of"):
        read_halt_file({"JAINAM_PROFILE": "nobody"})


def test_without_platformdirs_a_halt_file_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A switch that other programs cannot find would be none."""
    monkeypatch.setitem(sys.modules, "platformdirs", None)

    with pytest.raises(NotConfigured, match="JAINAM_HALT_FILE is missing"):
        read_halt_file({})
    assert "JAINAM_HALT_FILE is missing" in problems(KEYS | {"JAINAM_DATABASE": "postgresql://db/x"})
    assert read(JAINAM_DATABASE="/data/x.sqlite").halt_file == Path("/data/x-jainam_prop.halt")


# --- contracts ---------------------------------------------------------------------------------------------------


def test_how_good_a_master_must_be() -> None:
    """Shares are given in per cent, exchanges by their names (X9)."""
    assert read().contracts_care == Care()
    asked = {
        "JAINAM_CONTRACTS_UNREADABLE": "0",
        "JAINAM_CONTRACTS_SHRUNKEN": "12.5",
        "JAINAM_CONTRACTS_NEEDED": "nse, NFO,",
    }
    assert read(**asked).contracts_care == Care(unreadable=Decimal(0), shrunken=Decimal("0.125"), needed=("NSE", "NFO"))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("JAINAM_CONTRACTS_UNREADABLE", "x", "JAINAM_CONTRACTS_UNREADABLE must be a number of per cent, 0 or more"),
        ("JAINAM_CONTRACTS_SHRUNKEN", "101", "JAINAM_CONTRACTS_SHRUNKEN must be a number of per cent, 100 or less"),
        ("JAINAM_CONTRACTS_NEEDED", "NSE,NYSE", "JAINAM_CONTRACTS_NEEDED names what is none of NSE, NFO"),
    ],
)
def test_a_care_that_means_nothing_is_named(name: str, value: str, words: str) -> None:
    """A share beyond the whole, and an exchange that nobody knows, are errors that name the variable."""
    assert words in problems(KEYS | {name: value})


# --- clients -----------------------------------------------------------------------------------------------------


def test_settings_for_another_client_differ_in_the_client_alone() -> None:
    """The login, its session and its limits are the same: a broker keeps one session for each login."""
    settings = read(JAINAM_CLIENT_ID="CLIENT01", **RAILS)
    other = settings.for_client(" CLIENT02 ")

    assert other == evolve(settings, client_id="CLIENT02")
    assert other.session_file == settings.session_file
    assert settings.for_client("PRO").client_id == "*****"
    assert settings.client_id == "CLIENT01"


@pytest.mark.parametrize("nobody", ["", "  "])
def test_nobody_is_no_client(nobody: str) -> None:
    """A client that was forgotten is not taken for the one of the settings."""
    with pytest.raises(NotConfigured, match="give a client code"):
        read(JAINAM_CLIENT_ID="CLIENT01").for_client(nobody)


def test_a_broker_that_was_chosen_elsewhere_wins() -> None:
    """A host that trades with several brokers names the profile itself, whatever `JAINAM_PROFILE` says."""
    settings = read_settings(KEYS | {"JAINAM_PROFILE": "jainam_prop"}, profile_name="wisdom")

    assert settings.profile.name == "wisdom"
