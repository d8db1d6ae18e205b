"""One module text for every broker of the host: a shim runs it under its own name, by which it finds its desk."""

from __future__ import annotations

import importlib.util
from importlib.abc import InspectLoader
from types import CodeType
from typing import Any

from jainam.openalgo_bridge import wiring

__all__ = ["fill"]

BRIDGE = "jainam.openalgo_bridge"
ADAPTER = "streaming.jainam_prop_adapter"
"""The one module, and the one class, whose name OpenAlgo makes of the broker's."""
ADAPTER_CLASS = "Jainam_propWebSocketAdapter"


def fill(namespace: dict[str, Any], *, profile: str) -> None:
    """Make the module with these globals what its name says: `broker.<name>.api.order_api` is the order API of <name>.

    *profile* is the XTS broker that <name> trades with. Raises `ImportError` for a module that the bridge does not
    have, which OpenAlgo takes for a broker that does not offer it.

    >>> module = {"__name__": "broker.my_iifl.api.baseurl"}
    >>> fill(module, profile="iifl")
    >>> module["BASE_URL"]
    'https://ttblaze.iifl.com'
    """
    broker, part = _read_off(str(namespace["__name__"]))
    wiring.register(broker, profile)
    is_adapter = part == f"streaming.{broker}_adapter"
    exec(_code_of(ADAPTER if is_adapter else part), namespace)  # the loader's own way of making a module
    if is_adapter:
        namespace[f"{broker.capitalize()}WebSocketAdapter"] = namespace[ADAPTER_CLASS]


def _read_off(name: str) -> tuple[str, str]:
    package, _, rest = name.partition(".")
    broker, _, part = rest.partition(".")
    if package != "broker" or not broker or not part:
        raise ImportError(f"{name} is no module of a broker: it should be called broker.<name>.<folder>.<module>")
    return broker, part


def _code_of(part: str) -> CodeType:
    name = f"{BRIDGE}.{part}"
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:  # not even the folder
        spec = None
    loader = spec.loader if spec is not None else None
    code = loader.get_code(name) if isinstance(loader, InspectLoader) else None
    if code is None:
        raise ImportError(f"jainam's bridge to OpenAlgo has no module {part}")
    return code
