"""Break-glass: how often, who learns of it, and who reviews it. Who may, stands in
tests/spec/test_who_may_break_glass.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from registry.errors import BadInput, NotPermitted, Unavailable, UnknownName
from registry.flows import budgets, emergencies, match, release, rights, trail
from registry.flows.emergencies import Declared
from registry.flows.release import Asked, Released
from registry.store import accounts, audit
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    FAR_CLINIC,
    HOME_CLINIC,
    MORE_VACCINES,
    NEIGHBOUR,
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
async def test_it_opens_nothing_for_the_next_ordinary_question(world: World) -> None:
    assert await broken(world)
    assert await builders.ask(world, CLINIC) is None


async def test_the_state_fled_cannot_see_by_emergencies_that_the_family_came(world: World) -> None:
    """Its own clinic asks again and again about a child whose doses it gave itself."""
    await builders.hand_over(world, MORE_VACCINES, *builders.health_of(ZAHOUANIA, MORE_VACCINES, "XBK"))
    await match.run(world.registry)
    answered = [await broken(world, HOME_CLINIC)]
    card = await builders.family(world, at=FAR_CLINIC)
    answered.append(await broken(world, HOME_CLINIC))
    await allow(world, card, SCHOOL, fled=frozenset({"XBK"}))
    answered.append(await broken(world, HOME_CLINIC))
    assert answered == [None] * 3


async def test_what_is_refused_is_not_queued(world: World) -> None:
    asked = Asked(description=builders.description(ZAHOUANIA))
    for declared in (replace(WHY, role="clerk"), replace(WHY, safety=""), replace(WHY, reason=" ")):
        with pytest.raises(BadInput):
            await emergencies.ask(world.registry, world[CLINIC], asked, declared)
    assert await emergencies.waiting(world.registry, world[OMBUDSPERSON]) == ()


@pytest.mark.usefixtures("card")
async def test_one_leaf_says_what_was_declared_and_which_bytes_left(world: World) -> None:
    given = await broken(world)
    assert given is not None
    assert await broken(world, child=UNKNOWN) is None
    async with world.registry.database.transaction() as tx:
        entries = [each.event for each in await audit.entries(tx)]
    silent, told = sorted([each for each in entries if "digest" in each], key=lambda each: str(each["answer"]))
    assert (told["action"], told["digest"], told["release"]) == ("emergency", given.digest, given.id)
    for each in (told, silent):
        assert (each["purpose"], each["grounds"], each["role"], each["user"]) == (
            "BTG", "unconscious", "physician", "desk-1",
        )  # fmt: skip
    assert (silent["answer"], silent["digest"]) == ("nothing", trail.digest(release.NOTHING))


# --- budgets ---------------------------------------------------------------------------------------


def on(world: World, **settings: object) -> World:
    """The same world with other settings."""
    changed = world.registry.settings.model_copy(update=settings)
    return replace(world, registry=replace(world.registry, settings=changed))


async def scopes(world: World) -> list[str]:
    return sorted(each.scope for each in await budgets.standing(world.registry))


@pytest.mark.usefixtures("card")
async def test_a_clinic_whose_questions_are_used_up_can_still_break_the_glass(world: World) -> None:
    few = on(world, user_questions=1, organisation_questions=1, target_questions=1)
    for _ in range(3):
        assert await builders.ask(few, CLINIC) is None
    assert await broken(few)
    assert await scopes(world) == []


@pytest.mark.usefixtures("card")
async def test_beyond_its_own_budget_nothing_is_told_and_a_human_is_called_at_once(world: World) -> None:
    few = on(world, user_emergencies=2, target_emergencies=99)
    assert [bool(await broken(few)) for _ in range(2)] == [True, True]
    assert await scopes(world) == []
    assert [await broken(few) for _ in range(2)] == [None, None]
    (alert,) = await budgets.standing(world.registry)
    assert (alert.scope, alert.organisation, alert.user, alert.asked) == ("emergency-user", CLINIC, "desk-1", 2)
    held = await emergencies.waiting(world.registry, world[OMBUDSPERSON])
    assert sorted((each.was_told, each.was_withheld) for each in held) == [
        (False, True), (False, True), (True, False), (True, False),
    ]  # fmt: skip
    await budgets.lift_by(world.registry, world[OMBUDSPERSON], alert.id)
    assert await broken(few)


@pytest.mark.usefixtures("card")
async def test_a_stolen_key_declares_a_few_in_whatever_users_names(world: World) -> None:
    few = on(world, organisation_emergencies=4, target_emergencies=99)
    asked = Asked(description=builders.description(ZAHOUANIA, *builders.AT_A_DESK))
    users = [replace(world[CLINIC], user=f"nurse-{number}") for number in range(6)]
    told = [bool(await emergencies.ask(few.registry, each, asked, WHY)) for each in users]
    assert told == [True] * 4 + [False] * 2
    assert await scopes(world) == ["emergency-organisation"]


async def test_who_was_halted_as_a_fisher_finds_no_other_door_but_the_card(world: World, card: str) -> None:
    patient = on(world, fishing_alarm=0.1)
    for child in (UNKNOWN, NEIGHBOUR):
        await builders.ask(patient, CLINIC, child)
    assert "user" in await scopes(world)
    assert await broken(world) is None
    assert await broken(world, OTHER_CLINIC)
    asked = Asked(description=builders.description(ZAHOUANIA, *builders.AT_A_DESK), card=card)
    assert await emergencies.ask(world.registry, world[CLINIC], asked, WHY)
    (withheld,) = [each for each in await emergencies.waiting(world.registry, world[OMBUDSPERSON]) if each.was_withheld]
    assert (withheld.organisation, withheld.was_told) == (CLINIC, False)


@pytest.mark.usefixtures("card")
async def test_many_emergencies_about_one_child_call_a_human_and_refuse_nobody(world: World) -> None:
    few = on(world, target_emergencies=1)
    assert [bool(await broken(few, name)) for name in (CLINIC, OTHER_CLINIC, FAR_CLINIC)] == [True] * 3
    (alert,) = await budgets.standing(world.registry)
    assert alert.scope == "emergency-target"
    assert builders.found(repr(alert), [ZAHOUANIA.given, ZAHOUANIA.family, ZAHOUANIA.mother]) == []


async def test_where_the_budget_cannot_be_taken_the_glass_stays_whole(
    world: World, card: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del card

    async def unavailable(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(accounts, "spend", unavailable)
    with pytest.raises(Unavailable):
        await broken(world)
    assert await emergencies.open_count(world.registry) == 0


# --- the family and the reviewer -------------------------------------------------------------------


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
