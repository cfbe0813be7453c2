"""Complaints: any language, with or without a name, two clocks, and an ombudsperson who reads no record."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from registry.errors import BadInput, NotPermitted, UnknownName
from registry.flows import desk, disputes, grievances, organisations, records, release, review, rights
from registry.flows.desk import Child
from registry.flows.grievances import Complaint
from registry.flows.release import Asked
from tests.support import builders
from tests.support.builders import CLINIC, OMBUDSPERSON, OTHER_CLINIC, SCHOOL, STEWARD, VACCINES, ZAHOUANIA, World

pytestmark = pytest.mark.anyio
SAID = {
    "en": "They said no card without a yes.",
    "fr": "On m'a dit : pas de carte sans oui.",
    "ar": "قالوا لي لا بطاقة دون موافقة",
    "uk": "Мені сказали: без згоди картки не буде.",
    "ru": "Мне сказали: без согласия карточки не будет.",
}


def complaint(language: str = "ar", **more: Any) -> Complaint:
    return Complaint(words=SAID[language], language=language, **more)


async def the_case(world: World) -> grievances.Case:
    (case,) = await grievances.cases(world.registry, world[OMBUDSPERSON])
    return case


@pytest.mark.parametrize("language", SAID)
async def test_anybody_complains_without_a_name_in_any_language_and_follows_it(world: World, language: str) -> None:
    filed = await grievances.file(world.registry, complaint(language, about="consent", organisation=CLINIC))
    assert filed.acknowledge_by - world.clock.now == timedelta(hours=48)
    assert filed.decide_by - world.clock.now == timedelta(days=30)
    case = await the_case(world)
    assert (case.words, case.language, case.about, case.organisation) == (SAID[language], language, "consent", CLINIC)
    assert not case.has_trail
    assert (await grievances.follow(world.registry, filed.number.lower().replace("-", " "))).decided is None


CLOCKS = """
    after   | acknowledged after | decided after | late
    1 hour  | -                  | -             | no
    48 hours| -                  | -             | no
    49 hours| -                  | -             | yes
    49 hours| 48 hours           | -             | no
    49 hours| 49 hours           | -             | yes
    30 days | 1 hour             | -             | no
    31 days | 1 hour             | -             | yes
    31 days | 1 hour             | 30 days       | no
    40 days | 1 hour             | 31 days       | yes
    40 days | -                  | 47 hours      | no
"""


def _rows() -> list[tuple[str, ...]]:
    lines = [line.strip() for line in CLOCKS.strip().splitlines()[1:]]
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines]


def _span(words: str) -> timedelta:
    count, unit = words.split()
    return timedelta(**{unit if unit.endswith("s") else f"{unit}s": int(count)})


@pytest.mark.parametrize(("after", "acknowledged", "decided", "late"), _rows())
async def test_the_clocks_run_as_the_table_says(
    world: World, after: str, acknowledged: str, decided: str, late: str
) -> None:
    filed = await grievances.file(world.registry, complaint())
    began, case = world.clock.now, await the_case(world)
    caller, id = world[OMBUDSPERSON], UUID(case.id)
    if acknowledged != "-":
        world.clock.now = began + _span(acknowledged)
        await grievances.acknowledge(world.registry, caller, id)
    if decided != "-":
        world.clock.now = began + _span(decided)
        await grievances.decide(world.registry, caller, id, outcome="upheld", answer="You were right.")
    world.clock.now = began + _span(after)
    standing = await grievances.follow(world.registry, filed.number)
    assert standing.is_late is (late == "yes")
    assert (await the_case(world)).standing == standing


async def test_a_decision_answers_whoever_complained_once_and_for_all(world: World) -> None:
    filed = await grievances.file(world.registry, complaint())
    caller, id = world[OMBUDSPERSON], UUID((await the_case(world)).id)
    await grievances.decide(world.registry, caller, id, outcome="partly-upheld", answer="كان لكم حق")
    first = await grievances.follow(world.registry, filed.number)
    assert (first.outcome, first.answer, first.acknowledged) == ("partly-upheld", "كان لكم حق", world.clock.now)
    world.clock.advance(days=1)
    await grievances.decide(world.registry, caller, id, outcome="not-upheld", answer="no")
    await grievances.acknowledge(world.registry, caller, id)
    assert await grievances.follow(world.registry, filed.number) == first


REFUSED: dict[str, dict[str, Any]] = {
    "no words": {"words": " "},
    "too many words": {"words": "x" * 10_000},
    "a language nobody reads": {"language": "xx"},
    "about nothing there is": {"about": "weather"},
    "an organisation nobody knows": {"organisation": "nobody"},
    "a card nobody holds": {"card": "0" * 26},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
async def test_a_complaint_that_cannot_be_is_refused(world: World, change: dict[str, Any]) -> None:
    with pytest.raises((BadInput, UnknownName)):
        await grievances.file(world.registry, Complaint(**{"words": SAID["ar"], "language": "ar", **change}))
    assert await grievances.cases(world.registry, world[OMBUDSPERSON]) == ()


@pytest.mark.parametrize("number", ["", "x", "0" * 26])
async def test_a_number_nobody_holds_follows_nothing(world: World, number: str) -> None:
    await grievances.file(world.registry, complaint())
    with pytest.raises(UnknownName):
        await grievances.follow(world.registry, number)


# --- the ombudsperson and the audit ----------------------------------------------------------------


@pytest.fixture
async def card(world: World) -> str:
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    await builders.ask(world, CLINIC)
    await builders.ask(world, OTHER_CLINIC)
    return card


async def test_on_a_familys_complaint_the_ombudsperson_reads_every_question_with_its_details(
    world: World, card: str
) -> None:
    await grievances.file(world.registry, complaint(card=card, about="record"))
    case = await the_case(world)
    assert case.has_trail
    events = await grievances.trail_of(world.registry, world[OMBUDSPERSON], UUID(case.id))
    told = [each["details"] for each in events if each["action"] == "ask"]
    asked = [(each["organisation"], each["answer"], each["country"]) for each in told]
    assert sorted(asked) == [(CLINIC, "summary", "XAL"), (OTHER_CLINIC, "nothing", "XAL")]  # of one moment


async def test_the_familys_own_view_hides_the_names_the_ombudsperson_reads(world: World, card: str) -> None:
    lines = await rights.own_trail(world.registry, card)
    assert [each.organisation for each in lines if each.action == "ask"] == [None, CLINIC]


async def test_the_family_sees_that_its_trail_was_read(world: World, card: str) -> None:
    await grievances.file(world.registry, complaint(card=card))
    before = [each.action for each in await rights.own_trail(world.registry, card)]
    await grievances.trail_of(world.registry, world[OMBUDSPERSON], UUID((await the_case(world)).id))
    after = [each.action for each in await rights.own_trail(world.registry, card)]
    assert sorted(after) == sorted([*before, "audit-read"])
    assert "complaint-filed" in before


async def test_what_the_ombudsperson_reads_holds_nothing_of_a_record_and_no_link(world: World, card: str) -> None:
    await grievances.file(world.registry, complaint(card=card))
    case = await the_case(world)
    events = await grievances.trail_of(world.registry, world[OMBUDSPERSON], UUID(case.id))
    text = json.dumps([str(case), [dict(each) for each in events]], ensure_ascii=False)
    secrets = [each for kind, words in builders.SECRETS.items() if kind != "places" for each in words]
    secrets += [ZAHOUANIA.given, ZAHOUANIA.family, ZAHOUANIA.mother, ZAHOUANIA.born.isoformat(), "linked", "rule:"]
    assert builders.found(text, secrets) == []


async def test_a_complaint_without_a_card_opens_no_trail(world: World, card: str) -> None:
    del card
    await grievances.file(world.registry, complaint())
    assert await grievances.trail_of(world.registry, world[OMBUDSPERSON], UUID((await the_case(world)).id)) == []


async def test_a_family_nobody_heard_opens_its_own_trail_only(world: World, card: str) -> None:
    del card
    other = await builders.later_family(world)
    await grievances.file(world.registry, complaint(card=other))
    events = await grievances.trail_of(world.registry, world[OMBUDSPERSON], UUID((await the_case(world)).id))
    assert {each["action"] for each in events} == {"family-opened", "complaint-filed"}


async def test_nobody_else_reads_or_decides_complaints(world: World, card: str) -> None:
    await grievances.file(world.registry, complaint(card=card))
    id = UUID((await the_case(world)).id)
    for name in (CLINIC, SCHOOL, STEWARD, VACCINES):
        for act in (
            grievances.cases(world.registry, world[name]),
            grievances.acknowledge(world.registry, world[name], id),
            grievances.decide(world.registry, world[name], id, outcome="upheld", answer="x"),
            grievances.trail_of(world.registry, world[name], id),
        ):
            with pytest.raises(NotPermitted):
                await act


async def test_the_ombudsperson_gets_no_content_on_any_way(world: World, card: str) -> None:
    own, registry = world[OMBUDSPERSON], world.registry
    description = builders.description(ZAHOUANIA)
    (record, *_) = await records.own(registry, card)
    refused = (
        release.ask(registry, own, Asked(description=description, card=card)),
        rights.open_family(registry, own, description),
        rights.give(registry, own, card, builders.answer(world, CLINIC)),
        desk.register(registry, own, Child(number="1", description=description)),
        review.waiting(registry, own),
        review.links(registry, own),
    )
    for act in refused:
        with pytest.raises(NotPermitted):
            await act
    answer = builders.answer(world, CLINIC)
    with pytest.raises(BadInput):  # it can receive nothing by consent either
        await rights.give(registry, world[CLINIC], card, builders.replace(answer, organisation=OMBUDSPERSON))
    await disputes.contest(registry, card, record.id, words="wrong", language="en")
    assert organisations.Kind.OMBUDSPERSON is own.kind


# --- counts ----------------------------------------------------------------------------------------


async def test_counts_are_exact_inside_and_in_tens_outside(world: World) -> None:
    for _ in range(12):
        await grievances.file(world.registry, complaint())
    (first, *_) = await grievances.cases(world.registry, world[OMBUDSPERSON])
    world.clock.advance(hours=49)
    await grievances.decide(world.registry, world[OMBUDSPERSON], UUID(first.id), outcome="upheld", answer="yes")
    exact = await grievances.counts(world.registry)
    assert exact == {
        "filed": 12, "acknowledged": 1, "acknowledged-late": 12, "decided": 1, "decided-late": 0, "upheld": 1,
    }  # fmt: skip
    world.clock.now = next_month(world.clock.now)
    shown = await grievances.published(world.registry)
    assert shown.keys() == exact.keys()
    assert (shown["filed"], shown["acknowledged-late"], shown["upheld"]) == (10, 10, None)
    assert all(each is None or each % 10 == 0 for each in shown.values())


def next_month(now: datetime) -> datetime:
    return (now.replace(day=1) + timedelta(days=31)).replace(day=1, hour=0, minute=0)


async def test_whoever_complains_until_the_public_count_turns_does_not_see_when_another_does(world: World) -> None:
    """Nine complaints of one's own, and the tenth, of a family that is watched, would turn it at once."""
    for _ in range(9):
        await grievances.file(world.registry, complaint())
    before = await grievances.published(world.registry)
    await grievances.file(world.registry, complaint())
    assert await grievances.published(world.registry) == before
    world.clock.now = next_month(world.clock.now)
    assert (await grievances.published(world.registry))["filed"] == 10
