"""Doubts for people to settle: two dossiers side by side, with the evidence in words.

A steward sees demographics and evidence, nothing of health or education. What is decided is one more judgement; a
refusal holds for ever against every rule.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from registry.errors import UnknownName
from registry.flows import decide, linking, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.identity import judgements as judged
from registry.store import dossiers, judgements, reviews
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.judgements import StoredJudgement
from registry.store.reviews import Doubt

_SHOWN = ("name", "gender", "birthDate", "contact", "address", "telecom")
VERDICTS = tuple(each.value for each in judged.Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One doubt as a steward sees it."""

    review: str
    probability: float
    since: date
    left: Mapping[str, Any] = field(repr=False)
    right: Mapping[str, Any] = field(repr=False)
    explanation: list[str] = field(repr=False)


async def waiting(registry: Registry, caller: Caller) -> tuple[Shown, ...]:
    """The open doubts, the oldest first. Each look is written to the trails of both dossiers."""
    caller.must_be(Kind.STEWARD)
    async with registry.database.transaction() as tx:
        shown = [await _shown(tx, registry, caller, each) for each in await unsettled(tx)]
    return tuple(each for each in shown if each)


async def unsettled(tx: Transaction) -> tuple[Doubt, ...]:
    """The doubts that still are: those about two dossiers that became one person meanwhile are settled."""
    waiting = await reviews.waiting(tx)
    held = await dossiers.load(tx, {end for each in waiting for end in (each.left, each.right)})
    still: list[Doubt] = []
    for each in waiting:
        pair = [held[end].person for end in (each.left, each.right) if end in held]
        if len(set(pair)) == 2:
            still.append(each)
        else:  # one person by now, or one of the two was erased
            await reviews.settle(tx, each.id)
    return tuple(still)


async def _shown(tx: Transaction, registry: Registry, caller: Caller, doubt: Doubt) -> Shown | None:
    pair = await dossiers.load(tx, [doubt.left, doubt.right])
    if len(pair) < 2:  # one of them was erased meanwhile
        return None
    told = await judgements.about(tx, [doubt.left])
    between = [each for each in told if {each.left, each.right} == {doubt.left, doubt.right}]
    for each in pair:
        await trail.write(tx, registry, each, "review-shown", caller)
    return Shown(
        review=doubt.id.hex,
        probability=doubt.probability,
        since=doubt.since,
        left=_demographics(pair[doubt.left]),
        right=_demographics(pair[doubt.right]),
        explanation=list(between[-1].evidence.get("words", ())) if between else [],
    )


def _demographics(dossier: Dossier) -> dict[str, Any]:
    return {name: value for name, value in (dossier.about or {}).items() if name in _SHOWN}


async def decide_doubt(registry: Registry, caller: Caller, review: UUID, verdict: str) -> None:
    """Settle one doubt. Raises UnknownName when it is settled already."""
    caller.must_be(Kind.STEWARD)
    async with registry.database.transaction() as tx:
        doubt = await _open(tx, review)
        pair = await dossiers.load(tx, [doubt.left, doubt.right], lock=True)
        await _open(tx, review)  # another steward may have settled it while we waited
        judgement = StoredJudgement(
            id=uuid.uuid4(),  # noqa: TID251
            left=doubt.left,
            right=doubt.right,
            kind=verdict,
            by=f"steward:{caller.name}",
            at=registry.now(),
        )
        await judgements.append(tx, judgement, today=registry.today())
        await reviews.settle(tx, review)
        for each in pair:
            await trail.write(tx, registry, each, "review-decided", caller, answer=verdict)
        changed = await linking.gather(tx, [doubt.left, doubt.right])
        for members in changed:
            await decide.again(tx, registry, members)


async def _open(tx: Transaction, review: UUID) -> Doubt:
    doubt = next((each for each in await reviews.waiting(tx) if each.id == review), None)
    if doubt is None:
        raise UnknownName("there is no open review of this id", where="review")
    return doubt
