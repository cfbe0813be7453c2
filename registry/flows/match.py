"""Who is who: one serial worker takes queued dossiers and links each to the person it belongs to.

Serial on purpose: matching inside concurrent ingests misses the mate when both arrive at once, and would make the
time of a receipt tell whether somebody is known. Nothing here is told to a source or a desk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from registry.errors import Unavailable
from registry.flows import people, trail
from registry.flows.opening import Registry
from registry.identity import judgements as rules
from registry.identity import keys as match_keys
from registry.identity import match
from registry.identity.match import Match, PersonView, Verdict
from registry.store import dossiers, judgements, keys, outbox, reviews, vault
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
    return Report(
        seen=counted.total(), linked=counted["linked"], reviewed=counted["reviewed"], new=counted["new"]
    )


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
    held = (await dossiers.load(tx, [id], lock=True)).get(id)
    if held is None or held.about is None:  # erased meanwhile, or nothing to match by yet
        return "gone"
    own = await _with_keys(tx, held)
    asked = people.hashed(tx, match_keys.asked(people.told(own)))
    found = await people.candidates(tx, asked, beside=frozenset(own.members))
    allowed, refused = await _without_refusals(tx, own, found)
    resolution = match.resolve(people.subject(own), allowed, registry.library.weights)
    doubts = [*resolution.reviews, *refused]
    if resolution.link is not None and resolution.match is not None:
        joined = next(each for each in allowed if each.id == resolution.link)
        if await _join(tx, registry, own, joined, resolution.match):
            return "linked"
        doubts.append(match.Doubt(person=resolution.link, match=resolution.match))
    queued = [await _doubt(tx, registry, own, each, found) for each in doubts]
    return "reviewed" if any(queued) else "new"
