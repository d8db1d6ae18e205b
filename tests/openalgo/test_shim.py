"""A shim becomes the module that its name says, for the broker and the profile that it names."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from jainam import openalgo_bridge
from jainam.openalgo_bridge import shim, wiring
from jainam.openalgo_bridge.api import order_api

MODULES = (
    "api.auth_api", "api.order_api", "api.data", "api.funds", "api.margin_api", "api.baseurl",
    "mapping.order_data", "mapping.transform_data", "mapping.margin_data", "database.master_contract_db",
    "streaming.my_xts_adapter",
)  # fmt: skip


def filled(name: str, profile: str = "iifl") -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": name}
    shim.fill(namespace, profile=profile)
    return namespace


@pytest.mark.parametrize("part", MODULES)
def test_every_module_can_be_had_by_any_broker(part: str) -> None:
    """All modules that the package lists are there for a broker of any name, with all that they offer."""
    module = filled(f"broker.my_xts.{part}")

    assert set(module["__all__"]) <= module.keys()


def test_two_brokers_have_a_desk_each() -> None:
    """Shims of different names serve different brokers, and the bridge's own module serves jainam_prop."""
    mine, other = filled("broker.mine.api.order_api"), filled("broker.other.api.order_api", "wisdom")

    assert (mine["here"].name, mine["here"].profile) == ("mine", "iifl")
    assert (other["here"].name, other["here"].profile) == ("other", "wisdom")
    assert order_api.here.name == "jainam_prop"
    assert mine["place_order_api"] is not order_api.place_order_api


def test_address_is_the_profiles() -> None:
    """Without settings the address is the profile's own (B-93); a profile that does not exist breaks no import."""
    assert filled("broker.mine.api.baseurl")["BASE_URL"] == "https://ttblaze.iifl.com"
    assert filled("broker.odd.api.baseurl", "no such broker")["BASE_URL"] == ""


def test_adapter_has_the_name_that_the_host_makes() -> None:
    """The host looks for a class named after the broker, with all but its first letter small."""
    module = filled("broker.my_xts.streaming.my_xts_adapter")

    assert "My_xtsWebSocketAdapter" in module


@pytest.mark.parametrize("name", ["broker.mine.api.gtt_api", "broker.mine.nothing.at_all", "broker.mine", "order_api"])
def test_what_is_not_there_is_an_import_error(name: str) -> None:
    """A module that the bridge lacks raises ImportError, which the host takes for "not offered"."""
    with pytest.raises(ImportError, match="no module"):
        filled(name)


def test_a_shim_is_a_module_like_any_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The two statements of the package's documentation, in a file, are all that the host has to import."""
    folder = tmp_path / "broker" / "mine" / "api"
    folder.mkdir(parents=True)
    text = str(openalgo_bridge.__doc__)
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")][:2]
    (folder / "order_api.py").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    module = importlib.import_module("broker.mine.api.order_api")
    for name in set(sys.modules) - before:
        del sys.modules[name]

    assert module.place_order_api.__module__ == "broker.mine.api.order_api"
    assert module.here.profile == "jainam_prop"


def test_the_last_shim_decides_the_profile() -> None:
    """Shims that were installed anew with another profile are heard."""
    wiring.register("mine", "iifl")

    assert wiring.register("mine", "wisdom") is wiring.broker_of("broker.mine.api.data")
    assert wiring.broker_of("broker.mine.api.data").profile == "wisdom"
