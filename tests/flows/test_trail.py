"""Who asked about this child: what is written down, what a family reads, and how a change of the log is noticed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from registry.errors import UnknownName
from registry.flows import desk, match, publish, review, rights, trail
from registry.flows.desk import Child
from registry.flows.trail import Line
from registry.store import audit, dossiers, reviews
from registry.store.reviews import Doubt
from registry.trust import checkpoint, p256
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    NEIGHBOUR,
    OTHER_CLINIC,
    SCHOOL,
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
    return await builders.family(world)


async def leaves(world: World) -> int:
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT count(*) FROM registry.audit_leaf")
        row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def lines(world: World, card: str, action: str) -> list[Line]:
    return [each for each in await rights.own_trail(world.registry, card) if each.action == action]


# --- every answer leaves one leaf ------------------------------------------------------------------

Act = Callable[[World, str], Awaitable[object]]


def asks(name: str, child: builders.Child = ZAHOUANIA, *, with_card: bool = False) -> Act:
    return lambda world, card: ask(world, name, child, card=card if with_card else "")


ONE_LEAF: dict[str, Act] = {
    "a question that is answered": asks(CLINIC),
    "a question that is refused": asks(OTHER_CLINIC),
    "a question about an unknown child": asks(CLINIC, UNKNOWN),
    "a question with the card": asks(CLINIC, with_card=True),
    "a question with a wrong card": lambda world, _: ask(world, CLINIC, card="0" * 26),
    "a school that is refused": asks(SCHOOL),
    "a consent": lambda world, card: allow(world, card, SCHOOL),
    "a no": lambda world, card: allow(world, card, SCHOOL, agreed=False, understood=False),
    "a family that comes": lambda world, _: rights.open_family(
        world.registry, world[CLINIC], builders.description(UNKNOWN)
    ),
    "a person a desk registers": lambda world, _: desk.register(
        world.registry, world[CLINIC], Child(number="1", description=builders.description(UNKNOWN))
    ),
    "a hand-over": lambda world, _: builders.hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR)),
}


@pytest.mark.parametrize("act", ONE_LEAF.values(), ids=ONE_LEAF)
async def test_every_answer_leaves_exactly_one_leaf(world: World, card: str, act: Act) -> None:
    await allow(world, card, CLINIC)
    before = await leaves(world)
    await act(world, card)
    assert await leaves(world) == before + 1


async def test_a_withdrawal_leaves_one_more_than_it_ends_consents(world: World, card: str) -> None:
    """For what other families of the child had allowed, if there are any (tests/flows/test_log_growth.py)."""
    await allow(world, card, CLINIC)
    before = await leaves(world)
    await rights.withdraw(world.registry, card)
    assert await leaves(world) == before + 2


async def test_a_repeated_file_leaves_no_second_leaf(world: World) -> None:
    for _ in range(2):
        await builders.hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))
    assert await leaves(world) == 1


async def test_a_refused_question_about_a_known_child_is_in_her_trail_and_one_about_nobody_in_none(
    world: World, card: str
) -> None:
    before = len(await rights.own_trail(world.registry, card))
    await ask(world, OTHER_CLINIC)
    await ask(world, OTHER_CLINIC, UNKNOWN)
    assert len(await rights.own_trail(world.registry, card)) == before + 1


# --- what a family reads ---------------------------------------------------------------------------


async def test_a_family_reads_the_names_of_those_it_named_and_the_kind_and_day_of_others(
    world: World, card: str
) -> None:
    await allow(world, card, CLINIC)
    world.clock.advance(hours=3, minutes=7)
    await ask(world, CLINIC)
    await ask(world, OTHER_CLINIC)
    named, other = sorted(await lines(world, card, "ask"), key=lambda each: each.organisation is None)
    assert (named.organisation, named.kind, named.domain, named.answer) == (CLINIC, "clinic", "health", "summary")
    assert named.at == world.clock.now
    assert (other.organisation, other.kind, other.domain, other.answer) == (None, "clinic", "health", "nothing")
    assert (other.at.hour, other.at.minute, other.at.date()) == (0, 0, world.clock.now.date())


async def test_a_name_stays_readable_after_the_withdrawal(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    await ask(world, CLINIC)
    world.clock.advance(minutes=1)
    await rights.withdraw(world.registry, card)
    await ask(world, CLINIC)
    assert [each.answer for each in await lines(world, card, "ask")] == ["summary", "nothing"]
    assert {each.organisation for each in await lines(world, card, "ask")} == {CLINIC}


async def test_a_school_named_for_education_is_not_hidden_and_another_school_is(world: World, card: str) -> None:
    await allow(world, card, SCHOOL)
    for name in (SCHOOL, builders.OTHER_SCHOOL):
        await ask(world, name)
    assert {each.organisation for each in await lines(world, card, "ask")} == {SCHOOL, None}


async def test_a_familys_trail_shows_no_source_and_no_link(world: World, card: str) -> None:
    await builders.hand_over(world, builders.MORE_VACCINES, builders.patient(ZAHOUANIA, builders.MORE_VACCINES))
    await match.run(world.registry)
    text = " ".join(str(each) for each in await rights.own_trail(world.registry, card))
    assert builders.found(text, (VACCINES, builders.SCHOOLS, builders.MORE_VACCINES, "linked", "ingest")) == []


async def test_a_look_by_a_steward_is_in_the_trail_without_a_name(world: World, card: str) -> None:
    await builders.hand_over(world, VACCINES, builders.patient(NEIGHBOUR, VACCINES))
    async with world.registry.database.transaction() as tx:
        held = {each.local: each.id for each in await dossiers.everyone(tx)}
        left, right = held[NEIGHBOUR.id_at(VACCINES)], held[ZAHOUANIA.id_at(VACCINES)]
        doubt = Doubt(id=builders.new_id(), left=left, right=right, probability=0.5, since=builders.BORN)
        await reviews.put(tx, world.registry.house, doubt)
    await review.waiting(world.registry, world[STEWARD])
    seen = await lines(world, card, "review-shown")
    assert {(each.kind, each.organisation) for each in seen} == {("steward", None)}


async def test_a_trail_is_only_about_the_child_of_the_card(world: World, card: str) -> None:
    await builders.hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))
    other = await builders.family(world, NEIGHBOUR)
    before = await rights.own_trail(world.registry, card)
    await allow(world, other, CLINIC)
    await ask(world, CLINIC, NEIGHBOUR)
    assert await rights.own_trail(world.registry, card) == before


async def test_nothing_in_the_whole_log_says_a_name_a_date_of_birth_or_an_identifier(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    await ask(world, CLINIC)
    await ask(world, SCHOOL)
    await rights.withdraw(world.registry, card)
    async with world.registry.database.transaction() as tx:
        text = " ".join(builders.words(each.event) for each in await audit.entries(tx))
    child = ZAHOUANIA
    personal = (child.given, child.family, child.mother, child.village, child.phone, child.born.isoformat(), card)
    assert builders.found(text, (*personal, builders.NATIONAL, builders.LOT)) == []


async def test_a_wrong_card_reads_no_trail(world: World, card: str) -> None:
    wrong = ("1" if card[0] != "1" else "2") + card[1:]
    with pytest.raises(UnknownName):
        await rights.own_trail(world.registry, wrong)


# --- the proof -------------------------------------------------------------------------------------


async def proved(world: World) -> trail.Proof:
    await trail.sequence(world.registry)
    return await trail.verify(world.registry)


async def test_the_log_holds_after_every_kind_of_act(world: World, card: str) -> None:
    await allow(world, card, CLINIC)
    assert (await proved(world)).holds
    await ask(world, CLINIC)
    proof = await proved(world)
    assert proof.holds
    assert (proof.pending, proof.details_checked) == (0, proof.leaves)
    assert proof.checkpoints == 2


async def test_sequencing_nothing_makes_no_checkpoint(world: World) -> None:
    await builders.family(world)
    assert await trail.sequence(world.registry) > 0
    assert await trail.sequence(world.registry) == 0
    assert (await trail.verify(world.registry)).checkpoints == 1


async def test_the_published_checkpoint_covers_every_leaf_and_is_signed_by_the_registry(world: World) -> None:
    await builders.family(world)
    with pytest.raises(UnknownName):
        await publish.checkpoint(world.registry)
    await trail.sequence(world.registry)
    key = p256.public(world.registry.database.keyring.audit_key)
    read = checkpoint.verify(await publish.checkpoint(world.registry), key)
    assert isinstance(read, checkpoint.Checkpoint)
    assert read.size == await leaves(world)


CHANGES = {
    "a leaf is removed": "DELETE FROM registry.audit_leaf WHERE leaf = %(leaf)s",
    "a leaf is altered": "UPDATE registry.audit_leaf SET commitment = sha256('other') WHERE leaf = %(leaf)s",
    "a leaf is taken out of the order": "DELETE FROM registry.audit_sequence WHERE leaf = %(leaf)s",
    "the last leaf is cut off": """
        DELETE FROM registry.audit_sequence WHERE position = (SELECT max(position) FROM registry.audit_sequence)""",
    "two leaves change places": """
        UPDATE registry.audit_leaf SET commitment = other.commitment FROM registry.audit_leaf AS other
        WHERE audit_leaf.leaf <> other.leaf AND audit_leaf.leaf = %(leaf)s""",
    "a checkpoint is altered": "UPDATE registry.audit_checkpoint SET checkpoint = replace(checkpoint, 'audit', 'audi')",
    "a leaf is added behind the checkpoint": """
        WITH fresh AS (
            INSERT INTO registry.audit_leaf (leaf, day, commitment)
            VALUES (gen_random_uuid(), now(), sha256('x')) RETURNING leaf
        )
        INSERT INTO registry.audit_sequence (position, leaf)
        SELECT (SELECT max(position) + 1 FROM registry.audit_sequence), leaf FROM fresh""",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_change_of_the_log_is_noticed(world: World, card: str, change: str) -> None:
    await allow(world, card, CLINIC)
    await ask(world, CLINIC)
    assert (await proved(world)).holds
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT leaf FROM registry.audit_sequence WHERE position = 1")
        row = await cursor.fetchone()
        assert row is not None
        assert isinstance(row[0], UUID)
        await tx.connection.execute(change, {"leaf": row[0]})  # pyright: ignore[reportArgumentType]
    assert not (await trail.verify(world.registry)).holds


async def test_the_leaf_of_a_receipt_is_in_the_log(world: World) -> None:
    receipt = await builders.hand_over(world, VACCINES, *builders.health_of(NEIGHBOUR))
    await trail.sequence(world.registry)
    async with world.registry.database.transaction() as tx:
        placed = {leaf.hex for _, leaf, _ in await audit.sequenced(tx)}
    assert receipt.leaf in placed
