"""The main job on Debian's PostgreSQL 15: any server from 15 on will do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.cli import acts
from registry.flows import opening, release, trail
from registry.settings import Settings
from registry.store import documents
from tests.bench import main_job
from tests.store import plans, rows
from tests.support import postgres

pytestmark = pytest.mark.anyio


@pytest.fixture
def debian(tmp_path: Path) -> Iterator[Settings]:
    if not postgres.DEBIAN.is_dir():
        pytest.skip(f"PostgreSQL 15 of Debian is not installed ({postgres.DEBIAN}); install it with: make test-deps")
    with postgres.place() as folder, postgres.debian_cluster(folder / "15") as cluster, cluster.clone(tmp_path) as own:
        yield own


async def test_the_main_job_runs_on_postgresql_15(debian: Settings, tmp_path: Path) -> None:
    async with opening.opened(debian) as registry:
        async with registry.database.transaction() as tx:
            ((version,),) = await rows.rows(tx, "SHOW server_version_num")
        samples = main_job.write_world(tmp_path / "world", children=8)
        play = await main_job.play(registry, debian, samples, tmp_path / "made")
        clinic = play.callers["clinic-nadir"]
        refused = await release.ask(registry, clinic, acts.asked(play, acts.CLINIC, main_job.asked(play, "clinic")))
        proof = await trail.verify(registry)
        async with registry.database.transaction() as tx:
            one = await rows.open_dossier(tx)
            await rows.put(tx, one.id, b'{"resourceType":"Patient","id":"a"}')
            with plans.recorded(tx.connection) as recording:
                await documents.load(tx, [one.id])
            touched = [await plans.touched(tx, each) for each in recording.sent]
    assert version.startswith("15")
    assert set(play.summaries) == {"clinic-nadir", "school-nadir"}
    assert refused is None
    assert proof.holds
    assert all(len(partitions) == 1 for each in touched for partitions in each.values())
