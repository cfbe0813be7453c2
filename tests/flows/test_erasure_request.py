"""Erasure: asked for in person, thought over for seven days, ended by any card that speaks for the child, and whole."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from registry.errors import BadInput, NotPermitted, UnknownName
from registry.flows import erasure, erasure_request, match, release, review, rights, trail
from registry.flows.release import Asked
from registry.store import documents, dossiers, keys
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    NEIGHBOUR,
    OTHER_SCHOOL,
    SCHOOLS,
    STEWARD,
    UNKNOWN,
    VACCINES,
    ZAHOUANIA,
    World,
    allow,
    ask,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def card(world: World) -> str:
    await builders.known_child(world)
    await builders.known_child(world, NEIGHBOUR)
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    return card


async def erased(world: World, card: str) -> erasure_request.Waiting:
    asked = await erasure_request.ask(world.registry, world[CLINIC], card)
    world.clock.advance(days=7)
    await erasure_request.run_due(world.registry)
    return asked


async def readable(world: World, child: builders.Child) -> int:
    """How many dossiers of a child can still be opened."""
    async with world.registry.database.transaction() as tx:
        return sum(
            (each.about or {}).get("birthDate") == child.born.isoformat() for each in await dossiers.everyone(tx)
        )


async def test_after_seven_days_nothing_of_the_child_can_be_read_and_the_neighbour_is_untouched(
    world: World, card: str
) -> None:
    before = await readable(world, NEIGHBOUR)
    given = await builders.released(world, CLINIC)
    asked = await erased(world, card)
    assert await readable(world, ZAHOUANIA) == 0
    assert await readable(world, NEIGHBOUR) == before == 2
    assert await ask(world, CLINIC) is None
    with pytest.raises(UnknownName):
        await rights.own_trail(world.registry, card)
    standing = await erasure_request.follow(world.registry, asked.number)
    assert (standing.state, standing.dossiers) == ("done", 3)
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute(
            "SELECT count(*) FROM registry.lookup_key WHERE dossier NOT IN (SELECT dossier FROM vault.data_key)"
        )
        assert await cursor.fetchone() == (0,), "no key leads to what is gone"
        assert await keys.only(tx, keys.index_hash(tx, "release", given.id)) is None
        cursor = await tx.connection.execute("SELECT count(*) FROM registry.status WHERE revoked")
        assert await cursor.fetchone() == (1,), "its summary is withdrawn"


async def test_the_audit_log_holds_after_an_erasure(world: World, card: str) -> None:
    await ask(world, CLINIC)
    await trail.sequence(world.registry)
    await erased(world, card)
    await trail.sequence(world.registry)
    assert (await trail.verify(world.registry)).holds


async def test_nothing_is_erased_a_second_too_early(world: World, card: str) -> None:
    asked = await erasure_request.ask(world.registry, world[CLINIC], card)
    world.clock.advance(days=7, seconds=-1)
    assert await erasure_request.run_due(world.registry) == 0
    assert (await erasure_request.follow(world.registry, asked.number)).state == "waiting"
    assert await ask(world, CLINIC)
    world.clock.advance(seconds=1)
    assert (await erasure_request.follow(world.registry, asked.number)).state == "due"
    assert await erasure_request.run_due(world.registry) == 3
    assert await erasure_request.run_due(world.registry) == 0


async def test_the_card_ends_the_waiting(world: World, card: str) -> None:
    asked = await erasure_request.ask(world.registry, world[CLINIC], card)
    assert await erasure_request.cancel(world.registry, card) == 1
    world.clock.advance(days=8)
    assert await erasure_request.run_due(world.registry) == 0
    assert await ask(world, CLINIC)
    with pytest.raises(UnknownName):
        await erasure_request.follow(world.registry, asked.number)
    assert await erasure_request.cancel(world.registry, card) == 0
    acts = [each.action for each in await rights.own_trail(world.registry, card)]
    assert {"erasure-asked", "erasure-cancelled"} <= set(acts)


async def test_it_is_asked_for_once_and_at_a_desk(world: World, card: str) -> None:
    await erasure_request.ask(world.registry, world[OTHER_SCHOOL], card)
    with pytest.raises(BadInput):
        await erasure_request.ask(world.registry, world[CLINIC], card)
    for name in (STEWARD, VACCINES):
        with pytest.raises(NotPermitted):
            await erasure_request.ask(world.registry, world[name], card)
    with pytest.raises(UnknownName):
        await erasure_request.ask(world.registry, world[CLINIC], "0" * 26)


async def test_a_family_nobody_heard_erases_its_own_words_and_no_record(world: World, card: str) -> None:
    other = await builders.later_family(world)
    await erased(world, other)
    assert await readable(world, ZAHOUANIA) == 3
    assert await rights.own_trail(world.registry, card)
    with pytest.raises(UnknownName):
        await rights.own_trail(world.registry, other)


async def test_a_family_nobody_heard_does_not_end_anothers_erasure(world: World, card: str) -> None:
    other = await builders.later_family(world)
    asked = await erasure_request.ask(world.registry, world[CLINIC], card)
    assert await erasure_request.cancel(world.registry, other) == 0
    assert (await erasure_request.follow(world.registry, asked.number)).state == "waiting"


async def test_a_second_guardian_who_is_heard_sees_it_and_ends_it(world: World, card: str) -> None:
    other = await builders.later_family(world)
    doubts = await review.waiting(world.registry, world[STEWARD])
    (between,) = [each for each in doubts if each.probability == 1.0]
    await review.decide_doubt(world.registry, world[STEWARD], UUID(between.review), "link")
    await erasure_request.ask(world.registry, world[CLINIC], card)
    assert "erasure-asked" in {each.action for each in await rights.own_trail(world.registry, other)}
    assert await erasure_request.cancel(world.registry, other) == 1


async def test_an_erased_childs_source_can_tell_of_it_again_and_nothing_old_comes_back(world: World, card: str) -> None:
    await erased(world, card)
    await builders.hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA), body=b"another file")
    assert await readable(world, ZAHOUANIA) == 1
    assert await ask(world, CLINIC) is None, "consent went with the rest"


async def test_a_question_with_the_card_of_an_erased_family_is_answered_as_any_other(world: World, card: str) -> None:
    await erased(world, card)
    asked = Asked(description=builders.description(UNKNOWN, *builders.AT_A_DESK), card=card)
    assert await release.ask(world.registry, world[CLINIC], asked) is None


async def test_what_is_left_of_a_person_goes_on(world: World, card: str) -> None:
    """A dossier erased by itself leaves the others a person."""
    async with world.registry.database.transaction() as tx:
        family = await rights.by_card(tx, card)
        held = await dossiers.load(tx, family.members)
        gone = next(each.id for each in held.values() if each.source == SCHOOLS)
        assert (await erasure.within(tx, world.registry, [gone], decision="a test")).dossiers == 1
    await match.run(world.registry)  # the others may have been joined through it
    async with world.registry.database.transaction() as tx:
        left = await rights.by_card(tx, card)
        assert len(left.members) == 2
        assert await documents.load(tx, [gone]) == ()
    assert await ask(world, CLINIC)
    assert timedelta(days=7) == erasure_request.COOLING_OFF
