"""A source that may hold one person under two numbers is told so, judged on its own two records alone.

Whoever else knows the person, and whether anybody was linked, changes nothing of it (disclosure.md, national system).
The matcher notes which two records it met; the source's question looks at them as they are then, so that a corrected
or erased one is no longer named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from registry.flows import organisations, trail
from registry.flows.opening import Registry
from registry.flows.reader import Reader
from registry.identity import match
from registry.identity.demographics import Demographics
from registry.identity.match import Match, Verdict
from registry.identity.weights import Weights
from registry.store import dossiers, matters
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.functions import Function
from registry.store.matters import Matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    """Two numbers of one source that may be one person, why, and the day it was noticed."""

    numbers: tuple[str, str] = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    since: date


async def note(tx: Transaction, registry: Registry, reader: Reader, own: Dossier, others: Iterable[Dossier]) -> None:
    """Note those of the same source who may be this person; a pair that is noted already is not noted again."""
    of_source = [each for each in others if each.source == own.source and each.id != own.id and each.about]
    alike = [each for each in of_source if _found(reader, own, each, registry.library.weights)]
    if not alike:
        return
    kind = _kind(own.source)
    known = await matters.about(tx, [own.id, *(each.id for each in alike)], kind)
    noted = {frozenset((each.dossier, UUID(each.content["other"]))) for each in known}
    for each in alike:
        if frozenset((own.id, each.id)) not in noted:
            content = {"other": each.id.hex}
            matter = Matter(id=tx.new_id(), dossier=own.id, kind=kind, day=registry.today(), content=content)
            await matters.put(tx, matter, number=matter.id.hex)


async def of_source(registry: Registry, name: str) -> tuple[Twice, ...]:
    """Who a source may hold twice, the first noticed first. Raises UnknownName for one nobody registered."""
    async with registry.database.transaction(Function.INGEST) as tx:
        source = await organisations.named(tx, name)
        noted = await matters.waiting(tx, _kind(source.name))
        held = await dossiers.load(tx, {id for each in noted for id in _pair(each)})
        reader, weights = Reader(), registry.library.weights
        told = [(each, held.get(one), held.get(other)) for each in noted for one, other in [_pair(each)]]
        found = [
            Twice(numbers=(one.local, other.local), words=alike.explanation()[1:], since=each.day)
            for each, one, other in told
            if one and other and (alike := _found(reader, one, other, weights))
        ]
        shown = trail.digest([plain(each) for each in found])
        await trail.write(tx, registry, source.house, "held-twice-shown", source, digest=shown)
    return tuple(found)


def plain(twice: Twice) -> dict[str, Any]:
    """As plain JSON values."""
    return asdict(twice) | {"since": twice.since.isoformat()}


def _found(reader: Reader, one: Dossier, other: Dossier, weights: Weights) -> Match | None:
    """The match of two records that would be linked, were they of two sources; None where they would not."""
    told: list[Demographics] = [reader.told(one), reader.told(other)]
    found = match.decide(*told, weights)
    return found if found.verdict is Verdict.LINK else None


def _pair(noted: Matter) -> tuple[UUID, UUID]:
    return noted.dossier, UUID(noted.content["other"])


def _kind(source: str) -> str:
    return f"held-twice {source}"
