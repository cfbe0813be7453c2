"""A key that too many share gives way to narrower ones: reading stays bounded, and nobody who matters is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from uuid import UUID

import pytest

from registry.flows import filing, match, people
from registry.flows.reader import Reader
from registry.identity import demographics
from registry.identity import match as matching
from registry.identity.demographics import Demographics
from registry.identity.match import PersonView, Verdict
from registry.store import dossiers, keys, outbox
from registry.store.dossiers import Dossier
from registry.store.functions import Function
from tests.store import rows
from tests.support import builders, families
from tests.support.builders import BORN, MORE_VACCINES, VACCINES, Child, Entry, World, hand_over, patient

pytestmark = pytest.mark.anyio

FEW = 5


@pytest.fixture(autouse=True)
def _a_few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "PER_KEY", FEW)


def namesake(at: int, **changes: str) -> Child:
    """One of many who share both names and the day of birth, and differ in what else is known."""
    child = Child(given="Mohamed", family="Haddad", father="", grandfather="", mother="", village="", phone="")
    return replace(child, **{"ids": {VACCINES: f"n-{at}"}, **changes})


def about(child: Child) -> Entry:
    """What the register says of a child: no relatives it does not know."""
    mother = {
        "relationship": [{"coding": [{"system": builders.KINSHIP, "code": "MTH"}]}],
        "name": {"text": child.mother},
    }
    return patient(child, VACCINES, identifier=None, contact=[mother] if child.mother else None)


async def told(world: World, children: Iterable[Child]) -> None:
    receipt = await hand_over(world, VACCINES, *map(about, children))
    assert receipt.counts["set-aside"] == 0


async def held(world: World) -> dict[str, Dossier]:
    async with world.registry.database.transaction() as tx:
        found = await dossiers.everyone(tx)
    return {each.local: each for each in found if people.is_of_person(each)}


async def persons(world: World, about: Demographics) -> tuple[PersonView, ...]:
    """Who would be compared with somebody who is so described."""
    async with world.registry.database.transaction(Function.MATCH) as tx:
        return await people.candidates(tx, Reader(), people.question(tx, about))


async def near(world: World, about: Demographics) -> set[UUID]:
    """Their dossiers."""
    return {UUID(member.id) for each in await persons(world, about) for member in each.members}


def misheard(child: Child) -> Child:
    """Both names other ones: what is left to find the child by is its day of birth and the sounds they begin with."""
    return replace(child, given="Moussa", family="Hamdani")


def described(child: Child) -> Demographics:
    return demographics.of(about(child).resource.content)


MOTHERS = ("Amina", "Zohra", "Khadija", "Yamina", "Fatiha", "Rachida", "Naima", "Samira", "Halima", "Djamila")


async def crowd(world: World) -> list[Child]:
    """Thirty of one name and day of birth, with ten names of mothers in three villages."""
    children = [
        namesake(at, mother=mother, village=village)
        for at, (mother, village) in enumerate(
            (each, where) for each in MOTHERS for where in ("Oran", "Tiaret", "Adrar")
        )
    ]
    for child in children:
        await told(world, [child])
        await match.run(world.registry)
    return children


async def test_whoever_shares_one_fact_more_is_found_behind_a_key_of_many(world: World) -> None:
    children = await crowd(world)
    known = await held(world)
    missed = [
        child.ids[VACCINES]
        for child in children
        if known[child.ids[VACCINES]].id not in await near(world, described(misheard(child)))
    ]
    assert missed == []


async def test_no_key_has_more_than_are_read(world: World) -> None:
    await crowd(world)
    async with world.registry.database.transaction() as tx:
        counts = await rows.rows(
            tx,
            """
            SELECT count(*) FROM registry.lookup_key WHERE dossier > %s AND key IN
                (SELECT key FROM registry.lookup_key WHERE dossier = %s)
            """,
            UUID(int=1),
            UUID(int=0),
        )
    assert counts == [(0,)]  # who was matched is under narrower keys only


async def test_all_at_once_are_found_as_one_after_the_other(world: World) -> None:
    children = [namesake(at, mother=mother) for at, mother in enumerate(MOTHERS * 2)]
    await told(world, children)
    await match.run(world.registry)
    known = await held(world)
    for child in children:
        assert known[child.ids[VACCINES]].id in await near(world, described(misheard(child)))


async def test_whoever_was_matched_is_not_hidden_by_many_who_wait(world: World) -> None:
    """Four are matched before a key is common; then more arrive than are ever read, and two of them are matched."""
    children = [namesake(at, mother=mother) for at, mother in enumerate(MOTHERS[:4])]
    await told(world, children)
    await match.run(world.registry)
    await told(world, [namesake(at, mother="Warda") for at in range(10, 60)])
    async with world.registry.database.transaction(Function.MATCH) as tx:
        first = await outbox.take(tx, "match", 1)
        held_now = (await dossiers.load(tx, first, lock=True)).values()
        await filing.give_way(tx, Reader(), [*held_now])
    known = await held(world)
    for child in children:
        assert known[child.ids[VACCINES]].id in await near(world, described(misheard(child)))


async def test_who_was_not_matched_yet_is_found_under_a_key_that_gave_way(world: World) -> None:
    await crowd(world)
    late = namesake(99, mother="Warda", village="Bechar")
    await told(world, [late])
    assert (await held(world))["n-99"].id in await near(world, described(misheard(late)))


async def test_who_tells_no_more_than_many_is_found_by_whoever_tells_more(world: World) -> None:
    await crowd(world)
    faint = patient(namesake(99), VACCINES, identifier=None, contact=None, gender=None, birthDate=str(BORN.year))
    await hand_over(world, VACCINES, faint)
    await match.run(world.registry)
    assert (await held(world))["n-99"].id in await near(world, described(namesake(0, mother="Amina", village="Oran")))


async def test_a_corrected_name_leaves_no_narrower_key_behind(world: World) -> None:
    children = await crowd(world)
    before = {*(await held(world))["n-3"].keys}
    await told(world, [replace(children[3], given="Yacine", family="Belkacem", mother="Houria")])
    await match.run(world.registry)
    one = (await held(world))["n-3"]
    async with world.registry.database.transaction() as tx:
        under = await rows.rows(tx, "SELECT key FROM registry.lookup_key WHERE dossier = %s", one.id)
    assert {key for (key,) in under} & before == set()
    assert {key for (key,) in under} >= {*one.keys}


async def test_what_dossiers_say_of_their_keys_is_what_they_are_filed_under(world: World) -> None:
    await crowd(world)
    async with world.registry.database.transaction() as tx:
        filed = await rows.rows(tx, "SELECT key, dossier FROM registry.lookup_key")
    said = {(key, each.id) for each in (await held(world)).values() for key in each.keys}
    assert said <= {*filed}


async def test_of_many_who_are_near_those_are_compared_who_agree_most(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_COMPARED", 3)
    children = await crowd(world)
    known = await held(world)
    for child in children:
        assert known[child.ids[VACCINES]].id in await near(world, described(child))
        assert len(await persons(world, described(child))) == 3


@pytest.mark.parametrize(("telling", "compared"), [(1000.0, 2), (0.0, 4)])
async def test_after_the_first_only_those_are_compared_of_whom_enough_speaks(
    world: World, monkeypatch: pytest.MonkeyPatch, telling: float, compared: int
) -> None:
    monkeypatch.setattr(people, "FIRST", 2)
    monkeypatch.setattr(people, "MOST_COMPARED", 4)
    monkeypatch.setattr(people, "TELLING", telling)
    children = await crowd(world)
    assert len(await persons(world, described(children[0]))) == compared


async def test_whoever_shares_a_number_of_identity_is_compared_whoever_else_is_near(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_COMPARED", 3)
    await crowd(world)
    number = [{"use": "official", "system": "urn:continuity:national-id", "value": "77-1234-99"}]
    far = replace(namesake(99), given="Yacine", family="Belkacem", mother="Houria")
    await hand_over(world, VACCINES, patient(far, VACCINES, identifier=number, contact=None))
    asked = demographics.of(
        patient(namesake(3, mother="Amina"), VACCINES, identifier=number, contact=None).resource.content
    )
    assert (await held(world))["n-99"].id in await near(world, asked)


async def test_a_key_of_very_many_is_emptied_in_several_goes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "MOST_MOVED", 7)
    children = [namesake(at, mother=mother) for at, mother in enumerate(MOTHERS[:4])]
    await told(world, children)
    await match.run(world.registry)
    await told(world, [namesake(at, mother="Warda") for at in range(10, 60)])
    for _ in range(12):
        async with world.registry.database.transaction(Function.MATCH) as tx:
            first = await outbox.take(tx, "match", 1)
            await filing.give_way(tx, Reader(), [*(await dossiers.load(tx, first, lock=True)).values()])
    known = await held(world)
    for child in children:
        assert known[child.ids[VACCINES]].id in await near(world, described(misheard(child)))


async def test_dossiers_filed_before_there_were_sketches_are_ranked_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_COMPARED", 3)
    children = await crowd(world)
    async with world.registry.database.transaction() as tx:
        before = [replace(each, sketch=()) for each in await dossiers.everyone(tx) if people.is_of_person(each)]
        await dossiers.load(tx, [each.id for each in before], lock=True)
        await dossiers.rewrite(tx, before)
    known = await held(world)
    assert known["n-7"].id in await near(world, described(children[7]))


@pytest.mark.parametrize("seed", [3, 4])
async def test_the_candidates_contain_whatever_brute_force_would_link(world: World, seed: int) -> None:
    """A world of displaced families, with keys as crowded as those of a registry many times as large."""
    entries = [
        builders.entry(str(at), {**families.patient(record), "id": str(at)})
        for at, (record, _) in enumerate(families.world(seed, 80))
    ]
    await hand_over(world, MORE_VACCINES, *entries)
    await match.run(world.registry)
    known = [each for each in (await held(world)).values() if each.about]
    reader, weights = Reader(), world.registry.library.weights
    found = {each.id: await near(world, reader.told(each)) for each in known}
    missed = [
        (one.local, other.local)
        for one, other in combinations(known, 2)
        if matching.decide(reader.told(one), reader.told(other), weights).verdict is Verdict.LINK
        and other.id not in found[one.id]
    ]
    assert missed == []
    assert _crowded(found.values())


def _crowded(found: Iterable[Sequence[UUID] | set[UUID]]) -> bool:
    """Whether somebody met more than one key's worth: else the test would show nothing."""
    return max(map(len, found)) > FEW
