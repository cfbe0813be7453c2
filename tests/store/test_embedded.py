"""The embedded server: shared by processes, and started again whatever was left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil
import psycopg
import pytest

from registry.errors import Unavailable
from registry.store import embedded
from tests.support import postgres

USER = """
import pathlib, sys
import psycopg
from registry.store import embedded
server = embedded.start(pathlib.Path(sys.argv[1]))
with psycopg.connect(server.url) as connection:
    print(connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0], flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data directory whose server is not running."""
    with postgres.place() as folder:
        embedded.start(folder / "postgres").stop()
        yield folder / "postgres"


def using(data: Path) -> subprocess.Popen[bytes]:
    """Another process that uses the server until its input ends."""
    return subprocess.Popen([sys.executable, "-c", USER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def working_in(data: Path) -> list[int]:
    """The processes of the server."""
    found: list[int] = []
    for each in psutil.process_iter():
        try:
            found += [each.pid] if each.cwd() == str(data) else []
        except psutil.Error:
            continue
    return found


def answers(server: embedded.Server) -> bool:
    with psycopg.connect(server.url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def test_processes_that_start_at_once_share_one_server_and_the_last_stops_it() -> None:
    with postgres.place() as folder:
        users = [using(folder / "postgres") for _ in range(3)]
        began = {each.stdout.readline() for each in users if each.stdout}
        for each in users:
            each.communicate(b"", timeout=60)
        assert [each.returncode for each in users] == [0, 0, 0]
        assert len(began) == 1
        assert b"" not in began
        assert working_in(folder / "postgres") == []


def test_a_user_that_was_killed_is_forgotten_and_the_next_one_stops_the_server(data: Path) -> None:
    with using(data) as user:
        assert user.stdout
        assert user.stdout.readline()
        user.send_signal(signal.SIGKILL)
    assert working_in(data)
    server = embedded.start(data)
    assert answers(server)
    server.stop()
    assert working_in(data) == []


LEFT_BEHIND = {
    "the number is another process's now": f"{os.getpid()}\n{{data}}\n1700000000\n5432\n{{data}}\n\n  1  1\nready\n",
    "the number is nobody's": "4194300\n{data}\n1700000000\n5432\n{data}\n\n  1  1\nready\n",
    "cut while it was written": f"{os.getpid()}\n{{data}}\n",
    "empty": "",
}


@pytest.mark.parametrize("left", LEFT_BEHIND.values(), ids=LEFT_BEHIND.keys())
def test_a_server_starts_again_whatever_its_last_one_left(data: Path, left: str) -> None:
    (data / "postmaster.pid").write_text(left.format(data=data))
    (data / ".handle_pids.json").write_bytes(orjson.dumps([4194300]) if left else b"[12")
    server = embedded.start(data)
    try:
        assert answers(server)
    finally:
        server.stop()
    assert working_in(data) == []


def test_a_running_server_is_joined_and_not_disturbed(data: Path) -> None:
    with using(data) as user:
        assert user.stdout
        began = user.stdout.readline()
        server = embedded.start(data)
        with psycopg.connect(server.url) as connection:
            row = connection.execute("SELECT pg_postmaster_start_time()").fetchone()
        assert row
        assert str(row[0]).encode() == began.strip()
        server.stop()
        assert working_in(data)
        user.communicate(b"", timeout=60)
    assert working_in(data) == []


def test_a_server_that_is_only_beginning_is_waited_for(data: Path) -> None:
    # What an import leaves that is killed while it starts its server.
    with using(data) as user:
        while not (data / "postmaster.pid").exists():
            time.sleep(0.001)
        user.kill()
    server = embedded.start(data)
    assert answers(server)
    server.stop()
    assert working_in(data) == []


def test_files_that_were_never_finished_are_made_anew() -> None:
    with postgres.place() as folder:
        (folder / "postgres" / "base").mkdir(parents=True)
        (folder / "postgres" / "PG_VERSION").write_text("18\n")
        (folder / "postgres.unfinished").touch()
        server = embedded.start(folder / "postgres")
        assert answers(server)
        server.stop()
        assert [each.name for each in folder.iterdir()] == ["postgres"]


def test_files_that_somebody_else_made_are_never_removed() -> None:
    with postgres.place() as folder:
        (folder / "postgres" / "base").mkdir(parents=True)
        (folder / "postgres" / "PG_VERSION").write_text("18\n")
        with pytest.raises(Unavailable):
            embedded.start(folder / "postgres")
        assert (folder / "postgres" / "base").is_dir()


def test_a_folder_that_cannot_hold_a_server_is_named(tmp_path: Path) -> None:
    (tmp_path / "postgres").write_text("a file")
    with pytest.raises(Unavailable, match="did not start") as raised:
        embedded.start(tmp_path / "postgres")
    assert raised.value.where.endswith("postgres")
    assert "disk full" in raised.value.remedy
