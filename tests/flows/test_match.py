"""Who is who, over several sources: linked, doubted, refused, undone. No probability is asserted here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import anyio
import pytest

from registry.errors import NotPermitted, UnknownName
from registry.flows import decide, families, linking, match, review
from registry.flows.review import Shown
from registry.flows.seconding import Standing
from registry.store import audit, dossiers, judgements, releases, reviews
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.judgements import StoredJudgement
from registry.store.reviews import Doubt
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    MORE_VACCINES,
    NEIGHBOUR,
    OTHER_STEWARD,
    SCHOOL,
    SCHOOLS,
    STEWARD,
    UNKNOWN,
    VACCINES,
    ZAHOUANIA,
    Child,
    World,
    hand_over,
    patient,
)

pytestmark = pytest.mark.anyio

TWIN = replace(ZAHOUANIA, given="Zoulikha")
FAINT = Child(given="Zahouania", family="Bencherif", father="", grandfather="", mother="", village="", phone="")
"""What a poor register knows of the protagonist: her names, and the year she was born."""


async def everyone(world: World) -> dict[tuple[str, str], Dossier]:
    """Every dossier about a person, by source and the source's own id."""
    async with world.registry.database.transaction() as tx:
        held = await dossiers.everyone(tx)
    return {(each.source, each.local): each for each in held if each.source != "registry"}


async def persons(world: World) -> set[frozenset[str]]:
    """Who is together, by source."""
    together: dict[UUID, set[str]] = {}
    for (source, _), each in (await everyone(world)).items():
        together.setdefault(each.person, set()).add(source)
    return {frozenset(each) for each in together.values()}


async def only_dossier(world: World, source: str) -> UUID:
    found = [each.id for (name, _), each in (await everyone(world)).items() if name == source]
    assert len(found) == 1
    return found[0]


async def doubts(world: World) -> Sequence[Shown]:
    return await review.waiting(world.registry, world[STEWARD])


async def refuse(world: World, one: UUID, other: UUID) -> None:
    """A steward says that two dossiers are two children, whatever the matcher made of them."""
    judgement = StoredJudgement(
        id=builders.new_id(), left=one, right=other, kind="distinct", by=f"steward:{STEWARD}", at=world.clock.now
    )
    async with world.registry.database.transaction() as tx:
        await dossiers.load(tx, [one, other], lock=True)
        await judgements.append(tx, judgement, today=world.registry.today())
        for members in await linking.gather(tx, [one, other]):
            await decide.again(tx, world.registry, members)


async def put_doubt(world: World, one: UUID, other: UUID) -> None:
    """A doubt about two dossiers, however sure the matcher is of them today."""
    async with world.registry.database.transaction() as tx:
        doubt = Doubt(id=builders.new_id(), left=one, right=other, probability=0.25, since=world.registry.today())
        await reviews.put(tx, world.registry.house, doubt)


async def told_about(world: World, source: str, *, child: Child = ZAHOUANIA, **changes: object) -> None:
    await hand_over(world, source, patient(child, source, **changes))
    await match.run(world.registry)


# --- links -----------------------------------------------------------------------------------------


async def test_a_child_known_to_two_sources_is_linked_once(world: World) -> None:
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    await hand_over(world, SCHOOLS, *builders.schooling_of(ZAHOUANIA))
    report = await match.run(world.registry)
    assert report.linked == 1
    assert await persons(world) == {frozenset({VACCINES, SCHOOLS})}
    assert await match.run(world.registry) == match.Report()


@pytest.mark.parametrize("order", [(VACCINES, SCHOOLS, MORE_VACCINES), (MORE_VACCINES, SCHOOLS, VACCINES)])
async def test_three_sources_make_one_person_in_any_order(world: World, order: tuple[str, ...]) -> None:
    for source in order:
        await told_about(world, source)
    assert await persons(world) == {frozenset(order)}
    members = {each.members for each in (await everyone(world)).values()}
    assert len(members) == 1


async def test_children_who_share_nothing_stay_apart(world: World) -> None:
    await told_about(world, VACCINES)
    await told_about(world, SCHOOLS, child=NEIGHBOUR, identifier=None)
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}
    assert await doubts(world) == ()


async def test_twins_are_never_linked_without_a_human(world: World) -> None:
    await told_about(world, VACCINES, identifier=None)
    await told_about(world, SCHOOLS, child=TWIN, identifier=None)
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}


async def test_a_brother_or_sister_in_one_source_is_another_child(world: World) -> None:
    await hand_over(
        world, VACCINES, patient(ZAHOUANIA, VACCINES, identifier=None), patient(TWIN, VACCINES, identifier=None)
    )
    await match.run(world.registry)
    held = await everyone(world)
    assert len({each.person for each in held.values()}) == 2


async def test_a_corrected_name_is_found_by_the_new_name_and_no_longer_by_the_old(world: World) -> None:
    wrong = replace(ZAHOUANIA, given="Nourelhouda", family="Ziane", ids={VACCINES: "p-1"})
    right = replace(ZAHOUANIA, ids={VACCINES: "p-1"})
    await told_about(world, VACCINES, child=wrong, identifier=None, telecom=None)
    before = (await everyone(world))[VACCINES, "p-1"].keys
    await told_about(world, VACCINES, child=right, identifier=None, telecom=None)
    after = (await everyone(world))[VACCINES, "p-1"].keys
    assert set(before) != set(after)
    await told_about(world, SCHOOLS, identifier=None, telecom=None)
    assert await persons(world) == {frozenset({VACCINES, SCHOOLS})}


async def test_every_link_and_its_evidence_are_recorded_for_both_sides(world: World) -> None:
    await builders.known_child(world)
    one, other = await only_dossier(world, VACCINES), await only_dossier(world, SCHOOLS)
    async with world.registry.database.transaction() as tx:
        from_one, from_other = await judgements.about(tx, [one]), await judgements.about(tx, [other])
    assert from_one == from_other
    assert [each.kind for each in from_one] == ["link"]
    assert from_one[0].evidence["words"]
    secrets = (ZAHOUANIA.given, ZAHOUANIA.family, ZAHOUANIA.mother, ZAHOUANIA.village, builders.NATIONAL)
    assert builders.found(builders.words(from_one[0].evidence), secrets) == []


# --- refusals --------------------------------------------------------------------------------------


async def apart(world: World) -> None:
    """The protagonist at two sources, which a steward said are two children."""
    await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES))
    await hand_over(world, SCHOOLS, patient(ZAHOUANIA, SCHOOLS))
    held = {name: each.id for (name, _), each in (await everyone(world)).items()}
    await refuse(world, held[VACCINES], held[SCHOOLS])
    await match.run(world.registry)


async def test_a_refusal_made_before_matching_holds(world: World) -> None:
    await apart(world)
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}


async def test_a_refusal_holds_against_every_new_telling(world: World) -> None:
    await apart(world)
    for month in (1, 2, 3):
        world.clock.advance(days=1)
        at = f"2026-0{month}-01T00:00:00Z"
        await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES, updated=at))
        await hand_over(world, SCHOOLS, patient(ZAHOUANIA, SCHOOLS, updated=at))
        await match.run(world.registry)
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}
    assert await doubts(world) == ()


async def test_a_third_record_never_joins_what_a_steward_held_apart(world: World) -> None:
    await apart(world)
    await told_about(world, MORE_VACCINES)
    held = await everyone(world)
    by_source = {source: each.person for (source, _), each in held.items()}
    assert by_source[VACCINES] != by_source[SCHOOLS]


async def test_a_refusal_between_members_of_two_persons_holds_between_the_persons(world: World) -> None:
    await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES))
    await hand_over(world, MORE_VACCINES, patient(ZAHOUANIA, MORE_VACCINES))
    await match.run(world.registry)
    await hand_over(world, SCHOOLS, patient(ZAHOUANIA, SCHOOLS))
    held = {name: each.id for (name, _), each in (await everyone(world)).items()}
    await refuse(world, held[VACCINES], held[SCHOOLS])
    await match.run(world.registry)
    assert await persons(world) == {frozenset({VACCINES, MORE_VACCINES}), frozenset({SCHOOLS})}


async def test_a_link_by_rule_that_a_refusal_forbids_is_not_even_recorded(world: World) -> None:
    await apart(world)
    one, other = await only_dossier(world, VACCINES), await only_dossier(world, SCHOOLS)
    link = StoredJudgement(
        id=builders.new_id(), left=one, right=other, kind="link", by="rule:a-later-rule",
        at=world.clock.now + timedelta(days=9),
    )  # fmt: skip
    async with world.registry.database.transaction() as tx:
        assert not await linking.record(tx, world.registry, link)
    async with world.registry.database.transaction() as tx:
        assert {each.kind for each in await judgements.about(tx, [one])} == {"distinct"}


# --- doubts ----------------------------------------------------------------------------------------


async def doubtful(world: World) -> Shown:
    """Two dossiers the matcher is in doubt about: the poorer of the two knows less until a doubt arises."""
    await told_about(world, VACCINES, identifier=None, telecom=None)
    for birth in (str(ZAHOUANIA.born.year), None):
        await told_about(
            world, SCHOOLS, child=FAINT, identifier=None, telecom=None, contact=None, address=None, birthDate=birth
        )
        found = await doubts(world)
        if found:
            return found[0]
    pytest.skip("the matcher has no doubt about names and a year, or about names alone")


async def test_a_doubt_is_queued_once_however_often_both_are_told_again(world: World) -> None:
    first = await doubtful(world)
    for month in (1, 2):
        at = f"2026-0{month}-01T00:00:00Z"
        await told_about(world, VACCINES, identifier=None, telecom=None, updated=at)
    assert [each.review for each in await doubts(world)] == [first.review]


async def test_a_doubt_shows_demographics_and_evidence_and_nothing_of_health_or_school(world: World) -> None:
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    await hand_over(world, SCHOOLS, *builders.schooling_of(NEIGHBOUR))
    await put_doubt(world, await only_dossier(world, VACCINES), await only_dossier(world, SCHOOLS))
    (shown,) = await doubts(world)
    both = builders.words([shown.left, shown.right])
    assert builders.found(both, (ZAHOUANIA.mother, NEIGHBOUR.mother)) == [ZAHOUANIA.mother, NEIGHBOUR.mother]
    betraying = (builders.LOT, builders.FACILITY, builders.SCHOOL_NAME, builders.CVX, VACCINES, SCHOOLS, "Immunization")
    assert builders.found(both, betraying) == []


async def test_a_steward_links_two_dossiers(world: World) -> None:
    _, _, shown = await unlike(world)
    await review.decide_doubt(world.registry, world[STEWARD], UUID(shown.review), "link")
    assert await persons(world) == {frozenset({VACCINES, SCHOOLS})}
    assert await doubts(world) == ()


async def test_a_steward_unlinks_what_the_matcher_linked(world: World) -> None:
    await builders.known_child(world)
    await refuse(world, await only_dossier(world, VACCINES), await only_dossier(world, SCHOOLS))
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}
    await told_about(world, VACCINES, updated="2026-01-01T00:00:00Z")
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}


async def test_a_pair_a_steward_is_unsure_of_is_not_linked_by_a_rule_nor_asked_about_again(world: World) -> None:
    await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES))
    await hand_over(world, SCHOOLS, patient(ZAHOUANIA, SCHOOLS))
    await put_doubt(world, await only_dossier(world, VACCINES), await only_dossier(world, SCHOOLS))
    (shown,) = await doubts(world)
    await review.decide_doubt(world.registry, world[STEWARD], UUID(shown.review), "unsure")
    report = await match.run(world.registry)
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}
    assert (report.linked, await doubts(world)) == (0, ())


async def unlike(world: World) -> tuple[UUID, UUID, Shown]:
    """A doubt about two children who share nothing."""
    await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES))
    await hand_over(world, SCHOOLS, patient(NEIGHBOUR, SCHOOLS, identifier=None))
    await match.run(world.registry)
    one, other = await only_dossier(world, VACCINES), await only_dossier(world, SCHOOLS)
    await put_doubt(world, one, other)
    (shown,) = await doubts(world)
    return one, other, shown


async def test_a_settled_doubt_cannot_be_settled_again(world: World) -> None:
    _, _, shown = await unlike(world)
    await review.decide_doubt(world.registry, world[STEWARD], UUID(shown.review), "distinct")
    with pytest.raises(UnknownName):
        await review.decide_doubt(world.registry, world[STEWARD], UUID(shown.review), "link")
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}


@pytest.mark.parametrize("name", [CLINIC, SCHOOL, VACCINES])
async def test_only_a_steward_sees_or_settles_doubts(world: World, name: str) -> None:
    with pytest.raises(NotPermitted):
        await review.waiting(world.registry, world[name])
    with pytest.raises(NotPermitted):
        await review.decide_doubt(world.registry, world[name], builders.new_id(), "link")


# --- undoing a link --------------------------------------------------------------------------------


async def test_a_link_shows_who_was_linked_and_why_and_nothing_of_health_or_school(world: World) -> None:
    await builders.known_child(world)
    (shown,) = await review.links(world.registry, world[STEWARD])
    both = builders.words([shown.left, shown.right])
    assert {UUID(shown.left_id), UUID(shown.right_id)} == {each.id for each in (await everyone(world)).values()}
    assert builders.found(both, [ZAHOUANIA.mother, builders.OTHER_SPELLING])
    assert shown.explanation
    betraying = (builders.LOT, builders.FACILITY, builders.SCHOOL_NAME, builders.CVX, VACCINES, SCHOOLS, "Immunization")
    assert builders.found(both + builders.words(shown.explanation), betraying) == []


async def test_a_wrong_link_is_undone_and_never_comes_back_by_itself(world: World) -> None:
    await builders.known_child(world)
    (shown,) = await review.links(world.registry, world[STEWARD])
    await builders.part(world, UUID(shown.left_id), UUID(shown.right_id))
    apart = {frozenset({VACCINES}), frozenset({SCHOOLS})}
    assert await persons(world) == apart
    for month in (1, 2):
        await told_about(world, VACCINES, updated=f"2026-0{month}-01T00:00:00Z")
    await told_about(world, MORE_VACCINES)
    assert not any({VACCINES, SCHOOLS} <= each for each in await persons(world))
    assert (shown.left_id, shown.right_id) not in {
        (each.left_id, each.right_id) for each in await review.links(world.registry, world[STEWARD])
    }


async def test_what_was_released_through_a_wrong_link_dies_with_it(world: World) -> None:
    await builders.known_child(world)
    await builders.allow(world, await builders.family(world), CLINIC)
    released = await builders.released(world, CLINIC)
    for each in await review.links(world.registry, world[STEWARD]):
        await builders.part(world, UUID(each.left_id), UUID(each.right_id))
    async with world.registry.database.transaction() as tx:
        all_ids = [each.id for each in await dossiers.everyone(tx)]
        (dead,) = [each for each in await releases.of_person(tx, all_ids) if each.id.hex == released.id]
        assert await releases.revoked(tx) == (dead.position,)
    assert len(await persons(world)) == 3


async def test_what_was_released_of_one_of_the_two_alone_stays(world: World) -> None:
    """The link to a third dossier was wrong, and nothing was released through it."""
    card = await builders.family(world)
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    await match.run(world.registry)
    await builders.allow(world, card, CLINIC)
    await builders.released(world, CLINIC)
    await told_about(world, SCHOOLS)
    school = await only_dossier(world, SCHOOLS)
    (wrong,) = [
        each
        for each in await review.links(world.registry, world[STEWARD], card=card)
        if school.hex in (each.left_id, each.right_id)
    ]
    await builders.part(world, UUID(wrong.left_id), UUID(wrong.right_id))
    async with world.registry.database.transaction() as tx:
        assert await releases.revoked(tx) == ()
    assert await builders.ask(world, CLINIC, card=card)


async def test_a_card_shows_the_links_of_its_own_child_only(world: World) -> None:
    await builders.known_child(world)
    await builders.known_child(world, NEIGHBOUR)
    card = await builders.family(world, NEIGHBOUR)
    shown = await review.links(world.registry, world[STEWARD], card=card)
    assert len(shown) == 2
    assert builders.found(builders.words([[each.left, each.right] for each in shown]), [ZAHOUANIA.mother]) == []
    assert len(await review.links(world.registry, world[STEWARD])) == 3


async def test_each_look_at_a_link_and_its_undoing_is_in_the_trail_of_both(world: World) -> None:
    await builders.known_child(world)
    (shown,) = await review.links(world.registry, world[STEWARD])
    both = UUID(shown.left_id), UUID(shown.right_id)
    await builders.part(world, *both)
    async with world.registry.database.transaction() as tx:
        for each in both:
            events = [entry.event for entry in await audit.entries(tx, [each])]
            actions = [event["action"] for event in events if event["organisation"] == STEWARD]
            assert sorted(actions) == ["review-decided", "review-shown"]


async def test_what_no_link_joins_cannot_be_parted(world: World) -> None:
    one, other, _ = await unlike(world)
    for left, right in ((one, other), (one, one), (one, builders.new_id()), (builders.new_id(), builders.new_id())):
        with pytest.raises(UnknownName):
            await review.part(world.registry, world[STEWARD], left, right)
    async with world.registry.database.transaction() as tx:
        assert "distinct" not in {each.kind for each in await judgements.about(tx, [one, other])}


@pytest.mark.parametrize("name", [CLINIC, SCHOOL, VACCINES])
async def test_only_a_steward_sees_or_undoes_links(world: World, name: str) -> None:
    await builders.known_child(world)
    (shown,) = await review.links(world.registry, world[STEWARD])
    with pytest.raises(NotPermitted):
        await review.links(world.registry, world[name])
    with pytest.raises(NotPermitted):
        await review.part(world.registry, world[name], UUID(shown.left_id), UUID(shown.right_id))
    assert await persons(world) == {frozenset({VACCINES, SCHOOLS})}


# --- what takes two stewards -----------------------------------------------------------------------


async def test_one_steward_alone_does_not_split_a_person(world: World) -> None:
    await builders.known_child(world)
    (shown,) = await review.links(world.registry, world[STEWARD])
    both = UUID(shown.left_id), UUID(shown.right_id)
    for _ in range(2):  # saying it again is not a second word
        assert await review.part(world.registry, world[STEWARD], *both) is Standing.WAITS
    assert await persons(world) == {frozenset({VACCINES, SCHOOLS})}
    (waits,) = await doubts(world)
    assert waits.proposed == "distinct"
    assert STEWARD in waits.explanation[0]
    assert await review.part(world.registry, world[OTHER_STEWARD], *both) is Standing.RECORDED
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}
    assert await doubts(world) == ()
    async with world.registry.database.transaction() as tx:
        said = {each.kind: each.by for each in await judgements.about(tx, both)}
    assert said["distinct"] == f"steward:{STEWARD}+{OTHER_STEWARD}"


async def test_a_second_steward_may_say_otherwise_and_the_person_stays_whole(world: World) -> None:
    await builders.known_child(world)
    (shown,) = await review.links(world.registry, world[STEWARD])
    await review.part(world.registry, world[STEWARD], UUID(shown.left_id), UUID(shown.right_id))
    (waits,) = await doubts(world)
    said = await review.decide_doubt(world.registry, world[OTHER_STEWARD], UUID(waits.review), "link")
    assert said is Standing.RECORDED
    assert await persons(world) == {frozenset({VACCINES, SCHOOLS})}
    assert await doubts(world) == ()


async def vetoed(world: World) -> Shown:
    """A doubt of the matcher's own: two of one number whose sex contradicts."""
    await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES))
    brother = replace(ZAHOUANIA, sex="male", ids={SCHOOLS: "brother"})
    await hand_over(world, SCHOOLS, patient(brother, SCHOOLS))
    await match.run(world.registry)
    (shown,) = await doubts(world)
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}
    return shown


async def test_what_a_veto_holds_apart_takes_two_stewards_to_link(world: World) -> None:
    shown = await vetoed(world)
    said = await review.decide_doubt(world.registry, world[STEWARD], UUID(shown.review), "link")
    assert said is Standing.WAITS
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}
    said = await review.decide_doubt(world.registry, world[OTHER_STEWARD], UUID(shown.review), "link")
    assert said is Standing.RECORDED
    assert await persons(world) == {frozenset({VACCINES, SCHOOLS})}


async def test_one_steward_alone_leaves_apart_what_a_veto_holds_apart(world: World) -> None:
    shown = await vetoed(world)
    said = await review.decide_doubt(world.registry, world[STEWARD], UUID(shown.review), "distinct")
    assert said is Standing.RECORDED
    assert await doubts(world) == ()


async def test_whoever_is_kin_neither_sees_nor_decides_and_its_word_is_void(world: World) -> None:
    shown = await vetoed(world)
    doubt = UUID(shown.review)
    await review.decide_doubt(world.registry, world[STEWARD], doubt, "link")
    await review.declare_kin(world.registry, world[STEWARD], doubt)
    assert await review.waiting(world.registry, world[STEWARD]) == ()
    for refused in (
        review.one(world.registry, world[STEWARD], doubt),
        review.decide_doubt(world.registry, world[STEWARD], doubt, "distinct"),
        review.declare_kin(world.registry, world[STEWARD], doubt),
    ):
        with pytest.raises(UnknownName):
            await refused
    (left,) = await review.waiting(world.registry, world[OTHER_STEWARD])
    assert left.proposed == ""
    assert await review.decide_doubt(world.registry, world[OTHER_STEWARD], doubt, "link") is Standing.WAITS
    assert await persons(world) == {frozenset({VACCINES}), frozenset({SCHOOLS})}


async def test_what_waits_for_a_second_word_comes_first(world: World) -> None:
    await builders.known_child(world)
    await told_about(world, MORE_VACCINES, child=NEIGHBOUR)
    await put_doubt(world, await only_dossier(world, VACCINES), await only_dossier(world, MORE_VACCINES))
    (shown,) = await review.links(world.registry, world[STEWARD])
    await review.part(world.registry, world[STEWARD], UUID(shown.left_id), UUID(shown.right_id))
    assert [each.proposed for each in await doubts(world)] == ["distinct", ""]


async def test_a_doubt_that_keeps_a_family_waiting_comes_before_older_ones(world: World) -> None:
    await told_about(world, VACCINES)
    await told_about(world, SCHOOLS, child=NEIGHBOUR, identifier=None)
    one, other = await only_dossier(world, VACCINES), await only_dossier(world, SCHOOLS)
    await put_doubt(world, one, other)
    world.clock.now += timedelta(days=1)
    await builders.family(world, UNKNOWN)
    async with world.registry.database.transaction() as tx:
        (family,) = [each.id for each in await dossiers.everyone(tx) if families.are(each)]
    await put_doubt(world, one, family)
    first, second = await doubts(world)
    assert first.since > second.since


# --- stale doubts ----------------------------------------------------------------------------------


async def queued(world: World) -> set[UUID]:
    async with world.registry.database.transaction() as tx:
        return {each.id for each in await reviews.waiting(tx)}


async def test_looking_at_the_doubts_settles_none_and_deciding_settles_those_it_answers(world: World) -> None:
    await builders.known_child(world)
    await told_about(world, MORE_VACCINES, child=NEIGHBOUR)
    one, other = await only_dossier(world, VACCINES), await only_dossier(world, SCHOOLS)
    third = await only_dossier(world, MORE_VACCINES)
    await put_doubt(world, one, other)  # they are one person already
    (stale,) = await queued(world)
    await put_doubt(world, one, third)
    (shown,) = await doubts(world)
    assert await queued(world) == {stale, UUID(shown.review)}
    await review.decide_doubt(world.registry, world[STEWARD], UUID(shown.review), "distinct")
    assert await queued(world) == set()


async def test_two_stewards_who_settle_one_doubt_at_once_leave_one_decision(world: World) -> None:
    one, other, shown = await unlike(world)
    refused: list[str] = []

    async def decide_at_once(verdict: str) -> None:
        try:
            await review.decide_doubt(world.registry, world[STEWARD], UUID(shown.review), verdict)
        except UnknownName:
            refused.append(verdict)

    async with anyio.create_task_group() as group, world.registry.database.transaction() as tx:
        await dossiers.load(tx, [one, other], lock=True)  # both have read the doubt before one may go on
        for verdict in ("distinct", "link"):
            group.start_soon(decide_at_once, verdict)
        await until_waiting(tx, 2)
    assert len(refused) == 1
    async with world.registry.database.transaction() as tx:
        by_steward = [each for each in await judgements.about(tx, [one]) if each.by.startswith("steward")]
    assert len(by_steward) == 1


async def until_waiting(tx: Transaction, sessions: int) -> None:
    """Until so many sessions wait for a lock."""
    with anyio.fail_after(20):
        while True:
            cursor = await tx.connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            row = await cursor.fetchone()
            if row is not None and row[0] >= sessions:
                return
            await anyio.sleep(0.01)


# --- what a link changes ---------------------------------------------------------------------------


async def test_an_unlink_revokes_what_was_released_through_it(world: World) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    await builders.allow(world, card, SCHOOL)
    for name in (CLINIC, SCHOOL):
        await builders.released(world, name)
    await refuse(world, await only_dossier(world, VACCINES), await only_dossier(world, SCHOOLS))
    async with world.registry.database.transaction() as tx:
        assert len(await releases.revoked(tx)) == 2


async def test_a_link_leaves_what_was_released_in_force(world: World) -> None:
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    await builders.released(world, CLINIC)
    await hand_over(world, SCHOOLS, *builders.schooling_of(ZAHOUANIA))
    await match.run(world.registry)
    async with world.registry.database.transaction() as tx:
        assert await releases.revoked(tx) == ()


async def test_the_unknown_child_has_no_part_in_anything(world: World) -> None:
    await builders.known_child(world)
    await told_about(world, MORE_VACCINES, child=UNKNOWN, identifier=None)
    assert await persons(world) == {frozenset({VACCINES, SCHOOLS}), frozenset({MORE_VACCINES})}


async def test_three_workers_at_once_do_the_work_once(world: World) -> None:
    for source in (VACCINES, SCHOOLS, MORE_VACCINES):
        await hand_over(world, source, patient(ZAHOUANIA, source))
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(match.run, world.registry)
    assert await persons(world) == {frozenset({VACCINES, SCHOOLS, MORE_VACCINES})}
    async with world.registry.database.transaction() as tx:
        made = await judgements.about(tx, [each.id for each in (await everyone(world)).values()])
    assert [each.kind for each in made] == ["link", "link"]
    assert await match.waiting(world.registry) == 0
