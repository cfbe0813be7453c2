"""2021: a receipt people could not read, a consent felt as the price of an aid card, 830,000 names handed over.

Human Rights Watch, June 2021 (disputed by the agency). Each thing that happened is a row, and what must be impossible
is run here against the real registry, so that nobody makes it possible again unnoticed. That the whole service does
not depend on the answer is explored in tests/flows/test_service.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from registry.errors import BadInput, NotPermitted, RegistryError
from registry.flows import asking, desk, grievances, review, rights, trail
from registry.flows.desk import Child, Dose
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    HOME_CLINIC,
    MORE_VACCINES,
    OMBUDSPERSON,
    OTHER_CLINIC,
    SCHOOL,
    SCHOOLS,
    STEWARD,
    ZAHOUANIA,
    World,
    allow,
    answer,
    ask,
    interviewed,
)

pytestmark = pytest.mark.anyio


# --- row 1: a receipt with a box to tick, in English only -------------------------------------------

NOT_ASKED: dict[str, dict[str, Any]] = {
    "a notice in English to people who speak Arabic": {
        "interview": interviewed("ar", interviewer_language="en", interpreter="I-7")
    },
    "nobody to interpret": {"language": "ar", "interview": interviewed("ar", interviewer_language="en")},
    "nobody asked what was understood": {"interview": interviewed(teach_back="")},
    "nobody understood": {"understood": False},
    "nobody read it out to those who do not read": {"interview": interviewed(reads=False)},
    "asked in the queue": {"interview": interviewed(private=False)},
    "asked with an officer beside": {"interview": interviewed(present=frozenset({"authority"}))},
    "nothing recorded at all": {"interview": asking.Interview()},
}


@pytest.mark.parametrize("how", NOT_ASKED.values(), ids=NOT_ASKED)
async def test_a_yes_without_a_notice_in_their_language_an_interpreter_and_teach_back_is_none(
    world: World, how: dict[str, Any]
) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    with pytest.raises(BadInput):
        await allow(world, card, CLINIC, **how)
    assert await ask(world, CLINIC) is None


# --- row 2: sharing with the state of origin neither explained nor asked apart ------------------------


async def test_silence_is_a_no(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    said = rights.Answer(domain="health", organisation=CLINIC, until=world.clock.now.date())
    assert not (await rights.give(world.registry, world[CLINIC], card, said)).agreed
    assert await ask(world, CLINIC) is None


async def test_a_yes_is_to_one_recipient_for_one_domain_and_nothing_is_bundled(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    answered = {name: await ask(world, name) is not None for name in (CLINIC, OTHER_CLINIC, HOME_CLINIC, SCHOOL)}
    assert answered == {CLINIC: True, OTHER_CLINIC: False, HOME_CLINIC: False, SCHOOL: False}


async def test_whoever_receives_is_named_on_the_receipt_and_nobody_else_receives(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    receipts = {name: await allow(world, card, name) for name in (CLINIC, SCHOOL)}
    for name in (CLINIC, OTHER_CLINIC, HOME_CLINIC, SCHOOL):
        is_named = name in receipts and world[name].display in receipts[name].page
        assert (await ask(world, name) is not None) is is_named


@pytest.mark.parametrize("organisation", [MORE_VACCINES, SCHOOLS, STEWARD, OMBUDSPERSON])
async def test_no_state_system_can_be_a_recipient_at_all(world: World, organisation: str) -> None:
    card = await builders.family(world)
    with pytest.raises(BadInput):
        await rights.give(
            world.registry, world[CLINIC], card, replace(answer(world, CLINIC), organisation=organisation)
        )


# --- row 3: "I could not say no because I needed the card" ------------------------------------------


@pytest.mark.parametrize("said", ["yes", "no", "nothing", "yes, taken back"])
async def test_the_card_the_dose_and_the_register_do_not_wait_for_a_yes(world: World, said: str) -> None:
    card = await builders.family(world)
    assert card, "the card comes before any question"
    if said != "nothing":
        await allow(world, card, CLINIC, agreed=said != "no")
    if said == "yes, taken back":
        await rights.withdraw(world.registry, card)
    child = Child(number="7", description=builders.description(ZAHOUANIA, *builders.AT_A_DESK))
    today = world.clock.now.date()
    made = await desk.record_dose(
        world.registry, world[CLINIC], child, Dose(vaccine_system=builders.CVX, vaccine="113", on=today)
    )
    assert made.outcome == "stored"
    assert await rights.own_trail(world.registry, card)


# --- row 4: from the host to the state of origin; people learnt it from return lists ------------------


async def origin_view(world: World) -> list[Any]:
    """Everything the state fled can get out of the registry: by its clinic, its systems, its errors, its receipts."""
    seen: list[Any] = []
    seen.append(await ask(world, HOME_CLINIC))
    for act in (
        lambda: review.waiting(world.registry, world[MORE_VACCINES]),
        lambda: review.links(world.registry, world[HOME_CLINIC]),
        lambda: grievances.cases(world.registry, world[HOME_CLINIC]),
        lambda: rights.own_trail(world.registry, "0" * 26),
    ):
        try:
            seen.append(await act())
        except RegistryError as error:
            seen.append((type(error).__name__, str(error), error.remedy))
    entries = builders.health_of(ZAHOUANIA, MORE_VACCINES, country="XBK")
    receipt = await builders.hand_over(world, MORE_VACCINES, *entries)
    seen.append((receipt.counts, [(each.where, each.outcome, each.reasons) for each in receipt.rows]))
    return seen


@pytest.mark.parametrize("is_known", [True, False], ids=["known abroad", "known nowhere"])
async def test_the_state_fled_learns_the_same_of_a_child_known_abroad_as_of_one_known_nowhere(
    world: World, is_known: bool
) -> None:
    if is_known:
        await builders.known_child(world)
        card = await builders.family(world)
        await allow(world, card, CLINIC)
        await ask(world, CLINIC)
    seen = await origin_view(world)
    assert seen[0] is None
    assert [each[0] for each in seen[1:5]] == ["NotPermitted", "NotPermitted", "NotPermitted", "UnknownName"]
    assert dict(seen[5][0])["stored"] == 4
    assert {reasons for _, _, reasons in seen[5][1]} == {()}


async def test_a_yes_to_a_clinic_of_the_state_fled_never_opens_places(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    await allow(world, card, HOME_CLINIC, places=True)
    given = await ask(world, HOME_CLINIC)
    assert given is not None
    for kind in ("lots", "facilities", "sources"):
        assert builders.found(builders.words(given.document), builders.SECRETS[kind]) == [], kind


async def test_there_is_no_list_to_hand_over(world: World) -> None:
    """Whoever calls, nobody gets more than one child at a time, and a steward no more than pairs in doubt."""
    await builders.known_child(world)
    for name in (CLINIC, SCHOOL, MORE_VACCINES, OMBUDSPERSON, HOME_CLINIC):
        with pytest.raises(NotPermitted):
            await review.links(world.registry, world[name])
        with pytest.raises(NotPermitted):
            await review.waiting(world.registry, world[name])


async def test_every_question_is_in_the_familys_trail_refused_ones_too(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    for name in (CLINIC, OTHER_CLINIC, HOME_CLINIC, SCHOOL):
        assert await ask(world, name) is None
    lines = [each for each in await rights.own_trail(world.registry, card) if each.action == "ask"]
    assert [(each.kind, each.answer) for each in sorted(lines, key=lambda each: each.kind)] == [
        *[("clinic", "nothing")] * 3,
        ("school", "nothing"),
    ]


async def test_what_went_wrong_can_be_complained_of_without_a_name_and_is_heard(world: World) -> None:
    words = "قالوا إن البطاقة لا تُعطى دون موافقة"
    filed = await grievances.file(
        world.registry, grievances.Complaint(words=words, language="ar", about="consent", organisation=CLINIC)
    )
    (case,) = await grievances.cases(world.registry, world[OMBUDSPERSON])
    await grievances.decide(world.registry, world[OMBUDSPERSON], UUID(case.id), outcome="upheld", answer="كان لكم حق")
    assert (await grievances.follow(world.registry, filed.number)).outcome == "upheld"
    await trail.sequence(world.registry)
    assert (await trail.verify(world.registry)).holds
