"""Who is who: one serial worker takes queued dossiers and links each to the person it belongs to.

Serial on purpose: matching inside concurrent ingests misses the mate when both arrive at once, and would make the
time of a receipt tell whether somebody is known. Nothing here is told to a source or a desk.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from registry.errors import Unavailable
from registry.flows import linking, people, trail
from registry.flows.opening import Registry
from registry.identity import judgements as rules
from registry.identity import keys as match_keys
from registry.identity import match
from registry.identity.judgements import Kind
from registry.identity.match import Match, PersonView, Verdict
from registry.store import dossiers, judgements, keys, outbox, reviews
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.judgements import StoredJudgement
from registry.store.reviews import Doubt

BATCH = 25
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How many dossiers were looked at, linked, put into the review queue, or left as persons of their own."""

    seen: int = 0
    linked: int = 0
    reviewed: int = 0
    new: int = 0


async def run(registry: Registry, *, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Match everything that is queued. Safe to run in several processes: one works, the others wait their turn."""
    counted: Counter[str] = Counter()
    while True:
        batch = await _batch(registry)
        if batch is None:
            break
        counted.update(batch)
        progress(batch.total())
    return Report(seen=counted.total(), linked=counted["linked"], reviewed=counted["reviewed"], new=counted["new"])


async def waiting(registry: Registry) -> int:
    """How many dossiers are queued."""
    async with registry.database.transaction() as tx:
        return await outbox.waiting(tx, "match")


async def _batch(registry: Registry) -> Counter[str] | None:
    """One transaction's worth of matching; None when nothing is queued. Tried again when two writers met."""
    for attempt in range(_ATTEMPTS):
        try:
            async with registry.database.transaction() as tx:
                queued = await outbox.take(tx, "match", BATCH)
                if not queued:
                    return None
                unique = dict.fromkeys(queued)
                return Counter([await _one(tx, registry, dossier) for dossier in unique])
        except Unavailable as error:
            if attempt == _ATTEMPTS - 1 or "two writers" not in error.remedy:
                raise
    return None


async def _one(tx: Transaction, registry: Registry, id: UUID) -> str:
    """Match one dossier; the word for what came of it."""
    held = (await dossiers.load(tx, [id], lock=True)).get(id)
    if held is None or held.about is None:  # erased meanwhile, or nothing to match by yet
        return "gone"
    own = await _with_keys(tx, held)
    told = people.told(own)
    asked = people.hashed(tx, match_keys.asked(told))
    found = await people.candidates(tx, asked, beside=frozenset(own.members))
    log = await judgements.about(tx, own.members)
    open_to = [each for each in found if not _is_refused(each, own, log)]
    resolution = match.resolve(people.subject(own), open_to, registry.library.weights)
    by_id = {each.id: each for each in open_to}
    doubts = [(by_id[person], each) for person, each in resolution.reviews]
    linked = False
    if resolution.link is not None and resolution.match is not None:
        linked = await _link(tx, registry, own, by_id[resolution.link], resolution.match)
        if not linked:
            doubts.append((by_id[resolution.link], resolution.match))
    queued = [await _doubt(tx, registry, own, person, each, log) for person, each in doubts]
    return "linked" if linked else "reviewed" if any(queued) else "new"


async def _with_keys(tx: Transaction, held: Dossier) -> Dossier:
    """The dossier filed under the keys of what it says now, and no longer under those of what it said."""
    fresh = tuple(people.hashed(tx, match_keys.stored(people.told(held))))
    if fresh == held.keys:
        return held
    await keys.remove(tx, [(key, held.id) for key in set(held.keys) - set(fresh)])
    await keys.add(tx, [(key, held.id) for key in fresh])
    updated = replace(held, keys=fresh)
    await dossiers.rewrite(tx, [updated])
    return updated


def _is_refused(person: PersonView, own: Dossier, log: Iterable[StoredJudgement]) -> bool:
    """Whether a refusal stands between the dossier's person and this one: it holds against every rule."""
    members = {each.id for each in person.members}
    standing = rules.standing(linking.as_rule(each) for each in log)
    own_members = {each.hex for each in own.members}
    return any(
        each.kind is Kind.DISTINCT and {each.left, each.right} & members and {each.left, each.right} & own_members
        for each in standing.values()
    )


async def _link(tx: Transaction, registry: Registry, own: Dossier, person: PersonView, found: Match) -> bool:
    """Record a link, unless some dossier of one person contradicts some dossier of the other."""
    if await _contradicts(tx, registry, own, person):
        return False
    judgement = _judgement(registry, own.id, _nearest(registry, own, person), Kind.LINK, found)
    if not await linking.record(tx, registry, judgement):
        return False
    await trail.write(tx, registry, own.id, "linked", None, by=judgement.by)
    return True


async def _contradicts(tx: Transaction, registry: Registry, own: Dossier, person: PersonView) -> bool:
    fellows = await dossiers.load(tx, [each for each in own.members if each != own.id])
    weights = registry.library.weights
    return any(
        match.decide(people.told(fellow), each.demographics, weights).verdict is Verdict.DISTINCT
        for fellow in fellows.values()
        if fellow.about is not None
        for each in person.members
    )


def _nearest(registry: Registry, own: Dossier, person: PersonView) -> UUID:
    """The dossier of the person that fits best: the judgement is between two dossiers, not two crowds."""
    told, weights = people.told(own), registry.library.weights
    scored = [(match.decide(told, each.demographics, weights).score, each.id) for each in person.members]
    return UUID(max(scored)[1])


def _judgement(registry: Registry, left: UUID, right: UUID, kind: Kind, found: Match) -> StoredJudgement:
    return StoredJudgement(
        id=uuid.uuid4(),  # noqa: TID251
        left=left,
        right=right,
        kind=kind.value,
        by=f"rule:{found.weights_version}",
        at=registry.now(),
        evidence={
            "words": list(found.explanation()),
            "probability": found.probability,
            "levels": [[each.field, each.level, each.weight] for each in found.evidence.evidence],
            "vetoes": [each.name for each in found.vetoes],
        },
    )


async def _doubt(
    tx: Transaction,
    registry: Registry,
    own: Dossier,
    person: PersonView,
    found: Match,
    log: Iterable[StoredJudgement],
) -> bool:
    """Queue a doubt for a steward; False when this pair was asked about before."""
    other = _nearest(registry, own, person)
    if any({each.left, each.right} == {own.id, other} for each in log):
        return False
    await dossiers.load(tx, [other])
    await judgements.append(tx, _judgement(registry, own.id, other, Kind.UNSURE, found), today=registry.today())
    doubt = Doubt(id=tx.new_id(), left=own.id, right=other, probability=found.probability, since=registry.today())
    await reviews.put(tx, registry.house, doubt)
    return True
