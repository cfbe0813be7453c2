"""What all the consents in force say to one question about one record.

Invariant: the deepest matching nodes of a tree decide, and deny overrides, among siblings as among consents. Of
several guardians the most restrictive is followed. The order and the age of consents never matter.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from registry.consent.agreement import Effect, Node
from registry.consent.matching import Question, matches
from registry.consent.reasons import Reason
from registry.consent.request import Item
from registry.consent.standing import Standing
from registry.consent.texts import ContentClass
from registry.fhir.terminology import Coding

Basis = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Whether the record may leave, and the consents that decided it."""

    reason: Reason
    basis: Basis


_REASONS: Final = {
    Effect.DENY: Reason.CONSENT_DENIES,
    Effect.PERMIT: Reason.PERMITTED,
    None: Reason.NO_CONSENT,
}


def hear(consents: Sequence[Standing], question: Question, *, whoever: bool = False) -> Said:
    """What is said of the record as a whole; `whoever`: no matter who said it."""
    votes = [(each, vote(each, question)) for each in consents]
    decisive = _combined([effect for _, effect in votes])
    if decisive is Effect.PERMIT and not whoever and not _all_guardians_permit(votes, question):
        return Said(reason=Reason.GUARDIANS_DIFFER, basis=())
    basis = {(each.agreement.id, each.agreement.version) for each, effect in votes if decisive and effect is decisive}
    return Said(reason=_REASONS[decisive], basis=tuple(sorted(basis)))


def opens_places(consents: Sequence[Standing], question: Question) -> bool:
    """Whether one consent opens the places of the record by name together with the record, and none denies them."""
    of_place = replace(question, item=_place_of(question.item), is_probe=False, by_name=True)
    votes = [(vote(each, question), vote(each, of_place)) for each in consents]
    together = any(record is place is Effect.PERMIT for record, place in votes)
    return together and all(place is not Effect.DENY for _, place in votes)


def names(root: Node, purpose: Coding) -> bool:
    """Whether a consent says anything about this purpose by name."""
    return any(purpose in (each.conditions.purposes or ()) for each in root.whole())


def vote(consent: Standing, question: Question) -> Effect | None:
    """What one consent says; None when it says nothing or no longer counts."""
    effect = _walked(consent.agreement.root, question)
    counts = consent.permits if effect is Effect.PERMIT else consent.denies
    return effect if counts else None


def _walked(node: Node, question: Question) -> Effect | None:
    """Children are asked first, and always: each carries its full conditions, sometimes wider than its parent's."""
    deeper = _combined([_walked(child, question) for child in node.children])
    return deeper or (node.effect if matches(node, question) else None)


def _combined(effects: Collection[Effect | None]) -> Effect | None:
    """Deny overrides; None when nothing was said."""
    return next((effect for effect in (Effect.DENY, Effect.PERMIT) if effect in effects), None)


def _all_guardians_permit(votes: Sequence[tuple[Standing, Effect | None]], question: Question) -> bool:
    """Whether every guardian who opens anything to this asker opens this record too."""
    opening = {_guardian(each) for each, effect in votes if effect is Effect.PERMIT} - {None}
    others = [each for each, _ in votes if _guardian(each) not in opening and _guardian(each)]
    anything = replace(question, item=_ANYTHING, is_probe=True)
    return not opening or all(vote(each, anything) is not Effect.PERMIT for each in others)


def _guardian(consent: Standing) -> str | None:
    grantor = consent.agreement.grantor
    return grantor.reference if grantor and grantor.is_guardian else None


def _place_of(item: Item) -> Item:
    return replace(item, classes=frozenset({ContentClass.PLACE}), labels=frozenset())


_ANYTHING: Final = Item(ref="", classes=frozenset(), recorded_in=None)
