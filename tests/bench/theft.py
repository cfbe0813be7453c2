"""A stolen database: its dump, its data directory, its write-ahead log, its server log and its backups, after the
main job and after everything was brought back from a dump and a vault backup on the same disk.

The same job and the same search run twice on one server: sealed, where nothing may be found, and with sealing
switched off, where everything must be, or the search is blind.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from registry.cli.stage import Samples
from registry.flows import opening, vaults
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store import documents, dossiers, embedded
from registry.store.database import Sealer
from registry.trust.sealing import Label
from tests.bench import main_job
from tests.support import canaries, dumps, leaks, postgres
from tests.support.canaries import Canary

VAULT = "vault backup"
KEYLESS = frozenset({"server log", VAULT})
"""Where no record lies even with sealing switched off."""

_server = embedded.postgres_server
DUMP = _server.POSTGRES_VERSIONS[_server.TARGET_POSTGRES_VERSION] / "pg_dump"


class Plain:
    """Sealing switched off."""

    def seal(self, key: bytes, plain: bytes, label: Label) -> bytes:  # noqa: ARG002
        return plain

    def unseal(self, key: bytes, sealed: bytes, label: Label) -> bytes:  # noqa: ARG002
        return sealed


@dataclass(frozen=True, slots=True)
class Taken:
    """What a thief holds, by kind, as blobs to search."""

    blobs: Mapping[str, Sequence[bytes]] = field(repr=False)

    @property
    def sizes(self) -> dict[str, int]:
        return {name: sum(map(len, blobs)) for name, blobs in self.blobs.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The canaries, and those found in each kind of loot."""

    canaries: Sequence[Canary] = field(repr=False)
    found: Mapping[str, frozenset[Canary]]
    sizes: Mapping[str, int]


def steal(data: Path, url: str, before: frozenset[bytes] = frozenset()) -> Taken:
    """Everything on disk and the dump; `before` are pages that were there before there was any record."""
    with psycopg.connect(url, autocommit=True) as connection:
        postgres.assert_own(connection, data)
        connection.execute("CHECKPOINT")
    dump = subprocess.run([DUMP, "--dbname", url], check=True, capture_output=True).stdout
    files = {path: path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file() and not path.is_socket()}
    log = {path.name: body for path, body in files.items() if path.parent.name == "pg_wal" and len(path.name) == 24}
    rest = [body for path, body in files.items() if path.name not in log and path.name != "log"]
    return Taken(
        {
            "dump": [dump],
            "data directory": leaks.pages(rest, before),
            "write-ahead log": [leaks.log_stream(log, before)],
            "server log": [(data / "log").read_bytes()],
        }
    )


def pages_now(data: Path, url: str) -> frozenset[bytes]:
    """Every page on the disk of a server."""
    with psycopg.connect(url, autocommit=True) as connection:
        postgres.assert_own(connection, data)
        connection.execute("CHECKPOINT")
    bodies = (path.read_bytes() for path in data.rglob("*") if path.is_file() and not path.is_socket())
    return frozenset(page for body in bodies for page in leaks.cut(body))


async def sealed_and_open(
    folder: Path, samples: Samples, *, per_kind: int = canaries.PER_KIND
) -> tuple[Outcome, Outcome]:
    """Play the main job sealed and unsealed, and search after each for so many canaries of a kind."""
    data = folder / "postgres"
    server = embedded.start(data)
    try:
        sealed = await _played(folder, server.url, samples, sealer=None, per_kind=per_kind)
        _empty(server.url, folder)
        return sealed, await _played(folder, server.url, samples, sealer=Plain(), per_kind=per_kind)
    finally:
        server.stop()


async def _played(folder: Path, url: str, samples: Samples, *, sealer: Sealer | None, per_kind: int) -> Outcome:
    settings = Settings(state=folder, database_url=url, answer_seconds=0)
    async with opening.opened(settings, sealer=sealer) as registry:
        before = pages_now(folder / "postgres", url)
        await main_job.play(registry, settings, samples, folder / f"made-{sealer is None}")
        chosen = await _canaries(registry, per_kind)
        _, vault = await vaults.back_up(registry)
    await _brought_back(settings, vault, sealer)
    taken = steal(folder / "postgres", url, before)
    taken = Taken({**taken.blobs, VAULT: [vault]})
    texts = {each.text: each for each in chosen}
    found = {name: frozenset(texts[each] for each in leaks.search(blobs, texts)) for name, blobs in taken.blobs.items()}
    return Outcome(canaries=chosen, found=found, sizes=taken.sizes)


async def _brought_back(settings: Settings, vault: bytes, sealer: Sealer | None) -> None:
    """A second database on the same disk, restored from a dump without the vault and the vault's own backup."""
    url, name = str(settings.database_url), f"restored_{sealer is None}".lower()
    dump = dumps.dump(url, dumps.WITHOUT_VAULT)
    with psycopg.connect(url, autocommit=True) as connection:
        postgres.assert_own(connection, settings.state / "postgres")
        statement = "CREATE DATABASE {} TEMPLATE template0 STRATEGY file_copy"  # keeps the log to what we wrote
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    elsewhere = settings.model_copy(update={"database_url": url.replace("/postgres?", f"/{name}?")})
    dumps.restore(dump, str(elsewhere.database_url))
    file = settings.state / "vault"
    file.write_bytes(vault)
    async with opening.unserved(elsewhere, sealer=sealer) as found:
        await vaults.bring_back(found, file)
    async with opening.opened(elsewhere, sealer=sealer) as registry:
        assert await _canaries(registry, 1)


async def _canaries(registry: Registry, per_kind: int) -> list[Canary]:
    async with registry.database.transaction() as tx:
        everyone = await dossiers.everyone(tx)
        held = await documents.load(tx, [each.id for each in everyone])
    told = (each.resource.content for each in held)
    return canaries.of(told, today=registry.today(), per_kind=per_kind)


def _empty(url: str, folder: Path) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        postgres.assert_own(connection, folder / "postgres")
        connection.execute("DROP SCHEMA registry CASCADE")
        connection.execute("DROP SCHEMA vault CASCADE")
        connection.execute("DROP TABLE public.migration")
    os.unlink(folder / "keyring.json")
