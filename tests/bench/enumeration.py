"""A virtual day: stolen credentials try a dictionary of names while honest clinics do their work.

Half of the clinics are in the hands of somebody who tries names: most drawn from the very distribution of the
population, some true descriptions from a list of wanted people, which is a good one: all on it are families that
named some clinic. The honest half asks about the children before it, of whom a share is unknown. Everything goes
through the real flows; only the clock is made, and the people stand alone: each is filed under its keys on arrival
as in a hand-over, and only those whose families come are matched.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from registry.flows import budgets, match, organisations, release, rights
from registry.flows.organisations import Caller, Kind
from registry.flows.release import Asked
from registry.settings import Settings
from tests.support import behind, builders
from tests.support.builders import VACCINES, Child, World

GIVEN = (
    "Amina Bilal Chahinez Djamel Fatima Ghania Houria Ismail Jamila Khaled Lamia Mounir Nadia Omar Rania Salim Tarek "
    "Wafa Yasmine Zakaria Anis Badra Cherif Dalila Farouk Hayet Ikram Kamel Leila Mehdi Naima Ramzi Sabrina Toufik "
    "Widad Younes Zohra Adel Basma Hocine Imene Karima Lotfi Malika Nassim Rachid Samir Souhila Walid Zineb"
)
FAMILY = (
    "Abbas Belkacem Chaoui Derradji Ferhat Guerfi Hamdi Ighil Kaci Larbi Mansouri Naceri Ouali Rahmani Saadi Taleb "
    "Yahiaoui Zerdani Amrani Benali Cherifi Djebbar Fodil Gacem Haddad Kebir Lounes Mahdi Nouri Rezki Slimani Tahar "
    "Boualem Meziane Hadjadj Khelifi Bouzid Ziani Brahimi Mokrani Laouar Sahraoui Bensalem Touati Merabet"
)
STEP = timedelta(minutes=10)
STEPS = 8 * 6
CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The size of the day. `wanted` is the share of true descriptions among what the fishers try."""

    people: int = 100_000
    clinics: int = 50
    asked: int = 20
    unknown: float = 0.3
    probes: int = 100
    wanted: float = 0.2
    consents_of_stolen: int = 5


@dataclass(kw_only=True)
class Outcome:
    """What the day came to.

    `open_to_fishers` are probes about a child whose family named that very clinic: without budgets and alerts each
    would be confirmed. `by_card` are the answers that came only when the family showed its card: some children cannot
    be told from others by what a desk knows of them.
    """

    people: int = 0
    confirmed: int = 0
    open_to_fishers: int = 0
    probes: int = 0
    probes_before_alert: int | None = None
    halted: int = 0
    consented: int = 0
    answered: int = 0
    by_card: int = 0
    honest_alerts: int = 0

    @property
    def honest_share(self) -> float:
        return self.answered / max(self.consented, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question of the day, whether the family named this clinic, and the card of a family that is there."""

    caller: Caller = field(repr=False)
    child: Child = field(repr=False)
    fishes: bool
    consented: bool = False
    card: str = field(default="", repr=False)


def somebody(dice: random.Random, number: int) -> Child:
    """A child of the population; names are drawn unevenly, as names are given."""
    given, father, grandfather, mother = (_drawn(dice, GIVEN.split()) for _ in range(4))
    return Child(
        given=given, father=father, grandfather=grandfather, mother=mother, family=_drawn(dice, FAMILY.split()),
        born=date(builders.START.year - 12, 1, 1) + timedelta(days=dice.randrange(10 * 365)),
        sex=dice.choice(("male", "female")), village="", phone=f"+9995{number:07d}",
        ids={VACCINES: f"p{number}"},
    )  # fmt: skip


def _drawn(dice: random.Random, names: Sequence[str]) -> str:
    return names[min(int(dice.expovariate(1 / 14)), len(names) - 1)]


async def play(settings: Settings, day: Day, *, seed: int = 1) -> Outcome:
    """Fill a registry, play the day, say what came of it."""
    dice = random.Random(seed)
    async with builders.world(settings) as world:
        people = [somebody(dice, number) for number in range(day.people)]
        for at in range(0, len(people), CHUNK):
            await _handed_over(world, people[at : at + CHUNK])
        await _forget_matching(world)
        outcome = Outcome(people=len(people))
        await _played(world, await _turns(world, day, people, dice), outcome)
        return outcome


async def _handed_over(world: World, people: Sequence[Child]) -> None:
    told = [builders.patient(each, VACCINES, identifier=None) for each in people]
    receipt = await builders.hand_over(world, VACCINES, *told)
    assert receipt.counts["stored"] == len(people), "a registry that set its people aside proves nothing"


async def _forget_matching(world: World) -> None:
    """Nobody of this population is known twice; only its families are matched."""
    async with behind.transaction(world.registry.database) as tx:
        await tx.connection.execute("DELETE FROM registry.outbox")


async def _turns(world: World, day: Day, people: Sequence[Child], dice: random.Random) -> list[Turn]:
    fresh = iter(dice.sample(people, len(people)))
    clinics = [await _clinic(world, number) for number in range(2 * day.clinics)]
    honest, stolen = clinics[::2], clinics[1::2]
    turns = [turn for each in honest for turn in await _honest(world, day, each, fresh, dice)]
    named = [(each, child) for each in stolen for child in await _named(world, day, each, fresh)]
    wanted = [*((each.caller, each.child) for each in turns if each.consented), *named]
    turns += [_probe(day, each, wanted, dice) for each in stolen for _ in range(day.probes)]
    dice.shuffle(turns)
    return turns


async def _clinic(world: World, number: int) -> Caller:
    made = await organisations.register(
        world.registry, name=f"clinic-{number}", display=f"Clinic {number}", kind=Kind.CLINIC, country="XAL"
    )
    return replace(made.caller, user="desk-1")


async def _honest(world: World, day: Day, caller: Caller, fresh: Iterator[Child], dice: random.Random) -> list[Turn]:
    """A clinic's day: the children before it, most of whose families named it."""
    turns: list[Turn] = []
    for _ in range(day.asked):
        if dice.random() < day.unknown:
            turns.append(Turn(caller=caller, child=_stranger(dice), fishes=False))
        else:
            child = next(fresh)
            card = await _consented(world, caller, child)
            turns.append(Turn(caller=caller, child=child, fishes=False, consented=True, card=card))
    return turns


async def _named(world: World, day: Day, caller: Caller, fresh: Iterator[Child]) -> list[Child]:
    """The children whose families named this clinic before its key was stolen."""
    children = [next(fresh) for _ in range(day.consents_of_stolen)]
    for each in children:
        await _consented(world, caller, each)
    return children


def _probe(day: Day, caller: Caller, wanted: Sequence[tuple[Caller, Child]], dice: random.Random) -> Turn:
    if dice.random() >= day.wanted:
        return Turn(caller=caller, child=_stranger(dice), fishes=True)
    named, child = dice.choice(wanted)
    return Turn(caller=caller, child=child, fishes=True, consented=named == caller)


def _stranger(dice: random.Random) -> Child:
    """Somebody with names such as people have here, whom the registry does not know."""
    return somebody(dice, dice.randrange(10**6, 10**7))


async def _consented(world: World, caller: Caller, child: Child) -> str:
    """A family comes to a clinic and names it; its card."""
    family = await rights.open_family(world.registry, caller, builders.description(child))
    await match.run(world.registry)
    yes = rights.Answer(
        domain="health", organisation=caller.name, until=world.clock.now.date() + timedelta(days=30), agreed=True,
        fled=frozenset({"XBK"}), understood=True, interview=builders.interviewed(),
    )  # fmt: skip
    await rights.give(world.registry, caller, family.card, yes)
    return family.card


async def _played(world: World, turns: Sequence[Turn], outcome: Outcome) -> None:
    per_step = -(-len(turns) // STEPS)
    for at, turn in enumerate(turns):
        if at % per_step == 0:
            world.clock.advance(minutes=STEP.total_seconds() / 60)
            await budgets.watch(world.registry)
        await (_tried if turn.fishes else _asked)(world, turn, outcome)
    honest = {each.caller.name for each in turns if not each.fishes}
    alerts = await budgets.standing(world.registry)
    outcome.honest_alerts = len({each.organisation for each in alerts} & honest)
    outcome.halted = len({each.organisation for each in alerts if each.organisation} - honest)


async def _tried(world: World, turn: Turn, outcome: Outcome) -> None:
    outcome.probes += 1
    outcome.open_to_fishers += turn.consented
    outcome.confirmed += await release.ask(world.registry, turn.caller, _question(turn)) is not None
    if outcome.probes_before_alert is None and await budgets.standing(world.registry):
        outcome.probes_before_alert = outcome.probes


async def _asked(world: World, turn: Turn, outcome: Outcome) -> None:
    is_answered = await release.ask(world.registry, turn.caller, _question(turn)) is not None
    assert turn.consented or not is_answered, "an honest clinic was told of a child it must not know"
    if turn.consented and not is_answered:
        is_answered = (
            await release.ask(world.registry, turn.caller, replace(_question(turn), card=turn.card)) is not None
        )
        outcome.by_card += is_answered
    outcome.consented += turn.consented
    outcome.answered += is_answered


def _question(turn: Turn) -> Asked:
    return Asked(description=builders.description(turn.child, *builders.AT_A_DESK), grounds="treatment")
