"""A lost card is replaced and the old one dies; nobody gets a family's card by describing its child."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry.errors import BadInput, NotPermitted, UnknownName
from registry.flows import lost_card, match, rights
from tests.support import builders
from tests.support.builders import CLINIC, OTHER_CLINIC, STEWARD, UNKNOWN, ZAHOUANIA, Child, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def card(world: World) -> str:
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    world.clock.advance(minutes=1)
    return card


async def replaced(world: World, at: str, child: Child = ZAHOUANIA) -> str:
    given = await lost_card.replaced(world.registry, world[at], builders.description(child))
    await match.run(world.registry)
    return given.card


async def is_dead(world: World, card: str) -> bool:
    try:
        await rights.own_trail(world.registry, card)
    except UnknownName:
        return await builders.ask(world, CLINIC, card=card) is None
    return False


async def test_the_new_card_opens_what_the_old_one_opened_and_the_old_one_nothing(world: World, card: str) -> None:
    new = await replaced(world, CLINIC)
    assert await is_dead(world, card)
    assert await builders.ask(world, CLINIC, card=new)
    for use in (rights.withdraw(world.registry, card), builders.allow(world, card, OTHER_CLINIC)):
        with pytest.raises(UnknownName):
            await use
    assert (await rights.withdraw(world.registry, new)).consents == 1


async def test_the_family_reads_in_its_trail_that_its_card_was_replaced(world: World, card: str) -> None:  # noqa: ARG001
    new = await replaced(world, CLINIC)
    told = [each.action for each in await rights.own_trail(world.registry, new)]
    assert told.count("card-replaced") == 1


async def test_a_card_lost_twice_leaves_one_alive(world: World, card: str) -> None:
    second, third = await replaced(world, CLINIC), await replaced(world, CLINIC)
    assert [await is_dead(world, each) for each in (card, second, third)] == [True, True, False]


async def test_another_desk_gets_a_card_that_speaks_for_nobody_and_the_old_one_lives(world: World, card: str) -> None:
    other = await replaced(world, OTHER_CLINIC)
    assert not await is_dead(world, card)
    await rights.give(world.registry, world[OTHER_CLINIC], other, builders.answer(world, OTHER_CLINIC))
    assert await builders.ask(world, OTHER_CLINIC) is None
    assert [each.action for each in await rights.own_trail(world.registry, other)] == ["family-opened", "consent-given"]


async def test_nobody_can_tell_a_card_replaced_from_a_family_opened(world: World, card: str) -> None:  # noqa: ARG001
    shapes = {len(await replaced(world, at, child)) for at in (CLINIC, OTHER_CLINIC) for child in (ZAHOUANIA, UNKNOWN)}
    assert len(shapes) == 1


async def test_a_sister_is_no_way_to_the_familys_card(world: World, card: str) -> None:
    await replaced(world, CLINIC, replace(ZAHOUANIA, given="Zoulikha"))
    assert not await is_dead(world, card)


async def test_a_card_is_replaced_by_a_named_user_of_a_desk(world: World, card: str) -> None:
    with pytest.raises(BadInput):
        await lost_card.replaced(world.registry, replace(world[CLINIC], user=""), builders.description(ZAHOUANIA))
    with pytest.raises(NotPermitted):
        await lost_card.replaced(world.registry, world[STEWARD], builders.description(ZAHOUANIA))
    assert not await is_dead(world, card)


async def test_over_its_budget_a_desk_replaces_no_card(world: World, card: str) -> None:
    settings = world.registry.settings.model_copy(update={"user_questions": 1})
    few = replace(world, registry=replace(world.registry, settings=settings))
    await builders.ask(few, CLINIC, UNKNOWN)
    await replaced(few, CLINIC)
    assert not await is_dead(world, card)
