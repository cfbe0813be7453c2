"""People as the flows find them: candidates by keyed hashes, gathered into the persons they belong to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from registry.fhir.resource import Content
from registry.identity import demographics, match
from registry.identity import keys as match_keys
from registry.identity.demographics import Demographics
from registry.identity.keys import Key
from registry.identity.match import PersonView, Subject, Verdict
from registry.identity.vetoes import Veto
from registry.identity.weights import Weights
from registry.store import dossiers, keys
from registry.store.database import Transaction
from registry.store.dossiers import Dossier

MOST = 300
"""At most this many dossiers are opened for one question, those that share the rarest keys first."""


class Reader:
    """Reads the demographics of dossiers, each once for what it says; forgotten with the work it was made for."""

    def __init__(self) -> None:
        self._read: dict[UUID, tuple[Content, Demographics]] = {}

    def told(self, dossier: Dossier) -> Demographics:
        """The demographics a dossier was last told; it must have a Patient."""
        about = dossier.about or {}
        known = self._read.get(dossier.id)
        if known is None or known[0] != about:
            known = self._read[dossier.id] = (about, demographics.of(about))
        return known[1]

    def subject(self, dossier: Dossier) -> Subject:
        return Subject(id=dossier.id.hex, source=dossier.source, demographics=self.told(dossier))


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


async def filed(tx: Transaction, reader: Reader, of: Sequence[Dossier]) -> list[Dossier]:
    """The dossiers filed under the match keys of what they say now, and no longer under those of what they said.

    Filed on arrival, before anybody is matched: the twin in the same hand-over is to be seen.
    """
    fresh = [replace(each, keys=hashed(tx, match_keys.stored(reader.told(each)))) for each in of]
    before = {each.id: each.keys for each in of}
    await keys.remove(tx, [(key, each.id) for each in fresh for key in {*before[each.id]} - {*each.keys}])
    await keys.add(tx, [(key, each.id) for each in fresh for key in {*each.keys} - {*before[each.id]}])
    return fresh


async def weights(tx: Transaction, of_file: Weights) -> Weights:
    """The weights for a registry as large as this one: the more people, the likelier a namesake.

    Children who moved have about two dossiers each.
    """
    return of_file.among(await dossiers.about_how_many(tx) // 2)


def hashed(tx: Transaction, plain: Iterable[Key]) -> tuple[int, ...]:
    """Match keys as the store knows them."""
    return tuple(sorted({keys.match_hash(tx, each.kind, *each.parts) for each in plain}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who shares one of these keys, beside the dossiers it is asked for?"""

    asked: tuple[int, ...]
    beside: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """Who shares which key, and the dossiers met so far: of several questions, read in a few statements."""

    shared: Mapping[int, Sequence[UUID]]
    met: dict[UUID, Dossier] = field(default_factory=dict[UUID, Dossier], repr=False)
    nearest: dict[Question, list[UUID]] = field(default_factory=dict[Question, list[UUID]], repr=False)


async def neighbourhood(tx: Transaction, questions: Sequence[Question]) -> Neighbourhood:
    """Read what all these questions will need."""
    around = Neighbourhood(shared=await keys.sharing(tx, {key for each in questions for key in each.asked}))
    near = {dossier for each in questions for dossier in (*_nearest(around, each), *each.beside)}
    await _with_fellows(tx, around, near)
    return around


async def candidates(
    tx: Transaction, reader: Reader, question: Question, around: Neighbourhood | None = None
) -> tuple[PersonView, ...]:
    """Everybody who shares a key with the question, as whole persons, except the dossiers beside it."""
    around = around or await neighbourhood(tx, [question])
    near = await _with_fellows(tx, around, _nearest(around, question))
    return _persons(reader, (each for each in near if each.id not in question.beside))


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


def _persons(reader: Reader, of: Iterable[Dossier]) -> tuple[PersonView, ...]:
    """Dossiers gathered into the persons they belong to, in an order that does not depend on how they came."""
    gathered: dict[UUID, list[Dossier]] = defaultdict(list)
    for each in of:
        if each.about is not None:
            gathered[each.person].append(each)
    return tuple(
        PersonView(id=person.hex, members=tuple(reader.subject(each) for each in _by_id(members)))
        for person, members in sorted(gathered.items())
    )


def _by_id(members: Sequence[Dossier]) -> list[Dossier]:
    return sorted(members, key=lambda each: each.id)


def _nearest(around: Neighbourhood, question: Question) -> list[UUID]:
    """The dossiers that share the most with a question; looked for once."""
    if question not in around.nearest:
        around.nearest[question] = _ranked(around, question)
    return around.nearest[question]


def _ranked(around: Neighbourhood, question: Question) -> list[UUID]:
    """Dossiers by how much the keys they share tell: a key that many have tells little."""
    weight: dict[UUID, float] = defaultdict(float)
    for key in question.asked:
        rows = around.shared.get(key, ())
        tells = math.log((keys.PER_KEY + 1) / max(len(rows), 1))
        for dossier in rows:
            weight[dossier] += tells
    ranked = sorted((-each, dossier.bytes, dossier) for dossier, each in weight.items())
    return [dossier for *_, dossier in ranked if dossier not in question.beside][:MOST]
