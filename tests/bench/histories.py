"""Random lives of a person's links: handed over again, linked, parted by two stewards, linked by them, asked about.

After every act the persons are computed from the log of judgements alone and held against those stored, and no two
dossiers that stewards parted may be one person again by themselves.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import combinations
from uuid import UUID

from registry.errors import UnknownName
from registry.flows import linking, match
from registry.identity import judgements as judged
from registry.identity.judgements import Kind
from registry.settings import Settings
from registry.store import dossiers, judgements, keys, outbox, reviews
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.judgements import StoredJudgement
from registry.store.reviews import Doubt
from tests.support import behind, builders
from tests.support.behind import Look
from tests.support.builders import MORE_VACCINES, SCHOOLS, VACCINES, Child, World

SOURCES = (VACCINES, SCHOOLS, MORE_VACCINES)
ACTS_A_HISTORY = 8
_SYLLABLES = ("ba", "di", "ru", "mo", "ka", "le", "su", "zi", "no", "ghe", "ta", "fi", "lou", "ma", "re")


@dataclass(kw_only=True)
class Outcome:
    """How many histories there were and of what acts, which broken links returned, where rebuilding differed."""

    histories: int = 0
    acts: Counter[str] = field(default_factory=Counter[str])
    returned: int = 0
    differences: int = 0

    def add(self, other: Outcome) -> None:
        self.histories += other.histories
        self.acts += other.acts
        self.returned += other.returned
        self.differences += other.differences


@dataclass(kw_only=True)
class History:
    """One child's records in several sources; `parted` are the pairs that stewards hold apart now."""

    world: World
    look: Look
    child: Child
    dice: random.Random
    told: set[str] = field(default_factory=set[str])
    parted: set[frozenset[UUID]] = field(default_factory=set[frozenset[UUID]])


Act = Callable[[History], Awaitable[None]]


async def play(settings: Settings, *, histories: int, seed: int) -> Outcome:
    """Play so many histories one after another in one registry; each child bears a name of its own."""
    dice, outcome = random.Random(seed), Outcome()
    async with builders.world(settings) as world, behind.looks(world.registry.database) as look:
        for _ in range(histories):
            await _live(History(world=world, look=look, child=_child(dice), dice=dice), outcome)
            outcome.histories += 1
    return outcome


async def _live(history: History, outcome: Outcome) -> None:
    for source in history.dice.sample(SOURCES, 2):
        await _hand_over(history, source)
    for _ in range(ACTS_A_HISTORY):
        name = history.dice.choice([*ACTS])
        await ACTS[name](history)
        outcome.acts[name] += 1
        await _check(history, outcome)
    await _tidy(history)


def _child(dice: random.Random) -> Child:
    given, family, father, mother = ("".join(dice.choices(_SYLLABLES, k=4)).title() for _ in range(4))
    return Child(given=given, family=family, father=father, mother=mother, village="", phone="")


# --- the acts --------------------------------------------------------------------------------------


async def _hand_over(history: History, source: str) -> None:
    """The source tells of the child, now and then with a slip."""
    child, world = history.child, history.world
    slip = history.dice.choice(({}, {}, {"mother": ""}, {"given": child.given[:-1]}, {"sex": "male"}, {"father": ""}))
    world.clock.now += timedelta(minutes=1)
    told = replace(child, **slip, ids={each: child.id_at(each) for each in SOURCES})
    updated = world.clock.now.isoformat()
    await builders.hand_over(world, source, builders.patient(told, source, updated=updated, identifier=None))
    history.told.add(source)
    await match.run(world.registry)


async def _again(history: History) -> None:
    await _hand_over(history, history.dice.choice(SOURCES))


async def _part(history: History) -> None:
    """Two stewards part what is linked."""
    async with history.look() as tx:
        log = await _log(tx, await _held(tx, history))
    linked = [each for each in judged.standing(map(linking.as_rule, log)).values() if each.kind is Kind.LINK]
    if linked:
        chosen = history.dice.choice(linked)
        left, right = UUID(chosen.left), UUID(chosen.right)
        try:
            await builders.part(history.world, left, right)
        except UnknownName:  # the link stands in the log, but a refusal elsewhere keeps it without effect
            return
        history.parted.add(frozenset((left, right)))


async def _link(history: History) -> None:
    """Two stewards link what is apart, whatever they said before."""
    async with history.look() as tx:
        held = await _held(tx, history)
    apart = [(one.id, other.id) for one, other in combinations(held, 2) if one.person != other.person]
    if apart:
        left, right = history.dice.choice(apart)
        await _settled(history, left, right, "link")
        history.parted.discard(frozenset((left, right)))


async def _answer(history: History) -> None:
    """Stewards answer a doubt of the matcher's."""
    async with history.look() as tx:
        waiting = await reviews.waiting(tx)
    if waiting:
        doubt, verdict = history.dice.choice(waiting), history.dice.choice(("link", "distinct", "unsure"))
        pair = frozenset((doubt.left, doubt.right))
        await builders.settle(history.world, doubt.id, verdict)
        (history.parted.add if verdict == "distinct" else history.parted.discard)(pair)


async def _settled(history: History, left: UUID, right: UUID, verdict: str) -> None:
    registry = history.world.registry
    async with behind.transaction(registry.database) as tx:
        doubt = Doubt(id=tx.new_id(), left=left, right=right, probability=0.5, since=registry.today())
        await reviews.put(tx, registry.house, doubt)
    await builders.settle(history.world, doubt.id, verdict)


async def _look_again(history: History) -> None:
    """Everybody is matched anew, as after new weights."""
    async with history.look() as tx:
        await outbox.put(tx, "match", [each.id for each in await _held(tx, history)])
    await match.run(history.world.registry)


ACTS: Mapping[str, Act] = {
    "handed over again": _again,
    "parted": _part,
    "linked": _link,
    "answered": _answer,
    "matched anew": _look_again,
}


async def _tidy(history: History) -> None:
    """No doubt of one child is left for the next."""
    async with history.look() as tx:
        for each in await reviews.waiting(tx):
            await reviews.settle(tx, each.id)


# --- the checks ------------------------------------------------------------------------------------


async def _check(history: History, outcome: Outcome) -> None:
    async with history.look() as tx:
        held = await _held(tx, history)
        log = await _log(tx, held)
    together = {frozenset(each.members) for each in held}
    outcome.differences += together != _rebuilt(held, log)
    outcome.returned += sum(any(pair <= each for each in together) for pair in history.parted)


def _rebuilt(held: Sequence[Dossier], log: Sequence[StoredJudgement]) -> set[frozenset[UUID]]:
    """The persons as the log of judgements alone gives them."""
    plain = [judged.Dossier(id=each.id.hex, opened_at=each.opened_at) for each in held]
    persons = judged.components(plain, map(linking.as_rule, log)).persons
    return {frozenset(UUID(each) for each in person.dossiers) for person in persons}


async def _held(tx: Transaction, history: History) -> list[Dossier]:
    ids = [
        await keys.only(tx, keys.index_hash(tx, "person", source, history.child.id_at(source)))
        for source in sorted(history.told)
    ]
    return [*(await dossiers.load(tx, [each for each in ids if each])).values()]


async def _log(tx: Transaction, held: Sequence[Dossier]) -> Sequence[StoredJudgement]:
    return await judgements.about(tx, [each.id for each in held])
