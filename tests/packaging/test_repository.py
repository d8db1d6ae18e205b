"""The files around the code say what the code does."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / ".env.example"
READER = CHECKOUT / "jainam" / "adapters" / "environment.py"


def ignored(name: str) -> bool:
    """Whether git would leave a file of that name alone."""
    if shutil.which("git") is None or not (CHECKOUT / ".git").exists():
        pytest.skip("not a git checkout")
    return subprocess.run(["git", "check-ignore", "--quiet", name], cwd=CHECKOUT, check=False).returncode == 0


@pytest.mark.parametrize("name", [".env", "sub/.env", ".env.local"])
def test_secrets_are_not_committed(name: str) -> None:
    """A filled-in .env never reaches the repository."""
    assert ignored(name)


def test_example_is_committed() -> None:
    """The example with its placeholders does."""
    assert not ignored(".env.example")


def test_example_names_every_variable() -> None:
    """Every variable that the code reads is explained, and none that it does not read."""
    if not READER.exists():
        pytest.skip("run from a place without the package's source")
    read = set(re.findall(r"""["'](JAINAM_[A-Z0-9_]*[A-Z0-9])["']""", READER.read_text(encoding="utf-8")))
    explained = set(re.findall(r"^#?(JAINAM_\w+)=", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE))

    assert explained == read


def test_tests_are_no_package() -> None:
    """An __init__.py under tests/ would ship in the wheel, and tests/packaging would hide a library of that name."""
    assert list((CHECKOUT / "tests").rglob("__init__.py")) == []
