"""Which families of one child are heard.

Any desk can open a family's dossier, and its word that the family was there is all there is. So the family that came
first speaks for its child. One that comes later may say no at once; its yes counts once a steward has linked its
dossier with the first one's. A second guardian who holds the first card needs none of this: consents are given with
that card. No desk is told which of the two a family is, or it would learn that another came before.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from registry.flows import linking, organisations
from registry.flows.opening import Registry
from registry.identity import judgements as rules
from registry.identity.judgements import Judgement, Kind
from registry.store import judgements, reviews
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.reviews import Doubt

WORDS = (
    "Both records were opened at a desk for a family. Linked, the later family may say yes for this child as the "
    "first one may; otherwise only its no counts."
)


def are(*dossiers: Dossier) -> bool:
    """Whether all of these were opened for families."""
    return all(each.source == organisations.FAMILY for each in dossiers)


def among(dossiers: Iterable[Dossier]) -> list[Dossier]:
    """The families of a child, in the order they came."""
    return sorted((each for each in dossiers if are(each)), key=lambda each: (each.opened_at, each.id))


async def heard(tx: Transaction, dossiers: Iterable[Dossier]) -> frozenset[UUID]:
    """The families whose yes counts for this child."""
    families = among(dossiers)
    if len(families) < 2:
        return frozenset(each.id for each in families)
    first, *later = families
    said = await _said_by_humans(tx, first)
    linked = [each.id for each in later if said.get(_pair(first, each)) is Kind.LINK]
    return frozenset([first.id, *linked])


async def ask_about(tx: Transaction, registry: Registry, dossiers: Iterable[Dossier]) -> None:
    """Put each later family of a child to a steward, beside the first one, unless somebody said a word about it.

    The caller holds the dossiers, so that nobody asks at the same time.
    """
    families = among(dossiers)
    if len(families) < 2:
        return
    first, *later = families
    said = await _said_by_humans(tx, first)
    asked = {frozenset((each.left, each.right)) for each in await reviews.waiting(tx)}
    for each in later:
        if _pair(first, each) not in said and frozenset((first.id, each.id)) not in asked:
            # Nobody doubts that it is one child; the doubt is whether this family speaks for it.
            doubt = Doubt(id=tx.new_id(), left=first.id, right=each.id, probability=1.0, since=registry.today())
            await reviews.put(tx, registry.house, doubt)


def _pair(left: Dossier, right: Dossier) -> rules.Pair:
    return (min(left.id.hex, right.id.hex), max(left.id.hex, right.id.hex))


async def _said_by_humans(tx: Transaction, family: Dossier) -> dict[rules.Pair, Kind]:
    """What humans said last of this family's dossier and each other."""
    log: list[Judgement] = [linking.as_rule(each) for each in await judgements.about(tx, [family.id])]
    return {pair: each.kind for pair, each in rules.standing(log).items() if each.is_human}
