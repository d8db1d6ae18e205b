"""What an installation brings, seen in the one that these tests run against."""

from importlib.metadata import Distribution, distribution, entry_points, version
from pathlib import Path

import pytest

import jainam

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def wheel() -> Distribution:
    """The installed wheel; an editable installation only points at the checkout."""
    installed = distribution("jainam")
    if any(name.startswith("__editable__") for name in names(installed)):
        pytest.skip("installed in place: the other environments look into the wheel")
    return installed


def names(installed: Distribution) -> set[str]:
    """Every file that the installation brought."""
    return {file.as_posix() for file in installed.files or ()}


def test_type_information_is_shipped(wheel: Distribution) -> None:
    """Users' type checkers see our annotations."""
    assert "jainam/py.typed" in names(wheel)


def test_exchange_brings_its_data(wheel: Distribution) -> None:
    """The embedded exchange runs from the installed package alone."""
    shipped = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "jainam/simulator/data").iterdir()}

    assert shipped
    assert shipped <= names(wheel)


def test_every_module_is_shipped_and_nothing_else(wheel: Distribution) -> None:
    """No package lacks its __init__.py, and nothing from an earlier build slips in."""
    written = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "jainam").rglob("*.py")}
    shipped = {name for name in names(wheel) if name.endswith(".py")}

    assert shipped == written


def test_tests_are_not_shipped(wheel: Distribution) -> None:
    """The wheel claims one top-level name."""
    tops = {name.split("/")[0] for name in names(wheel) if not name.startswith("..")}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"jainam"}


def test_suite_runs_against_the_wheel(wheel: Distribution) -> None:
    """What the tests import is what was installed, not the checkout beside it."""
    assert Path(jainam.__file__) == Path(str(wheel.locate_file("jainam/__init__.py")))


def test_command_is_installed() -> None:
    """`jainam` on the command line is ours, and can be loaded."""
    (command,) = entry_points(group="console_scripts", name="jainam")

    assert command.value == "jainam.cli.main:main"
    assert callable(command.load())


def test_version_is_said_once() -> None:
    """The package and its metadata name the same version."""
    assert jainam.__version__ == version("jainam")
