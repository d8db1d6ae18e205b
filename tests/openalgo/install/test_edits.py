"""What is done to each kind of file, as text."""

from __future__ import annotations

import ast
import io
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import assume, given
from hypothesis import strategies as st

from fakes.openalgo_trees import BUILT, LOGIN, SOURCE, TEMPLATE, env_text
from jainam.openalgo_bridge.install.bundle import bundle_with
from jainam.openalgo_bridge.install.dotenv import values_of, with_plugins
from jainam.openalgo_bridge.install.lists import list_with
from jainam.openalgo_bridge.install.login import with_branch
from jainam.openalgo_bridge.install.pages import source_with, template_with
from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.refusals import NotUnderstood

PROP = Plugin(name="jainam_prop")

names = st.from_regex(r"[a-z][a-z0-9_]{1,11}", fullmatch=True).filter(lambda name: name not in ("northxts", "southxts"))
titles = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 .()-]{0,20}", fullmatch=True)
plugins = st.builds(Plugin, name=names, title=titles)
values = st.text(st.characters(codec="ascii", exclude_characters="'\"\\$\r\n\t #", min_codepoint=32), max_size=12)


def logged_in(source: str, broker: str, answer: tuple[object, ...], accept: str = "text/html") -> tuple[object, object]:
    """What the patched callback answers, and what it called the login with."""

    class Request:
        """As much of flask's as the callback reads."""

        method = "GET"
        args: dict[str, str] = {}
        headers = {"Accept": accept}

    called: list[object] = []

    def login(code: object) -> tuple[object, ...]:
        called.append(code)
        return answer

    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.module == "flask")]
    space: dict[str, object] = {
        "request": Request,
        "session": {"user": "me"},
        "functions": {broker: login},
        "handle_auth_success": lambda auth, feed: ("success", auth, feed),
        "handle_auth_failure": lambda message, url: ("failure", message, url),
    }
    exec(compile(tree, "brlogin.py", "exec"), space)
    callback = space["broker_callback"]
    assert callable(callback)
    return callback(broker), called[0]


@pytest.mark.parametrize("redirects", [True, False])
def test_branch_logs_in_with_both_tokens(redirects: bool) -> None:
    """The login is called with the broker's own name and gives four things, of which the host gets both tokens."""
    source = with_branch(LOGIN, PROP, redirects=redirects)

    assert logged_in(source, "jainam_prop", ("T", "F", "U", None)) == (("success", "T", "F"), "jainam_prop")


def test_failure_is_shown_where_the_host_would_lose_it() -> None:
    """A person at the browser reads why the login failed; a program gets the host's own answer."""
    source = with_branch(LOGIN, PROP, redirects=True)
    failed = (None, None, None, "JAINAM_MARKET_API_KEY is missing")

    shown, _ = logged_in(source, "jainam_prop", failed)
    assert shown == (
        "Jainam Prop: JAINAM_MARKET_API_KEY is missing",
        401,
        {"Content-Type": "text/plain; charset=utf-8"},
    )
    told, _ = logged_in(source, "jainam_prop", failed, accept="application/json")
    assert told == ("failure", "JAINAM_MARKET_API_KEY is missing", "broker.html")


def test_failure_is_left_to_a_host_that_shows_it() -> None:
    """The older version's own page shows the message."""
    shown, _ = logged_in(with_branch(LOGIN, PROP, redirects=False), "jainam_prop", (None, None, None, "no"))

    assert shown == ("failure", "no", "broker.html")


@pytest.mark.parametrize("broker", ["northxts", "southxts"])
def test_brokers_of_the_host_log_in_as_before(broker: str) -> None:
    """Every other branch does what it did."""
    source = with_branch(LOGIN, PROP, redirects=True)
    answer = ("T", "F", "U", None) if broker == "northxts" else ("T", None)

    if broker == "southxts":
        source = source.replace('== "GET"', '== "PUT"').replace('request.form["pin"]', '"1"')
    assert logged_in(source, broker, answer)[0] == ("success", "T", "F" if broker == "northxts" else None)


@given(plugin=plugins, end=st.sampled_from(["\n", "\r\n"]))
def test_edits_only_add(plugin: Plugin, end: str) -> None:
    """Each patched text is the original with lines added, for any name and title, and with its line ends."""
    edits: tuple[tuple[str, Callable[[str, Plugin], str]], ...] = (
        (LOGIN, partial(with_branch, redirects=True)),
        (TEMPLATE, template_with),
        (SOURCE, source_with),
    )
    for original, edit in edits:
        before = original.replace("\n", end)
        after = edit(before, plugin)
        rest = iter(after.split(end))

        assert all(line in rest for line in before.split(end))
        assert plugin.name in after
        assert after.replace("\r\n", "").count("\r") == 0
        assert end == "\n" or "\n" not in after.replace("\r\n", "")


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda text: with_branch(text, PROP, redirects=True), LOGIN),
        (lambda text: template_with(text, PROP), TEMPLATE),
        (lambda text: source_with(text, PROP), SOURCE),
        (lambda text: bundle_with(text, PROP), BUILT),
    ],
)
def test_edit_is_not_made_twice(edit: object, text: str) -> None:
    """A text that names the broker already is refused: somebody else wrote that."""
    assert callable(edit)
    with pytest.raises(NotUnderstood, match="did not write"):
        edit(edit(text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LOGIN.replace("    else:\n        # every", "    elif broker == 'all':\n        # every"), "general branch"),
        (LOGIN.replace("auth_function(code)", "other(code)"), "general branch"),
        (LOGIN.replace("    else:\n        # everybody", "    else :\n        # everybody"), "was not found"),
        (LOGIN.replace("def another", "def broker_callback"), "once"),
    ],
)
def test_login_of_another_shape_is_not_understood(text: str, says: str) -> None:
    """A callback without the general branch in the place where it is looked for is refused."""
    with pytest.raises(NotUnderstood, match=says):
        with_branch(text, PROP, redirects=True)


def test_page_with_two_switches_is_not_understood() -> None:
    """Where the login address is chosen in two places, nobody knows which counts."""
    twice = SOURCE + SOURCE[SOURCE.index("switch") :]

    with pytest.raises(NotUnderstood, match="one place"):
        source_with(twice, PROP)
    with pytest.raises(NotUnderstood, match="one switch"):
        template_with(TEMPLATE.replace("default:", "otherwise:"), PROP)
    with pytest.raises(NotUnderstood, match="no list of brokers"):
        template_with("<select></select>", PROP)


@pytest.mark.parametrize(
    "built",
    [
        BUILT,
        BUILT.replace("`/${t}/callback`", '"/"+t+"/callback"').replace("`", '"'),
        BUILT.replace("`/${t}/callback`", '"/".concat(t,"/callback")').replace("`", '"').replace('case"', 'case "'),
    ],
)
def test_built_page_runs_and_leads_to_the_callback(built: str, tmp_path: Path) -> None:
    """The patched page is JavaScript that runs: it offers the broker, and sends it to its callback."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine to run the page")
    script = bundle_with(built, PROP) + ";console.log(JSON.stringify([page('jainam_prop'),page('southxts'),page('x')]))"
    (tmp_path / "page.js").write_text(script)
    ran = subprocess.run([node, "page.js"], cwd=tmp_path, capture_output=True, text=True, check=True)

    everybody = '"northxts","southxts","jainam_prop"'
    assert ran.stdout.strip() == f'[["/jainam_prop/callback",{everybody}],["/southxts/callback",{everybody}],[]]'


def test_lists_grow_once() -> None:
    """Lists of brokers get the name at their end; everything else, and a list that has it, stays."""
    text = "\n".join(
        [
            'local valid_brokers="a,b,c"',
            "VALID_BROKERS = '${VALID_BROKERS:-a,b}'",
            'XTS_BROKERS="a,b"',
            'log "\\nValid brokers: a,b" "$BLUE"',
            'VALID_BROKERS="a,jainam_prop,b"',
            'validate_broker "$BROKER" a,b',
        ]
    )

    assert list_with(text, PROP).splitlines() == [
        'local valid_brokers="a,b,c,jainam_prop"',
        "VALID_BROKERS = '${VALID_BROKERS:-a,b,jainam_prop}'",
        'XTS_BROKERS="a,b,jainam_prop"',
        'log "\\nValid brokers: a,b,jainam_prop" "$BLUE"',
        'VALID_BROKERS="a,jainam_prop,b"',
        'validate_broker "$BROKER" a,b',
    ]
    assert list_with(list_with(text, PROP), PROP) == list_with(text, PROP)


@given(
    pairs=st.dictionaries(st.from_regex(r"[A-Z][A-Z_]{0,5}", fullmatch=True), values, min_size=1),
    quote=st.sampled_from(["'", '"', ""]),
    tail=st.sampled_from(["", "  # why", " ", "\t# x 'y' \"z\""]),
    space=st.sampled_from(["=", " = ", "= "]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_variables_are_read_as_the_host_reads_them(
    pairs: dict[str, str], quote: str, tail: str, space: str, end: str
) -> None:
    """Our reading of a .env is that of python-dotenv, whatever the quotes, spaces, remarks and line ends."""
    # A remark behind a bare nothing is the value to python-dotenv before 1.2.4, and none to later ones.
    assume(quote or "#" not in tail or "" not in pairs.values())
    text = end.join(f"{name}{space}{quote}{value}{quote}{tail}" for name, value in pairs.items())

    assert values_of(text) == dotenv_values(stream=io.StringIO(text, newline=""), interpolate=False)


@pytest.mark.parametrize("quote", ["'", '"', ""])
@pytest.mark.parametrize("brokers", [(), ("a",), ("a", "b")])
def test_written_lines_are_read_back_by_the_host(quote: str, brokers: tuple[str, ...]) -> None:
    """The host finds the new values, and every other variable as it was."""
    text = env_text(brokers, quote=quote)
    changed, _ = with_plugins(text, [PROP], {}, (), redirects=True)

    before = dotenv_values(stream=io.StringIO(text))
    after = dotenv_values(stream=io.StringIO(changed))
    assert after == {
        **before,
        "VALID_BROKERS": ",".join([*brokers, "jainam_prop"]),
        "REDIRECT_URL": "http://h/jainam_prop/callback",
    }


def test_last_line_of_a_variable_counts() -> None:
    """Where a variable is written twice, the line that the host believes is changed, an exported one too."""
    text = "VALID_BROKERS='old'\nexport VALID_BROKERS='new'\nREDIRECT_URL=http://h/new/callback\n"

    changed, _ = with_plugins(text, [PROP], {}, (), redirects=True)
    assert changed == (
        "VALID_BROKERS='old'\nexport VALID_BROKERS='new,jainam_prop'\nREDIRECT_URL=http://h/jainam_prop/callback\n"
    )


@pytest.mark.parametrize("name", ["Jainam", "a", "jainam-prop", "1st", "x" * 21, "__pycache__", "a/b", ""])
def test_names_that_no_folder_and_address_can_have_are_refused(name: str) -> None:
    """A broker's name is a folder, a part of an address and at most 20 characters of a database column."""
    with pytest.raises(ValueError, match="must be 2 to 20"):
        Plugin(name=name)


def test_titles_and_profiles_are_checked() -> None:
    """Nothing that would break a page gets into one, and a profile is one that there is."""
    with pytest.raises(ValueError, match="title"):
        Plugin(name="mine", title="<b>")
    with pytest.raises(ValueError, match="the choices are compositedge"):
        Plugin(name="mine", profile="nobody")
