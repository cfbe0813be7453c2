"""People as the flows find them: candidates by keyed hashes, gathered into the persons they belong to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from registry.fhir import resource
from registry.fhir.resource import Content
from registry.identity import demographics, match
from registry.identity import keys as match_keys
from registry.identity.demographics import Demographics
from registry.identity.keys import Key
from registry.identity.match import PersonView, Subject, Verdict
from registry.identity.weights import Weights
from registry.store import dossiers, keys
from registry.store.database import Transaction
from registry.store.dossiers import Dossier

MOST = 300
"""At most this many dossiers are opened for one question, those that share the rarest keys first."""


class Reader:
    """Reads the demographics of dossiers, each once; forgotten with the transaction it was made for."""

    def __init__(self) -> None:
        self._read: dict[UUID, tuple[Content, Demographics]] = {}

    def told(self, dossier: Dossier) -> Demographics:
        """The demographics a dossier was last told; it must have a Patient."""
        about = dossier.about or {}
        known = self._read.get(dossier.id)
        if known is None or known[0] != about:
            known = self._read[dossier.id] = (about, demographics.of(resource.of(about)))
        return known[1]

    def subject(self, dossier: Dossier) -> Subject:
        return Subject(id=dossier.id.hex, source=dossier.source, demographics=self.told(dossier))


def fits(reader: Reader, told: Demographics, child: Iterable[Dossier], weights: Weights) -> bool:
    """Whether a description may be of the child of these dossiers: it fits one of them, and none speaks against it.

    For where somebody already pointed at the child, with a card or a summary: that alone may be the sister's.
    """
    held = [reader.told(each) for each in child if each.about is not None]
    found = (match.decide(told, each, weights) for each in held)
    is_near = any(each.verdict is not Verdict.DISTINCT and not each.vetoes for each in found)
    return is_near and not match.contradicts([told], held, weights)


async def filed(tx: Transaction, reader: Reader, of: Sequence[Dossier]) -> list[Dossier]:
    """The dossiers filed under the match keys of what they say now, and no longer under those of what they said.

    Filed on arrival, before anybody is matched: the twin in the same hand-over is to be seen.
    """
    fresh = [replace(each, keys=tuple(hashed(tx, match_keys.stored(reader.told(each))))) for each in of]
    before = {each.id: each.keys for each in of}
    await keys.remove(tx, [(key, each.id) for each in fresh for key in {*before[each.id]} - {*each.keys}])
    await keys.add(tx, [(key, each.id) for each in fresh for key in {*each.keys} - {*before[each.id]}])
    return fresh


async def weights(tx: Transaction, of_file: Weights) -> Weights:
    """The weights for a registry as large as this one: the more people, the likelier a namesake.

    Children who moved have about two dossiers each.
    """
    return of_file.among(await dossiers.about_how_many(tx) // 2)


def hashed(tx: Transaction, plain: Iterable[Key]) -> list[int]:
    """Match keys as the store knows them."""
    return sorted({keys.match_hash(tx, each.kind, *each.parts) for each in plain})


async def candidates(
    tx: Transaction, reader: Reader, asked: Iterable[int], *, beside: frozenset[UUID] = frozenset()
) -> tuple[PersonView, ...]:
    """Everybody who shares a key with the question, as whole persons, except the dossiers `beside`."""
    shared = await keys.sharing(tx, asked)
    near = await dossiers.load(tx, [each for each in _ranked(shared) if each not in beside][:MOST])
    fellows = {member for each in near.values() for member in each.members} - near.keys() - beside
    everyone = {**near, **await dossiers.load(tx, fellows)}
    return _persons(reader, everyone.values())


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


def _ranked(shared: Mapping[int, Sequence[UUID]]) -> list[UUID]:
    """Dossiers by how much their shared keys tell: a key that many have tells little."""
    weight: dict[UUID, float] = defaultdict(float)
    for rows in shared.values():
        for dossier in rows:
            weight[dossier] += math.log((keys.PER_KEY + 1) / len(rows))
    return sorted(weight, key=lambda each: (-weight[each], each))
