"""People erased from a registry full of others: what of them can be read with all its keys, then and after each way
of bringing an older state back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from registry.flows import erasure, opening, organisations, vaults
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store import documents, dossiers
from tests.bench import main_job
from tests.support import canaries, dumps, leaks, postgres, readable
from tests.support.postgres import Cluster


def prove(*, people: int, children: int | None = None) -> dict[str, Any]:
    """Erase so many people who have dossiers at several sources."""
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        own = folder / "own"
        own.mkdir()
        with cluster.clone(own) as settings:
            return asyncio.run(_proved(cluster, settings, folder, people, children))


async def _proved(
    cluster: Cluster, settings: Settings, folder: Path, people: int, children: int | None
) -> dict[str, Any]:
    async with opening.opened(settings) as registry:
        samples = main_job.write_world(folder / "world", children=children)
        await main_job.play(registry, settings, samples, folder / "made")
        chosen = await _people(registry, people)
        telling = await _telling(registry, chosen)
        found = {"before": await _found(registry, telling)}
        backups = await _backups(registry)
        await erasure.erase(registry, chosen, decision="file 1/2026")
        found["after"] = await _found(registry, telling)
    for name, (dump, vault) in backups.items():
        found[name] = await _restored(cluster, settings, folder / name.replace(" ", "-"), dump, vault, telling)
    recoverable = sum(count for name, count in found.items() if name != "before")
    return {
        "holds": found["before"] == len(telling) >= 50 and not recoverable,
        "people": people,
        "dossiers": len(chosen),
        "canaries": len(telling),
        "found": found,
        "recoverable": recoverable,
    }


async def _people(registry: Registry, count: int) -> list[UUID]:
    """The dossiers of the first so many people whom several sources know."""
    async with registry.database.transaction() as tx:
        everyone = [each for each in await dossiers.everyone(tx) if each.source != organisations.HOUSE]
    persons = {each.person: each.members for each in everyone if len(each.members) > 1}
    return [member for person in sorted(persons)[:count] for member in persons[person]]


async def _telling(registry: Registry, chosen: Iterable[UUID]) -> list[str]:
    """Texts of these people that nobody else's records hold."""
    async with registry.database.transaction() as tx:
        everyone = [each.id for each in await dossiers.everyone(tx)]
        held = await documents.load(tx, everyone)
    gone = {*chosen}
    texts = [each.text for each in canaries.of(_contents(held, gone), today=registry.today(), per_kind=60)]
    others = b"\n".join(each.resource.body for each in held if each.dossier not in gone)
    shared = leaks.search([others], texts)
    return [each for each in texts if each not in shared]


def _contents(held: Iterable[documents.Document], of: set[UUID]) -> Iterable[Mapping[str, Any]]:
    return (each.resource.content for each in held if each.dossier in of)


async def _found(registry: Registry, telling: list[str]) -> int:
    return len(leaks.search([await readable.everything(registry)], telling))


async def _backups(registry: Registry) -> dict[str, tuple[bytes, bytes | None]]:
    """A dump with the vault's own backup, and a dump that holds the vault, as nobody should make it."""
    url = str(registry.settings.database_url)
    _, vault = await vaults.back_up(registry)
    return {
        "dump and vault backup": (dumps.dump(url, dumps.WITHOUT_VAULT), vault),
        "dump with the vault in it": (dumps.dump(url), None),
    }


async def _restored(
    cluster: Cluster, settings: Settings, folder: Path, dump: bytes, vault: bytes | None, telling: list[str]
) -> int:
    folder.mkdir()
    with cluster.clone(folder, template="template0") as empty:
        dumps.restore(dump, str(empty.database_url))
        elsewhere = settings.model_copy(update={"database_url": empty.database_url})
        if vault is not None:
            (folder / "vault").write_bytes(vault)
            async with opening.unserved(elsewhere) as found:
                await vaults.bring_back(found, folder / "vault")
        async with opening.opened(elsewhere) as registry:
            return await _found(registry, telling)
