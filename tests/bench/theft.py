"""A stolen database: its dump, its data pages, its write-ahead log and its server log, after the main job.

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

from registry.cli.stage import Samples
from registry.flows import opening
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store import documents, dossiers, embedded
from registry.store.database import Sealer
from registry.trust.sealing import Label
from tests.bench import main_job
from tests.support import behind, canaries, leaks, postgres
from tests.support.canaries import Canary

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
            "pages": leaks.pages(rest, before),
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


async def sealed_and_open(folder: Path, samples: Samples) -> tuple[Outcome, Outcome]:
    """Play the main job sealed and unsealed, and search after each."""
    data = folder / "postgres"
    server = embedded.start(data)
    try:
        sealed = await _played(folder, server.url, samples, sealer=None)
        _empty(server.url, folder)
        return sealed, await _played(folder, server.url, samples, sealer=Plain())
    finally:
        server.stop()


async def _played(folder: Path, url: str, samples: Samples, *, sealer: Sealer | None) -> Outcome:
    settings = Settings(state=folder, database_url=url, answer_seconds=0)
    async with opening.opened(settings, sealer=sealer) as registry:
        before = pages_now(folder / "postgres", url)
        await main_job.play(registry, settings, samples, folder / f"made-{sealer is None}")
        chosen = await _canaries(registry)
    taken = steal(folder / "postgres", url, before)
    texts = {each.text: each for each in chosen}
    found = {name: frozenset(texts[each] for each in leaks.search(blobs, texts)) for name, blobs in taken.blobs.items()}
    return Outcome(canaries=chosen, found=found, sizes=taken.sizes)


async def _canaries(registry: Registry) -> list[Canary]:
    async with behind.transaction(registry.database) as tx:
        everyone = await dossiers.everyone(tx)
        held = await documents.load(tx, [each.id for each in everyone])
    return canaries.of((each.resource.content for each in held), today=registry.today())


def _empty(url: str, folder: Path) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        postgres.assert_own(connection, folder / "postgres")
        connection.execute("DROP SCHEMA registry CASCADE")
        connection.execute("DROP SCHEMA vault CASCADE")
        connection.execute("DROP TABLE public.migration")
    os.unlink(folder / "keyring.json")
