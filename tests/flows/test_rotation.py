"""Wrapping keys rotate while everybody goes on; killed anywhere, the rotation is finished by asking again."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from registry.errors import KeyProblem
from registry.flows import opening, rotation
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store import dossiers, keyfile, vault
from registry.store.keyfile import FileWrapping
from registry.trust import keyring
from tests.bench import kills
from tests.store import rows
from tests.support import builders, readable, reused
from tests.support.builders import CLINIC, NEIGHBOUR, VACCINES, World
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(reused_settings: Settings, cluster: Cluster, tmp_path: Path) -> Settings:
    """An emptied database with a key file of the test's own."""
    emptied = reused.for_one_test(reused_settings, cluster, tmp_path)
    own = shutil.copy(reused_settings.keyring_path, tmp_path / "keyring.json")
    return emptied.model_copy(update={"keyring": own})


async def carried(registry: Registry) -> set[int]:
    """The generations that rows of the vault carry."""
    async with registry.database.transaction() as tx:
        found = await rows.rows(
            tx, "SELECT generation FROM vault.data_key UNION SELECT generation FROM vault.keyring_check"
        )
    return {generation for (generation,) in found}


async def test_a_rotation_wraps_every_data_key_anew_and_destroys_the_old_keys(world: World) -> None:
    await builders.known_child(world)
    before = await readable.everything(world.registry)
    old = keyfile.load(world.registry.settings.keyring_path)
    async with world.registry.database.transaction() as tx:
        wrapped = dict(await rows.rows(tx, "SELECT dossier, wrapped FROM vault.data_key"))
    rotated = await rotation.rotate(world.registry)
    assert rotated == rotation.Rotated(generation=2, rewrapped=len(wrapped), finished=True)
    assert await carried(world.registry) == {2}
    assert await readable.everything(world.registry) == before
    now = keyfile.load(world.registry.settings.keyring_path)
    assert set(now.wrapping) == {2}
    assert not set(now.wrapping[2].values()) & set(old.wrapping[1].values())
    assert keyring.without_wrapping(now) == keyring.without_wrapping(old)
    async with world.registry.database.transaction() as tx:
        after = dict(await rows.rows(tx, "SELECT dossier, wrapped FROM vault.data_key"))
    assert not set(after.values()) & set(wrapped.values())


async def test_a_key_file_from_before_the_rotation_opens_nothing(world: World, tmp_path: Path) -> None:
    stale = tmp_path / "stale.json"
    shutil.copy(world.registry.settings.keyring_path, stale)
    await rotation.rotate(world.registry)
    with pytest.raises(KeyProblem, match="not the one that sealed this database"):
        async with opening.opened(world.registry.settings.model_copy(update={"keyring": stale})):
            pass


async def test_it_can_be_rotated_again_and_again(world: World) -> None:
    await builders.known_child(world)
    before = await readable.everything(world.registry)
    assert [(await rotation.rotate(world.registry)).generation for _ in range(3)] == [2, 3, 4]
    assert set(keyfile.load(world.registry.settings.keyring_path).wrapping) == {4}
    assert await readable.everything(world.registry) == before


async def test_a_service_that_was_running_before_and_after_reads_and_writes(world: World) -> None:
    """The rotation is another process with keys of its own; the service learns of it by what it reads."""
    await builders.known_child(world)
    async with opening.opened(world.registry.settings, clock=world.clock) as other:
        assert (await rotation.rotate(other)).finished
    await builders.hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))
    assert await carried(world.registry) == {2}
    assert NEIGHBOUR.given.encode() in await readable.everything(world.registry)


async def test_nobody_waits_and_nothing_fails_while_keys_rotate(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    is_over = asyncio.Event()

    async def working(number: int) -> int:
        done = 0
        while not is_over.is_set():
            child = builders.Child(given=f"Child{number}", family=f"Family{done}", phone=f"+9995550{number}{done:04}")
            patient = builders.patient(child, VACCINES, identifier=None)
            await builders.hand_over(world, VACCINES, patient)
            assert await builders.ask(world, CLINIC, card=card) is not None
            done += 1
        return done

    workers = [asyncio.create_task(working(number)) for number in range(3)]
    async with opening.opened(world.registry.settings, clock=world.clock) as other:
        rotated = [await rotation.rotate(other, page=3) for _ in range(2)]
    is_over.set()
    done = sum(await asyncio.gather(*workers))
    assert all(each.finished for each in rotated)
    assert done >= 3
    async with world.registry.database.transaction() as tx:
        everyone = await dossiers.everyone(tx)
    assert len({each.local for each in everyone if "child" in each.local}) == done
    assert await carried(world.registry) == {3}


async def test_nothing_is_destroyed_while_somebody_may_still_need_it(world: World) -> None:
    """A transaction from before may write under the old generation: it is outlived, or the rotation says it is not."""
    path = world.registry.settings.keyring_path
    async with world.registry.database.transaction() as tx:
        held = rows.dossier("late")
        assert await vault.generation(tx) == 1
        unfinished = await rotation.rotate(world.registry, patience_seconds=0.2)
        assert unfinished == rotation.Rotated(generation=2, rewrapped=0, finished=False)
        assert set(keyfile.load(path).wrapping) == {1, 2}
        epoch = keyring.epoch_of(world.registry.today())
        wrapped = vault.wrap(tx, held.id, bytes(32), generation=1, epoch=epoch)
        await rows.rows(tx, "INSERT INTO vault.data_key VALUES (%s, %s, %s, 1, 1)", held.id, epoch, wrapped)
    finished = await rotation.rotate(world.registry)
    assert finished.finished
    assert finished.generation == 2
    assert set(keyfile.load(path).wrapping) == {2}
    async with world.registry.database.transaction() as tx:
        await vault.load_keys(tx, [held.id])
        assert tx.data_keys[held.id] == bytes(32)


async def test_a_generation_made_and_not_used_yet_is_taken_up(world: World) -> None:
    """Killed between the key file and the database."""
    FileWrapping(world.registry.settings.keyring_path).add(2, today=world.registry.today())
    drawn = keyfile.load(world.registry.settings.keyring_path).wrapping[2]
    assert (await rotation.rotate(world.registry)).generation == 2
    assert keyfile.load(world.registry.settings.keyring_path).wrapping == {2: drawn}


def test_killed_at_any_moment_a_rotation_loses_nothing_and_is_finished_by_the_next() -> None:
    outcome = kills.prove("rotate", kills=1, dossiers=40, seed=5)
    assert outcome.problems == []
    assert outcome.kills == 1
