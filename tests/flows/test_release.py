"""A clinic or a school asks: who is answered, with what, and what never leaves (written from the disclosure page)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import pytest

from registry.continuity.immunization.editions import Editions
from registry.errors import BadInput, NotPermitted
from registry.flows import match, release, rights
from registry.flows.release import Asked, Released
from registry.intake import Entry
from registry.store import documents, keys, releases
from registry.trust import signing
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    FAR_CLINIC,
    HOME_CLINIC,
    MORE_VACCINES,
    NEIGHBOUR,
    OTHER_CLINIC,
    OTHER_SCHOOL,
    SCHOOL,
    SCHOOLS,
    SECRETS,
    STEWARD,
    UNKNOWN,
    VACCINES,
    ZAHOUANIA,
    World,
    allow,
    ask,
    hand_over,
    released,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def card(world: World) -> str:
    """The protagonist is known to two sources, and her family has come to the clinic."""
    await builders.known_child(world)
    return await builders.family(world)


def payload(summary: Released) -> Mapping[str, Any]:
    claimed = signing.read_unverified(summary.token)
    assert isinstance(claimed, signing.Unverified)
    return claimed.payload


def everything(summary: Released) -> str:
    """All a recipient can read: the signed payload with its short form opened, and the page."""
    short = signing.read_unverified(summary.card)
    assert isinstance(short, signing.Unverified)
    text = "\n".join([builders.words(payload(summary)), builders.words(short.payload), summary.page])
    return text.replace(summary.token, "").replace(summary.card, "")  # base64 spells anything by chance


def resources(summary: Released, kind: str) -> list[Mapping[str, Any]]:
    entries = (each["resource"] for each in payload(summary)["document"]["entry"])
    return [each for each in entries if each["resourceType"] == kind]


def pseudonym(summary: Released) -> str:
    return resources(summary, "Patient")[0]["identifier"][0]["value"]


def plain(summary: Released) -> str:
    """The document without what is new in every release: its id, its place on the status list, the time of day."""
    told = payload(summary)
    index = str(told["status"]["status_list"]["idx"])
    text = json.dumps(told["document"], sort_keys=True).replace(told["jti"], "ID").replace(f": {index}}}", ": INDEX}")
    return re.sub(r"T\d\d:\d\d:\d\d", "", text)


async def live(world: World) -> int:
    """How many summaries were given and not revoked."""
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT count(*) FROM registry.status WHERE NOT revoked")
        row = await cursor.fetchone()
    assert row is not None
    return row[0]


# --- who is answered -------------------------------------------------------------------------------


async def test_a_clinic_the_family_named_receives_the_doses_and_what_is_due(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    given = await released(world, CLINIC)
    assert [each["occurrenceDateTime"] for each in resources(given, "Immunization")] == [
        (ZAHOUANIA.born + timedelta(days=days)).isoformat() for days in (60, 95, 400)
    ]
    assert resources(given, "ImmunizationRecommendation")
    assert given.expires_at == world.clock.now + timedelta(days=30)
    assert payload(given)["aud"] == CLINIC


async def rule_set(world: World, **changes: Any) -> str:
    """By which schedule the clinic is answered, in a registry of these settings or this library."""
    given = await released(replace(world, registry=replace(world.registry, **changes)), CLINIC)
    (told,) = resources(given, "ImmunizationRecommendation")
    named = next(each for each in told["extension"] if each["url"].endswith("rule-set"))
    return next(each["valueCode"] for each in named["extension"] if each["url"] == "id")


@pytest.mark.parametrize(("country", "schedule"), [("XAL", "who"), ("NGA", "nga"), ("UKR", "ukr")])
async def test_a_clinic_is_told_what_is_due_by_the_schedule_of_the_country_it_stands_in(
    world: World, card: str, country: str, schedule: str
) -> None:
    await allow(world, card, CLINIC)
    settings = world.registry.settings.model_copy(update={"country": country})
    assert await rule_set(world, settings=settings) == schedule


async def test_a_national_schedule_that_has_ended_is_not_gone_by(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    library = world.registry.library
    (held,) = library.editions["nga"].schedules
    for last, schedule in ((world.registry.today(), "nga"), (world.registry.today() - timedelta(days=1), "who")):
        own = Editions((replace(held, validity=replace(held.validity, last=last)),))
        assert await rule_set(world, library=replace(library, editions={**library.editions, "xal": own})) == schedule


async def test_a_school_the_family_named_receives_the_years_and_the_grade_here(world: World, card: str) -> None:
    await allow(world, card, SCHOOL)
    given = await released(world, SCHOOL)
    assert [each["id"] for each in resources(given, "Basic")] == ["y1", "y2", "placement"]
    assert resources(given, "Immunization") == []


SILENCE = {
    "nobody was asked": (),
    "the family said no": ({"agreed": False, "understood": False},),
    "another clinic of the same country was named": ({"organisation": OTHER_CLINIC},),
    "a school was named": ({"organisation": SCHOOL, "domain": "education"},),
    "another school was named": ({"organisation": OTHER_SCHOOL, "domain": "education"},),
    "the family said yes and then no": ({}, {"agreed": False, "understood": False}),
}


@pytest.mark.parametrize("answers", SILENCE.values(), ids=SILENCE)
async def test_a_clinic_the_family_did_not_name_learns_nothing(
    world: World, card: str, answers: tuple[Mapping[str, Any], ...]
) -> None:
    for changes in answers:
        await rights.give(world.registry, world[CLINIC], card, replace(builders.answer(world, CLINIC), **changes))
        world.clock.advance(minutes=1)
    assert await ask(world, CLINIC) is None
    assert await ask(world, CLINIC, card=card) is None
    assert await live(world) == 0


async def test_an_unknown_child_is_answered_like_one_that_may_not_be_told_about(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    assert await ask(world, CLINIC, UNKNOWN) is None
    assert await ask(world, OTHER_CLINIC) is None


async def test_the_day_after_its_last_day_a_consent_opens_nothing(world: World, card: str) -> None:
    await allow(world, card, CLINIC, until=world.clock.now.date() + timedelta(days=2))
    world.clock.advance(days=2)
    assert await ask(world, CLINIC)
    world.clock.advance(days=1)
    assert await ask(world, CLINIC) is None


async def test_a_withdrawn_consent_opens_nothing_and_its_summaries_are_revoked(world: World, card: str) -> None:
    for name in (CLINIC, SCHOOL):
        await allow(world, card, name)
        await released(world, name)
    ended = await rights.withdraw(world.registry, card)
    assert (ended.consents, ended.revoked, await live(world)) == (2, 2, 0)
    for name in (CLINIC, SCHOOL):
        assert await ask(world, name) is None
        assert await ask(world, name, card=card) is None


async def test_withdrawing_one_consent_leaves_the_other_and_its_summary(world: World, card: str) -> None:
    health, _ = [await allow(world, card, name) for name in (CLINIC, SCHOOL)]
    for name in (CLINIC, SCHOOL):
        await released(world, name)
    ended = await rights.withdraw(world.registry, card, consent=health.consent)
    assert (ended.consents, ended.revoked, await live(world)) == (1, 1, 1)
    assert await ask(world, CLINIC) is None
    assert await ask(world, SCHOOL)


async def test_after_a_withdrawal_the_family_may_say_yes_again(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    await rights.withdraw(world.registry, card)
    world.clock.advance(days=1)
    await allow(world, card, CLINIC)
    assert await ask(world, CLINIC)


async def test_a_no_after_a_yes_revokes_the_summary_given_on_the_yes(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    await released(world, CLINIC)
    world.clock.advance(minutes=1)
    await allow(world, card, CLINIC, agreed=False, understood=False)
    assert await ask(world, CLINIC) is None
    assert await live(world) == 0


async def test_whoever_asks_while_the_family_withdraws_keeps_no_summary_in_force(world: World, card: str) -> None:
    """A question that began before the withdrawal may be answered; its summary dies all the same."""
    for _ in range(3):
        await allow(world, card, CLINIC)
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(ask, world, CLINIC)
            await anyio.sleep(0.015)
            group.start_soon(rights.withdraw, world.registry, card)
            for _ in range(3):
                group.start_soon(ask, world, CLINIC)
        assert await live(world) == 0
        world.clock.advance(minutes=1)


async def test_consent_given_before_anything_is_known_waits_for_the_records(world: World) -> None:
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    before = await ask(world, CLINIC)
    assert before is None or resources(before, "Immunization") == []
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    await match.run(world.registry)
    assert len(resources(await released(world, CLINIC), "Immunization")) == 3


async def test_records_linked_after_the_consent_are_told_too(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    more = [builders.patient(ZAHOUANIA, MORE_VACCINES), builders.dose(ZAHOUANIA, MORE_VACCINES, vaccine="121")]
    await hand_over(world, MORE_VACCINES, *more)
    await match.run(world.registry)
    assert len(resources(await released(world, CLINIC), "Immunization")) == 4


@pytest.mark.parametrize("name", [STEWARD, VACCINES, SCHOOLS])
async def test_neither_a_source_nor_a_steward_can_ask(world: World, card: str, name: str) -> None:
    with pytest.raises(NotPermitted):
        await ask(world, name, card=card)


async def test_a_language_without_a_page_is_refused_before_anything_is_looked_up(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    asked = Asked(description=builders.description(ZAHOUANIA), grounds="treatment", language="xx")
    with pytest.raises(BadInput):
        await release.ask(world.registry, world[CLINIC], asked)
    assert await live(world) == 0


# --- who is meant ----------------------------------------------------------------------------------


async def test_a_twin_nobody_knows_is_not_answered_with_her_sister(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    assert await ask(world, CLINIC, replace(ZAHOUANIA, given="Zoulikha")) is None


async def test_a_card_finds_the_child_of_whom_the_desk_knows_little(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    little = builders.description(ZAHOUANIA, "given", "birth")
    assert await release.ask(world.registry, world[CLINIC], Asked(description=little, grounds="treatment")) is None
    assert await release.ask(world.registry, world[CLINIC], Asked(description=little, card=card))


@pytest.mark.parametrize("given", ["Kamel", "Salim"])
async def test_a_card_finds_the_child_whose_name_is_one_spelling_of_two(world: World, given: str) -> None:
    child = replace(ZAHOUANIA, given=given, sex="male")
    await builders.known_child(world, child)
    card = await builders.family(world, child)
    await builders.allow(world, card, CLINIC)
    assert await builders.ask(world, CLINIC, child, card=card) is not None


async def test_a_card_of_another_family_opens_nothing_about_the_child_described(world: World, card: str) -> None:
    await hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))
    other = await builders.family(world, NEIGHBOUR)
    await allow(world, card, CLINIC)
    await allow(world, other, CLINIC)
    assert await ask(world, CLINIC, ZAHOUANIA, card=other) is None
    assert await ask(world, CLINIC, ZAHOUANIA, card="00000-00000-00000-00000-00000-0") is None


async def test_the_card_of_a_child_opens_nothing_about_the_sister_described(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    for given in ("Zoulikha", "Zahia"):
        assert await ask(world, CLINIC, replace(ZAHOUANIA, given=given), card=card) is None


# --- what never leaves -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [CLINIC, SCHOOL])
@pytest.mark.parametrize("betrayed", SECRETS)
async def test_with_places_closed_a_summary_holds_no_word_that_betrays(
    world: World, card: str, name: str, betrayed: str
) -> None:
    await allow(world, card, name)
    assert builders.found(everything(await released(world, name)), SECRETS[betrayed]) == []


async def test_the_search_finds_those_words_where_places_are_opened(world: World, card: str) -> None:
    """Otherwise the tests above would prove nothing."""
    await allow(world, card, FAR_CLINIC, places=True)
    text = everything(await released(world, FAR_CLINIC))
    assert builders.found(text, (builders.LOT, builders.FACILITY, "XAL")) == [builders.LOT, builders.FACILITY, "XAL"]


@pytest.mark.parametrize("name", [CLINIC, SCHOOL, FAR_CLINIC])
async def test_demographics_of_the_registry_never_leave_even_with_places_opened(
    world: World, card: str, name: str
) -> None:
    await allow(world, card, name, places=True)
    text = everything(await released(world, name))
    for kind in ("demographics nobody asked with", "phones", "identifiers"):
        wanted = [each for each in SECRETS[kind] if each != "urn:continuity"]
        assert builders.found(text, wanted) == []
    assert builders.found(text, (ZAHOUANIA.mother,)) == []  # the desk said it; the page does not repeat it


async def test_a_desk_that_asks_with_a_year_does_not_learn_the_day_of_birth(world: World, card: str) -> None:
    await allow(world, card, SCHOOL)
    year = builders.description(ZAHOUANIA, *builders.AT_A_DESK, birth=str(ZAHOUANIA.born.year))
    given = await release.ask(world.registry, world[SCHOOL], Asked(description=year, grounds="enrolment"))
    assert given is not None
    assert builders.found(everything(given), (ZAHOUANIA.born.isoformat(), ZAHOUANIA.born.isoformat()[:7])) == []


async def test_a_clinic_that_asks_with_a_year_does_not_learn_the_day_of_birth(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    year = builders.description(ZAHOUANIA, *builders.AT_A_DESK, birth=str(ZAHOUANIA.born.year))
    given = await release.ask(world.registry, world[CLINIC], Asked(description=year, grounds="treatment"))
    assert given is not None
    assert builders.found(everything(given), (ZAHOUANIA.born.isoformat(),)) == []


async def test_with_places_closed_a_school_does_not_learn_that_another_language_was_taught(
    world: World, card: str
) -> None:
    await allow(world, card, SCHOOL)
    assert builders.found(everything(await released(world, SCHOOL)), ("language-change", "language of teaching")) == []


async def test_the_protected_from_country_gets_no_places_even_when_the_family_opens_them(
    world: World, card: str
) -> None:
    await allow(world, card, HOME_CLINIC, places=True, fled=frozenset({"XBK"}))
    given = await released(world, HOME_CLINIC)
    for kind in ("lots", "facilities", "sources", "places"):
        # The asker's own country stands nowhere either.
        assert builders.found(everything(given), SECRETS[kind]) == []
    assert len(resources(given, "Immunization")) == 3


async def test_a_country_fled_in_one_consent_is_protected_from_in_every_other(world: World, card: str) -> None:
    await allow(world, card, HOME_CLINIC, places=True, fled=frozenset())
    await allow(world, card, SCHOOL, fled=frozenset({"XBK"}))
    assert builders.found(everything(await released(world, HOME_CLINIC)), SECRETS["lots"]) == []


async def test_where_nobody_named_a_country_places_are_closed_to_all_but_the_recording_one(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    for name in (FAR_CLINIC, CLINIC):
        await allow(world, card, name, places=True, fled=frozenset())
    assert builders.found(everything(await released(world, FAR_CLINIC)), SECRETS["lots"]) == []
    assert builders.found(everything(await released(world, CLINIC)), SECRETS["lots"]) == [builders.LOT]


async def test_a_country_named_later_revokes_the_summary_that_told_it_places(world: World, card: str) -> None:
    await allow(world, card, FAR_CLINIC, places=True)
    assert builders.found(everything(await released(world, FAR_CLINIC)), SECRETS["lots"]) == [builders.LOT]
    world.clock.advance(minutes=1)
    await allow(world, card, SCHOOL, fled=frozenset({"XCV"}))
    assert builders.found(everything(await released(world, FAR_CLINIC)), SECRETS["lots"]) == []
    async with world.registry.database.transaction() as tx:
        assert len(await releases.revoked(tx)) == 1


# --- two domains -----------------------------------------------------------------------------------


async def test_the_clinics_answer_is_the_same_whether_or_not_there_are_school_records(world: World) -> None:
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    before = await released(world, CLINIC)
    world.clock.advance(minutes=1)
    await hand_over(world, SCHOOLS, *builders.schooling_of(ZAHOUANIA))
    await match.run(world.registry)
    await allow(world, card, SCHOOL)
    after = await released(world, CLINIC)
    assert len(resources(await released(world, SCHOOL), "Basic")) == 3, "the school records are there"
    assert plain(after) == plain(before)


async def test_the_schools_answer_is_the_same_whether_or_not_there_are_doses(world: World) -> None:
    await hand_over(world, SCHOOLS, *builders.schooling_of(ZAHOUANIA))
    card = await builders.family(world)
    await allow(world, card, SCHOOL)
    before = await released(world, SCHOOL)
    world.clock.advance(minutes=1)
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    await match.run(world.registry)
    await allow(world, card, CLINIC)
    after = await released(world, SCHOOL)
    assert len(resources(await released(world, CLINIC), "Immunization")) == 3, "the doses are there"
    assert plain(after) == plain(before)


# --- pseudonyms ------------------------------------------------------------------------------------


async def test_every_recipient_sees_its_own_pseudonym_and_always_the_same(world: World, card: str) -> None:
    names = (CLINIC, OTHER_CLINIC, SCHOOL, OTHER_SCHOOL, FAR_CLINIC)
    for name in names:
        await allow(world, card, name)
    first = {name: pseudonym(await released(world, name)) for name in names}
    world.clock.advance(days=3)
    second = {name: pseudonym(await released(world, name)) for name in names}
    assert first == second
    assert len(set(first.values())) == len(names)


async def test_a_pseudonym_stays_when_an_older_record_is_linked_later(world: World) -> None:
    """Otherwise the change would tell the recipient that the person was found elsewhere."""
    await hand_over(world, VACCINES, builders.patient(NEIGHBOUR, VACCINES, identifier=None))
    world.clock.advance(days=1)
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    before = await released(world, CLINIC)
    world.clock.advance(days=1)
    corrected = replace(ZAHOUANIA, ids={VACCINES: NEIGHBOUR.id_at(VACCINES)})
    await hand_over(world, VACCINES, *builders.health_of(corrected))
    await match.run(world.registry)
    after = await released(world, CLINIC)
    assert len(resources(after, "Immunization")) == 3
    assert pseudonym(after) == pseudonym(before)


async def test_two_recipients_share_no_id_at_all(world: World, card: str) -> None:
    shared: list[set[str]] = []
    for name in (CLINIC, OTHER_CLINIC):
        await allow(world, card, name)
        told = payload(await released(world, name))
        shared.append({told["jti"], str(told["status"]["status_list"]["idx"])})
        shared[-1] |= {each["fullUrl"] for each in told["document"]["entry"]}
    assert shared[0] & shared[1] == set()


async def test_two_children_have_two_pseudonyms_at_one_clinic(world: World, card: str) -> None:
    await hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))
    other = await builders.family(world, NEIGHBOUR)
    for each in (card, other):
        await allow(world, each, CLINIC)
    assert pseudonym(await released(world, CLINIC)) != pseudonym(await released(world, CLINIC, NEIGHBOUR))


# --- whose word counts -----------------------------------------------------------------------------


async def consents_of(world: World, card: str) -> list[Mapping[str, Any]]:
    async with world.registry.database.transaction() as tx:
        held = await rights.by_card(tx, card)
        current = documents.current(await documents.load(tx, [held.id])).values()
        return [each.resource.content for each in current if each.resource.kind == "Consent"]


@pytest.mark.parametrize("source", [VACCINES, CLINIC])
async def test_a_consent_handed_over_by_a_source_or_a_desk_opens_nothing(world: World, card: str, source: str) -> None:
    await allow(world, card, OTHER_CLINIC)
    (consent,) = await consents_of(world, card)
    forged = json.loads(json.dumps(consent).replace(OTHER_CLINIC, CLINIC))
    familys_own = consent["patient"]["reference"].removeprefix("Patient/")
    # Under the source's own id of the child, and under the id the family's dossier has, if the source knew it.
    for person in (ZAHOUANIA.id_at(source), familys_own):
        child = replace(ZAHOUANIA, ids={source: person})
        content = {**forged, "id": "forged", "patient": {"reference": f"Patient/{person}"}}
        receipt = await hand_over(
            world, source, builders.patient(child, source), builders.entry(person, content), body=person.encode()
        )
        assert receipt.counts["set-aside"] == 0, "the forgery is stored, and must still say nothing"
        await match.run(world.registry)
        assert await ask(world, CLINIC) is None
    assert await ask(world, OTHER_CLINIC)


@pytest.mark.usefixtures("card")
async def test_a_consent_about_another_child_opens_nothing(world: World) -> None:
    await hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))
    other = await builders.family(world, NEIGHBOUR)
    await allow(world, other, CLINIC)
    assert await ask(world, CLINIC, NEIGHBOUR)
    assert await ask(world, CLINIC, ZAHOUANIA) is None


async def test_a_consent_reaches_nobody_the_family_was_not_linked_to(world: World) -> None:
    """A family nobody could match has a card and a consent, and still no records."""
    await hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))
    card = await builders.family(world, UNKNOWN)
    await allow(world, card, CLINIC)
    given = await ask(world, CLINIC, UNKNOWN, card=card)
    assert given is None or resources(given, "Immunization") == []
    assert await ask(world, CLINIC, NEIGHBOUR) is None


async def test_a_release_is_recorded_with_what_it_rested_on(world: World, card: str) -> None:
    receipt = await allow(world, card, CLINIC)
    given = await released(world, CLINIC)
    async with world.registry.database.transaction() as tx:
        family = await rights.by_card(tx, card)
        (recorded,) = await releases.of_person(tx, family.members)
        assert await keys.only(tx, keys.index_hash(tx, "release", given.id)) == recorded.dossier
    assert recorded.basis == ((receipt.consent, "1"),)
    assert (recorded.recipient, recorded.domain) == (CLINIC, "health")
    assert set(recorded.members) == set(family.members)
    assert recorded.position == payload(given)["status"]["status_list"]["idx"]


async def test_an_entry_for_another_person_is_not_read_into_the_answer(world: World, card: str) -> None:
    """What a source says about someone else never ends in this child's summary."""
    await allow(world, card, CLINIC)
    stray = replace_subject(builders.dose(NEIGHBOUR, VACCINES, vaccine="115"))
    await hand_over(world, VACCINES, stray)
    await match.run(world.registry)
    assert len(resources(await released(world, CLINIC), "Immunization")) == 3


def replace_subject(told: Entry) -> Entry:
    return replace(told, person=ZAHOUANIA.id_at(VACCINES))
