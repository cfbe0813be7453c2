"""People as the flows find them: candidates by keyed hashes, gathered into the persons they belong to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from registry.flows import filing
from registry.flows.filing import Hashed
from registry.flows.reader import Reader
from registry.identity import keys as match_keys
from registry.identity import match, sketch
from registry.identity.demographics import Demographics
from registry.identity.match import PersonView, Verdict
from registry.identity.vetoes import Veto
from registry.identity.weights import Weights
from registry.store import dossiers, keys
from registry.store.database import Transaction
from registry.store.dossiers import Dossier

MOST = 150
"""At most this many dossiers are opened for one question, those that share most keys and the rarest first. Of 1,913
mates among a million .989 are among them (.994 among 300; .9984 share a key at all), and of those whom a rule would
link or put to a steward all but one."""

FIRST, MOST_COMPARED = 12, 25
TELLING = 10.0
"""Whoever's keys and sketch say most for a question is compared: the first twelve, of the first twenty-five those for
whom ten bits speak, and whoever shares a number of identity. Of 633 mates among a million and 1,071 of the independent
world none is lost by first eight and ten bits; with fewer, 1,350 questions were answered as they are when 400 are
opened and 60 compared, with every twin and rival among those."""


def is_of_person(dossier: Dossier) -> bool:
    """Whether a dossier tells who somebody is; an organisation's house does not."""
    return (dossier.about or {}).get("resourceType") == "Patient"


def fits(reader: Reader, told: Demographics, child: Iterable[Dossier], weights: Weights) -> bool:
    """Whether a description may be of the child of these dossiers: it fits one of them, and none speaks against it.

    For where somebody already pointed at the child, with a card or a summary: that alone may be the sister's.
    """
    held = [reader.told(each) for each in child if each.about is not None]
    is_near = any(_is_near(told, each, weights) for each in held)
    return is_near and not match.contradicts([told], held, weights)


def _is_near(told: Demographics, held: Demographics, weights: Weights) -> bool:
    """Whether nothing speaks against a dossier. One spelling of two names (Kamel) may be a twin's for who only says
    it; whoever was pointed at bears the name as it is written."""
    found = match.decide(told, held, weights)
    alike = {each.text.casefold() for each in told.given} & {each.text.casefold() for each in held.given}
    against = {*found.vetoes} - ({Veto.SLIP, Veto.NOT_OF_THE_CHILD} if alike else set())
    return found.verdict is not Verdict.DISTINCT and not against


async def weights(tx: Transaction, of_file: Weights) -> Weights:
    """The weights for a registry as large as this one: the more people, the likelier a namesake.

    Children who moved have about two dossiers each.
    """
    return of_file.among(await dossiers.about_how_many(tx) // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who shares a key with somebody who is so described, beside the dossiers it is asked for?"""

    asked: tuple[int, ...]
    beside: frozenset[UUID] = frozenset()
    told: Demographics = field(repr=False)
    keys: Hashed = field(repr=False, compare=False)


def question(tx: Transaction, told: Demographics, *, beside: Iterable[UUID] = ()) -> Question:
    """The question who may be somebody who is so described."""
    hashed = filing.hashed(tx, match_keys.asked(told))
    return Question(asked=tuple(sorted(hashed)), beside=frozenset(beside), told=told, keys=hashed)


Near = Mapping[UUID, float]
"""Dossiers, and how much the keys say that each shares with a question, in bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """The ids of who shares which key, and the dossiers met so far: of several questions, read in a few statements.

    Keys that gave way tell nothing by themselves; `beside` are the narrower ones asked for as well, by who is meant.
    """

    shared: Mapping[int, Sequence[bytes]]
    gave_way: frozenset[int]
    beside: Mapping[Demographics, frozenset[int]]
    met: dict[UUID, Dossier] = field(default_factory=dict[UUID, Dossier], repr=False)
    nearest: dict[Question, Near] = field(default_factory=dict[Question, Near], repr=False)


async def neighbourhood(tx: Transaction, questions: Sequence[Question]) -> Neighbourhood:
    """Read what all these questions will need."""
    shared: dict[int, Sequence[bytes]] = {}
    gave_way: set[int] = set()
    beside: dict[Demographics, frozenset[int]] = {each.told: frozenset() for each in questions}
    unread = {each.told: each.keys for each in questions}
    while asked := {key for held in unread.values() for key in held}:
        found = await keys.shared(tx, asked)
        shared |= found.ids
        gave_way |= found.gave_way
        unread = {told: _beside(tx, told, held, found.gave_way) for told, held in unread.items()}
        beside = {told: held | unread[told].keys() for told, held in beside.items()}
    around = Neighbourhood(shared=shared, gave_way=frozenset(gave_way), beside=beside)
    near = {dossier for each in questions for dossier in (*_nearest(around, each), *each.beside)}
    await _with_fellows(tx, around, near)
    return around


def _beside(tx: Transaction, told: Demographics, held: Hashed, gave_way: frozenset[int]) -> Hashed:
    """The narrower keys of those that gave way."""
    common = [each for key, each in held.items() if key in gave_way]
    return filing.hashed(tx, (each for key in common for each in match_keys.asked_beside(key, told)))


async def candidates(
    tx: Transaction, reader: Reader, question: Question, around: Neighbourhood | None = None
) -> tuple[PersonView, ...]:
    """Those who share most with the question, as whole persons, without the dossiers beside it."""
    around = around or await neighbourhood(tx, [question])
    near = _nearest(around, question)
    held = await _with_fellows(tx, around, near)
    gathered = _gathered(each for each in held if each.id not in question.beside)
    return _persons(reader, _foremost(reader, question, around, gathered))


def _foremost(reader: Reader, question: Question, around: Neighbourhood, persons: Persons) -> Persons:
    """The persons to compare: those of whom some dossier says most for the question.

    And whoever shares a number of identity: that two people have one is a fault somebody must look at.
    """
    asked, near = sketch.of(question.told), _nearest(around, question)
    numbers = (key for key, plain in question.keys.items() if plain.kind == "identifier")
    numbered = {UUID(bytes=each) for key in numbers for each in around.shared.get(key, ())}

    def says(person: UUID) -> float:
        return max(near.get(each.id, 0.0) + sketch.agreement(asked, reader.sketch(each)) for each in persons[person])

    ranked = sorted(((says(each), each) for each in persons), key=lambda each: (-each[0], each[1]))[:MOST_COMPARED]
    first = {each for at, (bits, each) in enumerate(ranked) if at < FIRST or bits >= TELLING}
    return {id: held for id, held in persons.items() if id in first or any(each.id in numbered for each in held)}


async def _with_fellows(tx: Transaction, around: Neighbourhood, ids: Iterable[UUID]) -> list[Dossier]:
    """These dossiers and all others of their persons."""
    near = {*ids}
    fellows = {member for each in await met(tx, around, near) for member in each.members}
    return await met(tx, around, near | fellows)


async def met(tx: Transaction, around: Neighbourhood, ids: Iterable[UUID]) -> list[Dossier]:
    """Dossiers as this transaction knows them: one it holds as it is now, any other as it was first read."""
    wanted = sorted(ids)
    around.met.update(await dossiers.load(tx, [each for each in wanted if each not in around.met]))
    known = (tx.held.get(each) or around.met.get(each) for each in wanted)
    return [each for each in known if each is not None]


Persons = Mapping[UUID, Sequence[Dossier]]


def _gathered(of: Iterable[Dossier]) -> Persons:
    """Dossiers that tell of somebody, by the person they belong to."""
    gathered: dict[UUID, list[Dossier]] = defaultdict(list)
    for each in of:
        if each.about is not None:
            gathered[each.person].append(each)
    return gathered


def _persons(reader: Reader, persons: Persons) -> tuple[PersonView, ...]:
    """The persons in an order that does not depend on how they came."""
    return tuple(
        PersonView(id=person.hex, members=tuple(reader.subject(each) for each in _by_id(members)))
        for person, members in sorted(persons.items())
    )


def _by_id(members: Sequence[Dossier]) -> list[Dossier]:
    return sorted(members, key=lambda each: each.id)


def sharing(around: Neighbourhood, question: Question) -> set[UUID]:
    """The nearest dossiers of a question, and of those beside it the ones that share a key with it as well."""
    asked = (*question.asked, *around.beside[question.told])
    fellows = {each for each in question.beside if any(each.bytes in around.shared.get(key, ()) for key in asked)}
    return {*_nearest(around, question), *fellows}


def _nearest(around: Neighbourhood, question: Question) -> Near:
    """The dossiers that share the most with a question; looked for once."""
    if question not in around.nearest:
        around.nearest[question] = _ranked(around, question)
    return around.nearest[question]


def _ranked(around: Neighbourhood, question: Question) -> Near:
    """Dossiers by how many keys they share, and how much those tell: a key that many have tells little.

    What keys say counts half, because several of them say one fact.
    """
    weight: dict[bytes, float] = defaultdict(float)
    shares: dict[bytes, int] = defaultdict(int)
    for key in (*question.asked, *around.beside[question.told]):
        rows = around.shared.get(key, ())
        is_open = key not in around.gave_way
        tells = math.log2((keys.PER_KEY + 1) / max(len(rows), 1)) / 2 if is_open else 0.0
        for dossier in rows:
            weight[dossier] += tells
            shares[dossier] += is_open
    beside = {each.bytes for each in question.beside}
    ranked = sorted((-bits - _A_KEY * shares[each], each) for each, bits in weight.items() if each not in beside)
    return {UUID(bytes=dossier): weight[dossier] for _, dossier in ranked[:MOST]}


_A_KEY = 2.0
"""Bits for any key that is shared, however common."""
