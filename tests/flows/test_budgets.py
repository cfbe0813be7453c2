"""How much may be asked, by whom and about whom; and when somebody fishes."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Unavailable, UnknownName
from registry.flows import budgets, decide, lost_card, opening, release, rights
from registry.flows.opening import Registry
from registry.flows.organisations import Caller
from registry.flows.release import Asked
from registry.settings import Settings
from registry.store import accounts, audit
from tests.support import builders
from tests.support.builders import CLINIC, FAR_CLINIC, HOME_CLINIC, OTHER_CLINIC, UNKNOWN, ZAHOUANIA, Child, World

pytestmark = pytest.mark.anyio

GIVEN = ("Bilal", "Samira", "Tarek", "Leila", "Karim", "Dounia", "Farid", "Meriem", "Hocine", "Rachida")
FAMILIES = ("Guerroudj", "Slimani", "Benyahia", "Kaddour", "Zerrouki")


@pytest.fixture
async def card(world: World) -> str:
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    return card


def on(world: World, **settings: object) -> World:
    """The same world with other settings."""
    changed = world.registry.settings.model_copy(update=settings)
    return replace(world, registry=replace(world.registry, settings=changed))


def strangers() -> Iterator[Child]:
    """Children nobody knows, by names of a dictionary."""
    for count, (own, family) in enumerate(product(GIVEN, FAMILIES)):
        born = UNKNOWN.born + timedelta(days=367 * (count % 9))
        yield replace(UNKNOWN, given=own, family=family, mother=GIVEN[count % 7], born=born)


async def fish(world: World, name: str, times: int) -> None:
    for child, _ in zip(strangers(), range(times), strict=False):
        assert await builders.ask(world, name, child) is None


async def is_answered(world: World, caller: Caller | None = None, *, card: str = "") -> bool:
    asked = builders.question_of(world, CLINIC, card=card)
    return await release.ask(world.registry, caller or world[CLINIC], asked) is not None


# --- budgets ---------------------------------------------------------------------------------------


async def test_over_the_budget_of_a_user_nothing_is_said_and_another_user_is_answered(world: World, card: str) -> None:
    few = on(world, user_questions=4)
    assert [await is_answered(few) for _ in range(5)] == [True, True, True, True, False]
    assert not await is_answered(few, card=card)
    assert await is_answered(few, replace(world[CLINIC], user="desk-2"))


async def test_over_the_budget_of_an_organisation_none_of_its_users_is_answered(world: World, card: str) -> None:
    few = on(world, organisation_questions=4)
    users = [replace(world[CLINIC], user=f"desk-{number}") for number in range(6)]
    assert [await is_answered(few, each) for each in users] == [True, True, True, True, False, False]
    assert not await is_answered(few, card=card)


async def test_many_askers_share_what_is_left_of_one_target_and_the_card_is_not_held_up(
    world: World, card: str
) -> None:
    few = on(world, target_questions=6)
    for number in range(6):  # each guesses another mother and another day
        guess = replace(ZAHOUANIA, mother=GIVEN[number], born=ZAHOUANIA.born + timedelta(days=number))
        assert await builders.ask(few, (OTHER_CLINIC, FAR_CLINIC, HOME_CLINIC)[number % 3], guess) is None
    assert not await is_answered(few)
    assert await is_answered(few, card=card)


async def test_an_answered_question_costs_its_target_nothing(world: World, card: str) -> None:  # noqa: ARG001
    few = on(world, target_questions=3)
    assert all([await is_answered(few) for _ in range(8)])


async def test_a_wrong_card_does_not_open_what_descriptions_may_not_ask_any_more(world: World, card: str) -> None:  # noqa: ARG001
    few = on(world, target_questions=1)
    for _ in range(2):
        await builders.ask(few, OTHER_CLINIC)
    assert not await is_answered(few)
    assert not await is_answered(few, card="0" * 26)


async def test_a_restart_gives_nothing_back(world: World, card: str, settings: Settings) -> None:  # noqa: ARG001
    few = on(world, user_questions=3)
    assert [await is_answered(few) for _ in range(4)][-1] is False
    async with opening.opened(few.registry.settings, clock=world.clock) as again:
        assert not await is_answered(replace(few, registry=again))


@pytest.mark.parametrize("days", [-400, -1, 1, 30])
async def test_a_clock_set_to_another_day_gives_ten_minutes_back_at_most(world: World, card: str, days: int) -> None:  # noqa: ARG001
    few = on(world, user_questions=3)
    assert [await is_answered(few) for _ in range(4)][-1] is False
    world.clock.advance(days=days)
    assert not await is_answered(few)
    assert not await is_answered(few)


async def test_a_day_that_was_watched_gives_everything_back(world: World, card: str) -> None:  # noqa: ARG001
    few = on(world, user_questions=3)
    assert [await is_answered(few) for _ in range(4)][-1] is False
    await watched(few, hours=33)  # a day, and the question that was too many
    assert [await is_answered(few) for _ in range(3)] == [True, True, True]


async def watched(world: World, *, hours: int) -> None:
    for _ in range(hours * 6):
        world.clock.advance(minutes=10)
        await budgets.watch(world.registry)


async def test_what_a_day_has_given_back_is_forgotten(world: World) -> None:
    await fish(world, CLINIC, 3)
    await watched(world, hours=49)
    assert await rows(world) == 3  # the user, the organisation and the registry, whose answers were counted


async def rows(world: World) -> int:
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT count(*) FROM registry.account")
        row = await cursor.fetchone()
    return row[0] if row else 0


async def test_where_the_budget_cannot_be_taken_nothing_is_looked_up(
    world: World, card: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(accounts, "spend", broken)
    for shown in ("", card):
        with pytest.raises(Unavailable):
            await is_answered(world, card=shown)
    assert await asked(world.registry) == 0


async def asked(registry: Registry) -> int:
    async with registry.database.transaction() as tx:
        return sum(each.event["action"] == "ask" for each in await audit.entries(tx))


async def test_a_question_that_fails_is_paid_for(world: World, card: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    few = on(world, user_questions=3)

    async def broken(*_: object, **__: object) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(decide, "load", broken)
        for _ in range(3):
            with pytest.raises(Unavailable):
                await is_answered(few)
    assert not await is_answered(few)


@given(st.lists(st.integers(min_value=-(10**7), max_value=10**7), max_size=30))
def test_the_clock_of_the_budgets_never_goes_back_and_never_jumps(steps: list[int]) -> None:
    now = seen = datetime(2026, 1, 1, tzinfo=UTC)
    minutes = 0
    for seconds in steps:
        now += timedelta(seconds=seconds)
        after, seen = accounts.moved(minutes, seen, now)
        assert 0 <= after - minutes <= accounts.MOST_AT_ONCE
        minutes = after


# --- fishing ---------------------------------------------------------------------------------------


async def test_who_tries_names_is_halted_and_a_human_is_called(world: World, card: str) -> None:
    await fish(world, CLINIC, 11)
    assert await is_answered(world)
    await fish(world, CLINIC, 16)
    (user, organisation) = sorted(await budgets.standing(world.registry), key=lambda each: each.scope, reverse=True)
    assert [(each.scope, each.organisation, each.user) for each in (user, organisation)] == [
        ("user", CLINIC, "desk-1"),
        ("organisation", CLINIC, ""),
    ]
    assert user.silent == user.asked - 1
    assert not await is_answered(world)
    assert not await is_answered(world, replace(world[CLINIC], user="desk-2"))
    assert await is_answered(world, card=card)


async def test_after_a_human_has_looked_the_asker_begins_anew(world: World, card: str) -> None:  # noqa: ARG001
    await fish(world, CLINIC, 14)
    await budgets.lift(world.registry, [each.id for each in await budgets.standing(world.registry)])
    assert await budgets.standing(world.registry) == ()
    assert await is_answered(world)
    with pytest.raises(UnknownName):
        await budgets.lift(world.registry, [builders.new_id()])


async def test_many_users_of_one_organisation_are_seen_together(world: World) -> None:
    for number, child in zip(range(14), strangers(), strict=False):
        user = replace(world[CLINIC], user=f"desk-{number}")
        asking = Asked(description=builders.description(child, *builders.AT_A_DESK), grounds="treatment")
        await release.ask(world.registry, user, asking)
    assert [each.scope for each in await budgets.standing(world.registry)] == ["organisation"]


async def test_the_same_question_again_counts_once(world: World) -> None:
    for _ in range(20):
        assert await builders.ask(world, CLINIC, UNKNOWN) is None
    assert await budgets.standing(world.registry) == ()


async def test_over_all_askers_together_a_human_is_called_and_nobody_halted(world: World, card: str) -> None:  # noqa: ARG001
    clinics = (OTHER_CLINIC, FAR_CLINIC, HOME_CLINIC)
    for number, child in zip(range(33), strangers(), strict=False):
        user = replace(world[clinics[number % 3]], user=f"desk-{number}")
        asking = Asked(description=builders.description(child, *builders.AT_A_DESK), grounds="treatment")
        await release.ask(world.registry, user, asking)
    scopes = {each.scope for each in await budgets.standing(world.registry)}
    assert "registry" in scopes
    assert await is_answered(world)


async def test_an_alert_names_no_person(world: World) -> None:
    await fish(world, CLINIC, 14)
    told = repr(await budgets.standing(world.registry))
    assert builders.found(told, {*GIVEN, *FAMILIES, UNKNOWN.mother, UNKNOWN.father}) == []


async def test_no_account_is_a_key_of_another_table(world: World, card: str) -> None:  # noqa: ARG001
    await is_answered(world)
    async with world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute(
            "SELECT count(*) FROM registry.account JOIN registry.lookup_key ON key = account"
        )
        assert await cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("scope", "silence", "questions", "alarmed"),
    [
        ("user", 0.3, 2_000, False),
        ("organisation", 0.3, 20_000, False),
        ("registry", 0.3, 20_000, False),
        ("user", 1.0, 12, True),
        ("organisation", 0.8, 200, True),
        ("registry", 0.65, 500, True),
    ],
)
def test_the_test_tells_who_fishes_from_who_meets_strangers(
    scope: str, silence: float, questions: int, alarmed: bool
) -> None:
    weighing, dice, level, highest = budgets.WEIGHINGS[scope], random.Random(scope), 0.0, 0.0
    for _ in range(questions):
        level = max(level + weighing.step(is_silent=dice.random() < silence), 0)
        highest = max(highest, level)
    assert (highest >= weighing.alarm) is alarmed


# --- families --------------------------------------------------------------------------------------


@pytest.mark.parametrize("opens", [rights.open_family, lost_card.replaced])
async def test_a_desk_opens_so_many_families_a_day_and_then_a_human_is_called(
    world: World, opens: Callable[..., Awaitable[object]]
) -> None:
    """A card opens the family's own view: a desk that opened families by a list of names would read it all."""
    few = on(world, user_families=2, organisation_families=3)
    for user in ("nurse-1", "nurse-1", "nurse-2"):
        await opens(few.registry, replace(world[CLINIC], user=user), builders.description(UNKNOWN))
    for user in ("nurse-1", "nurse-3"):
        with pytest.raises(Unavailable):
            await opens(few.registry, replace(world[CLINIC], user=user), builders.description(ZAHOUANIA))
    assert {(each.scope, each.user, each.asked) for each in await budgets.standing(world.registry)} == {
        ("family-user", "nurse-1", 3),
        ("family-organisation", "", 4),
    }
    await opens(few.registry, world[OTHER_CLINIC], builders.description(ZAHOUANIA))
    await budgets.lift(world.registry, [each.id for each in await budgets.standing(world.registry)])
    await opens(few.registry, replace(world[CLINIC], user="nurse-1"), builders.description(ZAHOUANIA))
