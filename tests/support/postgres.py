"""A real PostgreSQL for tests: own data directory, own socket, checked before any DDL; a clone for each test."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from registry.flows import opening
from registry.settings import Settings
from registry.store import embedded

DEBIAN = Path("/usr/lib/postgresql/15/bin")
_HASTY = ("fsync", "synchronous_commit", "full_page_writes")
"""What a database that is thrown away does without; the proofs of crashes run on servers of their own."""


@dataclass(frozen=True)
class Cluster:
    """A running server that belongs to this test process; `template` holds a migrated database and its key file."""

    url: str
    folder: Path
    keyring: Path

    def execute(self, statement: sql.Composable | str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            assert_own(connection, self.folder)
            connection.execute(statement)  # pyright: ignore[reportArgumentType]

    @contextmanager
    def clone(self, folder: Path, *, template: str = "template_registry") -> Iterator[Settings]:
        """A database of its own, and the settings that open it; an empty one with the template `template0`."""
        name = f"test_{secrets.token_hex(6)}"
        own = sql.Identifier(name)
        self.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(own, sql.Identifier(template)))
        keyring = folder / "keyring.json"
        shutil.copy(self.keyring, keyring)
        keyring.chmod(0o600)
        try:
            yield Settings(state=folder, keyring=keyring, database_url=_named(self.url, name), answer_seconds=0.0)
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(own))


def assert_own(connection: psycopg.Connection, folder: Path) -> None:
    """No DDL and no kill before this: a server that failed to bind leaves one on somebody else's."""
    row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    assert Path(row[0]).resolve() == folder.resolve(), "this is not the test's own server"


@contextmanager
def place() -> Iterator[Path]:
    """A folder that other users can reach. pytest closes its own again whenever another run of it begins, and run
    by root the server belongs to a user of its own."""
    with tempfile.TemporaryDirectory(prefix="registry-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def embedded_cluster(folder: Path) -> Iterator[Cluster]:
    with bare_embedded(folder) as cluster:
        yield _with_template(cluster)


@contextmanager
def bare_embedded(folder: Path) -> Iterator[Cluster]:
    """The embedded server, with nothing on it."""
    server = embedded.start(folder / "postgres")
    try:
        yield Cluster(server.url, folder / "postgres", folder / "keyring.json")
    finally:
        server.stop()


@contextmanager
def debian_cluster(folder: Path) -> Iterator[Cluster]:
    """Debian's PostgreSQL 15, started from its own binaries on a socket in `folder`."""
    with bare_debian(folder) as cluster:
        yield _with_template(cluster)


@contextmanager
def bare_debian(folder: Path) -> Iterator[Cluster]:
    """The same, with nothing on it."""
    user = "postgres" if Path.home() == Path("/root") else None
    folder.mkdir(parents=True, exist_ok=True)
    if user:
        for each in (folder, *folder.parents[:3]):
            each.chmod(each.stat().st_mode | 0o011)
        shutil.chown(folder, user)
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, capture_output=True, cwd="/")

    run(str(DEBIAN / "initdb"), "--auth=trust", "-U", "postgres", "--encoding=utf8", "-D", str(data))
    options = f'-h "" -k {folder}'
    run(str(DEBIAN / "pg_ctl"), "-w", "-D", str(data), "-l", str(folder / "log"), "-o", options, "start")
    try:
        keyring = folder.parent / "keyring-15.json"
        yield Cluster(f"postgresql://postgres@/postgres?host={folder}", data, keyring)
    finally:
        run(str(DEBIAN / "pg_ctl"), "-w", "-D", str(data), "-m", "immediate", "stop")


def _with_template(cluster: Cluster) -> Cluster:
    for setting in _HASTY:
        cluster.execute(f"ALTER SYSTEM SET {setting} = off")
    cluster.execute("SELECT pg_reload_conf()")
    cluster.execute("CREATE DATABASE template_registry")
    settings = Settings(
        keyring=cluster.keyring, database_url=_named(cluster.url, "template_registry"), state=cluster.folder
    )

    async def migrate() -> None:
        async with opening.opened(settings):
            pass

    asyncio.run(migrate())
    return cluster


def _named(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")
