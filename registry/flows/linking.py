"""From judgements to persons in the store: recorded, and the persons around them gathered anew.

A person is never written by hand: it is computed from the standing judgements about its dossiers, after every one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from registry.flows.opening import Registry
from registry.identity import judgements as rules
from registry.identity.judgements import Components, Judgement, Kind
from registry.store import dossiers, judgements
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.judgements import StoredJudgement


async def record(tx: Transaction, registry: Registry, judgement: StoredJudgement) -> bool:
    """Record a judgement and gather the persons it touches; False, and nothing recorded, for a link that a refusal
    between the two persons or a human's word about the pair forbids."""
    known, log = await _around(tx, [judgement.left, judgement.right])
    components = _components(known, [*log, judgement])
    if judgement.kind == Kind.LINK.value and not _joins(components, judgement):
        return False
    await judgements.append(tx, judgement, today=registry.today())
    await _rewrite(tx, known, components)
    return True


def _joins(components: Components, link: StoredJudgement) -> bool:
    """Whether the link has its effect: a human's word about the pair or a refusal between the persons may stand."""
    return any({link.left.hex, link.right.hex} <= set(person.dossiers) for person in components.persons)


async def gather(tx: Transaction, around: Iterable[UUID]) -> list[tuple[UUID, ...]]:
    """Compute the persons around these dossiers anew; returns the dossiers of each."""
    known, log = await _around(tx, around)
    components = _components(known, log)
    await _rewrite(tx, known, components)
    return [tuple(UUID(each) for each in person.dossiers) for person in components.persons]


async def _around(tx: Transaction, start: Iterable[UUID]) -> tuple[dict[UUID, Dossier], tuple[StoredJudgement, ...]]:
    """Everything connected with these dossiers by membership or by links, held for writing."""
    known: dict[UUID, Dossier] = {}
    log: dict[UUID, StoredJudgement] = {}
    wanted = set(start)
    while wanted:
        met = await dossiers.load(tx, wanted, lock=True)
        found = await dossiers.load(tx, {member for each in met.values() for member in each.members}, lock=True)
        told = await judgements.about(tx, found)
        known.update(found)
        log.update((each.id, each) for each in told)
        linked = {end for each in told if each.kind == Kind.LINK.value for end in (each.left, each.right)}
        wanted = linked - known.keys() - wanted  # what was wanted and not found is erased
    return known, tuple(log.values())


def _components(known: dict[UUID, Dossier], log: Iterable[StoredJudgement]) -> Components:
    held = [rules.Dossier(id=each.id.hex, opened_at=each.opened_at) for each in known.values()]
    return rules.components(held, [as_rule(each) for each in log])


def as_rule(stored: StoredJudgement) -> Judgement:
    """A stored judgement in the words of the rules."""
    return Judgement(
        id=stored.id.hex,
        left=stored.left.hex,
        right=stored.right.hex,
        kind=Kind(stored.kind),
        by=stored.by,
        at=stored.at,
    )


async def _rewrite(tx: Transaction, known: dict[UUID, Dossier], components: Components) -> None:
    changed: list[Dossier] = []
    for person in components.persons:
        members = tuple(UUID(each) for each in person.dossiers)
        for each in members:
            gathered = replace(known[each], person=UUID(person.id), members=members)
            if gathered != known[each]:
                changed.append(gathered)
    await dossiers.rewrite(tx, changed)
