"""What holds for every test: no real credentials, nobody's home folder, and one Hypothesis profile."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from fakes.postgres import postgres_server, postgres_url  # noqa: F401  (fixtures)

DATABASE = DirectoryBasedExampleDatabase(Path(__file__).parent.parent / ".hypothesis" / "examples")

settings.register_profile("dev", max_examples=50, database=DATABASE)
# A red check must be the change's own doing: the same examples every time. Nightly is there to find new ones.
# Nor may a busy machine make it red, so nobody times how examples are made.
settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=(HealthCheck.too_slow,),
)
# What other versions break, they break in the first examples; py311 and py313 look at all of them.
settings.register_profile("brief", settings.get_profile("ci"), max_examples=20)
# A mutant has only to be noticed: nobody reads the smallest example of what it breaks.
settings.register_profile("mutants", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))
settings.register_profile("nightly", max_examples=5000, deadline=None, database=DATABASE, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Credentials in the environment are not consent: live tests trade only when asked for by name."""
    if "live" in str(config.getoption("markexpr")):
        return
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.skip(reason="trades for real: run `make live` (pytest -m live) to ask for it"))


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An endless row of empty folders (one `tmp_path` more per test would slow the suite)."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _outside_world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _homes: Iterator[Path]) -> None:
    """No test reads the credentials or touches the files of whoever runs it."""
    if request.node.get_closest_marker("live") is None:
        for name in [name for name in os.environ if name.startswith("JAINAM_")]:
            monkeypatch.delenv(name)
    home = next(_homes)
    home.mkdir()
    for name, folder in {
        "HOME": home,
        "USERPROFILE": home,
        "LOCALAPPDATA": home / "AppData",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_STATE_HOME": home / ".local" / "state",
    }.items():
        monkeypatch.setenv(name, str(folder))
