"""Several pieces of work at once, by threads that are there while it lasts; the calling thread is one of them.

A pool of `concurrent.futures` takes longer to import and to start than an exit takes to leave.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["all_of"]

S = TypeVar("S")
T = TypeVar("T")


def all_of(work: Callable[[S], T], pieces: Sequence[S], workers: int) -> tuple[T, ...]:
    """What *work* makes of each of *pieces*, in their order, by so many *workers* at most.

    When one raises, or Ctrl-C arrives, no further piece is begun; those that are under way end before it is raised.

    >>> all_of(abs, [-1, 2, -3], workers=2)
    (1, 2, 3)
    """
    waiting = deque(enumerate(pieces))
    done: dict[int, T] = {}
    broken: list[BaseException] = []

    def go_on() -> None:
        try:
            while True:
                try:
                    place, piece = waiting.popleft()
                except IndexError:
                    return
                done[place] = work(piece)
        except BaseException as error:  # noqa: BLE001 - raised again where all of them are waited for
            waiting.clear()
            broken.append(error)

    others = [threading.Thread(target=go_on, name=f"jainam_{n}") for n in range(1, min(workers, len(pieces)))]
    begun: list[threading.Thread] = []
    try:
        for other in others:
            begun.append(other)
            other.start()
        go_on()
        _wait_for(begun)
    except BaseException:  # Ctrl-C: what is under way ends first; another one does not wait for it
        waiting.clear()
        _wait_for([other for other in begun if other.ident is not None])
        raise
    if broken:
        raise broken[0]
    return tuple(done[place] for place in range(len(pieces)))


def _wait_for(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
