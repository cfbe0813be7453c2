"""Withdrawals and reads in random interleavings, over every way of reading there is.

A round: a family allows; readers of all kinds begin at random moments around the withdrawal. Counted is every read
that began after the withdrawal was acknowledged and was answered, and every summary still in force at the end.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import anyio

from registry.errors import BadInput
from registry.flows import desk, rights
from registry.flows.desk import Child
from registry.settings import Settings
from tests.support import behind, builders, twin_worlds
from tests.support.builders import CLINIC, SCHOOL, World

READERS = 6
SPREAD_SECONDS = 0.08
ROUNDS_A_CHILD = 3
"""A family that changed its mind a hundred times is read slowly, and shows nothing that the third time does not."""


@dataclass(kw_only=True)
class Outcome:
    """Reads answered that began before and `after` the acknowledgement; summaries `alive` after a round."""

    before: int = 0
    after: int = 0
    alive: int = 0
    rounds: int = 0
    paths: Counter[str] = field(default_factory=Counter[str])

    def add(self, other: Outcome) -> None:
        self.before += other.before
        self.after += other.after
        self.alive += other.alive
        self.rounds += other.rounds
        self.paths += other.paths


@dataclass(kw_only=True)
class Round:
    """What the readers of a round share."""

    world: World
    child: builders.Child
    card: str
    summaries: Mapping[str, str]
    acknowledged: bool = False


Path = Callable[[Round], Awaitable[bool]]


async def _described(now: Round) -> bool:
    return await builders.ask(now.world, CLINIC, now.child) is not None


async def _by_card(now: Round) -> bool:
    return await builders.ask(now.world, CLINIC, now.child, card=now.card) is not None


async def _school(now: Round) -> bool:
    return await builders.ask(now.world, SCHOOL, now.child) is not None


async def _school_by_card(now: Round) -> bool:
    return await builders.ask(now.world, SCHOOL, now.child, card=now.card) is not None


async def _with_summary(now: Round) -> bool:
    """A desk ties its record to the person by the summary in hand: refused once that is withdrawn."""
    child = Child(
        number=builders.new_id().hex,
        description=builders.description(now.child, *builders.AT_A_DESK),
        summary=now.summaries[CLINIC],
    )
    with suppress(BadInput):
        await desk.register(now.world.registry, now.world[CLINIC], child)
        return True
    return False


async def _online(now: Round) -> bool:
    """A verifier that looks at the status list still believes a summary of before."""
    return await _alive(now.world) > 0


PATHS: Mapping[str, Path] = {
    "clinic, by description": _described,
    "clinic, by card": _by_card,
    "school, by description": _school,
    "school, by card": _school_by_card,
    "desk, with a summary in hand": _with_summary,
    "verifier, online": _online,
}


async def interleave(settings: Settings, *, rounds: int, seed: int, early: bool = False) -> Outcome:
    """Play so many rounds. `early` acknowledges before the withdrawal has committed, to see that this is found."""
    dice, outcome = random.Random(seed), Outcome()
    generous = {"user_questions": 10**6, "organisation_questions": 10**6, "target_questions": 10**6}
    generous |= {"user_families": 10**6, "organisation_families": 10**6}
    patient = settings.model_copy(update={**generous, "fishing_alarm": 1e9})
    async with twin_worlds.undrawn(), builders.world(patient) as world:
        for at in range(rounds):
            if at % ROUNDS_A_CHILD == 0:
                child = await builders.known_child(world, _child(dice, at))
                card = await builders.family(world, child)
            await _round(world, child, card, dice, outcome, early=early)
    return outcome


def _child(dice: random.Random, number: int) -> builders.Child:
    child = twin_worlds.a_child(dice)
    return replace(child, ids={each: f"{each}.{number}" for each in (builders.VACCINES, builders.SCHOOLS)})


async def _round(
    world: World, child: builders.Child, card: str, dice: random.Random, outcome: Outcome, *, early: bool
) -> None:
    for name in (CLINIC, SCHOOL):
        await builders.allow(world, card, name)
    summaries = {name: (await builders.released(world, name, child)).token for name in (CLINIC, SCHOOL)}
    now = Round(world=world, child=child, card=card, summaries=summaries)
    chosen = [dice.choice(list(PATHS)) for _ in range(READERS)]
    async with anyio.create_task_group() as group:
        for name in chosen:
            group.start_soon(_read, now, name, dice.uniform(0, SPREAD_SECONDS), outcome)
        group.start_soon(_withdraw, now, dice.uniform(0, SPREAD_SECONDS / 2), early)
    for name in PATHS:
        await _read(now, name, 0, outcome)
    outcome.alive += await _alive(world)
    outcome.rounds += 1
    world.clock.advance(minutes=1)


async def _withdraw(now: Round, after: float, early: bool) -> None:
    await anyio.sleep(after)
    now.acknowledged = now.acknowledged or early
    if early:
        await anyio.sleep(3 * SPREAD_SECONDS)
    await rights.withdraw(now.world.registry, now.card)
    now.acknowledged = True


async def _read(now: Round, name: str, after: float, outcome: Outcome) -> None:
    await anyio.sleep(after)
    was_acknowledged = now.acknowledged
    is_answered = await PATHS[name](now)
    outcome.paths[name] += 1
    outcome.after += is_answered and was_acknowledged
    outcome.before += is_answered and not was_acknowledged


async def _alive(world: World) -> int:
    async with behind.transaction(world.registry.database) as tx:
        cursor = await tx.connection.execute("SELECT count(*) FROM registry.status WHERE NOT revoked")
        row = await cursor.fetchone()
    return row[0] if row else 0
