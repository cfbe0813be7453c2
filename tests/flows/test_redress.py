"""A family sees what is held, contests it, and a desk corrects it: shown as disputed, never hidden, always kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from registry.continuity.summary import document
from registry.errors import BadInput, NotPermitted, UnknownName
from registry.flows import correcting, desk, disputes, match, records, rights
from registry.flows.correcting import Correction
from registry.flows.desk import Child, Dose, Enrolment
from registry.flows.records import OwnRecord
from registry.store import documents, dossiers, keys, matters
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    OMBUDSPERSON,
    OTHER_CLINIC,
    SCHOOL,
    STEWARD,
    UNKNOWN,
    VACCINES,
    ZAHOUANIA,
    World,
    allow,
    released,
)

pytestmark = pytest.mark.anyio
WORDS = "هذه الجرعة لم تُعطَ لابنتي"


@pytest.fixture
async def card(world: World) -> str:
    await builders.known_child(world)
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    await allow(world, card, SCHOOL)
    return card


async def own(world: World, card: str, kind: str = "dose") -> list[OwnRecord]:
    return [each for each in await records.own(world.registry, card) if each.kind == kind]


async def contest(world: World, card: str, record: OwnRecord) -> disputes.Contested:
    return await disputes.contest(world.registry, card, record.id, words=WORDS, language="ar")


# --- seeing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
async def test_a_family_reads_every_dose_and_year_of_its_child_and_no_place(
    world: World, card: str, language: str
) -> None:
    found = await records.own(world.registry, card, language=language)
    assert [each.kind for each in found].count("dose") == 3
    assert [each.kind for each in found].count("school-year") == 2
    text = builders.words([str(each) for each in found])
    for kind, secrets in builders.SECRETS.items():
        assert builders.found(text, secrets) == [], kind


async def test_another_family_of_the_child_reads_nothing_while_nobody_heard_it(world: World, card: str) -> None:
    other = await builders.later_family(world)
    assert await records.own(world.registry, other) == ()
    (mine, *_) = await own(world, card)
    with pytest.raises(UnknownName):
        await contest(world, other, mine)


async def test_two_cards_name_one_record_differently(world: World, card: str) -> None:
    unknown = await builders.family(world, UNKNOWN)
    assert await records.own(world.registry, unknown) == ()
    names = {each.id for each in await own(world, card)}
    assert len(names) == 3


@pytest.mark.parametrize("wrong", ["", "x", "0" * 16])
async def test_a_record_of_another_name_is_no_record(world: World, card: str, wrong: str) -> None:
    with pytest.raises(UnknownName):
        await disputes.contest(world.registry, card, wrong, words=WORDS, language="ar")
    with pytest.raises(UnknownName):
        await disputes.settle(world.registry, card, wrong)


# --- contesting ------------------------------------------------------------------------------------


def _doses(view: Any) -> dict[str, str]:
    """Certainty by the day of the dose."""
    return {
        str(each["occurrenceDateTime"]): str(document.inner(document.own(each, "dose-certainty")[0])["certainty"])
        for each in document.resources(view, "Immunization")
    }


def _statuses(view: Any) -> dict[str, str]:
    forecast = document.resources(view, "ImmunizationRecommendation")[0]
    return {
        each["vaccineCode"][0]["coding"][0]["code"]: each["forecastStatus"]["coding"][0]["code"]
        for each in forecast["recommendation"]
    }


async def test_a_contested_dose_is_shown_as_disputed_and_is_not_counted_as_sure(world: World, card: str) -> None:
    before = (await released(world, CLINIC)).document
    contested = max(await own(world, card), key=lambda each: each.when)
    await contest(world, card, contested)
    after = await released(world, CLINIC)
    assert set(_doses(after.document)) == set(_doses(before)), "nothing is hidden"
    assert _doses(after.document)[contested.when] == "disputed"
    assert {day: sure for day, sure in _doses(after.document).items() if day != contested.when} == {
        day: sure for day, sure in _doses(before).items() if day != contested.when
    }
    assert "Disputed" in after.page
    assert "Left out of the count: the family says that this record is wrong." in builders.words(after.document)
    changed = {name for name in _statuses(before) if _due(before, name) != _due(after.document, name)}
    assert changed, "the forecast no longer counts it"


def _due(view: Any, antigen: str) -> Any:
    forecast = document.resources(view, "ImmunizationRecommendation")[0]
    return [each for each in forecast["recommendation"] if each["vaccineCode"][0]["coding"][0]["code"] == antigen]


async def test_a_contested_year_is_shown_as_disputed_and_the_placement_says_so(world: World, card: str) -> None:
    before = await released(world, SCHOOL)
    last = (await own(world, card, "school-year"))[-1]
    await contest(world, card, last)
    after = await released(world, SCHOOL)
    assert "disputed by the family" in after.page
    assert "disputed by the family" not in before.page
    flags = builders.words(after.document)
    assert "a record used here is wrong" in flags
    completed = [
        {each["valueInteger"] for each in document.own(advice, "placement-completed")}
        for view in (before.document, after.document)
        for advice in document.resources(view, "Basic")
        if advice["id"] == "placement"
    ]
    assert completed[0] < completed[1], "with the year and without it are both possible"


async def test_the_familys_words_lie_sealed_and_leave_with_nothing(world: World, card: str) -> None:
    (first, *_) = await own(world, card)
    await contest(world, card, first)
    given = await released(world, CLINIC)
    lines = await rights.own_trail(world.registry, card)
    assert builders.found(builders.words([given.document, given.page, str(lines)]), [WORDS]) == []
    assert "record-contested" in {each.action for each in lines}
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT encode(sealed, 'escape') FROM registry.matter")
        rows = await cursor.fetchall()
        family = await rights.by_card(tx, card)
        kept = await matters.about(tx, [family.id], "dispute")
    assert len(rows) == 1
    assert WORDS not in str(rows)
    assert [each.content["words"] for each in kept] == [WORDS]


async def test_a_record_stays_disputed_when_its_source_sends_it_once_more(world: World, card: str) -> None:
    (first, *_) = await own(world, card)
    await contest(world, card, first)
    newer = f"{world.clock.now.isoformat()}"
    again = builders.dose(ZAHOUANIA, VACCINES, vaccine="20", on=ZAHOUANIA.born + timedelta(days=60), updated=newer)
    await builders.hand_over(world, VACCINES, again)
    await match.run(world.registry)
    assert [each.disputed for each in await own(world, card)].count(True) == 1


async def test_the_family_takes_its_word_back(world: World, card: str) -> None:
    before = _doses((await released(world, CLINIC)).document)
    (first, *_) = await own(world, card)
    for _ in range(2):
        await contest(world, card, first)
    await disputes.settle(world.registry, card, first.id)
    assert _doses((await released(world, CLINIC)).document) == before
    with pytest.raises(UnknownName):
        await disputes.settle(world.registry, card, first.id)


@pytest.mark.parametrize("change", [{"words": ""}, {"words": "  \n"}, {"words": "x" * 9_000}, {"language": "xx"}])
async def test_a_contest_without_words_or_in_no_language_is_refused(
    world: World, card: str, change: dict[str, str]
) -> None:
    (first, *_) = await own(world, card)
    with pytest.raises(BadInput):
        await disputes.contest(world.registry, card, first.id, **{"words": WORDS, "language": "ar", **change})
    assert not any(each.disputed for each in await own(world, card))


# --- correcting ------------------------------------------------------------------------------------


async def recorded(world: World, card: str) -> str:
    """A dose the clinic recorded with the summary it was given; its reference."""
    given = await released(world, CLINIC)
    child = Child(number="7", description=builders.description(ZAHOUANIA, *builders.AT_A_DESK), summary=given.token)
    today = world.clock.now.date()
    made = await desk.record_dose(
        world.registry, world[CLINIC], child, Dose(vaccine_system=builders.CVX, vaccine="113", on=today)
    )
    assert any(each.when == today.isoformat() for each in await own(world, card))
    return made.reference


async def versions(world: World, reference: str, number: str = "7", name: str = CLINIC) -> list[Any]:
    async with world.registry.database.transaction() as tx:
        local = desk.local_id(world[name], number)
        known = await keys.only(tx, keys.index_hash(tx, "person", name, local))
        assert known
        assert await dossiers.load(tx, [known])
        told = [each for each in await documents.load(tx, [known]) if each.resource.reference == reference]
    return [each.resource.content for each in sorted(told, key=lambda each: each.version)]


async def correct(world: World, reference: str, name: str = CLINIC, **change: Any) -> correcting.Corrected:
    return await correcting.correct(
        world.registry, world[name], number="7", reference=reference, correction=Correction(**change)
    )


async def test_a_correction_is_a_new_version_with_who_and_why_and_keeps_the_former(world: World, card: str) -> None:
    reference = await recorded(world, card)
    yesterday = world.clock.now.date() - timedelta(days=1)
    made = await correct(world, reference, why="wrong-date", on=yesterday)
    before, after = await versions(world, reference)
    assert made.version == 2
    assert before["occurrenceDateTime"] == world.clock.now.date().isoformat()
    assert after["occurrenceDateTime"] == yesterday.isoformat()
    (told,) = [each for each in after["extension"] if each["url"] == records.CORRECTION]
    values = {each["url"]: next(v for k, v in each.items() if k != "url") for each in told["extension"]}
    assert (values["by"], values["why"]) == (CLINIC, "wrong-date")
    corrected = [each for each in await own(world, card) if each.corrected]
    assert [(each.when, each.corrected) for each in corrected] == [
        (yesterday.isoformat(), world.clock.now.date().isoformat())
    ]
    assert "record-corrected" in {each.action for each in await rights.own_trail(world.registry, card)}


async def test_who_corrected_does_not_leave_with_the_record(world: World, card: str) -> None:
    await correct(world, await recorded(world, card), why="wrong-date", on=builders.START.date() - timedelta(days=1))
    await allow(world, card, OTHER_CLINIC)
    given = await released(world, OTHER_CLINIC)
    assert builders.found(builders.words(given.document), [CLINIC, "record-correction", "wrong-date"]) == []


async def test_what_never_happened_is_taken_out_and_kept(world: World, card: str) -> None:
    reference = await recorded(world, card)
    await correct(world, reference, why="never-happened", happened=False)
    given = await released(world, CLINIC)
    assert world.clock.now.date().isoformat() not in _doses(given.document)
    assert [each["status"] for each in await versions(world, reference)] == ["completed", "entered-in-error"]


async def test_a_school_corrects_a_grade(world: World, card: str) -> None:
    del card
    child = Child(number="7", description=builders.description(ZAHOUANIA, *builders.AT_A_DESK))
    year = Enrolment(school="Nadir", grade="3", academic_year="2026-2027", on=world.clock.now.date(), language="ar")
    made = await desk.record_enrolment(world.registry, world[SCHOOL], child, year)
    await correct(world, made.reference, SCHOOL, why="wrong-grade", grade="4")
    labels = [
        next(part["valueString"] for part in each["extension"] if part["url"] == "label")
        for content in await versions(world, made.reference, name=SCHOOL)
        for each in content["extension"]
        if each["url"].endswith("enrolment-grade")
    ]
    assert labels == ["3", "4"]


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing is to change": (CLINIC, {"why": "typing-error"}),
    "no reason there is": (CLINIC, {"why": "because", "vaccine": "03"}),
    "a day after today": (CLINIC, {"why": "wrong-date", "on": builders.START.date() + timedelta(days=1)}),
    "a grade of a dose": (CLINIC, {"why": "wrong-grade", "grade": "4"}),
    "another desk": (OTHER_CLINIC, {"why": "wrong-vaccine", "vaccine": "03"}),
    "a school": (SCHOOL, {"why": "wrong-vaccine", "vaccine": "03"}),
}


@pytest.mark.parametrize(("name", "change"), REFUSED.values(), ids=REFUSED)
async def test_a_correction_that_cannot_be_changes_nothing(
    world: World, card: str, name: str, change: dict[str, Any]
) -> None:
    reference = await recorded(world, card)
    with pytest.raises((BadInput, UnknownName)):
        await correct(world, reference, name, **change)
    assert len(await versions(world, reference)) == 1


@pytest.mark.parametrize("name", [STEWARD, VACCINES, OMBUDSPERSON])
async def test_only_a_desk_corrects_and_only_records_of_its_own(world: World, card: str, name: str) -> None:
    reference = await recorded(world, card)
    with pytest.raises(NotPermitted):
        await correct(world, reference, name, why="wrong-vaccine", vaccine="03")


async def test_a_patient_is_corrected_by_recording_it_again_not_here(world: World, card: str) -> None:
    await recorded(world, card)
    with pytest.raises(UnknownName):
        await correct(world, f"Patient/{desk.local_id(world[CLINIC], '7')}", why="typing-error", vaccine="03")
