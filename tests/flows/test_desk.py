"""A desk is a source too: what it records, and what a summary in its hand may join and what not."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from registry.cli import scenes
from registry.errors import BadInput, NotPermitted
from registry.flows import desk, match, release, review, rights
from registry.flows.desk import Child, Dose, Enrolment
from registry.flows.release import Asked
from registry.store import documents, dossiers, reviews
from registry.store.reviews import Doubt
from registry.trust import signing
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    NEIGHBOUR,
    OTHER_CLINIC,
    SCHOOL,
    SCHOOLS,
    STEWARD,
    UNKNOWN,
    VACCINES,
    ZAHOUANIA,
    World,
    released,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def card(world: World) -> str:
    """The protagonist is known, her family allowed the clinic and the school."""
    await builders.known_child(world)
    card = await builders.family(world)
    for name in (CLINIC, SCHOOL):
        await builders.allow(world, card, name)
    return card


def td(world: World) -> Dose:
    return Dose(vaccine_system=builders.CVX, vaccine="113", display="Td", on=world.clock.now.date(), lot="DESK-LOT-1")


def enrolment(world: World) -> Enrolment:
    return Enrolment(
        school="School of Nadir",
        grade="الصف الثالث",
        academic_year="2026-2027",
        on=world.clock.now.date(),
        language="ar",
    )


def child(of: builders.Child = ZAHOUANIA, *, number: str = "2026-118", summary: str = "") -> Child:
    return Child(number=number, description=builders.description(of, *builders.AT_A_DESK), summary=summary)


async def count(world: World, table: str) -> int:
    async with world.registry.database.transaction() as tx:
        everyone = await dossiers.everyone(tx)
        if table == "dossier":
            return len(everyone)
        return len(await documents.load(tx, [each.id for each in everyone]))


async def doses(world: World, name: str = CLINIC) -> list[str]:
    given = await released(world, name)
    entries = (each["resource"] for each in given.document["entry"])
    return [each["occurrenceDateTime"] for each in entries if each["resourceType"] == "Immunization"]


# --- what a desk records ---------------------------------------------------------------------------


@pytest.mark.usefixtures("card")
async def test_a_dose_given_today_joins_the_child_through_the_summary_in_hand(world: World) -> None:
    summary = (await released(world, CLINIC)).token
    recorded = await desk.record_dose(world.registry, world[CLINIC], child(summary=summary), td(world))
    assert recorded.outcome == "stored"
    assert world.clock.now.date().isoformat() in await doses(world)


@pytest.mark.usefixtures("card")
async def test_an_enrolment_made_today_joins_the_child_through_the_summary_in_hand(world: World) -> None:
    summary = (await released(world, SCHOOL)).token
    await desk.record_enrolment(world.registry, world[SCHOOL], child(summary=summary), enrolment(world))
    given = await released(world, SCHOOL)
    years = [each["resource"] for each in given.document["entry"] if each["resource"]["resourceType"] == "Basic"]
    assert len(years) == 4, "two years, today's enrolment, and the placement"


@pytest.mark.usefixtures("card")
async def test_a_dose_recorded_twice_is_one_dose(world: World) -> None:
    summary = (await released(world, CLINIC)).token
    first = await desk.record_dose(world.registry, world[CLINIC], child(summary=summary), td(world))
    second = await desk.record_dose(world.registry, world[CLINIC], child(summary=summary), td(world))
    assert (first.outcome, second.outcome, first.reference) == ("stored", "unchanged", second.reference)
    assert (await doses(world)).count(world.clock.now.date().isoformat()) == 1


async def test_a_person_nobody_knew_and_one_that_is_known_are_accepted_in_the_same_way(world: World) -> None:
    await builders.known_child(world)
    known = await desk.register(world.registry, world[CLINIC], child(ZAHOUANIA, number="1"))
    unknown = await desk.register(world.registry, world[CLINIC], child(UNKNOWN, number="2"))
    assert (known.outcome, unknown.outcome) == ("stored", "stored")
    assert {len(each.reference) for each in (known, unknown)} == {len(known.reference)}
    assert known.reference != unknown.reference


async def test_what_a_desk_recorded_of_a_person_it_registered_is_found_once_the_family_allows_it(world: World) -> None:
    await desk.record_dose(world.registry, world[OTHER_CLINIC], child(UNKNOWN), td(world))
    card = await builders.family(world, UNKNOWN)
    await builders.allow(world, card, CLINIC)
    given = await released(world, CLINIC, UNKNOWN)
    assert world.clock.now.date().isoformat() in builders.words(given.document)


async def test_desks_numbers_of_two_clinics_never_meet(world: World) -> None:
    one = await desk.register(world.registry, world[CLINIC], child(ZAHOUANIA, number="7"))
    other = await desk.register(world.registry, world[OTHER_CLINIC], child(NEIGHBOUR, number="7"))
    assert one.reference != other.reference
    await match.run(world.registry)
    async with world.registry.database.transaction() as tx:
        held = [each for each in await dossiers.everyone(tx) if each.source in (CLINIC, OTHER_CLINIC)]
    assert len({each.person for each in held}) == 2


async def test_the_desks_own_number_does_not_stand_in_the_reference(world: World) -> None:
    recorded = await desk.register(world.registry, world[CLINIC], child(number="CANARY-4711"))
    assert "4711" not in recorded.reference


# --- what a desk cannot do -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [SCHOOL, VACCINES, STEWARD])
async def test_only_a_clinic_records_doses(world: World, name: str) -> None:
    with pytest.raises(NotPermitted):
        await desk.record_dose(world.registry, world[name], child(), td(world))
    assert await count(world, "document") == 0


@pytest.mark.parametrize("name", [CLINIC, VACCINES, STEWARD])
async def test_only_a_school_records_enrolments(world: World, name: str) -> None:
    with pytest.raises(NotPermitted):
        await desk.record_enrolment(world.registry, world[name], child(), enrolment(world))
    assert await count(world, "document") == 0


@pytest.mark.parametrize("name", [VACCINES, STEWARD])
async def test_only_a_desk_registers_a_person(world: World, name: str) -> None:
    with pytest.raises(NotPermitted):
        await desk.register(world.registry, world[name], child())


async def test_a_dose_of_tomorrow_is_refused_and_nobody_is_registered(world: World) -> None:
    tomorrow = replace(td(world), on=world.clock.now.date() + timedelta(days=1))
    with pytest.raises(BadInput):
        await desk.record_dose(world.registry, world[CLINIC], child(), tomorrow)
    assert await count(world, "document") == 0


@pytest.mark.parametrize("number", ["", "x" * 65])
async def test_a_desks_number_has_a_length(world: World, number: str) -> None:
    with pytest.raises(BadInput):
        await desk.register(world.registry, world[CLINIC], child(number=number))


@pytest.mark.parametrize(
    "change",
    [
        {"vaccine": ""},
        {"vaccine_system": "not a uri at all"},
        {"dose_number": -1},
        {"vaccine": "113 "},
        {"lot": "\ud800"},
        {"display": " "},
    ],
)
async def test_a_dose_that_cannot_be_written_down_is_refused_with_a_reason(
    world: World, change: dict[str, object]
) -> None:
    with pytest.raises(BadInput) as refused:
        await desk.record_dose(world.registry, world[CLINIC], child(), replace(td(world), **change))  # type: ignore[arg-type]
    assert refused.value.what
    assert await count(world, "document") == 0


# --- a summary in hand -----------------------------------------------------------------------------


async def refused_and_nothing_stored(world: World, name: str, summary: str) -> None:
    before = await count(world, "dossier"), await count(world, "document")
    with pytest.raises(BadInput) as refused:
        await desk.record_dose(world.registry, world[name], child(summary=summary), td(world))
    assert refused.value.where == "summary"
    assert (await count(world, "dossier"), await count(world, "document")) == before


@pytest.mark.usefixtures("card")
async def test_a_summary_given_to_another_clinic_joins_nothing(world: World) -> None:
    await refused_and_nothing_stored(world, OTHER_CLINIC, (await released(world, CLINIC)).token)


@pytest.mark.usefixtures("card")
async def test_the_short_form_on_paper_joins_nothing(world: World) -> None:
    """The QR code is in the family's hands; whoever photographs it must not write into the child's record."""
    await refused_and_nothing_stored(world, CLINIC, (await released(world, CLINIC)).card)


@pytest.mark.usefixtures("card")
async def test_an_expired_summary_joins_nothing(world: World) -> None:
    summary = (await released(world, CLINIC)).token
    world.clock.advance(days=31)
    await refused_and_nothing_stored(world, CLINIC, summary)


@pytest.mark.usefixtures("card")
async def test_a_summary_of_a_stranger_joins_nothing(world: World) -> None:
    await refused_and_nothing_stored(world, CLINIC, scenes.forged(await released(world, CLINIC)))


@pytest.mark.parametrize("summary", ["not-a-token", "a.b.c", "a" * 100_000, "ü.ü.ü"])
async def test_what_is_no_summary_joins_nothing(world: World, summary: str) -> None:
    await refused_and_nothing_stored(world, CLINIC, summary)


@pytest.mark.usefixtures("card")
async def test_a_summary_altered_by_one_character_joins_nothing(world: World) -> None:
    token = (await released(world, CLINIC)).token
    middle = token.index(".") + 40
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    await refused_and_nothing_stored(world, CLINIC, changed)


async def test_a_withdrawn_summary_joins_nothing(world: World, card: str) -> None:
    """It may have been withdrawn because it was about the wrong child."""
    summary = (await released(world, CLINIC)).token
    await rights.withdraw(world.registry, card)
    await refused_and_nothing_stored(world, CLINIC, summary)


@pytest.mark.usefixtures("card")
async def test_a_summary_about_one_child_never_joins_the_record_of_another(world: World) -> None:
    """The clerk has the sister's paper in hand: a wrong link would give one child the other's doses."""
    summary = (await released(world, CLINIC)).token
    others = (replace(ZAHOUANIA, given="Zoulikha"), replace(ZAHOUANIA, given="Zahia"), NEIGHBOUR)
    for number, other in enumerate(others):
        with contextlib.suppress(BadInput):  # refused or kept apart, never joined
            mistaken = child(other, number=str(number), summary=summary)
            await desk.record_dose(world.registry, world[CLINIC], mistaken, td(world))
    await match.run(world.registry)
    assert world.clock.now.date().isoformat() not in await doses(world)
    async with world.registry.database.transaction() as tx:
        by_source = {each.source: each.person for each in await dossiers.everyone(tx)}
    assert by_source[CLINIC] != by_source[VACCINES]


@pytest.mark.usefixtures("card")
async def test_one_number_of_a_desk_never_joins_two_children(world: World) -> None:
    await builders.hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))
    other = await builders.family(world, NEIGHBOUR)
    await builders.allow(world, other, CLINIC)
    hers, his = await released(world, CLINIC), await released(world, CLINIC, NEIGHBOUR)
    await desk.record_dose(world.registry, world[CLINIC], child(summary=hers.token), td(world))
    with pytest.raises(BadInput):
        await desk.record_dose(world.registry, world[CLINIC], child(NEIGHBOUR, summary=his.token), td(world))
    async with world.registry.database.transaction() as tx:
        held = {each.local: each.person for each in await dossiers.everyone(tx)}
    assert held[ZAHOUANIA.id_at(VACCINES)] != held[NEIGHBOUR.id_at(VACCINES)]


async def test_a_summary_does_not_join_what_a_steward_held_apart(world: World, card: str) -> None:
    summary = (await released(world, CLINIC)).token
    await desk.register(world.registry, world[CLINIC], child())
    async with world.registry.database.transaction() as tx:
        held = {each.source: each.id for each in await dossiers.everyone(tx)}
        family = (await rights.by_card(tx, card)).id
        doubt = Doubt(id=builders.new_id(), left=held[CLINIC], right=family, probability=0.5, since=builders.BORN)
        await reviews.put(tx, world.registry.house, doubt)
    (shown,) = [each for each in await review.waiting(world.registry, world[STEWARD]) if each.probability == 0.5]
    await review.decide_doubt(world.registry, world[STEWARD], UUID(shown.review), "distinct")
    with contextlib.suppress(BadInput):
        await desk.record_dose(world.registry, world[CLINIC], child(summary=summary), td(world))
    async with world.registry.database.transaction() as tx:
        by_source = {each.source: each.person for each in await dossiers.everyone(tx)}
    assert by_source[CLINIC] != by_source["family"]


@pytest.mark.usefixtures("card")
async def test_a_summary_a_school_was_given_joins_nothing_at_a_clinic(world: World) -> None:
    await refused_and_nothing_stored(world, CLINIC, (await released(world, SCHOOL)).token)


async def test_what_a_desk_says_of_a_child_does_not_open_the_childs_records(world: World) -> None:
    """A clinic registers a child as its own and asks: the records of others stay closed."""
    await builders.known_child(world)
    await desk.record_dose(world.registry, world[CLINIC], child(), td(world))
    await match.run(world.registry)
    asked = Asked(description=builders.description(ZAHOUANIA), grounds="treatment")
    assert await release.ask(world.registry, world[CLINIC], asked) is None


@pytest.mark.usefixtures("card")
async def test_the_token_a_desk_holds_names_the_desk_and_no_dossier(world: World) -> None:
    given = await released(world, CLINIC)
    claimed = signing.read_unverified(given.token)
    assert isinstance(claimed, signing.Unverified)
    async with world.registry.database.transaction() as tx:
        ids = [each.id for each in await dossiers.everyone(tx)]
    text = builders.words(claimed.payload)
    assert builders.found(text, [each.hex for each in ids] + [str(each) for each in ids]) == []
    assert claimed.payload["aud"] == CLINIC
    assert SCHOOLS not in text
