"""Sessions outlive the process in a file that only its owner can read."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest
from attrs import evolve

from jainam.adapters.session_files import FileSessions, MemorySessions
from jainam.domain.errors import NotConfigured
from jainam.domain.sessions import Api, Session

DAY = dt.date(2026, 1, 12)
DEALER = Session(
    api=Api.INTERACTIVE,
    token="FAKE.TOKEN",
    user_id="DEALER01",
    root="/interactive",
    is_investor=False,
    client_id="*****",
    client_codes=("CLIENT01", "CLIENT02"),
)
MARKET = Session(api=Api.MARKET_DATA, token="FAKE.MD", user_id="DEALER01", root="/apimarketdata")


def sessions_in(folder: Path, day: dt.date = DAY) -> FileSessions:
    return FileSessions(folder / "cache" / "sessions.json", lambda: day)


def test_another_process_finds_the_session(tmp_path: Path) -> None:
    """What one process keeps, the next one uses, field for field (D14)."""
    sessions_in(tmp_path).keep(DEALER)
    sessions_in(tmp_path).keep(MARKET)

    other = sessions_in(tmp_path)

    assert other.current(Api.INTERACTIVE) == DEALER
    assert other.latest(Api.MARKET_DATA) == MARKET


def test_a_renewed_session_is_seen_by_who_asks_for_the_latest(tmp_path: Path) -> None:
    """A process holds its session until it asks for the latest one, which another may have made."""
    mine, theirs = sessions_in(tmp_path), sessions_in(tmp_path)
    mine.keep(DEALER)
    renewed = evolve(DEALER, token="FAKE.NEWER")
    theirs.keep(renewed)

    assert mine.current(Api.INTERACTIVE) == DEALER
    assert mine.latest(Api.INTERACTIVE) == renewed
    assert mine.current(Api.INTERACTIVE) == renewed


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    """The file has mode 0600 and nothing else is left in its folder."""
    sessions = sessions_in(tmp_path)
    sessions.keep(DEALER)

    assert (sessions.path.stat().st_mode & 0o777) == 0o600
    assert [sessions.path] == list(sessions.path.parent.iterdir())


def test_yesterday_s_session_is_not_used(tmp_path: Path) -> None:
    """Brokers end sessions in the early morning, so a session counts for its day only (protocol 2.4)."""
    sessions_in(tmp_path).keep(DEALER)

    assert sessions_in(tmp_path, DAY + dt.timedelta(days=1)).current(Api.INTERACTIVE) is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"day": "2026-01-12", "sessions": [{"api": "interactive"}]}']
)
def test_a_damaged_file_counts_as_absent(tmp_path: Path, content: str) -> None:
    """The worst that follows from a file nobody can read is one more login."""
    sessions = sessions_in(tmp_path)
    sessions.path.parent.mkdir(parents=True)
    sessions.path.write_text(content)

    assert sessions.latest(Api.INTERACTIVE) is None


def test_client_codes_of_another_shape_count_as_damage(tmp_path: Path) -> None:
    """A file from another version is not half-understood."""
    sessions = sessions_in(tmp_path)
    sessions.keep(DEALER)
    content = json.loads(sessions.path.read_text())
    content["sessions"][0]["client_codes"] = "CLIENT01"
    sessions.path.write_text(json.dumps(content))

    assert sessions_in(tmp_path).latest(Api.INTERACTIVE) is None


def test_forgetting_removes_the_file_with_its_last_session(tmp_path: Path) -> None:
    """After logging out of both interfaces nothing is left on disk (D14)."""
    sessions = sessions_in(tmp_path)
    sessions.keep(DEALER)
    sessions.keep(MARKET)

    sessions.forget(Api.INTERACTIVE)
    assert sessions_in(tmp_path).latest(Api.MARKET_DATA) == MARKET
    sessions.forget(Api.MARKET_DATA)
    sessions.forget(Api.MARKET_DATA)

    assert not sessions.path.exists()
    assert sessions.current(Api.MARKET_DATA) is None


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves what was there, no half-written file, and the session in hand."""
    sessions = sessions_in(tmp_path)
    sessions.keep(DEALER)

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    sessions.keep(MARKET)

    renewed = evolve(DEALER, token="FAKE.NEWER")
    sessions.keep(renewed)

    assert sessions.latest(Api.MARKET_DATA) == MARKET
    assert sessions.latest(Api.INTERACTIVE) == renewed, "not the older one that is still on file"
    assert sessions_in(tmp_path).latest(Api.INTERACTIVE) == DEALER
    assert [sessions.path] == list(sessions.path.parent.iterdir())


def test_a_file_that_cannot_be_removed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that stays behind on the disk is told, with what to do about it, and no path (D14)."""
    sessions = sessions_in(tmp_path)
    sessions.keep(DEALER)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(NotConfigured, match=r"\(Permission denied\): remove sessions.json from") as caught:
        sessions.forget(Api.INTERACTIVE)

    assert str(tmp_path) not in str(caught.value)
    assert sessions.current(Api.MARKET_DATA) is None


def test_memory_sessions_end_with_the_process() -> None:
    """Without a file, a session is held and forgotten in memory."""
    sessions = MemorySessions()
    assert sessions.latest(Api.INTERACTIVE) is None
    sessions.keep(DEALER)

    assert sessions.current(Api.INTERACTIVE) == sessions.latest(Api.INTERACTIVE) == DEALER
    sessions.forget(Api.INTERACTIVE)
    assert sessions.current(Api.INTERACTIVE) is None


def test_no_token_is_in_a_repr() -> None:
    """A session may be printed: its token does not show (NFR4)."""
    sessions = MemorySessions()
    sessions.keep(DEALER)

    assert "FAKE" not in repr(DEALER) + repr(sessions)
