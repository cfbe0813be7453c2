"""Did this child attend? Asked with the family, answered by the system that knows, and nobody else learns of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

import pytest

from registry.errors import BadInput, NotPermitted, UnknownName
from registry.flows import attendance, rights
from registry.flows.attendance import Asked
from tests.support import builders
from tests.support.builders import (
    AT_A_DESK,
    CLINIC,
    OMBUDSPERSON,
    OTHER_SCHOOL,
    SCHOOL,
    SCHOOLS,
    STEWARD,
    UNKNOWN,
    VACCINES,
    ZAHOUANIA,
    World,
    allow,
)

pytestmark = pytest.mark.anyio

# The schools of the builders are Bektar's; the family fled another country.
ELSEWHERE = frozenset({"XCV"})


@pytest.fixture
async def card(world: World) -> str:
    await builders.known_child(world)
    return await builders.family(world)


async def opened(world: World, card: str, **changes: object) -> str:
    """The family says yes to the school, places and all."""
    given = await allow(world, card, SCHOOL, **{"places": True, "fled": ELSEWHERE, **changes})
    return given.consent


async def asked(world: World, card: str, child: builders.Child = ZAHOUANIA, *, by: str = SCHOOL) -> Asked:
    return await attendance.ask(world.registry, world[by], builders.description(child, *AT_A_DESK), card=card)


async def standing(world: World, question: Asked, *, by: str = SCHOOL) -> attendance.Standing:
    return await attendance.follow(world.registry, world[by], question.number)


async def listed(world: World, by: str = SCHOOLS) -> tuple[attendance.Waiting, ...]:
    return await attendance.waiting(world.registry, world[by])


@pytest.mark.parametrize("word", attendance.ANSWERS)
async def test_a_school_asks_and_the_system_that_knows_answers(world: World, card: str, word: str) -> None:
    await opened(world, card)
    question = await asked(world, card)
    assert (await standing(world, question)).answer is None
    (waits,) = await listed(world)
    assert (waits.academic_year, waits.grade) == (f"{builders.START.year - 2}/{builders.START.year - 1}", "2. sinif")
    assert waits.person == ZAHOUANIA.id_at(SCHOOLS)
    await attendance.answer(world.registry, world[SCHOOLS], UUID(waits.id), word)
    told = await standing(world, question)
    assert (told.answer, told.is_late) == (word, False)
    assert await listed(world) == ()


async def test_the_system_asked_learns_neither_who_asks_nor_where(world: World, card: str) -> None:
    await opened(world, card)
    await asked(world, card)
    shown = builders.words([{**asdict(each), "answer_by": ""} for each in await listed(world)])
    assert builders.found(shown, [SCHOOL, world[SCHOOL].display, "XAL", "XCV", "enrolment-"]) == []
    assert await listed(world, VACCINES) == ()


NOT_SENT = {
    "no consent": None,
    "places closed": {"places": False},
    "the country of the system was fled": {"fled": frozenset({"XBK"})},
    "nobody said which country was fled": {"fled": frozenset()},
    "a no": {"agreed": False, "places": False},
}


@pytest.mark.parametrize("why", NOT_SENT)
async def test_where_it_may_not_be_sent_the_school_cannot_tell(world: World, card: str, why: str) -> None:
    changes = NOT_SENT[why]
    if changes is not None:
        await opened(world, card, **changes)
    question = await asked(world, card)
    nobody = await asked(world, card, UNKNOWN)
    assert await listed(world) == ()
    assert await standing(world, question) == await standing(world, nobody)
    world.clock.advance(days=11)
    assert (await standing(world, question)).answer == "unknown"
    assert await standing(world, question) == await standing(world, nobody)


@pytest.mark.parametrize("is_answered", [True, False])
async def test_a_withdrawal_ends_a_question_and_its_answer(world: World, card: str, is_answered: bool) -> None:
    await opened(world, card)
    question = await asked(world, card)
    (waits,) = await listed(world)
    if is_answered:
        await attendance.answer(world.registry, world[SCHOOLS], UUID(waits.id), "yes")
    await rights.withdraw(world.registry, card)
    assert (await standing(world, question)).answer is None
    assert await listed(world) == ()
    with pytest.raises(UnknownName):
        await attendance.answer(world.registry, world[SCHOOLS], UUID(waits.id), "yes")


async def test_the_clock_runs_and_what_is_late_is_seen(world: World, card: str) -> None:
    await opened(world, card)
    question = await asked(world, card)
    assert question.answer_by == world.clock.now + timedelta(days=10)
    assert await attendance.overdue(world.registry, world[OMBUDSPERSON]) == ()
    world.clock.advance(days=12)
    (late,) = await attendance.overdue(world.registry, world[OMBUDSPERSON])
    assert (late.source, late.days_late) == (SCHOOLS, 2)
    assert ((await standing(world, question)).answer, (await standing(world, question)).is_late) == ("unknown", True)
    (waits,) = await listed(world)
    assert waits.is_late
    await attendance.answer(world.registry, world[SCHOOLS], UUID(waits.id), "no")
    told = await standing(world, question)
    assert (told.answer, told.is_late) == ("no", False)
    assert await attendance.overdue(world.registry, world[OMBUDSPERSON]) == ()


async def test_an_answer_is_given_once(world: World, card: str) -> None:
    await opened(world, card)
    await asked(world, card)
    (waits,) = await listed(world)
    for _ in range(2):
        await attendance.answer(world.registry, world[SCHOOLS], UUID(waits.id), "yes")
    with pytest.raises(NotPermitted, match="otherwise"):
        await attendance.answer(world.registry, world[SCHOOLS], UUID(waits.id), "no")
    with pytest.raises(BadInput, match="yes, no, unknown"):
        await attendance.answer(world.registry, world[SCHOOLS], UUID(waits.id), "maybe")


async def test_a_question_is_nobody_elses(world: World, card: str) -> None:
    await opened(world, card)
    question = await asked(world, card)
    (waits,) = await listed(world)
    with pytest.raises(UnknownName):
        await standing(world, question, by=OTHER_SCHOOL)
    with pytest.raises(UnknownName):
        await attendance.answer(world.registry, world[VACCINES], UUID(waits.id), "yes")
    for name in (CLINIC, STEWARD, SCHOOLS):
        with pytest.raises(NotPermitted):
            await asked(world, card, by=name)
    for name in (SCHOOL, STEWARD, OMBUDSPERSON):
        with pytest.raises(NotPermitted):
            await listed(world, name)


async def test_without_the_family_nothing_is_asked(world: World, card: str) -> None:
    await opened(world, card)
    with pytest.raises(BadInput, match="card"):
        await asked(world, "")
    question = await asked(world, "0" * 26)
    assert await listed(world) == ()
    assert (await standing(world, question)).answer is None


async def test_another_year_can_be_named(world: World, card: str) -> None:
    await opened(world, card)
    told = builders.description(ZAHOUANIA, *AT_A_DESK)
    year = f"{builders.START.year - 3}/{builders.START.year - 2}"
    await attendance.ask(world.registry, world[SCHOOL], told, card=card, academic_year=year)
    await attendance.ask(world.registry, world[SCHOOL], told, card=card, academic_year="1999/2000")
    assert [each.academic_year for each in await listed(world)] == [year]


async def test_the_family_reads_in_its_trail_that_it_was_asked_and_answered(world: World, card: str) -> None:
    await opened(world, card)
    question = await asked(world, card)
    (waits,) = await listed(world)
    await attendance.answer(world.registry, world[SCHOOLS], UUID(waits.id), "yes")
    await standing(world, question)
    lines = await rights.own_trail(world.registry, card)
    told = [(each.action, each.kind) for each in lines if each.action.startswith("attendance")]
    assert sorted(told) == [
        ("attendance-answered", "source"),
        ("attendance-asked", "school"),
        ("attendance-told", "school"),
    ]


async def test_a_question_costs_the_same_entries_whatever_came_of_it(world: World, card: str) -> None:
    await opened(world, card)
    counted = []
    for child in (ZAHOUANIA, UNKNOWN):
        before = await leaves(world)
        await asked(world, card, child)
        counted.append(await leaves(world) - before)
    assert counted[0] == counted[1] > 0


async def leaves(world: World) -> int:
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT count(*) FROM registry.audit_leaf")
        row = await cursor.fetchone()
        return row[0] if row else 0
