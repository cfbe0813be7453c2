"""Erasure: nothing of a person can be read any more, here or from any backup; everybody else goes on as before."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from registry.errors import BadInput, KeyProblem, UnknownName
from registry.flows import decide, erasure, match, opening, release, rights, trail
from registry.flows.opening import Registry
from registry.flows.release import Asked
from registry.settings import Settings
from registry.store import dossiers, releases
from registry.store.functions import Function
from tests.store import rows
from tests.support import builders, dumps, leaks, readable, reused
from tests.support.builders import CLINIC, VACCINES, World
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio

DECISION = "file 12/2026"
ERASED = builders.ZAHOUANIA
"""The child that is erased; the other one stays."""
STAYING = builders.NEIGHBOUR


@dataclass(frozen=True, kw_only=True)
class Told:
    """A world with two children, one of them with a family, a consent and a summary."""

    world: World
    card: str
    dossiers: tuple[UUID, ...]

    @property
    def registry(self) -> Registry:
        return self.world.registry


@pytest.fixture
def settings(reused_settings: Settings, cluster: Cluster, tmp_path: Path) -> Settings:
    """An emptied database with a key file and a ledger of the test's own."""
    emptied = reused.for_one_test(reused_settings, cluster, tmp_path)
    keyring = shutil.copy(reused_settings.keyring_path, tmp_path / "keyring.json")
    return emptied.model_copy(update={"keyring": keyring})


@pytest.fixture
async def told(world: World) -> Told:
    await builders.known_child(world, ERASED)
    patient = builders.patient(STAYING, VACCINES, identifier=None)
    await builders.hand_over(world, VACCINES, patient, builders.dose(STAYING, VACCINES))
    card = await builders.family(world, ERASED)
    await builders.allow(world, card, CLINIC)
    async with world.registry.database.transaction() as tx:
        everyone = await dossiers.everyone(tx)
    hers = next(each for each in everyone if each.local == ERASED.id_at(VACCINES))
    return Told(world=world, card=card, dossiers=hers.members)


def texts(child: builders.Child) -> list[str]:
    """What tells of a child and of nobody else: each must be found before, none after."""
    return [child.given, child.mother, child.phone, child.village, child.id_at(VACCINES)]


async def seen(registry: Registry, child: builders.Child) -> set[str]:
    return leaks.search([await readable.everything(registry)], texts(child))


async def test_nothing_of_an_erased_person_can_be_read_and_all_of_the_others(told: Told) -> None:
    for child in (ERASED, STAYING):
        assert await seen(told.registry, child) == set(texts(child))
    erased = await erasure.erase(told.registry, told.dossiers, decision=DECISION)
    assert erased.dossiers == len(told.dossiers) == 3
    assert await seen(told.registry, ERASED) == set()
    assert await seen(told.registry, STAYING) == set(texts(STAYING))
    async with told.registry.database.transaction() as tx:
        left = await rows.rows(tx, "SELECT 1 FROM registry.lookup_key WHERE dossier = ANY(%s)", list(told.dossiers))
        assert left == []
    assert (await trail.verify(told.registry)).holds


async def test_a_summary_made_of_an_erased_dossier_dies_with_it(told: Told) -> None:
    asked = Asked(description=builders.description(ERASED), card=told.card)
    released = await release.ask(told.registry, told.world[CLINIC], asked)
    assert released is not None
    async with told.registry.database.transaction() as tx:
        of_clinic = {each.id: each for each in await dossiers.everyone(tx)}
        before = await releases.revoked(tx)
    # One dossier of the three, not the one the release is recorded in: the others go on without it.
    vaccines = next(id for id in told.dossiers if of_clinic[id].source == VACCINES)
    erased = await erasure.erase(told.registry, [vaccines], decision=DECISION)
    assert (erased.dossiers, erased.summaries) == (1, 1)
    async with told.registry.database.transaction() as tx:
        assert len(await releases.revoked(tx)) == len(before) + 1
        left = await dossiers.load(tx, told.dossiers)
    assert len(left) == 2
    assert not [each for each in left.values() if vaccines in each.members]
    after = await release.ask(told.registry, told.world[CLINIC], asked)
    doses = ["'Immunization'" in str(each.document) for each in (released, after) if each]
    assert doses == [True, False]


async def test_the_same_file_brings_nobody_back_and_its_receipt_is_the_one_given_before(told: Told) -> None:
    first = await builders.hand_over(told.world, VACCINES, *builders.health_of(ERASED))
    await erasure.erase(told.registry, told.dossiers, decision=DECISION)
    again = await builders.hand_over(told.world, VACCINES, *builders.health_of(ERASED))
    assert again.repeated
    assert again == first
    await match.run(told.registry)
    assert await seen(told.registry, ERASED) == set()


async def test_who_is_left_is_matched_anew(told: Told) -> None:
    """What joined them may be gone with what was erased."""
    gone, *left = told.dossiers
    await match.run(told.registry)
    assert await match.waiting(told.registry) == 0
    await erasure.erase(told.registry, [gone], decision=DECISION)
    assert await match.waiting(told.registry) == len(left) > 0


async def test_the_same_erasure_again_changes_nothing(told: Told) -> None:
    await erasure.erase(told.registry, told.dossiers, decision=DECISION)
    entered = told.registry.ledger.read()
    again = await erasure.erase(told.registry, told.dossiers, decision=DECISION)
    assert again == erasure.Erased(dossiers=0, summaries=0)
    assert told.registry.ledger.read() == entered
    assert {each.dossier for each in entered} == set(told.dossiers)


async def test_the_dossier_of_an_organisation_is_not_erased(told: Told) -> None:
    for house in (told.registry.house, told.world[CLINIC].house):
        with pytest.raises(BadInput, match="organisation"):
            await erasure.erase(told.registry, [house, *told.dossiers], decision=DECISION)
    assert await seen(told.registry, ERASED) == set(texts(ERASED))


async def test_a_person_is_found_by_the_number_of_its_source(told: Told) -> None:
    assert await erasure.of_source(told.registry, VACCINES, ERASED.id_at(VACCINES)) in told.dossiers
    with pytest.raises(UnknownName):
        await erasure.of_source(told.registry, VACCINES, "nobody")


async def test_an_erasure_that_a_crash_kept_out_of_the_ledger_is_entered_at_the_next_start(told: Told) -> None:
    async with told.registry.database.transaction() as tx:
        await erasure.within(tx, told.registry, told.dossiers, decision=DECISION)
    assert told.registry.ledger.read() == ()
    async with opening.opened(told.registry.settings, clock=told.world.clock) as started:
        assert {each.dossier for each in started.ledger.read()} == set(told.dossiers)


async def test_nothing_is_served_beside_a_ledger_that_was_changed(told: Told) -> None:
    await erasure.erase(told.registry, told.dossiers, decision=DECISION)
    path = told.registry.ledger.path
    path.write_bytes(path.read_bytes().replace(b"20", b"19", 1))
    with pytest.raises(KeyProblem, match="erasure ledger was changed"):
        async with opening.opened(told.registry.settings):
            pass


# --- restored from a backup that is older than the erasure -----------------------------------------------------------


async def test_a_whole_backup_from_before_the_erasure_brings_nobody_back(
    told: Told, cluster: Cluster, tmp_path: Path
) -> None:
    url = str(told.registry.settings.database_url)
    backup = dumps.dump(url)  # with the vault in it: what nobody should do, and somebody will
    await erasure.erase(told.registry, told.dossiers, decision=DECISION)
    (tmp_path / "elsewhere").mkdir()
    with cluster.clone(tmp_path / "elsewhere", template="template0") as empty:
        dumps.restore(backup, str(empty.database_url))
        with psycopg.connect(str(empty.database_url)) as connection:
            (came_back,) = connection.execute(
                "SELECT count(*) FROM vault.data_key WHERE dossier = ANY(%s)", (list(told.dossiers),)
            ).fetchone() or (0,)
        assert came_back == len(told.dossiers)
        restored = told.registry.settings.model_copy(update={"database_url": empty.database_url})
        async with opening.opened(restored, clock=told.world.clock) as registry:
            assert await seen(registry, ERASED) == set()
            assert await seen(registry, STAYING) == set(texts(STAYING))


async def test_a_restored_database_without_its_ledger_keeps_to_its_own_list(told: Told) -> None:
    await erasure.erase(told.registry, told.dossiers, decision=DECISION)
    entered = told.registry.ledger.read()
    told.registry.ledger.path.unlink()
    async with opening.opened(told.registry.settings, clock=told.world.clock) as started:
        assert started.ledger.read() == entered


# --- meanwhile -------------------------------------------------------------------------------------


async def test_a_question_that_meets_an_erasure_is_not_answered_from_before_it(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, waiting = decide.hold, [True]

    async def after_erasing(*given: Any) -> Any:
        if waiting:
            waiting.clear()
            await erasure.erase(told.registry, told.dossiers, decision=DECISION)
        return await hold(*given)

    monkeypatch.setattr(decide, "hold", after_erasing)
    assert await builders.ask(told.world, CLINIC) is None
    async with told.registry.database.transaction() as tx:
        assert await rows.rows(tx, "SELECT count(*) FROM registry.status WHERE NOT revoked") == [(0,)]


async def test_a_withdrawal_that_waits_for_an_erasure_brings_nothing_back(told: Told) -> None:
    async with told.registry.database.transaction(Function.ERASE) as tx:
        await erasure.within(tx, told.registry, told.dossiers, decision=DECISION)
        waiting = asyncio.create_task(rights.withdraw(told.registry, told.card))
        await asyncio.sleep(0.5)
        assert not waiting.done()
    with pytest.raises(UnknownName):
        await waiting
    async with told.registry.database.transaction() as tx:
        assert [each for each in await dossiers.everyone(tx) if each.source == decide.FAMILY] == []
