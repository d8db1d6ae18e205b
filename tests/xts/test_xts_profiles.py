"""Each broker is a constant, and its constants are the protocol's."""

from __future__ import annotations

import pytest
from attrs import evolve

from jainam.adapters.xts.profile import CHART
from jainam.adapters.xts.profiles import JAINAM_PROP, PROFILES, profile_named
from jainam.adapters.xts.segments import NUMBERS
from jainam.domain.errors import NotConfigured
from jainam.domain.pacing import Window


@pytest.mark.parametrize(
    ("name", "address", "first_root"),
    [
        ("jainam_prop", "https://smpb.jainam.in:4143", "/apibinarymarketdata"),
        ("jainamxts", "https://jtrade.jainam.in:5000", "/apibinarymarketdata"),
        ("compositedge", "https://xts.compositedge.com", "/apimarketdata"),
        ("fivepaisaxts", "https://xtsmum.5paisa.com", "/apimarketdata"),
        ("ibulls", "https://xts.ibullssecurities.com", "/apibinarymarketdata"),
        ("iifl", "https://ttblaze.iifl.com", "/apimarketdata"),
        ("rmoney", "https://xts.rmoneyindia.co.in:3000", "/apibinarymarketdata"),
        ("wisdom", "https://trade.wisdomcapital.in", "/apimarketdata"),
    ],
)
def test_brokers_are_where_the_protocol_says(name: str, address: str, first_root: str) -> None:
    """Name, address and the likeliest market-data root of each broker (protocol 1.3, 1.4)."""
    profile = profile_named(name)

    assert (profile.name, profile.base_url, profile.market_data_roots[0]) == (name, address, first_root)
    assert profile.interactive_roots == ("/interactive",)
    assert set(profile.segments) | set(profile.index_segments) <= set(NUMBERS)


def test_an_unknown_broker_is_told_the_choices() -> None:
    """A mistyped name is answered with the names there are."""
    with pytest.raises(NotConfigured, match="compositedge, fivepaisaxts, ibulls, iifl, jainam_prop"):
        profile_named("zerodha")
    assert len(PROFILES) == 8


def test_the_prop_desks() -> None:
    """Three desks, B by default, each at its own port; the second root is tried after the first."""
    assert JAINAM_PROP.address_of("a") == "https://smpa.jainam.in:6543"
    assert JAINAM_PROP.address_of("B") == JAINAM_PROP.base_url
    assert JAINAM_PROP.address_of(" c ") == "https://smpc.jainam.in:14543"
    assert JAINAM_PROP.market_data_roots == ("/apibinarymarketdata", "/apimarketdata")


def test_an_unknown_desk_is_told_the_choices() -> None:
    """A server that is not there is answered with those that are."""
    with pytest.raises(NotConfigured, match="no server D; the choices are A, B, C"):
        JAINAM_PROP.address_of("D")
    with pytest.raises(NotConfigured, match="one server only"):
        profile_named("iifl").address_of("A")


def test_limits_are_jainams_chart() -> None:
    """The chart of protocol 4.3, line by line."""
    chart = {name: (window.calls, window.seconds) for name, (window,) in CHART.items()}

    assert (
        chart
        | {
            "place order": (25, 1),
            "modify order": (25, 1),
            "cancel order": (25, 1),
            "order book": (6, 1),
            "trade book": (40, 2),
            "positions": (1, 1),
            "holdings": (1, 10),
            "balance": (10, 3),
            "profile": (1, 5),
            "logout": (1, 1),
        }
        == chart
    )
    assert JAINAM_PROP.orders_per_second == 10


def test_two_limits_of_one_name_are_refused() -> None:
    """Starts are counted by the name of their window, so two limits under one name would each count the other's."""
    orders = Window("place order", 25, 1)
    by_minute = Window("place order by the minute", 200, 60)
    profile = evolve(JAINAM_PROP, limits={"place order": (orders, by_minute), "modify order": orders})

    assert profile.limits == {"place order": (orders, by_minute), "modify order": (orders,)}
    with pytest.raises(ValueError, match="two different limits are called 'place order'"):
        evolve(JAINAM_PROP, limits={"place order": (orders, Window("place order", 200, 60))})


def test_a_profile_is_data() -> None:
    """Another broker is another constant: everything can be set, and nothing is computed from the name."""
    other = evolve(JAINAM_PROP, name="other", positions_mode="DayWise", source="TWSAPI")

    assert (other.name, other.positions_mode, other.source) == ("other", "DayWise", "TWSAPI")
