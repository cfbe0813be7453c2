"""2022: intruders read the data of 515,000 vulnerable people on a server, with an administrator's login, for weeks.

The Red Cross family tracing breach. Whoever copies disk, database, log and dump here, or holds the login of any
organisation, finds what these rows say. That the main job leaves nothing readable anywhere, and that the search
would find it, is proved in tests/flows/test_leaks.py.
"""

from __future__ import annotations

import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from registry.errors import KeyProblem, NotPermitted, RegistryError
from registry.flows import disputes, grievances, opening, records, release, review, rights, trail
from registry.flows.grievances import Complaint
from registry.flows.release import Asked
from tests.bench import theft
from tests.support import builders, leaks
from tests.support.builders import (
    CLINIC,
    NATIONAL,
    OMBUDSPERSON,
    SCHOOL,
    STEWARD,
    VACCINES,
    ZAHOUANIA,
    World,
    allow,
    ask,
    interviewed,
)
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio
COMPLAINT = "They asked me beside Sergeant Qorraf at the Ouarzaz gate"
CONTESTED = "My daughter was never at Dispensaire Tilmane"


async def lived(world: World) -> str:
    """A family's whole year with the registry; its card."""
    await builders.known_child(world)
    card = await builders.family(world)
    asked = interviewed(interviewer_language="fr", interpreter="I-774411", witness="W-551166")
    await allow(world, card, CLINIC, interview=asked)
    await ask(world, CLINIC)
    (first, *_) = await records.own(world.registry, card)
    await disputes.contest(world.registry, card, first.id, words=CONTESTED, language="en")
    await grievances.file(world.registry, Complaint(words=COMPLAINT, language="en", card=card, organisation=CLINIC))
    await grievances.file(world.registry, Complaint(words=COMPLAINT, language="en"))
    return card


# --- row 1: disk, database, log and dump, without the keys -------------------------------------------


async def test_a_copy_of_the_database_reads_no_name_no_place_and_no_word_of_anybody(world: World) -> None:
    card = await lived(world)
    texts = [ZAHOUANIA.given, ZAHOUANIA.family, ZAHOUANIA.mother, ZAHOUANIA.village, ZAHOUANIA.phone, NATIONAL]
    texts += [COMPLAINT, "Qorraf", CONTESTED, "Tilmane", "I-774411", "W-551166", card, CLINIC, builders.FACILITY]
    url = str(world.registry.settings.database_url)
    dump = subprocess.run([theft.DUMP, "--dbname", url], check=True, capture_output=True).stdout
    assert leaks.search([dump], texts) == set()
    assert b"COPY registry.matter_" in dump, "what was complained of is in the copy"
    assert len(dump) > 20_000


# --- row 2: one node's loss exposes nobody else's people ----------------------------------------------


async def test_the_copy_of_one_node_opens_and_links_nothing_of_another(
    world: World, cluster: Cluster, tmp_path: Path
) -> None:
    await lived(world)
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    with cluster.clone(other_folder, template="template0") as other:
        other.keyring_path.unlink()
        async with AsyncExitStack() as stack:
            elsewhere = await stack.enter_async_context(builders.world(other))
            await lived(elsewhere)
            shared = await _lookup_keys(world) & await _lookup_keys(elsewhere)
        assert shared == set(), "the same child has no key in common"
        other.keyring_path.write_bytes(world.registry.settings.keyring_path.read_bytes())
        with pytest.raises(KeyProblem):
            async with opening.opened(other):
                pass


async def _lookup_keys(world: World) -> set[int]:
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT key FROM registry.lookup_key")
        return {row[0] for row in await cursor.fetchall()}


# --- row 3: an administrator's login -----------------------------------------------------------------


@pytest.mark.parametrize("name", [CLINIC, SCHOOL, VACCINES, STEWARD, OMBUDSPERSON])
async def test_no_login_lists_people_or_reads_a_record_without_the_familys_yes(world: World, name: str) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    stranger, registry = world[name], world.registry
    asked = Asked(description=builders.description(ZAHOUANIA), card=card)
    got: list[Any] = []
    for act in (
        lambda: release.ask(registry, stranger, asked),
        lambda: review.waiting(registry, stranger),
        lambda: review.links(registry, stranger),
        lambda: grievances.cases(registry, stranger),
        lambda: grievances.trail_of(registry, stranger, UUID(int=1)),
    ):
        try:
            got.append(await act())
        except RegistryError as error:
            got.append(str(error))
    text = builders.words([str(each) for each in got])
    secrets = [builders.LOT, builders.FACILITY, builders.SCHOOL_NAME]
    if name != STEWARD:  # who sees two records of a child side by side, and nothing of health or schooling
        secrets += [ZAHOUANIA.given, ZAHOUANIA.family, ZAHOUANIA.village, ZAHOUANIA.born.isoformat()]
    assert builders.found(text, secrets) == []


# --- row 4: unnoticed for ten weeks ------------------------------------------------------------------


async def test_every_read_leaves_a_leaf_that_cannot_be_taken_out(world: World) -> None:
    await builders.known_child(world)
    await trail.sequence(world.registry)
    before = (await trail.verify(world.registry)).leaves
    for _ in range(25):
        await ask(world, CLINIC)
    await trail.sequence(world.registry)
    proof = await trail.verify(world.registry)
    assert (proof.holds, proof.leaves) == (True, before + 25)
    async with world.registry.database.transaction() as tx:
        await tx.connection.execute(
            "DELETE FROM registry.audit_leaf WHERE leaf = (SELECT leaf FROM registry.audit_sequence LIMIT 1)"
        )
    assert not (await trail.verify(world.registry)).holds


async def test_the_family_reads_every_attempt_by_itself(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    for _ in range(7):
        await ask(world, SCHOOL)
    assert [each.answer for each in await rights.own_trail(world.registry, card) if each.action == "ask"] == [
        "nothing"
    ] * 7


# --- row 5: what was given out dies when the family says so -----------------------------------------


async def test_papers_given_out_die_with_one_withdrawal(world: World) -> None:
    card = await lived(world)
    assert (await rights.withdraw(world.registry, card)).revoked == 1
    assert await ask(world, CLINIC) is None
    with pytest.raises(NotPermitted):
        await rights.give(world.registry, world[STEWARD], card, builders.answer(world, CLINIC))
