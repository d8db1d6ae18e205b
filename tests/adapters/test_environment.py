"""Settings are read from the environment, all at once, and no message repeats a value."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest

from jainam.adapters.environment import HOST_NAMES, Settings, read_settings
from jainam.domain.errors import NotConfigured

KEYS = {
    "JAINAM_INTERACTIVE_API_KEY": "FAKE-INTERACTIVE-KEY",
    "JAINAM_INTERACTIVE_API_SECRET": "FAKE$INTERACTIVE#SECRET",
    "JAINAM_MARKET_API_KEY": "FAKE-MARKET-KEY",
    "JAINAM_MARKET_API_SECRET": "FAKE-MARKET-SECRET",
}


def read(**more: str) -> Settings:
    return read_settings(KEYS | more)


def problems(environ: dict[str, str], **options: bool) -> str:
    with pytest.raises(NotConfigured) as caught:
        read_settings(environ, **options)
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
    """Each login, client and server has a session file of its own, whose name gives no key away (D14)."""
    files = {read().session_file, read(JAINAM_CLIENT_ID="pro").session_file, read(JAINAM_SERVER="A").session_file}

    assert len(files) == 3
    assert all(isinstance(file, Path) and "FAKE" not in str(file) for file in files)


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
