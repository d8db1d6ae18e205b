"""The script that plays flows is itself held to what it promises."""

import pytest

from fakes.script import play
from jainam.domain.errors import NotSent
from jainam.domain.steps import Alone, Flow, NewTag, Outcome, Pause, Together


def two_tags() -> Flow[list[str]]:
    """Ask for two tags."""
    return [(yield from NewTag()), (yield from NewTag())]


def refused() -> Flow[str]:
    """Pass one second and fail."""
    yield from Pause(1)
    raise NotSent("no route")


def both() -> Flow[tuple[Outcome[list[str] | str], ...]]:
    """Enter a lock, and there perform two flows of which one fails."""
    return (yield from Alone(("key",), _inner()))


def _inner() -> Flow[tuple[Outcome[list[str] | str], ...]]:
    return (yield from Together[list[str] | str]((two_tags(), refused())))


def test_script_answers_in_order() -> None:
    """A flow is given the scripted answers, one after the other."""
    assert play(two_tags(), (NewTag(), "a"), (NewTag(), "b")) == ["a", "b"]


def test_script_notices_another_step() -> None:
    """A step that the script did not expect fails the test."""
    with pytest.raises(AssertionError):
        play(two_tags(), (Pause(0), None))


def test_script_notices_its_end() -> None:
    """A flow that asks for more than the script holds fails the test."""
    with pytest.raises(AssertionError, match="the script is over"):
        play(two_tags(), (NewTag(), "a"))


def test_script_notices_what_is_left_over() -> None:
    """A script that the flow did not need fails the test, after an error too."""
    with pytest.raises(AssertionError, match="never asked for"):
        play(refused(), (Pause(1), None), (NewTag(), "a"))


def test_script_enters_nested_flows() -> None:
    """Flows under a lock and beside one another draw on the same script, and a failure stops none of the others."""
    tags, failure = play(both(), (NewTag(), "a"), (NewTag(), "b"), (Pause(1), None))

    assert tags == ["a", "b"]
    assert isinstance(failure, NotSent)
