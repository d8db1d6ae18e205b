"""Record every scenario afresh from the embedded exchange: ``python tests/replay/record.py`` or ``make record``.

Exchange and desk share one clock, which moves only when the desk waits, so two recordings of the same code are the
same to the last byte.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))  # pytest puts the folder `tests` there by itself

from replay.desks import TRANSPORTS, opened
from replay.scenarios import SCENARIOS, Scenario
from replay.tapes import CASSETTES, tape

from fakes.clock import FakeClock
from jainam.simulator import running

__all__ = ["record"]


def record(scenario: Scenario, folder: Path, transport: str = TRANSPORTS[0]) -> Path:
    """Play *scenario* against a fresh exchange over *transport*, and return the cassette made of it in *folder*."""
    path = folder / f"{scenario.name}.yaml"
    path.unlink(missing_ok=True)
    clock = FakeClock()
    with running(scenario.exchange, clock=clock) as server:
        scenario.prepare(server.rest)
        with (
            tape(path, "new_episodes"),
            opened(transport, scenario.exchange, server.url, clock) as desk,
        ):
            scenario.play(desk)
    return path


def main() -> None:
    """Put fresh cassettes in the place of all."""
    CASSETTES.mkdir(exist_ok=True)
    for stale in {path.stem for path in CASSETTES.glob("*.yaml")} - {scenario.name for scenario in SCENARIOS}:
        (CASSETTES / f"{stale}.yaml").unlink()
    for scenario in SCENARIOS:
        path = record(scenario, CASSETTES)
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
