"""A source that holds one person under two numbers is told so, by its own records alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.errors import UnknownName
from registry.flows import erasure, match, twice
from registry.store import keys
from tests.support.builders import MORE_VACCINES, SCHOOLS, VACCINES, ZAHOUANIA, Child, World, hand_over, patient

pytestmark = pytest.mark.anyio

AGAIN = replace(ZAHOUANIA, ids={VACCINES: "again-1"})
OTHER = replace(ZAHOUANIA, given="Wassila", ids={VACCINES: "other-1"})


async def told(world: World, source: str, *children: Child, **changes: object) -> None:
    for child in children:
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


async def test_what_others_say_makes_no_pair(world: World) -> None:
    """One of the two says too little by itself; that others know both and tell them as one is nothing of theirs."""
    bare = replace(AGAIN, family="", father="", grandfather="", mother="", village="", phone="")
    await told(world, VACCINES, ZAHOUANIA, bare, identifier=None, contact=None, address=None)
    await told(world, SCHOOLS, ZAHOUANIA)
    await told(world, MORE_VACCINES, ZAHOUANIA)
    assert await pairs(world) == []


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
    await erasure.erase(world.registry, [gone], decision="decision-2026-7")
    assert await pairs(world) == []


async def test_a_source_nobody_registered_is_told_so(world: World) -> None:
    with pytest.raises(UnknownName):
        await twice.of_source(world.registry, "nobody")
