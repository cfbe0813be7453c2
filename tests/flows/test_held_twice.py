"""A source that holds one person under two numbers is told so, by its own records alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from registry.errors import NotPermitted, UnknownName
from registry.flows import erasure, match, twice
from registry.store import keys, matters
from tests.support import builders
from tests.support.builders import CLINIC, MORE_VACCINES, SCHOOLS, VACCINES, ZAHOUANIA, Child, World, hand_over, patient

pytestmark = pytest.mark.anyio

AGAIN = replace(ZAHOUANIA, ids={VACCINES: "again-1"})
OTHER = replace(ZAHOUANIA, given="Wassila", ids={VACCINES: "other-1"})


async def told(world: World, source: str, *children: Child, **changes: object) -> None:
    for child in children:
        world.clock.now += timedelta(minutes=1)
        await hand_over(world, source, patient(child, source, **changes))
        await match.run(world.registry)


async def pairs(world: World, source: str = VACCINES) -> list[set[str]]:
    return [{*each.numbers} for each in await twice.of_source(world.registry, source)]


async def test_two_numbers_of_one_child_are_told_to_their_source_and_to_no_other(world: World) -> None:
    await told(world, VACCINES, ZAHOUANIA, AGAIN)
    await told(world, SCHOOLS, ZAHOUANIA)
    (found,) = await twice.of_source(world.registry, VACCINES)
    assert {*found.numbers} == {ZAHOUANIA.id_at(VACCINES), "again-1"}
    assert found.words
    assert not any(name in " ".join(found.words) for name in (ZAHOUANIA.given, ZAHOUANIA.family, ZAHOUANIA.mother))
    assert await pairs(world, SCHOOLS) == []


@pytest.mark.parametrize("child", [OTHER, replace(AGAIN, born=ZAHOUANIA.born - timedelta(days=900))])
async def test_brothers_and_sisters_are_not(world: World, child: Child) -> None:
    await told(world, VACCINES, ZAHOUANIA, child, identifier=None)
    assert await pairs(world) == []


def of_mothers(*mothers: str) -> list[dict[str, Any]]:
    kin = [("MTH", each) for each in mothers] + [("GRFTH", "Derradji")]
    coded = [({"coding": [{"system": builders.KINSHIP, "code": code}]}, name) for code, name in kin]
    return [{"relationship": [code], "name": {"text": name}} for code, name in coded]


@pytest.mark.parametrize("is_known_elsewhere", [False, True])
async def test_what_others_say_makes_no_pair(world: World, is_known_elsewhere: bool) -> None:
    """Two records that share no key meet by way of a third, which another source tells: that is nothing of theirs."""
    one = Child(given="Yusuf", family="Petrov", father="", village="", phone="", sex="male", ids={VACCINES: "one"})
    two = replace(one, born=one.born - timedelta(days=365), ids={VACCINES: "two"})
    both = [{"family": "Petrov", "given": [each]} for each in ("Yusuf", "Joseph")]
    await told(world, VACCINES, one, identifier=None, contact=of_mothers("Maryam"))
    if is_known_elsewhere:
        await told(world, SCHOOLS, one, identifier=None, name=both, contact=of_mothers("Maryam", "Mary"))
    joseph = [{"given": ["Joseph"]}]
    await told(world, VACCINES, two, identifier=None, name=joseph, contact=of_mothers("Mary"))
    assert await pairs(world) == []


@pytest.mark.parametrize("others", [(), (SCHOOLS,), (SCHOOLS, MORE_VACCINES)])
async def test_a_correction_that_makes_two_alike_is_told_whoever_else_knows_them(
    world: World, others: tuple[str, ...]
) -> None:
    """Else a source could enter a second number, correct the first to it, and learn who is known elsewhere."""
    wassila = replace(OTHER, ids={VACCINES: "w-1"})
    await told(world, VACCINES, ZAHOUANIA, wassila, identifier=None)
    for source in others:
        await told(world, source, ZAHOUANIA, identifier=None)
    await told(
        world, VACCINES, replace(wassila, ids=ZAHOUANIA.ids | {VACCINES: ZAHOUANIA.id_at(VACCINES)}), identifier=None
    )
    assert await pairs(world) == [{ZAHOUANIA.id_at(VACCINES), "w-1"}]


async def test_copies_are_told_once_each(world: World) -> None:
    await told(world, VACCINES, ZAHOUANIA, *(replace(AGAIN, ids={VACCINES: f"again-{at}"}) for at in range(4)))
    found = await pairs(world)
    assert len(found) == 4
    assert all(ZAHOUANIA.id_at(VACCINES) in each for each in found)


async def test_of_a_desk_nothing_is_noted_and_it_is_told_nothing(world: World) -> None:
    await told(world, CLINIC, ZAHOUANIA, replace(AGAIN, ids={CLINIC: "again-1"}))
    async with world.registry.database.transaction() as tx:
        assert await matters.waiting(tx, f"held-twice {CLINIC}") == ()
    with pytest.raises(NotPermitted):
        await twice.of_source(world.registry, CLINIC)


async def test_matched_again_they_are_told_once(world: World) -> None:
    await told(world, VACCINES, ZAHOUANIA, AGAIN)
    await match.again(world.registry)
    await match.run(world.registry)
    assert len(await pairs(world)) == 1


async def test_what_was_corrected_is_told_no_longer(world: World) -> None:
    await told(world, VACCINES, ZAHOUANIA, AGAIN)
    await told(world, VACCINES, replace(OTHER, ids=AGAIN.ids), identifier=None)
    assert await pairs(world) == []


async def test_who_is_erased_is_told_no_longer(world: World) -> None:
    await told(world, VACCINES, ZAHOUANIA, AGAIN)
    async with world.registry.database.transaction() as tx:
        gone = await keys.only(tx, keys.index_hash(tx, "person", VACCINES, "again-1"))
    assert gone
    await erasure.erase(world.registry, [gone], decision="file 7/2026")
    assert await pairs(world) == []


async def test_nothing_names_who_is_erased(world: World) -> None:
    await told(world, VACCINES, ZAHOUANIA, AGAIN)
    async with world.registry.database.transaction() as tx:
        gone = await keys.only(tx, keys.index_hash(tx, "person", VACCINES, ZAHOUANIA.id_at(VACCINES)))
    assert gone
    await erasure.erase(world.registry, [gone], decision="file 7/2026")
    async with world.registry.database.transaction() as tx:
        assert await matters.waiting(tx, f"held-twice {VACCINES}") == ()


async def test_a_source_nobody_registered_is_told_so(world: World) -> None:
    with pytest.raises(UnknownName):
        await twice.of_source(world.registry, "nobody")
