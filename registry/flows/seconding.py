"""What one steward may not do alone: split a person, link against a veto, or decide about kin.

The first word waits in the queue with the name of who said it; a second steward who says the same makes it a
judgement, under both names. Whoever declared to be kin of a case neither sees nor decides it any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import Enum
from uuid import UUID

from registry.errors import UnknownName
from registry.flows import trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller
from registry.identity import judgements as judged
from registry.identity.vetoes import Veto
from registry.store import reviews
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.judgements import StoredJudgement
from registry.store.reviews import Doubt

LINK = judged.Kind.LINK.value
_OF_OTHERS = {Veto.RIVAL.name}
"""What stands in the way of a link without speaking against the two."""


class Standing(Enum):
    """What came of a steward's word."""

    RECORDED = "recorded"
    WAITS = "waits for a second steward"
    GONE = "one of the two was erased meanwhile"


async def open_to(tx: Transaction, caller: Caller, review: UUID) -> Doubt:
    """The open doubt of this id. Raises UnknownName when it is settled, or the caller is kin."""
    for each in await reviews.waiting(tx):
        if each.id == review and caller.name not in each.kin:
            return each
    raise UnknownName("there is no open review of this id", where="review")


def needs_two(pair: Mapping[UUID, Dossier], told: Iterable[StoredJudgement], verdict: str) -> bool:
    """Whether this word about two dossiers splits a person, or links what a veto holds apart; `told` is what was
    judged of the two."""
    one, other = pair.values()
    if verdict != LINK:
        return one.person == other.person
    vetoes = {veto for each in told for veto in each.evidence.get("vetoes", ())}
    return one.person != other.person and bool(vetoes - _OF_OTHERS)


def seconds(doubt: Doubt, caller: Caller, verdict: str) -> bool:
    """Whether another steward said the same before."""
    return doubt.proposed == verdict and doubt.proposer not in ("", caller.name)


def names(doubt: Doubt, caller: Caller, verdict: str) -> str:
    """Who judges, for the log."""
    return f"steward:{doubt.proposer}+{caller.name}" if seconds(doubt, caller, verdict) else f"steward:{caller.name}"


async def propose(tx: Transaction, registry: Registry, caller: Caller, doubt: Doubt, verdict: str) -> Standing:
    """Keep a first word in the queue; the family reads in its trail that it was said."""
    await reviews.replace(tx, registry.house, replace(doubt, proposed=verdict, proposer=caller.name))
    for each in (doubt.left, doubt.right):
        await trail.write(tx, registry, each, "review-decided", caller, answer=f"proposed-{verdict}")
    return Standing.WAITS


async def declare_kin(tx: Transaction, registry: Registry, caller: Caller, doubt: Doubt) -> None:
    """Take a steward out of a case, and with it what it said there alone."""
    held = replace(doubt, kin=(*doubt.kin, caller.name))
    if doubt.proposer == caller.name:
        held = replace(held, proposed="", proposer="")
    await reviews.replace(tx, registry.house, held)
    for each in (doubt.left, doubt.right):
        await trail.write(tx, registry, each, "review-decided", caller, answer="kin")


def words(doubt: Doubt) -> list[str]:
    """What a second steward is told."""
    told = {"distinct": "two people", "unsure": "not to be told", LINK: "one person"}.get(doubt.proposed)
    return [f"{doubt.proposer} says: {told}. A second steward has to say the same."] if told else []
