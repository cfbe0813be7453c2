"""Data keys are drawn anew and everything sealed again while everybody goes on; what was stolen before opens nothing
that is new."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from uuid import UUID

import pytest

from registry.flows import erasure, opening, resealing, rotation
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store import cells, dossiers, vault
from tests.bench import kills
from tests.store import rows
from tests.support import builders, readable, reused
from tests.support.builders import CLINIC, NEIGHBOUR, VACCINES, ZAHOUANIA, World
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(reused_settings: Settings, cluster: Cluster, tmp_path: Path) -> Settings:
    """An emptied database with a key file of the test's own."""
    emptied = reused.for_one_test(reused_settings, cluster, tmp_path)
    own = shutil.copy(reused_settings.keyring_path, tmp_path / "keyring.json")
    return emptied.model_copy(update={"keyring": own})


async def data_keys(registry: Registry) -> dict[UUID, bytes]:
    async with registry.database.transaction() as tx:
        await vault.load_keys(tx, [row[0] for row in await rows.rows(tx, "SELECT dossier FROM vault.data_key")])
        assert not tx.former_keys
        return dict(tx.data_keys)


async def test_every_data_key_is_another_and_everything_is_read_as_before(world: World) -> None:
    await builders.known_child(world)
    before, old = await readable.everything(world.registry), await data_keys(world.registry)
    assert await resealing.reseal(world.registry) == resealing.Resealed(drawn=0, cells=0, finished=True)
    await rotation.rotate(world.registry)
    done = await resealing.reseal(world.registry, page=7)
    new = await data_keys(world.registry)
    assert (done.drawn, done.finished) == (len(old), True)
    assert set(new) == set(old)
    assert not set(new.values()) & set(old.values())
    assert await readable.everything(world.registry) == before
    # Whoever kept the old data keys opens nothing of what lies there now.
    async with world.registry.database.transaction() as tx:
        tx.data_keys.update(old)
        everyone = await rows.rows(tx, "SELECT dossier, document, sealed FROM registry.document")
        assert everyone
        for dossier, document, sealed in everyone:
            with pytest.raises(vault.KeyProblem):
                vault.unseal(tx, dossier, sealed, table="document", row=document)
    assert await resealing.reseal(world.registry) == resealing.Resealed(drawn=0, cells=0, finished=True)


async def test_envelopes_of_an_older_edition_are_read_and_become_the_newest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await builders.known_child(world)
    before = await readable.everything(world.registry)
    monkeypatch.setattr(vault, "ENVELOPE", 2)
    await builders.hand_over(world, VACCINES, builders.patient(NEIGHBOUR, VACCINES, identifier=None))
    both = await readable.everything(world.registry)
    assert len(both) > len(before)
    done = await resealing.reseal(world.registry)
    assert done.cells > 10
    assert await readable.everything(world.registry) == both
    monkeypatch.setattr(vault, "_labels", lambda *place: [vault.Label(place[0], place[1].hex, place[2], 2)])
    assert await readable.everything(world.registry) == both


async def test_nobody_waits_and_nothing_is_lost_while_everything_is_resealed(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    await rotation.rotate(world.registry)
    is_over = asyncio.Event()

    async def working(number: int) -> int:
        done = 0
        while not is_over.is_set():
            child = builders.Child(given=f"Child{number}", family=f"Family{done}", phone=f"+9995550{number}{done:04}")
            await builders.hand_over(world, VACCINES, builders.patient(child, VACCINES, identifier=None))
            assert await builders.ask(world, CLINIC, card=card) is not None
            done += 1
        return done

    workers = [asyncio.create_task(working(number)) for number in range(3)]
    async with opening.opened(world.registry.settings, clock=world.clock) as other:
        done = await resealing.reseal(other, page=3)
    is_over.set()
    handed_over = sum(await asyncio.gather(*workers))
    assert done.finished
    assert done.drawn > 10
    await data_keys(world.registry)
    async with world.registry.database.transaction() as tx:
        everyone = await dossiers.everyone(tx)
    assert len({each.local for each in everyone if "child" in each.local}) == handed_over
    assert await builders.ask(world, CLINIC, card=card) is not None


async def test_a_rotation_in_the_middle_of_a_reseal_loses_nothing(world: World) -> None:
    await builders.known_child(world)
    await rotation.rotate(world.registry)
    before = await readable.everything(world.registry)
    async with world.registry.database.transaction() as tx:
        await rows.rows(tx, "SELECT 1")  # a transaction that may know the former keys only
        late = await resealing.reseal(world.registry, patience_seconds=0.1)
        assert (late.finished, late.cells) == (False, 0)
    assert (await rotation.rotate(world.registry)).generation == 3
    assert await readable.everything(world.registry) == before
    halves = [await resealing.reseal(world.registry) for _ in range(2)]
    assert [each.finished for each in halves] == [False, True]
    assert await readable.everything(world.registry) == before
    await data_keys(world.registry)


async def test_what_was_erased_is_passed_over_and_stays_erased(world: World) -> None:
    await builders.known_child(world)
    await builders.hand_over(world, VACCINES, builders.patient(NEIGHBOUR, VACCINES, identifier=None))
    one = await erasure.of_source(world.registry, VACCINES, ZAHOUANIA.id_at(VACCINES))
    await erasure.erase(world.registry, [one], decision="file 3/2026")
    before = await readable.everything(world.registry)
    await rotation.rotate(world.registry)
    assert (await resealing.reseal(world.registry)).finished
    assert await readable.everything(world.registry) == before


async def test_every_sealed_column_is_one_that_a_reseal_knows(world: World) -> None:
    async with world.registry.database.transaction() as tx:
        found = await rows.rows(
            tx,
            """
            SELECT format('%s.%s.%s', space.nspname, class.relname, held.attname)
            FROM pg_attribute AS held
            JOIN pg_class AS class ON class.oid = held.attrelid
            JOIN pg_namespace AS space ON space.oid = class.relnamespace
            WHERE space.nspname NOT IN ('vault', 'pg_catalog', 'information_schema')
              AND NOT class.relispartition
              AND col_description(class.oid, held.attnum) LIKE 'sealed: %'
            """,
        )
    assert {name for (name,) in found} == {f"registry.{each.table}.sealed" for each in cells.ALL} | {cells.BETWEEN}


def test_killed_at_any_moment_a_reseal_loses_nothing_and_is_finished_by_the_next() -> None:
    outcome = kills.prove("reseal", kills=1, dossiers=25, seed=8)
    assert outcome.problems == []
    assert outcome.kills == 1
