"""The same over real checkouts, which JAINAM_TEST_OPENALGO names; they are copied, and never changed themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fakes.openalgo_trees import contents, folders
from jainam.openalgo_bridge.install.applying import apply
from jainam.openalgo_bridge.install.bundle import PATTERN
from jainam.openalgo_bridge.install.ledger import read_ledger
from jainam.openalgo_bridge.install.plan import plan
from jainam.openalgo_bridge.install.plugin import Plugin
from jainam.openalgo_bridge.install.tree import Tree

TREES: list[Any] = [path for path in os.environ.get("JAINAM_TEST_OPENALGO", "").split(os.pathsep) if path]
PLUGINS = (Plugin(name="jainam_prop"), Plugin(name="my_iifl", profile="iifl", title="Mine (IIFL)"))


@pytest.fixture(params=TREES or [pytest.param("", marks=pytest.mark.skip(reason="JAINAM_TEST_OPENALGO names none"))])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Tree:
    """A copy of a real checkout with a .env of its own."""
    root = tmp_path / "openalgo"
    shutil.copytree(request.param, root, symlinks=True)
    shutil.copy(root / ".sample.env", root / ".env")
    return Tree.open(root)


def test_real_checkout_is_as_it_was(tree: Tree) -> None:
    """Two brokers in, and out in either order: every byte, mode and folder is as it was, and git sees a clean tree."""
    before, dirs = contents(tree.root), folders(tree.root)
    first, second = PLUGINS
    for steps in (((first,), (first, second), (second,), ()), ((first,), (first, second), (first,), ())):
        for held in steps:
            apply(tree.root, plan(tree, read_ledger(tree.root), held))
            assert not plan(tree, read_ledger(tree.root), held).changes
        assert contents(tree.root) == before
        assert folders(tree.root) == dirs
    if (tree.root / ".git").exists():
        seen = subprocess.run(["git", "status", "--porcelain"], cwd=tree.root, capture_output=True, check=True).stdout
        assert seen == b""


def test_real_files_can_still_be_read_by_their_languages(tree: Tree) -> None:
    """Python compiles the login, bash reads the installers, and node parses the built page."""
    apply(tree.root, plan(tree, read_ledger(tree.root), PLUGINS))

    compile((tree.root / "blueprints/brlogin.py").read_bytes(), "brlogin.py", "exec")
    bash, node = shutil.which("bash"), shutil.which("node")
    for script in [*tree.find("install/*.sh"), *tree.find("start.sh")] if bash else []:
        subprocess.run([str(bash), "-n", script], cwd=tree.root, check=True)
    for page in tree.find(PATTERN) if node else []:
        module = shutil.copy(tree.root / page, tree.root / "page.mjs")
        subprocess.run([str(node), "--check", module], check=True)
