"""Requests and what comes back: an answer, or a connection that closes without one."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from attrs import field, frozen

from jainam.simulator.checks import Refused
from jainam.simulator.wire import dump

JSON_TYPE = "application/json; charset=utf-8"


@frozen(kw_only=True)
class Request:
    """An HTTP request as it arrived; header names are in small letters."""

    method: str
    path: str
    query: Mapping[str, str] = field(factory=dict)
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""


@frozen(kw_only=True)
class Response:
    """An HTTP answer, to be sent after *delay* seconds."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(factory=lambda: {"content-type": JSON_TYPE})
    delay: float = 0.0


@frozen(kw_only=True)
class Dropped:
    """The connection closes without an answer, after *delay* seconds."""

    applied: bool
    delay: float = 0.0


Outcome = Response | Dropped


class Seen(NamedTuple):
    """A request that arrived, whatever became of it; a query stands in for the body where there is none."""

    method: str
    path: str
    body: str


def success(code: str, description: str, result: Any = None, status: int = 200) -> Response:
    """Return a success envelope, without a result when there is none."""
    envelope: dict[str, Any] = {"type": "success", "code": code, "description": description}
    if result is not None:
        envelope["result"] = result
    return Response(status=status, body=dump(envelope).encode())


def failure(refused: Refused, wrapped: bool = False) -> Response:
    """Return an error envelope, wrapped the way one gateway does if asked."""
    envelope: dict[str, Any] = {"type": "error", "code": refused.code, "description": refused.description}
    if refused.result is not None:
        envelope["result"] = refused.result
    return Response(status=refused.status, body=dump({"err": True, "data": envelope} if wrapped else envelope).encode())


def html(status: int, body: str) -> Response:
    """Return a page, as a gateway or an unhandled route answers."""
    return Response(status=status, body=body.encode(), headers={"content-type": "text/html; charset=utf-8"})


def nginx(status: int, title: str) -> Response:
    """Return the page of the web server in front."""
    head = f"{status} {title}"
    return html(
        status,
        f"<html>\r\n<head><title>{head}</title></head>\r\n<body>\r\n<center><h1>{head}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
    )


def express(status: int, message: str) -> Response:
    """Return the page of the application behind."""
    return html(
        status,
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n'
        f"<body>\n<pre>{message}</pre>\n</body>\n</html>\n",
    )


GATEWAY_TITLES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}


def empty(code: str) -> Refused:
    """Return how an ordinary route says that a book is empty."""
    return Refused(code, "Data Not Available")


def rate_limited(status: int) -> Refused:
    """Return the refusal of a call that came too soon."""
    return Refused("e-apirl-0004", "Rate limit exceeded. Please try again later.", status)
