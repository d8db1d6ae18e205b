"""Ports name what flows need, and show no secret."""

import importlib
import pkgutil
from inspect import isclass
from typing import Protocol

import pytest

import jainam.ports
from jainam.ports.transport import HttpRequest, HttpResponse

MODULES = [module.name for module in pkgutil.iter_modules(jainam.ports.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_port_is_small(name: str) -> None:
    """What a port publishes is a protocol of a few methods, or a plain value, each with a docstring."""
    module = importlib.import_module(f"jainam.ports.{name}")
    for public in module.__all__:
        port = getattr(module, public)
        assert isclass(port)
        assert port.__doc__
        if Protocol in port.__mro__:
            assert 1 <= len([member for member in vars(port) if not member.startswith("_")]) <= 5


def test_request_hides_what_may_be_secret() -> None:
    """Headers and body of a request, and the body of an answer, are in no text of it (NFR4)."""
    request = HttpRequest("POST", "https://xts/orders", {"authorization": "canary"}, b"canary")

    assert repr(request) == "HttpRequest(method='POST', url='https://xts/orders')"
    assert repr(HttpResponse(200, b"canary", "application/json")) == (
        "HttpResponse(status=200, content_type='application/json')"
    )
