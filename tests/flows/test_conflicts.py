"""Two writers meet: the one that gave way does its work again, whole, and nobody at a desk hears of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

import psycopg
import pytest

from registry.errors import Conflict
from registry.flows import desk, review, rights
from registry.store import database, dossiers, reviews
from registry.store.reviews import Doubt
from tests.support import builders
from tests.support.builders import CLINIC, OTHER_CLINIC, SCHOOLS, STEWARD, UNKNOWN, VACCINES, ZAHOUANIA, World

pytestmark = pytest.mark.anyio

Act = Callable[[], Awaitable[object]]
Prepare = Callable[[World], Awaitable[Act]]

# A sequence goes on counting when a transaction is undone: so many writers give way, whatever they had done.
MEETING = """
    CREATE SEQUENCE public.met;
    CREATE FUNCTION public.meet() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF nextval('public.met') <= TG_ARGV[0]::int THEN
            RAISE EXCEPTION 'two writers met' USING ERRCODE = TG_ARGV[1];
        END IF;
        RETURN NEW;
    END
    $$;
    CREATE TRIGGER meet BEFORE INSERT ON registry.audit_leaf
        FOR EACH ROW EXECUTE FUNCTION public.meet({times}, '{state}')
"""
PARTING = """
    DROP TRIGGER IF EXISTS meet ON registry.audit_leaf;
    DROP FUNCTION IF EXISTS public.meet;
    DROP SEQUENCE IF EXISTS public.met;
"""
Meet = Callable[[int, str], None]


@pytest.fixture
def meet(world: World) -> Iterator[Meet]:
    """From now on the first so many that write to the audit log fail as they would for another writer."""
    with psycopg.connect(str(world.registry.settings.database_url), autocommit=True) as beside:
        yield lambda times, state: beside.execute(MEETING.format(times=times, state=state)) and None  # type: ignore[arg-type]
        beside.execute(PARTING)


async def handing_over(world: World) -> Act:
    return lambda: builders.hand_over(world, VACCINES, *builders.health_of(UNKNOWN))


async def registering(world: World) -> Act:
    child = desk.Child(number="7", description=builders.description(UNKNOWN))
    return lambda: desk.register(world.registry, world[CLINIC], child)


async def opening_a_family(world: World) -> Act:
    return lambda: rights.open_family(world.registry, world[CLINIC], builders.description(UNKNOWN))


async def consenting(world: World) -> Act:
    card = await builders.family(world)
    return lambda: builders.allow(world, card, CLINIC)


async def withdrawing(world: World) -> Act:
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    return lambda: rights.withdraw(world.registry, card)


async def asking(world: World) -> Act:
    await builders.allow(world, await builders.family(world), CLINIC)
    return lambda: builders.released(world, CLINIC)


async def asking_in_vain(world: World) -> Act:
    return lambda: builders.ask(world, OTHER_CLINIC)


async def settling(world: World) -> Act:
    async with world.registry.database.transaction() as tx:
        held = {each.source: each.id for each in await dossiers.everyone(tx)}
        pair = {"left": held[VACCINES], "right": held[SCHOOLS]}
        doubt = Doubt(id=builders.new_id(), **pair, probability=0.5, since=world.registry.today())
        await reviews.put(tx, world.registry.house, doubt)
    return lambda: review.decide_doubt(world.registry, world[STEWARD], UUID(doubt.id.hex), "link")


# What each writes into the audit log when it is done once.
FLOWS: dict[str, tuple[Prepare, int]] = {
    "a hand-over": (handing_over, 1),
    "a registration": (registering, 1),
    "a family that comes": (opening_a_family, 1),
    "a consent": (consenting, 1),
    "a withdrawal": (withdrawing, 2),
    "a question": (asking, 1),
    "a question in vain": (asking_in_vain, 1),
    "a doubt": (settling, 2),
}


async def leaves(world: World) -> int:
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT count(*) FROM registry.audit_leaf")
        row = await cursor.fetchone()
    return row[0] if row else 0


@pytest.mark.parametrize("state", ["40001", "40P01"])
@pytest.mark.parametrize(("prepare", "written"), FLOWS.values(), ids=FLOWS.keys())
async def test_who_gave_way_does_it_again_and_it_is_done_once(
    world: World, meet: Meet, prepare: Prepare, written: int, state: str
) -> None:
    await builders.known_child(world, ZAHOUANIA)
    act = await prepare(world)
    before = await leaves(world)
    meet(2, state)
    await act()
    assert await leaves(world) == before + written


NOT_ASKED = {name: flow for name, flow in FLOWS.items() if "question" not in name}


@pytest.mark.parametrize(("prepare", "written"), NOT_ASKED.values(), ids=NOT_ASKED.keys())
async def test_who_gives_way_every_time_says_so_and_has_done_nothing(
    world: World, meet: Meet, prepare: Prepare, written: int
) -> None:
    await builders.known_child(world, ZAHOUANIA)
    act = await prepare(world)
    before = await leaves(world)
    meet(database.ATTEMPTS, "40001")
    with pytest.raises(Conflict):
        await act()
    assert await leaves(world) == before
    await act()
    assert await leaves(world) == before + written


async def test_a_question_that_gives_way_every_time_is_answered_as_if_nobody_were_known(
    world: World, meet: Meet
) -> None:
    await builders.known_child(world, ZAHOUANIA)
    await asking(world)
    meet(database.ATTEMPTS, "40001")
    assert await builders.ask(world, CLINIC) is None
