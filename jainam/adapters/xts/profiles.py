"""The brokers we know, each a constant (protocol 1.3 and 1.4)."""

from __future__ import annotations

from collections.abc import Mapping

from jainam.adapters.xts.profile import BrokerProfile
from jainam.domain.errors import NotConfigured

__all__ = [
    "COMPOSITEDGE",
    "FIVEPAISA_XTS",
    "IBULLS",
    "IIFL",
    "JAINAM_PROP",
    "JAINAM_XTS",
    "PROFILES",
    "RMONEY",
    "WISDOM",
    "profile_named",
]

BINARY_ROOT = "/apibinarymarketdata"
PLAIN_ROOT = "/apimarketdata"

_DESKS = {
    "A": "https://smpa.jainam.in:6543",
    "B": "https://smpb.jainam.in:4143",
    "C": "https://smpc.jainam.in:14543",
}

JAINAM_PROP = BrokerProfile(
    name="jainam_prop",
    base_url=_DESKS["B"],
    servers=_DESKS,
    market_data_roots=(BINARY_ROOT, PLAIN_ROOT),  # desk B answers 404 on the plain one
)
JAINAM_XTS = BrokerProfile(
    name="jainamxts",
    base_url="https://jtrade.jainam.in:5000",
    market_data_roots=(BINARY_ROOT,),
)
COMPOSITEDGE = BrokerProfile(name="compositedge", base_url="https://xts.compositedge.com")
FIVEPAISA_XTS = BrokerProfile(name="fivepaisaxts", base_url="https://xtsmum.5paisa.com")
IBULLS = BrokerProfile(
    name="ibulls",
    base_url="https://xts.ibullssecurities.com",
    market_data_roots=(BINARY_ROOT, PLAIN_ROOT),
)
IIFL = BrokerProfile(name="iifl", base_url="https://ttblaze.iifl.com")
RMONEY = BrokerProfile(
    name="rmoney",
    base_url="https://xts.rmoneyindia.co.in:3000",
    market_data_roots=(BINARY_ROOT, PLAIN_ROOT),
    source="WebAPI",
)
WISDOM = BrokerProfile(name="wisdom", base_url="https://trade.wisdomcapital.in")

PROFILES: Mapping[str, BrokerProfile] = {
    profile.name: profile
    for profile in (JAINAM_PROP, JAINAM_XTS, COMPOSITEDGE, FIVEPAISA_XTS, IBULLS, IIFL, RMONEY, WISDOM)
}
"""Every profile by its broker id, which is the plug-in's folder name in OpenAlgo."""


def profile_named(name: str) -> BrokerProfile:
    """The profile of broker *name*; raises `NotConfigured` with the choices.

    >>> profile_named("jainam_prop").base_url
    'https://smpb.jainam.in:4143'
    """
    profile = PROFILES.get(name)
    if profile is None:
        raise NotConfigured(f"there is no profile {name!r}; the choices are {', '.join(sorted(PROFILES))}")
    return profile
