"""What a state that handed records over, and later holds a stolen dump, learns from the clear columns alone.

It knows its own records, so it knows how many documents of which lengths each of its people has, and on which day
they came. With that it looks for its people among the random ids; then it looks at which other dossiers share lookup
keys with them. No key is used here, as the state has none: only ids, days, lengths and equal hashes.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from uuid import UUID

from registry.flows import opening, organisations
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store import dossiers
from tests.bench import main_job
from tests.store import rows
from tests.support import behind, postgres

Fingerprint = tuple[tuple[str, int], ...]
ENOUGH = 8
"""From how many shared lookup keys on the state guesses that two dossiers are one person."""


def measure(*, children: int | None = None) -> dict[str, Any]:
    """For every source: how many of its people it finds, and how well it guesses who else knows them."""
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        own = folder / "own"
        own.mkdir()
        with cluster.clone(own) as settings:
            return asyncio.run(_measured(settings, folder, children))


async def _measured(settings: Settings, folder: Path, children: int | None) -> dict[str, Any]:
    async with opening.opened(settings) as registry:
        samples = main_job.write_world(folder / "world", children=children)
        await main_job.link(registry, settings, samples, folder / "made")
        marks, shared = await _fingerprints(registry), await _shared(registry)
        async with behind.transaction(registry.database) as tx:
            everyone = {each.id: each for each in await dossiers.everyone(tx) if each.source != organisations.HOUSE}
    counted = Counter(marks.values())
    found = {id for id in everyone if counted[marks[id]] == 1}
    guesses = {(one, other) for (one, other), count in shared.items() if one in found and count >= ENOUGH}
    links = {(one, other) for one in found for other in everyone[one].members if other != one}
    right = len(guesses & links)
    return {
        "dossiers": len(everyone),
        "singled_out_by_lengths_and_days": len(found),
        "links_of_those": len(links),
        "guessed": len(guesses),
        "guessed_rightly": right,
    }


async def _fingerprints(registry: Registry) -> dict[UUID, Fingerprint]:
    async with behind.transaction(registry.database) as tx:
        held = await rows.rows(tx, "SELECT dossier, day::text, octet_length(sealed) FROM registry.document")
    marks: dict[UUID, list[tuple[str, int]]] = defaultdict(list)
    for dossier, day, length in held:
        marks[dossier].append((day, length))
    return {dossier: tuple(sorted(each)) for dossier, each in marks.items()}


async def _shared(registry: Registry) -> Counter[tuple[UUID, UUID]]:
    """How many lookup keys every two dossiers share."""
    async with behind.transaction(registry.database) as tx:
        held = await rows.rows(
            tx,
            """
            SELECT one.dossier, other.dossier
            FROM registry.lookup_key AS one
            JOIN registry.lookup_key AS other ON other.key = one.key AND other.dossier <> one.dossier
            WHERE least(one.dossier, other.dossier) > '00000000-0000-0000-0000-000000000001'
            """,
        )
    return Counter((one, other) for one, other in held)
