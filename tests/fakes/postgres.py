"""A PostgreSQL of the tests' own: a private cluster on the loopback, started when first asked for, gone at the end."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

MISSING = "PostgreSQL is not installed: apt-get install postgresql"
NO_DRIVER = "the PostgreSQL driver is not installed: pip install 'jainam[postgres]'"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a private server's first database, for all tests of a run."""
    pytest.importorskip("psycopg2", reason=NO_DRIVER)
    binaries = binaries_folder()
    if binaries is None:
        pytest.skip(MISSING)
    with serving(binaries) as url:
        yield url


_numbers = count(1)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The URL of an empty database that no other test uses."""
    name = f"test{next(_numbers)}"
    execute(postgres_server, f"CREATE DATABASE {name}")
    return f"{postgres_server.rpartition('/')[0]}/{name}"


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows that *statement* answers, on a connection of its own."""
    import psycopg2

    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def binaries_folder() -> Path | None:
    """Where `initdb` and `postgres` are: on the path, or Debian's newest version; ``None`` when they are nowhere."""
    on_path = [Path(found).parent for found in [shutil.which("postgres")] if found]
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    for folder in [*on_path, *reversed(versions)]:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    return None


@contextmanager
def serving(binaries: Path, *, fsync: bool = False) -> Iterator[str]:
    """A server with an empty cluster; *fsync* makes a commit cost what it costs in earnest."""
    # Not pytest's folder: as root, the server runs as somebody who may not look into that one.
    with tempfile.TemporaryDirectory(prefix="jainam-pg-", ignore_cleanup_errors=True) as name:
        folder, password = Path(name), secrets.token_hex(16)
        as_whom = _somebody_else(folder)
        (folder / "password").write_text(password)
        (folder / "password").chmod(0o644)  # the folder is 0700 already
        options = ["--username=jainam", "--auth=scram-sha-256", f"--pwfile={folder}/password", "--encoding=UTF8"]
        subprocess.run(
            [binaries / "initdb", f"--pgdata={folder}/data", "--locale=C", "--no-sync", *options],
            check=True,
            capture_output=True,
            cwd=folder,
            **as_whom,
        )
        for attempt in count(1):  # somebody may take the port between our look and the server's start
            port = _free_port()
            server = _start(binaries, folder, port, fsync, as_whom)
            url = f"postgresql://jainam:{password}@127.0.0.1:{port}/postgres"
            try:
                _wait_for(server, url)
                break
            except RuntimeError:
                _stop(server)
                if attempt == 3:
                    raise RuntimeError((folder / "log").read_text()) from None
        try:
            yield url
        finally:
            _stop(server)


def _somebody_else(folder: Path) -> dict[str, Any]:
    """How `subprocess` runs the server, which refuses to run as root; *folder* belongs to that user then."""
    if os.name == "nt" or os.geteuid() != 0:
        return {}
    import pwd

    users = {user.pw_name: user for user in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(binaries: Path, folder: Path, port: int, fsync: bool, as_whom: dict[str, Any]) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "fsync": "on" if fsync else "off",
        "max_connections": 100,
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", *words], stdout=log, stderr=log, cwd=folder, **as_whom
        )


def _wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    """Return when the server answers; raises `RuntimeError` when it ended or takes too long."""
    import psycopg2

    for _ in range(600):
        with suppress(psycopg2.OperationalError):
            execute(url, "SELECT 1")
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and wait for it; open connections are cut."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
