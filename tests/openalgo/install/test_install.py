"""Installing into a checkout and taking it out again, over invented trees of many shapes (X15)."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.openalgo_trees import PAGE, XTS, Shape, build, contents, folders
from jainam.openalgo_bridge.install.applying import apply, steps_of
from jainam.openalgo_bridge.install.ledger import FILE, FOLDER, read_ledger
from jainam.openalgo_bridge.install.plan import Plan, plan
from jainam.openalgo_bridge.install.plugin import GUIDE, Plugin
from jainam.openalgo_bridge.install.refusals import Refused
from jainam.openalgo_bridge.install.tree import Tree

PROP = Plugin(name="jainam_prop")
SECOND = Plugin(name="my_iifl", profile="iifl", title="Mine (IIFL)")
QUIET = Plugin(name="quiet_one", profile="wisdom", selected=False)
NAMES = {plugin.name: plugin for plugin in (PROP, SECOND, QUIET)}

shapes = st.builds(
    Shape,
    is_current=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    final_newline=st.booleans(),
    has_env=st.booleans(),
    is_built=st.booleans(),
    has_source=st.just(True),
    quote=st.sampled_from(["'", '"', ""]),
    redirect=st.sampled_from(["http://127.0.0.1:5000/<broker>/callback", "https://desk.example/northxts/callback"]),
    brokers=st.sampled_from([XTS, (*XTS, "eastxts"), (*XTS, "jainam_prop")]),
    has_guide=st.booleans(),
)
orders = st.permutations(list(NAMES.values())).flatmap(
    lambda plugins: st.tuples(
        st.integers(1, len(plugins)).map(lambda count: plugins[:count]), st.permutations(range(len(plugins)))
    )
)


def planned(root: Path, *plugins: Plugin) -> Plan:
    """What to do for the tree to hold these."""
    tree = Tree.open(root)
    return plan(tree, read_ledger(tree.root), plugins)


def hold(root: Path, *plugins: Plugin) -> Plan:
    """Make the tree hold these."""
    found = planned(root, *plugins)
    apply(root, found)
    return found


@pytest.fixture(autouse=True, scope="module")
def _no_waiting_for_disks() -> Iterator[None]:
    """Hundreds of trees are written here, and none of them has to survive a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of the current version."""
    return build(tmp_path / "openalgo", Shape())


@settings(deadline=None)  # dozens of files each
@given(shape=shapes, order=orders)
def test_last_one_out_leaves_every_byte_as_it_was(shape: Shape, order: tuple[Sequence[Plugin], Sequence[int]]) -> None:
    """Whatever is installed, in whatever order it goes: the tree ends as it began, modes and folders included."""
    plugins, leaving = order
    with TemporaryDirectory() as folder:
        root = build(Path(folder), shape)
        before, dirs = contents(root), folders(root)
        held: list[Plugin] = []
        for plugin in plugins:
            held.append(plugin)
            hold(root, *held)
            assert not planned(root, *held).changes
        for plugin in [plugins[place] for place in leaving if place < len(plugins)]:
            held.remove(plugin)
            hold(root, *held)

        assert contents(root) == before
        assert folders(root) == dirs


@settings(deadline=None)  # dozens of files each
@given(shape=shapes, order=orders)
def test_those_that_stay_are_as_if_the_others_had_never_come(
    shape: Shape, order: tuple[Sequence[Plugin], Sequence[int]]
) -> None:
    """Taking one of several out gives the tree that installing the rest alone would have given."""
    plugins, _ = order
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        hold(build(Path(one), shape), *plugins)
        hold(Path(one), *plugins[1:])
        if plugins[1:]:
            hold(build(Path(other), shape), *plugins[1:])
        else:
            build(Path(other), shape)

        assert contents(Path(one)) == contents(Path(other))


@settings(deadline=None)  # dozens of files each
@given(shape=shapes, stop=st.integers(0, 140), then=st.sampled_from(["install", "uninstall"]), leaving=st.booleans())
def test_kill_at_any_moment_can_be_finished_or_undone(shape: Shape, stop: int, then: str, leaving: bool) -> None:
    """After a kill between any two steps, installing finishes the work and uninstalling restores the tree."""
    with TemporaryDirectory() as folder, TemporaryDirectory() as whole:
        root = build(Path(folder), shape)
        before, dirs = contents(root), folders(root)
        hold(build(Path(whole), shape), PROP)
        if leaving:
            hold(root, PROP)
        for _ in islice(steps_of(root, planned(root, *(() if leaving else (PROP,)))), stop):
            pass
        if then == "install":
            hold(root, PROP)
            assert contents(root) == contents(Path(whole))
        hold(root)

        assert {path: found for path, found in contents(root).items() if not path.startswith(FOLDER)} == before
        assert {name for name in folders(root) if not name.startswith(FOLDER)} == dirs
        assert not read_ledger(root).files


def test_there_are_fewer_steps_than_the_kills_that_are_tried(root: Path) -> None:
    """The property above reaches the last step of an installation, and of its removal."""
    assert len(list(steps_of(root, planned(root, PROP)))) < 140
    assert len(list(steps_of(root, planned(root)))) < 140


def test_host_is_told_of_the_broker_everywhere(root: Path) -> None:
    """Login, page, page as served, lists and variables name the broker, and its modules are there."""
    hold(root, PROP)

    assert dotenv_values(root / ".env")["VALID_BROKERS"] == "northxts,southxts,jainam_prop"
    assert dotenv_values(root / ".env")["REDIRECT_URL"] == "http://127.0.0.1:5000/jainam_prop/callback"
    assert dotenv_values(root / ".sample.env")["REDIRECT_URL"] == "http://h/<broker>/callback"
    assert dotenv_values(root / ".sample.env")["VALID_BROKERS"] == "northxts,southxts,jainam_prop"
    for path in ("install/install.sh", "install/docker-run.bat", "start.sh"):
        assert "northxts,southxts,jainam_prop" in (root / path).read_text()
    assert gzip.decompress((root / f"{PAGE}.gz").read_bytes()) == (root / PAGE).read_bytes()
    assert not (root / f"{PAGE}.br").exists()
    facts = json.loads((root / "broker/jainam_prop/plugin.json").read_bytes())
    assert facts["supported_exchanges"] == ["NSE", "BSE", "NFO", "BFO", "NSE_INDEX", "BSE_INDEX"]
    assert facts["broker_type"] == "IN_stock"
    assert facts["leverage_config"] is False
    for module in PROP.modules:
        assert 'fill(globals(), profile="jainam_prop")' in (root / f"{module.replace('.', '/')}.py").read_text()
    assert (root / GUIDE).read_text(encoding="utf-8").startswith("# Jainam Prop in OpenAlgo")


def test_twins_are_written_with_brotli_where_there_is_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With brotli at hand the .br twin is the patched page, and nothing is taken away."""

    class Brotli:
        """Stands in for the package."""

        @staticmethod
        def compress(content: bytes, quality: int) -> bytes:
            """Something that can be recognised."""
            return b"br%d" % quality + content

    monkeypatch.setitem(sys.modules, "brotli", Brotli)
    found = hold(root, PROP)

    assert (root / f"{PAGE}.br").read_bytes() == b"br11" + (root / PAGE).read_bytes()
    assert found.notes == ()


def test_missing_brotli_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without brotli the old twin goes, which would be served in the new page's place, and a note says so."""
    monkeypatch.setitem(sys.modules, "brotli", None)

    assert "no brotli" in " ".join(planned(root, PROP).notes)


def test_second_broker_is_selected_and_the_first_again_when_it_goes(root: Path) -> None:
    """REDIRECT_URL names who was installed last and is still there."""
    hold(root, PROP, SECOND, QUIET)
    assert dotenv_values(root / ".env")["REDIRECT_URL"] == "http://127.0.0.1:5000/my_iifl/callback"
    hold(root, PROP, QUIET)
    assert dotenv_values(root / ".env")["REDIRECT_URL"] == "http://127.0.0.1:5000/jainam_prop/callback"
    assert dotenv_values(root / ".env")["VALID_BROKERS"] == "northxts,southxts,jainam_prop,quiet_one"


def test_changed_file_is_left_alone_and_named(root: Path) -> None:
    """A patched file that somebody changed stops both ways, before anything is touched."""
    hold(root, PROP)
    (root / "blueprints/brlogin.py").write_text((root / "blueprints/brlogin.py").read_text() + "# mine\n")
    held = contents(root)

    for plugins in ((), (PROP,), (PROP, SECOND)):
        with pytest.raises(Refused, match=r"^blueprints/brlogin\.py was changed since") as refused:
            planned(root, *plugins)
        assert "git checkout -- blueprints/brlogin.py" in refused.value.hint
    assert contents(root) == held


def test_keys_written_after_installing_survive_the_removal(root: Path) -> None:
    """.env may be edited: our two lines are taken back, whatever else was written, and an edit of them is kept."""
    hold(root, PROP)
    text = (root / ".env").read_text().replace("CANARY-SECRET", "MY-KEY").replace("# Settings", "# Mine\n# Settings")
    text = text.replace("VALID_BROKERS='northxts,", "VALID_BROKERS='westxts,northxts,")
    text = text.replace("http://127.0.0.1:5000/jainam_prop", "https://my.example/jainam_prop")
    (root / ".env").write_text(text)
    hold(root)

    found = dotenv_values(root / ".env")
    assert found["BROKER_API_SECRET"] == "MY-KEY"
    assert found["VALID_BROKERS"] == "westxts,northxts,southxts"
    assert found["REDIRECT_URL"] == "https://my.example/<broker>/callback"


def test_broker_chosen_by_hand_since_stays_chosen(root: Path) -> None:
    """A REDIRECT_URL that names somebody else meanwhile is not ours to put back."""
    hold(root, PROP)
    text = (root / ".env").read_text().replace("/jainam_prop/callback", "/northxts/callback")
    (root / ".env").write_text(text)
    hold(root)

    assert dotenv_values(root / ".env")["REDIRECT_URL"] == "http://127.0.0.1:5000/northxts/callback"


def test_no_key_is_kept_anywhere(root: Path) -> None:
    """Nothing but .env itself holds what was in it."""
    hold(root, PROP)

    holding = {path for path, (_, content) in contents(root).items() if b"CANARY" in content}
    assert holding == {".env", ".sample.env"}


def test_update_of_the_host_is_taken_as_the_new_original(root: Path) -> None:
    """Files that an update of OpenAlgo replaced are patched afresh, and restored to the updated text."""
    before = contents(root)
    hold(root, PROP)
    updated = before["blueprints/brlogin.py"][1] + b"# version 10\n"
    (root / "blueprints/brlogin.py").write_bytes(updated)
    hold(root, PROP)
    assert b'broker == "jainam_prop"' in (root / "blueprints/brlogin.py").read_bytes()
    hold(root)

    mode, _ = before["blueprints/brlogin.py"]
    assert contents(root) == {**before, "blueprints/brlogin.py": (mode, updated)}


def test_lost_copy_of_an_original_is_said(root: Path) -> None:
    """What cannot be restored is not half restored: the file is named, and how to get it back."""
    hold(root, PROP)
    for kept in (root / FOLDER / "originals").iterdir():
        kept.unlink()

    with pytest.raises(Refused, match=r"git checkout -- blueprints/brlogin\.py"):
        planned(root)


def test_unreadable_ledger_is_said(root: Path) -> None:
    """A ledger that is no ledger stops the installer, which then knows nothing."""
    hold(root, PROP)
    (root / FILE).write_text("[]")

    with pytest.raises(Refused, match="nothing is known"):
        read_ledger(root)


def test_other_peoples_files_keep_their_folder(root: Path) -> None:
    """What somebody put into the broker's folder stays; what Python compiled there does not."""
    hold(root, PROP)
    (root / "broker/jainam_prop/notes.txt").write_text("mine")
    (root / "broker/jainam_prop/api/__pycache__").mkdir()
    (root / "broker/jainam_prop/api/__pycache__/data.pyc").write_bytes(b"x")
    hold(root)

    assert [path.name for path in (root / "broker/jainam_prop").rglob("*")] == ["notes.txt"]


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        (
            "blueprints/brlogin.py",
            "def broker_callback(broker):\n    return 1\n",
            "does not choose by the broker's name",
        ),
        ("blueprints/brlogin.py", "def broker_callback(:\n", "not Python that can be read"),
        ("blueprints/brlogin.py", "", "does not define broker_callback once"),
        ("frontend/src/pages/BrokerSelect.tsx", "export default 1\n", "no list of brokers"),
        (PAGE, "export{O as default};", "was not found in it"),
        (".env", "A=1\n", "has no VALID_BROKERS on one line"),
        (".env", "VALID_BROKERS='a'\nREDIRECT_URL='http://h/callback-of-mine'\n", "does not end in /<broker>/callback"),
        (".env", b"VALID_BROKERS='\xff'\n", "not UTF-8"),
        ("blueprints/brlogin.py", b"# \xff\n", "not UTF-8"),
        ("broker/jainam_prop/mine.py", "", "broker/jainam_prop is there already"),
    ],
)
def test_tree_that_is_not_understood_is_left_alone(root: Path, path: str, text: str | bytes, says: str) -> None:
    """A file that looks like none we know is named with the reason, and nothing is changed."""
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_bytes(text.encode() if isinstance(text, str) else text)
    held = contents(root)

    with pytest.raises(Refused, match=says) as refused:
        hold(root, PROP)
    assert path.rsplit("/", 1)[0] in str(refused.value) or path in str(refused.value)
    assert contents(root) == held


def test_brokers_of_the_host_are_not_replaced(root: Path) -> None:
    """A name that the host uses already is refused everywhere it is found."""
    with pytest.raises(Refused) as refused:
        hold(root, Plugin(name="northxts", profile="iifl"))

    assert {problem.split(":")[0].split(" is ")[0] for problem in refused.value.problems} == {
        "broker/northxts",
        "blueprints/brlogin.py",
        "frontend/src/pages/BrokerSelect.tsx",
        PAGE,
    }


def test_folder_that_is_no_openalgo_is_refused(tmp_path: Path) -> None:
    """What an OpenAlgo has and this folder lacks is listed."""
    with pytest.raises(Refused, match=r"it has no app\.py, broker, blueprints/brlogin\.py"):
        Tree.open(tmp_path)


def test_openalgo_without_a_known_page_is_refused(tmp_path: Path) -> None:
    """A version whose broker page is neither of the two is not touched."""
    build(tmp_path, Shape(has_source=False, is_built=False))

    with pytest.raises(Refused, match="no page to choose a broker on"):
        Tree.open(tmp_path)


def test_page_that_is_not_built_is_said(tmp_path: Path) -> None:
    """Where only the source of the page is there, a note names the command that builds it."""
    build(tmp_path, Shape(is_built=False))

    assert "npm run build" in " ".join(planned(tmp_path, PROP).notes)


def test_missing_env_is_said(tmp_path: Path) -> None:
    """A checkout that was never set up can be installed into; a note says what is left to do."""
    build(tmp_path, Shape(has_env=False))

    assert "there is no .env yet" in " ".join(planned(tmp_path, PROP).notes)


def test_link_stays_a_link(root: Path, tmp_path: Path) -> None:
    """A .env that is kept elsewhere is changed there."""
    (root / ".env").rename(tmp_path / "shared.env")
    (root / ".env").symlink_to(tmp_path / "shared.env")
    hold(root, PROP)

    assert (root / ".env").is_symlink()
    assert "jainam_prop" in (tmp_path / "shared.env").read_text()


def test_mode_of_env_is_kept(root: Path) -> None:
    """A .env that nobody else may read is never readable by others."""
    (root / ".env").chmod(0o600)
    hold(root, PROP)

    assert (root / ".env").stat().st_mode & 0o777 == 0o600


def test_every_order_of_two_is_a_tree_of_its_own_broker(root: Path) -> None:
    """Two brokers name two profiles in their modules, and do not mix them up."""
    for plugins in itertools.permutations((PROP, SECOND)):
        hold(root, *plugins)
        for plugin in plugins:
            text = (root / f"broker/{plugin.name}/streaming/{plugin.name}_adapter.py").read_text()
            assert f'profile="{plugin.profile}"' in text
