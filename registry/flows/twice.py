"""A source that may hold one person under two numbers is told so, judged on its own two records alone.

Whether anybody was linked changes nothing of it (disclosure.md, national system): a pair is met only because its two
records share a key themselves, never by way of another source's. The matcher notes the pair; the source's question
looks at both records as they are then, so that a corrected or erased one is no longer named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from registry.errors import UnknownName
from registry.flows import organisations, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Kind
from registry.flows.reader import Reader
from registry.identity import match
from registry.identity.match import Match, Verdict
from registry.identity.weights import Weights
from registry.store import dossiers, matters
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.functions import Function
from registry.store.matters import Matter

MOST_TOLD = 1_000
"""Pairs a source is told at once, those noticed last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    """Two numbers of one source that may be one person, why, and the day it was noticed."""

    numbers: tuple[str, str] = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    since: date


async def note(tx: Transaction, registry: Registry, reader: Reader, own: Dossier, near: Iterable[Dossier]) -> None:
    """Note the first opened of those that share a key with `own` and may be it in the same source, once.

    One for each dossier, however many copies there are: the copies meet in the first.
    """
    of_source = [each for each in near if each.source == own.source and each.id != own.id and each.about]
    alike = [each for each in of_source if _found(reader, own, each, registry.library.weights)]
    if not alike or not await _is_system(tx, own.source):
        return
    first, kind = min(alike, key=lambda each: (each.opened_at, each.id)), _kind(own.source)
    noted = await matters.about(tx, [own.id, first.id], kind)
    if {own.id, first.id} not in [{*_pair(each)} for each in noted]:
        content = {"other": first.id.hex}
        matter = Matter(id=tx.new_id(), dossier=own.id, kind=kind, day=registry.today(), content=content)
        await matters.put(tx, matter, number=first.id.hex)


async def _is_system(tx: Transaction, source: str) -> bool:
    """Whether somebody may be told: a desk learns nothing of what it did not ask."""
    try:
        return (await organisations.named(tx, source)).kind is Kind.SOURCE
    except UnknownName:
        return False


async def of_source(registry: Registry, name: str) -> tuple[Twice, ...]:
    """Whom a national system may hold twice. Raises UnknownName for one nobody registered, NotPermitted for a desk."""
    async with registry.database.transaction(Function.INGEST) as tx:
        source = await organisations.named(tx, name)
        source.must_be(Kind.SOURCE)
        noted = (await matters.waiting(tx, _kind(source.name)))[-MOST_TOLD:]
        held = await dossiers.load(tx, {id for each in noted for id in _pair(each)})
        reader, weights = Reader(), registry.library.weights
        told = [(each.day, *map(held.get, _pair(each))) for each in noted]
        found = tuple(
            Twice(numbers=(one.local, other.local), words=alike.reasons(), since=day)
            for day, one, other in told
            if one and other and (alike := _found(reader, one, other, weights))
        )
        shown = trail.digest([plain(each) for each in found])
        await trail.write(tx, registry, source.house, "held-twice-shown", source, digest=shown)
    return found


async def forget(tx: Transaction, erased: Iterable[Dossier]) -> None:
    """Remove the notes that name dossiers which are erased; those about them go with them."""
    await matters.forget(tx, [(_kind(each.source), each.id.hex) for each in erased])


def plain(twice: Twice) -> dict[str, Any]:
    """As plain JSON values."""
    return asdict(twice) | {"since": twice.since.isoformat()}


def _found(reader: Reader, one: Dossier, other: Dossier, weights: Weights) -> Match | None:
    """The match of two records that would be linked, were they of two sources; None where they would not."""
    told = reader.told(one), reader.told(other)
    if not match.may_be_one(*told, weights):
        return None
    found = match.decide(*told, weights)
    return found if found.verdict is Verdict.LINK else None


def _pair(noted: Matter) -> tuple[UUID, UUID]:
    return noted.dossier, UUID(noted.content["other"])


def _kind(source: str) -> str:
    return f"held-twice {source}"
