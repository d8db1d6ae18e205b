"""`blueprints/brlogin.py`: a branch of the login that asks for both tokens and shows what went wrong (FR12)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import NotUnderstood

__all__ = ["PATH", "with_branch"]

PATH = "blueprints/brlogin.py"
CALLBACK = "broker_callback"

BRANCH = """\
elif broker == "{name}":
    auth_token, feed_token, user_id, error_message = auth_function("{name}")
    forward_url = "broker.html"
"""
TELLING = """\
    if not auth_token and "text/html" in request.headers.get("Accept", ""):
        # A redirect to the broker page would lose the message.
        logger.error(f"Authentication error: {{error_message}}")
        return f"{title}: {{error_message}}", 401, {{"Content-Type": "text/plain; charset=utf-8"}}
"""


def with_branch(text: str, plugin: Plugin, *, redirects: bool) -> str:
    """*text* with a branch for *plugin* before the general one, which tells failures where the host *redirects*."""
    chain = _chain(text)
    if plugin.name in {_broker_of(link) for link in chain}:
        raise NotUnderstood(f"it has a branch for {plugin.name} that this installer did not write")
    last = chain[-1]
    if not (last.orelse and _calls_login(last.orelse)):
        raise NotUnderstood("its login callback does not end in a general branch that logs in")
    lines = text.split("\n")
    indent = " " * chain[0].col_offset
    place = last.orelse[0].lineno - 2
    while place > last.lineno and lines[place].rstrip() != f"{indent}else:":
        place -= 1
    if place <= last.lineno:
        raise NotUnderstood("the general branch of its login callback was not found")
    end = "\r" if lines[place].endswith("\r") else ""
    branch = (BRANCH + (TELLING if redirects else "")).format(name=plugin.name, title=plugin.title)
    added = [f"{indent}{line}{end}" for line in branch.splitlines()]
    changed = "\n".join([*lines[:place], *added, end, *lines[place:]])
    if [_broker_of(link) for link in _chain(changed)] != [*map(_broker_of, chain), plugin.name]:
        raise NotUnderstood("the branch would not stand where it belongs")
    return changed


def _chain(text: str) -> list[ast.If]:
    """The if and all its elifs that choose by the broker's name."""
    try:
        module = ast.parse(text)
    except SyntaxError:
        raise NotUnderstood("it is not Python that can be read") from None
    found = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef) and node.name == CALLBACK]
    if len(found) != 1:
        raise NotUnderstood(f"it does not define {CALLBACK} once")
    chains = [list(_links(node)) for node in found[0].body if isinstance(node, ast.If)]
    by_name = [chain for chain in chains if sum(_broker_of(link) is not None for link in chain) > 1]
    if len(by_name) != 1:
        raise NotUnderstood("its login callback does not choose by the broker's name in one place")
    return by_name[0]


def _links(node: ast.If) -> Iterator[ast.If]:
    yield node
    match node.orelse:
        case [ast.If() as following] if following.col_offset == node.col_offset:
            yield from _links(following)


def _broker_of(link: ast.If) -> str | None:
    match link.test:
        case ast.Compare(left=ast.Name(id="broker"), ops=[ast.Eq()], comparators=[ast.Constant(value=str(name))]):
            return name
    return None


def _calls_login(body: list[ast.stmt]) -> bool:
    calls = (node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Name) and call.func.id == "auth_function" for call in calls)
