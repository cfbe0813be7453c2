"""Break-glass: who may, what is told, for how long, who learns of it, and who reviews it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from registry.continuity import document
from registry.errors import BadInput, NotPermitted, UnknownName
from registry.flows import emergencies, rights
from registry.flows.emergencies import Declared
from registry.flows.release import Asked, Released
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    FAR_CLINIC,
    HOME_CLINIC,
    OMBUDSPERSON,
    OTHER_CLINIC,
    SCHOOL,
    STEWARD,
    UNKNOWN,
    VACCINES,
    ZAHOUANIA,
    World,
    allow,
)

pytestmark = pytest.mark.anyio
WHY = Declared(role="physician", safety="unconscious", reason="brought in alone after an accident")


async def broken(world: World, name: str = CLINIC, child: builders.Child = ZAHOUANIA) -> Released | None:
    asked = Asked(description=builders.description(child, *builders.AT_A_DESK))
    return await emergencies.ask(world.registry, world[name], asked, WHY)


@pytest.fixture
async def card(world: World) -> str:
    await builders.known_child(world)
    card = await builders.family(world)
    await allow(world, card, SCHOOL)  # says nothing of any clinic, and names the country fled
    return card


@pytest.mark.usefixtures("card")
async def test_it_tells_doses_without_places_for_an_hour(world: World) -> None:
    given = await broken(world)
    assert given is not None
    assert given.expires_at - world.clock.now == timedelta(minutes=60)
    assert len(document.resources(given.document, "Immunization")) == 3
    assert document.resources(given.document, "Basic") == []
    for kind, secrets in builders.SECRETS.items():
        assert builders.found(builders.words([given.document, given.page]), secrets) == [], kind


@pytest.mark.usefixtures("card")
async def test_it_opens_nothing_for_the_next_ordinary_question(world: World) -> None:
    assert await broken(world)
    assert await builders.ask(world, CLINIC) is None


@pytest.mark.parametrize("name", [SCHOOL, VACCINES, STEWARD, OMBUDSPERSON])
async def test_there_is_none_for_schools_states_and_others(world: World, name: str) -> None:
    with pytest.raises(NotPermitted):
        await broken(world, name)


async def test_a_clinic_of_the_state_fled_is_told_nothing(world: World, card: str) -> None:
    assert await broken(world, HOME_CLINIC) is None
    assert await broken(world, FAR_CLINIC)
    assert card


async def test_it_overrides_no_refusal(world: World, card: str) -> None:
    await allow(world, card, CLINIC, agreed=False)
    assert await broken(world, CLINIC) is None
    assert await broken(world, OTHER_CLINIC)


@pytest.mark.parametrize(
    "declared",
    [
        replace(WHY, safety=""),
        replace(WHY, safety="in-a-hurry"),
        replace(WHY, reason=" "),
        replace(WHY, reason="x" * 501),
        replace(WHY, role=""),
        replace(WHY, role="clerk"),
    ],
)
async def test_without_a_reason_and_somebodys_safety_there_is_none(world: World, declared: Declared) -> None:
    asked = Asked(description=builders.description(ZAHOUANIA))
    with pytest.raises(BadInput):
        await emergencies.ask(world.registry, world[CLINIC], asked, declared)
    assert await emergencies.waiting(world.registry, world[OMBUDSPERSON]) == ()


async def lines(world: World, card: str) -> list[Any]:
    return [each for each in await rights.own_trail(world.registry, card) if each.action.startswith("emergency")]


async def test_the_family_reads_it_at_once_and_the_name_after_the_review(world: World, card: str) -> None:
    await broken(world, OTHER_CLINIC)
    (told,) = await lines(world, card)
    assert (told.kind, told.organisation, told.purpose, told.answer) == ("clinic", None, "BTG", "summary")
    (case,) = await emergencies.waiting(world.registry, world[OMBUDSPERSON])
    await emergencies.review(world.registry, world[OMBUDSPERSON], UUID(case.id), "not-justified")
    reviewed = [each for each in await lines(world, card) if each.action == "emergency-reviewed"]
    assert [(each.organisation, each.answer) for each in reviewed] == [(OTHER_CLINIC, "not-justified")]


@pytest.mark.usefixtures("card")
async def test_every_declaration_is_queued_also_one_that_was_told_nothing(world: World) -> None:
    await broken(world)
    await broken(world, child=UNKNOWN)
    found = await emergencies.waiting(world.registry, world[OMBUDSPERSON])
    assert sorted((each.organisation, each.was_told, each.safety) for each in found) == [
        (CLINIC, False, "unconscious"),
        (CLINIC, True, "unconscious"),
    ]
    text = builders.words([str(each) for each in found])
    assert builders.found(text, [ZAHOUANIA.given, UNKNOWN.given, builders.LOT]) == []


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(("hours", "is_late"), [(1, False), (72, False), (72.5, True)])
async def test_a_review_has_72_hours(world: World, hours: float, is_late: bool) -> None:
    await broken(world)
    world.clock.advance(hours=hours)
    (case,) = await emergencies.waiting(world.registry, world[OMBUDSPERSON])
    assert (case.is_late, case.verdict) == (is_late, None)
    done = await emergencies.review(world.registry, world[OMBUDSPERSON], UUID(case.id), "justified")
    world.clock.advance(days=9)
    assert (await emergencies.waiting(world.registry, world[OMBUDSPERSON]))[0].is_late is is_late is done.is_late


@pytest.mark.usefixtures("card")
async def test_only_an_ombudsperson_reviews_and_the_first_verdict_stands(world: World) -> None:
    await broken(world)
    (case,) = await emergencies.waiting(world.registry, world[OMBUDSPERSON])
    for name in (CLINIC, SCHOOL, STEWARD, VACCINES):
        with pytest.raises(NotPermitted):
            await emergencies.waiting(world.registry, world[name])
        with pytest.raises(NotPermitted):
            await emergencies.review(world.registry, world[name], UUID(case.id), "justified")
    with pytest.raises(UnknownName):
        await emergencies.review(world.registry, world[OMBUDSPERSON], UUID(int=7), "justified")
    with pytest.raises(BadInput):
        await emergencies.review(world.registry, world[OMBUDSPERSON], UUID(case.id), "perhaps")
    for verdict in ("not-justified", "justified"):
        made = await emergencies.review(world.registry, world[OMBUDSPERSON], UUID(case.id), verdict)
        assert made.verdict == "not-justified"


async def test_a_no_ends_the_hour_at_once(world: World, card: str) -> None:
    await broken(world)
    await allow(world, card, CLINIC, agreed=False)
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT count(*) FROM registry.status WHERE revoked")
        assert await cursor.fetchone() == (1,)
