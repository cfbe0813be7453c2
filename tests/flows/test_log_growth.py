"""The size of the audit log is public (`GET /checkpoint`): whoever acts and watches it grow must not read from it
whether anybody else knows the child, nor what another family decided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from registry.flows import desk, erasure_request, lost_card, match, rights, trail
from registry.flows.desk import Child as AtDesk
from registry.store import audit
from registry.store.functions import Function
from tests.support import builders
from tests.support.builders import CLINIC, MORE_VACCINES, OTHER_CLINIC, UNKNOWN, ZAHOUANIA, Child, World

pytestmark = pytest.mark.anyio


async def size(world: World) -> int:
    """How large the log is, as everybody reads it, when everything that was queued is done."""
    await match.run(world.registry)
    await trail.sequence(world.registry)
    async with world.registry.database.transaction(Function.PUBLISH) as tx:
        newest = await audit.last_checkpoint(tx)
    return newest[0] if newest else 0


async def a_source_hands_it_over(world: World, child: Child) -> None:
    await builders.hand_over(world, MORE_VACCINES, *builders.health_of(child, MORE_VACCINES, "XBK"))


async def a_desk_registers_it(world: World, child: Child) -> None:
    told = AtDesk(number=child.given, description=builders.description(child, *builders.AT_A_DESK))
    await desk.register(world.registry, world[OTHER_CLINIC], told)


async def a_desk_opens_a_family(world: World, child: Child) -> None:
    await rights.open_family(world.registry, world[OTHER_CLINIC], builders.description(child))


async def another_desk_replaces_its_card(world: World, child: Child) -> None:
    await lost_card.replaced(world.registry, world[OTHER_CLINIC], builders.description(child))


async def a_later_family_takes_back(world: World, child: Child) -> None:
    opened = await rights.open_family(world.registry, world[OTHER_CLINIC], builders.description(child))
    await match.run(world.registry)
    await rights.withdraw(world.registry, opened.card)


async def a_later_family_is_erased(world: World, child: Child) -> None:
    opened = await rights.open_family(world.registry, world[OTHER_CLINIC], builders.description(child))
    await match.run(world.registry)
    await erasure_request.ask(world.registry, world[OTHER_CLINIC], opened.card)
    world.clock.advance(days=8)
    await erasure_request.run_due(world.registry)


ACTS = (
    a_source_hands_it_over,
    a_desk_registers_it,
    a_desk_opens_a_family,
    another_desk_replaces_its_card,
    a_later_family_takes_back,
    a_later_family_is_erased,
)


@pytest.mark.parametrize("act", ACTS)
async def test_the_log_grows_alike_for_a_child_everybody_knows_and_for_one_nobody_knows(
    world: World, act: Callable[[World, Child], Awaitable[None]]
) -> None:
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    world.clock.advance(minutes=10)
    grown: list[int] = []
    for child in (ZAHOUANIA, UNKNOWN):
        before = await size(world)
        await act(world, child)
        grown.append(await size(world) - before)
    assert grown[0] == grown[1]


async def test_a_card_replaced_where_the_family_came_first_is_one_opened_anew_to_the_log(world: World) -> None:
    await builders.family(world)
    grown: list[int] = []
    for name in (CLINIC, OTHER_CLINIC):
        before = await size(world)
        await lost_card.replaced(world.registry, world[name], builders.description(ZAHOUANIA))
        grown.append(await size(world) - before)
    assert grown[0] == grown[1]
